"""The order of the rows in time: onward, newest first, restarting or shuffled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from causalkit.io.time.steps import even_share

Rows = NDArray[np.intp]
Kind = Literal["onward", "falling", "shuffled", "repeating", "none"]
_FEWEST = 0.9
"""Share of steps that must be equal once numbers are sorted, so that they are times and no measurement."""


@dataclass(frozen=True)
class Order:
    """How times follow each other in the rows.

    Attributes:
        kind: "onward": they increase, apart from restarts; "falling": they decrease, apart from restarts; "shuffled":
            all are different; "repeating": they increase, but some are equal; "none": no time does this.
        restarts: how often time goes back to its beginning.
        even: share of the steps, once sorted, that are equal.
    """

    kind: Kind
    restarts: int = 0
    even: float = 1.0


def order_of(values: NDArray[Any], missing: NDArray[np.bool_], groups: Sequence[Rows]) -> Order:
    """Return the order of times within the realisations known so far."""
    kinds, restarts, parts = set(), 0, []
    for rows in groups:
        own = values[rows][~missing[rows]]
        if len(own) < 2:
            continue
        kind, times, pieces = _of_one(own)
        kinds.add(kind)
        restarts += times
        parts.extend(pieces)
    if not kinds:
        return Order("onward")
    if kinds == {"onward", "falling"}:  # one recording is newest first and another is not
        kinds = {"falling"}
    worst = max(kinds, key=("onward", "falling", "shuffled", "repeating", "none").index)
    return Order(worst, restarts, even_share(parts, rounding=worst != "shuffled") if worst != "none" else 0.0)


def _of_one(values: NDArray[Any]) -> tuple[Kind, int, list[NDArray[Any]]]:
    with np.errstate(over="ignore", invalid="ignore"):  # a variable that is named like a time may have any size
        steps = np.diff(values)
    if (steps > 0).all():
        return "onward", 0, [steps]
    if (steps < 0).all():
        return "falling", 0, [-steps]
    both: tuple[tuple[Kind, NDArray[Any]], ...] = (("onward", values), ("falling", values[::-1]))
    for kind, ordered in both:
        times = _restarts(ordered)
        if times is not None:
            own = np.diff(ordered)
            pieces = np.split(own, np.flatnonzero(own < 0))
            repeated = (own == 0).any()
            return ("repeating" if repeated else kind), times, [piece[piece > 0] for piece in pieces]
    if len(np.unique(values)) == len(values):
        return "shuffled", 0, [np.diff(np.sort(values))]
    return "none", 0, []


def _restarts(values: NDArray[Any]) -> int | None:
    """Return how often time goes back to its beginning, or None when it goes back otherwise, as no time does."""
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff(values)
    back = np.flatnonzero(steps < 0)
    if not (steps > 0).any() or len(values) < 3 * (len(back) + 1):
        return None
    if (values[back + 1] > values[0] + np.median(steps[steps > 0])).any():
        return None
    return len(back)


def is_time(order: Order, *, certain: bool) -> bool:
    """Return whether values in this order can be times.

    Args:
        order: of the values.
        certain: are they dates, or does the user say that they are times?
    """
    if order.kind == "shuffled" and not certain:
        return order.even >= _FEWEST
    return certain or order.kind in ("onward", "falling", "repeating")


def sorted_rows(values: NDArray[Any], rows: Rows) -> tuple[Rows, str]:
    """Return the rows of one realisation from the earliest to the latest, and what was done: "", "turned", "sorted".

    Rows whose times restart keep the order of their restarts.
    """
    own = values[rows]
    if len(own) < 2:
        return rows, ""
    kind, restarts, _ = _of_one(own)
    if kind == "falling":
        if not restarts:
            return rows[::-1], "turned"
        ends = np.flatnonzero(np.diff(own) > 0) + 1  # a recording that is newest first begins after a rise
        return np.concatenate([part[::-1] for part in np.split(rows, ends)]), "turned"
    if kind == "shuffled":
        return rows[np.argsort(own, kind="stable")], "sorted"
    return rows, ""
