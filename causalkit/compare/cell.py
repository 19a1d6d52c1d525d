"""Compute one cell. Runs in the process that a supervisor watches; see `causalkit.compare.server`."""

from __future__ import annotations

import contextlib
import importlib
import os
import platform
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from causalkit.compare.data import PanelCache
from causalkit.compare.memory import PeakMemory
from causalkit.compare.record import Cell, CellRecord, Status
from causalkit.core.plain import plain
from causalkit.errors import CausalkitError
from causalkit.plugins.records import Method, Metric
from causalkit.plugins.registry import Provided, registry

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery
    from causalkit.core.truth import Truth
    from causalkit.evaluation import Evaluation


@dataclass
class _Work:
    """What is known of a cell so far, so that a failure half-way still says it."""

    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    discovery: Mapping[str, Any] | None = None
    truth: Mapping[str, Any] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    memory: PeakMemory = field(default_factory=PeakMemory)


def compute(cell: Cell, panels: PanelCache) -> CellRecord:
    """Return the record of a cell; whatever goes wrong becomes a record as well.

    Only a fault that ends the process, or one that keeps it busy, is left to the supervisor.
    """
    started, clock = datetime.now(UTC).isoformat(timespec="milliseconds"), time.perf_counter()
    work = _Work()
    status: Status = "ok"
    reason = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _fill(work, cell, panels)
    except BaseException as error:  # plugins call sys.exit and raise KeyboardInterrupt; the grid goes on
        status, reason = _status(error), _in_words(error)
    work.seconds["total"] = time.perf_counter() - clock
    facts = environment(cell)
    if work.notes:
        facts["notes"] = work.notes
    return CellRecord(
        cell=cell,
        status=status,
        reason=reason,
        metrics=work.metrics,
        discovery=work.discovery if status == "ok" else None,
        truth=work.truth,
        data=work.data,
        seconds=work.seconds,
        peak_bytes=work.memory.stop(),
        versions=work.versions,
        environment=facts,
        started=started,
    )


def environment(cell: Cell) -> dict[str, Any]:
    """Return what a record says about the machine."""
    return {**_machine(), "threads": cell.settings.get("threads", 1), "process": os.getpid()}


def _fill(work: _Work, cell: Cell, panels: PanelCache) -> None:
    from causalkit import api
    from causalkit.core.preparation import Preparation
    from causalkit.core.run import Run
    from causalkit.io.results.record import to_record

    clock = time.perf_counter()
    provided = registry().get(Method, cell.method_name)
    work.versions.update(_versions(provided.qualified, provided))
    # What is imported here must not count as the method's time or memory: later cells find it imported.
    acting, config = api.build_method(provided, cell.method_params)
    if "torch" in sys.modules:  # torch's optimizers import this with their first step: 800 modules, 90 MiB
        with contextlib.suppress(ImportError):
            importlib.import_module("torch._dynamo")
    clock, built = time.perf_counter(), clock
    work.seconds["build"] = clock - built
    loaded = panels.load(cell.data_name, cell.data_params, cell.seed)
    work.data = loaded.description
    work.truth = _truth(loaded.truth)
    work.seconds["data"] = time.perf_counter() - clock
    settings = dict(cell.settings)
    select, standardize = settings.pop("select", None), settings.pop("standardize", True)
    named, preparation = settings.pop("metrics", ()), Preparation.of(settings.pop("preparation", None))
    work.memory.start()
    clock = time.perf_counter()
    run = Run(seed=cell.seed, **settings)
    # The names of data sets and seeds would let a method simulate the truth.
    panel = loaded.panel.anonymous()
    discovery = api.fit(acting, provided, config, panel, run, standardize=standardize, preparation=preparation)
    discovery = replace(
        discovery,
        data={**discovery.data, "source": loaded.panel.source},
        notes=(*loaded.panel.notes, *discovery.notes),
    )
    discovery = api.finish(discovery, run, select)
    work.seconds["fit"] = time.perf_counter() - clock
    work.memory.stop()
    clock = time.perf_counter()
    if loaded.truth is not None or named:
        work.metrics, work.notes = _metrics(discovery, loaded.truth, named)
    work.discovery = to_record(discovery)
    work.seconds["evaluate"] = time.perf_counter() - clock


def _metrics(
    discovery: Discovery, truth: Truth | None, named: Sequence[str]
) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Return all metrics that apply under both policies, and what to say about those that raise.

    Those that are computed only when named are the same under both.
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
    """Return the metrics that apply; what to say about others is added to the faults."""
    found = {}
    for provided in metrics:
        record = provided.record
        if reason := evaluation.lacks(record.needs):
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
    known = {key: value for key, value in limited.items() if value is not None}
    return {"names": list(truth.names), "edges": edges, "source": truth.source, **known}


def _status(error: BaseException) -> Status:
    """Tell a lack of memory from other faults, also where torch reports it in its own way."""
    lacking = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return "memory" if lacking or "can't allocate memory" in str(error) else "failed"


def _in_words(error: BaseException) -> str:
    """Return one line: what was raised and, for a fault in a plugin, where."""
    said = " ".join(str(error).split())
    if isinstance(error, CausalkitError):
        return said
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "causalkit/" not in frame.filename]
    where = f" (in {os.path.basename(frames[-1].filename)}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {said}{where}" if said else f"{type(error).__name__}{where}"


_known: dict[str, dict[str, str]] = {}


def _versions(key: str, provided: Provided[Method]) -> dict[str, str]:
    """Return versions; asking the installed packages for them takes milliseconds, so once for each method."""
    from causalkit import api

    if key not in _known:
        _known[key] = api.versions(provided)
    return _known[key]


@cache
def _machine() -> dict[str, Any]:
    from pathlib import Path

    processor = platform.processor()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                processor = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return {
        "host": socket.gethostname(),
        "platform": platform.platform(),
        "processor": plain(processor),
        "cpus": os.cpu_count(),
    }
