"""Recordings: what windows are cut from, and which of them each effect can learn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.lower_frequency import carried_forward, source_rows

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class WindowCounts:
    """How many windows each of P effects learns from and why others are of no use to it; each of shape (P,).

    Attributes:
        learned: windows whose inputs and next step are there and whose next step is free of interventions.
        missing_inputs: windows in which an input of this effect is missing.
        missing_next_step: windows with all inputs of this effect, whose next step was not measured.
        intervention: the others, whose next step was set from outside.
    """

    learned: NDArray[np.intp]
    missing_inputs: NDArray[np.intp]
    missing_next_step: NDArray[np.intp]
    intervention: NDArray[np.intp]

    def describe(self, names: Sequence[str]) -> dict[str, dict[str, int]]:
        """Return the counts by effect, as a result records them."""
        return {name: {key: int(getattr(self, key)[effect]) for key in KINDS} for effect, name in enumerate(names)}


KINDS = ("learned", "missing_inputs", "missing_next_step", "intervention")


@dataclass(frozen=True, eq=False)
class Uses:
    """What the windows of one realisation are to the effects, each of shape (windows, P).

    Attributes:
        missing_inputs: an input that may act on the effect is missing.
        missing_next_step: the next step of the effect was not measured.
    """

    missing_inputs: Mask
    missing_next_step: Mask

    @property
    def complete(self) -> Mask:
        """Inputs and next step are there."""
        return ~(self.missing_inputs | self.missing_next_step)


@dataclass(frozen=True, eq=False)
class Recordings:
    """Realisations as windows are cut from them.

    Attributes:
        realisations: each of shape (T, P); NaN marks a missing cell.
        every: for every series (P,) the steps from one value to the next at most; see
            `causalkit.core.lower_frequency.every`.
        intervened: masks of the cells that were set from outside, or None.
    """

    realisations: tuple[Array, ...]
    every: NDArray[np.intp]
    intervened: tuple[Mask, ...] | None = None

    def inputs(self) -> Iterator[Array]:
        """Yield the realisations as they act on others: series of lower frequency are carried forward."""
        for values in self.realisations:
            yield carried_forward(values, self.every)

    def sources(self) -> Iterator[NDArray[np.intp]]:
        """Yield the rows that the cells of `inputs` come from, (T, P) of each realisation."""
        for values in self.realisations:
            yield source_rows(values, self.every)

    def only(self, columns: Sequence[int]) -> Recordings:
        """Return the recordings of some series."""
        chosen = list(columns)
        return replace(
            self,
            realisations=tuple(values[:, chosen] for values in self.realisations),
            every=self.every[chosen],
            intervened=None if self.intervened is None else tuple(mask[:, chosen] for mask in self.intervened),
        )

    def counts(self, lag: int, allowed: Mask | None) -> WindowCounts:
        """Return how many windows of ``lag`` steps each effect learns from.

        Args:
            lag: K.
            allowed: as for `uses`.
        """
        found = np.zeros((4, len(self.every)), dtype=np.intp)
        for number, (values, inputs) in enumerate(zip(self.realisations, self.inputs(), strict=True)):
            if len(values) > lag:
                mask = None if self.intervened is None else self.intervened[number][lag:]
                found += _counted(uses(values, inputs, lag, allowed), mask)
        return WindowCounts(*found)


def everything(series: int) -> Mask:
    """Return shape (P, P), True: every cause may act on every effect. It takes no memory, however many there are."""
    return np.broadcast_to(np.True_, (series, series))


def allows_everything(allowed: Mask) -> bool:
    """Is it what `everything` returns? Not every matrix of True is, for which the long way gives the same."""
    return allowed.strides == (0, 0)


def uses(values: Array, inputs: Array, lag: int, allowed: Mask | None) -> Uses:
    """Return what each window of a realisation is to each effect.

    Args:
        values: as measured, (T, P), T > K.
        inputs: the same as they act on others.
        lag: K.
        allowed: which causes [cause, effect] may act; None: windows have to be complete, in all inputs and all next
            steps.
    """
    count, series = len(values) - lag, values.shape[1]
    if not np.isnan(values).any():
        nothing = np.zeros((count, series), dtype=bool)
        return Uses(nothing, nothing)
    before = np.concatenate([np.zeros((1, series), dtype=np.intp), np.cumsum(np.isnan(inputs), axis=0)])
    lacking = before[lag : lag + count] > before[:count]  # (window, cause)
    following = np.isnan(values[lag:])
    if allowed is None:
        shape = (count, series)
        return Uses(
            np.broadcast_to(lacking.any(axis=1, keepdims=True), shape),
            np.broadcast_to(following.any(axis=1, keepdims=True), shape),
        )
    if allows_everything(allowed):
        return Uses(np.broadcast_to(lacking.any(axis=1, keepdims=True), (count, series)), following)
    causes = np.flatnonzero(lacking.any(axis=0))
    return Uses(lacking[:, causes].astype(np.float32) @ allowed[causes].astype(np.float32) > 0, following)


def _counted(found: Uses, intervened: Mask | None) -> NDArray[Any]:
    """Return the numbers of windows by `KINDS`, shape (4, P)."""
    complete = found.complete
    outside = np.zeros_like(complete) if intervened is None else complete & intervened
    kinds = (complete & ~outside, found.missing_inputs, ~found.missing_inputs & found.missing_next_step, outside)
    return np.stack([kind.sum(axis=0) for kind in kinds])
