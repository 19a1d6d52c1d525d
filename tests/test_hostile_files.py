"""Files that are damaged, edited or made to do harm are read or refused in one sentence, whatever they are."""

from __future__ import annotations

import copy
import csv
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

import causalkit
from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.errors import CausalkitError, DataError, ParameterError, WrongUsageError, did_you_mean
from causalkit.io import temporary_names
from causalkit.io.atomic import atomic_path, check_writable
from causalkit.io.json_files import json_of
from causalkit.io.truths.reading import read_truth
from causalkit.plugins.params import parse_settings, read_toml
from tests import hostile_files
from tests.hostile import DRAWN, READERS, read_checkpoint, verdict
from tests.strategies.files import changed_files, valid_files

few = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8) | st.just("a" * 5000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


def attempt(reader, folder, content, suffix):
    path = folder / f"file{suffix}"
    path.write_bytes(content)
    found = verdict(reader, path)
    return found if found.kind != "slow" else verdict(reader, path)  # another process may have had the processor


def places(value, depth=4):
    """Return the paths to everything in a JSON value."""
    keys = value if isinstance(value, dict) else range(min(len(value), 2)) if isinstance(value, list) else ()
    below = [(key, *path) for key in keys for path in places(value[key], depth - 1)] if depth else []
    return [(), *below]


def replaced(value, path, other):
    whole = inner = [copy.deepcopy(value)]
    path = (0, *path)
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = other
    return whole[0]


@pytest.mark.parametrize(
    "reader", [pytest.param(one, marks=pytest.mark.plugins) if one == "config" else one for one in READERS]
)
def test_a_valid_file_is_read(reader, tmp_path):
    for file in valid_files(reader):
        assert verdict(reader, _written(tmp_path, file)).kind in ("read", "slow")


def _written(folder, file):
    path = folder / f"valid{file.suffix}"
    path.write_bytes(file.content)
    return path


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # libraries close what they never opened
@pytest.mark.parametrize("reader", READERS)
def test_a_changed_file_is_read_or_refused(reader, tmp_path_factory):
    @settings(few, max_examples=3 if reader in DRAWN else 25)
    @given(file=changed_files(reader))
    def changed(file):
        found = attempt(reader, tmp_path_factory.getbasetemp(), file.content, file.suffix)
        assert found.sound, found

    changed()


@pytest.mark.parametrize("reader", ["result", "record"])
@few
@given(data=st.data())
def test_any_value_in_any_field_is_read_or_refused(reader, tmp_path_factory, data):
    valid = json.loads(next(file.content for file in valid_files(reader) if file.suffix == ".json"))
    path = data.draw(st.sampled_from(places(valid)))
    content = json.dumps(replaced(valid, path, data.draw(values)))
    found = attempt(reader, tmp_path_factory.getbasetemp(), content.encode(), ".json")
    assert found.sound, (path, found)


@pytest.mark.parametrize("reader", ["result", "truth", "data"])
@few
@given(data=st.data())
def test_any_array_in_an_archive_is_read_or_refused(reader, tmp_path_factory, data):
    valid = next(file.content for file in valid_files(reader) if file.suffix == ".npz")
    with np.load(io.BytesIO(valid)) as archive:
        members = dict(archive)
    key = data.draw(st.sampled_from(sorted(members)))
    shapes = st.sampled_from([members[key].shape]) | arrays_of.array_shapes(min_dims=0, max_dims=4, min_side=0)
    members[key] = data.draw(arrays_of.arrays(arrays_of.scalar_dtypes(), shapes, fill=st.nothing()))
    found = attempt(reader, tmp_path_factory.getbasetemp(), hostile_files.arrays(**members).content, ".npz")
    assert found.sound, (key, found)


@pytest.mark.parametrize(
    ("reader", "suffix"),
    [
        *(("truth", suffix) for suffix in (".csv", ".txt")),
        *(("regulators", suffix) for suffix in (".csv", ".txt")),
        *(("data", suffix) for suffix in (".csv", ".tsv")),
        ("interventions", ".csv"),
        ("config", ".toml"),
        ("comparison", ".toml"),
    ],
)
@few
@given(
    text=st.lists(
        st.lists(
            st.sampled_from(["x0", "x1", "1", "0", "-1", "9" * 5000, "cause", "effect", "lag", "", "-", "#", '"'])
            | st.sampled_from(["lag = 2", "[forecaster]", "name='mlp'", "series", "from", "to", "1e999", "a" * 140_000])
            | st.text(max_size=5),
            max_size=4,
        ).map(",".join),
        max_size=6,
    ).map("\n".join)
)
def test_any_text_is_read_or_refused(reader, suffix, tmp_path_factory, text):
    content = text.encode("utf-8", "surrogatepass")
    found = attempt(reader, tmp_path_factory.getbasetemp(), content, suffix)
    assert found.sound, found


def _archive(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)


def _array(shape, descr="<f8", data=b""):
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("members", "method", "message"),
    [
        ([("data.npy", _array((4 * 10**12, 2)))], zipfile.ZIP_DEFLATED, "needs 64,000,000,000,000 bytes"),
        ([("data.npy", _array((2, 2), data=bytes(40)))], zipfile.ZIP_DEFLATED, "needs 32 bytes, and it has 40"),
        ([("data.npy", _array((-1, 2)))], zipfile.ZIP_DEFLATED, "its shape is"),
        ([("data.npy", _array((2, 2), data=bytes(32)))], zipfile.ZIP_LZMA, "NumPy does not use"),
        ([("data.npy", _array((2, 2), data=bytes(32)))] * 2, zipfile.ZIP_DEFLATED, "two arrays 'data'"),
        ([("data.npy", _array((2, 2), descr="|O", data=b"x"))], zipfile.ZIP_DEFLATED, "Python objects"),
        ([("data.npy", b"")], zipfile.ZIP_DEFLATED, "'data' is damaged"),
    ],
)
def test_members_of_an_archive_are_checked_before_they_are_loaded(tmp_path, members, method, message):
    path = tmp_path / "a.npz"
    _archive(path, members, method)
    for read in (causalkit.read, causalkit.io.read_truth, Discovery.load):
        with pytest.raises(DataError, match=message):
            read(path)


def test_an_archive_that_unpacks_to_gigabytes_is_refused(tmp_path):
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("data.npy", "w") as member:
        member.write(_array((200 * 2**20, 1)))
        for _ in range(100):
            member.write(bytes(1 << 24))
    with pytest.raises(DataError, match=r"unpacks to 1\.6 GiB"):
        causalkit.read(path)


def test_an_array_that_claims_more_than_the_file_has_is_refused(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(_array((4 * 10**12,)))
    with pytest.raises(DataError, match="needs 32,000,000,000,000 bytes"):
        causalkit.read(path)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("selected", [[["no"] * 2] * 3] * 3, "selected should be an array of true and false"),
        ("p_values", [[[7.0] * 2] * 3] * 3, "p_values should be an array of numbers from 0 to 1"),
        ("notes", "a note", "notes should be a valid list"),
        ("data", {"windows": "38"}, "data.windows should be a valid integer"),
        ("data", {"steps": 40}, "data.steps should be a valid list"),
        ("history", {"epoch": [1, 2], "forecast": [1]}, "history should be lists of one length"),
        ("seconds", float("nan"), "seconds should be a finite number"),
        ("names", ["x0", "x0", "x1"], "names are all different"),
        ("path", {"strengths": [1.0]}, "path has scores"),
        ("config", json.loads("[" * 50 + "]" * 50), "config should be"),
    ],
)
def test_a_result_with_a_wrong_field_is_refused_with_its_place(tmp_path, field, value, message):
    record = json.loads(valid_files("result")[0].content) | {field: value}
    path = tmp_path / "result.json"
    path.write_text(json.dumps(record))
    with pytest.raises(DataError, match=message) as caught:
        Discovery.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("length", [1, 2])
def test_names_that_are_no_characters_are_refused(tmp_path, order, length):
    codes = np.array([97, 0x110000, 98, 99, 100, 101], dtype=f"{order}u4")[: 3 * length]
    names = codes.view(f"{order}U{length}")
    np.savez(tmp_path / "data.npz", data=np.random.default_rng(0).normal(size=(40, 3)), names=names)
    with pytest.raises(DataError, match="bytes that are not text"):
        causalkit.read(tmp_path / "data.npz")


def test_names_of_thousands_of_characters_are_compared_and_quoted_by_their_beginnings():
    draw = random.Random(0)
    names = ["".join(map(chr, draw.choices(range(33, 2000), k=20_000))) for _ in range(300)]
    hint = did_you_mean(names[0][:-1], names)  # whole names would take many minutes
    assert hint.startswith(f"did you mean {names[0][:90]}")
    assert len(hint) < 400


def test_json_that_is_deep_or_has_endless_numbers_is_refused():
    with pytest.raises(DataError, match="a.json is nested too deeply"):
        json_of("[" * 100_000, "a.json", "")
    with pytest.raises(DataError, match="a.json is nested too deeply"):
        json_of("[0," * 100 + "1" + "]" * 100, "a.json", "")
    with pytest.raises(DataError, match="a number of too many digits"):
        json_of("9" * 5000, "a.json", "")
    with pytest.raises(DataError, match="line 2, column 3 is not JSON"):
        json_of('{\n  a"', "a.json", "")


@pytest.mark.parametrize(
    "text",
    [
        *("a=" + "[" * 100_000, "a=" + "{b=" * 50_000, "a=" + "[" * 30 + "]" * 30),
        *("a" + ".a" * 20_000 + "=1", '"a"' + '."a"' * 20_000 + "=1", "[a" + " . a" * 20_000 + "]"),
        *("a=" + "1" * 5000, "a='" + "x" * 2_000_000 + "'"),
    ],
    ids=range(8),
)
def test_toml_that_takes_long_or_nests_deeply_is_refused(tmp_path, text):
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        read_toml(path, "docs/usage.md")
    assert len(str(caught.value)) < 400


def test_a_setting_of_many_parts_is_refused():
    with pytest.raises(ParameterError, match="has 20,001 parts"):
        parse_settings(["a" + ".a" * 20_000 + "=1"])


def test_messages_quote_a_short_piece_only():
    for text in (f"unknown series {'a' * 5000!r}", f"unknown series {'a b' * 5000!r}", "word " * 3000, "a" * 5000):
        error = CausalkitError(text, text)
        assert len(error.message) <= 600
        assert len(error.hint) <= 600
    path = "/folder/" + "/".join(["a" * 60] * 5)
    assert CausalkitError(f"{path}: {'9' * 5000!r} is no step").message.startswith(f"{path}: '999")


@pytest.mark.parametrize("names", [["#a", "b", "c"], ["#", "b", "c"], ["# a", "# b", "c"], ["%a", "b", "c"]])
@pytest.mark.parametrize("delimiter", ",\t;")
def test_a_header_that_begins_like_a_comment_comes_back(tmp_path, names, delimiter):
    _round_trip(tmp_path, names, delimiter, np.random.default_rng(0).normal(size=(20, 3)).round(3))


@few
@given(
    names=st.lists(
        st.text(st.sampled_from("abx#=-+@%!;\t'\"/. é"), min_size=1, max_size=4).map(str.strip).filter(bool),
        min_size=2,
        max_size=4,
        unique=True,
    ).filter(lambda names: any(character.isalpha() for character in "".join(names))),
    delimiter=st.sampled_from(",\t;"),
)
def test_unusual_names_come_back_or_are_refused(tmp_path_factory, names, delimiter):
    assume(not re.match(r"(?:[#%!;]|//)+\s", names[0]))  # numpy.savetxt writes the names of a comment so
    folder = tmp_path_factory.getbasetemp()
    with suppress(CausalkitError):
        _round_trip(folder, names, delimiter, np.random.default_rng(0).normal(size=(20, len(names))).round(3))


def _round_trip(folder, names, delimiter, written):
    path = folder / "table.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, delimiter=delimiter).writerows([names, *written.tolist()])
    panel = causalkit.read(path)
    assert list(panel.names) == names
    np.testing.assert_array_equal(panel.realisations[0], written)


def test_words_of_a_comment_are_not_names(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("# made by x\n" + "1 2.5 3\n2 3.5 5\n" * 10)
    assert causalkit.read(path).names == ("0", "1", "2")
    path.write_text("# a b x\n" + "1 2.5 3\n2 3.5 5\n" * 10)
    assert causalkit.read(path).names == ("a", "b", "x")


def test_a_first_row_of_dashes_is_not_taken_for_units(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n-,-\n" + "1,2.5\n2,3.5\n" * 10)
    with pytest.raises(DataError, match="line 2 has nothing but '-', which can be units or missing values"):
        causalkit.read(path)
    assert causalkit.read(path, missing="-").realisations[0].shape == (21, 2)
    path.write_text("a,b\n-,-\n" + "1,2.5\n2,-\n" * 10)
    assert causalkit.read(path).realisations[0].shape == (21, 2)


def test_a_time_column_under_a_comment_mark_is_recognised(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("#time,b,c\n" + "".join(f"{t},{t % 3}.5,{t % 5}.5\n" for t in range(20)))
    assert causalkit.read(path).names == ("b", "c")


def test_a_lag_that_needs_all_memory_is_refused():
    with pytest.raises(DataError, match="lags are at most"):
        Truth.from_edges([("a", "b", 10**9)])
    with pytest.raises(DataError, match="duplicate series name 'a'"):
        Truth.from_edges([("a", "b")], names=["a", "a", "b"])


def test_a_symbolic_link_is_written_through(tmp_path):
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target.json", tmp_path / "link.json"
    link.symlink_to(target)
    hostile_files.discovery().save(link)
    assert link.is_symlink()
    assert Discovery.load(target).names == ("x0", "x1", "x2")


def test_what_a_killed_process_left_is_removed_by_the_next_one(tmp_path):
    path = tmp_path / "a.json"
    code = (
        "import os, signal, sys; from causalkit.io import atomic_path\n"
        "with atomic_path(sys.argv[1]) as t: t.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 1
    with atomic_path(path) as first, atomic_path(path) as second:  # those of a running process stay
        first.write_text("1")
        second.write_text("2")
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]


def test_what_an_interrupted_block_left_is_removed_by_the_next_one_of_the_process(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    def interrupted_twice():
        with atomic_path(path) as first:
            first.write_text("half")
            interrupt()

    path = tmp_path / "a.json"
    with monkeypatch.context() as patch:
        patch.setattr(temporary_names, "_remove", interrupt)
        with pytest.raises(KeyboardInterrupt):
            interrupted_twice()
    assert len(list(tmp_path.iterdir())) == 1
    with atomic_path(path) as second:
        second.write_text("whole")
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]


def test_names_that_a_spreadsheet_would_compute_are_text_in_csv(tmp_path):
    found = Discovery(names=("=cmd|' /C calc'!A0", "@a", "-1", "a"), scores=np.ones((4, 4, 1)))
    found.save(path := tmp_path / "a.csv")
    with path.open(newline="") as stream:
        causes = {row["cause"] for row in csv.DictReader(stream)}
    assert causes == {"'=cmd|' /C calc'!A0", "'@a", "-1", "a"}


def _checkpoint(folder, tensors=lambda one: one, **facts):
    from safetensors.torch import load, save

    content = valid_files("checkpoint")[0].content
    size = int.from_bytes(content[:8], "little")
    described = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["causalkit"]) | facts
    path = folder / "state.safetensors"
    path.write_bytes(save(tensors(load(content)), metadata={"causalkit": json.dumps(described)}))
    return path


def _without(beginning):
    return lambda tensors: {name: value for name, value in tensors.items() if not name.startswith(beginning)}


def _flat(beginning):
    return lambda tensors: {
        name: value.flatten()[:1] if name.startswith(beginning) else value for name, value in tensors.items()
    }


@pytest.mark.parametrize(
    ("tensors", "facts", "message"),
    [
        (_without("networks."), {}, "lacks a part"),
        (_without("best.errors"), {}, "lacks a part"),
        (_flat("networks."), {}, "lacks a part"),  # would be stretched to all weights
        (_flat("best.weights"), {}, "lacks a part"),
        (_flat("optimizer."), {}, "lacks a part"),
        (dict, {"history": {"epoch": [1, 2, 3], "forecast": ["low"] * 3}}, "history.forecast.0 should be"),
        (dict, {"epoch": 10**9}, "a history with one entry for each epoch"),
        (dict, {"history": {}}, "a history with one entry for each epoch"),
    ],
)
def test_a_checkpoint_with_parts_of_another_shape_is_refused(tmp_path, tensors, facts, message):
    read_checkpoint(_checkpoint(tmp_path))
    with pytest.raises(DataError, match=message):
        read_checkpoint(_checkpoint(tmp_path, tensors, **facts))


def test_a_mark_above_two_columns_is_a_comment_unless_rows_are_numbered(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("# twice\n" + "1.5 2.5\n2.5 3.25\n0.5 1.5\n" * 5)
    assert causalkit.read(path).names == ("0", "1")
    path.write_text("# twice\n" + "".join(f"{row} {row % 3}.5\n" for row in range(1, 16)))
    assert causalkit.read(path, time_column="none").names == ("#", "twice")


def test_numbers_with_exponents_are_no_dates_below_remarks(tmp_path):
    path = tmp_path / "a.txt"
    rows = '"+$1,25e+06" "+$5,5e-01"\n"-$2,5e+06" "+$7,25e-01"\n' * 8
    path.write_text('sep= \nMeasurements summer\n"a b" "c"\n' + rows)
    with pytest.raises(DataError):  # the second line or the third has the names
        causalkit.read(path)


def test_a_pipe_is_not_replaced_by_a_file(tmp_path):
    os.mkfifo(pipe := tmp_path / "pipe.json")
    with pytest.raises(WrongUsageError, match="it is a pipe or a device"):
        hostile_files.discovery().save(pipe)
    assert pipe.is_fifo()


def test_names_of_files_that_the_system_allows_are_written_and_others_refused_before_work(tmp_path):
    hostile_files.discovery().save(path := tmp_path / ("語" * 80 + ".json"))
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    for name in ("a" * 300 + ".json", "a\0b.json"):
        with pytest.raises(WrongUsageError, match="cannot write"):
            check_writable(tmp_path / name)


def test_pipes_are_refused_since_a_look_at_them_takes_what_they_hold(tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for read in (causalkit.read, lambda path: read_truth(path, names=["a", "b"])):
        with pytest.raises(DataError, match="is a pipe; write its content to a file first"):
            read(pipe)
    (tmp_path / "link.csv").symlink_to("nowhere.csv")
    with pytest.raises(DataError, match="is a link to a file that does not exist"):
        causalkit.read(tmp_path / "link.csv")


def test_a_key_that_stands_twice_is_refused_and_a_byte_order_mark_is_not():
    with pytest.raises(DataError, match="a.json cannot be read: one object has the key 'names' twice"):
        json_of('[{"names": ["a"], "lags": 1, "names": ["b"]}]', "a.json", "")
    assert json_of('\ufeff{"a": {"b": 1}, "b": 2}', "a.json", "") == {"a": {"b": 1}, "b": 2}
