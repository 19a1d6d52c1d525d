"""``causalkit robustness`` on results, forecasters and methods; robustness as metrics of a comparison."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from causalkit_robust.metrics import EPSILON
from causalkit_robust.repeat import method_of
from causalkit_robust.threats import Threat
from causalkit_robust.trial import Trial

import causalkit
from causalkit import Discovery, Metric, Panel, Run
from causalkit.api import build_method
from causalkit.cli.main import _run
from causalkit.compare import run_grid
from causalkit.errors import DataError, WrongUsageError
from causalkit.evaluation import evaluate
from causalkit.plugins.registry import registry
from causalkit.testing import check_metric

FAST = {"forecaster.hidden": 8, "forecaster.activation": "elu", "training.epochs": 40}
METRICS = (
    "forecast-error", "adversarial-error", "relative-adversarial-error", "noise-error", "graph-stability",
    "refit-stability",
)  # fmt: skip
SETTINGS = [word for key, value in FAST.items() for word in ("-s", f"{key}={value}")]


@pytest.fixture
def run(capsys):
    """Run a command in this process; return exit code, stdout and stderr."""

    def call(*arguments):
        code = _run([str(argument) for argument in arguments], debug=False)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Data, their truth, a result and a forecaster, as the commands write them."""
    folder = tmp_path_factory.mktemp("robustness")
    data = ["lorenz96", "-s", "series=5", "-s", "steps=100", "-o", folder / "data.csv", "--truth", folder / "truth.csv"]
    assert _run(["simulate", *map(str, data)], debug=False) == 0
    result = [folder / "data.csv", *SETTINGS, "--select", "top-k:5", "-o", folder / "result.json", "-q"]
    assert _run(["discover", *map(str, result)], debug=False) == 0
    saved = [folder / "data.csv", *SETTINGS, "-o", folder / "forecaster.safetensors", "-q"]
    assert _run(["pretrain", *map(str, saved)], debug=False) == 0
    return folder


def test_a_result_is_trained_again_and_everything_is_said(run, folder):
    code, out, err = run(
        "robustness", folder / "result.json", folder / "data.csv", "--truth", folder / "truth.csv", "--eps", "0.1,0.3",
        "-o", folder / "robust.json", "--plot", folder / "robust.png",
    )  # fmt: skip
    assert code == 0, err
    assert "trained on 79 windows, evaluated on 19 that were held out" in err
    assert "the 5 strongest pairs" in out  # as many as were selected
    report = json.loads((folder / "robust.json").read_text())
    assert report["kind"] == "causalkit-robustness"
    assert [level["epsilon"] for level in report["levels"]] == [0.1, 0.3]
    first = report["levels"][0]["attack"]
    row = next(line.split() for line in out.splitlines() if line.split()[:2] == ["0.1", "pgd"])
    assert row[2:6] == [f"{first[key]:.4g}" for key in ("error", "increase", "relative", "change")]
    assert f"{report['auroc']:.4g}" in out
    assert report["config"]["training"]["epochs"] == 40
    assert (folder / "robust.png").read_bytes().startswith(b"\x89PNG")


def test_json_on_stdout_is_the_report_and_nothing_else(run, folder):
    words = ("robustness", folder / "result.json", folder / "data.csv", "--eps", "0.2", "--no-refit", "--per", "step")
    code, out, err = run(*words, "--json")
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert report["threat"]["per"] == "step"
    assert report["levels"][0]["attack"]["refit_jaccard"] is None
    assert report["auroc"] is None
    assert json.loads(run(*words, "--json")[1]) == report
    assert json.loads(run(*words, "--json", "--seed", 1)[1]) != report


def test_a_method_and_its_result_get_the_same_report(run, folder):
    words = ("--eps", "0.2", "--no-refit", "--json", "--top", 3)
    by_result = json.loads(run("robustness", folder / "result.json", folder / "data.csv", *words)[1])
    by_method = json.loads(run("robustness", "-m", "grngc", folder / "data.csv", *SETTINGS, *words)[1])
    assert by_result["levels"] == by_method["levels"]
    assert by_result["clean_error"] == by_method["clean_error"]


def test_a_forecaster_is_judged_as_it_is(run, folder):
    code, out, err = run("robustness", folder / "forecaster.safetensors", folder / "data.csv", "--eps", "0.2")
    assert code == 0, err
    assert "has learned from these very data: its errors are not held out" in err
    assert "held-out" not in out
    _, out, err = run("robustness", folder / "forecaster.safetensors", "--dataset", "lorenz96[series=5,steps=60]")
    assert "as far as these data are none of what the forecaster has learned from" in err
    assert len([line for line in out.splitlines() if line.split()[1:2] == ["pgd"]]) == 8


def test_a_pretrained_method_is_pretrained_again(run, folder):
    code, out, err = run(
        "robustness", "-m", "grngc", "--dataset", "lorenz96[series=5,steps=60,forcing=8]", *SETTINGS, "--pretrain",
        folder / "data.csv", "--eps", "0.2", "--json",
    )  # fmt: skip
    assert code == 0, err
    assert json.loads(out)["config"]["pretrain"]["source"] == [str(folder / "data.csv")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["result.json"], "no data are given"),
        (["data.csv"], "is no result and no forecaster"),
        (["result.json", "data.csv", "--lag", "3"], "--lag is given, but"),
        (["result.json", "data.csv", "-s", "training.epochs=3"], "--set is given, but"),
        (["result.json", "data.csv", "--drop", "x3"], "the digests differ"),
        (["result.json", "data.csv", "--attack-series", "x9"], "there is no series 'x9' to attack"),
        (["result.json", "data.csv", "--last", "3"], "a window has 1"),
        (["result.json", "data.csv", "--last", "1", "--per", "step"], "every step is the last of some window"),
        (["result.json", "data.csv", "--eps", "0"], "every epsilon must be above 0"),
        (["result.json", "data.csv", "--eps", "a"], "are no numbers"),
        (["result.json", "data.csv", "--plot", "robust.gif"], "there is no picture format '.gif'"),
        (["result.json", "data.csv", "-o", "robust.csv"], "use the suffix .json"),
        (["result.json", "data.csv", "--dataset", "lorenz96"], "both files and a data set"),
        (["-m", "var", "data.csv"], "var has no forecaster to attack"),
        (["forecaster.safetensors", "--dataset", "lorenz96"], "the forecaster has 5 series and"),
    ],
)
def test_mistakes_are_answered_in_one_line_before_any_training(run, folder, monkeypatch, words, said):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(Trial, "__init__", lambda *_, **__: pytest.fail("it went on"))
    code, out, err = run("robustness", *words)
    assert code in (2, 3)
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_help_and_listings_stay_light():
    """The plugin adds a command and metrics without importing what computes them."""
    code = (
        "import sys; from causalkit.cli.main import _run; _run(['robustness', '--help'], False); "
        "_run(['metrics'], False); "
        "sys.exit(bool({'torch', 'numpy', 'pandas', 'matplotlib', 'statsmodels'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "adversarial-error" in done.stdout


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"regularizer": {"name": "gradient-l1+ridge", "gradient-l1": {"strength": 0.02}}},
        {"forecaster": {"name": "lstm", "hidden": 4}, "training": {"epochs": 3}},
    ],
)
def test_the_configuration_of_a_result_builds_the_same_method(params):
    panel = Panel.of(np.random.default_rng(0).normal(size=(40, 3)))
    found = causalkit.discover(panel, method="grngc", params={"training": {"epochs": 2}, **params}, device="cpu")
    again = method_of(found).fit(panel.standardized()[0], Run(device="cpu"))
    assert np.array_equal(found.scores, again.scores)
    wanted = {key: value for key, value in found.config.items() if key in again.config}
    assert again.config == wanted


def test_the_configuration_of_two_stages_builds_both():
    panel = Panel.of(np.random.default_rng(0).normal(size=(40, 3)))
    source = "lagged-pair[steps=50]"
    params = {"training.epochs": 2, "pretrain.epochs": 3, "pretrain.match": "position", "finetune.layers": "head"}
    found = causalkit.discover(panel, method="grngc", params=params, pretrain=source, device="cpu")
    again = method_of(found)
    two_stages = again.build(found.lags)  # the lag is left open, as it was
    assert (two_stages.pretraining.epochs, two_stages.method.training.epochs, two_stages.layers) == (3, 2, "head")
    assert np.array_equal(again.fit(panel.standardized()[0], Run(device="cpu")).scores, found.scores)


def test_results_that_cannot_be_repeated_are_refused():
    panel = Panel.of(np.random.default_rng(0).normal(size=(40, 3)))
    with pytest.raises(WrongUsageError, match="var has no forecaster"):
        method_of(causalkit.discover(panel, method="var", lag=1))
    with pytest.raises(WrongUsageError, match="no forecaster"):
        method_of(Discovery(names=("a", "b"), scores=np.zeros((2, 2, 1))))
    config = {"lag": 2, "forecaster": {"name": "mlp"}}
    with pytest.raises(DataError, match="does not record its regularizers"):
        method_of(Discovery(names=("a", "b"), scores=np.zeros((2, 2, 1)), method="grngc", config=config))


@pytest.mark.parametrize("name", METRICS)
def test_metrics_keep_their_contract(name):
    assert [result for result in check_metric(name) if not result.ok] == []


def test_metrics_are_the_measures_of_the_report_and_train_once(monkeypatch):
    panel, truth = causalkit.simulate("lorenz96", seed=0, series=5, steps=100)
    found = causalkit.discover(panel, method="grngc", params=FAST, device="cpu")
    trials = []
    first = Trial.of_method
    monkeypatch.setattr(Trial, "of_method", lambda *given, **more: trials.append(first(*given, **more)) or trials[-1])
    values = evaluate(found, truth, metrics=[*METRICS, "auroc"])
    assert len(trials) == 1
    direct = first(found.fitted.method, panel, Run(device="cpu"))
    errors = direct.errors(EPSILON, Threat())
    # Standardised before and after the split, which changes the last bits.
    assert values["forecast-error"] == pytest.approx(errors.clean, rel=1e-2)
    assert values["adversarial-error"] == pytest.approx(errors.perturbed, rel=1e-2)
    assert values["relative-adversarial-error"] == pytest.approx(values["adversarial-error"] / values["forecast-error"])
    assert values["forecast-error"] < values["noise-error"] < values["adversarial-error"]
    assert 0 < values["graph-stability"] < 1
    assert 0 <= values["refit-stability"] <= 1
    better = {name: registry().get(Metric, name).record.greater_is_better for name in METRICS}
    assert [name for name in METRICS if better[name]] == ["graph-stability", "refit-stability"]


def test_a_comparison_measures_robustness_when_asked(tmp_path, folder):
    methods = ["grngc[forecaster.hidden=8,training.epochs=30]", "var[lag=2]"]
    asked = ("adversarial-error", "graph-stability", "auroc")
    records = run_grid(methods, ["lagged-pair[steps=60]", str(folder / "data.csv")], metrics=asked, out=tmp_path)
    assert [record.status for record in records] == ["ok"] * 4
    for record in records:
        neural, known = record.cell.method_name == "grngc", record.cell.data_name == "lagged-pair"
        wanted = {"auroc"} if known else set()
        wanted |= {"adversarial-error", "graph-stability"} if neural else set()
        assert set(asked) & set(record.metrics["exclude"]) == wanted
        assert record.metric("adversarial-error") == record.metric("adversarial-error", "include")
        assert record.metric("noise-error") is None  # was not asked for
        if not neural:
            assert "there is no trained forecaster" in record.environment["notes"][0]


def test_the_command_compares_by_metrics_and_gates_of_robustness(run, folder, tmp_path):
    words = ("compare", "-m", "grngc[forecaster.hidden=8,training.epochs=30]", "-d", folder / "data.csv", "-q")
    code, out, err = run(*words, "--out", tmp_path, "--metric", "noise-error", "--gate", "adversarial-error<=100")
    assert code == 0, err
    assert "noise-error" in out
    (record,) = (json.loads(path.read_text()) for path in tmp_path.glob("*.json"))
    assert record["cell"]["settings"]["metrics"] == ["adversarial-error", "noise-error"]


def test_held_out_steps_leave_no_trace_in_training(folder):
    panel = causalkit.read(folder / "data.csv")
    acting, _ = build_method(registry().get(causalkit.Method, "grngc"), {"training": {"epochs": 5}})
    whole = Trial.of_method(acting, panel, Run(device="cpu"))
    spoiled = replace(panel, realisations=(np.where(np.arange(100)[:, None] >= 82, 9.0, panel.realisations[0]),))
    other = Trial.of_method(acting, spoiled, Run(device="cpu"))
    assert np.array_equal(whole.discovery.scores, other.discovery.scores)
    assert whole.clean_error != other.clean_error
