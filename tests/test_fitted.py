"""The trained forecaster that a result carries in memory, and the metrics that read it."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import causalkit
from causalkit import Metric, Panel, Run, Truth
from causalkit.compare import run_grid
from causalkit.core.discovery import Discovery
from causalkit.errors import UnknownNameError, WrongUsageError
from causalkit.evaluation import Evaluation, evaluate
from causalkit.io.results.record import from_record, to_record
from causalkit.plugins.registry import registry
from causalkit.testing import check_metric
from causalkit.testing.linear import HandMadeMethod

NAMES = ("0", "1", "2")
TRUTH = Truth.from_edges([("0", "1", 2)], names=NAMES)


def largest_weight(evaluation: Evaluation) -> float:
    assert evaluation.fitted is not None
    return max(float(weight.detach().max()) for weight in evaluation.fitted.model.parameters())


COSTLY = Metric(name="largest-weight", factory=largest_weight, summary="Of the forecaster", needs="forecaster")


@pytest.fixture
def with_metric(monkeypatch):
    """The registry with one metric of the forecaster more."""
    known = registry()
    everything, one = known.all, known.get
    plugin = one(Metric, "auroc").plugin
    provided = type(one(Metric, "auroc"))(COSTLY, plugin)
    monkeypatch.setattr(known, "all", lambda kind: [*everything(kind), *([provided] if kind is Metric else [])])
    monkeypatch.setattr(
        known, "get", lambda kind, name: provided if (kind, name) == (Metric, COSTLY.name) else one(kind, name)
    )


@pytest.fixture
def found() -> Discovery:
    return HandMadeMethod().fit(Panel.of(np.random.default_rng(0).normal(size=(40, 3))), Run(device="cpu"))


def test_the_forecaster_stays_in_memory(found, tmp_path):
    assert found.fitted is not None
    assert pickle.loads(pickle.dumps(found)).fitted is None
    assert copy.deepcopy(found).fitted is None
    assert "fitted" not in to_record(found)
    assert from_record(to_record(found), "here").fitted is None
    assert found.select("top-k:1").fitted is found.fitted
    found.save(tmp_path / "result.json")
    assert Discovery.load(tmp_path / "result.json").fitted is None


def test_metrics_of_the_forecaster_are_computed_only_by_name(found, with_metric):
    assert "largest-weight" not in found.evaluate(TRUTH)
    assert found.evaluate(TRUTH, metrics=["largest-weight"])["largest-weight"] == pytest.approx(0.7)
    with pytest.raises(WrongUsageError, match="no trained forecaster in memory"):
        copy.deepcopy(found).evaluate(TRUTH, metrics=["largest-weight"])


def test_metrics_of_the_forecaster_need_no_truth(found, with_metric):
    assert evaluate(found, None, metrics=["largest-weight"])["largest-weight"] == pytest.approx(0.7)
    assert evaluate(found, None) == {}
    with pytest.raises(WrongUsageError, match="no true graph is known"):
        evaluate(found, None, metrics=["auroc"])


def test_contract_of_a_metric_of_the_forecaster():
    results = check_metric(COSTLY)
    assert results
    assert all(result.ok for result in results)
    broken = Metric(name="broken", factory=lambda evaluation: float("nan"), summary="", needs="forecaster")
    assert not all(result.ok for result in check_metric(broken))


def test_a_comparison_records_why_a_named_metric_is_missing(tmp_path, with_metric):
    """The processes of the cells do not have this metric."""
    out = tmp_path / "out"
    (plain,) = run_grid(["var"], ["lagged-pair[steps=60]"], out=out)
    (asked,) = run_grid(["var"], ["lagged-pair[steps=60]"], metrics=["largest-weight", "auroc"], out=out)
    assert asked.cell.settings == {**plain.cell.settings, "metrics": ["largest-weight"]}
    assert plain.cell.key != asked.cell.key
    assert asked.metrics == plain.metrics
    assert asked.metric("auroc") is not None
    assert "largest-weight" in asked.environment["notes"][0]
    with pytest.raises(UnknownNameError, match="largest-weigh"):
        run_grid(["var"], ["lagged-pair[steps=60]"], metrics=["largest-weigh"], out=out)


def test_methods_without_forecaster_have_none_in_memory():
    panel, _ = causalkit.simulate("lagged-pair", seed=0)
    assert causalkit.discover(panel, method="var").fitted is None
