"""A plugin that loads, and whose parts keep none of their promises."""

import numpy as np
from torch import nn

from causalkit import (
    Dataset,
    Discovery,
    Forecaster,
    Method,
    Metric,
    Operation,
    Panel,
    Regularizer,
    SelectionRule,
    Writer,
    hookimpl,
)
from causalkit.neural import input_jacobian


class Careless:
    """Draws from the global generator and returns the transposed matrix."""

    def __init__(self, lag: int = 2) -> None:
        self.lag = lag

    def fit(self, panel, run):
        windows = panel.windows(self.lag)
        x = windows.x[:, ::-1]
        scores = abs(np.einsum("nkc,ne->eck", x, windows.y)) / len(windows)
        return Discovery(panel.names, scores + 1e-3 * np.random.random(scores.shape))


class Mixing(nn.Module):
    """Normalises over the batch, and its own Jacobian is not its derivative."""

    def __init__(self, series: int, lag: int) -> None:
        super().__init__()
        self.map = nn.Linear(lag * series, series)

    def forward(self, x):
        return self.map((x - x.mean(0)).flatten(1))

    def jacobian(self, x, targets=None):
        lag, series = x.shape[1:]
        rows = self.map.weight if targets is None else self.map.weight[targets]
        rows = rows.expand(len(x), *rows.shape[-2:]) if rows.ndim == 2 else rows
        return self(x), 2 * rows.unflatten(2, (lag, series))


class Backwards:
    """Scores with the oldest step first and effects in the rows, and a penalty for every window."""

    def penalty(self, model, batch):
        return input_jacobian(model, batch.x)[1].square().sum((1, 2, 3))

    def scores(self, model, x):
        return input_jacobian(model, x)[1].abs().mean(0).permute(0, 2, 1)

    def compatible(self, model):
        return None


def moody(steps: int = 50, seed: int = 0):
    return Panel.of(np.random.random((steps, 2))), None


def wrong_way(evaluation):
    return -float(evaluation.scores[evaluation.truth].mean())


def messy(discovery, path):
    path.write_text("scores")
    path.with_suffix(".log").write_text("left behind")


@hookimpl
def causalkit_methods():
    yield Method(name="careless", factory=Careless, summary="Transposed and random")
    yield Method(name="absent", factory="fake_breaks_promises:nowhere", summary="Cannot be imported")
    yield Method(name="misfit", factory=Careless, summary="Bad test_params", test_params={"lags": 2})


@hookimpl
def causalkit_forecasters():
    yield Forecaster(name="mixing", factory=Mixing, summary="Windows mix", capabilities=frozenset({"features"}))


@hookimpl
def causalkit_regularizers():
    yield Regularizer(name="backwards", factory=Backwards, summary="Orientation reversed")


@hookimpl
def causalkit_datasets():
    yield Dataset(name="moody", factory=moody, summary="Ignores its seed", lagged_truth=True)


@hookimpl
def causalkit_metrics():
    yield Metric(name="wrong-way", factory=wrong_way, summary="Oriented the wrong way")


@hookimpl
def causalkit_selection_rules():
    yield SelectionRule(name="greedy", factory=lambda discovery: discovery.scores > 0, summary="Selects everything")


@hookimpl
def causalkit_operations():
    yield Operation(name="idle", factory=lambda: None, summary="Takes no discovery")


@hookimpl
def causalkit_writers():
    yield Writer(name="messy", factory=messy, summary="Leaves a file behind", suffixes=(".messy",))


@hookimpl
def causalkit_commands(cli):
    @cli.command("discover")
    def discover():
        pass


@hookimpl
def causalkit_observers(run):
    yield object()
