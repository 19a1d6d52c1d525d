"""``causalkit compare`` as a command: options, gates, exit codes, formats, and what is seen while it runs."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from causalkit.cli.live import LiveTable
from causalkit.cli.main import _run
from causalkit.compare import load_records, run_grid
from causalkit.compare.grid import build_grid
from causalkit.compare.record import CellRecord
from causalkit.compare.settings import Settings
from tests.plugins_for_tests.installing import installed

PAIR = "lagged-pair"
GRID = ["-m", "var", "-m", "var[lag=1]", "-d", PAIR, "--seeds", "0:2"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A finished comparison; commands on it compute nothing."""
    out = tmp_path_factory.mktemp("compare")
    run_grid(["var", "var[lag=1]"], [PAIR], "0:2", out=out)
    return out


@pytest.fixture
def run(capsys, folder, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        out = [] if "--out" in arguments or "--help" in arguments else ["--out", str(folder)]
        code = _run(["compare", *out, *map(str, arguments)], debug=False)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_the_summary_goes_to_stdout_and_the_rest_to_stderr(run, folder):
    code, out, err = run(*GRID)
    assert code == 0
    assert "var[lag=1]" in out
    assert "auroc, without self-edges" in out
    assert err == f"records in {folder}\n0 of 4 cells to compute, 4 already there\n"
    code, again, err = run(*GRID, "-q", "--backend", "loky")  # an alias of local
    assert (code, again, err) == (0, out, "")


def test_a_gate_that_holds_and_one_that_fails(run):
    code, _, err = run(*GRID, "--gate", f"auroc>=0.99@var,{PAIR}", "-q")
    assert (code, err) == (0, "")
    code, out, err = run(*GRID, "--gate", "auroc>=0.99@var", "--gate", "auroc>=0.99@var[lag=1]", "-q")
    assert code == 1
    first, last = err.splitlines()
    assert first.startswith("gate failed: ")
    assert "var[lag=1]" in first
    assert last == "causalkit: error: 1 of 2 gates failed"
    assert "auroc" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--gate", "auroc>=0.9@grngc"], "'grngc'"),
        (["--gate", "aurok>=0.9"], "auroc"),
        (["--metric", "aurok"], "did you mean auroc"),
        (["--tolerance", "0.1"], "--tolerance needs a baseline"),
        (["--memory", "much"], "not an amount of memory"),
        (["--backend", "slurm"], "choose local, dask or ray"),
        (["-j", "0"], "use at least one"),
        (["--timeout", "soon"], "is not a duration"),
        (["--select", "best"], "no selection rule"),
        (["-o", "nowhere/summary.md"], "no folder nowhere"),
    ],
)
def test_what_is_wrong_is_said_before_any_work(run, arguments, said):
    code, out, err = run(*GRID, "--seeds", "7:9", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_regression_against_a_baseline_is_caught(run, tmp_path):
    code, _, _ = run(*GRID, "--format", "json", "-o", tmp_path / "old.json", "-q")
    assert code == 0
    assert json.loads((tmp_path / "old.json").read_text())
    code, _, err = run(*GRID, "--baseline", tmp_path / "old.json", "-q")
    assert (code, err) == (0, "")
    better = json.loads((tmp_path / "old.json").read_text())
    for record in better["records"]:
        if record["cell"]["method"] == "var[lag=1]":
            record["metrics"]["exclude"]["auroc"] = 1.0
    (tmp_path / "better.json").write_text(json.dumps(better))
    code, _, err = run(*GRID, "--baseline", tmp_path / "better.json", "--tolerance", "0.02", "-q")
    assert code == 1
    assert "var[lag=1]" in err
    assert "auroc" in err


def test_the_file_says_what_the_options_say_and_options_win(run, tmp_path, folder):
    (tmp_path / "bench.toml").write_text(
        f"""
        out = {json.dumps(str(folder))}
        data = ["{PAIR}"]
        seeds = "0:2"
        gates = ["auroc>=0.99@var"]
        metrics = ["auprc"]
        [[methods]]
        name = "var"
        [[methods]]
        name = "linear-var"
        label = "short"
        lag = 1
        """
    )
    code, out, err = run("--config", "bench.toml")
    assert code == 0
    assert "short" in out
    assert "0 of 4 cells to compute" in err
    assert "auprc, without self-edges" in out
    assert "auroc, without self-edges" not in out
    code, out, _ = run("--config", "bench.toml", "-m", "var[lag=1]", "--gate", "auroc>=0.99", "--seeds", "0", "-q")
    assert code == 1
    run(*GRID)  # the labels of the other tests


def test_a_dry_run_prints_the_cells_and_makes_nothing(run, tmp_path):
    with installed("misbehaves"):
        code, out, err = run(*GRID, "-m", "absent", "--dry-run", "--out", tmp_path / "new")
    assert (code, err) == (0, "")
    assert "4 cells in the order in which they start, 2 skipped" in out
    assert "skipped: absent needs the package nothing" in out
    assert not (tmp_path / "new").exists()


def test_a_comparison_without_any_result_is_a_failure(run, tmp_path):
    with installed("misbehaves"):
        code, _, err = run("-m", "absent", "-d", PAIR, "--out", tmp_path / "new")
    assert code == 3
    assert "no cell has a result: absent needs the package nothing" in err


def test_data_that_differ_make_the_command_fail_after_the_table(run, tmp_path, folder):
    for record in load_records(folder):
        values = record.to_json()
        if record.cell.method == "var":
            values["data"]["sha256"] = "0"
        CellRecord.from_json(values).save(tmp_path)
    code, out, err = run(*GRID, "--out", tmp_path)
    assert code == 3
    assert "auroc" in out
    assert "did not see the same panel" in err


def test_help_has_examples(run):
    code, out, _ = run("--help")
    assert code == 0
    assert "causalkit compare -m grngc" in out


def test_the_time_left_counts_cells_and_not_the_start_of_workers(folder, capsys, monkeypatch):
    """Each cell takes 4 s after 30 s of imports; one worker has three left, and two workers two at a time."""
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    grid = build_grid(["var"], [PAIR], range(4), Settings())
    for jobs, said in ((1, "1 of 4 cells, 0 ms, about 12 s left"), (2, "1 of 4 cells, 0 ms, about 8 s left")):
        live = LiveTable("auroc", "exclude", jobs)
        live.on_begin(grid, [], grid.cells)
        record = CellRecord(cell=grid.cells[0], status="failed", reason="", seconds={"build": 30.0, "total": 34.0})
        live.on_record(record)
        console = Console(file=io.StringIO(), width=100)
        console.print(live.picture())
        assert said in console.file.getvalue()


def test_the_live_table_shows_what_is_done_and_what_runs(folder, capsys):
    grid = build_grid(["var", "var[lag=1]"], [PAIR, "henon"], (0, 1), Settings())
    live = LiveTable("auroc", "exclude", 1)
    records = load_records(folder)
    live.on_begin(grid, records[:1], [cell for cell in grid.cells if cell.key != records[0].cell.key])
    live.on_start(grid.cells[0])
    live.on_record(CellRecord(cell=grid.cells[1], status="timeout", reason="stopped after 2 s"))
    console = Console(file=io.StringIO(), width=100)
    console.print(live.picture())
    shown = console.file.getvalue()
    assert f"running: {grid.cells[0].method} on {grid.cells[0].data} #{grid.cells[0].seed}" in shown
    assert "2 of 8 cells" in shown
    assert "1.000" in shown
    assert "!1" in shown
    said = capsys.readouterr().err
    assert "7 of 8 cells to compute, 1 already there" in said
    assert "timed out: " in said
