"""Numbers, p-values, times and sizes as text; every table, sentence and report writes them alike."""

from __future__ import annotations

import math

MISSING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


def number(value: float, digits: int = 4) -> str:
    """Return a number with so many significant digits."""
    return f"{value:.{digits}g}"


def score(value: float) -> str:
    """Return a score with three significant digits, zeros at the end included, as columns of numbers need them."""
    if value == 0:
        return "0"
    return f"{value:#.3g}" if 1e-3 <= value < 1e3 else f"{value:.2e}" if value < 1e-3 else f"{value:,.0f}"


def p_value(value: float | None) -> str:
    """Return a p-value, a very small one as a bound: ``0.012`` or ``< 0.0001``."""
    if value is None or math.isnan(value):
        return MISSING
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}" if value < 0.01 else f"{value:.3f}"


def p_equals(value: float) -> str:
    """Return a p-value for a sentence: ``p = 0.012`` or ``p < 0.0001``."""
    shown = p_value(value)
    return f"p {shown}" if shown.startswith("<") else f"p = {shown}"


def duration(seconds: float | None, digits: int = 3) -> str:
    """Return a time in the unit that suits it, with so many significant digits: ``350 ms``, ``12.5 s``, ``3.5 min``."""
    if seconds is None or math.isnan(seconds):
        return MISSING
    units = ((1, 1e-3, "ms"), (120, 1, "s"), (7200, 60, "min"), (math.inf, 3600, "h"))
    size, unit = next((size, unit) for below, size, unit in units if seconds < below)
    return f"{float(number(seconds / size, digits)):g} {unit}"


def memory(size: float | None) -> str:
    """Return a number of bytes in MiB or GiB."""
    if size is None or math.isnan(size):
        return MISSING
    return f"{size / 2**20:.0f} MiB" if size < 2**30 else f"{size / 2**30:.2f} GiB"


def mean_and_deviation(mean: float, deviation: float | None) -> str:
    """Return ``0.950 ± 0.012``: three decimals for small numbers, fewer for large ones."""
    known = [one for one in (mean, deviation) if one is not None]
    return " ± ".join(f"{one:.{3 if abs(one) < 10 else 1 if abs(one) < 1000 else 0}f}" for one in known)
