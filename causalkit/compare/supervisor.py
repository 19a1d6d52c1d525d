"""Supervisor: computes cells in a process of its own, and ends it when a cell exceeds a limit of time or memory."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from causalkit.compare.memory import fair_share
from causalkit.compare.protocol import receive, send
from causalkit.compare.record import Cell, CellRecord
from causalkit.compare.record_schema import Status
from causalkit.compare.settings import Limits
from causalkit.core.plain import plain
from causalkit.display.formats import duration, memory

_POLL = 0.05  # seconds between two looks at a process
_SCAN = 10  # every so many looks, its children are searched for
_ERROR_LINES = 100  # kept of standard error: a long list of modules follows a fatal error
_FATAL = "Fatal Python error"
_START = 300.0  # seconds that imports may take on a slow file system
# With the import path of this process, so that both find the same packages and plugins, wherever each was started.
_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); from causalkit.compare.server import main; main()"
)
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "BLIS_NUM_THREADS")


class _Failed(Exception):  # noqa: N818 - what it means is decided where it is caught
    """There is no answer: the process has ended, or a limit was exceeded."""

    def __init__(self, status: Status, reason: str) -> None:
        self.status: Status = status
        self.reason = reason


class _Stopped(Exception):  # noqa: N818 - see above
    """The comparison ends and no longer needs the record."""


class Supervisor:
    """One process that computes cells, one at a time.

    Args:
        limits: within which each cell is computed.
        idle: seconds without work after which the process is ended, so that it does not hold the memory of a cluster's
            worker. None: the process is kept until `close`, and the thread that starts it must live as long.
        stop: once set, `compute` ends the process and raises.
    """

    def __init__(self, limits: Limits, *, idle: float | None = None, stop: threading.Event | None = None) -> None:
        self.limits = limits
        self.idle = idle
        self._stop = stop or threading.Event()
        self._busy = threading.Lock()
        self._timer: threading.Timer | None = None
        self.memory = limits.memory or fair_share(limits.share or os.cpu_count() or 1)
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._errors: deque[bytes] = deque(maxlen=_ERROR_LINES)
        self._before = 0  # resident memory in bytes at the start of the cell
        self._largest = 0  # and the largest since

    def compute(self, cell: Cell) -> dict[str, Any]:
        """Return the record of a cell as JSON, also where the cell fails."""
        with self._busy:
            if self._timer is not None:
                self._timer.cancel()
            record = self._compute(cell)
        if self.idle is not None:
            self._timer = threading.Timer(self.idle, self._close_idle)
            self._timer.daemon = True
            self._timer.start()
        return record

    def _close_idle(self) -> None:
        if self._busy.acquire(blocking=False):
            try:
                self.close()
            finally:
                self._busy.release()

    def _compute(self, cell: Cell) -> dict[str, Any]:
        started = datetime.now(UTC), time.monotonic()
        self._before = self._largest = 0
        try:
            self._start()
            record = self._ask(cell)
        except _Failed as error:
            self.close()
            return self._record(cell, error.status, error.reason, started)
        except BaseException:  # the comparison or the worker of a cluster ends
            self.close()
            raise
        if record.get("peak_bytes") is None:
            record["peak_bytes"] = self._growth()
        record["environment"] |= self._limits()
        return record

    def close(self) -> None:
        """End the process and everything that it started."""
        process, self._process = self._process, None
        if process is None:
            return
        left = descendants(process.pid)
        if hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        for child in left:
            with contextlib.suppress(Exception):
                child.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if stream:
                    stream.close()

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        self._answers = queue.SimpleQueue()
        self._errors = deque(maxlen=_ERROR_LINES)
        threads = str(self.limits.threads)
        try:
            self._process = process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, json.dumps(sys.path), *self._arguments()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env={**os.environ, **dict.fromkeys(_THREADS, threads), "PYTHONUNBUFFERED": "1"},
            )
            for target, sink in ((_read_answers, self._answers), (_read_errors, self._errors)):
                threading.Thread(target=target, args=(process, sink), daemon=True).start()
            self._wait(_START)
        except (_Failed, OSError) as error:
            reason = error.reason if isinstance(error, _Failed) else error
            raise _Failed("failed", f"the process for cells does not start: {reason}") from error

    def _arguments(self) -> list[str]:
        """Return what `causalkit.compare.server` starts with."""
        return [str(os.getpid()), str(self.idle is None), str(self.memory)]

    def _ask(self, cell: Cell) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdin is not None
        self._largest = 0
        self._before = sum(map(resident, descendants(self._process.pid, itself=True)))
        try:
            send(self._process.stdin, plain(asdict(cell)))
        except OSError as error:
            raise _Failed(*self._post_mortem()) from error
        answer: dict[str, Any] = self._wait(self.limits.timeout)
        return answer

    def _wait(self, seconds: float | None) -> Any:
        """Return the next answer; check time and memory until it comes.

        Raises:
            _Failed: no answer.
            _Stopped: the comparison ends.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        looks = 0
        family: list[Any] = []
        while not self._stop.is_set():
            try:
                answer = self._answers.get(timeout=_POLL)
            except queue.Empty:
                answer = None
            if answer is not None:
                return answer
            if self._process is None or self._process.poll() is not None:
                with contextlib.suppress(queue.Empty):  # it may have answered just before its end
                    return self._answers.get(timeout=_POLL)
                raise _Failed(*self._post_mortem())
            if deadline is not None and time.monotonic() > deadline:
                raise _Failed("timeout", f"stopped after the time limit of {duration(seconds or 0)}")
            if looks % _SCAN == 0:
                family = descendants(self._process.pid, itself=True)
            looks += 1
            used = sum(map(resident, family))
            self._largest = max(self._largest, used)
            if used > self.memory:
                limit = memory(self.memory)
                raise _Failed("memory", f"stopped at {memory(used)} of resident memory, above the limit of {limit}")
        raise _Stopped

    def _growth(self) -> int | None:
        """Return the growth of the process and its children in bytes; None where they ended before the first look."""
        return max(0, self._largest - self._before) if self._largest else None

    def _post_mortem(self) -> tuple[Status, str]:
        """Return the status and the sentence for the way in which the process ended."""
        assert self._process is not None
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "failed", "the process closed its output and continued"
        error = self._last_error()
        ending = f": {error}" if error else ""
        if code == -signal.SIGKILL:
            return "memory", "the process was killed from outside (SIGKILL), as systems do when memory runs out"
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            return "failed", f"the process died of {name}{ending}"
        return "failed", f"the process ended by itself with exit code {code}{ending}"

    def _last_error(self) -> str:
        """Return Python's message about a fatal error, or else the last line on standard error."""
        time.sleep(_POLL)  # for the thread that reads them
        lines = [line.decode(errors="replace").strip() for line in self._errors]
        # Output of a plugin may precede it in the same line.
        fatal = [line[line.index(_FATAL) :] for line in lines if _FATAL in line]
        lines = fatal or [line for line in lines if line]
        return lines[-1][:300] if lines else ""

    def _limits(self) -> dict[str, Any]:
        return {"timeout": self.limits.timeout, "memory_limit": self.memory}

    def _record(self, cell: Cell, status: Status, reason: str, started: tuple[datetime, float]) -> dict[str, Any]:
        """Return the record of a cell whose process could not write it.

        Args:
            started: the time of day, and a clock that nobody sets.
        """
        from causalkit.compare.cell import environment

        return CellRecord(
            cell=cell,
            status=status,
            reason=reason,
            seconds={"total": time.monotonic() - started[1]},
            peak_bytes=self._growth(),
            environment=environment(cell) | self._limits(),
            started=started[0].isoformat(timespec="milliseconds"),
        ).to_json()


def _read_answers(process: subprocess.Popen[bytes], answers: queue.SimpleQueue[Any]) -> None:
    with contextlib.suppress(EOFError, OSError, ValueError):
        while process.stdout:
            answers.put(receive(process.stdout))


def _read_errors(process: subprocess.Popen[bytes], errors: deque[bytes]) -> None:
    with contextlib.suppress(OSError, ValueError):
        while process.stderr and (line := process.stderr.readline(4096)):
            errors.append(line)


def descendants(pid: int, *, itself: bool = False) -> list[Any]:
    """Return the processes that a process has started, and perhaps itself."""
    import psutil

    try:
        process = psutil.Process(pid)
        return [*([process] if itself else []), *process.children(recursive=True)]
    except psutil.Error:
        return []


def resident(process: Any) -> int:
    """Return the resident memory of a process in bytes; 0 when it is gone."""
    try:
        return int(process.memory_info().rss)
    except Exception:  # psutil has an error for every way to be gone
        return 0
