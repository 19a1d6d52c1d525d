"""Windows as tensors, and which of them each network learns from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from causalkit.core.run import Run
from causalkit.core.windows import Windows
from causalkit.model_selection.screening import number_of_candidates, screen
from causalkit.model_selection.splits import Folds


@dataclass(frozen=True)
class TrainingData:
    """All windows of a panel, and what each of E networks learns from and is validated on.

    Attributes:
        x, y: windows (N, K, P) and next steps (N, P).
        rows: which windows each network learns from, shape (E, B); a network may see a window twice.
        held: True for the windows on which a network is validated, shape (E, N); None: nothing is held out.
        observed: 0 where a next step is not to be learned from, and elsewhere its weight in the loss, shape (N, P);
            None: 1 everywhere.
        inputs_complete: which windows have all inputs of an effect, shape (N, P); None: all.
        candidates: the only causes that each target of each network sees, shape (E, P, M); None: it sees all series.
    """

    x: Tensor
    y: Tensor
    rows: Tensor
    held: Tensor | None = None
    observed: Tensor | None = None
    inputs_complete: Tensor | None = None
    candidates: Tensor | None = None

    @property
    def seen(self) -> Tensor:
        """1 where a next step is learned from and 0 elsewhere, without weights: shape (N, P)."""
        return torch.ones_like(self.y) if self.observed is None else (self.observed > 0).to(self.y)

    @classmethod
    def of(cls, windows: Windows, run: Run) -> TrainingData:
        """Return the data of one network that learns from all windows."""
        x, y = tensors(windows, run)
        return cls(x, y, _all(x, 1), None, observed(windows, run), inputs_complete(windows, run))

    def split(self, kept: NDArray[np.bool_], held: NDArray[np.bool_]) -> TrainingData:
        """Return the data of one network that is validated on some windows, given as masks (N,)."""
        rows = torch.as_tensor(np.flatnonzero(kept), device=self.x.device).unsqueeze(0)
        return replace(self, rows=rows, held=torch.as_tensor(held, device=self.x.device).unsqueeze(0))

    def folded(self, folds: Folds, generator: np.random.Generator) -> TrainingData:
        """Return the data of E networks, each of which leaves one fold out and is validated on it."""
        rows = torch.as_tensor(folds.rows(generator), device=self.x.device)
        return replace(self, rows=rows, held=torch.as_tensor(folds.held, device=self.x.device))

    def of_networks(self, chosen: slice) -> TrainingData:
        """Return the data of some of the networks."""
        held, candidates = (None if one is None else one[chosen] for one in (self.held, self.candidates))
        return replace(self, rows=self.rows[chosen], held=held, candidates=candidates)

    def screened(self, allowed: Tensor | None = None, required: Tensor | None = None) -> TrainingData:
        """Return the data with candidate causes for each network, from those windows alone that it learns from.

        Args:
            allowed, required: background knowledge, shape (cause, effect), or None: there is none.
        """
        seen = None if self.observed is None else self.observed > 0
        given = (None if one is None else one.cpu().numpy() for one in (seen, allowed, required))
        watched, known, must = given
        x, y = self.x.cpu().numpy(), self.y.cpu().numpy()
        learned = [torch.unique(rows).cpu().numpy() for rows in self.rows]
        fewest = min(len(mine) for mine in learned)  # all networks are of one architecture
        most = number_of_candidates(fewest, x.shape[2], known)
        found = [
            screen(x[mine], y[mine], None if watched is None else watched[mine], known, must, most=most)
            for mine in learned
        ]
        return replace(self, candidates=torch.as_tensor(np.stack(found), device=self.x.device))

    def complete(self) -> TrainingData:
        """Return the data of as many networks, all of which learn from all windows."""
        return replace(self, rows=_all(self.x, len(self.rows)), held=None)


def _all(x: Tensor, networks: int) -> Tensor:
    return torch.arange(len(x), device=x.device).expand(networks, -1)


def evenly(rows: Tensor, most: int) -> Tensor:
    """Return at most so many rows, evenly spaced."""
    if len(rows) <= most:
        return rows
    return rows[torch.linspace(0, len(rows) - 1, most, device=rows.device).round().long()]


def tensors(windows: Windows, run: Run) -> tuple[Tensor, Tensor]:
    """Return windows (B, K, P) and next steps (B, P) on the device and in the precision of a run."""
    kind: dict[str, Any] = {"device": run.torch_device(), "dtype": run.torch_dtype()}
    return torch.tensor(windows.x, **kind), torch.tensor(windows.y, **kind)


def observed(windows: Windows, run: Run) -> Tensor | None:
    """Return the weights (B, P) of next steps in the loss, 0 where they are not to be learned from; None: 1 everywhere.

    Effects that learn from fewer windows than others because of missing cells have larger weights, so that all effects
    weigh the same against the penalty: a quarterly series among monthly ones is an effect like the others.
    """
    seen = windows.observed
    if seen is None:
        return None
    weights = torch.as_tensor(seen, device=run.torch_device()).to(run.torch_dtype())
    if windows.unmeasured is None:
        return weights
    counts = weights.sum(0)
    return weights * (counts.max() / counts.clamp(min=1))


def inputs_complete(windows: Windows, run: Run) -> Tensor | None:
    """Return which windows have all inputs of an effect, shape (B, P); None: all."""
    if windows.inputs_complete is None:
        return None
    return torch.tensor(windows.inputs_complete, device=run.torch_device())
