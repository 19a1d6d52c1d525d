"""A forecaster whose only cause is set by hand, to see what regularizers read off it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from causalkit.core.discovery import Discovery
from causalkit.core.fitted import Fitted
from causalkit.core.panel import Panel
from causalkit.core.run import Run
from causalkit.neural import ForecasterModule, mean_absolute_jacobian

CAPABILITIES = frozenset({"jacobian", "features", "input-weights"})


class HandMade(ForecasterModule):
    """One linear map, ``y_i = sum_kj W[i, k, j] x[k, j]``, of which all weights are 0 but that of 0 -> 1 at lag 2.

    Args:
        series, lag: P and K.
        cause, effect, at: the only edge.
    """

    def __init__(self, series: int = 3, lag: int = 3, cause: int = 0, effect: int = 1, at: int = 2) -> None:
        super().__init__()
        weight = torch.zeros(series, 1, lag, series)  # (target, hidden, K, P), one hidden unit for each target
        weight[effect, 0, lag - at, cause] = 0.7
        self.weight = nn.Parameter(weight)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast: (B, K, P) -> (B, P)."""
        return torch.einsum("bkj,ikj->bi", x, self.weight[:, 0])

    def jacobian(self, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return forecast and input Jacobian, which is the same in every window: (B, m, K, P)."""
        rows = self.weight[:, 0]
        if targets is None or targets.ndim == 1:
            chosen = rows if targets is None else rows[targets]
            return self(x), chosen.expand(len(x), -1, -1, -1)
        return self(x), rows[targets]

    def features(self, x: Tensor) -> Tensor:
        """Return what the sum over each target's inputs sees: (B, P * K * P)."""
        return (x.unsqueeze(1) * self.weight[:, 0]).flatten(1)

    def input_weights(self) -> Tensor:
        """Return the weights, (P, 1, K, P)."""
        return self.weight


class HandMadeMethod:
    """Answers with the forecaster above, whatever the data."""

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return its discovery."""
        model = HandMade(series=panel.series).to(device=run.torch_device(), dtype=run.torch_dtype())
        x = torch.zeros(1, 3, panel.series, device=run.torch_device(), dtype=run.torch_dtype())
        fitted = Fitted(model, 3, panel, self, run)
        return Discovery(panel.names, mean_absolute_jacobian(model, x).cpu().numpy(), fitted=fitted)
