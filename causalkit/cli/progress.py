"""A progress bar on stderr, on terminals only: an observer of the run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

_STAGES = {"train": "training", "pretrain": "pre-training", "finetune": "fine-tuning"}


class ProgressBar(AbstractContextManager["ProgressBar"]):
    """Shows epochs, the losses and the time left.

    Args:
        active: False hides it; without a terminal on stderr it is always hidden.
    """

    def __init__(self, active: bool = True) -> None:
        self._active = active and sys.stderr.isatty()
        self._progress: Any = None
        self._task: Any = None

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

        self._progress = Progress(
            TextColumn(_STAGES.get(stage := str(info.get("stage", "train")), stage)),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[losses]}"),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._progress.start()
        self._task = self._progress.add_task("training", total=info["epochs"], completed=info.get("done", 0), losses="")

    def on_epoch(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Move the bar."""
        if self._progress is not None:
            text = "  ".join(f"{name} {value:.4f}" for name, value in losses.items())
            self._progress.update(self._task, completed=epoch, losses=text)
