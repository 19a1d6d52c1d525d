"""Progress of a run: a bar in terminals and notebooks, a line now and then elsewhere; an observer of the run."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

from causalkit.display.formats import duration
from causalkit.display.notebook import STYLE

if TYPE_CHECKING:
    from causalkit.core.run import Run

_STAGES = {"train": "training", "pretrain": "pre-training", "finetune": "fine-tuning"}
LINE_SECONDS = 10.0
"""Between two lines where there is neither a terminal nor a notebook."""
_REFRESH_SECONDS = 0.2
_WIDE = 120
"""Columns of a terminal on which the bar is long."""
_ROOM = 80
"""Columns for losses elsewhere."""


class View(Protocol):
    """Where progress is shown: one stage of a run."""

    def move(self, done: int, losses: Mapping[str, float]) -> None:
        """Show how many epochs are done, and their losses."""
        ...

    def close(self) -> None:
        """Remove what only matters while it runs."""
        ...


class ProgressBar(AbstractContextManager["ProgressBar"]):
    """Shows epochs, the losses and the time left, on stderr or in the notebook.

    Args:
        active: False hides it.
        everywhere: False shows it on terminals only, as commands do; True in notebooks as well, and elsewhere as a line
            every ten seconds.
    """

    def __init__(self, active: bool = True, *, everywhere: bool = False) -> None:
        self._everywhere = everywhere
        self._active = active and (everywhere or sys.stderr.isatty())
        self._view: View | None = None

    def __exit__(self, *_: object) -> None:
        if self._view is not None:
            self._view.close()
            self._view = None

    def on_start(self, info: Mapping[str, Any]) -> None:
        """Show the bar."""
        if not self._active:
            return
        stage = str(info.get("stage", "train"))
        shown = (_STAGES.get(stage, stage), int(info["epochs"]), int(info.get("done", 0)))
        if isinstance(self._view, _Notebook):  # a second stage, in the place of the first
            self._view.begin(*shown)
            return
        if self._view is not None:
            self._view.close()
        view: Callable[[str, int, int], View] = _Terminal
        if self._everywhere and _in_notebook():
            view = _Notebook
        elif not sys.stderr.isatty():
            view = _Lines
        self._view = view(*shown)

    def on_epoch(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Move the bar."""
        if self._view is not None:
            self._view.move(epoch, losses)


@contextmanager
def progress_of(run: Run, shown: bool | None) -> Iterator[None]:
    """Show the progress of a run in the block, where it is wanted."""
    if not shown:
        yield
        return
    with ProgressBar(everywhere=True) as bar:
        run.observers.append(bar)
        try:
            yield
        finally:
            if bar in run.observers:  # one that raises is removed
                run.observers.remove(bar)


class _Terminal:
    """A bar on a terminal, with as many losses as the line has room for."""

    def __init__(self, stage: str, epochs: int, done: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        bar = 40 if console.width >= _WIDE else 10
        self._room = console.width - len(stage) - bar - 2 * len(str(epochs)) - len("1/1 left 0:00:00   ") - 3
        self._progress = Progress(
            TextColumn(stage, markup=False),
            BarColumn(bar),
            MofNCompleteColumn(),
            TextColumn("{task.fields[losses]}"),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._progress.start()
        self._task = self._progress.add_task("training", total=epochs, completed=done, losses="")

    def move(self, done: int, losses: Mapping[str, float]) -> None:
        self._progress.update(self._task, completed=done, losses=_fitting(losses, self._room))

    def close(self) -> None:
        self._progress.stop()


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


class _Clock:
    """How long the rest of a stage takes, by what it took so far."""

    def __init__(self, stage: str, epochs: int, done: int) -> None:
        self.stage, self.epochs, self._first = stage, max(epochs, 1), done
        self._began = self.shown = time.monotonic()

    def due(self, seconds: float) -> bool:
        """Is it time to show something again?"""
        if time.monotonic() - self.shown < seconds:
            return False
        self.shown = time.monotonic()
        return True

    def text(self, done: int) -> str:
        """Return what is done and how long the rest takes."""
        fresh = done - self._first
        elapsed = time.monotonic() - self._began
        left = f", about {duration(elapsed / fresh * (self.epochs - done), 2)} left" if fresh > 0 else ""
        return f"{self.stage}: {done} of {self.epochs}{left if done < self.epochs else ''}"


class _Notebook:
    """A bar in the output of a notebook's cell, which needs no widgets and disappears at the end."""

    def __init__(self, stage: str, epochs: int, done: int) -> None:
        display: Any = importlib.import_module("IPython.display").display
        self._clock = _Clock(stage, epochs, done)
        self._handle = display(_Html(self._page(done, "")), display_id=True)

    def begin(self, stage: str, epochs: int, done: int) -> None:
        """Go on with another stage."""
        self._clock = _Clock(stage, epochs, done)
        self._handle.update(_Html(self._page(done, "")))

    def move(self, done: int, losses: Mapping[str, float]) -> None:
        if self._clock.due(_REFRESH_SECONDS):
            self._handle.update(_Html(self._page(done, _fitting(losses, _ROOM))))

    def close(self) -> None:
        self._handle.update(_Html(""))

    def _page(self, done: int, losses: str) -> str:
        share = min(done / self._clock.epochs, 1.0)
        bar = f'<span class="ck-track"><span class="ck-done" style="width:{100 * share:.1f}%"></span></span>'
        texts = f"{escape(self._clock.text(done))} <span class='ck-soft'>{escape(losses)}</span>"
        return f'<div class="causalkit">{STYLE}<div>{bar} {texts}</div></div>'


class _Lines:
    """A line on stderr now and then."""

    def __init__(self, stage: str, epochs: int, done: int) -> None:
        self._clock = _Clock(stage, epochs, done)

    def move(self, done: int, losses: Mapping[str, float]) -> None:
        if self._clock.due(LINE_SECONDS):
            print(f"{self._clock.text(done)}  {_fitting(losses, _ROOM)}".rstrip(), file=sys.stderr, flush=True)

    def close(self) -> None:
        pass


class _Html:
    """A text that notebooks show as HTML."""

    def __init__(self, page: str) -> None:
        self.page = page

    def _repr_html_(self) -> str:
        return self.page

    def __repr__(self) -> str:
        return ""


def _in_notebook() -> bool:
    """Return whether the kernel of a notebook runs this process; IPython is never imported to find out."""
    loaded = sys.modules.get("IPython")
    shell = loaded.get_ipython() if loaded is not None else None
    return getattr(shell, "kernel", None) is not None
