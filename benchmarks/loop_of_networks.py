"""Component-wise networks as public scripts train them: a list of small networks, one after another, by plain ISTA.

Full batch, one fixed step size: a gradient step on squared error + ridge over the later weights, then the proximal step
of the penalty on the first layer. Written from the description of the method (Tank et al., arXiv 1802.05842); starts
from the parameters of causalkit's own batched model, so that both walk the same path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from causalkit_neuralgc.clstm import CLSTM
from causalkit_neuralgc.cmlp import CMLP
from torch import Tensor, nn


class TargetMLP(nn.Module):
    """The network of one target: its first layer is a convolution over the series."""

    def __init__(self, model: CMLP, target: int) -> None:
        super().__init__()
        widths = [model.input.shape[1], *[weight.shape[1] for weight in model.weights]]
        kind = {"dtype": model.input.dtype}
        self.first = nn.Conv1d(model.series, widths[0], model.lag, **kind)
        self.later = nn.ModuleList(nn.Linear(a, b, **kind) for a, b in zip(widths, [*widths[1:], 1], strict=True))
        with torch.no_grad():
            self.first.weight.copy_(model.input[target].transpose(1, 2))  # (H, K, P) -> (H, P, K)
            self.first.bias.copy_(model.bias[target])
            for layer, weight, bias in zip(self.later, model.weights, model.biases, strict=False):
                layer.weight.copy_(weight[target])
                layer.bias.copy_(bias[target])
            self.later[-1].weight.copy_(model.head[target].unsqueeze(0))
            self.later[-1].bias.copy_(model.offset[target])

    def forward(self, x: Tensor) -> Tensor:
        """Forecast the step after each window (B, K, P), or after each K steps of a whole series (1, T, P): (B, 1).

        The convolution over the series is what public scripts compute. Over windows the same numbers come from one
        matrix product, which is faster.
        """
        if len(x) == 1:
            h = self.first(x.transpose(1, 2))[0].T
        else:
            h = nn.functional.linear(x.flatten(1), self.first.weight.transpose(1, 2).flatten(1), self.first.bias)
        for layer in self.later:
            h = layer(torch.relu(h))
        return h

    def input_weights(self) -> Tensor:
        """Return the first layer, (H, P, K)."""
        return self.first.weight

    def later_weights(self) -> list[Tensor]:
        """Return what the ridge acts on."""
        return [layer.weight for layer in self.later]


class TargetLSTM(nn.Module):
    """The network of one target: torch's own long short-term memory and a linear read-out after every step."""

    def __init__(self, model: CLSTM, target: int) -> None:
        super().__init__()
        kind = {"dtype": model.input.dtype}
        hidden = model.head.shape[1]
        self.lstm = nn.LSTM(model.series, hidden, batch_first=True, **kind)
        self.head = nn.Linear(hidden, 1, **kind)
        with torch.no_grad():
            self.lstm.weight_ih_l0.copy_(model.input[target, :, 0])
            self.lstm.weight_hh_l0.copy_(model.recurrent[target])
            self.lstm.bias_ih_l0.copy_(model.bias[target])
            self.lstm.bias_hh_l0.zero_().requires_grad_(False)  # torch has two offsets that act as one
            self.head.weight.copy_(model.head[target].unsqueeze(0))
            self.head.bias.copy_(model.offset[target])

    def forward(self, x: Tensor) -> Tensor:
        """Forecast after every step of a context: (B, K, P) -> (B, K)."""
        return self.head(self.lstm(x)[0]).squeeze(2)

    def input_weights(self) -> Tensor:
        """Return the input-to-hidden weights of all gates, (4H, P, 1)."""
        return self.lstm.weight_ih_l0.unsqueeze(2)

    def later_weights(self) -> list[Tensor]:
        """Return what the ridge acts on."""
        return [self.lstm.weight_hh_l0, self.head.weight]


Network = TargetMLP | TargetLSTM
Groups = Callable[[Tensor], Iterator[Tensor]]


def whole_series(weight: Tensor) -> Iterator[Tensor]:
    """Yield the groups of GL as views of a weight (H, P, K)."""
    yield weight


def lags_and_series(weight: Tensor) -> Iterator[Tensor]:
    """Yield the groups of GSGL, inner ones first."""
    for position in range(weight.shape[2]):
        yield weight[:, :, position : position + 1]
    yield weight


def nested_lags(weight: Tensor) -> Iterator[Tensor]:
    """Yield the groups of H, inner ones first: the farthest lag alone, then the two farthest, up to all."""
    for position in range(weight.shape[2]):
        yield weight[:, :, : position + 1]


GROUPS: dict[str, Groups] = {
    "group-lasso": whole_series,
    "group-sparse-group-lasso": lags_and_series,
    "hierarchical-group-lasso": nested_lags,
}


def networks_of(model: CMLP | CLSTM) -> list[Network]:
    """Return one network a target, with the parameters of a batched model."""
    one = TargetMLP if isinstance(model, CMLP) else TargetLSTM
    return [one(model, target) for target in range(model.series)]


def objective(network: Network, x: Tensor, y: Tensor, groups: Groups, strength: float, ridge: float) -> float:
    """Return squared error + ridge + penalty of one target."""
    with torch.no_grad():
        penalty = sum(float(group.pow(2).sum((0, 2)).sqrt().sum()) for group in groups(network.input_weights()))
        return float(_smooth(network, x, y, ridge)) + strength * penalty


def iterate(network: Network, x: Tensor, y: Tensor, groups: Groups, strength: float, ridge: float, step: float) -> None:
    """Take one iteration of ISTA for one target."""
    learning = [value for value in network.parameters() if value.requires_grad]
    gradients = torch.autograd.grad(_smooth(network, x, y, ridge), learning)
    with torch.no_grad():
        for value, gradient in zip(learning, gradients, strict=True):
            value -= step * gradient
        for group in groups(network.input_weights()):
            norm = group.pow(2).sum((0, 2), keepdim=True).sqrt()
            group *= torch.where(norm > step * strength, 1 - step * strength / norm, torch.zeros_like(norm))


def _smooth(network: Network, x: Tensor, y: Tensor, ridge: float) -> Tensor:
    squares = torch.stack([weight.pow(2).sum() for weight in network.later_weights()]).sum()
    return (network(x).view_as(y) - y).pow(2).mean() + ridge * squares
