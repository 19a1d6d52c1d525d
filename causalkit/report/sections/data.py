"""The data of a single discovery: what was taken as time and realisation, what is missing, what was found in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from causalkit.core.discovery import Discovery
from causalkit.display.health import facts
from causalkit.display.labels import shorten
from causalkit.display.words import count
from causalkit.report.blocks import Block, Cell, Code, Section, Table, Text


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
    table: list[list[Cell | str]] = [[title, words] for title, words in rows]
    blocks: list[Block] = [Table("What was read.", ["what", "value"], table)]
    return Section("data", "Data", [*blocks, *_findings(recorded.get("health"))])


def _findings(found: Any) -> list[Block]:
    """Return every finding with the options that act on it."""
    if not isinstance(found, Sequence) or isinstance(found, str):
        return []  # a result that was made before data were examined
    if not found:
        return [Text("Nothing was found in the data that makes a graph doubtful.")]
    blocks: list[Block] = [Text(f"{count(len(found), 'finding')} in the data, and options that act on them:")]
    for finding in found:
        message = f"{shorten(str(finding.get('message', '')), 1000)}."
        blocks.append(Text(message, "warning" if finding.get("severity") == "warning" else "plain"))
        if options := [str(option) for option in finding.get("options") or ()]:
            blocks.append(Code("\n".join(options)))
    return blocks


def _written(preparation: Any) -> str:
    """Return the settings of a preparation as text."""
    if not isinstance(preparation, Mapping):
        return shorten(str(preparation), 400)
    return shorten(", ".join(f"{key} {value}" for key, value in preparation.items()), 400)
