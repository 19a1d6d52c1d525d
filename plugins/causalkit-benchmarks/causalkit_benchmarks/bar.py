"""The progress bar of a download: on stderr, on terminals only."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any


class Bar:
    """Shows how much of a file is here, how fast it comes and how long the rest takes.

    Args:
        name: of the file.
        size: its bytes, where known.
    """

    def __init__(self, name: str, size: int | None) -> None:
        self._name = name
        self._size = size
        self._progress: Any = None
        self._task: Any = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def start(self, have: int, total: int | None) -> None:
        """Show the bar, or set it back to what counts."""
        if not sys.stderr.isatty():
            return
        if self._progress is None:
            from rich import progress
            from rich.console import Console

            self._progress = progress.Progress(
                progress.TextColumn("{task.description}", markup=False),
                progress.BarColumn(),
                progress.DownloadColumn(),
                progress.TransferSpeedColumn(),
                progress.TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._progress.start()
            self._task = self._progress.add_task(self._name, total=self._size)
        self._progress.update(self._task, completed=have, total=total)

    def show(self, have: int) -> None:
        """Move the bar."""
        if self._progress is not None:
            self._progress.update(self._task, completed=have)
