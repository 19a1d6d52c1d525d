"""Machines, versions and data of a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from causalkit.display.formats import MISSING, duration, memory
from causalkit.display.labels import name, one_line, shorten
from causalkit.display.words import count, listed, span
from causalkit.report.blocks import Block, Cell, Section, Table, Text
from causalkit.report.results import Results


def environment(results: Results) -> Section:
    """Return versions, machines and data, and where they differ between cells."""
    blocks: list[Block] = []
    started = sorted(record.started for record in results.records if record.started)
    if started:
        blocks.append(Text(f"The first cell started at {_moment(started[0])}, the last at {_moment(started[-1])}."))
    rows = _merged(
        {key: value for key, value in record.environment.items() if key != "process"} for record in results.records
    )
    if rows:
        blocks.append(Table("Machines.", ["what", "value"], rows))
    rows = _merged(record.versions for record in results.records)
    if rows:
        blocks.append(Table("Versions.", ["package", "version"], rows))
        if any(not isinstance(row[1], str) for row in rows):
            blocks.append(Text("Not all cells were computed with the same versions.", "warning"))
    rows = _merged(record.sources for record in results.records)
    if rows:
        blocks.append(Table("Digests of the source code.", ["package", "SHA-256, beginning"], rows))
        if any(not isinstance(row[1], str) for row in rows):
            blocks.append(
                Text("Not all cells were computed with the same source code, in spite of equal versions.", "warning")
            )
    rows = _data(results)
    if rows:
        columns = ["data set", "series", "realisations", "steps", "source of the first seed", "SHA-256 by seed"]
        blocks.append(Table("Data.", columns, rows, numbers=(1, 2, 3)))
    if not blocks:
        blocks.append(Text("The records contain no versions or machines."))
    return Section("environment", "Environment", blocks)


def _merged(tables: Iterable[Mapping[str, Any]]) -> list[list[Cell | str]]:
    """Return each key with its value, or with all its values and their numbers of cells."""
    found: dict[str, dict[str, int]] = {}
    for table in tables:
        for key, value in table.items():
            values = found.setdefault(str(key), {})
            text = _text(str(key), value)
            values[text] = values.get(text, 0) + 1
    rows: list[list[Cell | str]] = []
    for key, values in sorted(found.items()):
        key = key.replace("_", " ")
        if len(values) == 1:
            rows.append([key, next(iter(values))])
        else:
            text = listed([f"{value} ({count(cells, 'cell')})" for value, cells in values.items()])
            rows.append([key, Cell(text, strong=True)])
    return rows


def _text(key: str, value: Any) -> str:
    if value is None:
        return "none"
    if key == "memory_limit" and isinstance(value, int):
        return memory(value)
    return duration(value) if key == "timeout" else shorten(str(value), 120)


def _data(results: Results) -> list[list[Cell | str]]:
    rows: list[list[Cell | str]] = []
    for data in results.data:
        cells = [record for record in results.records if record.cell.data == data and record.data]
        if not cells:
            continue
        first = min(cells, key=lambda record: record.cell.seed).data
        digests = {record.cell.seed: str(record.data.get("sha256", ""))[:12] for record in cells}
        if len(set(digests.values())) == 1:
            sha256 = f"{next(iter(digests.values()))}…" + (" for every seed" if len(digests) > 1 else "")
        else:
            sha256 = ", ".join(f"{seed}: {digest}…" for seed, digest in sorted(digests.items())[:6])
            sha256 += f" and {len(digests) - 6} more" if len(digests) > 6 else ""
        rows.append(
            [
                name(data),
                str(first.get("series", MISSING)),
                str(first.get("realisations", MISSING)),
                span(first.get("steps") or ()) or MISSING,
                shorten(str(first.get("source", "")), 160),
                sha256,
            ]
        )
    return rows


def _moment(text: str) -> str:
    """Return an ISO 8601 time without fractions."""
    return one_line(text).replace("T", " ").replace("+00:00", " UTC").replace("Z", " UTC")[:40]
