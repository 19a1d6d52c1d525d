"""Write known graphs as lists of edges."""

from __future__ import annotations

import csv
from pathlib import Path

from causalkit.core.truth import Truth
from causalkit.io.atomic import atomic_path


def write_truth(truth: Truth, path: str | Path) -> None:
    """Write the edges of a truth as CSV with the columns ``cause,effect`` and, where they are known, ``lag``.

    Series without an edge do not appear in such a list; reading it with the names of the data restores them.

    Raises:
        WrongUsageError: the file cannot be created.
    """
    columns = ["cause", "effect"] if truth.lags is None else ["cause", "effect", "lag"]
    delimiter = "\t" if Path(path).suffix.lower() == ".tsv" else ","
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, delimiter=delimiter, lineterminator="\n")
        writer.writeheader()
        writer.writerows(truth.edge_list())
