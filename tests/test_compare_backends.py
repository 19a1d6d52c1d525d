"""Clusters: a grid survives the loss of a Dask worker, and what cannot be computed there is a record."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from importlib.util import find_spec
from types import SimpleNamespace

import psutil
import pytest

from benchmarks.lost_workers import Killer, outcome
from causalkit.compare import run_grid
from causalkit.compare.backends import backend_of
from causalkit.compare.engine import Watcher
from causalkit.compare.grid import build_grid
from causalkit.compare.settings import Limits, Settings
from causalkit.compare.supervisor import Supervisor
from causalkit.errors import WrongUsageError
from tests.plugins_for_tests.installing import FOLDER, installed

PAIR = "lagged-pair[steps=60]"
needs_dask = pytest.mark.skipif(find_spec("distributed") is None, reason="the extra dask is not installed")


class Assassin(Watcher):
    """Kills one of the cluster's workers after so many records."""

    def __init__(self, victim: int, after: int) -> None:
        self.victim, self.after, self.seen = victim, after, 0

    def on_record(self, record):
        self.seen += 1
        if self.seen == self.after:
            os.kill(self.victim, signal.SIGKILL)


@pytest.fixture
def cluster(monkeypatch, loopback):
    """A Dask cluster of worker processes on this machine; its workers see the fake plugin."""
    import dask
    from distributed import Client, LocalCluster

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(FOLDER / "misbehaves"), os.environ["PYTHONPATH"]]))
    monkeypatch.syspath_prepend(str(FOLDER / "misbehaves"))
    # A busy machine takes its time.
    patient = {"distributed.comm.timeouts.connect": "120s", "distributed.comm.timeouts.tcp": "120s"}
    with (
        dask.config.set({"distributed.logging.distributed": "critical", **patient}),
        LocalCluster(n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None) as local,
        Client(local) as client,
    ):
        client.wait_for_workers(3)
        local.pids = list(client.run(os.getpid).values())
        yield local


@needs_dask
@pytest.mark.filterwarnings("ignore")
def test_a_grid_on_dask_survives_the_death_of_a_worker(cluster, tmp_path):
    victim = psutil.Process(cluster.pids[0])
    methods = ["good[seconds=0.1]", "good[seconds=0.1,tag=bb]", "raises"]
    with installed("misbehaves"):
        on_cluster = run_grid(
            methods,
            [PAIR, "henon[steps=60,series=3]"],
            "0:3",
            out=tmp_path / "cluster",
            backend="dask",
            scheduler=cluster.scheduler_address,
            watcher=Assassin(victim.pid, after=2),
        )
        here = run_grid(methods, [PAIR, "henon[steps=60,series=3]"], "0:3", out=tmp_path / "here")
    victim.wait(timeout=120)  # raises should it live
    assert len(on_cluster) == 18
    for there, local in zip(on_cluster, here, strict=True):
        assert (there.cell, there.metrics, there.status) == (local.cell, local.metrics, local.status)
        assert there.data == local.data


@needs_dask
@pytest.mark.filterwarnings("ignore")
def test_no_cell_is_lost_or_recorded_again_while_workers_are_killed(cluster, tmp_path):
    """The short form of ``python -m benchmarks.lost_workers dask``."""
    # Dask gives a worker up that is killed while it starts.
    running = lambda: [one.pid for one in cluster.workers.values() if one.process.status.name == "running"]  # noqa: E731
    killer = Killer(running, every=12)
    grid = (["good", "good[tag=bb]"], [PAIR], "0:30")
    with installed("misbehaves"):
        there = run_grid(
            *grid, out=tmp_path / "there", backend="dask", scheduler=cluster.scheduler_address, watcher=killer
        )
        here = run_grid(*grid, out=tmp_path / "here")
    assert killer.kills >= 2
    assert set(killer.records.values()) == {1}
    assert [outcome(record) for record in there] == [outcome(record) for record in here]
    assert all(record.ok for record in there)


def test_an_idle_worker_of_a_cluster_gives_its_memory_back():
    (cell,) = build_grid(["var"], [PAIR], [0], Settings()).cells
    supervisor = Supervisor(Limits(), idle=0.2)
    try:
        assert supervisor.compute(cell)["status"] == "ok"
        (child,) = [child for child in psutil.Process().children() if "compare.server" in str(child.cmdline())]
        child.wait(timeout=120)
        assert supervisor.compute(cell)["status"] == "ok"
    finally:
        supervisor.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "slurm", "jobs": 1, "scheduler": None}, "choose local, dask or ray"),
        ({"name": "local", "jobs": 0, "scheduler": None}, "use at least one"),
        ({"name": "local", "jobs": 1, "scheduler": "tcp://host:1"}, "add --backend dask"),
        ({"name": "loky", "jobs": 1, "scheduler": "tcp://host:1"}, "add --backend dask"),
    ],
)
def test_a_wrong_backend_is_refused(options, said):
    with pytest.raises(WrongUsageError, match=said):
        backend_of(**options)


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WrongUsageError) as caught:
        backend_of("dask", jobs=1, scheduler=None)
    assert "needs the package distributed" in str(caught.value)
    assert "-c constraints.txt '.[dask]' ./plugins/*" in str(caught.value)


@needs_dask
def test_a_scheduler_that_is_not_there_is_one_line(loopback, tmp_path):
    import dask

    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}), pytest.raises(WrongUsageError) as caught:
        run_grid(["var"], [PAIR], [0], out=tmp_path, backend="dask", scheduler="tcp://127.0.0.1:9")
    assert "no Dask scheduler at tcp://127.0.0.1:9" in str(caught.value)


@needs_dask
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_of_this_machine_cannot_be_reached_from_others(loopback, tmp_path):
    """Dask's dashboard would listen on all addresses of the machine; the fixture no_sockets would fail."""
    (record,) = run_grid(["var"], [PAIR], [0], out=tmp_path, backend="dask")
    assert record.ok


class Hires(Watcher):
    """Adds a worker when a note says that there is none."""

    def __init__(self, local):
        self.local, self.notes = local, []

    def on_note(self, message):
        self.notes.append(message)
        self.local.scale(1)


@needs_dask
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_without_workers_is_not_waited_for_in_silence(loopback, tmp_path, monkeypatch):
    from distributed import LocalCluster

    import causalkit.compare.backends

    monkeypatch.setattr(causalkit.compare.backends, "_LOOK", 0.2)
    with LocalCluster(
        n_workers=0, processes=False, protocol="tcp", threads_per_worker=1, dashboard_address=None
    ) as local:
        watcher, address = Hires(local), local.scheduler_address
        (record,) = run_grid(["var"], [PAIR], [0], out=tmp_path, backend="dask", scheduler=address, watcher=watcher)
    assert record.ok
    assert watcher.notes[0] == (
        f"Dask has no worker that can compute a cell: waiting. Start one with: dask worker {address}; Ctrl-C ends the "
        "comparison"
    )
    assert watcher.notes[1:] in ([], ["Dask has a worker now"])


class FakeRay:
    """A Ray cluster that gets its CPU after the second look, and computes here."""

    def __init__(self):
        self.looks = 0

    def init(self, **_):
        pass

    def shutdown(self):
        pass

    def remote(self, **_):
        def wrapped(function):
            return SimpleNamespace(remote=lambda task: partial(function, task))

        return wrapped

    def wait(self, tasks, **_):
        return (tasks[:1], tasks[1:]) if self.looks > 1 else ([], tasks)

    def cluster_resources(self):
        self.looks += 1
        return {}

    def get(self, task):
        return task()


def test_a_ray_cluster_without_workers_is_not_waited_for_in_silence(tmp_path, monkeypatch):
    import causalkit.compare.backends

    monkeypatch.setattr(causalkit.compare.backends, "_check_installed", lambda *_: None)
    monkeypatch.setitem(sys.modules, "ray", FakeRay())
    notes = []
    watcher = SimpleNamespace(**{name: lambda *_: None for name in ("on_begin", "on_start", "on_record")})
    watcher.on_note = notes.append
    (record,) = run_grid(["var"], [PAIR], [0], out=tmp_path, backend="ray", scheduler="host:1", watcher=watcher)
    assert record.ok
    assert notes == [
        "Ray has no worker that can compute a cell: waiting. A cell needs 1 CPU, and it has 0; Ctrl-C ends the "
        "comparison"
    ]


@needs_dask
@pytest.mark.filterwarnings("ignore")
def test_a_worker_that_cannot_import_what_it_needs_gives_records(loopback, tmp_path, monkeypatch):
    from distributed import LocalCluster

    import causalkit.compare.backends

    def work(task):
        raise ModuleNotFoundError("No module named 'causalkit'")

    monkeypatch.setattr(causalkit.compare.backends, "work", work)
    with LocalCluster(n_workers=1, processes=False, protocol="tcp", dashboard_address=None) as local:
        (record,) = run_grid(["var"], [PAIR], [0], out=tmp_path, backend="dask", scheduler=local.scheduler_address)
    assert record.status == "failed"
    assert record.reason == (
        "no worker of Dask could compute it: ModuleNotFoundError: No module named 'causalkit'; are causalkit and its "
        "plugins installed there?"
    )
