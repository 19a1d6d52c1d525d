"""forecaster=auto: which forecasters compete, what a user's parameters mean, and where the first one is used."""

from __future__ import annotations

import json

import numpy as np
import pytest

import causalkit
from causalkit import Choice, Discovery, Forecaster, Method, build_method, parameter_tree
from causalkit.api import parameters_of, resolved_params
from causalkit.compare.grid import build_grid
from causalkit.compare.settings import Settings
from causalkit.errors import ParameterError, PluginError, UnknownNameError
from causalkit.plugins.registry import registry
from causalkit.testing import check_method
from causalkit.testing.result import require
from tests.plugins_for_tests.choosers import chooser

FEW = {"training.epochs": 5, "regularizer.strength": 0.1}


def competing(name="chooser", **tree):
    """Return the names of the forecasters that compete, and the parameters of the first one."""
    acting, _ = build_method(name, {"lag": 1, **tree})
    parts = (acting.forecaster, *acting.rivals)
    return [part.record.name for part in parts], parts[0].parameters["hidden"]


pytestmark = [pytest.mark.plugins, pytest.mark.usefixtures("chooser")]


@pytest.mark.parametrize("given", [{}, {"forecaster": "auto"}, {"forecaster": {"name": "auto"}}, {"forecaster": {}}])
def test_all_candidates_compete_by_default_and_when_asked_for(given):
    assert competing(**given) == (["mlp", "kan"], (12,))
    assert resolved_params(registry().get(Method, "chooser"), {"lag": 1, **given})["forecaster"] == {"name": "auto"}


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"forecaster": "mlp"}, (["mlp"], (12,))),
        ({"forecaster": "kan"}, (["kan"], (128,))),
        ({"forecaster": {"hidden": 16}}, (["mlp"], (16,))),
        ({"forecaster": {"name": "", "hidden": 16}}, (["mlp"], (16,))),
        ({"forecaster": {"name": "kan", "hidden": 4}}, (["kan"], (4,))),
    ],
)
def test_a_name_or_a_parameter_fixes_the_forecaster(given, parts):
    assert competing(**given) == parts


def test_a_method_with_a_default_of_its_own_chooses_only_when_asked():
    assert competing("settled")[0] == ["mlp"]
    assert competing("settled", forecaster="auto")[0] == ["mlp", "kan"]


def test_the_lag_may_be_open_too():
    acting, _ = build_method("chooser", {"lag": "auto"})
    assert [part.record.name for part in acting.build(2).rivals] == ["kan"]


def test_only_forecasters_that_fit_the_regularizer_compete():
    assert competing("needy", regularizer={"strength": 0.1})[0] == ["mlp"]
    assert competing("needy", regularizer={"name": "gradient-l1"}, forecaster="auto")[0] == ["kan", "mlp", "lstm"]


@pytest.mark.parametrize(
    ("name", "forecaster", "error", "said", "hint"),
    [
        (
            "needy",
            {"name": "auto", "linear": False},
            ParameterError,
            "chooses among kan, mlp, lstm",
            "forecaster.name=mlp",
        ),
        ("chooser", {"name": "auto", "odd": 3}, ParameterError, "forecaster.odd", "forecaster.name=mlp"),
        ("jrngc", "auto", ParameterError, "no candidates for forecaster=auto", "forecaster.name=residual-mlp"),
        ("lacking", "auto", PluginError, "nowhere is not installed", "--forecaster NAME"),
        ("chooser", "mpl", UnknownNameError, "mpl", "mlp"),
    ],
)
def test_mistakes_say_what_to_name(name, forecaster, error, said, hint):
    with pytest.raises(error) as caught:
        build_method(name, {"forecaster": forecaster})
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_the_command_line_and_a_file_of_parameters_mean_the_same(run, file):
    series = file("a,b\n" + "\n".join(f"{np.sin(i)},{np.cos(i * i)}" for i in range(40)))
    few = [part for key, value in FEW.items() for part in ("--set", f"{key}={value}")]
    auto = file('forecaster = "auto"\n', "auto.toml")

    def used(*options):
        code, out, err = run("discover", series, "-m", "chooser", "--lag", 1, *few, "--json", *options)
        assert code == 0, err
        return json.loads(out)["config"]["forecaster"]["name"]

    assert [used(), used("--config", auto), used("--forecaster", "kan")] == ["mlp", "mlp", "kan"]
    assert used("--config", auto, "--set", "forecaster.name=kan") == "kan"
    code, _, err = run("discover", series, "-m", "chooser", "--forecaster", "auto", "-s", "forecaster.hidden=8")
    assert code == 2
    assert "--set forecaster.name=mlp" in err


def test_training_on_two_domains_uses_the_first_candidate_and_says_so():
    panel, _ = causalkit.simulate("var", series=3, steps=60, seed=0)
    source, _ = causalkit.simulate("var", series=3, steps=60, seed=1)
    found = causalkit.discover(panel, method="chooser", lag=1, pretrain=source, params=FEW)
    assert found.config["forecaster"]["name"] == "mlp"
    assert "the forecaster was not chosen: it is mlp" in found.notes


@pytest.mark.parametrize("forecaster", [None, "auto"])
def test_a_saved_forecaster_of_another_architecture_is_gone_on_from(forecaster, tmp_path):
    source, _ = causalkit.simulate("var", series=3, steps=60, seed=1)
    start = causalkit.pretrain(source, method="chooser", lag=1, forecaster="kan", params=FEW)
    start.save(tmp_path / "kan.safetensors")
    found = causalkit.discover(
        source, method="chooser", forecaster=forecaster, pretrain=str(tmp_path / "kan.safetensors"), params=FEW
    )
    assert found.config["forecaster"]["name"] == "kan"
    assert not any("forecaster was not chosen" in note for note in found.notes)


def test_a_result_whose_forecaster_was_chosen_is_repeated_with_the_same_choice_to_make():
    choices = (
        Choice("forecaster.name", (0, 1), (0.5, 0.4), (0.1, 0.1), 1, "lowest", labels=("mlp", "kan")),
        Choice("regularizer.strength", (0.1, 0.2), (0.5, 0.4), (0.1, 0.1), 0.1, "any"),
        Choice("forecaster.hidden", (8, 9), (0.5, 0.4), (0.1, 0.1), 9, "any", within="forecaster mlp"),
    )
    config = {
        "method": "chooser",
        "lag": 1,
        "forecaster": {"name": "kan", "hidden": 8, "grid": 5},
        "regularizer": [{"name": "gradient-l1", "strength": 0.1}],
    }
    found = Discovery(("a", "b"), np.zeros((2, 2, 1)), choices=choices, config=config, method="chooser")
    tree = parameters_of(found)
    assert tree["forecaster"] == {"name": "auto"}
    assert tree["regularizer"]["strength"] == "auto"
    assert competing(**tree)[0] == ["mlp", "kan"]


def test_a_checkpoint_of_other_candidates_is_another_run():
    panel, _ = causalkit.simulate("var", series=3, steps=60, seed=0)
    run = causalkit.Run(seed=0)
    prints = {
        build_method("chooser", {"lag": 1, **tree})[0].fingerprint(panel, run)
        for tree in ({}, {"forecaster": {"name": "mlp"}})
    }
    assert len(prints) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"forecasters": ()},
        {"forecasters": ("mlp",)},
        {"forecasters": ("mlp", "mlp")},
        {"forecasters": ("mlp", "auto")},
        {"forecasters": "mlp"},
    ],
)
def test_a_record_needs_candidates_that_differ(fields):
    with pytest.raises(PluginError, match="candidates"):
        chooser(**fields)


def test_no_forecaster_can_be_called_auto():
    with pytest.raises(PluginError, match="no forecaster can be called 'auto'"):
        Forecaster(name="auto", factory="a:b", summary="")


def test_parameters_of_the_command_line_reach_the_tree():
    assert parameter_tree(forecaster="auto", settings=["forecaster.name=kan"]) == {"forecaster": {"name": "kan"}}


# What users and authors of plugins see


def test_show_and_the_list_of_methods_name_the_candidates(run):
    _, out, _ = run("show", "chooser")
    assert "chooses its forecaster by held-out forecast error among mlp, kan" in out
    assert "uses mlp where nothing can choose" in out
    (row,) = [line.split() for line in out.splitlines() if line.startswith("forecaster.name")]
    assert row[-1] == "mlp"
    assert "auto" in row
    _, out, _ = run("show", "settled")
    assert "with --forecaster auto, chooses its forecaster" in out
    _, out, _ = run("show", "jrngc")
    assert "auto, chooses" not in out
    _, out, _ = run("methods")
    assert "mlp|kan + gradient-l1" in out
    _, out, _ = run("methods", "--json")
    assert [one["forecasters"] for one in json.loads(out) if one["name"] == "needy"] == [["kan", "mlp", "lstm"]]


def test_check_finds_candidates_that_are_missing_or_do_not_fit(monkeypatch):
    def candidates(name):
        return [one for one in check_method(name) if "candidates" in one.check]

    # The checks after these need a method that can be built, and take minutes.
    monkeypatch.setattr("causalkit.testing.method.build_method", lambda *_: require(False, "not built"))

    assert [one.ok for one in candidates("chooser")] == [True]
    (lacking,), (needy,) = candidates("lacking"), candidates("needy")
    assert not lacking.ok
    assert not needy.ok
    assert "nowhere of forecasters is not installed" in lacking.message
    assert "kan, lstm of forecasters cannot work with the regularizer group-lasso" in needy.message


def test_a_comparison_records_the_choice_to_make_as_one():
    methods = [f"chooser[{given}]" for given in ("forecaster=auto", "lag=1", "forecaster=kan")]
    cells = build_grid(methods, ["lagged-pair"], [0], Settings()).cells
    given = {cell.method: cell.method_params for cell in cells}
    assert [given[method]["forecaster"]["name"] for method in methods] == ["auto", "auto", "kan"]
    assert build_method("chooser", given[methods[1]])[0].rivals[0].record.name == "kan"
