"""Many discoveries in one process: nothing is kept of them, and settings that all code shares stay as they are."""

import tempfile
import threading
import warnings
from pathlib import Path

import pytest

from tests.daily_use import Desk, tasks
from tests.growth import Held, changes, growth, held, own_temporary_folder, repeated, shared_settings, too_much

CORE = ["plain var", "errors", "estimator", "files", "knowledge", "observers", "rules", "views"]
NEURAL = ["plain grngc", "checkpoint grngc", "two stages grngc", "plain cmlp"]
RUNS, WARM_UP = 60, 48
EVERY_KIND = 12
"""Turns after which a task has done all that it does, so that caches are full after the warm-up."""


@pytest.mark.parametrize("names", [CORE, pytest.param(NEURAL, marks=pytest.mark.plugins)], ids=["core", "neural"])
def test_sixty_runs_leave_nothing_behind(names):
    known = tasks()

    def turn(number: int) -> None:
        name = names[number % len(names)]
        with tempfile.TemporaryDirectory() as folder:
            known[name](Desk(number // len(names) % EVERY_KIND, Path(folder)))

    with warnings.catch_warnings(), own_temporary_folder():
        warnings.simplefilter("ignore")
        found = repeated(turn, RUNS, WARM_UP)
        found.pop("memory")  # varies more than a short test can tell
        assert too_much(found) == []
        before = shared_settings()  # not earlier: what is imported adds filters of warnings
        for number in range(len(names)):
            turn(number)
        assert changes(before, shared_settings()) == []


def test_a_leak_of_each_kind_is_seen():
    leaks = {"objects": [], "files": [], "threads": []}
    ended = threading.Event()

    def leaking(number: int) -> None:
        leaks["objects"].append([number])
        leaks["files"].append(open(__file__, "rb"))  # noqa: SIM115 - never closed, on purpose
        leaks["threads"].append(threading.Thread(target=ended.wait, daemon=True))
        leaks["threads"][-1].start()

    try:
        said = " ".join(too_much(repeated(leaking, runs=12, warm_up=2)))
    finally:
        ended.set()
        for file in leaks["files"]:
            file.close()
        for thread in leaks["threads"]:
            thread.join()
    for kind in leaks:
        assert f"{kind} grow by" in said


def test_growth_is_that_in_a_thousand_runs():
    sample = held()
    samples = [Held(**{**vars(sample), "files": 5 + number}) for number in range(4)]
    found = growth([0, 10, 20, 30], samples)
    assert found["files"] == pytest.approx(100.0)
    assert found["threads"] == 0.0
