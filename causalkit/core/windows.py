"""Windows: the inputs that methods learn from, each with the step that follows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.read_only import make_read_only
from causalkit.errors import DataError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Windows:
    """All complete windows of a panel. Their arrays are read-only; ``torch.tensor`` copies them for torch.

    Attributes:
        x: inputs, shape (N, K, P), oldest step first: ``x[:, -1]`` is lag 1.
        y: the step that follows each window, shape (N, P).
        realisation: index of the realisation of each window, shape (N,).
        step: position of ``y`` in its realisation, shape (N,).
        dropped: number of windows that were left out because they touch a missing cell.
        intervened: shape (N, K + 1, P), True for the cells of window and next step that were set from outside; None
            without interventions.
    """

    x: Array
    y: Array
    realisation: NDArray[np.intp]
    step: NDArray[np.intp]
    dropped: int
    intervened: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        make_read_only(self, "x", "y", "realisation", "step", "intervened")

    @classmethod
    def of(
        cls, realisations: Sequence[Array], intervened: Sequence[NDArray[np.bool_]] | None, lag: int, source: str
    ) -> Windows:
        """Return the windows of ``lag`` steps within each realisation (T, P); see `causalkit.Panel.windows`.

        Raises:
            DataError: the lag is below 1, or no window is complete.
        """
        if lag < 1:
            raise DataError(f"lag={lag} is not allowed", "a lag is a whole number of time steps, at least 1")
        xs, ys, realisation, step, masks, dropped = [], [], [], [], [], 0
        for number, values in enumerate(realisations):
            count = len(values) - lag
            if count < 1:
                continue
            runs = np.lib.stride_tricks.sliding_window_view(values, lag + 1, axis=0)  # (count, P, K + 1)
            complete = ~np.isnan(runs).any(axis=(1, 2))
            dropped += int(count - complete.sum())
            xs.append(runs[complete, :, :lag].transpose(0, 2, 1))
            ys.append(runs[complete, :, lag])
            realisation.append(np.full(int(complete.sum()), number))
            step.append(np.flatnonzero(complete) + lag)
            if intervened is not None:
                mask = np.lib.stride_tricks.sliding_window_view(intervened[number], lag + 1, axis=0)
                masks.append(mask[complete].transpose(0, 2, 1))
        if not any(len(part) for part in xs):
            raise DataError(
                f"{source}: no complete window of {lag + 1} rows is left ({dropped} touch a missing cell)",
                "choose a smaller --lag, leave out the series with the most missing cells with --drop, or fill the "
                "missing cells first",
            )
        return cls(
            x=np.ascontiguousarray(np.concatenate(xs)),
            y=np.concatenate(ys),
            realisation=np.concatenate(realisation),
            step=np.concatenate(step),
            dropped=dropped,
            intervened=np.concatenate(masks) if masks else None,
        )

    def __len__(self) -> int:
        return len(self.y)

    @property
    def observed(self) -> NDArray[np.bool_] | None:
        """Shape (N, P): the next steps from which causes can be learned; None: all of them.

        A series that was set from outside carries no information on its causes.
        """
        return None if self.intervened is None else ~self.intervened[:, -1]

    def subset(self, chosen: NDArray[Any]) -> Windows:
        """Return the windows that an index or a mask chooses."""
        return replace(
            self,
            x=self.x[chosen],
            y=self.y[chosen],
            realisation=self.realisation[chosen],
            step=self.step[chosen],
            intervened=None if self.intervened is None else self.intervened[chosen],
        )
