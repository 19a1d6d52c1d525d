"""Numbers and lists as a report says them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from causalkit.display.labels import one_line, shorten

MISSING = "\N{EN DASH}"
GAP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
METRICS = {"auroc": "AUROC", "auprc": "AUPRC", "f1": "F1", "shd": "SHD", "f1-oracle": "F1 (oracle)"} | {
    f"{metric}-oracle-epoch": f"{metric.upper()} (oracle epoch)" for metric in ("auroc", "auprc")
}
POLICIES = {"exclude": "without self-edges", "include": "with self-edges"}


def metric_name(metric: str) -> str:
    """Return how readers know a metric."""
    return METRICS.get(metric, one_line(metric))


def number(value: float | None) -> str:
    """Return a number with three significant digits, and integers whole."""
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if float(value).is_integer() and abs(value) < 1e6:
        return f"{int(value)}".replace("-", MINUS)
    return f"{value:.3g}".replace("-", MINUS) if abs(value) < 1e4 else f"{value:,.0f}"


def score(value: float) -> str:
    """Return a score with three significant digits, zeros at the end included, as columns of numbers need them."""
    if value == 0:
        return "0"
    return f"{value:#.3g}" if 1e-3 <= value < 1e3 else f"{value:.2e}" if value < 1e-3 else f"{value:,.0f}"


def p_value(value: float | None) -> str:
    """Return a p-value; very small ones as a bound."""
    if value is None or math.isnan(value):
        return MISSING
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}" if value < 0.01 else f"{value:.3f}"


def p_equals(value: float) -> str:
    """Return ``p = 0.03`` or ``p < 0.0001``."""
    said = p_value(value)
    return f"p {said}" if said.startswith("<") else f"p = {said}"


def duration(seconds: float | None) -> str:
    """Return a time span in the unit that suits it."""
    if seconds is None or math.isnan(seconds):
        return MISSING
    if seconds < 1:
        return f"{seconds * 1000:.3g}{GAP}ms"
    if seconds < 120:
        return f"{seconds:.3g}{GAP}s"
    return f"{seconds / 60:.3g}{GAP}min" if seconds < 7200 else f"{seconds / 3600:.3g}{GAP}h"


def memory(size: float | None) -> str:
    """Return a size in MiB or GiB."""
    if size is None or math.isnan(size):
        return MISSING
    return f"{size / 2**20:.0f}{GAP}MiB" if size < 2**30 else f"{size / 2**30:.2f}{GAP}GiB"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 seed`` or ``3 seeds``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(items: Sequence[str], most: int = 12) -> str:
    """Return ``a, b and c``; the rest of a long list is counted."""
    if len(items) > most:
        items = [*items[: most - 1], f"{len(items) - most + 1} more"]
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + f" and {items[-1]}" if items else "none"


def name(text: str, width: int = 60) -> str:
    """Return a label as one line of bearable length."""
    return shorten(text, width) or "(no name)"
