"""Load a discovery that was written as .json or .npz."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from causalkit.core.discovery import Discovery
from causalkit.display.words import listed
from causalkit.errors import DataError
from causalkit.io.json_files import json_of, read_json
from causalkit.io.paths import existing_file
from causalkit.io.results.record import ARRAYS_OF, HINT, from_record
from causalkit.io.tables.arrays import load_arrays, names_of
from causalkit.io.tables.cells import on_one_line


def load(path: str | Path) -> Discovery:
    """Return the discovery in a file.

    Raises:
        DataError: the file is missing, damaged, not a discovery, or was written by a newer version.
    """
    path = existing_file(path)
    suffix = path.suffix.lower()
    if suffix not in (".json", ".npz"):
        raise DataError(f"{path} cannot be loaded: only .json and .npz files contain a whole discovery", HINT)
    return from_record(read_json(path, HINT) if suffix == ".json" else _npz(path), str(path))


def _npz(path: Path) -> Any:
    arrays = load_arrays(path)
    if not {"metadata", "scores"} <= set(arrays):
        held = listed(list(map(on_one_line, arrays)), most=8) if arrays else "nothing"
        raise DataError(f"{path} is not a discovery; it contains {held}", HINT)
    texts = names_of(arrays.pop("metadata"), f"{path}: the array 'metadata'")
    metadata = json_of(texts[0] if len(texts) == 1 else "", f"{path}: the array 'metadata'", "write it again")
    if not isinstance(metadata, dict):
        raise DataError(f"{path} is damaged: its metadata are not a JSON object", "write it again")
    # Numbers alone, such as a count, are arrays without dimensions.
    numbers = {key: array if array.ndim else array.item() for key, array in arrays.items()}
    record: dict[str, Any] = {**metadata, **numbers}
    for part in (*ARRAYS_OF, "pairs"):
        start = f"{part}."
        found = {name.removeprefix(start): record.pop(name) for name in list(record) if name.startswith(start)}
        record |= {part: found} if found else {}
    return record
