"""A comparison as text: a table for terminals, Markdown for a job summary, JSON to keep, JUnit for a CI server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal, get_args

from causalkit.compare.comparison import compare_records
from causalkit.compare.gates import GateResult
from causalkit.compare.table import METRICS
from causalkit.errors import UnknownNameError, did_you_mean

if TYPE_CHECKING:
    from causalkit.compare.record import CellRecord

Format = Literal["table", "markdown", "json", "junit"]
FORMATS: tuple[Format, ...] = get_args(Format)


def render(
    records: Iterable[CellRecord],
    format: Format = "table",  # noqa: A002 - the name of the option
    *,
    metrics: Sequence[str] = METRICS,
    diagonal: str = "exclude",
    gates: Iterable[GateResult] = (),
    width: int | None = None,
) -> str:
    """Return a comparison as text that ends with a line break.

    Args:
        format: "table", "markdown", "json" or "junit".
        metrics: of the tables and the tests.
        diagonal: the policy on self-edges of the main table, the tests and the ranks; a second table shows the other.
        gates: results of the gates and of the comparison with the baseline.
        width: of the terminal in characters; default: measured, or 200 without a terminal.

    Raises:
        UnknownNameError: an unknown format or metric.
        DataError: two different records have the same method, data set and seed.
    """
    if format not in FORMATS:
        raise UnknownNameError(f"unknown format {format!r}", did_you_mean(format, FORMATS))
    from causalkit.compare import as_json, as_junit, as_markdown, as_table

    comparison = compare_records(records, metrics, diagonal, gates)
    if format == "table":
        return as_table.text(comparison, width)
    return {"markdown": as_markdown.text, "json": as_json.text, "junit": as_junit.text}[format](comparison)
