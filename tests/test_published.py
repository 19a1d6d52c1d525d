"""The table of published numbers: its plan, what it computes and what it writes."""

from __future__ import annotations

import csv
import io
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest

from causalkit.compare import load_records
from causalkit.compare.data import resolve_data
from causalkit.errors import CausalkitError, DataError
from causalkit.plugins.records import Method
from causalkit.plugins.registry import registry
from causalkit.plugins.specification import parse_specification

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))  # scripts, not a package

import published  # noqa: E402
from page_section import markers  # noqa: E402
from published_page import markdown, missing, short, summary, verdict  # noqa: E402
from published_picture import draw  # noqa: E402
from published_table import NO_SELF_EDGES, Family, Outcome, Row, Table, as_csv  # noqa: E402

sys.path.remove(str(ROOT / "benchmarks"))

PLAN = published.Plan.read()
BEGIN, END = markers(published.SECTION)
MINE = """
seeds = "0:2"
method = "var"
honest = ["lag=1"]
snapshots = 5
rivals = ["var[lag=3]", "nobody"]
rows = [{name = "pair", title = "Pair", data = "lagged-pair[steps=60]", policy = "exclude"}]
families = [{title = "Pairs", text = "Two series.", prefixes = ["pair"]}]
[sources]
[settings]
"""


class TestPlan:
    def test_every_part_is_there(self):
        names = " ".join(PLAN.rows)
        for data in (
            "dream3",
            "dream4",
            "netsim",
            "causaltime-medical",
            "var-10",
            "sos",
            "irma-on",
            "irma-off",
            "yeast",
        ):
            assert data in names
        for series in (10, 20, 100):
            for forcing in (10, 20, 40):
                steps = 1000 if series == 100 else 500
                assert PLAN.rows[f"lorenz96-{series}-{forcing}"].data == (
                    f"lorenz96[series={series},steps={steps},forcing={forcing}]"
                )
        assert PLAN.seeds == (0, 1, 2, 3, 4)

    @pytest.mark.plugins
    @pytest.mark.parametrize("row", [row for row in PLAN.rows.values() if not row.of], ids=lambda row: row.name)
    def test_every_data_set_and_setting_is_known(self, row):
        for data in filter(None, (row.data, row.published_data)):
            resolve_data(parse_specification(data))
        assert "Unknown" not in published.absent(row)
        for column in ("honest", "oracle"):
            for method in PLAN.methods(row, column, {}).values():
                from causalkit.api import build_method

                build_method(registry().get(Method, method.name), method.params)

    @pytest.mark.plugins
    def test_public_settings_are_those_of_the_papers(self):
        for name, strength in (("dream4-100-1", 0.8), ("lorenz96-100-20", 0.15), ("causaltime-medical", 0.4)):
            row = PLAN.rows[name]
            params = PLAN.methods(row, "oracle", {})[row.settings[0]].params
            assert params["regularizer"]["strength"] == strength  # their lambda times the number of series
            assert params["lag"] == params["ensemble"] == 1
            assert params["training"]["snapshots"] == 5

    def test_honest_settings_are_the_same_for_every_row(self):
        rows = [row for row in PLAN.rows.values() if not row.of]
        params = [PLAN.methods(row, "honest", {})[""].params for row in rows]
        assert all(one == params[0] for one in params)

    def test_published_numbers_are_numbers(self):
        for row in PLAN.rows.values():
            for _, auroc, auprc, source in row.published:
                assert source in PLAN.sources
                for number in (auroc, auprc):
                    assert isinstance(number, str) or 0 < number <= 1

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('policy = "exclude"', 'policy = "exclude", settings = ["none"]'),
            ('policy = "exclude"', 'policy = "exclude", speed = 1'),
            ('policy = "exclude"', 'policy = "exclude", published = [["a", 0.5, 0.5, "nowhere"]]'),
            ("rows = [{", 'rows = [{name = "pair", title = "", policy = "include", of = []}, {'),
        ],
    )
    def test_a_mistake_is_refused(self, tmp_path, old, new):
        (tmp_path / "plan.toml").write_text(MINE.replace(old, new))
        with pytest.raises(DataError, match="pair"):
            published.Plan.read(tmp_path / "plan.toml")


def cell(column, label, seed, auroc, auprc, seconds=2.0, **more):
    """An outcome with these numbers without self-edges, and half of them with."""
    suffix = "-oracle-epoch" if column == "oracle" else ""
    names = (f"auroc{suffix}", f"auprc{suffix}")
    metrics = {
        "exclude": dict(zip(names, (auroc, auprc), strict=True)),
        "include": dict(zip(names, (auroc / 2, auprc / 2), strict=True)),
    }
    metrics["exclude"] |= {"auroc": 0.111} if suffix else {}  # of the last epoch, which an oracle does not take
    return Outcome(column=column, label=label, seed=seed, status="ok", metrics=metrics, seconds=seconds, **more)


def failed(column, label, seed):
    return Outcome(column=column, label=label, seed=seed, status="failed", reason="it | broke.")


ROWS = {
    "one": Row(
        name="one",
        title="First",
        policy="exclude",
        settings=["weak", "strong"],
        published=[["Theirs", 0.5, 0.25, "paper"], ["Other", "> .9", "", "paper"], ["Fine", 0.9996, 1.0, "paper"]],
    ),
    "two": Row(name="two", title="Second", policy="include", settings=["weak"], borrowed=True, claim="best"),
    "gone": Row(name="gone", title="Third", policy="exclude"),
    "all": Row(name="all", title="Mean", policy="exclude", of=["one", "two", "gone"]),
}


def table(outcomes, shown=tuple(ROWS), rivals=("var",), **more) -> Table:
    return Table(
        rows=ROWS,
        shown=shown,
        seeds=(0, 1),
        outcomes=outcomes,
        absent={"gone": "Fetch it"},
        sources={"paper": "A paper", "unused": "Another"},
        rivals=rivals,
        families=[Family(title="All", text="All of them.", prefixes=["one", "two", "gone", "all"])],
        **more,
    )


def cells(text: str) -> dict[str, list[str]]:
    """Cells of the lines of a summary, by title."""
    split = [[part.strip() for part in line.strip("|").split(" | ")] for line in text.splitlines() if line[:1] == "|"]
    return {one[0]: one for one in split}


def figures(lines, data, column, method="", policy="left out"):
    """The figures of the one line that is meant."""
    (line,) = [
        one
        for one in lines
        if (one["data"], one["column"], one["method"], one["self_edges"]) == (data, column, method, policy)
    ]
    return {name: value for name, value in list(line.items())[5:] if value and name != "command"}


class TestTable:
    FULL: ClassVar = {
        "one": [
            cell("honest", "", 0, 0.80, 0.40, 1.0, self_edges=False),
            cell("honest", "", 1, 0.60, 0.20, 3.0, self_edges=False),
            cell("oracle", "weak", 0, 0.90, 0.10, 4.0),
            cell("oracle", "weak", 1, 0.90, 0.10, 4.0),
            cell("oracle", "strong", 0, 0.70, 0.30, 6.0),
            cell("oracle", "strong", 1, 0.70, 0.50, 6.0),
            cell("rival", "var", 0, 0.55, 0.5),
            cell("rival", "var", 1, 0.55, 0.5),
        ],
        "two": [cell("honest", "", 0, 1.0, 1.0), failed("honest", "", 1), cell("oracle", "weak", 0, 1.0, 0.5)],
    }

    def test_every_figure_has_a_line(self):
        lines = table(self.FULL).lines()
        assert figures(lines, "First", "published", "Theirs") == {"auroc": "0.500", "auprc": "0.250", "note": "paper"}
        assert figures(lines, "First", "published", "Other") == {"auroc": "> 0.9", "note": "paper"}
        assert figures(lines, "First", "published", "Fine")["auroc"] == "0.9996"
        found = figures(lines, "First", "honest")
        assert found.pop("seconds") == "2.0"
        assert found == {"auroc": "0.700", "auroc_sd": "0.141", "auprc": "0.300", "auprc_sd": "0.141", "seeds": "2"}
        oracle = figures(lines, "First", "oracle")
        assert (oracle["auroc"], oracle["auprc"]) == ("0.900", "0.400")  # each from the settings where it is best
        assert oracle["seconds"] == "10.0"  # what choosing among all settings takes
        assert figures(lines, "First", "rival", "var")["auroc"] == "0.550"
        assert list(csv.DictReader(io.StringIO(as_csv(lines)))) == lines

    def test_both_policies_are_there(self):
        found = figures(table(self.FULL).lines(), "First", "honest", policy="counted")
        assert (found["auroc"], found["auroc_sd"], found["auprc"]) == ("0.350", "0.071", "0.150")
        assert found["note"] == NO_SELF_EDGES

    def test_the_summary_shows_the_policy_of_the_published_figures_and_the_best_of_them(self):
        text = markdown(table(self.FULL), "it.svg")
        assert "(it.svg)" in text
        assert "### All\n\nAll of them.\n\nBy AUROC and by AUPRC, ours is behind" in text
        assert cells(text)["First"] == [
            *("First", "left out", "Fine .9996 / 1.000 (paper)"),
            *(".700 / .300", ".900 / .400", ".550 / .500"),
        ]
        assert cells(text)["Second"][:3] == ["Second", "counted", "best"]

    def test_seeds_that_lack_are_counted_and_explained(self):
        text = markdown(table(self.FULL), "it.svg")
        assert cells(text)["Second"][3] == ".500 / .500 (1 of 2 seeds)"  # with self-edges, the policy of the row
        assert cells(text)["Second"][5] == "not computed"
        assert "* Second, honest: failed, 1 of 2 seeds: it / broke." in text
        note = figures(table(self.FULL).lines(), "Second", "oracle", policy="counted")["note"]
        assert "those of the nearest data" in note

    def test_data_that_are_not_there_are_named(self):
        text = markdown(table(self.FULL), "it.svg")
        assert "Third" not in cells(text)
        assert figures(table(self.FULL).lines(), "Third", "honest") == {"note": "no data"}
        assert "* Third: no data. Fetch it." in text

    def test_a_mean_is_over_rows_of_one_seed_and_says_what_lacks(self):
        text = markdown(table(self.FULL), "it.svg")
        assert cells(text)["Mean"][3] == ".900 / .700 (1 of 2 seeds)"  # only seed 0 ended well in both
        assert "* Mean: of 2 of 3, without Third." in text

    def test_nothing_computed_is_said(self):
        lines = table({}).lines()
        assert figures(lines, "First", "honest") == figures(lines, "First", "oracle") == {"note": "not computed"}
        assert figures(lines, "First", "published", "Theirs")["auroc"] == "0.500"

    def test_a_column_in_which_all_failed_says_so(self):
        lines = table({"one": [failed("honest", "", 0), failed("honest", "", 1)]}).lines()
        assert figures(lines, "First", "honest") == {"note": "failed"}

    def test_only_the_sources_that_are_used_are_explained(self):
        assert "Sources: paper: A paper." in markdown(table({}), "it.svg")

    @pytest.mark.parametrize(("number", "text"), [("0.996", ".996"), ("1.000", "1.000"), ("> 0.9", "> .9")])
    def test_no_zero_before_the_point(self, number, text):
        assert short(number) == text


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


class TestOrigin:
    """Where a figure comes from: what was chosen, when, with which versions, and how to repeat it."""

    def made(self, seed, lag, **more):
        versions = {"causalkit": "1.0.0", "torch": more.pop("torch", "2.13.0"), "numpy": "2"}
        chosen = {"forecaster": "mlp", "lag": lag, "strength": "0.1"}
        return cell("honest", "", seed, 0.8, 0.4, chosen=chosen, versions=versions, device="cpu", **more)

    def test_what_most_seeds_chose_is_said_with_its_share(self):
        made = [self.made(seed, lag, date="2026-11-24") for seed, lag in enumerate(("2", "1", "2"))]
        found = figures(table({"one": made}).lines(), "First", "honest")
        assert (found["forecaster"], found["lag"], found["strength"]) == ("mlp", "2 (2 of 3 seeds)", "0.1")

    def test_what_the_loser_would_have_had_is_not_what_was_chosen(self):
        config = {"lag": 2, "forecaster": {"name": "kan"}, "regularizer": [{"name": "gradient-l1", "strength": 0.1}]}
        alternative = {"parameter": "regularizer.strength", "chosen": 0.4, "within": "forecaster mlp"}
        record = SimpleNamespace(discovery={"config": config, "choices": [alternative]})
        assert published.chosen(record) == {"forecaster": "kan", "lag": "2", "strength": "0.1"}

    def test_days_and_versions_of_all_records_are_said(self):
        made = [self.made(0, "1", date="2026-11-24"), self.made(1, "1", date="2026-11-27", torch="2.11.0")]
        found = figures(table({"one": made}).lines(), "First", "honest")
        assert found["date"] == "2026-11-24 to 2026-11-27"
        assert found["versions"] == "causalkit 1.0.0, torch 2.11.0 and 2.13.0"

    @pytest.mark.plugins
    def test_every_command_is_accepted(self, tmp_path, monkeypatch):
        from click.testing import CliRunner

        from causalkit.cli.main import cli

        monkeypatch.chdir(tmp_path)
        made = published.commands(PLAN, published.arguments(PLAN, []))
        assert len(made) > 2 * len(PLAN.rows)
        for (name, column, _), command in made.items():
            words = shlex.split(command)
            if words[0] == "python":
                given = published.arguments(PLAN, words[2:])
                assert (given.only, given.column, tuple(given.seeds)) == ([name], column, PLAN.seeds)
            else:
                result = CliRunner().invoke(cli, [*words[1:], "--dry-run"])
                assert result.exit_code == 0, (command, result.output)

    def test_earlier_figures_stay_only_where_nothing_was_computed(self):
        before = table(TestTable.FULL).lines()
        for line in before:
            line["date"] = "2020-01-01"
        kept = [line for line in before if line["column"] == "oracle"]
        lines = table({"one": [self.made(0, "1", date="2026-11-24")]}, earlier=kept).lines()
        assert figures(lines, "First", "honest")["date"] == "2026-11-24"
        old = figures(lines, "First", "oracle")
        assert (old["auroc"], old["date"]) == ("0.900", "2020-01-01")
        assert figures(lines, "Second", "honest") == {"note": "not computed"}
        mean = figures(lines, "Mean", "oracle")  # of both kept lines: .9 and 1
        assert (mean["auroc"], mean["date"]) == ("0.950", "2020-01-01")


class TestVerdict:
    ROW: ClassVar = Row(name="one", title="First", policy="exclude", published=[["Theirs", 0.9, 0.5, "paper"]])

    def said(self, auroc, auprc, published=None):
        row = self.ROW if published is None else replace(self.ROW, published=published)
        made = table({"one": [cell("honest", "", 0, auroc, auprc)]}, shown=["one"])
        made = replace(made, rows={"one": row})
        found = [line for line in made.lines() if line["published_policy"] == "yes"]
        return verdict({"First": found}, {"First": "First"})

    def test_a_shortfall_is_said_with_both_figures(self):
        text = self.said(0.95, 0.3)
        assert "By AUROC, ours is ahead" in text
        assert "It falls short on First (AUPRC .300, Theirs .500)." in text

    def test_no_shortfall_where_there_is_none(self):
        assert self.said(0.95, 0.8) == (
            "By AUROC and by AUPRC, ours is ahead of the best published figure on the only row that has one."
        )

    def test_nobody_is_ahead_of_a_lower_bound(self):
        assert "ours is level" in self.said(0.95, 0.8, [["Theirs", "> .9", "> .7", "paper"]])


class TestPicture:
    def test_a_row_has_its_marks_and_its_spread(self):
        figure = draw(table(TestTable.FULL).lines(), table({}).families, ROWS)
        ax = figure.axes[0]
        assert [one.get_text() for one in ax.get_yticklabels()] == ["First", "Second", "Mean"]
        drawn = [tuple(float(x) for x in line.get_xdata()) for line in ax.lines if line.get_marker() == "o"]
        assert drawn == [(0.7,), (0.5,), (0.9,)]
        assert (0.7 - 0.141, 0.7 + 0.141) in [tuple(map(float, line.get_xdata())) for line in ax.lines]

    def test_a_row_without_figures_is_left_out_and_said(self):
        lines = table(TestTable.FULL).lines()
        assert "Third" not in [
            one.get_text() for one in draw(lines, table({}).families, ROWS).axes[0].get_yticklabels()
        ]
        assert missing(lines) == "3 of 4 rows of the table have a figure of ours. No data: Third."


class TestCommand:
    @pytest.fixture
    def plan(self, tmp_path, monkeypatch):
        path = tmp_path / "plan.toml"
        path.write_text(MINE)
        made = published.Plan.read(path)
        monkeypatch.setattr(published.Plan, "read", lambda *_: made)
        return made

    def test_computes_once_and_writes_between_the_markers(self, plan, tmp_path):
        page, out = tmp_path / "page.md", tmp_path / "records"
        page.write_text(f"before\n{BEGIN}\nstale\n{END}\nafter\n")
        published.main(["--out", str(out), "--write", str(page)])
        text = page.read_text()
        assert text.startswith(f"before\n{BEGIN}\n\n![Dots for each data set")
        assert "### Pairs\n\nTwo series.\n\nNo published figure" in text
        assert f"]({published.PICTURE})" in text
        assert "</svg>" in (tmp_path / published.PICTURE).read_text()
        assert text.endswith(f"{END}\nafter\n")
        assert "stale" not in text
        lines = read(page.with_suffix(".csv").read_text())
        records = [one for one in load_records(out) if one.cell.method == "var (honest)"]
        assert len(records) == 2
        mean = f"{sum(one.metric('auroc') for one in records) / 2:.3f}"
        honest = figures(lines, "Pair", "honest")
        assert honest["auroc"] == mean
        assert (honest["lag"], honest["device"], honest["date"]) == ("1", "cpu", records[0].started[:10])
        assert f"causalkit {records[0].versions['causalkit']}" in honest["versions"]
        assert cells(text)["Pair"][3].startswith(short(mean))
        assert not [one for one in lines if one["column"] == "oracle"]  # there are no settings for one
        assert figures(lines, "Pair", "rival", "var[lag=3]")["seeds"] == "2"
        assert figures(lines, "Pair", "rival", "nobody") == {"note": "not installed"}
        before = {path: path.stat().st_mtime_ns for path in out.glob("*.json")}
        published.main(["--out", str(out), "--write", str(page)])
        assert {path: path.stat().st_mtime_ns for path in out.glob("*.json")} == before
        assert page.read_text() == text

    def test_without_running_it_shows_what_there_is(self, plan, tmp_path, capsys):
        out = str(tmp_path / "records")
        published.main(["--out", out, "--no-run"])
        assert figures(read(capsys.readouterr().out), "Pair", "honest") == {"note": "not computed"}
        published.main(["--out", out, "--column", "honest", "--seeds", "0:1"])
        capsys.readouterr()
        published.main(["--out", out, "--no-run"])
        lines = read(capsys.readouterr().out)
        assert figures(lines, "Pair", "honest")["seeds"] == "1"
        assert figures(lines, "Pair", "rival", "var[lag=3]") == {"note": "not computed"}

    def test_a_record_of_another_device_counts(self, plan, tmp_path, capsys):
        out = str(tmp_path / "records")
        published.main(["--out", out, "--column", "honest"])
        published.main(["--out", out, "--column", "honest", "--device", "cuda"])  # nothing is left for it
        capsys.readouterr()
        published.main(["--out", out, "--no-run", "--device", "cuda"])
        assert figures(read(capsys.readouterr().out), "Pair", "honest")["device"] == "cpu"

    def test_the_plan_says_what_is_left(self, plan, tmp_path, capsys):
        out = str(tmp_path / "records")
        published.main(["--out", out, "--plan", "--column", "honest"])
        assert "2 cells are left; 2 have no record to estimate from" in capsys.readouterr().out
        published.main(["--out", out, "--column", "honest", "--seeds", "0:1"])
        capsys.readouterr()
        published.main(["--out", out, "--plan", "--column", "honest"])
        text = capsys.readouterr().out
        assert "1 cells are left" in text
        assert "not known" not in text

    def test_what_lacks_is_said(self, plan, tmp_path, capsys):
        published.main(["--out", str(tmp_path / "records"), "--no-run"])
        said = "0 of 1 rows of the table have a figure of ours. Not computed: Pair."
        assert said in capsys.readouterr().err

    def test_a_page_without_markers_is_refused(self, plan, tmp_path):
        page = tmp_path / "page.md"
        page.write_text("nothing")
        with pytest.raises(DataError, match="does not say where"):
            published.main(["--out", str(tmp_path / "records"), "--no-run", "--write", str(page)])
        assert page.read_text() == "nothing"

    def test_an_unknown_row_is_refused(self, plan):
        with pytest.raises(CausalkitError, match="unknown row"):
            published.main(["--only", "paire"])

    def test_the_page_has_a_place_for_the_table(self):
        page = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
        assert page.count(BEGIN) == page.count(END) == 1

    def test_the_page_summarizes_the_csv_file(self):
        page = ROOT / "docs/benchmarks.md"
        lines = read(page.with_suffix(".csv").read_text(encoding="utf-8"))
        assert {line["data"] for line in lines} == {row.title for row in PLAN.rows.values()}
        text = page.read_text(encoding="utf-8")
        assert summary(lines, PLAN.families, PLAN.rows) in text
        assert missing(lines) in text
        assert f"]({published.PICTURE})" in text
        assert (page.parent / published.PICTURE).exists()
