"""Ctrl-C and SIGTERM: held back until a state is consistent, and never taken for an error of something else."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from causalkit.errors import Interrupted

LATER = 0.01
"""Seconds after which a lost signal comes again."""


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
def interruptible() -> Iterator[None]:
    """Within the block an interrupt ends as an interrupt; also a decorator.

    Libraries that are written in other languages turn the exception of a signal handler into an error of their own. It
    would be reported as damage to whatever they were reading. Outside the main thread, where Python delivers no
    signals, nothing is done.

    Raises:
        BaseException: what the handler of a signal raised, in place of an error that left the block afterwards.
    """
    raised: list[BaseException] = []
    handlers = _handlers()

    def noted(number: int, frame: FrameType | None) -> None:
        try:
            put_back()  # now, since a second signal can hit the way out of the block
            handlers[signal.Signals(number)](number, frame)
        except BaseException as exception:
            raised.append(exception)
            raise

    def put_back() -> None:
        with _blocked(handlers):
            _put_back([(one, handler) for one, handler in handlers.items() if signal.getsignal(one) is noted])

    try:
        with _blocked(handlers):
            for one in handlers:
                signal.signal(one, noted)
        yield
    except Interrupted:  # says what is kept
        raise
    except Exception as error:
        if not raised or error in raised:
            raise
        raise raised[-1] from error
    finally:
        put_back()


@contextmanager
def deferred_interrupt(active: bool) -> Iterator[Interrupt]:
    """Within the block the first signal only sets ``asked``; its handler acts at a second one, or after the block.

    Does nothing when not active, outside the main thread, where Python delivers no signals, or for signals that are
    ignored: a shell ignores Ctrl-C in its background jobs, since it is meant for what runs in the foreground. SIGTERM
    counts where a program handles it, as the command line does.
    """
    interrupt = Interrupt()
    handlers = _handlers() if active else {}

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


@contextmanager
def redelivered() -> Iterator[None]:
    """Within the block, a signal whose exception is lost in a finalizer, where nothing can be raised, comes again.

    Python would print a traceback and go on. For programs: the hook of the process is replaced.
    """
    before = sys.unraisablehook

    def hook(lost: sys.UnraisableHookArgs) -> None:
        if not issubclass(lost.exc_type, KeyboardInterrupt) or not hasattr(signal, "pthread_kill"):
            before(lost)
            return
        # A shell's background jobs ignore Ctrl-C. Later, and from another thread: here it would be lost as well.
        number = signal.SIGINT if callable(signal.getsignal(signal.SIGINT)) else signal.SIGTERM
        threading.Timer(LATER, signal.pthread_kill, (threading.main_thread().ident, number)).start()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def _handlers() -> dict[signal.Signals, Any]:
    """Return the handlers of the signals that stop a program; none outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {one: handler for one in (signal.SIGINT, signal.SIGTERM) if callable(handler := signal.getsignal(one))}


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
