"""Background knowledge and interventions in files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from causalkit.core.interventions import KNOWN, NEEDED, Intervention, check_keys, intervention_of, listed_interventions
from causalkit.core.knowledge import Knowledge
from causalkit.errors import DataError
from causalkit.io.paths import existing_file
from causalkit.io.tables.text import TextFile

_HEADERS = ("name", "names", "regulator", "regulators", "series", "gene", "genes")


def knowledge_of(given: Any) -> Knowledge | None:
    """Return background knowledge as `Knowledge.of` does; ``regulators`` may also be the path of a file."""
    if isinstance(given, Mapping) and isinstance(given.get("regulators"), str | Path):
        given = {**given, "regulators": read_regulators(given["regulators"])}
    return Knowledge.of(given)


def interventions_of(given: Any) -> tuple[Intervention, ...]:
    """Return interventions as `listed_interventions` does; they may also be the path of a file."""
    return read_interventions(given) if isinstance(given, str | Path) else listed_interventions(given)


def read_regulators(path: str | Path) -> tuple[str, ...]:
    """Return the names in a file: one a line, or the first column of a .csv or .tsv file.

    A first line ``name``, ``regulator``, ``series`` or ``gene`` of a .csv or .tsv file is a header; empty lines and
    those that begin with # are skipped.

    Raises:
        DataError: the file is missing, not text, or has no name.
    """
    path = existing_file(path)
    file, delimiter = TextFile.of(path), {".csv": ",", ".tsv": "\t"}.get(path.suffix.lower())
    found = (cells[0] for _, cells in file.rows(delimiter)) if delimiter else file.lines()
    names = [name.strip() for name in found if name.strip() and not name.lstrip().startswith("#")]
    if delimiter and names and names[0].lower() in _HEADERS:
        names = names[1:]
    if not names:
        raise DataError(f"{path} contains no name", "write one name a line")
    return tuple(dict.fromkeys(names))


def read_interventions(path: str | Path) -> tuple[Intervention, ...]:
    """Return the interventions in a text table with the columns series, from, to [, realisation] [, kind].

    Raises:
        DataError: the file is missing or malformed; the message gives the line.
    """
    file = TextFile.of(path)
    rows = list(file.rows(file.delimiter()))
    hint = "write a table with the columns series,from,to and, where needed, realisation and kind"
    columns = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    for name in NEEDED:
        if name not in columns:
            raise DataError(f"{path}: line {rows[0][0] if rows else 1} has no column {name!r}", hint)
    check_keys(columns, f"{path}: line {rows[0][0]}")
    for name in KNOWN:
        if columns.count(name) > 1:
            raise DataError(f"{path}: line {rows[0][0]} has two columns {name!r}", hint)
    if len(rows) < 2:
        raise DataError(f"{path} contains no intervention", hint)
    return tuple(
        intervention_of(dict(zip(columns, cells, strict=False)), f"{path}: line {line}") for line, cells in rows[1:]
    )
