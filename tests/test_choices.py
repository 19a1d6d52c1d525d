"""What a method chose by itself: the record says what was done, survives files, and shows in pictures and words."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalkit import Choice, Discovery
from causalkit.core.choice import MEASURED_ON_ONE
from causalkit.display.discovery import html, summary
from causalkit.errors import DataError, PluginError
from causalkit.io.results.record import from_record, to_record
from causalkit.plotting import plot_choice, plot_choices

NAN = float("nan")
RULE = "strongest that keeps 95% of the best"


def strength(**changes):
    fields = {
        "parameter": "regularizer.strength",
        "candidates": (0.1, 0.2, 0.4, 0.8),
        "held_out_error": (0.42, 0.4, 0.41, NAN),
        "standard_error": (0.02, 0.02, 0.03, NAN),
        "chosen": 0.4,
        "rule": RULE,
    } | changes
    return Choice(**fields)


def lag(chosen=2):
    return Choice("lag", (1, 2, 3), (0.6, 0.45, 0.5), (0.01, 0.01, 0.01), chosen, "lowest held-out error")


def forecaster(**changes):
    fields = {
        "parameter": "forecaster.name",
        "candidates": (0, 1),
        "held_out_error": (0.57, 0.33),
        "standard_error": (0.02, 0.03),
        "chosen": 1,
        "rule": "lowest held-out error",
        "labels": ("mlp", "component-mlp"),
    } | changes
    return Choice(**fields)


def alternative(**changes):
    return strength(within="forecaster mlp", chosen=0.2, **changes)


def discovery(*choices, **fields):
    scores = np.arange(18.0).reshape(3, 3, 2)
    data = {"source": "made", "series": 3, "steps": [50], "realisations": 1, "missing_cells": 0}
    return Discovery(("a", "b", "c"), scores, choices=choices, method="made", data=data, **fields)


@pytest.fixture
def chosen_strength(monkeypatch):
    """Let the method var record a choice and standard errors, as a neural method would."""
    from causalkit.builtin.methods.linear_var import LinearVar

    fit = LinearVar.fit

    def fitted(*given):
        found = fit(*given)
        bare = {"p_values": None, "joint_p_values": None}
        return replace(found, standard_errors=found.scores / 8, choices=(lag(), strength()), **bare)

    monkeypatch.setattr(LinearVar, "fit", fitted)


# The record


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"held_out_error": (0.4, 0.5)}, "4 candidates, 2 errors"),
        ({"standard_error": ()}, "0 standard errors"),
        ({"chosen": 0.3}, "0.3, which is not a candidate"),
        ({"chosen": 0.8}, "without a held-out error"),
        ({"candidates": (0.1, 0.4, 0.4, 0.8)}, "all different"),
        ({"candidates": (0.1, 0.2, 0.4, float("inf"))}, "finite"),
        ({"standard_error": (0.1, 0.1, -0.1, NAN)}, "below 0"),
        ({"candidates": (), "held_out_error": (), "standard_error": ()}, "0 candidates"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(changes, said):
    with pytest.raises(PluginError, match=said):
        strength(**changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"labels": ("mlp",)}, "2 candidates and 1 labels"),
        ({"labels": ("mlp", "mlp")}, "all different"),
        ({"labels": ("mlp", "")}, "not empty"),
        ({"candidates": (1, 2)}, "named candidates for forecaster.name are 1, 2"),
        ({"candidates": (1, 0)}, "named candidates"),
        ({"held_out_error": (0.5, NAN)}, "forecaster.name=component-mlp was chosen without"),
    ],
)
def test_names_that_do_not_fit_the_candidates_are_refused(changes, said):
    with pytest.raises(PluginError, match=said):
        forecaster(**changes)


def test_candidates_are_called_by_their_names_where_they_have_some():
    assert [forecaster().label(one) for one in (0, 1)] == ["mlp", "component-mlp"]
    assert forecaster().chosen_label == "component-mlp"
    assert (strength().label(0.1), strength().chosen_label) == ("0.1", "0.4")


@pytest.mark.parametrize("choice", [forecaster(), alternative()])
def test_names_and_alternatives_survive_json_and_old_records_have_neither(choice):
    record = json.loads(json.dumps(choice.describe()))
    assert Choice.from_dict(record) == choice
    old = {key: value for key, value in record.items() if key not in ("labels", "within")}
    assert (Choice.from_dict(old).labels, Choice.from_dict(old).within) == ((), "")


@pytest.mark.parametrize("labels", [7, None, ["mlp"], "ab", ["a", "b", "c"]])
def test_damaged_names_are_a_damaged_file(labels):
    record = {**to_record(discovery()), "choices": [{**forecaster().describe(), "labels": labels}]}
    with pytest.raises(DataError, match=r"old\.json is damaged"):
        from_record(record, "old.json")


def test_numbers_of_numpy_become_plain_and_whole_ones_stay_whole():
    choice = Choice("lag", np.arange(1, 4), np.array([3.0, 1, 2]), np.zeros(3), np.int64(2), "lowest")
    assert choice == Choice("lag", (1, 2, 3), (3.0, 1.0, 2.0), (0.0, 0.0, 0.0), 2, "lowest")
    assert json.dumps(choice.describe()["candidates"]) == "[1, 2, 3]"


_ERRORS = st.floats(0, 1e6) | st.just(NAN) | st.just(float("inf"))


@given(st.data(), st.lists(st.floats(0, 1e6) | st.integers(0, 99), min_size=1, max_size=6, unique=True))
def test_any_choice_survives_strict_json(data, candidates):
    size = len(candidates)
    errors = [0.5, *data.draw(st.lists(_ERRORS, min_size=size - 1, max_size=size - 1))]
    spread = data.draw(st.lists(_ERRORS, min_size=size, max_size=size))
    choice = Choice("lag", tuple(candidates), tuple(errors), tuple(spread), candidates[0], "any", measured="any")
    back = Choice.from_dict(json.loads(json.dumps(choice.describe(), allow_nan=False)))
    assert back == choice
    assert back.sentence() == choice.sentence()


def test_a_candidate_that_was_not_tried_is_null():
    assert strength().describe()["held_out_error"] == [0.42, 0.4, 0.41, None]


@pytest.mark.parametrize("suffix", ["json", "npz"])
def test_choices_and_standard_errors_survive_a_file(suffix, tmp_path):
    found = discovery(forecaster(), strength(), alternative(), lag(), standard_errors=np.full((3, 3, 2), 0.25))
    found.save(tmp_path / f"r.{suffix}")
    back = Discovery.load(tmp_path / f"r.{suffix}")
    assert back.choices == found.choices
    assert np.array_equal(back.standard_errors, found.standard_errors)


def test_a_file_from_before_choices_can_be_loaded():
    record = to_record(discovery(strength()))
    del record["choices"]
    assert from_record(record, "old.json").choices == ()


@pytest.mark.parametrize(
    "broken",
    [
        7,
        [7],
        [{"parameter": "lag"}],
        [{**strength().describe(), "chosen": 9}],
        [{**lag().describe(), "candidates": "x"}],
    ],
)
def test_a_damaged_choice_is_a_damaged_file(broken):
    with pytest.raises(DataError, match=r"old\.json is damaged"):
        from_record({**to_record(discovery()), "choices": broken}, "old.json")


def test_a_discovery_takes_nothing_else_for_a_choice():
    with pytest.raises(PluginError, match=r"causalkit\.Choice"):
        discovery({"parameter": "lag"})


def test_choices_stay_when_edges_are_selected():
    assert discovery(lag()).select("top-k:2").choices == (lag(),)


# Words


def test_the_sentence_says_what_was_chosen_from_what_and_why():
    said = strength().sentence()
    assert said.startswith("strength 0.4 was chosen by held-out forecast error among 4 candidates from 0.1 to 0.8")
    for fact in ("1 of them not tried", "explains 59%", "0.2 explains most, 60%", RULE):
        assert fact in said


def test_a_named_choice_compares_all_candidates_by_name():
    said = forecaster().sentence()
    assert said == (
        "forecaster component-mlp was chosen by held-out forecast error among mlp and component-mlp: it explains 67% "
        "of the held-out variance, mlp explains 43%; rule: lowest held-out error"
    )
    three = {"candidates": (0, 1, 2), "labels": ("mlp", "kan", "component-mlp"), "standard_error": (0.1,) * 3}
    said = forecaster(**three, held_out_error=(0.57, NAN, 1.3), chosen=0).sentence()
    assert "among mlp, kan (not tried) and component-mlp: it explains 43% of the held-out variance" in said
    assert "component-mlp explains nothing" in said
    assert "that was tried" not in said
    said = forecaster(measured="error in metres").sentence()
    assert "its error is 0.33, that of mlp 0.57" in said
    assert "none of mlp and component-mlp forecasts" in forecaster(held_out_error=(1.1, 1.2)).sentence()


def test_a_single_block_that_nothing_forecasts_is_no_verdict_on_the_scores():
    said = forecaster(held_out_error=(1.1, 1.2), standard_error=(NAN, NAN), chosen=0).sentence()
    assert said.startswith("forecaster mlp was chosen by held-out forecast error among mlp and component-mlp")
    assert "do not trust" not in said


def test_errors_of_the_first_block_are_called_so():
    of_one = {"measured": MEASURED_ON_ONE, "standard_error": (NAN, NAN)}
    said = forecaster(**of_one).sentence()
    assert "it explains 67% of the held-out variance of the first block, mlp explains 43%" in said
    grey = alternative(measured=MEASURED_ON_ONE)
    assert "60% of the held-out variance of the first block" in grey.sentence()
    first, second = plot_choices(discovery(forecaster(**of_one), grey, strength()))
    assert "first block" in first.get_ylabel().replace("\n", " ")
    assert "not used: forecaster mlp,\nfirst block only" in legend(second)
    assert "first block" not in second.get_ylabel().replace("\n", " ")


@pytest.mark.parametrize("judge", ["", "a linear forecaster"])
def test_a_single_candidate_was_not_chosen(judge):
    only = Choice("lag", (1,), (0.4,), (0.01,), 1, "smallest", judge=judge)
    by = f" (by {judge})" if judge else ""
    assert only.sentence() == f"lag 1 was the only candidate: it explains 60% of the held-out variance{by}"
    assert plot_choice(only).get_title() == "The only candidate: lag 1"
    assert not any("chosen" in words for words in legend(plot_choice(only)))
    hopeless = replace(only, parameter="regularizer.strength", held_out_error=(1.1,)).sentence()
    assert hopeless.startswith("strength 1 was the only candidate, and it forecasts held-out steps no better than")


def test_the_legend_covers_nothing_that_is_drawn():
    for ax in plot_choices(discovery(lag(), forecaster(), alternative(), strength())):
        ax.figure.draw_without_rendering()
        box = ax.get_legend().get_window_extent()
        assert not box.overlaps(ax.bbox)
        assert not box.overlaps(ax.title.get_window_extent())


def test_an_alternative_is_no_note_of_the_result():
    found = discovery(forecaster(), strength(), alternative())
    for text in (summary(found), html(found)):
        assert "forecaster component-mlp was chosen" in text
        assert "forecaster mlp, which was not used" not in text
        assert text.count("strength 0.4") == 1
    assert alternative().sentence().startswith("forecaster mlp, which was not used, would have had strength 0.2: it ex")


def test_an_error_in_another_unit_is_not_called_a_share_of_variance():
    said = strength(measured="mean absolute error in metres").sentence()
    assert "%" not in said.replace(RULE, "")
    assert "its error is 0.41" in said


def test_it_is_said_when_nothing_can_be_forecast():
    choice = strength(held_out_error=(1.2, 1.1, 1.0, NAN))
    assert "do not trust the scores" in choice.sentence()
    assert "do not trust" not in strength().sentence()


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (strength(chosen=0.4), "largest that was tried"),  # 0.8 was not
        (strength(chosen=0.2), ""),
        (strength(chosen=0.1), "smallest that was tried"),
        (lag(3), "largest that was tried"),
        (lag(1), ""),  # there is no smaller lag
    ],
)
def test_a_choice_at_the_border_is_said(choice, said):
    assert said in choice.sentence()
    assert bool(said) == ("that was tried" in choice.sentence())


def test_a_summary_and_a_notebook_say_what_was_chosen():
    found = discovery(lag(), standard_errors=np.full((3, 3, 2), 0.25))
    for text in (summary(found), html(found)):
        assert "lag 2 was chosen by held-out forecast error" in text
        assert "11 ± 0.25" in text


# The picture


def gid(ax, name):
    return next((line for line in ax.lines if line.get_gid() == name), None)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_curve_shows_every_candidate_with_its_error_and_marks_the_chosen_one():
    ax = plot_choice(strength())
    curve = ax.containers[0]
    assert curve[0].get_xdata().tolist() == [0.1, 0.2, 0.4]
    assert curve[0].get_ydata().tolist() == [0.42, 0.4, 0.41]
    (bars,) = curve[2]
    assert [segment[:, 1].tolist() for segment in bars.get_segments()][2] == pytest.approx([0.38, 0.44])
    assert (*gid(ax, "choice-chosen").get_xdata(), *gid(ax, "choice-chosen").get_ydata()) == (0.4, 0.41)
    assert gid(ax, "choice-lowest").get_xdata() == [0.2]
    assert {"chosen: 0.4", "lowest error: 0.2", "not tried (1)"} <= set(legend(ax))
    assert "strength of the penalty" in ax.get_xlabel()
    assert "held out" in ax.get_ylabel()
    assert "variance" in ax.get_ylabel()


def test_strengths_are_logarithmic_and_lags_at_equal_distances():
    assert plot_choice(strength()).get_xscale() == "log"
    ax = plot_choice(Choice("lag", (8, 1, 2), (0.5, 0.6, 0.4), (NAN,) * 3, 2, "lowest"))
    assert ax.get_xscale() == "linear"
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "2", "8"]
    assert ax.containers[0][0].get_xdata().tolist() == [0, 1, 2]
    assert ax.containers[0][0].get_ydata().tolist() == [0.6, 0.4, 0.5]
    assert gid(ax, "choice-chosen").get_xdata() == [1]
    assert gid(ax, "choice-lowest") is None  # it is the chosen one


def test_strength_0_among_the_candidates_can_be_drawn():
    ax = plot_choice(Choice("ridge.strength", (0.0, 0.1), (0.4, 0.5), (0.1, 0.1), 0.0, "lowest"))
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "0.1"]
    assert ax.get_xlabel() == "ridge.strength"


def test_the_error_of_the_mean_is_drawn_where_candidates_come_near_it():
    assert "forecast by the mean" in legend(plot_choice(strength(held_out_error=(1.3, 1.2, 1.1, float("inf")))))
    assert "forecast by the mean" not in legend(plot_choice(strength()))


def test_every_choice_has_a_panel():
    axes = plot_choices(discovery(strength(), lag(), strength(parameter="ridge.strength")))
    assert [ax.get_title().rpartition(": ")[2] for ax in axes] == ["strength 0.4", "lag 2", "strength 0.4"]


def test_named_candidates_are_points_in_the_order_of_their_names():
    ax = plot_choice(forecaster(held_out_error=(0.3, 0.57), chosen=0))
    points = ax.containers[0]
    assert points[0].get_linestyle() == "None"
    assert points[0].get_ydata().tolist() == [0.3, 0.57]
    assert [len(bars.get_segments()) for bars in points[2]] == [2]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["mlp", "component-mlp"]
    assert gid(ax, "choice-chosen").get_xdata() == [0]
    assert "chosen: mlp" in legend(ax)
    assert ax.get_title() == "Chosen without a truth: forecaster mlp"
    assert ax.get_xlabel() == "forecaster (forecaster.name)"


def test_an_alternative_is_a_grey_line_in_the_panel_of_its_parameter():
    first, second = plot_choices(discovery(forecaster(), alternative(candidates=(0.05, 0.2, 0.4, 0.8)), strength()))
    assert gid(first, "choice-alternative") is None
    other, curve = gid(second, "choice-alternative"), second.containers[0][0]
    assert other.get_xdata().tolist() == [0.05, 0.2, 0.4]
    assert curve.get_xdata().tolist() == [0.1, 0.2, 0.4]
    assert other.get_linewidth() < curve.get_linewidth()
    assert other.get_color() != curve.get_color()
    assert "not used: forecaster mlp" in legend(second)
    assert second.get_title() == "Chosen without a truth: strength 0.4"
    assert second.get_xlim()[0] < 0.05


def test_lags_of_alternatives_stand_at_the_same_places_as_those_of_the_choice():
    other = Choice("lag", (1, 3, 8), (0.7, 0.6, 0.65), (0.01,) * 3, 3, "lowest", within="forecaster mlp")
    ax = plot_choice(lag(), alternatives=(other,))
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "2", "3", "8"]
    assert gid(ax, "choice-alternative").get_xdata().tolist() == [0, 2, 3]
    assert ax.containers[0][0].get_xdata().tolist() == [0, 1, 2]


def test_an_alternative_without_a_choice_beside_it_is_never_called_chosen():
    (ax,) = plot_choices(discovery(alternative()))
    assert ax.get_title() == "Not used: forecaster mlp, strength 0.2"
    assert gid(ax, "choice-chosen") is None
    assert not any("chosen" in words for words in legend(ax))


# The command line


def test_plot_draws_choices_and_refuses_where_there_are_none(run, tmp_path):
    discovery(lag()).save(tmp_path / "r.json")
    discovery().save(tmp_path / "none.json")
    code, _, _ = run("plot", tmp_path / "r.json", "--kind", "choices", "-o", tmp_path / "c.png")
    assert code == 0
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    code, _, err = run("plot", tmp_path / "none.json", "--kind", "choices", "-o", tmp_path / "n.png")
    assert code == 2
    assert "no automatically selected parameter" in err
    assert "regularizer.strength=auto" in err
    assert not (tmp_path / "n.png").exists()


@pytest.mark.usefixtures("chosen_strength")
def test_discover_says_what_was_chosen_and_how_sure_scores_are(run):
    code, out, err = run("discover", "--dataset", "lagged-pair", "-m", "var")
    assert code == 0
    lines = [line for line in err.splitlines() if line.startswith("chosen ")]
    assert ["lag 2" in lines[0], "strength 0.4" in lines[1], len(lines)] == [True, True, 2]
    header, _, first, *_ = out.splitlines()[1:]
    assert header.split() == ["cause", "effect", "lag", "effect", "size", "score", "±", "se"]
    *_, score, error = first.split()
    assert float(error) == pytest.approx(float(score) / 8, rel=1e-3)
    assert "standard error" in err
    assert "not a test" in err


@pytest.mark.usefixtures("chosen_strength")
def test_what_was_not_tested_is_said_with_the_rules_that_would(run):
    _, _, err = run("discover", "--dataset", "lagged-pair", "-m", "var")
    for said in ("nothing was tested", "--select surrogate:0.05", "99 fits", "--select stability", "50 fits"):
        assert said in err
    _, _, err = run("discover", "--dataset", "lagged-pair", "-m", "var", "--select", "top-k:1")
    assert "nothing was tested" not in err


def test_uncorrected_p_values_are_called_so(run):
    _, _, err = run("discover", "--dataset", "lagged-pair", "-m", "var", "--lag", 2, "--select", "none")
    assert "not corrected" in err
    assert "without any edge, about 0.6 of 12 are below 0.05" in err
    assert "--select fdr:0.05" in err


def test_a_selection_by_a_test_shows_the_p_value_that_it_went_by(run):
    _, out, _ = run("discover", "--dataset", "lagged-pair", "-m", "var", "--select", "fdr:0.05", "--json")
    joint = json.loads(out)["joint_p_values"][0][1]
    _, out, _ = run("discover", "--dataset", "lagged-pair", "-m", "var", "--select", "fdr:0.05")
    assert "p (all lags)" in out.splitlines()[1]
    assert float(out.splitlines()[3].split()[-1]) == pytest.approx(joint, rel=1e-3)


@pytest.mark.usefixtures("chosen_strength")
def test_no_selected_edge_gives_an_empty_table(run):
    code, out, _ = run("discover", "--dataset", "lagged-pair", "-m", "var", "--select", "threshold:1e9")
    assert code == 0
    assert "No edge was selected by threshold:1e9. The strongest 12 edges" in out


def test_a_choice_beyond_the_own_past_says_so() -> None:
    choice = Choice("regularizer.strength", (0.1, 0.2), (0.7, 0.6), (0.1, 0.1), 0.2, "lowest").beyond_own_past()
    assert "it explains 40% of the held-out variance beyond the own past" in choice.sentence()
    assert choice.relative
    hopeless = Choice("regularizer.strength", (0.1, 0.2), (1.2, 1.1), (0.1, 0.1), 0.2, "lowest").beyond_own_past()
    assert "better than their own past: do not trust the scores" in hopeless.sentence()
