"""Every hook is documented with its signature, and the example in its docstring is a plugin that works."""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from click.testing import CliRunner

import causalkit
import causalkit.errors
from causalkit.cli.main import LazyGroup
from causalkit.evaluation import evaluate
from causalkit.plugins import hookspecs
from causalkit.plugins.records import Method, SelectionRule
from causalkit.plugins.registry import GROUP, KINDS, hook_of
from causalkit.testing import assert_ok, check_selection_rule
from tests.plugins_for_tests.installing import REAL, installed
from tests.systems import lagged_pair

pytestmark = pytest.mark.installed

PAGE = Path(__file__).parents[1] / "docs" / "plugins.md"
HOOKS = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("causalkit_")}
EDGE = ("0", "1", 2)


def signature(hook: str) -> str:
    return f"{hook}({', '.join(inspect.signature(HOOKS[hook]).parameters)})"


def example(hook: str) -> str:
    """Return the source code in the docstring of a hook."""
    found = re.search(r"```python\n(.*?)```", inspect.getdoc(HOOKS[hook]) or "", re.DOTALL)
    assert found, f"the docstring of {hook} has no example"
    return textwrap.dedent(found.group(1))


@pytest.fixture
def plugin(request):
    """Install the example of a hook as a plugin of its own."""
    hook = request.param
    module = ModuleType(f"fake_example_of_{hook}")
    exec(compile(example(hook), f"<example of {hook}>", "exec"), vars(module))
    sys.modules[module.__name__] = module
    point = EntryPoint(name="example", value=module.__name__, group=GROUP)
    try:
        with installed(beside=[*REAL, point], strict=True) as registry:
            yield registry
    finally:
        del sys.modules[module.__name__]


def example_of(hook: str):
    return pytest.mark.parametrize("plugin", [hook], indirect=True)


def strongest(discovery) -> tuple[str, str, int]:
    row = discovery.edges(top=1).iloc[0]
    return row.cause, row.effect, row.lag


def test_every_kind_of_record_has_its_hook():
    with_arguments = {"causalkit_commands", "causalkit_observers"}
    assert {hook_of(kind) for kind in KINDS} | with_arguments == set(HOOKS)


@pytest.mark.parametrize("hook", HOOKS)
def test_the_page_for_authors_has_a_section_with_the_exact_signature(hook):
    assert PAGE.is_file(), f"{PAGE} is not written yet"
    headings = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert any(f"`{signature(hook)}`" in line for line in headings), f"no heading holds `{signature(hook)}`"


@pytest.mark.parametrize("plugin", HOOKS, indirect=True)
def test_the_example_in_the_docstring_is_an_active_plugin(plugin):
    assert next(one for one in plugin.plugins if one.name == "example").status == "active"


@example_of("causalkit_methods")
def test_the_example_of_a_method_finds_an_edge(plugin):
    assert strongest(causalkit.discover(lagged_pair(), method="lagged-correlation", lag=3)) == EDGE


@pytest.mark.plugins
@example_of("causalkit_forecasters")
def test_the_example_of_a_forecaster_is_trained_by_grngc(plugin):
    found = causalkit.discover(
        lagged_pair(), forecaster="linear", params={"training.epochs": 80, "forecaster.bias": "false"}
    )
    assert strongest(found) == EDGE
    assert found.config["forecaster"] == {"name": "linear", "bias": False}


@pytest.mark.plugins
@example_of("causalkit_regularizers")
def test_the_example_of_a_regularizer_serves_grngc(plugin):
    params = {"training.epochs": 80, "forecaster.hidden": 16, "regularizer.strength": 0.05}
    found = causalkit.discover(lagged_pair(), regularizer="gradient-l2", params=params)
    assert strongest(found) == EDGE
    assert found.history["gradient-l2"][-1] > 0


@example_of("causalkit_datasets")
def test_the_example_of_a_data_set_has_the_edge_that_it_claims(plugin):
    panel, truth = causalkit.simulate("chain", steps=300, seed=1)
    assert truth.edge_list() == [{"cause": "0", "effect": "1", "lag": 1}]
    assert strongest(causalkit.discover(panel, method="var")) == ("0", "1", 1)
    assert causalkit.simulate("chain", seed=2)[0].sha256 != causalkit.simulate("chain", seed=3)[0].sha256


@example_of("causalkit_metrics")
def test_the_example_of_a_metric_is_part_of_every_evaluation(plugin):
    truth = causalkit.Truth.from_edges([("a", "b")], names=("a", "b"))
    scores = np.array([[[0.0], [2.0]], [[1.0], [0.0]]])
    right, wrong = (causalkit.Discovery(("a", "b"), values) for values in (scores, scores.swapaxes(0, 1)))
    assert evaluate(right, truth)["top-hit"] == 1.0
    assert evaluate(wrong, truth)["top-hit"] == 0.0


@example_of("causalkit_selection_rules")
def test_the_example_of_a_selection_rule_selects_the_strongest_causes(plugin):
    scores = np.array([[[9.0, 0.0], [1.0, 4.0], [0.0, 1.0]], [[3.0, 0], [9, 9], [2, 0]], [[1, 1], [3, 0], [9, 9]]])
    found = causalkit.Discovery(("a", "b", "c"), scores)
    edges = found.select("strongest-cause").edges(selected_only=True)
    rows = edges[["cause", "effect", "lag"]].to_numpy().tolist()
    assert sorted(rows) == [["a", "b", 2], ["a", "c", 2], ["b", "a", 1], ["b", "c", 1], ["c", "b", 1]]
    assert found.select("strongest-cause:1").selection["edges"] == 3
    assert found.select("strongest-cause:share=0.9,self-edges=true").pair_selected.diagonal().all()
    assert_ok(check_selection_rule("strongest-cause"))


def test_the_rule_on_the_page_that_fits_again_keeps_the_contract():
    (code,) = (
        one for one in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S) if "in_every_half" in one
    )
    names = {}
    exec(code, names)
    record = SelectionRule(name="in-every-half", factory=names["in_every_half"], summary="", needs="refits")
    results = check_selection_rule(record)
    assert_ok(results)
    assert [result.check for result in results if result.message] == ["the order of the series does not matter"]


@example_of("causalkit_readers")
def test_the_example_of_a_reader_reads_its_files(plugin, tmp_path):
    values = np.random.default_rng(0).standard_normal((40, 8))
    values.tofile(tmp_path / "recording.raw")
    panel = causalkit.read(tmp_path / "recording.raw")
    assert panel.series == 8
    assert np.array_equal(panel.realisations[0], values)


@example_of("causalkit_writers")
def test_the_example_of_a_writer_writes_when_its_suffix_is_asked_for(plugin, tmp_path):
    found = causalkit.discover(lagged_pair(), method="var")
    found.save(tmp_path / "result.text")
    assert (tmp_path / "result.text").read_text(encoding="utf-8") == found.summary()
    assert [path.name for path in tmp_path.iterdir()] == ["result.text"]


@example_of("causalkit_operations")
def test_the_example_of_an_operation_is_applied_by_name(plugin):
    scores = np.array([[[0.0], [2.0]], [[1.0], [0.0]]])
    found = causalkit.Discovery(("a", "b"), scores)
    assert found.apply("hubs", top=1) == ["a"]
    with pytest.raises(causalkit.errors.UnknownNameError, match="hubs"):
        found.apply("hub")


@example_of("causalkit_commands")
def test_the_example_of_a_command_is_listed_and_runs(plugin):
    group = LazyGroup(name="causalkit")
    listed = CliRunner().invoke(group, ["--help"])
    assert re.search(r"hello +Say hello", listed.output)
    assert CliRunner().invoke(group, ["hello"]).output == "hello\n"


@pytest.mark.plugins
@example_of("causalkit_observers")
def test_the_example_of_an_observer_hears_every_epoch(plugin, capsys):
    causalkit.discover(
        lagged_pair(), params={"training.epochs": 3, "forecaster.hidden": 4, "regularizer.strength": 0.1}
    )
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [epoch for epoch, _ in lines] == ["1", "2", "3"]
    assert all(float(loss) > 0 for _, loss in lines)


@example_of("causalkit_methods")
def test_an_example_can_be_asked_for_by_its_qualified_name(plugin):
    assert plugin.get(Method, "lagged-correlation@unknown").plugin.name == "example"
