"""A forecaster and a regularizer that keep their promises, and ones that break one each."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from causalkit.neural import input_jacobian, mean_absolute_jacobian


class Affine(nn.Module):
    """A forecaster without a mistake, with everything that one may have."""

    def __init__(self, series: int, lag: int) -> None:
        super().__init__()
        self.series, self.lag = series, lag
        self.hidden = nn.Linear(lag * series, 5)
        self.head = nn.Linear(5, series)

    def features(self, x):
        return torch.tanh(self.hidden(x.flatten(1)))

    def forward(self, x):
        return self.head(self.features(x))

    def jacobian(self, x, targets=None):
        h = self.features(x)
        rows = self.head.weight if targets is None else self.head.weight[targets]
        rows = (rows * (1 - h.square()).unsqueeze(1)) @ self.hidden.weight
        return self.head(h), rows.unflatten(2, (self.lag, self.series))

    def input_weights(self):
        return self.hidden.weight.view(1, 5, self.lag, self.series)


class BatchNormed(Affine):
    def __init__(self, series: int, lag: int) -> None:
        super().__init__(series, lag)
        self.norm = nn.BatchNorm1d(5)

    def features(self, x):
        return self.norm(torch.tanh(self.hidden(x.flatten(1))))

    jacobian = None


class HalfJacobian(Affine):
    def jacobian(self, x, targets=None):
        y, jacobian = super().jacobian(x, targets)
        return y, jacobian / 2


class SameTargetsOnly(Affine):
    def jacobian(self, x, targets=None):
        return super().jacobian(x, targets[0] if targets is not None and targets.ndim == 2 else targets)


class DetachedJacobian(Affine):
    def jacobian(self, x, targets=None):
        y, jacobian = super().jacobian(x, targets)
        return y, jacobian.detach()


class FrozenSlope(Affine):
    def jacobian(self, x, targets=None):
        rows = self.head.weight if targets is None else self.head.weight[targets]
        h = self.features(x)
        rows = (rows * (1 - h.square()).detach().unsqueeze(1)) @ self.hidden.weight
        return self.head(h), rows.unflatten(2, (self.lag, self.series))


class SwappedAxes(Affine):
    def input_weights(self):
        return self.hidden.weight.view(1, 5, self.series, self.lag).transpose(2, 3)


class FromNumpy(Affine):
    def __init__(self, series: int, lag: int) -> None:
        super().__init__(series, lag)
        self.head.weight.data = torch.from_numpy(np.random.default_rng().random((series, 5)))


class WrongShape(Affine):
    def forward(self, x):
        return super().forward(x).unsqueeze(1)

    jacobian = None


class SingleOnly(Affine):
    def forward(self, x):
        return super().forward(x.float()).float()

    jacobian = None


class Penalty:
    """A regularizer without a mistake."""

    def penalty(self, model, batch):
        return input_jacobian(model, batch.x)[1].abs().mean()

    def scores(self, model, x):
        return mean_absolute_jacobian(model, x)

    def compatible(self, model):
        return None


class EffectsInRows(Penalty):
    def scores(self, model, x):
        return super().scores(model, x).transpose(0, 1)


class SymmetricScores(Penalty):
    def scores(self, model, x):
        found = super().scores(model, x)
        return (found + found.transpose(0, 1)) / 2


class EarlyScores(Penalty):
    def scores(self, model, x):
        found = super().scores(model, x)
        return found * torch.linspace(1, 0.5, len(found))[:, None, None]


class LastLagFirst(Penalty):
    def scores(self, model, x):
        return super().scores(model, x).roll(1, dims=2)


class Signed(Penalty):
    def scores(self, model, x):
        return super().scores(model, x) - 0.1


class ForEveryWindow(Penalty):
    def penalty(self, model, batch):
        return input_jacobian(model, batch.x)[1].abs().mean((1, 2, 3))


class Unmoved(Penalty):
    def penalty(self, model, batch):
        return super().penalty(model, batch).detach()


class Rolling(Penalty):
    def penalty(self, model, batch):
        return super().penalty(model, batch) * torch.rand(())


class Boolean(Penalty):
    def compatible(self, model):
        return False


class Proximal(Penalty):
    def penalty(self, model, batch):
        return batch.x.new_zeros(())

    def prox(self, model, step):
        for weight in model.parameters():
            weight.mul_(1 - step)


class Attention(nn.Module):
    """Attends over the steps of a window; torch then takes a fused kernel, which has no second derivative."""

    jacobian = features = input_weights = None

    def __init__(self, series: int, lag: int) -> None:
        super().__init__()
        self.embed, self.attend, self.head = nn.Linear(series, 8), nn.Linear(8, 24), nn.Linear(8, series)

    def forward(self, x):
        query, key, value = self.attend(self.embed(x)).view(*x.shape[:2], 3, 2, 4).permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        return self.head(seen[:, -1])


class PlainAttention(Attention):
    """The same with the cure that the check names."""

    def forward(self, x):
        with sdpa_kernel(SDPBackend.MATH):
            return super().forward(x)


class EncoderLayer(Attention):
    def __init__(self, series: int, lag: int) -> None:
        super().__init__(series, lag)
        self.attend = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)

    def forward(self, x):
        return self.head(self.attend(self.embed(x))[:, -1])


class FastTanh(torch.autograd.Function):
    """A kernel whose derivative has none itself."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return torch.tanh(x)

    @staticmethod
    def setup_context(context, inputs, output):
        context.save_for_backward(output)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context, gradient):
        (y,) = context.saved_tensors
        return gradient * (1 - y**2)


class FastInSingle(Attention):
    """Takes a fused kernel where numbers have single precision."""

    def __init__(self, series: int, lag: int) -> None:
        super().__init__(series, lag)
        self.hidden = nn.Linear(series * lag, 8)

    def forward(self, x):
        h = self.hidden(x.flatten(1))
        return self.head(FastTanh.apply(h) if x.dtype == torch.float32 else torch.tanh(h))
