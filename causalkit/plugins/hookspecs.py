"""What a plugin may contribute. Read this first.

A plugin is a distribution with an entry point in the group ``causalkit`` that names a module (or any object) with
functions marked by ``causalkit.hookimpl``:

```toml
[project.entry-points.causalkit]
my-plugin = "my_plugin"
```

Nine hooks take no arguments and yield typed records (see `causalkit.plugins.records`); two take arguments. Hook
functions may ``return`` a list or ``yield``; they are called once, lazily, when something of their kind is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pluggy

from causalkit.plugins.records import (
    Dataset,
    Forecaster,
    Method,
    Metric,
    Operation,
    Reader,
    Regularizer,
    SelectionRule,
    Writer,
)

if TYPE_CHECKING:
    import click

hookspec = pluggy.HookspecMarker("causalkit")
hookimpl = pluggy.HookimplMarker("causalkit")


@hookspec
def causalkit_methods() -> Iterable[Method]:  # type: ignore[empty-body]
    """Contribute methods: anything that turns a panel into a discovery.

    ``panel.windows(lag)`` returns complete windows. ``panel.windows(lag, by_effect=True)`` also returns those from
    which only some effects can learn; ``windows.observed`` says which, see `causalkit.Panel.windows`.

    ```python
    import numpy as np
    from causalkit import Discovery, Method, hookimpl

    class LaggedCorrelation:
        def __init__(self, lag: int = 2):
            self.lag = lag

        def fit(self, panel, run):
            windows = panel.windows(self.lag)
            x = windows.x[:, ::-1]                                  # (N, K, P), lag 1 first
            scores = abs(np.einsum("nkc,ne->cek", x, windows.y)) / len(windows)
            return Discovery(names=panel.names, scores=scores)

    @hookimpl
    def causalkit_methods():
        yield Method(name="lagged-correlation", factory=LaggedCorrelation, summary="Absolute lagged correlation")
    ```
    """


@hookspec
def causalkit_forecasters() -> Iterable[Forecaster]:  # type: ignore[empty-body]
    """Contribute forecasters: networks ``window (B, K, P) -> next step (B, P)``.

    ```python
    from torch import nn
    from causalkit import Forecaster, hookimpl
    from causalkit.neural import ForecasterModule

    class Linear(ForecasterModule):
        def __init__(self, series: int, lag: int, bias: bool = True):
            super().__init__()
            self.map = nn.Linear(lag * series, series, bias=bias)

        def forward(self, x):                                       # (B, K, P) -> (B, P)
            return self.map(x.flatten(1))

    @hookimpl
    def causalkit_forecasters():
        yield Forecaster(name="linear", factory=Linear, summary="One linear map from window to next step")
    ```
    """


@hookspec
def causalkit_regularizers() -> Iterable[Regularizer]:  # type: ignore[empty-body]
    """Contribute regularizers: a penalty, and the scores of the trained forecaster.

    ```python
    from causalkit import Regularizer, hookimpl
    from causalkit.neural import RegularizerObject, input_jacobian, mean_absolute_jacobian

    class GradientL2(RegularizerObject):
        def __init__(self, strength: float = 0.1):
            self.strength = strength

        def penalty(self, model, batch):
            _, jacobian = input_jacobian(model, batch.x)            # (B, P, K, P)
            return self.weight * jacobian.square().mean(0).sum() / jacobian.shape[1]

        def scores(self, model, x):
            return mean_absolute_jacobian(model, x)                 # (cause, effect, lag)

    @hookimpl
    def causalkit_regularizers():
        yield Regularizer(name="gradient-l2", factory=GradientL2, summary="Mean squared input gradient")
    ```
    """


@hookspec
def causalkit_datasets() -> Iterable[Dataset]:  # type: ignore[empty-body]
    """Contribute data sets: a panel and, where it is known, the truth.

    ```python
    import numpy as np
    from causalkit import Dataset, Panel, Truth, hookimpl

    def chain(steps: int = 200, seed: int = 0):
        x = np.random.default_rng(seed).standard_normal((steps, 2))
        x[1:, 1] += x[:-1, 0]
        return Panel.of(x), Truth.from_edges([("0", "1", 1)], names=("0", "1"))

    @hookimpl
    def causalkit_datasets():
        yield Dataset(name="chain", factory=chain, summary="0 drives 1 at lag 1", lagged_truth=True)
    ```
    """


@hookspec
def causalkit_metrics() -> Iterable[Metric]:  # type: ignore[empty-body]
    """Contribute metrics: a number from a `causalkit.evaluation.Evaluation`, which respects the diagonal policy.

    ```python
    from causalkit import Metric, hookimpl

    def top_hit(evaluation):
        return float(evaluation.truth[evaluation.scores.argmax()])   # flat arrays over the scored pairs

    @hookimpl
    def causalkit_metrics():
        yield Metric(name="top-hit", factory=top_hit, summary="Is the strongest pair a true edge?")
    ```
    """


@hookspec
def causalkit_selection_rules() -> Iterable[SelectionRule]:  # type: ignore[empty-body]
    """Contribute selection rules: from scores to edges, ``--select NAME:VALUE`` on the command line.

    ```python
    from causalkit import SelectionRule, hookimpl
    from causalkit.selection import candidate_pairs, cells_of

    def strongest_cause(discovery, share: float = 0.5, self_edges: bool = False):
        scores = discovery.pair_scores * candidate_pairs(discovery, self_edges)      # (P, P): cause, effect
        return cells_of(discovery, (scores > 0) & (scores >= share * scores.max(axis=0)))

    @hookimpl
    def causalkit_selection_rules():
        yield SelectionRule(name="strongest-cause", factory=strongest_cause, summary="Strongest causes of each series")
    ```
    """


@hookspec
def causalkit_readers() -> Iterable[Reader]:  # type: ignore[empty-body]
    """Contribute readers of data files, chosen by suffix.

    `Panel.from_frame` does with a table what causalkit does with its own: it finds the axis of time and realisations,
    sorts, cuts at gaps and checks. ``options.given()`` are the options of the user, such as ``--drop``.

    ```python
    import numpy as np
    import pandas as pd
    from causalkit import Panel, Reader, hookimpl

    def read_raw(path, options):
        frame = pd.DataFrame(np.fromfile(path).reshape(-1, 8))
        return Panel.from_frame(frame, source=str(path), **options.given())

    @hookimpl
    def causalkit_readers():
        yield Reader(name="raw", factory=read_raw, summary="Eight channels of doubles", suffixes=(".raw",))
    ```
    """


@hookspec
def causalkit_writers() -> Iterable[Writer]:  # type: ignore[empty-body]
    """Contribute writers of discoveries, chosen by suffix.

    The path is a temporary file. causalkit renames it when the writer returns, so a file appears whole or not at all.

    ```python
    from causalkit import Writer, hookimpl

    def write_text(discovery, path):
        path.write_text(discovery.summary())

    @hookimpl
    def causalkit_writers():
        yield Writer(name="text", factory=write_text, summary="A readable summary", suffixes=(".text",))
    ```
    """


@hookspec
def causalkit_operations() -> Iterable[Operation]:  # type: ignore[empty-body]
    """Contribute operations: functions of a discovery, which users call by ``discovery.apply(name, ...)``.

    ```python
    from causalkit import Operation, hookimpl

    def hubs(discovery, top=3):
        degree = discovery.pair_scores.sum(axis=1)
        return [discovery.names[i] for i in degree.argsort()[::-1][:top]]

    @hookimpl
    def causalkit_operations():
        yield Operation(name="hubs", factory=hubs, summary="The series with the strongest effects")
    ```
    """


@hookspec
def causalkit_commands(cli: click.Group) -> None:
    """Add commands to the command line.

    ```python
    import click
    from causalkit import hookimpl

    @hookimpl
    def causalkit_commands(cli):
        @cli.command("hello")
        def hello():
            "Say hello."
            click.echo("hello")
    ```
    """


@hookspec
def causalkit_observers(run: Any) -> Iterable[Any]:  # type: ignore[empty-body]
    """Contribute observers: yield objects with any of ``on_start``, ``on_epoch``, ``on_scores`` and ``on_end``.

    ``run`` is a `causalkit.Run`, whose documentation describes the arguments of these functions.

    If an observer raises an error, causalkit reports it once and no longer calls this observer. The run goes on.

    ```python
    from causalkit import hookimpl

    class PrintLoss:
        def on_epoch(self, epoch, losses):
            print(epoch, losses.get("forecast"))

    @hookimpl
    def causalkit_observers(run):
        yield PrintLoss()
    ```
    """
