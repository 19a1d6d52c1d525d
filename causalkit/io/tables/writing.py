"""Write panels and truths to files that reading turns into the same again."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Sequence
from pathlib import Path

from causalkit.core.panel import Panel
from causalkit.core.truth import Truth
from causalkit.errors import DataError, WrongUsageError
from causalkit.io.atomic import atomic_path
from causalkit.io.panels import PANEL_COLUMN
from causalkit.io.tables.header import looks_like_names
from causalkit.io.time.axis import counts_evenly, is_time_name

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_TIME_COLUMNS = ("time", "timestamp", "datetime", "date", "t")


def write_panel(panel: Panel, path: str | Path) -> None:
    """Write a panel as .csv, .tsv or .npz, every number in full.

    A panel of several realisations gets a column ``realisation`` in a table. Where a series is called like a time, a
    column that counts the steps comes first, so that the series is not mistaken for time. Missing cells read NaN.

    Raises:
        WrongUsageError: the suffix is another one, or no file can be made there.
        DataError: names or realisations that a table cannot hold.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".npz":
        from causalkit.io.tables.arrays import write_panel_npz

        write_panel_npz(panel, path)
        return
    if suffix not in _DELIMITERS:
        raise WrongUsageError(
            f"data cannot be written to {path}", "known suffixes: " + ", ".join([*_DELIMITERS, ".npz"])
        )
    _check_names(panel, path)
    _check_times(panel, path)
    import pandas as pd

    frame = pd.concat([pd.DataFrame(values, columns=list(panel.names)) for values in panel], ignore_index=True)
    if any(is_time_name(name) for name in panel.names):
        free = next((name for name in _TIME_COLUMNS if name not in panel.names), None)
        if free is None:
            raise DataError(f"the series of {panel.source} take all names of a time column", "write an .npz file")
        frame.insert(0, free, list(itertools.chain.from_iterable(range(length) for length in panel.lengths)))
    if len(panel.realisations) > 1:
        if not all(panel.lengths):
            raise DataError(f"a realisation of {panel.source} has no row", "write an .npz file")
        counted = itertools.chain.from_iterable([run] * length for run, length in enumerate(panel.lengths, start=1))
        frame.insert(0, PANEL_COLUMN, list(counted))
    delimiter = _DELIMITERS[suffix]
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        stream.write(_header_line(list(frame.columns), delimiter))
        frame.to_csv(stream, sep=delimiter, index=False, header=False, na_rep="NaN", lineterminator="\n")


def write_truth(truth: Truth, path: str | Path) -> None:
    """Write the edges of a truth as CSV with the columns ``cause,effect`` and, where they are known, ``lag``.

    Series without an edge are not in such a list; reading it with the names of the data brings them back.

    Raises:
        WrongUsageError: no file can be made there.
    """
    columns = ["cause", "effect"] if truth.lags is None else ["cause", "effect", "lag"]
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(
            stream,
            columns,
            delimiter=_DELIMITERS.get(Path(path).suffix.lower(), ","),
            lineterminator="\n",
        )
        writer.writeheader()
        writer.writerows(truth.edge_list())


def _check_names(panel: Panel, path: Path) -> None:
    if PANEL_COLUMN in panel.names:
        raise DataError(
            f"a series of {panel.source} is called {PANEL_COLUMN!r}, which marks realisations in {path.suffix} files",
            "rename it, or write an .npz file",
        )
    for name in panel.names:
        if not name or name != name.strip() or name.startswith("#") or not name.isprintable():
            raise DataError(
                f"the series name {name!r} of {panel.source} would not survive in a {path.suffix} file",
                "rename it, or write an .npz file",
            )


def _check_times(panel: Panel, path: Path) -> None:
    for column, name in enumerate(panel.names):
        if is_time_name(name) and counts_evenly([values[:, column] for values in panel]):
            raise DataError(
                f"the series {name!r} of {panel.source} is called like a time and counts like one, so a "
                f"{path.suffix} file would not keep it as a series",
                "rename it, or write an .npz file",
            )


def _header_line(names: Sequence[str], delimiter: str) -> str:
    """Return the header; quoted are names that hold a delimiter of any kind, or all, if they look like measurements."""
    all_of_them = not looks_like_names(names)
    cells = [
        '"' + name.replace('"', '""') + '"' if all_of_them or set(name) & set("\t;,\" '") else name for name in names
    ]
    return delimiter.join(cells) + "\n"
