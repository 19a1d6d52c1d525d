"""Names with markup, quotes, formulas and control characters are text in every file, page and notebook."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest

from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel
from causalkit.errors import DataError
from causalkit.io import load, write
from causalkit.report import publish_leaderboard, report_comparison, report_discovery
from tests.test_report import grid, record

NAMES = (
    "<script>alert(1)</script>",
    "</title></style></svg><img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "&lt;b&amp;&#0;",
    "]]><!--",
    "javascript:alert(1)",
    "{{7*7}}{% x %}${x}%s{0}",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "a\r\n=1",
    '=HYPERLINK("http://example.org","x")',
    "\"';--",
    "back\\",
    "\\N\\G",
    "a\nb",
    "$\\frac{1}{0}$",
    " leading",
    "a,b;c|d",
    "`c` *b* [x](http://example.org)",
    "日本\u202egnp.exe",
    "\u2028x",
    "x" * 3000,
)
CONTROLS = ("\x1b[31mred", "\x07\x9b2J", "\x00nul", "\ufffe")
HALF = "\ud800half"
OWN_PAGE = re.compile(r"[\w./-]+\.(html|json)(#[\w-]+)?")
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def made(*names: str) -> Discovery:
    size = len(names)
    scores = np.random.default_rng(0).random((size, size, 2)) / 3
    return Discovery(names=names, scores=scores, p_values=scores, selected=scores > 0.2, method="var")


@pytest.fixture(scope="module")
def everything():
    """One result with the names that pages could get wrong; every picture of it takes seconds."""
    return made(*NAMES[:8], *NAMES[11:14], *NAMES[17:20], NAMES[23], *CONTROLS, "plain")


@pytest.mark.parametrize("name", [*NAMES, *CONTROLS, HALF])
@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_results_come_back_as_they_were(tmp_path, suffix, name):
    write(made(name, "plain"), tmp_path / f"found{suffix}")
    assert load(tmp_path / f"found{suffix}").names == (name, "plain")


@pytest.mark.parametrize("name", [*NAMES, *CONTROLS])
def test_a_spreadsheet_computes_nothing(tmp_path, name):
    write(made(name, "plain"), tmp_path / "found.csv")
    with (tmp_path / "found.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 8
    computed = name.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert {row["cause"] for row in rows} == {f"'{name}" if computed else name, "plain"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("suffix", "read"), [(".graphml", nx.read_graphml), (".gexf", nx.read_gexf)])
def test_graph_files_have_the_names(tmp_path, suffix, read, name):
    path = tmp_path / f"found{suffix}"
    write(made(name, "plain"), path)
    ElementTree.parse(path)
    assert set(read(path).nodes) == {name, "plain"}


@pytest.mark.parametrize("name", [name for name in NAMES if "\r" not in name])
def test_names_stay_within_their_quotation_marks_for_graphviz(tmp_path, name):
    write(made(name, "plain"), tmp_path / "found.dot")
    text = (tmp_path / "found.dot").read_text(encoding="utf-8")
    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', text, flags=re.DOTALL)
    bare = re.sub(r'"((?:[^"\\]|\\.)*)"', "", text, flags=re.DOTALL)
    assert set(re.sub(r"[\w\s\[\]{}=,;]|->", "", bare)) == set()
    assert name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") in quoted
    labels = re.findall(r"\[label=\"(.*?)\"\];", text)
    assert not any(re.search("&(?!amp;)", label) for label in labels)


@pytest.mark.parametrize("name", [*CONTROLS, HALF])
@pytest.mark.parametrize("suffix", [".graphml", ".gexf", ".dot"])
def test_what_a_format_cannot_hold_is_refused_with_the_name(tmp_path, suffix, name):
    with pytest.raises(DataError, match="files cannot hold, such as a control character") as caught:
        write(made(name, "plain"), tmp_path / f"found{suffix}")
    assert not UNPRINTABLE.search(str(caught.value))
    assert list(tmp_path.iterdir()) == []


def test_half_of_a_character_is_refused_where_it_comes_in(tmp_path, run):
    values = np.random.default_rng(0).normal(size=(50, 2))
    for data in (Panel.of, lambda rows, names: Panel((rows,), tuple(names))):
        with pytest.raises(DataError, match="half of a character"):
            data(values, names=[HALF, "plain"])
    (tmp_path / "data.json").write_text(json.dumps({HALF: [1.0, 2.0, 4.0], "b": [1.0, 2.0, 3.0]}))
    code, _out, err = run("inspect", tmp_path / "data.json")
    assert code == 3
    assert r"contains '\ud800', which is half of a character" in err
    with pytest.raises(DataError, match="csv files cannot hold"):
        write(made(HALF, "plain"), tmp_path / "found.csv")


class Markup(HTMLParser):
    """Collects elements that run or load something, and what they load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts, self.loads, self.handlers, self.policies = 0, [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.scripts += tag == "script"
        self.handlers += [name for name in given if name.startswith("on")]
        if tag in ("iframe", "object", "embed", "link", "base", "form"):
            self.loads.append((tag, given))
        for name in ("src", "href", "xlink:href", "action", "data", "srcset"):
            if (given.get(name) or "#").startswith(("#", "data:")) is False:
                self.loads.append((tag, given[name]))
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policies.append(given["content"])


def test_a_report_runs_and_loads_nothing(everything, tmp_path):
    page = report_discovery(everything, tmp_path / "page.html").read_text(encoding="utf-8")
    found = Markup(page)
    assert (found.scripts, found.loads, found.handlers) == (0, [], [])
    assert [policy.split(";")[0] for policy in found.policies] == ["default-src 'none'"]
    assert not UNPRINTABLE.search(page)


def test_pages_on_comparisons_run_and_load_nothing(tmp_path):
    records = [record(f"m[a={name}]", f"d[b={name}]", reason=name, status="failed") for name in (*NAMES, *CONTROLS)]
    odd = made("a", *NAMES[:6])
    records += [
        record(NAMES[1], NAMES[0], seed, size=7, found=replace(odd, notes=NAMES, method=NAMES[2])) for seed in (0, 1)
    ]
    folder = grid(tmp_path / "runs", records)
    report_comparison(folder, tmp_path / "report.html")
    publish_leaderboard(folder, tmp_path / "site", title=NAMES[1])
    pages = [tmp_path / "report.html", *(tmp_path / "site").rglob("*.html")]
    assert len(pages) > 2
    for page in pages:
        text = page.read_text(encoding="utf-8")
        found = Markup(text)
        outside = [(tag, given) for tag, given in found.loads if tag != "a" or not OWN_PAGE.fullmatch(given)]
        assert (found.scripts, outside, found.handlers) == (0, [], []), page.name
        assert [policy.split(";")[0] for policy in found.policies] == ["default-src 'none'"]
        assert not UNPRINTABLE.search(text), page.name


def test_pictures_are_well_formed_and_run_nothing(everything, tmp_path):
    everything.plot().save(tmp_path / "graph.svg")
    tree = ElementTree.parse(tmp_path / "graph.svg")
    tags = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert not tags & {"script", "foreignObject", "a", "iframe"}
    assert not any(name.startswith("on") for element in tree.iter() for name in element.attrib)
    loaded = [element.get("{http://www.w3.org/1999/xlink}href", "#") for element in tree.iter()]
    assert all(address.startswith(("#", "data:")) for address in loaded)


def test_notebooks_show_names_as_text(everything):
    panel = Panel.of(np.random.default_rng(0).normal(size=(60, len(everything.names))), names=list(everything.names))
    for shown in (everything, panel.health()):
        found = Markup(shown._repr_html_())
        assert (found.scripts, found.loads, found.handlers) == (0, [], [])
        assert not UNPRINTABLE.search(str(shown))


def test_the_interactive_graph_holds_names_as_data_and_loads_nothing(everything, tmp_path):
    pytest.importorskip("bokeh", reason="the extra interactive is not installed")
    from causalkit.plotting.interactive import interactive_graph

    graph = interactive_graph(everything)
    graph.save(tmp_path / "graph.html")
    own = (tmp_path / "graph.html").read_text(encoding="utf-8")
    interactive_graph(made(*map(str, range(len(everything.names))))).save(tmp_path / "plain.html")
    plain = Markup((tmp_path / "plain.html").read_text(encoding="utf-8"))
    found = Markup(own)
    assert (found.scripts, found.loads, found.handlers) == (plain.scripts, [], [])
    assert [policy.split(";")[0] for policy in found.policies] == ["default-src 'none'"]
    assert Markup(graph._repr_html_()).scripts == 0


@pytest.mark.parametrize("name", [*NAMES, *CONTROLS])
def test_other_packages_get_the_names_as_they_are(name):
    from causalkit.exchange import from_tigramite, to_tigramite

    results = to_tigramite(made(name, "plain"))
    assert results["var_names"] == [name, "plain"]
    assert from_tigramite(results).names == (name, "plain")


def test_words_about_edges_have_no_control_characters(everything):
    from causalkit.display.labels import visible

    for name in everything.names:
        assert not UNPRINTABLE.search(visible(everything.explain(name, "plain")))
        assert "\u202e" not in visible(everything.explain(name, "plain"))
