"""Records as a grid of methods, data sets and seeds, and its complete blocks, the basis of paired statistics."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from causalkit.errors import DataError
from causalkit.plugins.records import Metric
from causalkit.plugins.registry import registry

if TYPE_CHECKING:
    from causalkit.compare.record import CellRecord

Over = Literal["cells", "data"]
Block = tuple[str, int | None]

# Measured beside the metrics; less is better.
COSTS = ("seconds", "memory")
MEBIBYTE = 2**20
# Means of equal numbers may differ in the last bit.
_DIGITS = 12


def greater_is_better(metric: str) -> bool:
    """Return whether a greater value of a metric is better; for the costs "seconds" and "memory" it is not.

    Raises:
        UnknownNameError: an unknown metric.
    """
    return metric not in COSTS and registry().get(Metric, metric).record.greater_is_better


def value(record: CellRecord, metric: str, diagonal: str) -> float | None:
    """Return a metric, the seconds of the fit, or its memory in MiB; None where there is no finite number."""
    if not record.ok:
        return None
    if metric == "seconds":
        found = record.seconds.get("fit")
    elif metric == "memory":
        found = None if record.peak_bytes is None else record.peak_bytes / MEBIBYTE
    else:
        found = record.metric(metric, diagonal)
    # In a record from a file, an infinity is text.
    return float(found) if isinstance(found, int | float) and math.isfinite(found) else None


def mean(values: Iterable[float]) -> float:
    """Return the mean, rounded to 12 digits."""
    return round(fmean(values), _DIGITS)


@dataclass(frozen=True)
class RecordGrid:
    """Records by data set, method and seed.

    Attributes:
        cells: ``cells[data, method][seed]``, with the labels of the user.
        methods, data: the labels, sorted.
    """

    cells: Mapping[tuple[str, str], Mapping[int, CellRecord]]
    methods: tuple[str, ...]
    data: tuple[str, ...]

    @classmethod
    def of(cls, records: Iterable[CellRecord]) -> RecordGrid:
        """Sort records by data set, method and seed.

        Raises:
            DataError: two different records of one cell; their average would mix two comparisons.
        """
        cells: dict[tuple[str, str], dict[int, CellRecord]] = {}
        for record in records:
            cell = record.cell
            seeds = cells.setdefault((cell.data, cell.method), {})
            if seeds.setdefault(cell.seed, record) != record:
                raise DataError(
                    f"there are two records of {cell.method} on {cell.data} with seed {cell.seed}: "
                    + _difference(seeds[cell.seed], record),
                    "give every comparison a folder of its own",
                )
        data, methods = (tuple(sorted(set(labels))) for labels in zip(*cells, strict=True)) if cells else ((), ())
        return cls({pair: dict(sorted(cells[pair].items())) for pair in sorted(cells)}, methods, data)

    def records(self, data: str, method: str) -> Mapping[int, CellRecord]:
        """Return the records of a pair by seed; empty where there are none."""
        return self.cells.get((data, method), {})

    def seeds(self, data: str) -> tuple[int, ...]:
        """Return all seeds with a record of any method on a data set."""
        return tuple(sorted({seed for method in self.methods for seed in self.records(data, method)}))

    def values(self, data: str, method: str, metric: str, diagonal: str) -> dict[int, float]:
        """Return the numbers of a pair by seed, without seeds that have none."""
        found = {seed: value(record, metric, diagonal) for seed, record in self.records(data, method).items()}
        return {seed: number for seed, number in found.items() if number is not None}

    def complete(
        self, methods: Sequence[str], metric: str, diagonal: str, *, over: Over = "cells", data: Sequence[str] = ()
    ) -> Blocks:
        """Return the blocks in which each of these methods has a number.

        Args:
            over: a block is a (data set, seed), "cells", or a data set averaged over the seeds that all methods share,
                "data".
            data: only these data sets; default: all.
        """
        rows: dict[Block, list[float]] = {}
        left_out = 0
        for name in data or self.data:
            columns = [self.values(name, method, metric, diagonal) for method in methods]
            shared = [seed for seed in self.seeds(name) if all(seed in column for column in columns)]
            left_out += len(self.seeds(name)) - len(shared)
            if over == "cells":
                rows |= {(name, seed): [column[seed] for column in columns] for seed in shared}
            elif shared:
                rows[name, None] = [mean(column[seed] for seed in shared) for column in columns]
        return Blocks(tuple(rows), tuple(map(tuple, rows.values())), left_out)


@dataclass(frozen=True)
class Blocks:
    """Complete blocks.

    Attributes:
        labels: (data set, seed); the seed is None where seeds were averaged.
        rows: one number for each method.
        left_out: (data set, seed) pairs in which some method has no number.
    """

    labels: tuple[Block, ...]
    rows: tuple[tuple[float, ...], ...]
    left_out: int

    def __len__(self) -> int:
        return len(self.labels)


def _difference(first: CellRecord, second: CellRecord) -> str:
    """Return the difference between two records of one cell in words."""
    one, other = first.cell, second.cell
    if one.key == other.key:
        return "computed twice, with different results"
    for words, old, new in (
        ("setting", one.settings, other.settings),
        ("parameter of the method", one.method_params, other.method_params),
        ("parameter of the data set", one.data_params, other.data_params),
    ):
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                return f"the {words} {name} is {old.get(name)!r} in one and {new.get(name)!r} in the other"
    return f"{one.method_name} on {one.data_name}, and {other.method_name} on {other.data_name}"
