"""The summary of a comparison: mean and spread over seeds for each method and data set, costs, and failures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import stdev
from typing import TYPE_CHECKING

from causalkit.compare.blocks import MEBIBYTE, RecordGrid, greater_is_better, mean
from causalkit.compare.statistics import PairedTest, paired_tests
from causalkit.display.formats import duration, mean_and_deviation
from causalkit.display.words import count

if TYPE_CHECKING:
    from causalkit.compare.record import CellRecord

METRICS = ("auroc", "auprc")
_WORDS = {"failed": "failed", "timeout": "timed out", "memory": "out of memory", "skipped": "skipped"}


@dataclass(frozen=True)
class Spread:
    """A number over seeds.

    Attributes:
        values: by seed.
        n, mean: how many, and their mean.
        deviation: sample standard deviation; None for one seed.
        low, high: 95 % interval of the mean, by Student's t with n - 1 degrees of freedom; None for one seed. With the
            few seeds of a comparison a bootstrap would be too narrow. The interval knows no bounds of the metric and
            may reach beyond 1.
    """

    values: Mapping[int, float]
    n: int
    mean: float
    deviation: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, values: Mapping[int, float]) -> Spread | None:
        """Summarise numbers by seed; None where there are none."""
        if not values:
            return None
        n, middle = len(values), mean(values.values())
        if n == 1:
            return cls(values, n, middle, None, None, None)
        from scipy.stats import t

        deviation = stdev(values.values())
        half = float(t.ppf(0.975, n - 1)) * deviation / math.sqrt(n)
        return cls(values, n, middle, deviation, middle - half, middle + half)

    @property
    def text(self) -> str:
        """``mean ± standard deviation``."""
        return mean_and_deviation(self.mean, self.deviation)


@dataclass(frozen=True)
class Entry:
    """One method on one data set.

    Attributes:
        planned: the seeds with a record of any method on this data set.
        counts: cells by status, "ok", "failed", "timeout", "memory", "skipped", and "missing" for planned seeds without
            a record; only what occurs.
        reasons: how often each reason was given.
        metrics: by name; a metric without any number is left out.
        seconds: of the fit, over the cells with a result.
        peak_bytes: the largest memory of a fit, see `CellRecord`, whatever the status; None where unknown.
    """

    method: str
    data: str
    planned: tuple[int, ...]
    counts: Mapping[str, int]
    reasons: Mapping[str, int]
    metrics: Mapping[str, Spread]
    seconds: Spread | None
    peak_bytes: int | None

    @property
    def complete(self) -> bool:
        """Does every planned seed have a result?"""
        return self.counts.get("ok", 0) == len(self.planned)

    @property
    def trouble(self) -> str:
        """Numbers of cells without a result, for example ``2 failed, 1 timed out``, or ""."""
        return ", ".join(f"{count} {_WORDS.get(s, s)}" for s, count in self.counts.items() if s != "ok")

    def text(self, metric: str) -> str:
        """Return the text of a table: mean ± standard deviation, with the number of seeds where some are missing."""
        spread = self.metrics.get(metric)
        if spread is None:
            return self.trouble or "none"
        lacking = f" ({spread.n} of {len(self.planned)} seeds)" if spread.n < len(self.planned) else ""
        return spread.text + lacking

    @property
    def cost(self) -> str:
        """Time and memory for a table."""
        parts = [self.trouble or "none"] if self.seconds is None else [duration(self.seconds.mean)]
        parts += [] if self.peak_bytes is None else [f"{self.peak_bytes / MEBIBYTE:.0f} MiB"]
        return ", ".join(parts)


@dataclass(frozen=True)
class Best:
    """The methods with the best mean on a data set, and whether the difference is significant.

    Attributes:
        methods: with the best mean, among methods with a result for every seed; several where they tie.
        established: it is a single method, and the paired test over the seeds of this data set, corrected by Holm over
            all pairs, distinguishes it from every other method.
    """

    methods: tuple[str, ...]
    established: bool


@dataclass(frozen=True)
class Summary:
    """All of a comparison under one policy on self-edges.

    Attributes:
        entries: by (data set, method), without pairs that have no record.
        best: by (data set, metric).
    """

    metrics: tuple[str, ...]
    diagonal: str
    methods: tuple[str, ...]
    data: tuple[str, ...]
    entries: Mapping[tuple[str, str], Entry]
    best: Mapping[tuple[str, str], Best]

    def entry(self, data: str, method: str) -> Entry | None:
        """Return the entry of a pair, or None."""
        return self.entries.get((data, method))

    @property
    def seeds(self) -> str:
        """The number of seeds in words."""
        counts = {data: len(entry.planned) for (data, _), entry in self.entries.items()}
        if len(set(counts.values())) <= 1:
            return count(max(counts.values(), default=0), "seed")
        return ", ".join(f"{count(seeds, 'seed')} of {data}" for data, seeds in counts.items())

    @property
    def trouble(self) -> list[str]:
        """One sentence for each method and data set with cells without a result, with the reasons."""
        return [
            f"{entry.method} on {entry.data}: {': '.join(filter(None, (entry.trouble, '; '.join(entry.reasons))))}"
            for entry in self.entries.values()
            if entry.trouble
        ]


def summarize(records: Iterable[CellRecord], metrics: Sequence[str] = METRICS, diagonal: str = "exclude") -> Summary:
    """Summarise a comparison; the result counts the cells without a result.

    Raises:
        UnknownNameError: an unknown metric.
        DataError: two different records of one method, data set and seed.
    """
    records = list(records)
    grid = RecordGrid.of(records)
    entries = {(data, method): _entry(grid, data, method, metrics, diagonal) for data, method in grid.cells}
    best = {}
    for metric in metrics:
        sign = 1 if greater_is_better(metric) else -1
        for data in grid.data:
            tests = paired_tests([r for r in records if r.cell.data == data], metric, diagonal)
            best[data, metric] = _best([e for e in entries.values() if e.data == data], metric, sign, tests)
    return Summary(tuple(metrics), diagonal, grid.methods, grid.data, entries, best)


def _entry(grid: RecordGrid, data: str, method: str, metrics: Sequence[str], diagonal: str) -> Entry:
    records = grid.records(data, method)
    planned = grid.seeds(data)
    counts = Counter(record.status for record in records.values())
    ordered: dict[str, int] = {status: counts[status] for status in ("ok", *_WORDS) if counts[status]}  # type: ignore[index]
    if len(records) < len(planned):
        ordered["missing"] = len(planned) - len(records)
    spreads = {metric: Spread.of(grid.values(data, method, metric, diagonal)) for metric in metrics}
    return Entry(
        method=method,
        data=data,
        planned=planned,
        counts=ordered,
        reasons=dict(Counter(record.reason for record in records.values() if not record.ok)),
        metrics={metric: spread for metric, spread in spreads.items() if spread is not None},
        seconds=Spread.of(grid.values(data, method, "seconds", diagonal)),
        peak_bytes=max((r.peak_bytes for r in records.values() if r.peak_bytes is not None), default=None),
    )


def _best(entries: Sequence[Entry], metric: str, sign: int, tests: Iterable[PairedTest]) -> Best:
    candidates = [e for e in entries if metric in e.metrics and e.metrics[metric].n == len(e.planned)]
    if not candidates:
        return Best((), established=False)
    top = max(sign * entry.metrics[metric].mean for entry in candidates)
    methods = tuple(entry.method for entry in candidates if sign * entry.metrics[metric].mean == top)
    # Tests with a method that lacks seeds do not count.
    names = {entry.method for entry in candidates}
    against = [t for t in tests if methods[0] in (t.method_a, t.method_b) and {t.method_a, t.method_b} <= names]
    won = [test.verdict == "distinguished" and test.better == methods[0] for test in against]
    return Best(methods, established=len(methods) == 1 and bool(won) and all(won))
