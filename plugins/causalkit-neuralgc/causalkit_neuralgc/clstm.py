"""cLSTM: one long short-term memory for each target (Tank et al., arXiv 1802.05842), all in one batched computation."""

from __future__ import annotations

import torch
from torch import Tensor

from causalkit.neural import ForecasterModule, uniform_parameter
from causalkit_neuralgc.cmlp import Parameters


class CLSTM(ForecasterModule):
    """Component-wise recurrent networks, one layer each; gates in the order input, forget, candidate, output.

    Every parameter has the target as its first axis. Written out with plain products: the fused kernels of torch can
    neither be batched over targets nor be differentiated twice.

    Args:
        series, lag: P and K.
        hidden: units of every target's network.
    """

    def __init__(self, series: int, lag: int, hidden: int = 50) -> None:
        super().__init__()
        self.series, self.lag = series, lag
        self.input = uniform_parameter((series, 4 * hidden, 1, series), hidden)
        self.bias = uniform_parameter((series, 4 * hidden), hidden)
        self.recurrent = uniform_parameter((series, 4 * hidden, hidden), hidden)
        self.head = uniform_parameter((series, hidden), hidden)
        self.offset = uniform_parameter((series,), hidden)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast from the last hidden state: (B, K, P) -> (B, P)."""
        return self.forecast(dict(self.named_parameters()), x)[:, -1]

    def forecast(self, parameters: Parameters, x: Tensor) -> Tensor:
        """Forecast some targets from some series with given parameters, after every step.

        Args:
            parameters: by name, each sliced to the M targets, and ``input`` to the S series that each one sees.
            x: windows (B, K, S) that all targets share, or (M, B, K, S) with inputs of each target's own.

        Returns:
            Shape (B, K, M).
        """
        hidden = self._hidden(parameters, x)
        read = (hidden * parameters["head"][:, None, None, :]).sum(3) + parameters["offset"][:, None, None]
        return read.permute(1, 2, 0)

    def features(self, x: Tensor) -> Tensor:
        """Return the last hidden states of all targets side by side: (B, K, P) -> (B, P * H)."""
        return self._hidden(dict(self.named_parameters()), x)[:, :, -1].transpose(0, 1).flatten(1)

    def _hidden(self, parameters: Parameters, x: Tensor) -> Tensor:
        """Return the hidden states of some targets after every step, (M, B, K, H); arguments as of `forecast`."""
        weight = parameters["input"].squeeze(2)  # (M, 4H, S)
        targets, gates, _ = weight.shape
        steps = x.shape[-2]
        if x.ndim == 3:
            driven = (x.flatten(0, 1) @ weight.flatten(0, 1).T).unflatten(1, (targets, gates)).transpose(0, 1)
        else:
            driven = x.flatten(1, 2) @ weight.mT
        driven = (driven + parameters["bias"].unsqueeze(1)).unflatten(1, (-1, steps))  # (M, B, K, 4H)
        back = parameters["recurrent"].mT
        h = driven.new_zeros(targets, driven.shape[1], gates // 4)
        c = torch.zeros_like(h)
        states = []
        for drive in driven.unbind(2):
            i, f, g, o = (drive + h @ back).chunk(4, dim=2)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            states.append(h)
        return torch.stack(states, dim=2)

    def input_weights(self) -> Tensor:
        """Return the input-to-hidden weights of all gates: (P, 4H, 1, P); they do not tell lags apart."""
        return self.input
