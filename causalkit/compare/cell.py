"""Compute one cell. Runs in the process that a supervisor watches; see `causalkit.compare.server`."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import socket
import time
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalkit.compare.course import Course
from causalkit.compare.data import PanelCache
from causalkit.compare.memory import PeakMemory
from causalkit.compare.record import Cell, CellRecord
from causalkit.compare.record_schema import Status
from causalkit.compare.sources import sources_of
from causalkit.core.plain import plain
from causalkit.errors import CausalkitError
from causalkit.plugins.records import Method, Metric
from causalkit.plugins.registry import Provided, registry

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery
    from causalkit.core.truth import Truth
    from causalkit.evaluation import Evaluation


def compute(cell: Cell, panels: PanelCache, limit: int | None = None) -> CellRecord:
    """Return the record of a cell, also where the method fails.

    Args:
        limit: bytes of memory above which the supervisor ends the process; None: none.

    The supervisor handles faults that end the process or never return.
    """
    started, clock = datetime.now(UTC).isoformat(timespec="milliseconds"), time.perf_counter()
    memory = PeakMemory()
    facts: dict[str, Any] = {"seconds": {}, "environment": environment(cell)}  # filled step by step, up to a failure
    status: Status = "ok"
    reason = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _fill(facts, cell, panels, memory, limit)
    except BaseException as error:  # plugins call sys.exit and raise KeyboardInterrupt; the grid goes on
        status, reason = _status(error), _in_words(error)
    facts["seconds"]["total"] = time.perf_counter() - clock
    return CellRecord(cell=cell, status=status, reason=reason, peak_bytes=memory.stop(), started=started, **facts)


def environment(cell: Cell) -> dict[str, Any]:
    """Return the facts about the machine and the process for a record."""
    return {**_machine(), "threads": cell.settings.get("threads", 1), "process": os.getpid()}


def _fill(facts: dict[str, Any], cell: Cell, panels: PanelCache, memory: PeakMemory, limit: int | None) -> None:
    """Compute a cell and add the parts of its record to ``facts`` as soon as they are there."""
    from causalkit import api
    from causalkit.core.preparation import Preparation
    from causalkit.core.run import Run
    from causalkit.io.results.record import to_record

    seconds = facts["seconds"]
    clock = time.perf_counter()
    provided = registry().get(Method, cell.method_name)
    facts["versions"], facts["sources"] = _versions(provided.qualified), sources_of(cell)
    # What is imported here must not count as the method's time or memory: later cells find it imported.
    method, config = api.build_method(provided, cell.method_params)
    clock, built = time.perf_counter(), clock
    seconds["build"] = clock - built
    loaded = panels.load(cell.data_name, cell.data_params, cell.seed)
    facts["data"], facts["truth"] = loaded.description, _truth(loaded.truth)
    seconds["data"] = time.perf_counter() - clock
    settings = dict(cell.settings)
    select, standardize = settings.pop("select", None), settings.pop("standardize", True)
    named, preparation = settings.pop("metrics", ()), Preparation.of(settings.pop("preparation", None))
    memory.start()
    clock = time.perf_counter()
    course = Course()
    run = Run(seed=cell.seed, memory=limit, observers=[course], **settings)
    # The names of data sets and seeds would let a method simulate the truth.
    panel = loaded.panel.anonymous()
    discovery = api.fit(method, provided, config, panel, run, standardize=standardize, preparation=preparation)
    facts["course"] = course.described()
    run.observers = [one for one in run.observers if one is not course]  # the fits of a rule come later
    discovery = replace(
        discovery,
        data={**discovery.data, "source": loaded.panel.source},
        notes=(*loaded.panel.notes, *discovery.notes),
    )
    discovery = api.finish(discovery, run, select)
    seconds["fit"] = time.perf_counter() - clock
    memory.stop()
    clock = time.perf_counter()
    if loaded.truth is not None or named:
        facts["metrics"], faults = _metrics(discovery, loaded.truth, named)
        facts["environment"] |= {"notes": faults} if faults else {}
    facts["discovery"] = to_record(discovery)
    seconds["evaluate"] = time.perf_counter() - clock


def _metrics(
    discovery: Discovery, truth: Truth | None, named: Sequence[str]
) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Return all metrics that apply, under both policies on self-edges, and a sentence about each that fails.

    Metrics that are computed only when named are the same under both.
    """
    from causalkit.evaluation import Evaluation

    found: dict[str, dict[str, float]] = {}
    faults: list[str] = []
    for diagonal in ("exclude", "include"):
        evaluation = Evaluation.of(discovery, truth, diagonal)
        metrics = [provided for provided in registry().all(Metric) if not provided.record.by_name_only]
        found[diagonal] = _values(metrics, evaluation, faults)
    # The last evaluation serves as well as the first: these metrics look at the forecaster.
    asked = []
    for name in named:
        try:
            asked.append(registry().get(Metric, name))
        except CausalkitError as error:  # its plugin may be missing on this machine alone
            faults.append(_in_words(error))
    shared = _values(asked, evaluation, faults)
    return {diagonal: values | shared for diagonal, values in found.items()}, faults


def _values(metrics: Sequence[Provided[Metric]], evaluation: Evaluation, faults: list[str]) -> dict[str, float]:
    """Return the metrics that apply; add a sentence about each that fails to ``faults``."""
    found = {}
    for provided in metrics:
        record = provided.record
        if reason := evaluation.lacks(record.needs, record.weighted):
            if record.by_name_only:
                faults.append(f"the metric {record.name} does not apply: {reason}")
            continue
        try:
            value = float(record.load()(evaluation))
        except Exception as error:  # a broken metric must not cost the result of a method
            faults.append(f"the metric {record.name} of {provided.plugin.key} failed: {_in_words(error)}")
            continue
        if value == value and abs(value) < float("inf"):
            found[record.name] = value
    return found


def _truth(truth: Truth | None) -> dict[str, Any] | None:
    if truth is None:
        return None
    edges = [list(edge.values()) for edge in truth.edge_list()]
    limited = {"scope": truth.scope and list(truth.scope), "diagonal": truth.diagonal}
    limited = {key: value for key, value in limited.items() if value is not None}
    return {"names": list(truth.names), "edges": edges, "source": truth.source, **limited}


def _status(error: BaseException) -> Status:
    """Return "memory" for a lack of memory, also where torch raises an error of its own, and else "failed"."""
    lacking = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return "memory" if lacking or "can't allocate memory" in str(error) else "failed"


def _in_words(error: BaseException) -> str:
    """Return one line: what was raised and, for a fault in a plugin, where."""
    text = " ".join(str(error).split())
    if isinstance(error, CausalkitError):
        return text
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "causalkit/" not in frame.filename]
    where = f" (in {os.path.basename(frames[-1].filename)}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {text}{where}" if text else f"{type(error).__name__}{where}"


@cache
def _versions(qualified: str) -> dict[str, str]:
    """Return versions; reading those of the installed packages takes milliseconds, so once for each method."""
    from causalkit import api

    return api.versions(registry().get(Method, qualified))


@cache
def _machine() -> dict[str, Any]:
    processor = platform.processor()
    with contextlib.suppress(OSError):
        names = re.findall(r"^model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        processor = names[0] if names else processor
    return {
        "host": socket.gethostname(),
        "platform": platform.platform(),
        "processor": plain(processor),
        "cpus": os.cpu_count(),
    }
