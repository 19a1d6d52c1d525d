"""The process that computes cells; a `causalkit.compare.supervisor.Supervisor` starts it.

It reads cells from standard input and writes records to standard output, as `causalkit.compare.protocol` frames them.
Whatever a plugin prints goes to standard error, so that it cannot get between two messages. The process is kept from
one cell to the next, so that libraries are imported once; its supervisor ends it when a cell takes too long or too
much.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import signal
import sys
from typing import BinaryIO

# What methods import while they fit, here and in many plugins: its time would count as that of the first cell. What a
# method's own module imports, such as torch, is imported before the clock starts.
_EARLY = ("numpy", "scipy.stats", "statsmodels.regression.linear_model")


def main() -> None:
    """Serve until the supervisor closes the pipe or ends the process."""
    from causalkit.compare.parent import die_with_parent

    requests, answers = _own_streams()
    die_with_parent(int(sys.argv[1]), by_kernel=sys.argv[2] == "main")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command decides what an interrupt means
    faulthandler.enable()
    for module in _EARLY:
        importlib.import_module(module)
    serve(requests, answers)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Compute one cell after the other."""
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
        record = compute(cell, panels).to_json()
        if os.getpid() != own:
            os._exit(0)  # a plugin has forked, and this is the copy
        send(answers, record)


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """Move the pipes away from where plugins read and print."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers
