"""What people do in one process, as small tasks that take a fraction of a second each."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Container
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

import causalkit
from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel
from causalkit.core.truth import Truth
from causalkit.errors import CausalkitError
from causalkit.plotting import INTERACTIVE_KIND, KINDS
from causalkit.plugins.params import nest
from causalkit.plugins.records import Method, Writer
from causalkit.plugins.registry import registry

NETWORKS = ("kan", "lstm", "tcn", "component-mlp")
SUFFIXES = (".png", ".svg", ".pdf")
PLAIN = {"training.epochs": 3}
FIXED = {**PLAIN, "regularizer.strength": 0.1}
COMMON_LOOP = {"training.optimizer": "adam"}
"""Of component-wise methods, which use proximal descent by themselves; that has no checkpoints and no ensembles."""
SLOW = ("pictures", "report", "response", "snapshots", "stability", "surrogates", "tested jrngc")
"""Tasks that take seconds: every eighth round has them."""
TWO_STAGES = {**FIXED, "pretrain.epochs": 2, "finetune.epochs": 2}


@dataclass(frozen=True)
class Desk:
    """One turn of a task.

    Attributes:
        number: of the turn, which varies what is done.
        folder: for its files, empty.
    """

    number: int
    folder: Path

    def data(self, missing: bool = False) -> tuple[Panel, Truth | None]:
        """Return a small panel, another one in each turn, and its truth."""
        series, steps = 3 + self.number % 3, 60 + 30 * (self.number % 4)
        panel, truth = causalkit.simulate("var", series=series, steps=steps, seed=self.number % 50)
        if missing:
            values = panel.realisations[0].copy()
            values[5::17, 0] = np.nan
            return Panel.of(values), None
        return panel, truth

    def pick(self, choices: Any) -> Any:
        """Return one of several choices, another in each turn."""
        listed = list(choices)
        return listed[self.number % len(listed)]


Task = Callable[[Desk], int]
"""Does something and returns how many discoveries that took."""


def methods() -> dict[str, Method]:
    """Return the installed methods by name."""
    return {one.record.name: one.record for one in registry().all(Method)}


def small(record: Method, **more: Any) -> dict[str, Any]:
    """Return parameters with which a method takes a fraction of a second."""
    own = {key: value for key, value in record.test_params.items() if key.startswith("forecaster.") or key == "lag"}
    return {**own, **({**FIXED, **more} if record.neural else {})}


def found(desk: Desk, method: str = "var", **options: Any) -> Discovery:
    """Return a discovery on a small panel."""
    return causalkit.discover(desk.data()[0], method, **{"lag": 1, **options})


def tasks() -> dict[str, Task]:
    """Return all tasks by name; methods that are installed come from the registry."""
    every: dict[str, Task] = {}
    for name, record in methods().items():
        every[f"plain {name}"] = lambda desk, name=name, record=record: _plain(desk, name, record)
        if record.neural:
            every[f"tested {name}"] = lambda desk, name=name, record=record: _tested(desk, name, record)
            every[f"two stages {name}"] = lambda desk, name=name, record=record: _two_stages(desk, name, record)
            every[f"checkpoint {name}"] = lambda desk, name=name, record=record: _resumed(desk, name, record)
    if "grngc" in methods():
        every["networks"] = lambda desk: _counted(found(desk, "grngc", forecaster=desk.pick(NETWORKS), params=FIXED))
        every["response"] = _response
        every["snapshots"] = _snapshots
        every["pretrained file"] = _pretrained
    return every | {
        "lag by data": lambda desk: _counted(found(desk, lag="auto:3")),
        "rules": _rules,
        "views": _views,
        "pictures": _pictures,
        "report": _report,
        "files": _files,
        "estimator": _estimator,
        "knowledge": _knowledge,
        "preparation": _prepared,
        "missing cells": lambda desk: _counted(causalkit.discover(desk.data(missing=True)[0], "var", lag=1)),
        "tables": _tables,
        "errors": _errors,
        "observers": _observed,
        "progress": lambda desk: _counted(found(desk, progress=True)),
        "threads": _in_threads,
        "health": _health,
        "surrogates": lambda desk: _counted(found(desk, select="surrogate:0.5")),
        "stability": lambda desk: _counted(found(desk, select="stability")),
    }


def of_round(number: int, among: Container[str]) -> dict[str, Task]:
    """Return those of some tasks that a round has."""
    return {name: task for name, task in tasks().items() if name in among and (name not in SLOW or number % 8 == 0)}


def _counted(*discoveries: Discovery) -> int:
    for one in discoveries:
        assert np.isfinite(np.asarray(one.scores)).all()
    return len(discoveries)


def _plain(desk: Desk, name: str, record: Method) -> int:
    return _counted(causalkit.discover(desk.data()[0], name, params=nest({"lag": 1, **small(record)})))


def _tested(desk: Desk, name: str, record: Method) -> int:
    discovery = found(desk, name, params={**small(record), **COMMON_LOOP, "ensemble": 3})
    return _counted(discovery.test(0.1))


def _two_stages(desk: Desk, name: str, record: Method) -> int:
    panel, _ = desk.data()
    return _counted(
        causalkit.discover(panel, name, lag=1, params=small(record, **TWO_STAGES), pretrain=panel, seed=desk.number)
    )


def _resumed(desk: Desk, name: str, record: Method) -> int:
    options = {"params": {**small(record), **COMMON_LOOP}, "checkpoint": desk.folder / "state.safetensors"}
    return _counted(found(desk, name, **options), found(desk, name, **options, resume=True))


def _response(desk: Desk) -> int:
    discovery = found(desk, "grngc", params={**FIXED, "ensemble": 3})
    discovery.response(*discovery.names[:2])
    discovery.explain(*discovery.names[:2])
    return 1


def _snapshots(desk: Desk) -> int:
    discovery = found(desk, "grngc", params={**FIXED, "training.snapshots": 1, "ensemble": 1}, time_limit=60)
    discovery.plot("training", desk.folder / "training.svg")
    return 1


def _pretrained(desk: Desk) -> int:
    panel, _ = desk.data()
    file = desk.folder / "weights.safetensors"
    causalkit.pretrain(panel, method="grngc", lag=1, params=FIXED).save(file)
    return 1 + _counted(causalkit.discover(panel, "grngc", lag=1, params=TWO_STAGES, pretrain=str(file)))


def _rules(desk: Desk) -> int:
    return _counted(found(desk, select=desk.pick(["top-k:3", "density:0.3", "threshold:0.1", "fdr:0.1", "none"])))


def _views(desk: Desk) -> int:
    discovery = found(desk)
    _, truth = desk.data()
    discovery.evaluate(truth)
    for view in (discovery.summary, discovery.edges, discovery.graph, discovery.adjacency, discovery._repr_html_):
        view()
    repr(discovery)
    discovery.explain(*discovery.names[:2])
    discovery.same_step_pairs()
    discovery.to_xarray()
    return 1


def _pictures(desk: Desk) -> int:
    discovery, (_, truth) = found(desk), desk.data()
    for kind in (desk.pick(KINDS), "graph"):
        try:
            picture = discovery.plot(kind, desk.folder / f"{kind}{desk.pick(SUFFIXES)}", truth=truth)
            picture._repr_html_() if hasattr(picture, "_repr_html_") else picture._repr_png_()
        except CausalkitError:  # var has no training to draw
            continue
    discovery.plot(INTERACTIVE_KIND, desk.folder / "page.html")
    return 1


def _report(desk: Desk) -> int:
    found(desk).report(desk.folder / "page.html", truth=desk.data()[1])
    return 1


def _files(desk: Desk) -> int:
    discovery = found(desk)
    for suffix in {suffix for one in registry().all(Writer) for suffix in one.record.suffixes}:
        discovery.save(desk.folder / f"found{suffix}")
    for suffix in (".json", ".npz"):
        again = Discovery.load(desk.folder / f"found{suffix}")
        assert np.array_equal(again.scores, discovery.scores)
    pickle.loads(pickle.dumps(discovery))  # as multiprocessing does
    return 1


def _frame(desk: Desk) -> pd.DataFrame:
    panel, _ = desk.data()
    return pd.DataFrame(panel.realisations[0], columns=list(panel.names))


def _estimator(desk: Desk) -> int:
    frame = _frame(desk)
    estimator = clone(causalkit.CausalDiscovery(method="var", lag=1)).fit(frame)
    estimator.predict(frame)
    estimator.score(frame)
    return 1


def _knowledge(desk: Desk) -> int:
    panel, _ = desk.data()
    one, two, three = panel.names[:3]
    known = {"forbid": [f"{one}->{two}"], "require": [f"{two}->{three}"]}
    outside = [{"series": one, "from": 5, "to": 9}]
    method = desk.pick(methods())
    params = small(methods()[method])
    return _counted(
        causalkit.discover(panel, method, params=nest({"lag": 1, **params}), knowledge=known, interventions=outside)
    )


def _prepared(desk: Desk) -> int:
    how = desk.pick(["auto", {"detrend": "linear", "difference": 1}])
    return _counted(causalkit.discover(_frame(desk).cumsum(), "var", lag=1, preparation=how))


def _tables(desk: Desk) -> int:
    frame = _frame(desk)
    frame.insert(0, "time", pd.date_range("2020", periods=len(frame), freq="D"))
    file = desk.folder / f"data{desk.pick(['.csv', '.tsv', '.csv.gz', '.parquet'])}"
    if file.suffix == ".parquet":
        frame.to_parquet(file)
    else:
        frame.to_csv(file, index=False, sep="\t" if file.suffix == ".tsv" else ",")
    return _counted(causalkit.discover(file, "var", lag=1, time_column="time"))


def _errors(desk: Desk) -> int:
    panel, _ = desk.data()
    file = desk.folder / "broken.json"
    file.write_text('{"half a rec')
    for wrong in (
        lambda: causalkit.discover(np.full((60, 3), np.nan), "var", lag=1),
        lambda: causalkit.discover(panel, "no-such-method"),
        lambda: causalkit.discover(panel, "var", lag=1, select="no-such-rule"),
        lambda: causalkit.discover(panel, desk.pick(methods()), params={"no.such": 1}),
        lambda: causalkit.discover(panel, "var", lag=1000),
        lambda: Discovery.load(file),
    ):
        try:
            wrong()
        except CausalkitError as error:
            str(error)
        else:
            raise AssertionError("a wrong call was accepted")
    return 0


class _Observer:
    def __init__(self, *, broken: bool) -> None:
        self.broken = broken
        self.heard: list[object] = []

    def on_end(self, discovery: Discovery) -> None:
        self.heard.append(discovery)
        if self.broken:
            raise RuntimeError("an observer fails")


def _observed(desk: Desk) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _counted(found(desk, observers=[_Observer(broken=False), _Observer(broken=True)]))


def _in_threads(desk: Desk) -> int:
    name = desk.pick(methods())
    with ThreadPoolExecutor(2) as pool:
        return _counted(*pool.map(lambda _: found(desk, name, params=small(methods()[name])), range(2)))


def _health(desk: Desk) -> int:
    panel, _ = desk.data()
    panel.apply("health")
    causalkit.build_method("var", {"lag": 1})
    return _counted(causalkit.discover(panel, "var", lag=1, standardize=False))
