"""Training steps to be measured: a network, windows drawn at random, and a way to the loss and its gradient.

A step is one forward and backward pass over all windows, without the optimiser. Ways:

* plain: the forecast error alone.
* sampled, exact: with the penalty of GRNGC, by either estimator.
* own-loop, loop: the forward pass is differentiated once for every target, then the sum of the penalties once more, as
  the public scripts of the paper do. For the KAN the scripts evaluate splines by recursion; "own-loop" is the same loop
  over causalkit's own, faster, spline evaluation.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import torch
from causalkit_grngc.component_mlp import ComponentMLP
from causalkit_grngc.gradient_l1 import GradientL1
from causalkit_grngc.kan import KAN
from causalkit_grngc.lstm import LSTM
from causalkit_grngc.mlp import MLP
from causalkit_grngc.tcn import TCN
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.recursive_kan import recursive_forward
from causalkit.neural import Batch
from causalkit.plugins.records import Forecaster
from causalkit.plugins.registry import registry

STRENGTH = 0.15
NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "mlp": lambda series, lag, hidden, **more: MLP(series, lag, (hidden,), **more),
    "component-mlp": lambda series, lag, hidden, **more: ComponentMLP(series, lag, (hidden,), **more),
    "kan": lambda series, lag, hidden: KAN(series, lag, (hidden,)),
    "tcn": lambda series, lag, hidden: TCN(series, lag, hidden),
    "lstm": lambda series, lag, hidden: LSTM(series, lag, (hidden,)),
}


@dataclass(frozen=True)
class Setting:
    """A network and its windows.

    Attributes:
        network: a name in `NETWORKS`.
        series, lag, windows, hidden: P, K, number of windows, and H.
        candidates: number M of candidate causes of each target; None: all series.
    """

    network: str
    series: int = 100
    lag: int = 1
    windows: int = 965
    hidden: int = 128
    candidates: int | None = None

    def build(self) -> tuple[nn.Module, Batch]:
        """Return the network and the batch of all windows; the same ones in every call."""
        torch.manual_seed(0)
        generator = torch.Generator().manual_seed(0)
        x, y = torch.randn(self.windows, self.lag, self.series), torch.randn(self.windows, self.series)
        more = {}
        if self.candidates is not None:
            own = torch.arange(self.series)[:, None]
            others = torch.randint(self.series, (self.series, self.candidates - 1), generator=generator)
            more["candidates"] = torch.cat([own, others], 1)
        return NETWORKS[self.network](self.series, self.lag, self.hidden, **more), Batch(x=x, y=y, generator=generator)


def loop_penalty(model: nn.Module, batch: Batch, forward: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the paper's penalty as its public scripts compute it: P backward passes."""
    x = batch.x.clone().requires_grad_()
    forecast = forward(x)
    series = forecast.shape[1]
    total = x.new_zeros(())
    for target in range(series):
        (gradient,) = torch.autograd.grad(forecast[:, target].sum(), x, create_graph=True)
        total = total + gradient.abs().mean(0).sum()
    return STRENGTH / series * total


def penalty_and_forecast(model: nn.Module, batch: Batch, way: str) -> tuple[Tensor, Tensor]:
    """Return the penalty of a way and the forecast."""
    if way in ("exact", "sampled"):
        regularizer = GradientL1(STRENGTH, estimator=way)
        if hasattr(regularizer, "penalty_and_forecast"):
            penalty, forecast = regularizer.penalty_and_forecast(model, batch)
            return penalty, model(batch.x) if forecast is None else forecast
        return regularizer.penalty(model, batch), model(batch.x)
    if way == "plain":
        return batch.x.new_zeros(()), model(batch.x)
    return loop_penalty(model, batch, partial(recursive_forward, model) if way == "loop" else model), model(batch.x)


def step_of(setting: Setting, way: str) -> Callable[[], float]:
    """Return a function that takes one step and returns the loss."""
    model, batch = setting.build()

    def step() -> float:
        model.zero_grad(set_to_none=True)
        penalty, forecast = penalty_and_forecast(model, batch, way)
        loss = (forecast - batch.y).square().mean() + penalty
        loss.backward()
        return loss.item()

    return step


def processor_time(function: Callable[[], Any], seconds: float = 1.0, least: int = 3, *, warm: bool = True) -> float:
    """Return the median processor time of a call.

    Args:
        seconds: how long to measure.
        least: number of calls, also where they take longer.
        warm: call it once before, which does not count.
    """
    if warm:
        function()
    taken: list[float] = []
    while len(taken) < least or (sum(taken) < seconds and len(taken) < 1000):
        before = time.process_time()
        function()
        taken.append(time.process_time() - before)
    return statistics.median(taken)


def plain_training(forecaster: Mapping[str, Any], x: Tensor, y: Tensor, epochs: int) -> float:
    """Return the processor time of training one network by its forecast error alone, all windows in every step.

    Args:
        forecaster: as in the configuration of a discovery: its name and its parameters.
        x, y: windows (B, K, P) and what follows them (B, P).
    """
    parameters = {name: value for name, value in forecaster.items() if name != "name"}
    torch.manual_seed(0)
    factory = registry().get(Forecaster, forecaster["name"]).record.load()
    model = factory(series=x.shape[2], lag=x.shape[1], **parameters)
    x, y = x.float(), y.float()
    adam = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
    before = time.process_time()
    for _ in range(epochs):
        adam.zero_grad(set_to_none=True)
        (model(x) - y).square().mean().backward()
        adam.step()
    return time.process_time() - before


class _Products(TorchDispatchMode):
    """Records the shapes of all matrix products while its block runs."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: Counter[tuple[torch.Size, torch.Size]] = Counter()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function.overloadpacket.__name__.rstrip("_")
        if name in ("mm", "bmm", "addmm", "baddbmm"):
            left, right = args[-2:]
            if left.numel() and right.numel():
                self.shapes[left.shape, right.shape] += 1
        return function(*args, **(kwargs or {}))


def products_of(function: Callable[[], Any]) -> float:
    """Return the processor time of the matrix products in a call, each measured by itself."""
    with _Products() as seen:
        function()
    total = 0.0
    for (left, right), times in seen.shapes.items():
        a, b = torch.randn(left), torch.randn(right)
        product = torch.mm if len(left) == 2 else torch.bmm
        out = torch.empty(*left[:-1], right[-1])
        total += times * processor_time(partial(product, a, b, out=out), 0.1)
    return total


def operations_of(function: Callable[[], Any]) -> float:
    """Return the number of multiplications and additions in the matrix products of a call."""
    with _Products() as seen:
        function()
    return sum(2.0 * times * left.numel() * right[-1] for (left, right), times in seen.shapes.items())


@cache
def product_rate(size: int = 1024) -> float:
    """Return the operations a second of a product of square matrices in float32, on as many threads as torch has."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    return 2.0 * size**3 / processor_time(partial(torch.mm, a, b), 2.0)
