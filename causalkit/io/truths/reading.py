"""Read known graphs: edge lists, DREAM gold standards, labelled and bare matrices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from causalkit.core.truth import Orientation, Truth
from causalkit.display.words import count
from causalkit.errors import DataError
from causalkit.io.paths import existing_file
from causalkit.io.tables.cells import shown
from causalkit.io.tables.text import TextFile
from causalkit.io.truths.edges import Row, has_edge_header, truth_of_edges
from causalkit.io.truths.matrix import find_matrix, matrix_of_arrays


def read_truth(
    path: str | Path, *, names: Sequence[str] | None = None, orientation: Orientation | None = None
) -> Truth:
    r"""Read a known graph.

    The form of the file is recognised:

    * a table with the header ``cause,effect[,lag]`` (or source/target, from/to, regulator/target);
    * ``regulator target 0|1`` on every line without a header, as in the DREAM challenges: lines with 0 are not edges,
      but name series;
    * two columns without a header: one edge a line;
    * a matrix with names and the corner cell ``cause\effect`` or ``effect\cause``;
    * a matrix without such a corner, also .npy and .npz of shape (P, P) or (P, P, L): needs ``orientation``.

    Args:
        path: of the file.
        names: the series of the data. A bare matrix takes them; other files are checked against them, and the truth
            is brought into their order.
        orientation: of a matrix; "cause-effect" means that rows are causes.

    Raises:
        WrongUsageError: the orientation of a matrix is not known.
        DataError: the file is missing, malformed, or names series that the data does not have.
    """
    path = existing_file(path)
    source = str(path)
    if path.suffix.lower() in (".npy", ".npz"):
        from causalkit.io.tables.arrays import load_arrays

        return matrix_of_arrays(load_arrays(path), source).truth(source, names, orientation)
    file = TextFile.of(path)
    rows = [Row(line, tuple(cell.strip() for cell in cells)) for line, cells in file.rows(file.delimiter())]
    if not rows:
        raise DataError(f"{path} has no row", "list the edges under the header cause,effect or cause,effect,lag")
    rows = _even(rows, source)
    if has_edge_header(rows[0]):
        return truth_of_edges(rows, source, names)
    if (matrix := find_matrix(rows, source, orientation)) is not None:
        return matrix.truth(source, names, orientation)
    if len(rows[0].cells) in (2, 3):
        return truth_of_edges(rows, source, names)
    raise DataError(
        f"{source} is neither a list of edges nor a square matrix: line {rows[0].line} begins with "
        f"{shown(rows[0].cells[0])} and has {len(rows[0].cells)} cells",
        "list the edges under the header cause,effect or cause,effect,lag",
    )


def _even(rows: list[Row], source: str) -> list[Row]:
    """Return rows of equal width; the header of a matrix gets an empty corner cell where it has none, as R writes it.

    Raises:
        DataError: a row is longer or shorter than the first.
    """
    (line, first), body = (rows[0].line, rows[0].cells), rows[1:]
    if body and all(len(row.cells) == len(first) + 1 and row.cells[0] in first for row in body):
        rows = [Row(line, ("", *first)), *body]
    width = len(rows[0].cells)
    for row in body:
        if len(row.cells) != width:
            raise DataError(
                f"{source}: line {row.line} has {count(len(row.cells), 'cell')} and the first row has {width}",
                "give every line the same number of cells",
            )
    return rows
