"""A comparison as text: a table, Markdown, JSON and JUnit say the same, and survive odd names."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from causalkit.compare.formats import FORMATS, render
from causalkit.compare.gates import GateResult
from causalkit.compare.record import CellRecord
from causalkit.errors import UnknownNameError
from tests.comparisons import demsar, grid, made

RECORDS = [
    *grid(
        {
            ("grngc", "lorenz96"): [0.96, 0.97, 0.98, 0.99, 0.95, 0.97, 0.96],
            ("grngc", "var[series=20]"): [0.90] * 7,
            ("cmlp[lag=2]", "lorenz96"): [0.9, 0.91, 0.92, 0.93, 0.94, 0.9, 0.93],
            ("cmlp[lag=2]", "var[series=20]"): [0.95, 0.85, 0.95, 0.95, 0.9, 0.9, None],
        }
    ),
    *(made("picky", "lorenz96", seed, None, "skipped", reason="needs a truth") for seed in range(7)),
]
GATES = [
    GateResult("auroc>=0.9@grngc", True, "auroc>=0.9@grngc holds: mean auroc 0.97"),
    GateResult("failures<=0", False, "failures<=0 fails: 1 of 35 cells failed"),
]
ODD = "m[a=<b>|`c`&\x1b[31m\n_d*]"


def lines(text):
    return [line.rstrip() for line in text.splitlines()]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "records",
    [[], [made("m", "a", 0, 0.5)], [made("m", "a", 0, None, "failed")], [made("m", "a", 0)], RECORDS],
    ids=["nothing", "one cell", "one failed cell", "no truth", "many"],
)
def test_every_format_says_something_of_any_records(format, records):  # noqa: A002
    text = render(records, format, gates=GATES)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "failures" in text


@pytest.mark.parametrize("format", FORMATS)
def test_the_order_of_records_does_not_matter(format):  # noqa: A002
    assert render(RECORDS[::-1], format) == render(RECORDS, format)


def test_unknown_formats_and_metrics_are_refused():
    with pytest.raises(UnknownNameError, match="did you mean markdown"):
        render(RECORDS, "markdwon")
    with pytest.raises(UnknownNameError, match="did you mean auroc"):
        render(RECORDS, metrics=("aurok",))


# Table


def test_the_table_shows_mean_spread_marks_and_what_failed():
    text = render(RECORDS, gates=GATES)
    shown = lines(text)
    assert shown[0] == "auroc, without self-edges, mean ± standard deviation, 7 seeds"
    rows = {line.split()[0]: line for line in shown[1:7] if line}
    assert "0.969 ± 0.013 *" in rows["grngc"]  # better on every seed
    assert rows["grngc"].endswith("0.900 ± 0.000 °")  # the other method lacks a seed
    assert rows["cmlp[lag=2]"].endswith("0.917 ± 0.041 (6 of 7 seeds)")
    assert "7 skipped" in rows["picky"]
    assert "auroc, with self-edges, mean ± standard deviation, 7 seeds" in shown
    assert "  cmlp[lag=2] on var[series=20]: 1 failed: it did not work" in shown
    assert "  FAILED: failures<=0 fails: 1 of 35 cells failed" in shown
    assert any("Mean ranks over 13 complete blocks, 1 is best: grngc" in line for line in shown)


def test_the_chosen_policy_comes_first():
    assert render(RECORDS, diagonal="include").startswith("auroc, with self-edges")


def test_a_narrow_terminal_gets_several_tables_and_no_long_line():
    text = render(RECORDS, width=60)
    assert max(map(len, lines(text))) <= 60
    assert text.count("lorenz96\n") >= 2
    assert "0.969 ± 0.013 *" in text


def test_a_single_method_is_not_compared():
    text = render([record for record in RECORDS if record.cell.method == "grngc"])
    assert "best mean" not in text
    assert "Paired tests" not in text


def test_many_data_sets_are_also_tested_as_data_sets():
    text = render(demsar(), metrics=("auroc",))
    assert "over data sets, each the mean of its seeds" in text
    assert "Mean ranks over 14 data sets, 1 is best: C4.5+m+cf 1.96, C4.5+m 2.00, C4.5+cf 2.89, C4.5 3.14" in text


# Markdown


def test_markdown_begins_with_the_gates_and_holds_proper_tables():
    text = render(RECORDS, "markdown", gates=GATES)
    shown = lines(text)
    assert "**1 of 2 gates failed**" in shown[:4]
    assert "| ❌ | failures&lt;=0 fails: 1 of 35 cells failed |" in shown
    assert "| `grngc` | **0.969 ± 0.013** \\* | **0.900 ± 0.000** ° |" in shown
    for place, line in enumerate(shown):
        if line.startswith("| ---"):
            table = [shown[place - 1], line]
            table += shown[place + 1 : shown.index("", place)]
            assert len({row.count("|") for row in table}) == 1
            assert shown[place - 2] == ""
    assert text.count("<details>") == text.count("</details>") > 2


def test_markdown_without_gates_says_nothing_of_gates():
    assert "gate" not in render(RECORDS, "markdown")
    assert "**All gates hold**" in render(RECORDS, "markdown", gates=GATES[:1])


def test_odd_names_do_not_break_markdown():
    text = render([made(ODD, "a", 0, 0.5), made(ODD, "a", 1, None, "failed", reason="a | b\n<i>")], "markdown")
    rows = [line for line in lines(text) if line.startswith("| `m[")]
    assert rows
    assert all(row.replace("\\|", "").count("|") == 3 for row in rows)
    assert "<i>" not in text
    assert "\x1b" not in text


# JSON


def test_json_holds_everything_but_the_large_arrays():
    records = [made("m", "a", 0, 0.5, discovery={"scores": [1]}, truth={"names": [], "edges": []}), *RECORDS]
    held = json.loads(render(records, "json", gates=GATES))
    assert (held["schema"], held["kind"], held["diagonal"], held["holds"]) == (
        1,
        "causalkit-comparison",
        "exclude",
        False,
    )
    assert len(held["records"]) == len(records)
    assert all("discovery" not in record and "truth" not in record for record in held["records"])
    assert CellRecord.from_json(held["records"][0]).cell == min(
        (record.cell for record in records), key=lambda cell: (cell.data, cell.method, cell.seed)
    )
    entry = next(e for e in held["summary"]["exclude"] if (e["method"], e["data"]) == ("grngc", "lorenz96"))
    assert entry["metrics"]["auroc"]["mean"] == pytest.approx(0.96857142857)
    assert entry["best_established"] == ["auroc", "auprc"]
    assert {gate["text"]: gate["holds"] for gate in held["gates"]} == {"auroc>=0.9@grngc": True, "failures<=0": False}
    assert {test["verdict"] for test in held["tests"]} <= {"distinguished", "not distinguished", "too few"}


# JUnit


def test_junit_has_a_case_for_every_cell_and_gate():
    root = ElementTree.fromstring(render(RECORDS, "junit", gates=GATES))
    assert root.attrib == {
        "name": "causalkit compare",
        "tests": str(len(RECORDS) + 2),
        "failures": "2",
        "skipped": "7",
        "errors": "0",
    }
    cells, gates = root
    assert len(cells) == len(RECORDS)
    assert [case.get("name") for case in gates] == [gate.text for gate in GATES]
    (failure,) = [case for case in cells if case.find("failure") is not None]
    assert failure.get("name") == "cmlp[lag=2] on var[series=20], seed 6"
    assert failure.find("failure").attrib == {"message": "it did not work", "type": "failed"}
    assert gates[1].find("failure").get("message") == "failures<=0 fails: 1 of 35 cells failed"
    assert float(cells.get("time")) == pytest.approx(2.5 * len(RECORDS))


def test_odd_names_and_control_characters_do_not_break_junit():
    records = [made(ODD, "a", 0, None, "failed", reason="\x1b[31mred\x00\ud800\uffff")]
    (case,) = ElementTree.fromstring(render(records, "junit"))[0]
    assert case.get("name").startswith("m[a=<b>|`c`&?[31m")
    assert case.find("failure").get("message") == "?[31mred???"
