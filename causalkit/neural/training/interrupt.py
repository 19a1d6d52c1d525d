"""Hold back Ctrl-C, and SIGTERM where it stops as Ctrl-C does, until a consistent state has been reached."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Interrupt:
    """Remembers that the user asked to stop.

    Attributes:
        asked: the signal that came; 0: none.
        ending: the handlers are being put back, and nothing may come between.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.ending = False


@contextmanager
def deferred_interrupt(active: bool) -> Iterator[Interrupt]:
    """Within the block the first signal only sets ``asked``; its handler acts at a second one, or after the block.

    Does nothing when not active, outside the main thread, where Python delivers no signals, or for signals that are
    ignored: a shell ignores Ctrl-C in its background jobs, since it is meant for what runs in the foreground. SIGTERM
    counts where a program handles it, as the command line does.
    """
    interrupt = Interrupt()
    if not active or threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    handlers = {one: handler for one in (signal.SIGINT, signal.SIGTERM) if callable(handler := signal.getsignal(one))}

    def remember(number: int, frame: FrameType | None) -> None:
        if interrupt.asked and not interrupt.ending:
            handlers[signal.Signals(number)](number, frame)
        interrupt.asked = number

    try:
        with _blocked(handlers):
            for one in handlers:
                signal.signal(one, remember)
        yield interrupt
    finally:
        interrupt.ending = True
        with _blocked(handlers):
            _put_back(list(handlers.items()))
    if interrupt.asked:
        handlers[signal.Signals(interrupt.asked)](interrupt.asked, None)
        raise KeyboardInterrupt  # where the handler has only taken note


def _put_back(handlers: list[tuple[signal.Signals, Any]]) -> None:
    """Put handlers back, all of them, also where one that is back raises at once.

    Signals that this thread blocks still arrive where another thread takes them.
    """
    if handlers:
        (one, handler), *others = handlers
        try:
            signal.signal(one, handler)
        finally:
            _put_back(others)


@contextmanager
def _blocked(signals: Iterable[signal.Signals]) -> Iterator[None]:
    """Let signals wait until the end of the block, where the system can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
