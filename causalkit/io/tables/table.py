"""A table with named columns, as every reader of tables hands it on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from causalkit.core.shell import option_text
from causalkit.errors import DataError
from causalkit.io.tables.cells import shown

PANEL_COLUMN = "realisation"
"""Name of the column that identifies realisations in the tables that causalkit writes."""


def _row(position: int) -> str:
    return f"row {position + 1}"


@dataclass(frozen=True, eq=False)
class Table:
    """The columns of a file.

    Attributes:
        frame: a DataFrame.
        source: the name of the file in errors.
        locate: turns the position of a row into "line 7".
        notes: what was assumed so far.
        unnamed: the name that the reader gave to a first column without one, or "".
        header: the line of the column names, or None.
        lengths: numbers of rows of the realisations that the file itself separates; None: one realisation.
        recognise: may columns of times and of realisations be recognised, or only named by the user?
        index: names of the columns that were the index of a DataFrame, outermost first: the last is time where its
            values can be times, those before it identify realisations.
        oriented: is it sure that rows are time steps, so that ``orientation`` has nothing left to do?
        decimal: the decimal separator of cells that are still text.
        in_memory: is it an object that a Python program gave, so that hints name arguments and not options?
        identifiers: names of the columns that identify realisations, as the layout of the table shows.
        place: turns the position of a row and the name of a column into "line 7, column 'value'" where a change of
            layout moved the cells.

    Raises:
        DataError: two columns have the same name.
    """

    frame: Any
    source: str
    locate: Callable[[int], str] = _row
    notes: tuple[str, ...] = ()
    unnamed: str = ""
    header: int | None = None
    lengths: tuple[int, ...] | None = None
    recognise: bool = True
    index: tuple[str, ...] = ()
    in_memory: bool = False
    oriented: bool = False
    identifiers: tuple[str, ...] = ()
    place: Callable[[int, str], str] | None = None
    decimal: str = "."

    def __post_init__(self) -> None:
        refuse_duplicates(self.names, self.source if self.header is None else f"{self.source}: line {self.header}")

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return list(self.frame.columns)

    def cell(self, row: int, name: str) -> str:
        """Return the place of a cell, at the beginning of an error."""
        return f"{self.source}: {self.place_of(row, name)}"

    def place_of(self, row: int, name: str) -> str:
        """Return the place of a cell within the table: ``line 7, column 'a'``."""
        return f"{self.locate(row)}, column {shown(name)}" if self.place is None else self.place(row, name)

    @property
    def numbered(self) -> bool:
        """Are the names of the columns nothing but their positions, 0, 1, ...?"""
        return self.names == [str(column) for column in range(len(self.names))]

    def hint(self, option: str, *values: str) -> str:
        """Return an option as its user writes it: ``--drop 'a b'`` in a shell, ``drop="a b"`` in Python.

        Args:
            option: its name in `causalkit.io.ReadOptions`.
            values: of the option; see `causalkit.io.options.option_text`.
        """
        return option_text(option, *values, python=self.in_memory)


def refuse_duplicates(names: Sequence[str], place: str, way_out: str = "rename one of them") -> None:
    """Raise an error where two columns have the same name.

    Args:
        names: of all columns of a file, in order.
        place: the file, and the line of the names where it is known.
        way_out: what to do.

    Raises:
        DataError: the message names both columns.
    """
    first: dict[str, int] = {}
    for column, name in enumerate(names, start=1):
        if first.setdefault(name, column) != column:
            raise DataError(
                f"{place}: duplicate column name {shown(name)} (column {first[name]} and column {column})",
                f"column names must be unique; {way_out}",
            )
