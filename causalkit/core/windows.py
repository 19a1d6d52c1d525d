"""Windows: the inputs that methods learn from, each with the step that follows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.read_only import make_read_only
from causalkit.core.recordings import Mask, Recordings, WindowCounts, uses

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of a panel. Their arrays are read-only; ``torch.tensor`` copies them for torch.

    Attributes:
        x: inputs, shape (N, K, P), oldest step first: ``x[:, -1]`` is lag 1.
        y: the step that follows each window, shape (N, P).
        realisation: index of the realisation of each window, shape (N,).
        step: position of ``y`` in its realisation, shape (N,).
        dropped: number of windows that were left out because of missing cells.
        intervened: shape (N, K + 1, P), True for the cells of window and next step that were set from outside; None
            without interventions.
        unmeasured: shape (N, K + 1, P), True for the cells of window and next step that were not measured: values of
            lower frequency that are carried forward, and missing cells, which hold the mean of their series; None:
            there are none.
        inputs_complete: shape (N, P), True where everything that may act on an effect is there; None: everywhere.
        counts: how many windows each effect learns from, and why others are of no use to it; None: unknown.
    """

    x: Array
    y: Array
    realisation: NDArray[np.intp]
    step: NDArray[np.intp]
    dropped: int
    intervened: Mask | None = None
    unmeasured: Mask | None = None
    inputs_complete: Mask | None = None
    counts: WindowCounts | None = None

    def __post_init__(self) -> None:
        make_read_only(self, "x", "y", "realisation", "step", "intervened", "unmeasured", "inputs_complete")

    @classmethod
    def of(cls, recordings: Recordings, lag: int, allowed: Mask | None = None) -> Windows:
        """Return the windows of ``lag`` steps within each realisation; see `causalkit.Panel.windows`.

        Args:
            recordings: what to cut them from.
            lag: K, at least 1.
            allowed: which causes [cause, effect] may act, for windows by effect; None: complete windows only.
        """
        xs, ys, realisation, step, outside, unmeasured, lacking, dropped = [], [], [], [], [], [], [], 0
        gaps = any(np.isnan(values).any() for values in recordings.realisations)
        for number, (values, inputs) in enumerate(zip(recordings.realisations, recordings.inputs(), strict=True)):
            if len(values) <= lag:
                continue
            found = uses(values, inputs, lag, allowed)
            kept = found.complete.any(axis=1)
            dropped += int((~kept).sum())
            xs.append(_steps(inputs, lag)[kept, :lag])
            ys.append(values[lag:][kept])
            realisation.append(np.full(int(kept.sum()), number))
            step.append(np.flatnonzero(kept) + lag)
            if gaps:
                unmeasured.append(_steps(np.isnan(values), lag)[kept])
                lacking.append(found.missing_inputs[kept])
            if recordings.intervened is not None:
                outside.append(_steps(recordings.intervened[number], lag)[kept])
        if not xs:
            xs, ys = [np.zeros((0, lag, len(recordings.every)))], [np.zeros((0, len(recordings.every)))]
            realisation, step = [np.zeros(0, dtype=np.intp)], [np.zeros(0, dtype=np.intp)]
        x, y = np.ascontiguousarray(np.concatenate(xs)), np.concatenate(ys)
        if gaps:
            mean = _means(recordings.realisations)
            x, y = np.where(np.isnan(x), mean, x), np.where(np.isnan(y), mean, y)
        return cls(
            x=x,
            y=y,
            realisation=np.concatenate(realisation),
            step=np.concatenate(step),
            dropped=dropped,
            intervened=np.concatenate(outside) if outside else None,
            unmeasured=_where_any(unmeasured),
            inputs_complete=None if (incomplete := _where_any(lacking)) is None else ~incomplete,
            counts=recordings.counts(lag, allowed),
        )

    def __len__(self) -> int:
        return len(self.y)

    @property
    def observed(self) -> Mask | None:
        """Shape (N, P): the next steps from which causes can be learned; None: all of them.

        Not from those of a series that was set from outside. Among windows by effect, not from those that were not
        measured either, nor where an input is missing that may act on the effect.
        """
        masks = [
            None if self.intervened is None else ~self.intervened[:, -1],
            None if self.unmeasured is None or not self.unmeasured[:, -1].any() else ~self.unmeasured[:, -1],
            self.inputs_complete,
        ]
        known = [mask for mask in masks if mask is not None]
        return np.logical_and.reduce(known) if known else None

    def describe(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return what a result records about them: their number, that of dropped ones, and counts by effect."""
        by_effect = {} if self.counts is None else {"windows_by_effect": self.counts.describe(names)}
        return {"windows": len(self), "dropped": self.dropped, **by_effect}

    def subset(self, chosen: NDArray[Any]) -> Windows:
        """Return the windows that an index or a mask chooses."""

        def of(mask: Mask | None) -> Mask | None:
            return None if mask is None else mask[chosen]

        return replace(
            self,
            x=self.x[chosen],
            y=self.y[chosen],
            realisation=self.realisation[chosen],
            step=self.step[chosen],
            intervened=of(self.intervened),
            unmeasured=of(self.unmeasured),
            inputs_complete=of(self.inputs_complete),
        )


def _steps(values: NDArray[Any], lag: int) -> NDArray[Any]:
    """Return all runs of ``lag`` steps and the next one of a realisation (T, P): (T - lag, lag + 1, P)."""
    return np.lib.stride_tricks.sliding_window_view(values, lag + 1, axis=0).transpose(0, 2, 1)


def _means(realisations: tuple[Array, ...]) -> Array:
    """Return the mean of every series (P,), 0 where it has no value."""
    stacked = np.concatenate(realisations)
    there = ~np.isnan(stacked)
    means: Array = np.where(there, stacked, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    return means


def _where_any(masks: list[Mask]) -> Mask | None:
    """Return masks of all realisations as one, None where none of them is True anywhere."""
    return np.concatenate(masks) if any(mask.any() for mask in masks) else None
