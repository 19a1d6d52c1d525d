"""Write panels to files that reading turns into the same panels again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from causalkit.core.panel import Panel
from causalkit.errors import DataError, WrongUsageError
from causalkit.io.atomic import atomic_path
from causalkit.io.tables.header import COMMENT_MARKS, looks_like_names
from causalkit.io.tables.table import PANEL_COLUMN
from causalkit.io.time.axis import SEVERAL, counts_evenly
from causalkit.io.time.names import kind_of

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_TIME_COLUMNS = ("time", "timestamp", "datetime", "date", "t")


def write_panel(panel: Panel, path: str | Path) -> None:
    """Write a panel as .csv, .tsv or .npz, every number in full.

    A panel of several realisations gets a column ``realisation`` in a table. Where a series is named like a time, a
    column that counts the steps comes first, so that the series is not mistaken for time. Missing cells become NaN.

    Raises:
        WrongUsageError: the suffix is another one, or the file cannot be created.
        DataError: a table cannot represent the names or the realisations.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".npz":
        _write_npz(panel, path)
        return
    if suffix not in _DELIMITERS:
        raise WrongUsageError(
            f"data cannot be written to {path}", "known suffixes: " + ", ".join([*_DELIMITERS, ".npz"])
        )
    _check_names(panel, path)
    _check_times(panel, path)
    import pandas as pd

    frame = pd.DataFrame(np.concatenate(panel.realisations), columns=list(panel.names))
    if any(kind_of(name) for name in panel.names):
        free = next((name for name in _TIME_COLUMNS if name not in panel.names), None)
        if free is None:
            raise DataError(f"the series of {panel.source} have all the names of a time column", "write an .npz file")
        frame.insert(0, free, np.concatenate([np.arange(length) for length in panel.lengths]))
    if len(panel.realisations) > 1:
        if not all(panel.lengths):
            raise DataError(f"a realisation of {panel.source} has no row", "write an .npz file")
        frame.insert(0, PANEL_COLUMN, np.repeat(np.arange(1, len(panel.realisations) + 1), panel.lengths))
    delimiter = _DELIMITERS[suffix]
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        stream.write(_header_line(list(frame.columns), delimiter))
        frame.to_csv(stream, sep=delimiter, index=False, header=False, na_rep="NaN", lineterminator="\n")


def _check_names(panel: Panel, path: Path) -> None:
    if PANEL_COLUMN in panel.names:
        raise DataError(
            f"the series name {PANEL_COLUMN!r} of {panel.source} would identify realisations in a {path.suffix} file",
            "rename it, or write an .npz file",
        )
    for column, name in enumerate(panel.names):
        comment = name.startswith("#") or (column == 0 and name.startswith((*COMMENT_MARKS, ";")))
        if not name or name != name.strip() or comment or not name.isprintable():
            raise DataError(
                f"a {path.suffix} file cannot represent the series name {name!r} of {panel.source}",
                "rename it, or write an .npz file",
            )


def _check_times(panel: Panel, path: Path) -> None:
    for column, name in enumerate(panel.names):
        named = kind_of(name) or max(panel.lengths) >= SEVERAL
        if named and counts_evenly([values[:, column] for values in panel]):
            raise DataError(
                f"the series {name!r} of {panel.source} counts evenly, like a time, so a {path.suffix} file would be "
                "read with it as time",
                "leave it out, or write an .npz file and read it with --time-column none",
            )


def _header_line(names: Sequence[str], delimiter: str) -> str:
    """Return the header; quoted are names with a delimiter of any kind, or all, if they look like measurements."""
    all_of_them = not looks_like_names(names)
    cells = [
        '"' + name.replace('"', '""') + '"' if all_of_them or set(name) & set("\t;,\" '") else name for name in names
    ]
    return delimiter.join(cells) + "\n"


def _write_npz(panel: Panel, path: Path) -> None:
    """Write names and realisations as arrays."""
    if len(panel.realisations) == 1:
        arrays = {"data": panel.realisations[0]}
    else:
        digits = len(str(len(panel.realisations)))
        arrays = {
            f"realisation_{number:0{digits}}": values for number, values in enumerate(panel.realisations, start=1)
        }
    # A file object keeps numpy from adding a suffix to the name.
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, names=np.array(panel.names, dtype=str), **arrays)  # type: ignore[arg-type]
