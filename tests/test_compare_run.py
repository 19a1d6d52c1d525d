"""Comparisons are resumed, interrupted and killed without losing a record, and bad plugins become records."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import filelock
import psutil
import pytest

from causalkit.compare import load_records, run_grid
from causalkit.compare.engine import Watcher, unequal_data
from causalkit.compare.record import CellRecord
from causalkit.errors import DataError, WrongUsageError
from tests.plugins_for_tests.installing import FOLDER, installed

PAIR = "lagged-pair[steps=60]"


class Notes(Watcher):
    """Remembers what the user is told, and which cells were computed."""

    def __init__(self):
        self.notes, self.computed = [], []

    def on_note(self, message):
        self.notes.append(message)

    def on_record(self, record):
        self.computed.append((record.cell.method, record.cell.seed))


class Fails(Watcher):
    """Raises in one of its methods."""

    def __init__(self, name):
        setattr(self, name, self.fail)

    def fail(self, *_):
        raise OSError("no space left")


@pytest.fixture
def diary(tmp_path, monkeypatch):
    path = tmp_path / "diary"
    path.touch()
    monkeypatch.setenv("FAKE_DIARY", str(path))
    return path


def test_a_second_call_computes_only_what_is_missing(tmp_path, diary):
    out = tmp_path / "out"

    def run(*methods, seeds="0:2", **options):
        notes = Notes()
        records = run_grid(methods, [PAIR], seeds, out=out, watcher=notes, **options)
        return records, notes

    with installed("misbehaves"):
        first, notes = run("good", "raises", "absent")
        assert [(r.cell.method, r.cell.seed, r.status) for r in first] == [
            ("good", 0, "ok"), ("good", 1, "ok"), ("raises", 0, "failed"), ("raises", 1, "failed"),
            ("absent", 0, "skipped"), ("absent", 1, "skipped"),
        ]  # fmt: skip
        assert len(notes.computed) == 4
        assert sorted(record.cell.key for record in load_records(out)) == sorted(record.cell.key for record in first)

        again, notes = run("good[ lag = 1 ]", "raises", "absent")  # the same cells under another label
        assert notes.computed == []
        assert notes.notes == ["2 cells were without a result in an earlier run (2 failed); --retry runs them again"]
        assert [record.discovery for record in again] == [record.discovery for record in first]
        assert again[0].cell.method == "good[lag=1]"

        replace(again[0], versions={**again[0].versions, "fake-misbehaves": "0.9"}).save(out)
        _, notes = run("good")
        assert notes.computed == []
        assert notes.notes == ["1 record was made by fake-misbehaves 0.9, now 1.0; --refresh runs the cells again"]

        (out / f"{first[1].cell.key}.json").write_text('{"half a rec')
        leftover = out / f".{first[1].cell.key}.abc123.json"
        leftover.write_text("")
        _, notes = run("good", "raises", seeds="0:3", retry=True, refresh=True)
        outdated, damaged, retried, new = [("good", 0)], [("good", 1)], [("raises", 0), ("raises", 1)], 2
        assert sorted(notes.computed) == sorted([*outdated, *damaged, *retried, ("good", new), ("raises", new)])
        assert "damaged" in notes.notes[0] or "cannot be read" in notes.notes[0]
        assert "computed again" in notes.notes[0]
        assert not leftover.exists()
    fits = [line.rpartition(" ")[0] for line in diary.read_text().splitlines()]  # without the digest of the panel
    assert sorted(fits) == sorted(f"a {seed}" for seed in (0, 1, 0, 1, 2))


@pytest.mark.parametrize("where", ["on_start", "on_record"])
def test_a_fault_of_the_watcher_ends_all_processes_and_is_raised(tmp_path, where):
    before = set(psutil.Process().children())
    with installed("misbehaves"), pytest.raises(OSError, match="no space left"):
        run_grid(["good", "never-ends"], [PAIR], [0], out=tmp_path, watcher=Fails(where), jobs=2, timeout=300)
    assert set(psutil.Process().children()) <= before


def test_a_record_says_all_that_is_needed_to_trust_it(tmp_path):
    (record,) = run_grid(["var[lag=2]"], ["lagged-pair"], [4], out=tmp_path, select="top-k:1", memory=2**31, timeout=60)
    assert record.ok
    assert record.metric("auroc") == 1.0
    assert record.metric("f1", "include") == 1.0
    assert record.data["sha256"] == record.discovered().data["sha256"]
    assert record.discovered().seed == 4
    assert record.true_graph().edge_list() == [{"cause": "0", "effect": "1", "lag": 2}]
    assert {"data", "fit", "evaluate", "total"} <= set(record.seconds)
    assert 0 <= record.peak_bytes < 50e6
    assert {"causalkit", "python", "torch", "numpy"} <= set(record.versions)
    assert record.environment["threads"] == 1
    assert (record.environment["timeout"], record.environment["memory_limit"]) == (60, 2**31)
    assert CellRecord.load(tmp_path / f"{record.cell.key}.json") == record


def test_bad_plugins_become_records_and_stop_nothing_else(tmp_path):
    bad = {
        "raises": ("failed", "ZeroDivisionError: nobody expects this (in fake_misbehaves.py, line"),
        "gives-nan": ("failed", "the score nan of 0 -> 0 at lag 1 is not a finite"),
        "wrong-shape": ("failed", "scores have the shape (3, 4, 1) for 3 series"),
        "gives-nothing": ("failed", "returned no discovery of these series"),
        "broken": ("failed", "RuntimeError: the constructor is wrong"),
        "exits": ("failed", "SystemExit: 0"),
        "interrupts": ("failed", "KeyboardInterrupt"),
        "never-ends": ("timeout", "stopped after the time limit of 20 s"),
        "eats-memory": ("memory", "above the limit of 600 MiB"),
        "killed": ("memory", "killed from outside (SIGKILL)"),
        "crashes": ("failed", "died of SIGSEGV: Fatal Python error: Segmentation fault"),
        "ends-at-once": ("failed", "ended by itself with exit code 7"),
        "spoils": ("failed", "assignment destination is read-only (in fake_misbehaves.py, line"),
    }
    good = ["good", "prints", "forks"]
    with installed("misbehaves"):
        records = run_grid([*bad, *good], [PAIR], [0], out=tmp_path, timeout=20, memory=600 * 2**20, jobs=2)
    found = {record.cell.method: record for record in records}
    assert {name: found[name].status for name in good} == dict.fromkeys(good, "ok")
    assert {name: found[name].status for name in bad} == {name: status for name, (status, _) in bad.items()}
    for name, (_, reason) in bad.items():
        assert reason in found[name].reason
        assert "\n" not in found[name].reason
        assert found[name].versions["fake-misbehaves"] == "1.0"
    assert 300 * 2**20 < found["eats-memory"].peak_bytes < 1200 * 2**20
    assert len({record.data["sha256"] for record in records if record.data}) == 1
    assert {record.cell.key for record in load_records(tmp_path)} == {record.cell.key for record in records}


def test_a_method_does_not_learn_the_name_and_the_seed_of_its_data(tmp_path):
    with installed("misbehaves"):
        (record,) = run_grid(["cheats"], ["lorenz96[series=5,steps=60]"], [3], out=tmp_path)
    assert record.ok
    assert record.metric("auroc") == 0.5
    for source in (record.data["source"], record.discovered().data["source"]):
        assert source.startswith("lorenz96(series=5")
        assert source.endswith("seed=3)")


def test_notes_of_a_reader_stand_in_the_record(tmp_path):
    (tmp_path / "x.csv").write_text("time,a,b\n" + "".join(f"{k},{k * 7 % 5},{k * k % 7}\n" for k in range(40)))
    (record,) = run_grid(["var"], [f"{tmp_path}/x.csv"], [0], out=tmp_path / "out")
    assert record.ok
    assert "time" in record.discovered().notes[0]


def test_memory_is_that_of_the_cell_and_not_of_cells_before_it(tmp_path):
    with installed("misbehaves"):
        sizes = [20, 300, 100]
        records = run_grid([f"takes[megabytes={size}]" for size in sizes], [PAIR], "0:2", out=tmp_path)
    for record, size in zip(records, [size for size in sizes for _ in range(2)], strict=True):
        assert size - 5 <= record.peak_bytes / 2**20 <= size + 40, record.cell.method


def test_data_that_are_not_the_same_for_all_are_found_out(tmp_path):
    with installed("misbehaves"):
        records = run_grid(["spoils", "good", "good[tag=b]"], [PAIR, "drifting"], [0], out=tmp_path, standardize=False)
    spoilt = [record for record in records if record.cell.method == "spoils"]
    assert {record.status for record in spoilt} == {"failed"}
    assert all("read-only" in record.reason for record in spoilt)
    assert not unequal_data(record for record in records if record.cell.data == PAIR)
    # No seed reaches what this data set draws.
    one = next(record for record in records if record.cell.data == "drifting" and record.ok)
    other = replace(one, cell=replace(one.cell, method="other"), data={**one.data, "sha256": "0"})
    assert "good and other did not see the same panel of drifting with seed 0" in unequal_data([one, other])


def test_one_folder_serves_one_comparison_at_a_time(tmp_path):
    with filelock.FileLock(tmp_path / ".lock"), pytest.raises(WrongUsageError, match="another causalkit compare"):
        run_grid(["var"], [PAIR], [0], out=tmp_path)


def test_a_folder_without_records_is_refused(tmp_path):
    with pytest.raises(DataError, match="contains no records"):
        load_records(tmp_path)
    with pytest.raises(DataError, match="no folder"):
        load_records(tmp_path / "none")


class Process:
    """``causalkit compare`` in a process of its own, beside the fake plugin."""

    def __init__(self, out: Path, *arguments: str, diary: Path) -> None:
        path = os.pathsep.join([str(FOLDER / "misbehaves"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "causalkit", "compare", "--out", str(out), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path, "FAKE_DIARY": str(diary)},
        )

    def wait_for(self, condition) -> None:
        while not condition():
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.02)

    def finish(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=600)  # against a hang; a busy machine may take its time
        return self.process.returncode, out, err


def keys(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("[!.]*.json")}


def wait_until_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=120)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def test_killed_half_way_and_started_again(tmp_path, diary):
    grid = [
        *("-m", "good[seconds=0.1]", "-m", "good[seconds=0.1,tag=bb]", "-m", "good[seconds=0.1,tag=ccc]"),
        *("-d", PAIR, "-d", "henon[steps=60,series=3]", "-d", "var[steps=60,series=3]"),
        *("--seeds", "0:3", "-j", "2"),
    ]
    out = tmp_path / "out"
    first = Process(out, *grid, diary=diary)
    first.wait_for(lambda: len(keys(out)) >= 9)
    family = psutil.Process(first.process.pid).children(recursive=True)
    first.process.kill()
    first.finish()
    wait_until_gone(family)
    finished = {path.name: path.read_bytes() for path in out.glob("[!.]*.json")}
    assert 9 <= len(finished) < 27

    diary.write_text("")
    code, table, said = Process(out, *grid, diary=diary).finish()
    assert code == 0, said
    assert f"{27 - len(finished)} of 27 cells to compute, {len(finished)} already there" in said
    assert {name: (out / name).read_bytes() for name in finished} == finished
    computed = diary.read_text().splitlines()
    assert len(computed) == len(set(computed)) == 27 - len(finished)

    code, whole, _ = Process(tmp_path / "whole", *grid, diary=diary).finish()
    assert code == 0
    assert keys(tmp_path / "whole") == keys(out)
    assert accuracy(table) == accuracy(whole)


def accuracy(table: str) -> str:
    """Return a summary without its times."""
    return "\n".join(line for line in table.splitlines() if " MiB" not in line)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_keeps_what_is_finished_and_leaves_no_process_behind(tmp_path, diary, jobs):
    out = tmp_path / "out"
    command = Process(out, "-m", "good", "-m", "leaves-child", "-d", PAIR, "-j", jobs, "--shuffle", "1", diary=diary)
    pids = []

    def started():
        pids[:] = [line.split() for line in diary.read_text().splitlines() if line[0].isdigit()]
        return pids and len(pids[0]) == 2

    command.wait_for(started)
    family = [*psutil.Process(command.process.pid).children(recursive=True), psutil.Process(int(pids[0][1]))]
    before = keys(out)
    command.process.send_signal(signal.SIGINT)
    code, _, said = command.finish()
    assert code == 130
    assert "finished cells are kept; the same command continues" in said
    assert "Traceback" not in said
    wait_until_gone(family)
    assert keys(out) >= before


def test_a_file_says_which_cell_it_holds(tmp_path):
    with installed("misbehaves"):
        (record,) = run_grid(["absent"], [PAIR], [0], out=tmp_path)
    held = json.loads((tmp_path / f"{record.cell.key}.json").read_text())
    assert (held["status"], held["key"]) == ("skipped", record.cell.key)
    assert held["reason"] == "absent needs the package nothing; install it"
