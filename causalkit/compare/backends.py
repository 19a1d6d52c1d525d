"""Where cells are computed: on this machine, on a Dask cluster or on a Ray cluster.

Each backend turns cells into records, in the order in which they finish. Every cell runs in a process of its own
supervisor, so threads suffice on this machine. A cluster receives a cell and returns its record, both as JSON.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from dataclasses import asdict, dataclass, replace
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any

from causalkit.compare.record import Cell, CellRecord
from causalkit.compare.settings import Limits
from causalkit.compare.supervisor import Supervisor
from causalkit.core.plain import plain
from causalkit.display.words import count
from causalkit.errors import WrongUsageError

Computed = Iterator[CellRecord]
_ALIASES = {"loky": "local"}  # the name in earlier versions
_IN_FLIGHT = 1000  # tasks submitted to a cluster at a time
_IDLE = 60.0  # seconds after which a worker of a cluster ends a process without work, to free its memory
_LOOK = 5.0  # seconds without a record after which workers of an own cluster are counted
_own = threading.local()  # Dask runs several cells in threads of one worker


def backend_of(name: str, *, jobs: int, scheduler: str | None) -> Callable[..., Computed]:
    """Return the function ``(cells, limits, started, note) -> records`` of a backend.

    Args:
        name: "local", "dask" or "ray"; "loky" is an alias of "local".
        jobs: cells that run at the same time on this machine; clusters have their own number.
        scheduler: address of a Dask scheduler or a Ray cluster.

    Raises:
        WrongUsageError: an unknown backend, a missing package, or an address without a cluster.
    """
    clusters = {"dask": _dask, "ray": _ray}
    name = _ALIASES.get(name, name)
    if name != "local" and name not in clusters:
        raise WrongUsageError(f"unknown backend {name!r}", "choose local, dask or ray")
    if jobs < 1:
        raise WrongUsageError(f"the number of jobs is {jobs}", "use at least one, for example -j 4")
    if name == "local":
        if scheduler:
            raise WrongUsageError(
                "the backend local has no scheduler", "add --backend dask or --backend ray, or remove --scheduler"
            )
        return lambda cells, limits, started, note: _local(cells, replace(limits, share=jobs), started, jobs)
    _check_installed(name, {"dask": "distributed", "ray": "ray"}[name])
    return lambda cells, limits, started, note: clusters[name](
        cells, replace(limits, share=0), _Watched(started, note), scheduler
    )


def _local(cells: Sequence[Cell], limits: Limits, started: Callable[[Cell], None], jobs: int) -> Computed:
    """Compute on this machine, in threads that each wait for a supervised process."""
    stop = threading.Event()
    supervisors = [Supervisor(limits, stop=stop) for _ in range(min(jobs, len(cells)))]
    free: SimpleQueue[Supervisor] = SimpleQueue()
    for supervisor in supervisors:
        free.put(supervisor)

    def run(cell: Cell) -> dict[str, Any]:
        supervisor = free.get()
        try:
            started(cell)
            return supervisor.compute(cell)
        finally:
            free.put(supervisor)

    # On Linux a process ends with the thread that started it. The pool keeps its threads until the last line.
    with ThreadPoolExecutor(len(supervisors)) as pool:
        futures = {pool.submit(run, cell) for cell in cells}
        try:
            for future in as_completed(futures):
                futures.remove(future)  # it holds its record
                yield CellRecord.from_json(future.result())
        finally:
            stop.set()
            for future in futures:
                future.cancel()
            wait(futures)
            for supervisor in supervisors:
                supervisor.close()


def work(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of ``task["cell"]``, computed within ``task["limits"]``; runs on a worker of a cluster."""
    limits = Limits(**task["limits"])
    supervisor: Supervisor | None = getattr(_own, "supervisor", None)
    if supervisor is None or supervisor.limits != limits:
        if supervisor is not None:
            supervisor.close()
        supervisor = _own.supervisor = Supervisor(limits, idle=_IDLE)
        atexit.register(supervisor.close)
    return supervisor.compute(Cell(**task["cell"]))


@dataclass
class _Watched:
    """Reports which cells a cluster has, and once that it has no worker for them."""

    started: Callable[[Cell], None]
    note: Callable[[str], None]
    waiting: bool = False

    def look(self, cluster: str, workers: float, hint: str) -> None:
        """Report that a cluster has no worker that can take a cell, and that it has one now."""
        if workers and self.waiting:
            self.note(f"{cluster} has a worker now")
        elif not workers and not self.waiting:
            self.note(f"{cluster} has no worker that can compute a cell: waiting. {hint}; Ctrl-C ends the comparison")
        self.waiting = not workers


def _dask(cells: Sequence[Cell], limits: Limits, watched: _Watched, scheduler: str | None) -> Computed:
    """Compute on a Dask cluster; without an address, on a cluster of this machine."""
    from distributed import Client

    try:
        client = Client(scheduler) if scheduler else Client(threads_per_worker=1, dashboard_address=None)
    except OSError as error:
        raise WrongUsageError(f"no Dask scheduler at {scheduler}: {error}", "check the address") from error
    finished: SimpleQueue[tuple[Any, Any]] = SimpleQueue()

    # Each record is fetched when it is there. A finished task is still lost if its worker dies before that, and is
    # computed again: to wait for that one would leave the records of the others on workers that may die, too.
    async def fetch(future: Any) -> None:
        try:
            answer = await client.gather(future, asynchronous=True)
        except Exception as error:  # whatever the cluster raises
            answer = error
        finished.put((future, answer))

    def submit(cell: Cell) -> Any:
        watched.started(cell)
        future = client.submit(work, _task(cell, limits), pure=False)  # never the result of an earlier comparison
        client.loop.add_callback(fetch, future)
        return future

    address = client.scheduler.address
    cluster = client.cluster  # None: it belongs to somebody else, who sees to it that there are workers
    size = len(cluster.workers) if cluster else 0

    def workers() -> int:
        try:
            return len(client.nthreads())
        except (OSError, TimeoutError):  # the scheduler does not answer, and may come back
            return 0

    def next_finished(tasks: Iterable[Any]) -> tuple[Any, Any]:
        while True:
            try:
                return finished.get(timeout=_LOOK)
            except Empty:
                if cluster:  # Dask gives a worker up that is killed while it starts
                    cluster.scale(size)
                else:
                    watched.look("Dask", workers(), f"Start one with: dask worker {address}")

    try:
        yield from _records(cells, submit, next_finished, "Dask")
    finally:
        client.close()


def _ray(cells: Sequence[Cell], limits: Limits, watched: _Watched, scheduler: str | None) -> Computed:
    """Compute on a Ray cluster; without an address, on one of this machine."""
    import ray

    try:
        ray.init(address=scheduler, log_to_driver=False, logging_level="ERROR", ignore_reinit_error=True)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise WrongUsageError(f"no Ray cluster at {scheduler}: {error}", "check the address") from error
    remote = ray.remote(num_cpus=limits.threads)(work)

    def submit(cell: Cell) -> Any:
        watched.started(cell)
        return remote.remote(_task(cell, limits))

    def next_finished(tasks: Iterable[Any]) -> tuple[Any, Any]:
        known = list(tasks)
        while not (done := ray.wait(known, num_returns=1, timeout=_LOOK)[0]):
            cores = ray.cluster_resources().get("CPU", 0.0)
            watched.look(
                "Ray", cores >= limits.threads, f"A cell needs {count(limits.threads, 'CPU')}, and it has {cores:g}"
            )
        task = done[0]
        try:
            return task, ray.get(task)
        except Exception as error:  # whatever the cluster raises
            return task, error

    try:
        yield from _records(cells, submit, next_finished, "Ray")
    finally:
        ray.shutdown()


def _records(
    cells: Iterable[Cell],
    submit: Callable[[Cell], Any],
    next_finished: Callable[[Iterable[Any]], tuple[Any, Any]],
    cluster: str,
) -> Computed:
    """Keep up to `_IN_FLIGHT` tasks at a cluster and yield the record of each, also where its worker fails.

    Args:
        submit: gives a cell to the cluster and returns the task.
        next_finished: waits for one of the tasks, and returns it with its record or the error in place of it.
    """
    waiting = iter(cells)
    cell_of = {submit(cell): cell for cell in islice(waiting, _IN_FLIGHT)}
    while cell_of:
        task, answer = next_finished(cell_of)
        cell = cell_of.pop(task)
        try:
            if isinstance(answer, Exception):
                raise answer
            record = CellRecord.from_json(answer)
        except Exception as error:  # whatever the cluster raises, or a record of another version
            record = _lost(cell, error, cluster)
        yield record
        cell_of |= {submit(cell): cell for cell in islice(waiting, 1)}


def _task(cell: Cell, limits: Limits) -> dict[str, Any]:
    return {"cell": plain(asdict(cell)), "limits": asdict(limits)}


def _lost(cell: Cell, error: Exception, cluster: str) -> CellRecord:
    """Return the record of a cell that no worker of a cluster could compute."""
    text = " ".join(str(error).split())[:300]
    hint = "are causalkit and its plugins installed there?" if isinstance(error, ImportError) else "see the logs there"
    reason = f"no worker of {cluster} could compute it: {type(error).__name__}: {text}; {hint}"
    return CellRecord(cell=cell, status="failed", reason=reason)


def _check_installed(extra: str, package: str) -> None:
    from importlib.util import find_spec

    if find_spec(package) is None:
        raise WrongUsageError(
            f"the backend {extra} needs the package {package}, which is not installed",
            f"install core and plugins again with the extra: python -m pip install -c constraints.txt '.[{extra}]' "
            "./plugins/*",
        )
