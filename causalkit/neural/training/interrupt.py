"""Hold back Ctrl-C until a consistent state has been reached."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupt:
    """Remembers that the user asked to stop."""

    def __init__(self) -> None:
        self.asked = False


@contextmanager
def deferred_interrupt(active: bool) -> Iterator[Interrupt]:
    """Within the block the first Ctrl-C only sets ``asked``; the second one interrupts at once.

    Does nothing when not active, outside the main thread, where Python delivers no signals, or where interrupts are
    ignored: a shell ignores them in its background jobs, since Ctrl-C is meant for what runs in the foreground.
    """
    interrupt = Interrupt()
    previous = signal.getsignal(signal.SIGINT)
    ignored = previous in (signal.SIG_IGN, None)
    if not active or ignored or threading.current_thread() is not threading.main_thread():
        yield interrupt
        return

    def remember(number: int, frame: FrameType | None) -> None:
        if interrupt.asked:
            raise KeyboardInterrupt
        interrupt.asked = True

    signal.signal(signal.SIGINT, remember)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, previous)
