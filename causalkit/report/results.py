"""The records of a comparison, ordered for reading."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from causalkit.compare.blocks import greater_is_better
from causalkit.compare.record import CellRecord
from causalkit.compare.table import Summary, summarize
from causalkit.core.discovery import Discovery
from causalkit.core.names import natural
from causalkit.core.truth import Truth
from causalkit.errors import CausalkitError, DataError

PREFERRED = ("auroc", "auprc", "f1")


@dataclass(frozen=True)
class Unread:
    """A file of the folder that is not part of the report, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Results:
    """The records of a comparison.

    Attributes:
        records: one for each method, data set and seed.
        unread: files that are no records, damaged ones, and older records of a cell that was computed again.
        folder: where they are from.
    """

    records: tuple[CellRecord, ...]
    unread: tuple[Unread, ...] = ()
    folder: str = ""

    @classmethod
    def load(cls, folder: str | Path) -> Results:
        """Read all records of a folder; files that cannot be read become `unread`.

        Raises:
            DataError: there is no such folder, or no record in it.
        """
        folder = Path(folder)
        if not os.path.isdir(folder):
            raise DataError(f"there is no folder {folder}", "name the folder that causalkit compare --out wrote")
        records: list[CellRecord] = []
        unread: list[Unread] = []
        names: dict[int, str] = {}
        for path in sorted(path for path in folder.glob("*.json") if not path.name.startswith(".")):
            try:
                record = CellRecord.load(path)
                record.discovered()
                record.true_graph()
            except DataError as error:
                unread.append(Unread(path.name, error.message))
                continue
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                unread.append(Unread(path.name, f"it is damaged: {type(error).__name__}: {error}"))
                continue
            names[id(record)] = path.name
            records.append(record)
        if not records:
            found = f"none of its {len(unread)} .json files is one" if unread else "it has no .json file"
            why = f" ({unread[0].name}: {unread[0].reason})" if unread else ""
            raise DataError(f"there is no record in {folder}: {found}{why}", "name what causalkit compare --out wrote")
        kept, older = _newest(records)
        for record in older:
            who = f"{record.cell.method} on {record.cell.data} with seed {record.cell.seed}"
            reason = f"{who} was computed more than once; the newest record counts"
            unread.append(Unread(names[id(record)], reason))
        return cls.of(kept, unread, str(folder))

    @classmethod
    def of(cls, records: Iterable[CellRecord], unread: Iterable[Unread] = (), folder: str = "") -> Results:
        """Return results, sorted by method, data set and seed."""
        order = sorted(records, key=lambda one: (natural(one.cell.method), natural(one.cell.data), one.cell.seed))
        return cls(tuple(order), tuple(unread), folder)

    @cached_property
    def methods(self) -> list[str]:
        """Labels of the methods."""
        return list(dict.fromkeys(record.cell.method for record in self.records))

    @cached_property
    def data(self) -> list[str]:
        """Labels of the data sets."""
        return sorted({record.cell.data for record in self.records}, key=natural)

    @cached_property
    def seeds(self) -> list[int]:
        """All seeds."""
        return sorted({record.cell.seed for record in self.records})

    @cached_property
    def done(self) -> list[CellRecord]:
        """Cells with a result."""
        return [record for record in self.records if record.ok]

    @cached_property
    def statuses(self) -> Counter[str]:
        """Number of cells by outcome."""
        return Counter(record.status for record in self.records)

    @cached_property
    def metrics(self) -> list[str]:
        """Metrics that any cell has and that are known here, the usual ones first."""
        found = {name for name in self._measured if _known(name)}
        return [name for name in PREFERRED if name in found] + sorted(found - set(PREFERRED))

    @cached_property
    def _measured(self) -> set[str]:
        return {name for record in self.done for table in record.metrics.values() for name in table}

    @cached_property
    def foreign(self) -> list[str]:
        """Metrics that no installed plugin contributes; whether higher is better is unknown."""
        return sorted(self._measured - set(self.metrics))

    @property
    def main_metric(self) -> str | None:
        """The metric of summary, tests and costs; None where no truth is known."""
        return self.metrics[0] if self.metrics else None

    def summary(self, policy: str) -> Summary:
        """Return mean and spread of all metrics under a policy for self-edges; computed once."""
        if policy not in self._summaries:
            self._summaries[policy] = summarize(self.records, self.metrics, policy)
        return self._summaries[policy]

    def cells(self, method: str, data: str | None = None) -> list[CellRecord]:
        """Return the results of a method, on one data set or all, by seed."""
        return [record for record in self.done if record.cell.method == method and data in (None, record.cell.data)]

    @cached_property
    def _summaries(self) -> dict[str, Summary]:
        return {}

    @cached_property
    def _opened(self) -> dict[str, tuple[Discovery | None, Truth | None]]:
        return {record.cell.key: (record.discovered(), record.true_graph()) for record in self.done}

    def discovery(self, record: CellRecord) -> Discovery | None:
        """Return the discovery of a cell; it is read once."""
        return self._opened[record.cell.key][0]

    def truth(self, record: CellRecord) -> Truth | None:
        """Return the truth of a cell; it is read once."""
        return self._opened[record.cell.key][1]


def _known(metric: str) -> bool:
    try:
        greater_is_better(metric)
    except CausalkitError:
        return False
    return True


def _newest(records: Sequence[CellRecord]) -> tuple[list[CellRecord], list[CellRecord]]:
    """Return the newest record of each method, data set and seed, and the others."""
    by_age = sorted(records, key=lambda one: one.started)
    newest = {(one.cell.method, one.cell.data, one.cell.seed): one for one in by_age}
    kept = set(map(id, newest.values()))
    return list(newest.values()), [one for one in by_age if id(one) not in kept]
