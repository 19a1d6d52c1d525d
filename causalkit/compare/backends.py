"""Where cells are computed: joblib's loky on this machine, a Dask cluster, a Ray cluster.

Each backend turns cells into records, in the order in which they are finished. A task is JSON, see
`causalkit.compare.worker`. joblib could also drive Dask and Ray, but its Ray backend hands back results only when all
are there, and with its Dask backend a task that fails outside Python, such as one whose worker was killed several
times, is never heard of again. So both are driven by their own client.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any, Literal, get_args

from causalkit.compare.record import Cell, CellRecord
from causalkit.compare.settings import Limits
from causalkit.compare.worker import close_all, work
from causalkit.core.plain import plain
from causalkit.errors import PluginError, WrongUsageError

BackendName = Literal["loky", "dask", "ray"]
Computed = Iterator[CellRecord]
_IN_FLIGHT = 1000  # tasks that a cluster knows of at a time
_BREAKS = 3  # times that workers of this machine may be killed before the comparison gives up


def backend_of(name: str, *, jobs: int, scheduler: str | None) -> Callable[..., Computed]:
    """Return the function ``(cells, limits, started) -> records`` of a backend.

    Args:
        jobs: processes of loky; clusters have their own.
        scheduler: address of a Dask scheduler or a Ray cluster.

    Raises:
        WrongUsageError: an unknown backend, one whose package is missing, or an address that it has no use for.
    """
    if name not in get_args(BackendName):
        raise WrongUsageError(f"the backend {name!r} is unknown", "choose loky, dask or ray")
    if jobs < 1:
        raise WrongUsageError(f"the number of jobs is {jobs}", "use at least one, for example -j 4")
    if name == "loky":
        if scheduler:
            raise WrongUsageError("a scheduler was named, but no cluster", "add --backend dask or --backend ray")
        return lambda cells, limits, started: _loky(cells, replace(limits, share=jobs), started, jobs)
    _check_installed(name, {"dask": "distributed", "ray": "ray"}[name])
    run = _dask if name == "dask" else _ray
    return lambda cells, limits, started: run(cells, replace(limits, share=0), started, scheduler)


def _loky(cells: Sequence[Cell], limits: Limits, started: Callable[[Cell], None], jobs: int) -> Computed:
    """Compute on this machine; one job needs no worker process, only the supervised one."""
    import joblib
    from joblib.externals.loky import get_reusable_executor
    from joblib.externals.loky.process_executor import BrokenProcessPool

    left = {cell.key: cell for cell in cells}
    breaks = 0
    while left:

        def tasks() -> Iterator[Any]:
            for cell in list(left.values()):
                started(cell)
                yield joblib.delayed(work)(_task(cell, limits, parent=os.getpid()))

        parallel = joblib.Parallel(
            n_jobs=jobs, backend="loky", return_as="generator_unordered", batch_size=1, pre_dispatch="2 * n_jobs"
        )
        results = parallel(tasks())
        try:
            for result in results:
                record = CellRecord.from_json(result)
                left.pop(record.cell.key, None)
                yield record
        except BrokenProcessPool as error:
            # Workers only wait for the processes that compute; they are killed by hand or by a system in distress.
            breaks += 1
            if breaks >= _BREAKS:
                raise PluginError(
                    f"the worker processes were killed {breaks} times", "use a smaller -j; finished cells are kept"
                ) from error
        finally:
            results.close()
            close_all()
            if jobs > 1:  # joblib would keep the workers, and with them the processes that compute, for minutes
                get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)


def _dask(cells: Sequence[Cell], limits: Limits, started: Callable[[Cell], None], scheduler: str | None) -> Computed:
    """Compute on a Dask cluster; without an address, on a cluster of this machine."""
    from distributed import Client, as_completed

    try:
        client = Client(scheduler) if scheduler else Client(threads_per_worker=1)
    except OSError as error:
        raise WrongUsageError(f"there is no Dask scheduler at {scheduler}: {error}", "check the address") from error
    waiting = iter(cells)
    run = uuid.uuid4().hex[:8]  # the scheduler must not answer with what it remembers of an earlier comparison
    cell_of: dict[str, Cell] = {}
    # On the loop of this client: by default it is that of the caller's `with Client(...)`, and the two must not meet.
    done = as_completed(loop=client.loop)

    def submit() -> None:
        if (cell := next(waiting, None)) is None:
            return
        started(cell)
        key = f"causalkit-{run}-{cell.key}"
        cell_of[key] = cell
        done.add(client.submit(work, _task(cell, limits, parent=None), key=key, pure=False))

    try:
        for _ in range(_IN_FLIGHT):
            submit()
        for future in done:
            cell = cell_of.pop(future.key)
            fault = future.exception() if future.status == "error" else None
            if future.status == "finished":
                yield CellRecord.from_json(future.result())
            else:
                yield _lost(cell, fault, "Dask")
            submit()
    finally:
        client.close()


def _ray(cells: Sequence[Cell], limits: Limits, started: Callable[[Cell], None], scheduler: str | None) -> Computed:
    """Compute on a Ray cluster; without an address, on one of this machine."""
    import ray

    try:
        ray.init(address=scheduler, log_to_driver=False, logging_level="ERROR", ignore_reinit_error=True)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise WrongUsageError(f"there is no Ray cluster at {scheduler}: {error}", "check the address") from error
    remote = ray.remote(num_cpus=limits.threads)(work)
    waiting = iter(cells)
    cell_of: dict[Any, Cell] = {}

    def submit() -> None:
        if (cell := next(waiting, None)) is not None:
            started(cell)
            cell_of[remote.remote(_task(cell, limits, parent=None))] = cell

    try:
        for _ in range(_IN_FLIGHT):
            submit()
        while cell_of:
            (reference,), _ = ray.wait(list(cell_of), num_returns=1)
            cell = cell_of.pop(reference)
            try:
                record = CellRecord.from_json(ray.get(reference))
            except ray.exceptions.RayError as error:
                record = _lost(cell, error, "Ray")
            yield record
            submit()
    finally:
        ray.shutdown()


def _task(cell: Cell, limits: Limits, parent: int | None) -> dict[str, Any]:
    return {"cell": plain(asdict(cell)), "limits": asdict(limits), "parent": parent}


def _lost(cell: Cell, error: Any, cluster: str) -> CellRecord:
    """Return the record of a cell that no worker of a cluster could work on."""
    said = " ".join(str(error).split())[:300]
    hint = "are causalkit and its plugins installed there?" if isinstance(error, ImportError) else "see the logs there"
    reason = f"no worker of {cluster} could compute it: {type(error).__name__}: {said}; {hint}"
    return CellRecord(cell=cell, status="failed", reason=reason)


def _check_installed(extra: str, package: str) -> None:
    from importlib.util import find_spec

    if find_spec(package) is None:
        raise WrongUsageError(
            f"the backend {extra} needs the package {package}, which is not installed",
            f"install core and plugins again with the extra: python -m pip install -c constraints.txt '.[{extra}]' "
            "./plugins/*",
        )
