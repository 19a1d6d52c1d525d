"""Reports: one file that needs nothing, says what the records say, and survives every kind of record."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from click.testing import CliRunner

from causalkit import api
from causalkit.compare.record import Cell, CellRecord
from causalkit.core.choice import Choice
from causalkit.core.discovery import Discovery
from causalkit.core.names import natural
from causalkit.core.sampling import Sampling
from causalkit.core.truth import Truth
from causalkit.display.formats import MINUS
from causalkit.errors import CausalkitError, DataError, WrongUsageError
from causalkit.evaluation import Evaluation, evaluate
from causalkit.health import Finding
from causalkit.io.results.record import to_record
from causalkit.plotting import style
from causalkit.plotting.mean_curves import plot_precision_recall, plot_roc_curves, recall_values, roc_values
from causalkit.plotting.method_looks import method_looks
from causalkit.report import report_comparison, report_discovery
from causalkit.report.results import Results

EVIL = "<script>alert(1)</script>"


def discovery(size=4, seed=0, *, better=0.0, names=None, **fields):
    """A discovery whose scores are random, and larger by `better` on the edges of `truth(size, seed)`."""
    generator = np.random.default_rng(seed)
    names = names or tuple(f"x{number}" for number in range(size))
    scores = generator.random((size, size, 2)) + better * truth(size, seed, names).edges[:, :, None]
    fields = {"method": "made", "seed": seed, "data": {"source": "made", "steps": [50], "sha256": f"d{seed}"}} | fields
    return Discovery(names=names, scores=scores, **fields)


def truth(size=4, seed=0, names=None):
    generator = np.random.default_rng(seed + 1000)
    edges = generator.random((size, size)) < 0.4
    if size > 1:  # under either policy there are edges and non-edges
        edges[0, 1], edges[1, 0] = True, False
    return Truth(names=names or tuple(f"x{number}" for number in range(size)), edges=edges, source="made")


def record(method="var", data="ring", seed=0, *, status="ok", known=True, size=4, better=0.0, found=None, **fields):
    cell = Cell(method=method, data=data, seed=seed, method_name="var", data_name="lagged-pair")
    facts = {"versions": {"causalkit": "1.0.0"}, "environment": {"host": "here", "threads": 1}}
    facts |= {"started": f"2026-01-01T00:00:0{seed}+00:00", "peak_bytes": 2**28, "seconds": {"fit": 0.5, "total": 1.0}}
    cell = replace(cell, data_params={"label": data}, method_params={"label": method})
    if status != "ok":
        return CellRecord(cell=cell, status=status, **{**facts, "reason": "it broke", **fields})
    found = found or discovery(size, seed, better=better)
    real = truth(size, seed, found.names) if known else None
    metrics = {p: evaluate(found, real, diagonal=p) for p in ("exclude", "include")} if known else {}
    edges = None if real is None else {"names": list(real.names), "edges": [[*e.values()] for e in real.edge_list()]}
    return CellRecord(
        cell=cell,
        status="ok",
        discovery=to_record(found),
        truth=edges,
        metrics=metrics,
        data=found.data,
        **{**facts, **fields},
    )


def grid(folder, records):
    folder.mkdir(exist_ok=True)
    for one in records:
        one.save(folder)
    return folder


class Outline(HTMLParser):
    """What a browser would see: tags with their attributes, identifiers and readable text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.words = [], [], []
        self._hidden = 0
        self.feed(text.replace("<wbr>", ""))  # only says where a line may end

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for key, value in attrs if key == "id"]
        self._hidden += tag in ("style", "script")

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for key, value in attrs if key == "id"]

    def handle_endtag(self, tag):
        self._hidden -= tag in ("style", "script")

    def handle_data(self, data):
        if not self._hidden:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def of(self, name):
        return [attrs for tag, attrs in self.tags if tag == name]


def pictures(page):
    """Drawings of a page, without the invisible one that holds the shapes of letters."""
    return [attrs for attrs in page.of("svg") if attrs.get("class") != "letters"]


def outline(path):
    return Outline(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """The report of two methods on two data sets with three seeds, one of which failed."""
    folder = tmp_path_factory.mktemp("full")
    records = [
        record(method, data, seed, better=better)
        for method, better in (("good", 5.0), ("poor", 0.0))
        for data in ("ring", "chain")
        for seed in range(3)
        if (method, data, seed) != ("poor", "chain", 2)
    ]
    history = {"epoch": [1, 2, 3], "forecast": [1.0, 0.5, 0.2], "penalty": [0.1, 0.2, 0.3]}
    trained = replace(records[0].discovered(), history=history)
    records[0] = replace(records[0], discovery=to_record(trained))
    records.append(record("poor", "chain", 2, status="timeout", reason="stopped after the time limit of 9 s"))
    path = folder / "report.html"
    report_comparison(grid(folder / "runs", records), path)
    return path


def headings(page):
    return re.findall(r"<h2 id=[^>]*>(.*?)</h2>", page.read_text(encoding="utf-8"))


def test_comparison_has_all_sections(full):
    assert headings(full) == [
        "Summary",
        "Accuracy",
        "Ranks and tests",
        "ROC and precision-recall curves",
        "Scores beside the truth",
        "Accuracy against time and memory",
        "Training",
        "What failed",
        "How every number was chosen",
        "Environment",
    ]


def test_contents_link_to_every_section(full):
    page = outline(full)
    links = [attrs["href"][1:] for attrs in page.of("a") if attrs["href"].startswith("#")]
    assert set(links) <= set(page.ids)
    assert len(links) == len(headings(full)) + 1  # and the link to the content


def test_file_needs_nothing_and_runs_nothing(full):
    page = outline(full)
    assert not page.of("script")
    assert not page.of("link")
    assert not page.of("iframe")
    for tag, attrs in page.tags:
        assert not [key for key in attrs if key.startswith("on")], tag
        for key in ("src", "href"):
            assert attrs.get(key, "#").startswith(("#", "data:image/png;base64,")), (tag, attrs)
    assert "url(http" not in full.read_text(encoding="utf-8")
    policies = [attrs["content"] for attrs in page.of("meta") if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'")
    assert "script-src" not in policies[0]


def test_identifiers_of_pictures_do_not_collide(full):
    page = outline(full)
    assert len(page.ids) == len(set(page.ids))
    used = re.findall(r'(?:href="#|url\(#)([^")]+)', full.read_text(encoding="utf-8"))
    assert set(used) <= set(page.ids)


def test_every_picture_says_what_it_shows(full):
    page = outline(full)
    assert len(pictures(page)) >= 10
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in pictures(page))
    assert all(attrs["alt"] for attrs in page.of("img"))


def test_tables_have_headers(full):
    page = outline(full)
    assert len(page.of("caption")) == len(page.of("table"))
    assert {attrs.get("scope") for attrs in page.of("th")} == {"col", "row"}


def test_summary_names_leader_and_failure(full):
    text = outline(full).text
    assert "2 methods were compared on 2 data sets with 3 seeds: 12 cells." in text
    assert "11 gave a result; 1 ran out of time." in text
    assert "ring: good leads with 1.000 ± 0.000; next is poor" in text
    assert "stopped after the time limit of 9 s" in text


def test_both_policies_are_shown_and_numbers_are_those_of_the_records(full):
    results = Results.load(full.parent / "runs")
    for policy in ("exclude", "include"):
        values = [one.metric("auroc", policy) for one in results.cells("poor", "ring")]
        said = f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}"
        assert said in outline(full).text


def test_the_table_of_tests_has_the_better_method_first_and_then_the_verdict(full):
    header, (pair, verdict, difference, *_) = rows(full, "Paired tests of AUROC, without self-edges")
    assert header[:3] == ["pair", "significant at 0.05", "mean difference"]
    assert pair == f"good {MINUS} poor"
    assert verdict in ("no", "too few blocks")
    assert difference.startswith("+")


def test_lacking_seeds_are_said(full):
    assert "(n = 2)" in outline(full).text


def test_same_records_give_the_same_bytes(full, tmp_path):
    again = report_comparison(full.parent / "runs", tmp_path / "again.html")
    assert again.read_bytes() == full.read_bytes()


def test_a_method_has_one_colour_in_tables_and_pictures(full):
    text = full.read_text(encoding="utf-8")
    look = method_looks(["good", "poor"])["good"]
    assert look.color == style.BLUE
    assert re.search(rf'background:{look.color}"></span>good<', text)
    assert f"stroke:{look.color.lower()}" in text


def test_different_panels_are_not_called_equal(tmp_path):
    first = record("a", "ring", 0)
    second = record("b", "ring", 0, found=discovery(data={"sha256": "other", "steps": [50]}))
    text = outline(report_comparison(grid(tmp_path / "runs", [first, second]), tmp_path / "r.html")).text
    assert "Same data for all methods: NO. Their SHA-256 digests differ for ring with seed 0." in text


def test_command_that_computes_it_again_is_understood(tmp_path):
    import shlex

    import click

    from causalkit.cli.main import cli

    cell = Cell(
        method="my label",
        data="lagged-pair",
        seed=3,
        method_name="var",
        method_params={"lag": 4},
        data_name="lagged-pair",
    )
    one = replace(record(seed=3), cell=replace(cell, settings={"select": "top-k:3", "threads": 1, "time_limit": 9.0}))
    text = report_comparison(grid(tmp_path / "runs", [one]), tmp_path / "r.html").read_text(encoding="utf-8")
    shown = re.search(r"<code>(causalkit compare.*?)</code>", text, re.S)[1]
    words = shlex.split(shown.replace("\\\n", " ").replace("&#39;", "'"))
    assert "var[lag=4]" in words
    assert words[words.index("--select") + 1] == "top-k:3"
    command = cli.get_command(click.Context(cli), "compare")
    command.make_context("compare", words[2:])


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([record(status="failed")], "None gave a result; 1 failed."),
        ([record(status="skipped", reason="no lag fits")], "no lag fits"),
        ([record()], "With one method there is nothing to test."),
        ([record("a"), record("b")], "the spread over seeds is unknown"),
        ([record(known=False), record("b", known=False)], "These data have no known truth"),
        ([record("a"), record("b", seed=1)], "nothing could be tested"),
        ([record("a", seconds={}, versions={}, environment={}, started="", peak_bytes=None)], "It gave a result."),
        ([record(found=discovery(1), known=False)], "1 cell. It gave a result."),
        ([record(size=100)], "It gave a result."),
    ],
    ids=[
        "all failed",
        "skipped",
        "one method",
        "one seed",
        "no truth",
        "no shared seed",
        "bare",
        "one series",
        "large",
    ],
)
def test_unusual_comparisons(tmp_path, records, said):
    page = outline(report_comparison(grid(tmp_path / "runs", records), tmp_path / "r.html"))
    assert said in page.text
    assert len(page.ids) == len(set(page.ids))


def test_large_heat_maps_are_png_without_names(tmp_path):
    path = report_comparison(grid(tmp_path / "runs", [record(size=100)]), tmp_path / "r.html")
    assert len(outline(path).of("img")) == 2
    assert path.stat().st_size < 1_000_000


def test_names_and_reasons_of_users_are_only_text(tmp_path):
    names = (EVIL, "a&b", '"><img src=x onerror=alert(1)>', "日本\x1b")
    bad = record(EVIL, EVIL, found=discovery(names=names, notes=(EVIL,), method=EVIL, config={EVIL: EVIL}))
    broken = record("b", "ring", status="failed", reason=EVIL)
    broken = replace(broken, versions={EVIL: EVIL}, environment={"host": EVIL})
    folder = grid(tmp_path / "runs", [bad, broken])
    (folder / f"{'<b>x'}.json").write_text("{")
    for path in (
        report_comparison(folder, tmp_path / "c.html"),
        report_discovery(bad.discovered(), tmp_path / "d.html", truth=bad.true_graph()),
    ):
        page = outline(path)
        assert not page.of("script")
        assert not page.of("b")
        assert not [attrs for attrs in page.of("img") if not attrs["src"].startswith("data:")]
        assert EVIL in page.text


def test_damaged_files_are_named_and_left_out(tmp_path):
    folder = grid(tmp_path / "runs", [record()])
    (folder / "half.json").write_text('{"kind": "causalkit-cell", ')
    (folder / "other.json").write_text('{"a": 1}')
    content = record("b").to_json()
    content["discovery"]["scores"] = [[1.0]]
    (folder / "shape.json").write_text(json.dumps(content))
    text = outline(report_comparison(folder, tmp_path / "r.html")).text
    assert "3 of the files" in text
    assert all(name in text for name in ("half.json", "other.json", "shape.json"))
    assert "1 method was run on 1 data set with 1 seed: 1 cell." in text


def test_of_two_records_of_a_cell_the_newer_counts_and_this_is_said(tmp_path):
    old = record(seed=0, started="2026-01-01T00:00:00+00:00", status="failed", reason="old trouble")
    new = replace(record(seed=0, started="2026-02-01T00:00:00+00:00"))
    new = replace(new, cell=replace(new.cell, settings={"threads": 2}))
    text = outline(report_comparison(grid(tmp_path / "runs", [old, new]), tmp_path / "r.html")).text
    assert "It gave a result." in text
    assert "was computed more than once; the newest record counts" in text
    assert "old trouble" not in text


@pytest.mark.parametrize("made", [False, True], ids=["no folder", "empty folder"])
def test_nothing_to_report_is_an_error(tmp_path, made):
    if made:
        (tmp_path / "runs").mkdir()
    with pytest.raises(DataError, match="there is no (folder|record)"):
        report_comparison(tmp_path / "runs", tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()


def test_only_damaged_files_are_an_error_that_names_one(tmp_path):
    (tmp_path / "x.json").write_text("nothing")
    with pytest.raises(DataError, match=r"x\.json"):
        report_comparison(tmp_path, tmp_path / "r.html")


def test_a_discovery_writes_its_own_report(tmp_path):
    discovery().report(tmp_path / "own.html", truth=truth())
    other = report_discovery(discovery(), tmp_path / "other.html", truth=truth())
    assert (tmp_path / "own.html").read_bytes() == other.read_bytes()


def test_report_is_html(tmp_path):
    with pytest.raises(WrongUsageError, match=r"\.html"):
        report_discovery(discovery(), tmp_path / "r.pdf")


def test_discovery_report(tmp_path):
    history = {"epoch": [1, 2], "forecast": [1.0, 0.5]}
    found = discovery(better=3.0, history=history, config={"lag": 2, "training": {"epochs": 7}}, notes=("cut short",))
    path = report_discovery(found.select("top-k:3"), tmp_path / "r.html", truth=truth())
    assert headings(path) == [
        "Summary",
        "Graph",
        "Strongest edges",
        "Metrics",
        "Data",
        "Training",
        "Settings and environment",
    ]
    text = outline(path).text
    assert "cut short" in text
    assert "training.epochs 7" in text
    assert f"{evaluate(found, truth())['auroc']:.3f}" in text
    assert "3 of 12 pairs of different series were selected by the rule top-k:3, which does not use a truth." in text
    assert len(pictures(outline(path))) == 6


def rows(path, caption):
    """The table with this in its caption, as a list of cells for each row."""
    text = path.read_text(encoding="utf-8").replace("<wbr>", "")
    table = next(part for part in re.findall(r"<table.*?</table>", text, re.S) if caption in part)
    cells = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.S)
    return [[cell.strip() for cell in cells.findall(row)] for row in re.findall(r"<tr>(.*?)</tr>", table, re.S)]


def test_discovery_report_shows_what_the_method_chose(tmp_path):
    choice = Choice("regularizer.strength", (0.1, 1.0, 10.0), (0.5, 0.4, 0.9), (0.1, 0.1, 0.1), 1.0, "lowest")
    path = report_discovery(discovery(choices=(choice,)), tmp_path / "r.html")
    assert "Chosen by the method" in headings(path)
    assert choice.sentence() in outline(path).text
    assert any("regularizer.strength; 1 was chosen" in attrs["aria-label"] for attrs in pictures(outline(path)))
    assert "Chosen by the method" not in headings(report_discovery(discovery(), tmp_path / "none.html"))


def test_discovery_report_says_how_sure_each_edge_is(tmp_path):
    spread = np.full((4, 4, 2), 0.25)
    path = report_discovery(discovery(standard_errors=spread), tmp_path / "r.html")
    table = rows(path, "strongest of")
    errors = table[0].index("± se")
    assert all(row[errors] == "0.25" for row in table[1:])
    assert "Nothing was tested" in outline(path).text


def test_discovery_report_of_tested_edges_says_what_was_tested(tmp_path):
    panel, _ = api.simulate("lagged-pair", steps=100)
    found = api.discover(panel, method="var", lag=2)
    tested = found.select("surrogate:0.1,count=20")
    path = report_discovery(tested, tmp_path / "surrogate.html")
    assert tested.selection["notes"][0] in outline(path).text
    table = rows(path, "strongest of")
    first = dict(zip(table[0], table[1], strict=True))
    assert first["edge"] == "0 → 1"
    assert float(first["p of all lags"]) == pytest.approx(tested.joint_p_values[0, 1], abs=1e-4)
    stable = found.select("stability:subsamples=10")
    path = report_discovery(stable, tmp_path / "stability.html")
    assert stable.selection["notes"][0] in outline(path).text
    table = rows(path, "strongest of")
    assert dict(zip(table[0], table[1], strict=True))["frequency"] == f"{stable.selection['frequencies'][0][1]:.2f}"


def test_discovery_report_says_what_was_read_and_found_in_the_data(tmp_path):
    sampling = Sampling(
        time=("day",), first="2020-01-01", last="2020-02-19", step="1 day", gaps=1, realisations="mouse"
    )
    season = Finding("season", "season of period 12 in x0", ("x0",), options=("--detrend seasonal:12",))
    data = {
        "source": EVIL,
        "steps": [20, 30],
        "missing_cells": 3,
        "windows": 41,
        "dropped": 5,
        "sampling": sampling.describe(),
        "preparation": {"detrend": "linear"},
        "windows_by_effect": {
            "x0": {"learned": 41, "missing_inputs": 0, "missing_next_step": 5, "intervention": 0},
            "x1": {"learned": 30, "missing_inputs": 16, "missing_next_step": 0, "intervention": 0},
        },
        "health": [season.describe(), Finding("outliers", f"outliers in {EVIL}", severity="fact").describe()],
    }
    discovery(data=data).save(tmp_path / "result.json")
    assert run("report", tmp_path / "result.json", "-o", tmp_path / "r.html").exit_code == 0
    known = dict(rows(tmp_path / "r.html", "What was read"))
    assert known["time"] == "column &#39;day&#39;, 2020-01-01 to 2020-02-19"
    assert known["realisations"] == "2 of 20 to 30 steps, by mouse"
    assert known["gaps"].startswith("rows are missing at 1 place")
    assert known["windows"] == "41, each of 2 steps and the step after; 5 more touch a missing cell"
    assert known["preparation"] == "detrend linear"
    assert rows(tmp_path / "r.html", "Windows by effect, the fewest first; all others: 41 learned.") == [
        ["effect", "learned", "missing inputs", "missing next step"],
        ["x1", "30", "16", "0"],
    ]
    text = outline(tmp_path / "r.html").text
    assert "2 findings in the prepared data" in text
    assert "season of period 12 in x0. --detrend seasonal:12" in text
    assert "<script>" not in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Data" not in headings(report_discovery(discovery(data={}), tmp_path / "none.html"))
    clean = report_discovery(discovery(data={**data, "health": []}), tmp_path / "clean.html")
    assert "Nothing was found in the prepared data" in outline(clean).text


def test_discovery_report_of_any_data_has_the_table_of_series(tmp_path):
    panel, _ = api.simulate("lagged-pair", steps=100)
    found = api.discover(panel, method="var", lag=2)
    found = replace(found, data={**found.data, "health": panel.health().describe()})
    found.save(tmp_path / "result.json")
    assert run("report", tmp_path / "result.json", "-o", tmp_path / "r.html").exit_code == 0
    table = rows(tmp_path / "r.html", "The series")
    assert [row[0] for row in table] == ["series", "0", "1", "2"]
    assert "Nothing was found in the data" in outline(tmp_path / "r.html").text


def test_a_weak_edge_that_was_selected_stands_in_the_table(tmp_path):
    found = discovery(8)
    pair = np.where(np.eye(8, dtype=bool)[:, :, None], np.inf, found.scores)
    weakest = tuple(int(index) for index in np.unravel_index(pair.argmin(), pair.shape))
    selected = np.zeros(found.scores.shape, dtype=bool)
    selected[weakest] = True
    path = report_discovery(replace(found, selected=selected, selection={"rule": "x"}), tmp_path / "r.html")
    assert "<summary>1 weaker edge that was selected</summary>" in path.read_text(encoding="utf-8")
    table = rows(path, "1 weaker edge that was selected")
    assert [row[0] for row in table[1:]] == [f"x{weakest[0]} → x{weakest[1]}"]
    assert len(rows(path, "strongest of")) == 31


def test_a_comparison_says_what_methods_chose_by_themselves(tmp_path):
    choice = Choice("lag", (1, 2), (0.5, 0.4), (0.1, 0.1), 2, "lowest held-out error")
    records = [record(seed=seed, found=discovery(seed=seed, choices=(choice,))) for seed in range(2)]
    path = report_comparison(grid(tmp_path / "runs", records), tmp_path / "r.html")
    assert outline(path).text.count(choice.sentence()) == 1


@pytest.mark.plugins
@pytest.mark.usefixtures("chooser")
def test_a_comparison_counts_which_forecaster_was_chosen_where(tmp_path):
    records = []
    for seed, (data, chosen) in enumerate([("ring", 1), ("ring", 1), ("chain", 0)]):
        name = ("mlp", "kan")[chosen]
        choices = (
            Choice("forecaster.name", (0, 1), (0.4, 0.4), (0.1, 0.1), chosen, "lowest", labels=("mlp", "kan")),
            Choice("regularizer.strength", (0.1, 0.2), (0.4, 0.5), (0.1, 0.1), 0.1, "any", within="forecaster other"),
        )
        config = {"lag": 1, "forecaster": {"name": name, "hidden": [8]}, "regularizer": [{"name": "gradient-l1"}]}
        found = discovery(seed=seed, choices=choices, config=config)
        one = record("chooser", data, seed, found=found)
        records.append(replace(one, cell=replace(one.cell, method_name="chooser")))
    path = report_comparison(grid(tmp_path / "runs", records), tmp_path / "report.html")
    counted = rows(path, "How many runs chose each forecaster")
    assert counted == [["data", "mlp", "kan"], ["chain", "1", "0"], ["ring", "0", "2"]]
    used = {row[0]: row for row in rows(path, "Parameters used")}
    assert "kan (ring)" in used["forecaster.name"][1]
    assert "mlp (chain)" in used["forecaster.name"][1]
    assert used["forecaster.name"][2] == "auto"
    assert "forecaster other" not in outline(path).text


def test_discovery_report_shows_alternatives_apart_from_what_was_chosen(tmp_path):
    choices = (
        Choice("forecaster.name", (0, 1), (0.6, 0.4), (0.1, 0.1), 1, "lowest", labels=("mlp", "kan")),
        Choice("regularizer.strength", (0.1, 0.2), (0.4, 0.5), (0.1, 0.1), 0.1, "any"),
        Choice("regularizer.strength", (0.1, 0.2), (0.7, 0.6), (0.1, 0.1), 0.2, "any", within="forecaster mlp"),
    )
    path = report_discovery(discovery(choices=choices), tmp_path / "r.html")
    text = outline(path).text
    used, _, unused = text.partition("What was compared but not used:")
    assert "forecaster kan was chosen by held-out forecast error among mlp and kan" in used
    assert "strength 0.1 was chosen" in used
    assert "forecaster mlp, which was not used, would have had strength 0.2" in unused
    assert "would have had" not in used
    assert "forecaster.name=NAME" in text
    assert sum("forecaster mlp, not used" in attrs["aria-label"] for attrs in pictures(outline(path))) == 1


@pytest.mark.parametrize("size", [1, 2, 100])
def test_discovery_report_of_any_size_without_truth(tmp_path, size):
    path = report_discovery(replace(discovery(size), data={}, method="", seed=None), tmp_path / "r.html")
    assert "No truth was given" in outline(path).text
    assert path.stat().st_size < 2_000_000


def test_report_in_the_direction_of_the_edge(tmp_path):
    scores = np.zeros((2, 2, 2))
    scores[0, 1, 1] = 0.7
    path = report_discovery(Discovery(names=("cause", "effect"), scores=scores, method="m"), tmp_path / "r.html")
    assert "cause → effect at lag 2, score 0.700" in outline(path).text


def run(*arguments):
    from causalkit.cli.main import cli

    return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=True)


def test_command_tells_folder_result_and_record_apart(tmp_path):
    folder = grid(tmp_path / "runs", [record()])
    (one,) = folder.glob("*.json")
    discovery().save(tmp_path / "result.json")
    discovery().save(tmp_path / "result.npz")
    for number, source in enumerate((folder, one, tmp_path / "result.json", tmp_path / "result.npz")):
        found = run("report", source, "-o", tmp_path / f"{number}.html")
        assert found.exit_code == 0, found.output
    titles = [re.search("<h1>(.*)</h1>", (tmp_path / f"{n}.html").read_text(encoding="utf-8"))[1] for n in range(4)]
    assert titles == ["Comparison of causal discovery methods", *["Causal discovery"] * 3]
    assert "Metrics" in headings(tmp_path / "1.html")  # a record holds its truth


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        (["nowhere", "-o", "r.html"], DataError, "there is no file or folder nowhere"),
        (["runs", "-o", "r.txt"], WrongUsageError, "end the name in .html"),
        (["runs", "-o", "r.html", "--select", "top-k:3"], WrongUsageError, "--select applies to a single result"),
        (["failed.json", "-o", "r.html"], DataError, "without a result (failed: it broke)"),
    ],
    ids=["missing", "suffix", "select", "failed"],
)
def test_command_refuses_in_words(tmp_path, monkeypatch, arguments, kind, said):
    monkeypatch.chdir(tmp_path)
    grid(tmp_path / "runs", [record()])
    (tmp_path / "failed.json").write_text(json.dumps(record(status="failed").to_json()))
    found = run("report", *arguments)
    assert isinstance(found.exception, kind)
    assert isinstance(found.exception, CausalkitError)
    assert said in str(found.exception)
    assert not (tmp_path / "r.html").exists()


def test_discover_writes_a_report(tmp_path):
    path = tmp_path / "r.html"
    found = run("discover", "--dataset", "lagged-pair", "-m", "var", "-q", "--report", path)
    assert found.exit_code == 0, found.output
    assert "Metrics" in headings(path)
    refused = run("discover", "--dataset", "lagged-pair", "-m", "var", "--report", tmp_path / "r.pdf")
    assert isinstance(refused.exception, WrongUsageError)


def test_importing_the_command_stays_quick():
    code = (
        "import sys, causalkit.cli.report, causalkit.report; "
        "print([m for m in ('torch', 'pandas', 'matplotlib', 'numpy', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_areas_under_mean_curves_are_the_metrics():
    found = discovery(12, 3, better=0.4)
    judged = Evaluation.of(found, truth(12, 3), "exclude")
    places = np.linspace(0, 1, 501)
    for values, metric in ((roc_values, "auroc"), (recall_values, "auprc")):
        curve, area = values(judged)
        assert area == pytest.approx(evaluate(found, truth(12, 3))[metric])
        assert np.trapezoid(curve, places) == pytest.approx(area, abs=0.01)


def test_curves_of_ties_are_a_diagonal():
    flat = replace(discovery(6), scores=np.ones((6, 6, 2)))
    curve, area = roc_values(Evaluation.of(flat, truth(6), "exclude"))
    assert area == 0.5
    assert np.allclose(curve, np.linspace(0, 1, 501))


def test_curves_draw_a_band_for_seeds_and_none_for_one():
    several = {"m": [(discovery(6, seed), truth(6, seed)) for seed in range(3)]}
    alone = {"m": several["m"][:1]}
    for draw in (plot_roc_curves, plot_precision_recall):
        assert len(draw(several).collections) == 1
        assert not draw(alone).collections


def test_truth_without_edges_has_no_curve_but_a_picture():
    empty = Truth(names=("x0", "x1", "x2", "x3"), edges=np.zeros((4, 4), dtype=bool))
    ax = plot_roc_curves({"m": [(discovery(), empty)]})
    assert any("no curve" in text.get_text() for text in ax.texts)


def test_looks_differ_for_24_methods():
    looks = method_looks([str(number) for number in range(24)])
    assert len({(look.color, str(look.dash)) for look in looks.values()}) == 24


def test_numbers_in_labels_sort_as_numbers():
    assert sorted(["var[p=10]", "var[p=9]", "Var"], key=natural) == ["Var", "var[p=9]", "var[p=10]"]


def test_results_of_real_methods(tmp_path):
    panel, real = api.simulate("lagged-pair", seed=0)
    found = api.discover(panel, method="var", select="fdr:0.05")
    path = report_discovery(found, tmp_path / "r.html", truth=real)
    text = outline(path).text
    assert "Each lag has its own p-value" in text
    assert "fdr:0.05" in text


def test_error_bars_of_shares_stay_between_0_and_1():
    from causalkit.plotting.cost import Spent, plot_accuracy_against_cost

    def ends(*points):
        ax = plot_accuracy_against_cost([Spent(*point) for point in points], accuracy="AUROC", cost="seconds")
        bars = [segment for container in ax.containers for lines in container[2] for segment in lines.get_segments()]
        return np.array([bar[:, 1] for bar in bars])

    shares = ends(("a", "x", [1.0, 1.0, 0.7], [1, 2, 3]), ("b", "x", [0.0, 0.3], [1, 2]))
    assert shares.max() == 1
    assert shares.min() == 0
    assert ends(("a", "x", [5.0, 5.0, 1.0], [1, 2, 3])).max() > 5
