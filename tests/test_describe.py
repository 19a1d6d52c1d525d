"""A discovery in words: what it says, that columns align, and that no name breaks the page."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from causalkit.core.discovery import Discovery
from causalkit.display.discovery import html, summary
from causalkit.display.labels import cells

VOID = {"br", "hr", "img", "meta"}


@pytest.fixture
def found():
    scores = np.zeros((3, 3, 2))
    scores[0, 1, 1] = 0.5
    scores[2, 0, 0] = 0.25
    scores[1, 1, 0] = 9.0
    return Discovery(names=("a", "b", "long name"), scores=scores, method="grngc", seed=3, seconds=1.234)


def edge_lines(text):
    return [line for line in text.splitlines() if " -> " in line]


class Page(HTMLParser):
    """Collects tags and texts, and insists that every tag is closed by its own kind."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.texts, self.attributes = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)


def test_the_strongest_edges_between_different_series_come_first(found):
    lines = edge_lines(summary(found))
    assert [line.split() for line in lines] == [
        ["a", "->", "b", "lag", "2", "score", "0.5"],
        ["long", "name", "->", "a", "lag", "1", "score", "0.25"],
    ]
    assert len(edge_lines(summary(found, top=1))) == 1


def test_method_and_run_are_named_and_unknown_facts_left_out(found):
    text = summary(found)
    assert text.splitlines()[:2] == ["grngc, lag 2, seed 3, cpu, 1.23 s", "3 series"]
    assert summary(replace(found, method="", seed=None, seconds=0.0)).startswith("discovery, lag 2, cpu\n")


def test_what_happened_to_the_data_is_said(found):
    data = {
        "source": "x.csv",
        "realisations": 2,
        "steps": [90, 100],
        "windows": 180,
        "dropped": 5,
        "standardized": True,
    }
    line = summary(replace(found, data=data)).splitlines()[1]
    assert line == (
        "3 series of x.csv, 2 realisations of 90 to 100 steps, 180 windows (5 more dropped for missing cells), "
        "standardized"
    )
    one = summary(replace(found, data={"realisations": 1, "steps": [90], "windows": 1})).splitlines()[1]
    assert one == "3 series, 1 realisation of 90 steps, 1 window"


def test_without_a_selection_the_reader_learns_how_to_select(found):
    for text in (summary(found), " ".join(Page(html(found)).texts)):
        assert "No edges were selected" in text
        assert "top-k:10" in text
        assert "scores only rank" in text


def test_selection_and_p_values_appear_only_when_known(found):
    assert not re.search(r"\bp\b|  selected", summary(found))
    assert "selected</th>" not in html(found)
    assert "<th>p</th>" not in html(found)
    selected = np.zeros(found.scores.shape, dtype=bool)
    selected[0, 1, 1] = selected[1, 1, 0] = True
    known = replace(
        found, selected=selected, p_values=np.full(found.scores.shape, 0.0123), selection={"rule": "top-k:2"}
    )
    first, second = edge_lines(summary(known))
    assert "p 0.012" in first
    assert first.endswith("selected")
    assert not second.endswith("selected")
    assert "2 edges were selected by top-k:2, 1 of them from a series to itself" in summary(known)
    assert "<th>p</th><th>selected</th>" in html(known)


def test_a_joint_test_is_not_taken_for_one_of_a_single_lag(found):
    joint = replace(found, joint_p_values=np.array([[1, 0.02, 1], [1, 1, 1], [0.5, 1, 1]]))
    assert "p (all lags) 0.02" in edge_lines(summary(joint))[0]
    assert "<th>p (all lags)</th>" in html(joint)


def test_a_selection_of_nothing_is_said(found):
    nothing = replace(found, selected=np.zeros(found.scores.shape, dtype=bool), selection={"rule": "fdr:0.05"})
    assert "0 edges were selected by fdr:0.05" in summary(nothing)
    assert "No edges were selected" not in summary(nothing)


def test_zero_scores_are_said_and_notes_come_last(found):
    nothing = replace(found, scores=np.zeros((3, 3, 2)), notes=("the lag was\na guess",))
    assert "No edge between different series has a score above zero" in summary(nothing)
    assert summary(nothing).endswith("Notes:\n- the lag was a guess")
    assert "the lag was a guess" in Page(html(nothing)).texts


def test_columns_align_also_behind_wide_letters_and_long_names():
    scores = np.ones((4, 4, 1))
    names = ("日本語", "b" * 200, "x\ny", "d")
    lines = edge_lines(summary(Discovery(names=names, scores=scores), top=12))
    assert len(lines) == 12
    assert len({cells(line[: line.index("->")]) for line in lines}) == 1
    assert len({cells(line[: line.index(" lag ")]) for line in lines}) == 1
    assert max(map(cells, lines)) < 110


def test_names_and_notes_cannot_break_the_page():
    evil = "<script>alert(1)</script>\"'&"
    found = Discovery(
        names=(evil, "b\x00", "\ud800"),
        scores=np.ones((3, 3, 1)),
        method="<i>m</i>",
        notes=(evil,),
        data={"source": "<u>"},
        selection={"rule": "<s>"},
        selected=np.ones((3, 3, 1), dtype=bool),
        device="<em>",
    )
    page = Page(html(found))
    assert set(page.tags) <= {"div", "style", "b", "table", "tr", "th", "td", "span", "ul", "li"}
    assert evil in page.texts
    assert any(name == "title" and value.startswith(evil) for name, value in page.attributes)
    html(found).encode()
    summary(found).encode()


def test_the_page_needs_nothing_from_elsewhere(found):
    text = html(found)
    assert not re.search(r"https?:|url\(|@import|<script|<link|<img|src=", text)


def test_the_heat_map_has_causes_in_rows_and_is_left_out_where_it_is_too_large(found):
    rows = re.findall(r'<tr><th class="ck-row" title="(.*?)".*?</th>(<td.*?)</tr>', html(found))
    assert [name for name, _ in rows] == ["a", "b", "long name"]
    assert re.findall(r'<th class="ck-col" title="(.*?)">', html(found)) == ["a", "b", "long name"]
    shades = [[float(value) for value in re.findall(r"178,([\d.]+)\)", row)] for _, row in rows]
    assert shades == [[0, 1, 0], [0, 1, 0], [0.5, 0, 0]]  # b -> b is beyond the scale, which other pairs set
    large = Discovery(names=tuple(map(str, range(31))), scores=np.ones((31, 31, 1)))
    assert "Rows are causes" not in html(large)
    assert "ck-map" not in html(large).split("</style>")[1]
    assert len(html(large)) < 10_000


def test_selected_pairs_are_framed_and_the_legend_says_so(found):
    assert 'class="ck-edge"' not in html(found)
    selected = np.zeros(found.scores.shape, dtype=bool)
    selected[0, 1, 1] = True
    text = html(replace(found, selected=selected))
    assert re.findall(r'<td class="ck-edge" title="(.*?)"', text) == ["a → b: 0.5, selected"]
    assert any(words.strip() == "selected" for words in Page(text).texts)


def test_long_names_are_shortened_beside_the_heat_map_and_whole_under_the_pointer():
    names = ("Temperature of the surface of the sea", "b")
    text = html(Discovery(names=names, scores=np.ones((2, 2, 1))))
    row = re.search(r'<th class="ck-row" title="(.*?)">(.*?)</th>', text)
    assert row[1] == names[0]
    assert len(row[2]) <= 18


def test_bars_are_as_long_as_scores(found):
    widths = [float(width) for width in re.findall(r'ck-bar" style="width:([\d.]+)em', html(found))]
    assert widths == [5.0, 2.5]


def test_discovery_shows_itself(found):
    assert found.summary() == summary(found, 10)
    assert repr(found) == summary(found, 5)
    assert found._repr_html_() == html(found)


@pytest.mark.parametrize("size", [1, 2])
def test_the_smallest_discoveries_can_be_shown(size):
    found = Discovery(names=tuple("ab"[:size]), scores=np.ones((size, size, 1)))
    assert summary(found, top=0)
    assert Page(html(found)).tags
