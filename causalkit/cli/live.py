"""Progress of a comparison on stderr: a live table on terminals, an occasional line elsewhere."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from causalkit.compare.engine import Watcher
from causalkit.display.formats import duration
from causalkit.display.labels import visible
from causalkit.display.tables import table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from causalkit.compare.grid import Grid
    from causalkit.compare.record import Cell, CellRecord

_LINE_SECONDS = 15.0  # between two lines where stderr is no terminal
_SHOWN_RUNNING = 6
_MARKS = {"failed": "failed", "timeout": "timed out", "memory": "out of memory", "skipped": "skipped"}


@dataclass
class _Tally:
    """Counts and a mean, in the same memory and time for one cell and for thousands."""

    records: int = 0
    lost: int = 0
    values: int = 0
    total: float = 0.0

    def add(self, value: float) -> None:
        self.values += 1
        self.total += value

    @property
    def mean(self) -> float:
        return self.total / self.values


class LiveTable(Watcher, AbstractContextManager["LiveTable"]):
    """Shows finished cells and the mean of a metric for each method and data set, the running cells and the time left.

    Args:
        metric, diagonal: the mean of this metric is shown.
        jobs: cells that run at a time; of those that workers have, the oldest count as running.
        quiet: show nothing.
    """

    def __init__(self, metric: str, diagonal: str, jobs: int, *, quiet: bool = False) -> None:
        self._metric, self._diagonal, self._jobs, self._quiet = metric, diagonal, jobs, quiet
        self._terminal = sys.stderr.isatty() and not quiet
        self._lock = threading.Lock()
        self._grid: Grid | None = None
        self._tallies: defaultdict[tuple[str, str], _Tally] = defaultdict(_Tally)
        self._given: dict[str, Cell] = {}
        self._total = self._done = 0
        self._worked = _Tally()
        self._began = self._printed = time.monotonic()
        self._live: Any = None

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def on_note(self, message: str) -> None:
        """Print a line above the table."""
        if not self._quiet:
            click.echo(visible(message), err=True)

    def on_begin(self, grid: Grid, known: Sequence[CellRecord], missing: Sequence[Cell]) -> None:
        """Start the table."""
        self._grid = grid
        self._total, self._done = len(known) + len(missing), len(known)
        for record in known:
            self._count(record)
        self._began = self._printed = time.monotonic()
        self.on_note(_opening(known, missing))
        if self._terminal and missing:
            from rich.console import Console
            from rich.live import Live

            self._live = Live(
                console=Console(stderr=True), get_renderable=self.picture, refresh_per_second=4, transient=True
            )
            self._live.start()

    def on_start(self, cell: Cell) -> None:
        """Record that a worker has the cell."""
        with self._lock:
            self._given[cell.key] = cell

    def on_record(self, record: CellRecord) -> None:
        """Count the cell."""
        with self._lock:
            self._given.pop(record.cell.key, None)
            self._count(record)
            self._done += 1
            self._worked.add(record.seconds.get("total", 0.0) - record.seconds.get("build", 0.0))
        if self._quiet:
            return
        if not record.ok:
            cell = record.cell
            line = f"{_MARKS[record.status]}: {cell.method} on {cell.data}, seed {cell.seed}: {record.reason}"
            if self._live is not None:
                self._live.console.print(line, markup=False, highlight=False)
            else:
                click.echo(visible(line), err=True)
        if not self._terminal and time.monotonic() - self._printed > _LINE_SECONDS:
            self._printed = time.monotonic()
            click.echo(self._progress(), err=True)

    def picture(self) -> RenderableType:
        """Return the table and the lines below it."""
        from rich.console import Group
        from rich.text import Text

        assert self._grid is not None
        with self._lock:
            data = self._grid.data
            rows = [[method, *(self._cell(method, one) for one in data)] for method in self._grid.methods]
            running = list(self._given.values())[: self._jobs]
        names = [f"{cell.method} on {cell.data} #{cell.seed}" for cell in running[:_SHOWN_RUNNING]]
        more = f" and {len(running) - len(names)} more" if len(running) > len(names) else ""
        shown = table([f"done, mean {self._metric}", *data], rows, numbers=data)
        return Group(shown, Text("running: " + ", ".join(names) + more, overflow="ellipsis"), Text(self._progress()))

    def _count(self, record: CellRecord) -> None:
        tally = self._tallies[record.cell.method, record.cell.data]
        tally.records += 1
        tally.lost += not record.ok
        if (value := record.metric(self._metric, self._diagonal)) is not None:
            tally.add(value)

    def _cell(self, method: str, data: str) -> str:
        tally = self._tallies[method, data]
        assert self._grid is not None
        text = f"{tally.records}/{len(self._grid.seeds)}"
        return text + (f"  {tally.mean:.3f}" if tally.values else "") + (f"  !{tally.lost}" if tally.lost else "")

    def _progress(self) -> str:
        elapsed = time.monotonic() - self._began
        left = self._total - self._done
        remaining = f", about {duration(self._seconds(left), 2)} left" if self._worked.values and left else ""
        return f"{self._done} of {self._total} cells, {duration(elapsed, 2)}{remaining}"

    def _seconds(self, cells: int) -> float:
        """Return the seconds that cells will take; the start of the workers and their imports are over."""
        return self._worked.mean * math.ceil(cells / self._jobs)


def _opening(known: Sequence[CellRecord], missing: Sequence[Cell]) -> str:
    skipped = sum(record.status == "skipped" for record in known)
    there = len(known) - skipped
    parts = [f"{len(missing)} of {len(known) + len(missing)} cells to compute"]
    parts += [f"{there} already there"] if there else []
    parts += [f"{skipped} skipped"] if skipped else []
    return ", ".join(parts)
