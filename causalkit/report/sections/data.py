"""The data of a single discovery: what was taken as time and realisation, what is missing, what was found in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from causalkit.core.discovery import Discovery
from causalkit.display.health import LEFT, TOP, explained, facts, first, table
from causalkit.display.labels import shorten
from causalkit.display.words import count
from causalkit.report.blocks import Block, Cell, Code, Section, Table, Text
from causalkit.report.sections.choices import flat_rows

_WIDE = 140
"""Characters of a row of the table of series; names of more are shortened."""


def data(discovery: Discovery) -> Section | None:
    """Return sampling, counts and findings of the data; None where the result records nothing of them."""
    recorded = discovery.data
    steps = recorded.get("steps")
    if not isinstance(steps, Sequence) or isinstance(steps, str) or not steps:
        return None
    sampling = recorded.get("sampling")
    rows = facts(sampling if isinstance(sampling, Mapping) else None, steps, discovery.names)
    if "missing_cells" in recorded:
        rows.append(("missing cells", f"{recorded['missing_cells']:,}"))
    if recorded.get("windows") is not None:
        dropped = f"; {recorded['dropped']:,} more touch a missing cell" if recorded.get("dropped") else ""
        size = f"each of {count(discovery.lags, 'step')} and the step after"
        rows.append(("windows", f"{recorded['windows']:,}, {size}{dropped}"))
    if preparation := recorded.get("preparation"):
        rows.append(("preparation", _written(preparation)))
    cells: list[list[Cell | str]] = [[title, words] for title, words in rows]
    blocks: list[Block] = [Table("What was read.", ["what", "value"], cells)]
    blocks += _by_effect(recorded.get("windows_by_effect"))
    examined = recorded.get("health")
    if isinstance(examined, Mapping):
        blocks += [*_findings(examined.get("findings"), "preparation" in recorded), *_series(examined)]
    else:
        blocks += _findings(examined, "preparation" in recorded)
    return Section("data", "Data", blocks)


def _by_effect(counts: Any) -> list[Block]:
    """Return the windows of every effect, the fewest first, where some effects have fewer than others."""
    if not isinstance(counts, Mapping) or not all(isinstance(one, Mapping) for one in counts.values()):
        return []
    learned = {str(name): int(one.get("learned", 0)) for name, one in counts.items()}
    if len(set(learned.values())) < 2:
        return []
    kinds = [kind for kind in next(iter(counts.values())) if any(one.get(kind) for one in counts.values())]
    most = max(learned.values())
    fewer = [name for name in counts if learned[str(name)] < most]
    chosen = sorted(fewer, key=lambda name: learned[str(name)])[:TOP]
    rows: list[list[Cell | str]] = [
        [shorten(str(name), 60), *(f"{counts[name].get(kind, 0):,}" for kind in kinds)] for name in chosen
    ]
    lacking = f"; {len(chosen)} of {len(fewer):,} effects with fewer" if len(chosen) < len(fewer) else ""
    lacking += f"; {'all others' if len(fewer) < len(counts) else 'the most'}: {most:,} learned"
    titles = ["effect", *(kind.replace("_", " ") for kind in kinds)]
    numbers = range(1, len(titles))
    return [Table(f"Windows by effect, the fewest first{lacking}.", titles, rows, numbers=numbers)]


def _findings(found: Any, prepared: bool) -> list[Block]:
    """Return every finding with the options that act on it."""
    if not isinstance(found, Sequence) or isinstance(found, str):
        return []  # a result that was made before data were examined
    which = "the prepared data" if prepared else "the data"
    if not found:
        return [Text(f"Nothing was found in {which} that makes a graph doubtful.")]
    blocks: list[Block] = [
        Text(
            f"{count(len(found), 'finding')} in {which}, and options that act on {'it' if len(found) == 1 else 'them'}:"
        )
    ]
    for finding in found:
        message = f"{shorten(str(finding.get('message', '')), 1000)}."
        blocks.append(Text(message, "warning" if finding.get("severity") == "warning" else "plain"))
        if options := [str(option) for option in finding.get("options") or ()]:
            blocks.append(Code("\n".join(options)))
    return blocks


def _series(health: Mapping[str, Any]) -> list[Block]:
    """Return the table of series, those with findings first where there are many."""
    if not health.get("series"):
        return []
    shown = first(health, TOP)
    titles, *rows = table(health, shown, _WIDE)
    words = explained(titles)
    lacking = f", {len(shown)} of {len(health['series']):,}" if len(shown) < len(health["series"]) else ""
    numbers = [place for place, title in enumerate(titles) if place and title not in LEFT]
    return [Table(f"The series{lacking}; {words}.", titles, rows, numbers=numbers)]


def _written(preparation: Any) -> str:
    """Return the settings of a preparation as text."""
    if not isinstance(preparation, Mapping):
        return shorten(str(preparation), 400)
    return shorten(", ".join(f"{row[0]} {row[1]}" for row in flat_rows(preparation)), 400)
