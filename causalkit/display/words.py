"""Numbers of things, lists and ranges as a sentence has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def count(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 seed`` or ``1,200 seeds``; ``plural`` is for nouns that take no "s"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def were(number: int) -> str:
    """Return "was" for one thing, "were" for any other number."""
    return "was" if number == 1 else "were"


def listed(items: Sequence[str], most: int = 12) -> str:
    """Return ``a, b and c``; beyond ``most`` the rest is counted. Nothing is "none"."""
    if len(items) > most:
        items = [*items[: most - 1], f"{len(items) - most + 1} more"]
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + f" and {items[-1]}" if items else "none"


def span(numbers: Iterable[int | None], between: str = " to ") -> str:
    """Return the range of the numbers that are known: "", "10" or "10 to 100"."""
    known = [number for number in numbers if number is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    return f"{low}" if low == high else f"{low}{between}{high}"
