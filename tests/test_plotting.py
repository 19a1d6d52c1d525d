"""Pictures: they show the right thing in the right direction, and their files are whole and repeatable."""

from __future__ import annotations

import subprocess
import sys
import warnings
from dataclasses import replace
from itertools import pairwise

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex

from causalkit.core.choice import Choice
from causalkit.core.discovery import Discovery
from causalkit.core.response import Response
from causalkit.core.truth import Truth
from causalkit.display.labels import cells, labels
from causalkit.errors import DataError, ParameterError, WrongUsageError
from causalkit.plotting import (
    KINDS,
    check_suffix,
    plot,
    plot_graph,
    plot_heatmap,
    plot_lags,
    plot_overview,
    plot_ranking,
    plot_training,
)

NAMES = ("a", "b", "c", "d")
WEIRD = ("$x_1^2$", "<b>&", "_hidden", "日本語", "two\nlines", "", "x" * 300, "x" * 299 + "y", "\u202e", "% \\ {")


def made(edges, names=NAMES, lags=3, **fields):
    """A discovery with these scores, ``{"ab2": 0.5}`` for a -> b at lag 2, and zeros elsewhere."""
    scores = np.zeros((len(names), len(names), lags))
    for edge, score in edges.items():
        scores[names.index(edge[0]), names.index(edge[1]), int(edge[2]) - 1] = score
    return Discovery(names=names, scores=scores, method="made", **fields)


def with_selected(discovery, *edges):
    selected = np.zeros(discovery.scores.shape, dtype=bool)
    for cause, effect, lag in edges:
        selected[NAMES.index(cause), NAMES.index(effect), int(lag) - 1] = True
    return replace(discovery, selected=selected)


def random(size, lags, names=None, seed=0):
    generator = np.random.default_rng(seed)
    names = names or tuple(f"g{number}" for number in range(size))
    truth = Truth(names=names, edges=generator.random((size, size)) < 0.2)
    scores = generator.random((size, size, lags)) + truth.edges[:, :, None]
    history = {"epoch": [1.0, 2.0, 3.0], "forecast": [1.0, 0.1, 0.001], "validation": [1.0, 0.2, 0.1]}
    choices = (Choice("lag", (1, 2), (0.5, 0.4), (0.1, 0.1), 2, "lowest"),)
    curve = np.linspace(-1, 1, 5)
    responses = tuple(Response(cause, names[0], 1, curve, curve, curve - 1, curve + 1) for cause in names[1:])
    known = {"history": history, "choices": choices, "responses": responses}
    return Discovery(names=names, scores=scores, method="made", **known), truth


def arrows(ax, kind):
    """Arrows by their ends: ``{"0-1": patch}``."""
    prefix = f"{kind}-edge-"
    return {patch.get_gid()[len(prefix) :]: patch for patch in ax.patches if (patch.get_gid() or "").startswith(prefix)}


def ends(arrow):
    """Where an arrow begins and where its head points to, in data coordinates."""
    points = arrow._posA_posB or arrow._path_original.vertices[[0, -1]]
    return np.array(points[0]), np.array(points[1])


def _arc(points):
    """Points of a quadratic Bézier curve."""
    t = np.linspace(0, 1, 60)[:, None]
    return (1 - t) ** 2 * points[0] + 2 * t * (1 - t) * points[1] + t**2 * points[2]


def nodes(ax):
    """Centers of the series, in their order."""
    shown = [patch for patch in ax.patches if (patch.get_gid() or "").startswith("graph-series-")]
    shown.sort(key=lambda patch: int(patch.get_gid().removeprefix("graph-series-")))
    paths = [patch.get_path().transformed(patch.get_patch_transform()) for patch in shown]
    return np.array([path.get_extents().get_points().mean(axis=0) for path in paths])


def said(ax):
    return " ".join(text.get_text() for text in ax.texts) + " " + ax.get_title()


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


# The summary graph


def test_an_arrow_runs_from_its_cause_to_its_effect():
    ax = plot_graph(made({"ab2": 1.0, "ca1": 0.5}))
    drawn, places = arrows(ax, "graph"), nodes(ax)
    assert set(drawn) == {"0-1", "2-0"}
    for edge, arrow in drawn.items():
        cause, effect = map(int, edge.split("-"))
        start, end = ends(arrow)
        assert np.argmin(np.linalg.norm(places - start, axis=1)) == cause
        assert np.argmin(np.linalg.norm(places - end, axis=1)) == effect
        assert arrow.get_arrowstyle().arrow == "-|>"


def test_stronger_edges_are_wider():
    drawn = arrows(plot_graph(made({"ab1": 1.0, "cd1": 0.2})), "graph")
    assert drawn["0-1"].get_linewidth() > drawn["2-3"].get_linewidth()
    assert drawn["0-1"].get_alpha() > drawn["2-3"].get_alpha()


@pytest.mark.parametrize("size", [2, 3, 4, 7, 12, 30])
def test_opposite_arrows_bend_apart(size):
    names = tuple(f"g{number}" for number in range(size))
    for other in range(1, size):
        scores = np.zeros((size, size, 1))
        scores[0, other] = scores[other, 0] = 1.0
        ax = plot_graph(Discovery(names=names, scores=scores), layout="circle")
        drawn = arrows(ax, "graph")
        middles = [_arc(drawn[edge]._path_original.vertices)[30] for edge in (f"0-{other}", f"{other}-0")]
        length = np.linalg.norm(np.subtract(*ends(drawn[f"0-{other}"])))
        assert np.linalg.norm(middles[0] - middles[1]) > 0.1 * length


@pytest.mark.parametrize("size", [4, 10, 12, 13, 30, 100])
def test_no_arrow_runs_through_a_third_series(size):
    scores = np.zeros((size, size, 1))
    scores[0, :] = scores[:, 0] = 1.0
    names = tuple(map(str, range(size)))
    ax = plot_graph(Discovery(names=names, scores=scores), top=2 * size, layout="circle")
    radius = next(patch.radius for patch in ax.patches if hasattr(patch, "radius"))
    places = nodes(ax)
    for edge, arrow in arrows(ax, "graph").items():
        others = np.delete(places, list(map(int, edge.split("-"))), axis=0)
        curve = _arc(arrow._path_original.vertices)
        assert np.linalg.norm(curve[:, None] - others, axis=2).min() > radius, edge


def test_false_edges_differ_from_true_ones_in_colour_and_line_and_missed_ones_are_dotted():
    truth = Truth.from_edges([("a", "b"), ("c", "d")], names=NAMES)
    ax = plot_graph(with_selected(made({"ab1": 1.0, "bc1": 0.9}), "ab1", "bc1"), truth=truth)
    drawn = arrows(ax, "graph")
    true, false, missed = drawn["0-1"], drawn["1-2"], drawn["2-3"]
    assert len({to_hex(arrow.get_edgecolor()) for arrow in (true, false, missed)}) == 3
    assert len({str(arrow.get_linestyle()) for arrow in (true, false, missed)}) == 3
    assert legend(ax) == ["true (1)", "false (1)", "missed (1)"]


def test_a_truth_in_another_order_is_aligned():
    truth = Truth.from_edges([("a", "b")], names=("d", "c", "b", "a"))
    assert legend(plot_graph(made({"ab1": 1.0}), truth=truth))[:2] == ["true (1)", "false (0)"]
    with pytest.raises(DataError):
        plot_graph(made({"ab1": 1.0}), truth=Truth.from_edges([("a", "z")]))


def test_selected_edges_are_drawn_where_there_are_any_and_otherwise_the_strongest_and_the_title_says_which():
    discovery = made({"ab1": 1.0, "bc1": 0.9, "cd1": 0.1})
    ax = plot_graph(discovery, top=2)
    assert set(arrows(ax, "graph")) == {"0-1", "1-2"}
    assert "2 strongest of 12" in ax.get_title()
    assert "none selected" in ax.get_title()
    ax = plot_graph(with_selected(discovery, "cd1"))
    assert set(arrows(ax, "graph")) == {"2-3"}
    assert "1 selected edge" in ax.get_title()
    ax = plot_graph(with_selected(discovery))
    assert not arrows(ax, "graph")
    assert "no edge was selected" in ax.get_title()


def test_the_strongest_edges_are_between_different_series_unless_asked():
    discovery = made({"aa1": 9.0, "ab1": 1.0})
    ax = plot_graph(discovery)
    assert set(arrows(ax, "graph")) == {"0-1"}
    assert "self-edges left out" in ax.get_title()
    ax = plot_graph(discovery, self_edges=True)
    assert set(arrows(ax, "graph")) == {"0-1", "0-0"}
    assert "left out" not in ax.get_title()
    assert set(arrows(plot_graph(with_selected(discovery, "aa1")), "graph")) == {"0-0"}


def test_true_self_edges_are_not_called_missed_when_the_selection_left_self_edges_out():
    truth = Truth.from_edges([("a", "a"), ("a", "b")], names=NAMES)
    assert "missed (0)" in legend(plot_graph(with_selected(made({"ab1": 1.0}), "ab1"), truth=truth))


def test_names_stay_within_the_picture():
    names = tuple(f"a_long_name_of_station_{number}" for number in range(30))
    ax = plot_graph(random(30, 1, names)[0])
    figure = ax.figure
    figure.draw_without_rendering()
    for text in ax.texts:
        box = text.get_window_extent()
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= figure.bbox.x1
        assert box.y1 <= figure.bbox.y1


# The heat map


def test_rows_of_the_heat_map_are_causes():
    ax = plot_heatmap(made({"ac2": 1.0}))
    shown = ax.images[0].get_array()
    assert shown[0, 2] == 1.0
    assert shown.sum() == 1.0
    assert "cause" in ax.get_ylabel()
    assert "effect" in ax.get_xlabel()
    assert [text.get_text() for text in ax.get_yticklabels()] == list(NAMES)
    low, high = ax.get_ylim()
    assert low > high  # the first cause is on top


def test_the_heat_map_shows_one_lag_or_the_largest():
    discovery = made({"ab1": 0.3, "ab2": 0.7})
    assert plot_heatmap(discovery).images[0].get_array()[0, 1] == 0.7
    assert plot_heatmap(discovery, lag=1).images[0].get_array()[0, 1] == 0.3
    with pytest.raises(WrongUsageError, match="1 to 3"):
        plot_heatmap(discovery, lag=4)


def test_true_edges_are_outlined_and_selected_ones_have_a_dot():
    truth = Truth.from_edges([("a", "c", 2), ("b", "a", 1)], names=NAMES)
    discovery = with_selected(made({"ac2": 1.0, "db1": 0.5}), "db1")

    def outlined(ax):
        boxes = next(part for part in ax.collections if part.get_gid() == "heatmap-truth")
        return {tuple(path.get_extents().get_points().mean(axis=0).round()) for path in boxes.get_paths()}

    ax = plot_heatmap(discovery, truth=truth)
    assert outlined(ax) == {(2, 0), (0, 1)}  # x is the effect
    assert outlined(plot_heatmap(discovery, truth=truth, lag=2)) == {(2, 0)}
    dots = next(part for part in ax.collections if part.get_gid() == "heatmap-selected")
    assert dots.get_offsets().tolist() == [[1, 3]]


def test_strong_self_edges_do_not_wash_out_the_others():
    ax = plot_heatmap(made({"aa1": 100.0, "ab1": 1.0}))
    assert ax.images[0].norm.vmax == 1.0
    hidden = plot_heatmap(made({"aa1": 100.0, "ab1": 1.0}), self_edges=False).images[0].get_array()
    assert np.ma.getmaskarray(hidden).diagonal().all()
    assert not np.ma.getmaskarray(hidden)[0, 1]


def test_many_names_are_thinned_and_the_axis_says_so():
    ax = plot_heatmap(random(200, 1)[0])
    shown = len(ax.get_yticks())
    assert shown < 200
    assert "named" in ax.get_ylabel()
    ax.figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
    assert all(first.y0 >= second.y1 - 1 for first, second in pairwise(boxes))


# The lag graph


def test_lag_arrows_run_from_the_past_of_the_cause_to_the_presence_of_the_effect():
    ax = plot_lags(made({"ab2": 1.0, "ca1": 0.5, "dd3": 0.4}), self_edges=True)
    drawn = arrows(ax, "lags")
    assert set(drawn) == {"0-1-2", "2-0-1", "3-3-3"}
    step = {
        round(place, 6): label.get_text() for place, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
    }
    for edge, past in (("0-1-2", "t\N{MINUS SIGN}2"), ("2-0-1", "t\N{MINUS SIGN}1"), ("3-3-3", "t\N{MINUS SIGN}3")):
        (left, cause), (right, effect) = ends(drawn[edge])
        assert (step[round(left, 6)], step[round(right, 6)]) == (past, "t")
        assert (cause, effect) == tuple(map(int, edge.split("-")[:2]))
        assert right > left
    assert [label.get_text() for label in ax.get_yticklabels()][:4] == list(NAMES)  # again on the right
    spans = sorted((ends(drawn[edge])[0][0], ends(drawn[edge])[1][0]) for edge in drawn)
    assert all(before[1] < after[0] for before, after in pairwise(spans))  # no column reaches into the next
    assert ax.get_xlim()[0] < spans[0][0]
    assert spans[-1][1] < ax.get_xlim()[1]


def test_a_right_pair_at_a_wrong_lag_is_false_where_the_truth_has_lags():
    truth = Truth.from_edges([("a", "b", 1), ("b", "c", 9)], names=NAMES)
    ax = plot_lags(made({"ab2": 1.0}), truth=truth)
    assert legend(ax)[:2] == ["true (0)", "false (1)"]
    assert "1 true edge beyond lag 3" in ax.get_title()
    pairs = Truth.from_edges([("a", "b")], names=NAMES)
    assert legend(plot_lags(made({"ab2": 1.0}), truth=pairs)) == ["true pair, lag not known (1)", "false (0)"]


def test_a_lag_graph_of_many_series_keeps_those_with_edges():
    ax = plot_lags(random(100, 2)[0], top=5)
    drawn = {int(end) for edge in arrows(ax, "lags") for end in edge.split("-")[:2]}
    assert {label.get_text() for label in ax.get_yticklabels()} == {f"g{number}" for number in drawn}
    assert "of 100 series" in ax.get_title()


# Training and ranking


def test_every_part_of_the_history_has_a_curve():
    history = {"epoch": [5.0, 10.0], "forecast": [2.0, 1.0], "_ridge": [3.0, 2.0], "validation": [None, 4.0]}
    ax = plot_training(made({}, history=history))
    errors, ridge = ax.figure.axes
    assert errors is ax
    assert legend(ax) == ["training", "validation"]
    assert ax.lines[0].get_xdata().tolist() == [5, 10]
    assert ax.lines[1].get_ydata().tolist() == [4]
    assert ax.get_yscale() == "linear"
    assert ridge.get_ylabel() == "ridge"  # a penalty is another quantity, so it has an axis of its own
    assert ridge.lines[0].get_ydata().tolist() == [3, 2]


@pytest.mark.parametrize(
    ("values", "scale"), [([1e3, 1.0], "log"), ([1e3, 0.0, 1.0], "symlog"), ([2.0, 1.0], "linear")]
)
def test_the_scale_follows_the_span(values, scale):
    assert plot_training(made({}, history={"forecast": values})).get_yscale() == scale


def test_without_history_the_picture_says_so():
    assert "made recorded no training history" in said(plot_training(made({})))


def test_ranking_shows_both_policies_with_their_areas():
    truth = Truth.from_edges([("a", "b"), ("c", "c")], names=NAMES)
    roc, recall = plot_ranking(made({"ab1": 1.0}), truth)
    assert "without self-edges: AUROC 1.000" in legend(roc)
    assert "with self-edges: AUROC 0.750" in legend(roc)
    assert "without self-edges: AUPRC 1.000" in legend(recall)
    assert "chance without self-edges: 0.083" in legend(recall)


def test_ranking_against_a_truth_without_edges_explains_itself():
    roc, recall = plot_ranking(made({"ab1": 1.0}), Truth.from_edges([], names=NAMES))
    assert "pairs with and without an edge" in said(roc)
    assert "pairs with and without an edge" in said(recall)


def test_the_overview_has_what_there_is_to_see():
    def titles(figure):
        return {ax.get_title().split("\n")[0].split(",")[0] for ax in figure.axes if ax.get_title()}

    discovery, truth = random(5, 2)
    discovery = replace(discovery, seed=7, data={"source": "/data/plant.csv"})
    figure = plot_overview(discovery, truth=truth)
    assert titles(figure) == {
        "Summary graph", "Scores", "Lag graph", "Training", "ROC curve", "Precision-recall curve",
    }  # fmt: skip
    for fact in ("made", "plant.csv", "lag 2", "seed 7"):
        assert fact in figure.get_suptitle()
    bare = replace(discovery, scores=discovery.scores[:, :, :1], history={})
    assert titles(plot_overview(bare)) == {"Summary graph", "Scores"}


# Names


def test_labels_are_short_unlike_and_on_one_line():
    shown = labels(WEIRD, 20)
    assert len(set(shown)) == len(WEIRD)
    assert all(0 < cells(label) <= 20 for label in shown)
    assert not any("\n" in label for label in shown)


@pytest.mark.parametrize("kind", KINDS)
def test_any_name_can_be_drawn(kind, tmp_path):
    discovery, truth = random(len(WEIRD), 2, WEIRD)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)  # fonts of the machine
        plot(discovery, tmp_path / "weird.svg", kind, truth)
    assert (tmp_path / "weird.svg").stat().st_size > 1000


# Files


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_same_discovery_gives_the_same_bytes(suffix, tmp_path):
    discovery, truth = random(4, 2)
    for name in ("first", "second"):
        assert plot(discovery, tmp_path / f"{name}{suffix}", "graph", truth) == tmp_path / f"{name}{suffix}"
    assert (tmp_path / f"first{suffix}").read_bytes() == (tmp_path / f"second{suffix}").read_bytes()


def test_the_overview_gives_the_same_bytes(tmp_path):
    discovery, truth = random(4, 2)
    for name in ("first.svg", "second.svg"):
        plot(discovery, tmp_path / name, truth=truth)
    first, second = ((tmp_path / name).read_text() for name in ("first.svg", "second.svg"))
    assert first == second
    assert 'id="graph-edge-' in first


def test_an_error_leaves_the_old_picture_and_nothing_else(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    path = tmp_path / "graph.png"
    path.write_bytes(b"old")

    def fail(self, buffer, **_):
        buffer.write(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="no space"):
        plot(made({"ab1": 1.0}), path, "graph")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["graph.png"]


@pytest.mark.parametrize(
    ("name", "arguments", "error", "says"),
    [
        ("graph.jpg", {}, WrongUsageError, r"\.jpg.*\.png, \.svg, \.pdf"),
        ("graph", {}, WrongUsageError, "no suffix"),
        ("none/graph.png", {}, WrongUsageError, "no folder"),
        ("graph.png", {"kind": "heatmpa"}, WrongUsageError, "heatmap"),
        ("graph.png", {"kind": "ranking"}, WrongUsageError, "--truth"),
        ("graph.png", {"kind": "choices"}, WrongUsageError, "no automatically selected parameter"),
        ("graph.png", {"kind": "graph", "topp": 3}, ParameterError, "top"),
        ("graph.png", {"kind": "graph", "top": 0}, WrongUsageError, "at least 1"),
        ("graph.png", {"kind": "graph", "ax": None}, ParameterError, "ax"),
    ],
)
def test_wrong_requests_are_refused_with_a_hint_and_write_nothing(name, arguments, error, says, tmp_path):
    with pytest.raises(error, match=says):
        plot(made({"ab1": 1.0}), tmp_path / name, **arguments)
    assert not list(tmp_path.iterdir())


def test_a_suffix_is_checked_before_work_and_may_be_in_capitals(tmp_path):
    assert check_suffix("x.PNG").suffix == ".PNG"
    with pytest.raises(WrongUsageError):
        check_suffix("x.gif")
    assert plot(made({"ab1": 1.0}), tmp_path / "x.SVG", "graph").read_text().startswith("<?xml")


# Manners


def test_nothing_of_matplotlib_is_changed_and_pyplot_is_not_used(tmp_path):
    before = dict(matplotlib.rcParams)
    discovery, truth = random(4, 2)
    for kind in KINDS:
        plot(discovery, tmp_path / "picture.svg", kind, truth)
    assert dict(matplotlib.rcParams) == before


def test_importing_plotting_imports_neither_matplotlib_nor_pandas():
    code = "import sys, causalkit.plotting, causalkit.display.discovery"
    code += "; print({'matplotlib', 'pandas', 'torch'} & set(sys.modules))"
    code += "; import causalkit.plotting.overview; print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["set()", "False"]


def test_pictures_draw_into_given_axes():
    from matplotlib.figure import Figure

    axes = Figure().subplots(1, 6)
    discovery, truth = random(4, 2)
    assert plot_graph(discovery, ax=axes[0]) is axes[0]
    assert plot_heatmap(discovery, ax=axes[1]) is axes[1]
    assert plot_lags(discovery, ax=axes[2]) is axes[2]
    assert plot_training(discovery, ax=axes[3]) is axes[3]
    assert plot_ranking(discovery, truth, axes=(axes[4], axes[5])) == (axes[4], axes[5])


@pytest.mark.parametrize("size", [1, 2, 100])
def test_any_size_and_all_zero_scores_can_be_drawn(size):
    names = tuple(map(str, range(size)))
    discovery = Discovery(names=names, scores=np.zeros((size, size, 2)))
    plot_overview(discovery, truth=Truth(names=names, edges=np.eye(size, dtype=bool))).draw_without_rendering()
    assert "no score is above zero" in plot_graph(discovery).get_title()
    assert "all are zero" in plot_heatmap(discovery).get_title()
