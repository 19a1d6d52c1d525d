"""What runs in a worker of joblib, Dask or Ray: hand a cell to this worker's supervisor, return its record.

A task is JSON and so is the answer; nothing else travels, and the function never raises on account of a cell.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Mapping
from typing import Any

from causalkit.compare.record import Cell
from causalkit.compare.settings import Limits
from causalkit.compare.supervisor import Supervisor

_IDLE = 60.0  # seconds after which a cluster's worker gives memory back that nobody asks for
_own = threading.local()  # Dask runs several cells in threads of one worker
_all: list[Supervisor] = []
_watched: set[int] = set()


def work(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of ``task["cell"]``, computed within ``task["limits"]``.

    Args:
        task: also holds ``parent``, the number of the process that this worker must not outlive, or None.
    """
    parent = task.get("parent")
    if parent is not None and parent != os.getpid() and parent not in _watched:
        _watched.add(parent)
        _follow(parent)
    limits = Limits(**task["limits"])
    supervisor: Supervisor | None = getattr(_own, "supervisor", None)
    if supervisor is None or supervisor.limits != limits:
        if supervisor is not None:
            supervisor.close()
        supervisor = _own.supervisor = Supervisor(limits, idle=_IDLE if parent is None else None)
        _all.append(supervisor)
    return supervisor.compute(Cell(**task["cell"]))


def close_all() -> None:
    """End the processes of all supervisors in this process."""
    while _all:
        _all.pop().close()
    _own.__dict__.clear()


def _follow(parent: int) -> None:
    """Let a worker process on this machine end with the command, which alone decides what an interrupt means."""
    import signal

    from causalkit.compare.parent import die_with_parent

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(parent)


atexit.register(close_all)
