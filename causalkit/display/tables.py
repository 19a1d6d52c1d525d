"""Tables of text: of rich for terminals, and plain columns for logs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from causalkit.display.labels import cells

if TYPE_CHECKING:
    from rich.table import Table


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Collection[str] = ()) -> Table:
    """Return a table that rich prints; long cells are folded, and the columns named in ``numbers`` end flush right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        made.add_column(Text(column), justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*map(Text, row))
    return made


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a line for each row with all columns aligned, wide letters counted twice as terminals do."""
    widths = [max(map(cells, column)) for column in zip_longest(*rows, fillvalue="")]
    padded = ([cell + " " * (width - cells(cell)) for cell, width in zip(row, widths, strict=False)] for row in rows)
    return [" ".join(row).rstrip() for row in padded]
