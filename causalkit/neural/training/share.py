"""The share of a step that one process takes, where several share a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from causalkit.core import processes

FORECAST = "forecast"
"""Name of the forecast error among the parts of a loss."""


@dataclass(frozen=True)
class Share:
    """Which windows of a step this process takes, and what its losses count.

    The mean loss over all windows is the sum over processes of mean losses, each times its share of the windows; the
    forecast error counts by the share of what is observed.

    Attributes:
        windows: positions.
        count: what penalties count; the share of the windows.
        observed: what the forecast error of each network counts, shape (E,); None: the same.
    """

    windows: slice
    count: float
    observed: Tensor | None

    @classmethod
    def of(cls, given: Sequence[Tensor | None]) -> Share:
        """Return the share in windows, next steps and weights of them, each (E, B, ...).

        With fewer windows than processes, each process computes the whole step, and the mean counts.
        """
        x, _, weights = given
        assert x is not None
        number, many, size = processes.rank(), processes.count(), x.shape[1]
        if many == 1 or size < many:
            return cls(slice(None), 1 / many, None)
        mine = slice(number * size // many, (number + 1) * size // many)
        if weights is None:
            return cls(mine, (mine.stop - mine.start) / size, None)
        # Weights of a loss with nothing observed count as those of one cell, see `squared_error`.
        seen, every = (one.sum((1, 2)).clamp(min=1) for one in (weights[:, mine], weights))
        return cls(mine, (mine.stop - mine.start) / size, seen / every)

    def of_windows(self, given: Sequence[Tensor | None]) -> tuple[Tensor | None, ...]:
        """Return what this process takes of tensors (E, B, ...)."""
        return tuple(None if one is None else one[:, self.windows] for one in given)

    def of_losses(self, parts: Mapping[str, Tensor], network: int | None = None) -> dict[str, Tensor]:
        """Return what the parts of a loss count: those of all networks, each (E,), or of one."""
        if self.count == 1:
            return dict(parts)
        observed: float | Tensor = self.count
        if self.observed is not None:
            observed = self.observed if network is None else self.observed[network]
        return {name: part * (observed if name == FORECAST else self.count) for name, part in parts.items()}

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Sum losses and gradients over processes, in place."""
        if self.count != 1:
            processes.add_up(tensors)
