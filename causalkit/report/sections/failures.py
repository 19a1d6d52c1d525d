"""Cells without a result, and the reasons."""

from __future__ import annotations

from causalkit.display.formats import duration
from causalkit.display.labels import name, shorten
from causalkit.display.words import listed
from causalkit.report.blocks import Block, Cell, Section, Table, Text
from causalkit.report.results import Results
from causalkit.report.sections.summary import STATUSES


def failures(results: Results) -> Section:
    """Return a table of cells without a result, equal reasons together, and of files that were left out."""
    bad = [record for record in results.records if not record.ok]
    blocks: list[Block] = []
    if not bad:
        blocks.append(Text("Every cell has a result."))
    groups: dict[tuple[str, str, str, str], list[tuple[int, float | None]]] = {}
    for record in bad:
        place = (record.cell.method, record.cell.data, record.status, record.reason)
        groups.setdefault(place, []).append((record.cell.seed, record.seconds.get("total")))
    rows: list[list[Cell | str]] = []
    for (method, data, status, reason), found in groups.items():
        seeds = listed([str(seed) for seed, _ in found])
        times = [seconds for _, seconds in found if seconds is not None]
        longest = duration(max(times, default=None))
        why = shorten(reason, 600) or "no reason was recorded"
        rows.append([name(method), name(data), seeds, STATUSES.get(status, status), longest, why])
    if rows:
        columns = ["method", "data set", "seeds", "outcome", "time", "reason"]
        blocks.append(Table("Cells without a result. They are missing from means and tests.", columns, rows))
    if results.unread:
        verb = "is" if len(results.unread) == 1 else "are"
        words = f"{len(results.unread)} of the files in {results.folder} {verb} not part of this report."
        blocks.append(Text(words, "warning"))
        rows = [[one.name, shorten(one.reason, 400)] for one in results.unread]
        blocks.append(Table("Files that were left out.", ["file", "reason"], rows))
    return Section("failures", "What failed", blocks)
