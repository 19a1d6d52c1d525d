"""Same-step links: partial correlations of residuals, with p-values that hold, and everywhere a result goes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import causalkit
from causalkit import Discovery, Instantaneous, Knowledge, Panel
from causalkit.cli.main import cli
from causalkit.errors import PluginError, WrongUsageError
from causalkit.report import report_discovery

NAMES = ("a", "b", "c", "d")


def links(**changed):
    partial, p_values = np.zeros((4, 4)), np.full((4, 4), 0.5)
    partial[0, 1] = partial[1, 0] = -0.6
    p_values[0, 1] = p_values[1, 0] = 1e-6
    np.fill_diagonal(p_values, np.nan)
    return Instantaneous(**{"partial_correlations": partial, "p_values": p_values, "steps": 200, **changed})


def discovery(**changed):
    scores = np.abs(np.random.default_rng(1).normal(size=(4, 4, 2)))
    return Discovery(**{"names": NAMES, "scores": scores, "instantaneous": links(), "method": "var", **changed})


def panel(link=0.0, lagged=0.5, steps=400, seed=0):
    """Return a VAR in which a acts on c at lag 1, and a common shock on a and b within the step."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(steps, 4))
    values[:, :2] += link * generator.normal(size=(steps, 1))
    for now in range(1, steps):
        values[now, 2] += lagged * values[now - 1, 0]
    return Panel.of(values, names=NAMES)


def noise(kind, generator, steps, series):
    if kind == "gaussian":
        return generator.normal(size=(steps, series))
    if kind == "heavy":
        return generator.standard_t(3, size=(steps, series))
    if kind == "common size":  # a multivariate t distribution
        return generator.normal(size=(steps, series)) / np.sqrt(generator.chisquare(5, size=(steps, 1)) / 5)
    values = np.zeros((steps, series))
    for now in range(1, steps):  # ARCH
        values[now] = generator.normal(size=series) * np.sqrt(0.3 + 0.7 * values[now - 1] ** 2)
    return values


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("kind", ["gaussian", "heavy", "arch", "common size"])
def test_few_panels_without_links_have_one(kind, missing):
    found = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        residuals = noise(kind, generator, 200, 8)
        residuals[generator.random(residuals.shape) < missing] = np.nan
        found += len(Instantaneous.of(residuals, 0).pairs(0.05)[0]) > 0
    assert found <= 8  # 3 are expected


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("kind", ["gaussian", "heavy", "arch"])
def test_a_chain_has_the_links_of_neighbours_only(kind, missing):
    """Series that are linked through others are not linked themselves, also where cells of these are missing."""
    right = wrong = 0
    for seed in range(20):
        generator = np.random.default_rng(seed)
        residuals = noise(kind, generator, 400, 6)
        for series in range(1, 6):
            residuals[:, series] += 0.8 * residuals[:, series - 1]
        residuals[generator.random(residuals.shape) < missing] = np.nan
        first, second = Instantaneous.of(residuals, 0).pairs(0.05)
        right += int((second - first == 1).sum())
        wrong += int((second - first > 1).sum())
    assert right >= 0.95 * 20 * 5
    assert wrong <= 0.08 * right


def test_estimated_parameters_count():
    residuals = np.random.default_rng(0).normal(size=(100, 4))
    residuals[:, 1] += 0.3 * residuals[:, 0]
    few, many = (Instantaneous.of(residuals, parameters).p_values[0, 1] for parameters in (0, 60))
    assert few < many


def test_a_least_size_raises_p_values():
    residuals = np.random.default_rng(0).normal(size=(300, 4))
    residuals[:, 1] += 0.25 * residuals[:, 0]
    assert Instantaneous.of(residuals, 0).p_values[0, 1] < 0.01
    assert Instantaneous.of(residuals, 0, least=0.2).p_values[0, 1] > 0.1


def test_too_few_steps_give_nothing():
    residuals = np.random.default_rng(0).normal(size=(30, 25))
    assert Instantaneous.of(residuals, 0) is None


def test_correlations_that_contradict_each_other_give_nothing():
    generator = np.random.default_rng(0)
    residuals = generator.normal(size=(200, 20))
    for series in range(1, 20):
        residuals[:, series] += 0.8 * residuals[:, series - 1]
    residuals[generator.random(residuals.shape) < 0.4] = np.nan
    assert Instantaneous.of(residuals, 0) is None


def test_a_series_without_residuals_is_not_tested():
    residuals = np.random.default_rng(0).normal(size=(100, 4))
    residuals[:, 2] = 0.0
    found = Instantaneous.of(residuals, 0)
    assert np.isnan(found.p_values[2]).all()
    assert not np.isnan(found.p_values[0, 1])


@pytest.mark.parametrize(
    "changed",
    [
        {"partial_correlations": np.zeros((4, 3))},
        {"partial_correlations": np.triu(np.full((4, 4), 0.5), 1)},
        {"partial_correlations": np.full((4, 4), 0.5)},
        {"partial_correlations": 2 * (1 - np.eye(4))},
        {"p_values": np.zeros((3, 3))},
        {"p_values": np.zeros((4, 4))},
        {"p_values": np.where(np.eye(4) > 0, np.nan, 2.0)},
    ],
)
def test_links_that_make_no_sense_are_refused(changed):
    with pytest.raises(PluginError):
        links(**changed)


def test_a_discovery_refuses_links_of_other_series():
    with pytest.raises(PluginError, match="same-step links have the shape"):
        Discovery(names=("a", "b"), scores=np.ones((2, 2, 1)), instantaneous=links())


def test_links_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        links().p_values[0, 1] = 1.0


def test_var_finds_a_common_shock_and_keeps_it_out_of_lag_1():
    found = causalkit.discover(panel(link=0.8), method="var", lag=1)
    pairs = found.same_step_pairs()
    assert list(pairs.columns) == ["first", "second", "partial_correlation", "p_value", "q_value"]
    assert list(zip(pairs["first"], pairs["second"], strict=True)) == [("a", "b")]
    assert pairs["q_value"].iloc[0] < 1e-6
    assert found.p_values[0, 1, 0] > 0.01


def test_missing_cells_are_left_out():
    values = np.array(panel(link=0.8).realisations[0])
    values[np.random.default_rng(5).random(values.shape) < 0.05] = np.nan
    found = causalkit.discover(Panel.of(values, names=NAMES), method="var", lag=1)
    assert ("a", "b") in set(found.same_step_pairs()[["first", "second"]].itertuples(index=False, name=None))
    assert found.instantaneous.steps < 400


def test_background_knowledge_does_not_forbid_a_link():
    found = discovery().within(Knowledge(forbid=(("a", "b"), ("b", "a"))))
    assert len(found.same_step_pairs()) == 1


@pytest.mark.parametrize(("link", "lagged", "noted"), [(1.0, 0.0, True), (0.8, 2.0, False), (0.35, 0.0, False)])
def test_a_note_where_links_are_stronger_than_edges(link, lagged, noted):
    found = causalkit.discover(panel(link=link, lagged=lagged, steps=1000), method="var", lag=1)
    assert tuple(found.same_step_pairs()[["first", "second"]].iloc[0]) == ("a", "b")
    assert any("stronger than all edges" in note for note in found.notes) is noted


@pytest.mark.plugins
def test_neural_members_find_a_common_shock():
    settings = {"training.epochs": 60, "regularizer.strength": 0.01, "ensemble": 4, "forecaster.hidden": 8}
    found = causalkit.discover(panel(link=1.0), method="grngc", lag=1, forecaster="mlp", params=settings)
    assert list(found.same_step_pairs()[["first", "second"]].itertuples(index=False, name=None)) == [("a", "b")]
    assert not len(
        causalkit.discover(panel(), method="grngc", lag=1, forecaster="mlp", params=settings).same_step_pairs()
    )


def test_the_level_decides():
    assert len(discovery().same_step_pairs(1.0)) == 6
    assert discovery(instantaneous=None).same_step_pairs().empty
    with pytest.raises(WrongUsageError, match="between 0 and 1"):
        discovery().same_step_pairs(5)


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_files_keep_links(tmp_path: Path, suffix):
    path = tmp_path / f"result{suffix}"
    discovery().save(path)
    loaded = causalkit.io.load(path).instantaneous
    assert loaded.steps == 200
    np.testing.assert_array_equal(loaded.p_values, links().p_values)
    np.testing.assert_array_equal(loaded.partial_correlations, links().partial_correlations)


def test_older_files_have_no_links(tmp_path: Path):
    path = tmp_path / "result.json"
    discovery().save(path)
    record = json.loads(path.read_text())
    del record["instantaneous"]
    path.write_text(json.dumps(record))
    assert causalkit.io.load(path).instantaneous is None


def test_pairs_show_in_the_summary_the_notebook_and_the_report(tmp_path: Path):
    line = next(line for line in discovery().summary().splitlines() if "--" in line and "partial" in line)
    assert line.split() == ["a", "--", "b", "partial", "correlation", "\N{MINUS SIGN}0.6", "q", "<", "0.0001"]
    assert "Pairs linked within the same step" in discovery()._repr_html_()
    page = tmp_path / "report.html"
    report_discovery(discovery(), page)
    assert "Same-step links" in page.read_text(encoding="utf-8")


def test_nothing_shows_where_no_pair_passes(tmp_path: Path):
    none = discovery(instantaneous=links(p_values=np.where(np.eye(4) > 0, np.nan, 0.5)))
    page = tmp_path / "report.html"
    report_discovery(none, page)
    for shown in (none.summary(), none._repr_html_(), page.read_text(encoding="utf-8")):
        assert "same step" not in shown.lower()
        assert "same-step" not in shown.lower()


def test_the_command_line_shows_pairs(tmp_path: Path):
    data = tmp_path / "data.csv"
    np.savetxt(data, panel(link=0.8).realisations[0], delimiter=",", header=",".join(NAMES), comments="")
    result = CliRunner().invoke(cli, ["discover", str(data), "-m", "var", "--lag", "1", "-q"])
    assert result.exit_code == 0, result.output
    shown = CliRunner().invoke(cli, ["discover", str(data), "-m", "var", "--lag", "1"])
    assert "Pairs linked within the same step" in shown.output
