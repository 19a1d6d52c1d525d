"""Load a discovery that was written as .json or .npz."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from causalkit.core.discovery import Discovery
from causalkit.errors import DataError
from causalkit.io.paths import existing_file
from causalkit.io.results.record import ARRAYS_OF, HINT, from_record
from causalkit.io.tables.arrays import load_arrays


def load(path: str | Path) -> Discovery:
    """Return the discovery in a file.

    Raises:
        DataError: the file is missing, damaged, not a discovery, or was written by a newer version.
    """
    path = existing_file(path)
    readers = {".json": _json, ".npz": _npz}
    if path.suffix.lower() not in readers:
        raise DataError(f"{path} cannot be loaded: only .json and .npz files contain a whole discovery", HINT)
    return from_record(readers[path.suffix.lower()](path), str(path))


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except UnicodeError as error:
        raise DataError(f"{path} is not UTF-8 text", HINT) from error
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: line {error.lineno} is not JSON ({error.msg})", HINT) from error
    except RecursionError as error:
        raise DataError(f"{path} is not a discovery", HINT) from error


def _npz(path: Path) -> Any:
    arrays = load_arrays(path)
    if not {"metadata", "scores"} <= set(arrays):
        raise DataError(f"{path} is not a discovery; it contains {', '.join(arrays) or 'nothing'}", HINT)
    try:
        record = {**json.loads(str(arrays.pop("metadata"))), **arrays}
    except (json.JSONDecodeError, TypeError) as error:
        raise DataError(f"{path} is damaged: its metadata are not a JSON object", "write it again") from error
    for part in ARRAYS_OF:
        start = f"{part}."
        found = {name.removeprefix(start): record.pop(name) for name in list(record) if name.startswith(start)}
        record |= {part: found} if found else {}
    return record
