"""Run a comparison: compute the missing cells and save each record as soon as it is finished."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from causalkit.compare.backends import backend_of
from causalkit.compare.grid import Grid, build_grid
from causalkit.compare.record import Cell, CellRecord
from causalkit.compare.settings import Limits, Settings, by_name_only, parse_seeds
from causalkit.compare.sources import changed, sources_of
from causalkit.compare.store import Store
from causalkit.core.options import check_options, options_of
from causalkit.display.words import count, were
from causalkit.errors import DataError
from causalkit.plugins.specification import Specification


class Watcher:
    """Follows a comparison, as the live table does; override what you need."""

    def on_begin(self, grid: Grid, known: Sequence[CellRecord], missing: Sequence[Cell]) -> None:
        """Receive the existing records and the missing cells before the work."""

    def on_start(self, cell: Cell) -> None:
        """Receive a cell when its work starts; the call may come from any thread."""

    def on_record(self, record: CellRecord) -> None:
        """Receive a record when it is saved."""

    def on_note(self, message: str) -> None:
        """Receive a message for the user."""


@dataclass
class Known:
    """The records of a grid that a folder already contains.

    Attributes:
        records: of finished cells, and of failed cells that are not run again.
        missing: cells to compute, in order.
        notes: messages for the user about both.
    """

    records: list[CellRecord] = field(default_factory=list)
    missing: list[Cell] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class GridOptions(TypedDict, total=False):
    """Options of `run_grid`, which describes them."""

    select: str | None
    standardize: bool
    detrend: str | None
    difference: int
    device: str
    dtype: Literal["float32", "float64"]
    threads: int
    time_limit: float | None
    metrics: Sequence[str]
    timeout: float | None
    memory: int | None
    jobs: int
    backend: Literal["local", "dask", "ray"]
    scheduler: str | None
    shuffle: int
    retry: bool
    refresh: bool


def run_grid(
    methods: Sequence[str | Specification],
    data: Sequence[str | Specification],
    seeds: Sequence[int] | str = (0,),
    *,
    out: str | Path = "causalkit-compare",
    lag: int | str | None = None,
    watcher: Watcher | None = None,
    **options: Unpack[GridOptions],
) -> list[CellRecord]:
    """Compute every method on every data set with every seed, except for cells with a record in the folder.

    Args:
        methods, data: such as ``"grngc[forecaster=kan]"``, ``"var[series=20]"`` or ``"own.csv[truth=truth.csv]"``.
        seeds: of the simulated data and of the methods; numbers, or text such as ``"0:5"``.
        out: folder of the records.
        lag: K of all methods; default: each method's own.
        watcher: follows the comparison.
        select, standardize, device, dtype, threads, time_limit: as in `causalkit.discover`, the same for all cells, but
            on the CPU by default.
        detrend, difference: as in `causalkit.Preparation`, the same for all cells.
        metrics: names of metrics that are computed only when named; all others are computed anyway.
        timeout: seconds after which a cell is stopped.
        memory: bytes of resident memory above which a cell is stopped; default: a fair share of the machine.
        jobs: cells that are computed at the same time on this machine; default: 1.
        backend: "local" (the default), "dask" or "ray".
        scheduler: address of a Dask scheduler or a Ray cluster.
        shuffle: seed of the order in which cells are computed.
        retry: compute failed cells again, and cells that exceeded a limit.
        refresh: compute cells again whose records come from another version of causalkit or of the method's plugin, or
            from other source code of the same version.

    Returns:
        One record for each cell, by method, data set and seed in the order given.

    Warns:
        RuntimeWarning: methods did not see the same panel.

    Raises:
        WrongUsageError: an unknown name, option or parameter, before anything is computed.
        DataError: a file cannot be read.
    """
    check_options(options, GridOptions, "run_grid", ("methods", "data", "seeds", "out"))
    metrics = by_name_only(options.get("metrics", ()))
    settings = Settings(**{**options_of(Settings, options), "lag": lag, "metrics": metrics})
    limits = Limits(**options_of(Limits, options))
    scheduler = options.get("scheduler")
    run = backend_of(options.get("backend", "local"), jobs=options.get("jobs", 1), scheduler=scheduler)
    grid = build_grid(methods, data, parse_seeds(seeds), settings, shuffle=options.get("shuffle", 0))
    retry, refresh = options.get("retry", False), options.get("refresh", False)
    store = Store(Path(out))
    with store.locked():
        records = execute(grid, store, run, limits, retry=retry, refresh=refresh, watcher=watcher or Watcher())
    if unequal := unequal_data(records):
        warnings.warn(unequal, RuntimeWarning, stacklevel=2)
    return records


def execute(
    grid: Grid,
    store: Store,
    run: Callable[..., Iterable[CellRecord]],
    limits: Limits,
    *,
    retry: bool,
    refresh: bool,
    watcher: Watcher,
    keep: Callable[[CellRecord], CellRecord] = lambda record: record,
) -> list[CellRecord]:
    """Compute the missing cells of a grid and return all its records; the store is locked.

    Args:
        grid: the cells.
        store: of the records.
        run: the backend, as `causalkit.compare.backends.backend_of` gives it.
        limits: of each cell.
        retry, refresh: as for `run_grid`.
        watcher: follows the comparison, and receives whole records.
        keep: returns what stays in memory of each record, and is returned at the end.
    """
    store.forget_skipped()
    records = {}
    for cell, reason in grid.skipped:
        records[cell.key] = CellRecord(cell=cell, status="skipped", reason=reason)
        store.save(records[cell.key])
    known = take_stock(grid, store, retry=retry, refresh=refresh, keep=keep)
    records |= {record.cell.key: record for record in known.records}
    for note in known.notes:
        watcher.on_note(note)
    watcher.on_begin(grid, list(records.values()), known.missing)
    if known.missing:
        for record in run(known.missing, limits, watcher.on_start, watcher.on_note):
            if not record.versions:  # its process ended before
                record = replace(record, versions=grid.versions[record.cell.method], sources=sources_of(record.cell))
            store.save(record)
            records[record.cell.key] = keep(record)
            watcher.on_record(record)
    return sorted(records.values(), key=lambda record: grid.sort_key(record.cell))


def take_stock(
    grid: Grid, store: Store, *, retry: bool, refresh: bool, keep: Callable[[CellRecord], CellRecord]
) -> Known:
    """Divide the cells of a grid into those with a valid record and those to compute; arguments as for `execute`."""
    known = Known()
    failed: dict[str, int] = {}
    outdated: dict[str, int] = {}
    for cell in grid.cells:
        try:
            record = store.find(cell)
        except DataError as error:
            known.notes.append(f"{error.message}; the cell is computed again")
            record = None
        if record is None or (retry and not record.ok):
            known.missing.append(cell)
            continue
        made = _made_by_another(record, grid.versions[cell.method]) or _made_by_other_source(record, cell)
        if made and refresh:
            known.missing.append(cell)
            continue
        if made:
            outdated[made] = outdated.get(made, 0) + 1
        if not record.ok:
            failed[record.status] = failed.get(record.status, 0) + 1
        known.records.append(keep(record))
    for made, records in outdated.items():
        known.notes.append(f"{count(records, 'record')} {were(records)} made by {made}; --refresh runs the cells again")
    if failed:
        kinds = ", ".join(f"{number} {status}" for status, number in failed.items())
        lost = sum(failed.values())
        cells = f"{count(lost, 'cell')} {were(lost)} without a result in an earlier run"
        known.notes.append(f"{cells} ({kinds}); --retry runs them again")
    return known


def unequal_data(records: Iterable[CellRecord]) -> str:
    """Return a sentence when cells of one data set and seed did not see the same panel, or ""."""
    seen: dict[tuple[str, int], dict[str, Any]] = {}
    for record in records:
        if digest := record.data.get("sha256"):
            seen.setdefault((record.cell.data, record.cell.seed), {}).setdefault(digest, record.cell.method)
    for (data, seed), digests in seen.items():
        if len(digests) > 1:
            one, other, *_ = digests.values()
            return (
                f"{one} and {other} did not see the same panel of {data} with seed {seed}: machines or versions "
                "differ, or the data set uses random numbers that do not depend on the seed"
            )
    return ""


def _made_by_another(record: CellRecord, now: dict[str, str]) -> str:
    """Return "causalkit 1.0.0, now 1.1.0" where a version that matters is another today, or ""."""
    for package, version in now.items():
        then = record.versions.get(package)
        if then is not None and then != version:
            return f"{package} {then}, now {version}"
    return ""


def _made_by_other_source(record: CellRecord, cell: Cell) -> str:
    """Return "other source code of my-plugin 1.0.0" where files changed and the version did not, or ""."""
    names = changed(record.sources, sources_of(cell))
    if not names:
        return ""
    listed = ", ".join(" ".join(filter(None, (name, record.versions.get(name, "")))) for name in names)
    return f"other source code of {listed}, whose version is the same"
