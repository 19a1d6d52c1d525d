"""Effects: sign and size of edges, in standard deviations and in units, and everywhere a result goes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from matplotlib.colors import to_hex

import causalkit
from causalkit import Discovery, Effects, Knowledge, Panel
from causalkit.display.effects import size
from causalkit.errors import CausalkitError, PluginError, UnknownNameError, WrongUsageError
from causalkit.plotting import plot, plot_graph, plot_heatmap, plot_lags, plot_response, style
from causalkit.report import report_discovery

NAMES = ("a", "b", "c")


def effects(**changed):
    generator = np.random.default_rng(0)
    given = {
        "mean": generator.normal(size=(3, 3, 2)),
        "units": np.array([1.0, 10.0, 0.5]),
        "levels": np.array([0.0, 5.0, -1.0]),
        "standard_errors": np.full((3, 3, 2), 0.1),
        "same_sign": generator.uniform(0.5, 1, size=(3, 3, 2)),
    }
    return Effects(**{**given, **changed})


def discovery(**changed):
    scores = np.abs(np.random.default_rng(1).normal(size=(3, 3, 2)))
    return Discovery(**{"names": NAMES, "scores": scores, "effects": effects(), "method": "grngc", **changed})


def linear_panel(scales=(1.0, 100.0, 0.01), steps=600):
    """Return a panel in which a raises b by 0.8 per unit at lag 2 and lowers c by 0.5, before series are rescaled."""
    generator = np.random.default_rng(3)
    values = generator.normal(size=(steps, 3))
    for now in range(2, steps):
        values[now, 1] += 0.8 * values[now - 2, 0]
        values[now, 2] -= 0.5 * values[now - 1, 0]
    return Panel.of(values * scales, names=NAMES)


def test_units_are_those_of_the_data():
    known = effects()
    assert known.in_units[0, 1, 0] == pytest.approx(known.mean[0, 1, 0] * 10)
    assert known.in_units[1, 2, 1] == pytest.approx(known.mean[1, 2, 1] / 20)
    assert known.standard_errors_in_units[1, 0, 0] == pytest.approx(0.1 / 10)


@pytest.mark.parametrize(
    "changed",
    [
        {"mean": np.zeros((3, 2, 2))},
        {"mean": np.zeros((3, 3))},
        {"standard_errors": np.zeros((3, 3, 1))},
        {"mean": np.full((3, 3, 2), np.nan)},
        {"same_sign": np.full((3, 3, 2), np.inf)},
        {"units": np.array([1.0, 0.0, 1.0])},
        {"units": np.ones(2)},
        {"levels": np.ones(4)},
    ],
)
def test_effects_that_make_no_sense_are_refused(changed):
    with pytest.raises(PluginError):
        effects(**changed)


def test_a_discovery_refuses_effects_of_other_series():
    with pytest.raises(PluginError, match="effects have the shape"):
        Discovery(names=NAMES, scores=np.ones((3, 3, 1)), effects=effects())


def test_effects_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        effects().mean[0] = 0


def test_forbidden_pairs_have_no_effect():
    kept = discovery().within(Knowledge(forbid=(("a", "b"),))).effects
    assert not kept.mean[0, 1].any()
    assert not kept.standard_errors[0, 1].any()
    assert (kept.same_sign[0, 1] == 1).all()
    assert kept.mean[1, 0].all()


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("lag", [1, 3])
def test_var_gives_its_coefficients_in_the_units_of_the_data(standardize, lag):
    from statsmodels.tsa.api import VAR

    panel = linear_panel()
    found = causalkit.discover(panel, method="var", lag=lag, standardize=standardize).effects
    fitted = VAR(panel.realisations[0]).fit(lag)
    expected = np.stack([matrix.T for matrix in fitted.coefs], axis=2)
    np.testing.assert_allclose(found.in_units, expected, rtol=1e-6, atol=1e-10)
    errors = fitted.stderr[1:].reshape(lag, 3, 3).transpose(1, 2, 0)
    np.testing.assert_allclose(found.standard_errors_in_units, errors, rtol=1e-6)
    np.testing.assert_allclose(found.units, panel.standardized()[1].deviation)
    np.testing.assert_allclose(found.levels, panel.standardized()[1].mean)


def test_var_has_no_effect_where_background_knowledge_forbids_one():
    found = causalkit.discover(linear_panel(), method="var", lag=2, knowledge=Knowledge(forbid=(("a", "b"),))).effects
    assert not found.mean[0, 1].any()
    assert not found.standard_errors[0, 1].any()


def test_effects_of_the_units_of_a_panel_do_not_depend_on_them():
    one = causalkit.discover(linear_panel((1, 1, 1)), method="var", lag=2).effects
    other = causalkit.discover(linear_panel(), method="var", lag=2).effects
    np.testing.assert_allclose(one.mean, other.mean, atol=1e-9)


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_effects_survive_a_file(tmp_path, suffix):
    found = causalkit.discover(linear_panel(), method="var", lag=2)
    for one in (found, discovery()):
        one.save(tmp_path / f"result{suffix}")
        again = Discovery.load(tmp_path / f"result{suffix}")
        for name in ("mean", "units", "levels", "standard_errors", "same_sign"):
            before, after = getattr(one.effects, name), getattr(again.effects, name)
            assert (before is None) == (after is None)
            assert before is None or np.array_equal(before, after)
        assert len(again.responses) == len(one.responses)
        for before, after in zip(one.responses, again.responses, strict=True):
            assert (before.cause, before.effect, before.lag, before.units) == (
                after.cause,
                after.effect,
                after.lag,
                after.units,
            )
            for name in ("grid", "curve", "low", "high"):
                np.testing.assert_array_equal(getattr(before, name), getattr(after, name))


def test_a_file_without_effects_loads(tmp_path):
    path = tmp_path / "result.json"
    discovery().save(path)
    record = json.loads(path.read_text())
    del record["effects"], record["responses"]
    path.write_text(json.dumps(record))
    again = Discovery.load(path)
    assert again.effects is None
    assert again.responses == ()


@pytest.mark.parametrize("change", [{"units": [1.0]}, {"mean": "x"}, {"units": None}])
def test_a_file_with_damaged_effects_is_refused(tmp_path, change):
    path = tmp_path / "result.json"
    discovery().save(path)
    record = json.loads(path.read_text())
    record["effects"] |= change
    path.write_text(json.dumps(record))
    with pytest.raises(CausalkitError, match="damaged"):
        Discovery.load(path)


def test_edges_end_with_sign_and_size(tmp_path):
    found = discovery()
    row = found.edges(top=1).iloc[0]
    place = (NAMES.index(row["cause"]), NAMES.index(row["effect"]), row["lag"] - 1)
    assert list(row.index[6:]) == ["effect_size", "effect_se", "same_sign", "effect_in_units"]
    assert row["effect_size"] == found.effects.mean[place]
    assert row["effect_se"] == 0.1
    assert row["same_sign"] == found.effects.same_sign[place]
    assert row["effect_in_units"] == found.effects.in_units[place]
    found.save(tmp_path / "edges.csv")
    first = next(csv.DictReader((tmp_path / "edges.csv").open()))
    assert float(first["effect_size"]) == row["effect_size"]
    assert discovery(effects=None).edges()["effect_size"].isna().all()


@pytest.mark.parametrize(("suffix", "read"), [("graphml", nx.read_graphml), ("gexf", nx.read_gexf)])
def test_graph_files_have_sign_and_size(tmp_path, suffix, read):
    found = discovery()
    found.save(tmp_path / f"graph.{suffix}")
    facts = read(tmp_path / f"graph.{suffix}").edges["a", "b"]
    place = (0, 1, found.pair_lags[0, 1] - 1)
    assert facts["effect_size"] == pytest.approx(found.effects.mean[place])
    assert facts["effect_in_units"] == pytest.approx(found.effects.in_units[place])
    found.save(Path(tmp_path / "graph.dot"))
    assert "same_sign=" in (tmp_path / "graph.dot").read_text()


def test_the_response_of_a_linear_method_is_its_line():
    found = causalkit.discover(linear_panel(), method="var", lag=2)
    line = found.response("a", "b")
    slope = np.polyfit(line.grid, line.curve, 1)[0]
    assert (line.cause, line.effect, line.lag) == ("a", "b", 2)
    assert slope == pytest.approx(found.effects.in_units[0, 1, 1])
    assert slope == pytest.approx(80, rel=0.1)
    error = found.effects.standard_errors_in_units[0, 1, 1]
    assert (line.high - line.curve)[-1] == pytest.approx(2 * error * (line.grid[-1] - found.effects.levels[0]))
    assert np.interp(found.effects.levels[0], line.grid, line.curve) == pytest.approx(0, abs=1e-9)


def test_responses_that_are_not_known_say_what_to_do(tmp_path):
    found = discovery()
    with pytest.raises(WrongUsageError, match="not in this result"):
        found.response("a", "b")
    with pytest.raises(WrongUsageError, match="gives no effects"):
        discovery(effects=None).response("a", "b")
    with pytest.raises(UnknownNameError, match="'z'"):
        found.response("a", "z")


def test_a_result_has_the_curves_of_its_strongest_edges(tmp_path):
    panel, _ = causalkit.simulate("var", seed=0, series=5, steps=200)
    found = causalkit.discover(panel, method="var", lag=1)
    assert len(found.responses) == 10
    strongest = found.edges(top=1, self_edges=False).iloc[0]
    assert (found.responses[0].cause, found.responses[0].effect) == (strongest["cause"], strongest["effect"])


def test_an_explanation_has_sign_size_and_limits():
    found = causalkit.discover(linear_panel(), method="var", lag=2)
    words = found.explain("a", "c")
    assert "number 2 among 6 pairs" in words
    assert "lag 1 of 2" in words
    assert "standard deviations lower one step later" in words
    assert f"{found.effects.in_units[0, 2, 0]:.3g}".replace("-", "\N{MINUS SIGN}") in words
    assert "p < 0.0001" in words
    assert "may drive both" in words
    assert "The sign is uncertain" in found.explain("c", "b")
    assert "selected by fdr:0.05" in found.select("fdr:0.05").explain("a", "b")
    with pytest.raises(UnknownNameError, match="'z'"):
        found.explain("a", "z")


def test_an_explanation_says_where_an_effect_switches_its_sign():
    same = np.full((3, 3, 2), 0.55)
    assert "switches its sign" in discovery(effects=effects(same_sign=same)).explain("b", "a")
    assert "monotone" in discovery(effects=effects(same_sign=same + 0.45)).explain("b", "a")


def test_tables_have_sign_and_size():
    found = discovery()
    place = np.unravel_index(np.where(np.eye(3)[:, :, None] > 0, 0, found.scores).argmax(), found.scores.shape)
    shown = f"{abs(found.effects.mean[place]):.2f} ± 0.10"
    assert shown in found.summary()
    assert shown in found._repr_html_()


def test_a_standard_error_sets_the_digits_of_an_effect():
    known = effects(mean=np.full((3, 3, 2), -0.00012345), standard_errors=np.full((3, 3, 2), 0.041))
    assert size(known, (0, 1, 0)) == "\N{MINUS SIGN}0.000 ± 0.041"
    assert size(effects(mean=np.full((3, 3, 2), 0.4567), standard_errors=None), (0, 1, 0)) == "+0.46"


def signed_discovery(**changed):
    """Return a discovery in which a raises b, b lowers c, and c switches a; all other effects are uncertain."""
    scores, mean, same = np.full((3, 3, 1), 0.01), np.full((3, 3, 1), 0.01), np.full((3, 3, 1), 0.9)
    for (cause, effect), value in {(0, 1): 0.9, (1, 2): -0.8, (2, 0): 0.7}.items():
        scores[cause, effect], mean[cause, effect] = abs(value), value
    same[2, 0] = 0.55
    known = effects(mean=mean, standard_errors=np.full((3, 3, 1), 0.1), same_sign=same)
    return discovery(scores=scores, effects=known, **changed)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("draw", [plot_graph, plot_lags])
def test_arrows_are_painted_by_sign_unless_there_is_a_truth(draw):
    ax = draw(signed_discovery(), top=3)
    looks = {
        patch.get_gid().split("edge-")[1][:3]: (to_hex(patch.get_edgecolor()), patch.get_linestyle())
        for patch in ax.patches
        if "edge-" in (patch.get_gid() or "")
    }
    assert looks["0-1"][0] == style.BLUE.lower()
    assert looks["1-2"][0] == style.VERMILLION.lower()
    assert len({look[1] for look in looks.values()}) == 3  # readable without colours
    assert legend(ax) == ["raises the effect (1)", "lowers it (1)", "sign switches or is uncertain (1)"]
    truth = causalkit.Truth.from_edges([("a", "b")], NAMES)
    assert legend(draw(signed_discovery(), top=3, truth=truth))[0].startswith("true")


def test_cells_of_a_heat_map_are_painted_by_sign():
    ax = plot_heatmap(signed_discovery())
    lowers, unclear = (image.get_array() for image in ax.images[1:])
    assert lowers.mask.sum() == 8
    assert not lowers.mask[1, 2]
    assert not unclear.mask[2, 0]
    assert unclear.mask[0, 1]
    for marks, place in zip(ax.collections, [(2, pytest.approx(1.28)), (0, pytest.approx(2.28))], strict=False):
        assert [tuple(offset) for offset in marks.get_offsets()] == [place]  # readable without colours
    assert legend(ax) == ["raises the effect", "lowers it (\N{MINUS SIGN})", "sign switches or is uncertain (~)"]


def test_response_curves_are_drawn_and_reported(tmp_path):
    found = causalkit.discover(linear_panel(), method="var", lag=2)
    one = plot_response(found, cause="a", effect="b")
    assert one.get_xlabel() == "a at t\N{MINUS SIGN}2"
    assert one.get_ylabel() == "change of b at t"
    all_of_them = style.root(plot_response(found)).axes
    assert sum(bool(ax.lines) for ax in all_of_them) == 6
    found.save(tmp_path / "result.json")
    plot(Discovery.load(tmp_path / "result.json"), tmp_path / "curves.png", kind="response")
    assert (tmp_path / "curves.png").stat().st_size > 10_000
    report_discovery(Discovery.load(tmp_path / "result.json"), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Response curve of a → b" in page
    assert "in units" in page


def test_pictures_without_curves_say_what_to_do(tmp_path):
    with pytest.raises(WrongUsageError, match="no response curves"):
        plot(discovery(), tmp_path / "curves.png", kind="response")
    with pytest.raises(WrongUsageError, match="a cause and an effect"):
        plot(discovery(), tmp_path / "curves.png", kind="response", cause="a")


def test_the_table_of_the_terminal_has_sign_and_size_beside_the_names(capsys):
    from causalkit.cli.results import show_discovery

    found = causalkit.discover(linear_panel(), method="var", lag=2)
    show_discovery(found, 10)
    shown = capsys.readouterr()
    header, first, *_ = (line for line in shown.out.splitlines() if line.startswith(("cause", "a  ")))
    assert header.split()[:5] == ["cause", "effect", "lag", "effect", "size"]
    assert first.split()[:3] == ["a", "b", "2"]
    assert first.split()[3:6] == size(found.effects, (0, 1, 1)).split()
    assert "effect size is the mean change" in shown.err
