"""Pictures for papers, notebooks and browsers: size, theme, fonts, names in any script."""

from __future__ import annotations

import re
import warnings
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.colors import to_rgb

from causalkit.cli.main import cli
from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.display.labels import cells
from causalkit.errors import ParameterError, UnknownNameError, WrongUsageError
from causalkit.plotting import KINDS, LAYOUTS, THEMES, Picture, picture, plot, plot_graph, plot_lags
from causalkit.plotting import fonts as installed_fonts
from causalkit.plotting.appearance import Appearance, drawn_as
from causalkit.plotting.fonts import MissingLettersWarning
from causalkit.plotting.names import wrapped
from causalkit.plotting.saving import TooSmallWarning

LONG = "plant 3 boiler feedwater temperature, sensor"


def made(edges, size=5, lags=1, names=None, **fields):
    """A discovery with these selected edges, ``(cause, effect)`` or ``(cause, effect, lag)``."""
    scores = np.zeros((size, size, lags))
    for number, (cause, effect, *lag) in enumerate(edges):
        scores[cause, effect, lag[0] - 1 if lag else 0] = 1.0 + 0.01 * number
    names = names or tuple(f"g{number}" for number in range(size))
    return Discovery(names=names, scores=scores, selected=scores > 0, method="made", **fields)


CHAIN = [(0, 1), (1, 2), (2, 3), (3, 4)]


def words_of(path):
    """The text elements of an .svg file."""
    root = ElementTree.parse(path).getroot()
    return ["".join(one.itertext()).strip() for one in root.iter("{http://www.w3.org/2000/svg}text")]


# Files


def test_text_of_svg_files_stays_text(tmp_path):
    names = ("温度", "ضغط", "θ", "d", "e")
    words = words_of(plot(made(CHAIN, names=names), tmp_path / "graph.svg", "graph"))
    assert "Summary graph" in " ".join(words)
    assert {"温度", "θ", "d"} <= set(words)


def test_fonts_of_pdf_files_are_truetype(tmp_path):
    content = plot(made(CHAIN), tmp_path / "graph.pdf", "graph").read_bytes()
    assert b"/CIDFontType2" in content or b"/TrueType" in content
    assert b"/Type3" not in content


def test_size_and_dpi_set_the_pixels(tmp_path):
    from PIL import Image

    path = plot(made(CHAIN), tmp_path / "graph.png", "graph", size="127x101.6mm", dpi=200)
    with Image.open(path) as image:
        assert image.size == (1000, 800)
    assert picture(made(CHAIN), "heatmap", size=(4, 3)).figure.get_size_inches().tolist() == [4, 3]


@pytest.mark.parametrize(
    ("option", "value", "error", "says"),
    [
        ("dpi", 0, ParameterError, "20 to 2400"),
        ("dpi", float("nan"), ParameterError, "20 to 2400"),
        ("size", "big", ParameterError, "180x120mm"),
        ("size", "0x3", ParameterError, "each side has"),
        ("size", (1, 2, 3), ParameterError, "180x120mm"),
        ("size", 7, ParameterError, "180x120mm"),
        ("theme", "drak", UnknownNameError, "dark"),
        ("tilte", "x", ParameterError, "title"),
        ("layout", "circel", UnknownNameError, "circle"),
    ],
)
def test_wrong_options_are_refused(option, value, error, says, tmp_path):
    with pytest.raises(error, match=says):
        plot(made(CHAIN), tmp_path / "graph.png", "graph", **{option: value})
    assert not list(tmp_path.iterdir())


def test_too_many_dots_are_refused(tmp_path):
    with pytest.raises(ParameterError, match="too many dots"):
        plot(made(CHAIN), tmp_path / "graph.png", "graph", size=(50, 50), dpi=2400)


@pytest.mark.parametrize("kind", ["graph", "lags", "heatmap", "training"])
def test_a_picture_for_one_column_has_room_for_its_legends(kind):
    from tests.test_plotting import random

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown = picture(random(8, 2)[0], kind, size="85x80mm")
        shown._repr_png_()
    figure = shown.figure
    figure.draw_without_rendering()
    for ax in figure.axes:
        for part in (ax.get_legend(), *ax.artists, ax.title):
            if part is not None:
                box = part.get_window_extent()
                assert box.x0 >= -1
                assert box.x1 <= figure.bbox.x1 + 1


def test_a_title_replaces_the_first_line_and_keeps_what_is_left_out():
    ax = picture(made(CHAIN), "graph", title="Boiler").figure.axes[0]
    assert ax.get_title() == "Boiler\n4 selected edges, self-edges left out"
    assert picture(made(CHAIN), "graph", title="").figure.axes[0].get_title() == ""
    assert picture(made(CHAIN), title="Boiler").figure.get_suptitle() == "Boiler"


# Themes


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", ["overview", "graph", "heatmap", "lags"])
def test_every_text_contrasts_with_the_paper(theme, kind):
    figure = picture(made(CHAIN, lags=2), kind, theme=theme).figure

    def brightness(color):
        return float(np.dot(to_rgb(color), (0.299, 0.587, 0.114)))

    paper = brightness(figure.get_facecolor()[:3])
    assert (paper < 0.3) == (theme == "dark")
    for ax in figure.axes:
        for text in (ax.title, ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()):
            assert abs(brightness(text.get_color()) - paper) > 0.35, text


def test_the_grey_theme_has_no_colours():
    content = picture(made(CHAIN, lags=2), theme="grey")._repr_svg_()
    colors = {one.lower() for one in re.findall(r"#[0-9a-fA-F]{6}", content)}
    assert len(colors) > 4
    assert all(one[1:3] == one[3:5] == one[5:] for one in colors)


def test_a_theme_ends_with_its_picture():
    import matplotlib

    before = dict(matplotlib.rcParams)
    picture(made(CHAIN), "graph", theme="dark")
    with pytest.raises(ParameterError):
        picture(made(CHAIN), "graph", theme="dark", tops=3)
    assert dict(matplotlib.rcParams) == before
    assert to_rgb(picture(made(CHAIN), "graph").figure.get_facecolor()[:3]) == (1, 1, 1)


# Notebooks


@pytest.mark.parametrize("kind", ["graph", "heatmap", "overview"])
def test_a_picture_shows_itself(kind):
    shown = made(CHAIN).plot(kind)
    assert isinstance(shown, Picture)
    assert shown._repr_png_().startswith(b"\x89PNG")
    assert ElementTree.fromstring(shown._repr_svg_()).tag.endswith("svg")
    assert kind in repr(shown)


def test_a_picture_can_be_changed_and_written(tmp_path):
    shown = made(CHAIN).plot("graph", dpi=40)
    shown.figure.axes[0].set_title("mine")
    assert "mine" in words_of(shown.save(tmp_path / "mine.svg"))
    assert made(CHAIN).plot("graph", tmp_path / "graph.png").kind == "graph"
    assert (tmp_path / "graph.png").exists()


# Names


def test_names_are_wrapped_between_words():
    label = wrapped([LONG], 20, 4)[0]
    assert " ".join(label.split("\n")) == LONG
    assert max(map(cells, label.split("\n"))) <= 20
    assert wrapped(["boiler_feedwater_temperature"], 18, 3)[0].replace("\n", "") == "boiler_feedwater_temperature"
    assert wrapped(["水位" * 10], 8, 6)[0].replace("\n", "") == "水位" * 10


def test_names_that_are_too_long_end_in_an_ellipsis_and_stay_distinct():
    names = [f"{LONG} {number}" for number in range(3)]
    labels = wrapped(names, 12, 2)
    assert len(set(labels)) == 3
    assert all("…" in label and label.startswith("plant 3") for label in labels)
    with drawn_as(Appearance(full_names=True)):
        assert [" ".join(label.split("\n")) for label in wrapped(names, 12, 2)] == names


def test_numbers_of_equal_names_are_those_of_the_data():
    names = ["a", "same", "b", "same"]
    assert wrapped(names, 10, shown=[1, 3]) == ["same#2", "same#4"]


def test_letters_without_a_font_have_a_number_and_a_warning_explains_it(tmp_path, monkeypatch):
    monkeypatch.setattr(installed_fonts, "_search", lambda letters: ((), ("度", "温")))
    discovery = made(CHAIN, names=("温度 1", "温度 2", "c", "d", "e"))
    shown = discovery.plot("graph")
    with pytest.warns(MissingLettersWarning, match=r"Chinese or Japanese.*\[1\] is 温度.*Noto Sans CJK"):
        shown._repr_png_()
    assert any(text.get_text() == "温度 1" for text in shown.figure.axes[0].texts)  # the figure is as it was
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "温度 1" in words_of(shown.save(tmp_path / "graph.svg"))


@pytest.mark.parametrize("kind", ["heatmap", "lags"])
def test_letters_without_a_font_have_a_number_on_axes_as_well(kind, monkeypatch, tmp_path):
    from matplotlib.figure import Figure

    monkeypatch.setattr(installed_fonts, "_search", lambda letters: ((), ("度", "温")))
    written = []

    def look(self, *args, **kwargs):
        self.draw_without_rendering()
        written.extend(label.get_text() for label in self.axes[0].get_yticklabels())

    shown = made(CHAIN, names=("温度 1", "温度 2", "c", "d", "e")).plot(kind)
    monkeypatch.setattr(Figure, "savefig", look)
    with pytest.warns(MissingLettersWarning):
        shown._repr_png_()
    assert written[:3] == ["[1] 1", "[1] 2", "c"]
    shown.figure.draw_without_rendering()
    assert shown.figure.axes[0].get_yticklabels()[0].get_text() == "温度 1"


def test_known_letters_need_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made(CHAIN, names=("θερμοκρασία", "давление", "ضغط", "é", "µ")).plot("graph")._repr_png_()


# The summary graph


def boxes(ax):
    """Vertical places of series by their numbers."""
    return {
        int(patch.get_gid().removeprefix("graph-series-")): float(
            patch.get_path().transformed(patch.get_patch_transform()).get_extents().get_points().mean(axis=0)[1]
        )
        for patch in ax.patches
        if (patch.get_gid() or "").startswith("graph-series-")
    }


def test_causes_are_above_their_effects_where_there_is_no_cycle():
    edges = [(0, 1), (0, 2), (1, 3), (2, 3), (0, 3), (3, 4)]
    height = boxes(plot_graph(made(edges)))
    assert all(height[cause] > height[effect] for cause, effect in edges)


def test_series_without_an_edge_are_drawn_as_well():
    assert set(boxes(plot_graph(made([(0, 1)], size=6)))) == set(range(6))


def test_a_hub_is_in_the_middle_and_its_arrowheads_do_not_lie_on_each_other():
    size = 60
    ax = plot_graph(
        made([(cause, 0) for cause in range(1, 40)] + [(1, 2), (2, 1), (2, 3), (3, 2)], size=size), layout="hubs"
    )
    circles = {patch.get_gid(): patch for patch in ax.patches if (patch.get_gid() or "").startswith("graph-series-")}
    assert np.allclose(circles["graph-series-0"].center, (0, 0))
    tips = [
        patch._path_original.vertices[-1]
        for patch in ax.patches
        if re.fullmatch(r"graph-edge-\d+-0", patch.get_gid() or "")
    ]
    apart = np.linalg.norm(np.array(tips)[:, None] - np.array(tips)[None], axis=2) + np.eye(len(tips))
    assert apart.min() > 0.01


def test_clusters_are_apart():
    edges = [(first + offset, second + offset) for offset in (0, 8) for first in range(8) for second in range(8)]
    edges = [(cause, effect) for cause, effect in edges if (cause - effect) % 8 in (1, 2, 7)]
    ax = plot_graph(made(edges, size=16))
    centers = {
        int(patch.get_gid().removeprefix("graph-series-")): np.array(patch.center)
        for patch in ax.patches
        if hasattr(patch, "center")
    }
    first, second = (np.array([centers[one] for one in range(start, start + 8)]) for start in (0, 8))
    within = max(np.linalg.norm(one - one.mean(axis=0), axis=1).max() for one in (first, second))
    assert np.linalg.norm(first.mean(axis=0) - second.mean(axis=0)) > 2 * within


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_draws_every_edge_once(layout):
    edges = [(0, 1), (1, 2), (2, 0), (3, 4), (4, 3), (0, 0)]
    ax = plot_graph(made(edges), layout=layout)
    drawn = sorted(patch.get_gid() for patch in ax.patches if (patch.get_gid() or "").startswith("graph-edge-"))
    assert drawn == sorted(f"graph-edge-{cause}-{effect}" for cause, effect in edges)


def test_lags_are_on_the_arrows():
    ax = plot_graph(made([(0, 1, 2), (0, 1, 3), (1, 2, 1)], lags=3))
    lags = {text.get_gid(): text.get_text() for text in ax.texts if (text.get_gid() or "").startswith("graph-lag-")}
    assert lags == {"graph-lag-0-1": "2, 3", "graph-lag-1-2": "1"}
    assert not [
        text for text in plot_graph(made(CHAIN)).texts if text.get_gid()
    ]  # with one lag, there is nothing to say


def test_a_legend_explains_widths():
    ax = plot_graph(made(CHAIN))
    legends = [ax.get_legend(), *(artist for artist in ax.artists)]
    words = [text.get_text() for one in legends if one for text in one.get_texts()]
    assert any(word.startswith("score 1.03") for word in words)


def test_of_very_many_edges_the_strongest_are_drawn_and_the_title_says_so():
    generator = np.random.default_rng(0)
    edges = [(int(cause), int(effect)) for cause, effect in generator.integers(0, 100, (400, 2)) if cause != effect]
    ax = plot_graph(made(edges, size=100))
    drawn = [patch for patch in ax.patches if (patch.get_gid() or "").startswith("graph-edge-")]
    assert len(drawn) == 150
    assert "the 150 strongest of" in ax.get_title()


def test_lags_without_an_edge_have_no_column_where_there_are_many():
    ax = plot_lags(made([(0, 1, 3), (1, 2, 17)], lags=20))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["t−3", "t", "t−17", "t"]  # noqa: RUF001
    assert "2 of 20 lags have a column: 3 and 17" in ax.get_title()


# The interactive graph


def test_an_interactive_graph_is_one_page_without_network(tmp_path):
    pytest.importorskip("bokeh")
    discovery = made(CHAIN, names=("<b>温度</b>", "b", "c", "d", "e"))
    page = plot(discovery, tmp_path / "graph.html").read_text(encoding="utf-8")
    assert not re.search(r"""<(script|link|img)[^>]*(src|href)=["']?https?:""", page)
    assert "Search a series" in page
    assert "<b>温度</b>" not in page.split("</head>")[1]
    shown = discovery.plot("interactive", theme="dark", truth=Truth.from_edges([("b", "c")], names=discovery.names))
    assert shown._repr_html_().startswith("<iframe srcdoc=")


def test_numbers_of_lags_lie_on_opaque_patches_of_an_interactive_graph(tmp_path):
    pytest.importorskip("bokeh")
    page = plot(made([(0, 1, 2)], lags=2), tmp_path / "graph.html").read_text(encoding="utf-8")
    glyphs = [
        one for one in re.findall(r'"name":"Text".*?(?="name":"Text"|$)', page, re.DOTALL) if '"field":"lag"' in one
    ]
    assert glyphs
    for glyph in glyphs:  # as strong as the number itself; wider than it, or thick lines run into it
        assert re.search(r'"background_fill_alpha":{"type":"field","field":"shown"}', glyph)
        assert '"padding":2' in glyph


def test_an_interactive_graph_without_its_package_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("causalkit.plotting.formats.find_spec", lambda name: None)
    with pytest.raises(WrongUsageError, match=r"causalkit\[interactive\]"):
        plot(made(CHAIN), tmp_path / "graph.html", "graph")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("kind", "name"), [("heatmap", "a.html"), ("interactive", "a.png")])
def test_only_the_graph_is_interactive(kind, name, tmp_path):
    with pytest.raises(WrongUsageError, match=r"\.svg|\.html"):
        plot(made(CHAIN), tmp_path / name, kind)


# The command


@pytest.mark.parametrize(
    "options",
    [
        ["--kind", "graph", "--dpi", "60", "--size", "90x70mm", "--title", "T", "--theme", "dark", "--full-names"],
        ["--kind", "graph", "--layout", "circle", "--top", "2"],
        ["--kind", "lags", "--top", "2", "--theme", "grey"],
    ],
)
def test_the_command_takes_the_options(options, tmp_path):
    made(CHAIN, lags=2).save(tmp_path / "result.json")
    done = CliRunner().invoke(cli, ["plot", str(tmp_path / "result.json"), *options, "-o", str(tmp_path / "a.png")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--size", "huge"], "180x120mm"),
        (["--dpi", "1"], "20 to 2400"),
        (["--kind", "heatmap", "--layout", "circle"], "no effect"),
        (["--kind", "heatmap", "--top", "3"], "no effect"),
        (["--kind", "graph", "--top", "0"], "at least 1"),
    ],
)
def test_the_command_refuses_wrong_options(options, says, tmp_path):
    made(CHAIN, lags=2).save(tmp_path / "result.json")
    done = CliRunner().invoke(cli, ["plot", str(tmp_path / "result.json"), *options, "-o", str(tmp_path / "a.png")])
    assert isinstance(done.exception, WrongUsageError)
    assert says in str(done.exception)
    assert not (tmp_path / "a.png").exists()


def test_series_take_the_options_as_well(tmp_path):
    (tmp_path / "data.csv").write_text("a,b\n" + "\n".join(f"{one},{one * one % 7}" for one in range(30)))
    options = ["--kind", "series", "--title", "Mine", "--theme", "dark", "--size", "6x4", "--top", "1"]
    done = CliRunner().invoke(cli, ["plot", str(tmp_path / "data.csv"), *options, "-o", str(tmp_path / "a.svg")])
    assert done.exit_code == 0, done.output
    assert "Mine" in words_of(tmp_path / "a.svg")


def test_every_kind_has_the_common_options(tmp_path):
    from tests.test_plotting import random

    discovery, truth = random(4, 2)
    for kind in KINDS:
        path = plot(discovery, tmp_path / f"{kind}.svg", kind, truth, theme="dark", title="Mine", size=(12, 12))
        assert any("Mine" in word for word in words_of(path)), kind


def test_a_picture_without_room_for_its_parts_says_so(tmp_path):
    with pytest.warns(TooSmallWarning, match="larger size"):
        plot(made(CHAIN, names=tuple(f"{LONG} {one}" for one in range(5))), tmp_path / "a.png", size=(2, 2))


@pytest.mark.parametrize("top", [0, -2, 1.5, "3", True, None])
@pytest.mark.parametrize("kind", ["overview", "graph", "lags"])
def test_a_number_of_edges_is_whole(kind, top):
    discovery = made([(0, 1, 1), (1, 2, 2)], lags=2)
    if top is None:
        picture(discovery, kind, top=top)
        return
    with pytest.raises(WrongUsageError, match="top is a whole number"):
        picture(discovery, kind, top=top)
