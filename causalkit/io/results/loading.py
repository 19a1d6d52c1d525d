"""Load a discovery that was written as .json or .npz."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from causalkit.core.discovery import Discovery
from causalkit.errors import DataError
from causalkit.io.paths import existing_file
from causalkit.io.results.record import from_record

_HINT = "name a file that causalkit discover -o wrote as .json or .npz"


def load(path: str | Path) -> Discovery:
    """Return the discovery in a file.

    Raises:
        DataError: the file is missing, damaged, not a discovery, or was written by a newer version.
    """
    path = existing_file(path)
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return from_record(_npz(path), str(path))
    if suffix == ".json":
        return from_record(_json(path), str(path))
    raise DataError(f"{path} cannot be loaded: only .json and .npz files contain a whole discovery", _HINT)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except UnicodeError as error:
        raise DataError(f"{path} is not UTF-8 text", _HINT) from error
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: line {error.lineno} is not JSON ({error.msg})", _HINT) from error
    except RecursionError as error:
        raise DataError(f"{path} is not a discovery", _HINT) from error


def _npz(path: Path) -> Any:
    from causalkit.io.tables.arrays import load_arrays

    arrays = load_arrays(path)
    if not {"metadata", "scores"} <= set(arrays):
        raise DataError(f"{path} is not a discovery; it contains {', '.join(arrays) or 'nothing'}", _HINT)
    try:
        record = json.loads(str(arrays["metadata"]))
    except json.JSONDecodeError as error:
        raise DataError(f"{path} is damaged: its metadata is not JSON", "write it again") from error
    if not isinstance(record, dict):
        raise DataError(f"{path} is not a discovery", _HINT)
    return {**record, **{key: array for key, array in arrays.items() if key != "metadata"}}
