"""The process that computes cells; a `causalkit.compare.supervisor.Supervisor` starts it.

It reads cells from standard input and writes records to standard output, one line of JSON each. What a plugin prints
goes to standard error, so that it cannot come between two messages. The process computes one cell after another, so
that libraries are imported once. Its supervisor ends it when a cell exceeds a limit.
"""

from __future__ import annotations

import ctypes
import faulthandler
import importlib
import os
import signal
import sys
import threading
import time
from typing import BinaryIO

# Methods import these during the fit, here and in many plugins; the time would count for the first cell. Imports of a
# method's own module, such as torch, come before the clock starts.
_EARLY = ("numpy", "scipy.stats", "statsmodels.regression.linear_model")

_PR_SET_PDEATHSIG = 1
_LOOK = 0.5  # seconds between two looks at the parent


def main() -> None:
    """Serve until the supervisor closes the pipe or ends the process."""
    requests, answers = _own_streams()
    _end_with_parent(int(sys.argv[1]), by_kernel=sys.argv[2] == "True")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command decides what an interrupt means
    faulthandler.enable()
    for module in _EARLY:
        importlib.import_module(module)
    serve(requests, answers, int(sys.argv[3]))


def serve(requests: BinaryIO, answers: BinaryIO, memory: int) -> None:
    """Compute one cell after another, each within so many bytes of memory."""
    from causalkit.compare.cell import compute
    from causalkit.compare.data import PanelCache
    from causalkit.compare.protocol import receive, send
    from causalkit.compare.record import Cell

    own = os.getpid()
    panels = PanelCache()
    send(answers, "ready")
    while True:
        try:
            cell = Cell(**receive(requests))
        except EOFError:
            return
        record = compute(cell, panels, memory).to_json()
        if os.getpid() != own:
            os._exit(0)  # a plugin has forked, and this is the child
        send(answers, record)


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """Move the pipes away from standard input and output, which plugins use."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


def _end_with_parent(parent: int, *, by_kernel: bool) -> None:
    """End this process and its group as soon as ``parent`` is no longer its parent.

    A thread looks twice a second. A plugin may keep threads from running for minutes, so on Linux the kernel can watch
    as well. The kernel watches the *thread* that started this process, so that thread must live as long.
    """
    if by_kernel and sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
            os.killpg(os.getpgrp(), signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=watch, name="causalkit-parent-watch", daemon=True).start()
