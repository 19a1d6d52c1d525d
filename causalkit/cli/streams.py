"""Standard streams of the command line: messages never end a run, whatever the locale lacks or the disk refuses."""

from __future__ import annotations

import codecs
import errno
import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer

_HANDLER = "causalkit"
_INSTEAD = str.maketrans(
    {"\u2212": "-", "\u2192": "->", "\u00b1": "+-", "\u00d7": "x", "\u2013": "-", "\u2014": "-", "\u2026": "..."}
    | dict.fromkeys("\u2500\u2501\u2550", "-")
    | dict.fromkeys("\u2502\u2503\u2551", "|")
)
"""What stands for characters of tables and sentences; others are shown by their number."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class ReaderLeftError(Exception):
    """Whoever read what is printed has left. click and rich make exit code 1 of it, which is that of gates."""


@contextmanager
def readers_may_leave() -> Iterator[None]:
    """Raise `ReaderLeftError` where the reader of a pipe has left."""
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderLeftError from error
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):
            raise ReaderLeftError from error
        raise


def prepare_streams() -> None:
    """Let both streams replace characters that their encoding lacks, and standard error drop what a full disk refuses.

    Without this, a table of edges ends in an error after hours of training where output goes to a file on Windows, and
    a note does where messages go to a full disk. Results on standard output are never dropped.
    """
    _open_closed()
    codecs.register_error(_HANDLER, _replaced)
    for stream in (sys.stdout, sys.stderr):
        replaced = ("strict",) if holds_all(stream) else ("strict", "surrogateescape")
        if isinstance(stream, io.TextIOWrapper) and stream.errors in replaced:
            stream.reconfigure(errors=_HANDLER)
    if sys.stderr is sys.__stderr__ and isinstance(sys.stderr, io.TextIOWrapper) and not sys.stderr.isatty():
        buffer = io.BufferedWriter(_Messages(sys.stderr.fileno(), "w", closefd=False))
        sys.stderr = io.TextIOWrapper(buffer, sys.stderr.encoding, sys.stderr.errors, line_buffering=True)


def _open_closed() -> None:
    """Open standard streams that are closed: the next file that is opened would receive what is printed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - until the process ends


def holds_all(stream: TextIO | None) -> bool:
    """Return whether the encoding of a stream has all characters."""
    return str(getattr(stream, "encoding", None) or "utf-8").lower().startswith("utf")


def left() -> int:
    """Return the code where the reader of a pipe (head, less) has left."""
    drop(sys.stdout, sys.stderr)
    return 128 + signal.SIGPIPE


def drop(*streams: TextIO) -> None:
    """Let nothing be printed any more; Python would complain as it shuts down."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        with suppress(OSError, ValueError, AttributeError):
            if not stream.isatty():
                os.dup2(nowhere, stream.fileno())


class _Messages(io.FileIO):
    """A file that forgets what does not fit on its disk."""

    def write(self, data: Buffer, /) -> int:
        """Write, or let it go."""
        try:
            return super().write(data) or 0
        except OSError as error:
            if error.errno not in _FULL:
                raise
            return memoryview(data).nbytes


def _replaced(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wanted = error.object[error.start : error.end].translate(_INSTEAD)
    return wanted.encode("ascii", "backslashreplace").decode("ascii"), error.end
