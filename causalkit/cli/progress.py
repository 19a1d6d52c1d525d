"""A progress bar on stderr, on terminals only: an observer of the run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

_STAGES = {"train": "training", "pretrain": "pre-training", "finetune": "fine-tuning"}
_WIDE = 120  # columns of a terminal on which the bar is long


class ProgressBar(AbstractContextManager["ProgressBar"]):
    """Shows epochs, the losses and the time left.

    Args:
        active: False hides it; without a terminal on stderr it is always hidden.
    """

    def __init__(self, active: bool = True) -> None:
        self._active = active and sys.stderr.isatty()
        self._progress: Any = None
        self._task: Any = None
        self._room = 0  # columns for the losses

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def on_start(self, info: Mapping[str, Any]) -> None:
        """Show the bar."""
        if not self._active:
            return
        if self._progress is not None:  # a second stage
            self._progress.stop()
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        stage = str(info.get("stage", "train"))
        title = _STAGES.get(stage, stage)
        bar = 40 if console.width >= _WIDE else 10
        self._room = console.width - len(title) - bar - 2 * len(str(info["epochs"])) - len("1/1 left 0:00:00   ") - 3
        self._progress = Progress(
            TextColumn(title, markup=False),
            BarColumn(bar),
            MofNCompleteColumn(),
            TextColumn("{task.fields[losses]}"),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._progress.start()
        self._task = self._progress.add_task("training", total=info["epochs"], completed=info.get("done", 0), losses="")

    def on_epoch(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Move the bar."""
        if self._progress is not None:
            self._progress.update(self._task, completed=epoch, losses=_fitting(losses, self._room))


def _fitting(losses: Mapping[str, float], room: int) -> str:
    """Return the losses that fit into so many columns, the validation error first."""
    names = sorted(losses, key=lambda name: name != "validation")
    shown = ""
    for name in names:
        longer = f"{shown}  {name} {losses[name]:.4f}".strip()
        if len(longer) > room:
            break
        shown = longer
    return shown
