"""Changes of valid files: as bytes, as text, as JSON, as members of an archive, and as headers of arrays."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import numpy as np

NUMBERS = [
    "NaN",
    "-1",
    "1e400",
    "-0",
    "1e-320",
    "9" * 40,
    "9" * 5000,
    "0x10",
    "1_000",
    "inf",
    "--",
    "",
    "2**63",
]
TEXTS = ["=cmd|' /C calc'!A0", "\t", "#", "-", '"', "\0", "\x1b[31m", "a" * 3000, "ä\u202e", "x0", "\r", "{{7*7}}"]


def hostile_value(random: random.Random, depth: int = 2) -> Any:
    """Return any JSON value, rather an unusual one."""
    simple = [None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 1.5, float("nan"), float("inf"), -1e308, 1e-320]
    texts = ["", "x0", "inf", "NaN", "a" * 3000, "\0", "<b>", "auto", *TEXTS]
    if depth and random.random() < 0.3:
        size = random.randint(0, 3)
        if random.random() < 0.5:
            return [hostile_value(random, depth - 1) for _ in range(size)]
        return {
            random.choice(["x0", "name", "", "rule", "kind"]): hostile_value(random, depth - 1) for _ in range(size)
        }
    return random.choice(simple + texts)


def mutated_json(random: random.Random, value: Any) -> Any:
    """Return a JSON value in which one or two places have something else."""
    for _ in range(random.choice([1, 1, 1, 2])):
        places = list(_places(value))
        holder, key = random.choice(places) if places else (None, None)
        if holder is None:
            return hostile_value(random)
        action = random.random()
        if action < 0.15:
            del holder[key]
        elif action < 0.25 and isinstance(holder, dict):
            holder[str(key) + random.choice(["", "_", "."])] = holder.pop(key)
        elif action < 0.35:
            holder[key] = [holder[key]]
        elif action < 0.45 and isinstance(holder[key], list) and holder[key]:
            holder[key] = holder[key][random.randint(0, 1) :] + holder[key][: random.randint(0, 2)]
        else:
            holder[key] = hostile_value(random)
    return value


def _places(value: Any, depth: int = 0) -> Any:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in list(keys)[:12]:
        # Deep numbers are many: the fields above them are as interesting as all of them together.
        for _ in range(max(1, 8 >> depth)):
            yield value, key
        yield from _places(value[key], depth + 1)


def mutated_bytes(random: random.Random, data: bytes) -> bytes:
    """Return bytes of which a few differ, are missing, are doubled or are cut off."""
    changed = bytearray(data)
    for _ in range(random.choice([1, 1, 2, 4, 16])):
        if not changed:
            break
        at, action = random.randrange(len(changed)), random.randint(0, 5)
        if action == 0:
            changed[at] = random.randrange(256)
        elif action == 1:
            changed[at] ^= 1 << random.randrange(8)
        elif action == 2:
            del changed[at : at + random.randint(1, 20)]
        elif action == 3:
            changed[at:at] = changed[at : at + random.randint(1, 40)] * random.randint(1, 3)
        elif action == 4:
            del changed[at:]
        else:
            changed[at:at] = random.randbytes(random.randint(1, 4))
    return bytes(changed)


def mutated_text(random: random.Random, data: bytes) -> bytes:
    """Return text in which cells, lines or marks are replaced."""
    lines = data.decode("utf-8", "replace").splitlines(keepends=True)
    for _ in range(random.choice([1, 1, 2, 5])):
        if not lines:
            break
        at, action = random.randrange(len(lines)), random.randint(0, 6)
        line = lines[at]
        if action == 0:
            del lines[at]
        elif action == 1:
            lines.insert(at, random.choice(lines) if random.random() < 0.5 else "# " + random.choice(TEXTS) + "\n")
        elif action == 2:
            lines[at] = line.replace(random.choice(',;\t ="[]{}->'), random.choice([*',;\t ="[]{}', "", "->"]))
        else:
            cells = line.rstrip("\n").split(",")
            place = random.randrange(len(cells))
            cells[place] = random.choice(NUMBERS + TEXTS)
            lines[at] = ",".join(cells) + "\n"
    return "".join(lines).encode("utf-8", "replace")


def mutated_npy(random: random.Random, data: bytes) -> bytes:
    """Return an array of another shape or type, with another header, or with other bytes."""
    action = random.randint(0, 4)
    array = np.load(io.BytesIO(data))
    if action == 0:
        kind = random.choice(
            ["<U3", "S5", "complex64", "float16", "int8", "bool", "M8[s]", "m8[D]", ">f8", "V3", "<u8"]
        )
        made = np.zeros(array.shape, kind)
    elif action == 1:
        made = np.zeros([random.choice([0, 1, 2, 3, *array.shape]) for _ in range(random.randint(0, 4))])
    elif action == 2:
        made = array.astype(np.float64) if array.dtype.kind in "fiub" else array.copy()
        if made.size and made.dtype.kind == "f":
            made.flat[random.randrange(made.size)] = random.choice([np.nan, np.inf, -np.inf, -1, 1e308, 5e-324])
    elif action == 3:
        header = {
            "descr": random.choice(["<f8", "|O", "<f16", "<U99999999", [("a", "<f8")], 5, "x", "|V0", "<c16"]),
            "fortran_order": random.choice([False, True, None, 2]),
            "shape": random.choice(
                [(2**32,), (4 * 10**12,), (-1,), (0,) * 70, (3, "a"), 7, (2**63, 2), (True,), (3.0,)]
            ),
        }
        text = repr(header).encode().ljust(118 + 64 * random.randint(0, 3)) + b"\n"
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data[128:]
    else:
        return mutated_bytes(random, data)
    stream = io.BytesIO()
    np.save(stream, made)
    return stream.getvalue()


def mutated_npz(random: random.Random, data: bytes) -> bytes:
    """Return an archive with a changed, missing, doubled or foreign member, or other bytes."""
    if random.random() < 0.3:
        return mutated_bytes(random, data)
    if random.random() < 0.2:  # flags and methods of members, in both headers
        changed = bytearray(data)
        for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = changed.find(mark)
            changed[at + offset + random.choice([0, 2, 2])] = random.choice([1, 6, 9, 12, 14, 32, 64, 95, 99])
        return bytes(changed)
    members = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name, action = random.choice(list(members)), random.random()
    if name == "metadata.npy" and action < 0.8:
        facts = json.loads(str(np.load(io.BytesIO(members[name]))))
        stream = io.BytesIO()
        np.save(stream, np.array(json.dumps(mutated_json(random, facts))))
        members[name] = stream.getvalue()
    elif action < 0.1:
        del members[name]
    elif action < 0.2:
        members[
            random.choice(["names.npy", "metadata.npy", "x", "../x.npy", "data.npy", name.upper(), "truth.npy"])
        ] = members.pop(name)
    elif action < 0.25:
        members[name] = random.choice([b"", b"hello", b"\x80\x04N."])
    else:
        members[name] = mutated_npy(random, members[name])
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", random.choice([0, 8, 8, 12, 14])) as archive:
        for one, content in members.items():
            archive.writestr(one, content)
    return stream.getvalue()


def mutated_safetensors(random: random.Random, data: bytes) -> bytes:
    """Return safetensors with other metadata, another header or other bytes."""
    if random.random() < 0.3:
        return mutated_bytes(random, data)
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    if random.random() < 0.75:
        facts = mutated_json(random, json.loads(header["__metadata__"]["causalkit"]))
        header["__metadata__"]["causalkit"] = random.choice(
            [json.dumps(facts)] * 8 + ["[]", "5", "null", "{", "[" * 100_000, "9" * 5000]
        )
    else:
        header = mutated_json(random, header)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + size :]


def mutated_json_file(random: random.Random, data: bytes) -> bytes:
    """Return a JSON document with other values, other text or other bytes."""
    action = random.random()
    if action < 0.75:
        return json.dumps(mutated_json(random, json.loads(data))).encode()
    if action < 0.8:
        deep = random.choice([b"[" * 100_000, b'{"a":' * 50_000, b"9" * 5000, b"[" * 900 + b"]" * 900, b"\xff\xfe"])
        return data.replace(random.choice([b"null", b"0", b"[", b"true"]), deep, 1)
    return mutated_text(random, data) if action < 0.9 else mutated_bytes(random, data)


def mutated_plain(random: random.Random, data: bytes) -> bytes:
    """Return text with other cells or other bytes."""
    return mutated_text(random, data) if random.random() < 0.8 else mutated_bytes(random, data)


MUTATORS: dict[str, Callable[[random.Random, bytes], bytes]] = {
    ".json": mutated_json_file,
    ".npz": mutated_npz,
    ".npy": mutated_npy,
    ".safetensors": mutated_safetensors,
    ".gz": mutated_bytes,
}


def mutator(suffix: str) -> Callable[[random.Random, bytes], bytes]:
    """Return what changes a file with this suffix."""
    return MUTATORS.get(PurePath(f"x{suffix}").suffix, mutated_plain)
