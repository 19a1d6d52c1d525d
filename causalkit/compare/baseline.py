"""A comparison against an earlier one: a mean that fell by more than a tolerance is a regression."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from causalkit.compare.blocks import RecordGrid, greater_is_better, mean
from causalkit.compare.gates import GateResult
from causalkit.compare.record import CellRecord, newer
from causalkit.compare.store import load_records
from causalkit.compare.table import METRICS
from causalkit.display.words import count, listed
from causalkit.errors import DataError, WrongUsageError
from causalkit.io.json_files import read_json

SCHEMA = 1
KIND = "causalkit-comparison"
_COMMAND = "causalkit compare ... --format json -o FILE"
# A sentence lists so many cells and counts the rest.
_LISTED = 6


def compare_with_baseline(
    records: Iterable[CellRecord],
    baseline_records: Iterable[CellRecord],
    tolerance: float = 0.0,
    metrics: Sequence[str] = METRICS,
    diagonal: str = "exclude",
) -> list[GateResult]:
    """Compare every method on every data set with itself in an earlier comparison, by label.

    The mean over the seeds of both comparisons may be worse by the tolerance, in units of the metric. A cell that had a
    result and has none now is a regression. New cells, missing cells and changed data or settings are reported without
    a failure. It is a failure if no cell can be compared.

    Raises:
        WrongUsageError: the tolerance is negative.
        UnknownNameError: a metric is unknown.
    """
    if not tolerance >= 0:
        raise WrongUsageError(f"the tolerance is {tolerance:g}", "give 0 or more, in units of the metric")
    for metric in metrics:
        greater_is_better(metric)  # refuses an unknown name, whatever the records contain
    now, before = RecordGrid.of(records), RecordGrid.of(baseline_records)
    shared = [pair for pair in now.cells if pair in before.cells and set(now.cells[pair]) & set(before.cells[pair])]
    results = [
        result
        for data, method in shared
        for result in (
            *_broken(now, before, data, method),
            *(_metric(now, before, data, method, metric, tolerance, diagonal) for metric in metrics),
        )
        if result is not None
    ]
    if not results:
        sentence = "nothing can be compared with the baseline: they share no cell with a result"
        results.append(GateResult("baseline", holds=False, sentence=sentence))
    return [*results, *_changes(now, before, shared)]


def load_baseline(path: str | Path) -> list[CellRecord]:
    """Return the records of an earlier comparison: a folder of records, or what ``--format json`` wrote.

    Raises:
        DataError: a missing file, a file of another kind, or a folder without records.
    """
    path = Path(path)
    if os.path.isdir(path):
        return load_records(path)
    if not os.path.exists(path):
        raise DataError(f"no such file or folder: {path}", f"create it with: {_COMMAND}")
    held = read_json(path, f"create it again with: {_COMMAND}")
    if not isinstance(held, dict) or held.get("kind") != KIND or not isinstance(held.get("records"), list):
        raise DataError(f"{path} is not a comparison", "name a file of causalkit compare --format json")
    if newer(held, SCHEMA):
        raise DataError(f"{path} was written by a newer causalkit", "upgrade causalkit to read it")
    return [
        CellRecord.from_json(record, f"record {place + 1} of {path}") for place, record in enumerate(held["records"])
    ]


def _metric(
    now: RecordGrid, before: RecordGrid, data: str, method: str, metric: str, tolerance: float, diagonal: str
) -> GateResult | None:
    """Compare the means of a metric over shared seeds; None where neither has it."""
    text = f"baseline {metric}@{method},{data}"
    new, old = (grid.values(data, method, metric, diagonal) for grid in (now, before))
    well = {seed for seed, record in now.records(data, method).items() if record.ok}
    if lost := sorted((set(old) & well) - set(new)):
        sentence = f"regression: {method} on {data} no longer has a result for {metric} (seed {_listed(lost)})"
        return GateResult(text, holds=False, sentence=sentence)
    seeds = sorted(set(new) & set(old))
    if not seeds:
        return None
    ours, theirs = mean(new[seed] for seed in seeds), mean(old[seed] for seed in seeds)
    worse = round(theirs - ours if greater_is_better(metric) else ours - theirs, 12)
    facts = (
        f"the mean {metric} of {method} on {data} was {theirs:.4g} and is {ours:.4g} over {count(len(seeds), 'seed')}"
    )
    if worse > tolerance:
        more = f"worse by {worse:.4g}, more than the tolerance of {tolerance:g}"
        return GateResult(text, holds=False, sentence=f"regression: {facts}, {more}")
    return GateResult(text, holds=True, sentence=f"no regression: {facts}")


def _broken(now: RecordGrid, before: RecordGrid, data: str, method: str) -> list[GateResult]:
    """Return a failure where cells had a result and have none now."""
    old = before.records(data, method)
    broken = {
        seed: record
        for seed, record in now.records(data, method).items()
        if not record.ok and seed in old and old[seed].ok
    }
    if not broken:
        return []
    reasons = "; ".join(dict.fromkeys(f"{record.status}: {record.reason}" for record in broken.values()))
    seeds = _listed(sorted(broken))
    sentence = f"regression: {method} on {data} had a result for seed {seeds} and has none now ({reasons})"
    return [GateResult(f"baseline result@{method},{data}", holds=False, sentence=sentence)]


def _changes(now: RecordGrid, before: RecordGrid, shared: Sequence[tuple[str, str]]) -> list[GateResult]:
    """Return what limits the comparison. None of it is a failure."""
    places = [{(*pair, seed) for pair in grid.cells for seed in grid.cells[pair]} for grid in (now, before)]
    data, settings = [], []
    for pair in shared:
        pairs = [
            (now.cells[pair][s], before.cells[pair][s]) for s in sorted(set(now.cells[pair]) & set(before.cells[pair]))
        ]
        hashes = [(new.data.get("sha256"), old.data.get("sha256")) for new, old in pairs]
        if any(new and old and new != old for new, old in hashes):
            data.append(f"{pair[1]} on {pair[0]}")
        if any(new.cell.key != old.cell.key for new, old in pairs):
            settings.append(f"{pair[1]} on {pair[0]}")
    new_cells, left_out = (
        [f"{method} on {name} with seed {seed}" for name, method, seed in sorted(found)]
        for found in (places[0] - places[1], places[1] - places[0])
    )
    return [
        GateResult(f"baseline {topic}", holds=True, sentence=f"{words}: {_listed(found)}")
        for topic, words, found in (
            ("new cells", f"{count(len(new_cells), 'cell')} not in the baseline, not compared", new_cells),
            ("left out", f"{count(len(left_out), 'cell')} of the baseline not in this comparison", left_out),
            ("data", "the data differ from the baseline", data),
            ("settings", "parameters or settings differ from the baseline", settings),
        )
        if found
    ]


def _listed(items: Sequence[object]) -> str:
    return listed([str(item) for item in items], _LISTED)
