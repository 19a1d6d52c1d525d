"""Did a plugin print on standard output, or change a setting that the whole process shares?"""

from __future__ import annotations

import importlib
import io
import logging
import os
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from causalkit.testing.result import require

_LONGEST = 60
_ENVIRONMENT = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
_THREADS = "use the threads of the run: Run.isolated() sets them for torch, and puts them back"


class Setting(NamedTuple):
    """A setting of the process: its value, how to put that back, and what its owner should have done."""

    value: Any
    restore: Callable[[], object]
    cure: str


class Watch:
    """Collects what the checks of one subject printed and changed; puts back what they changed."""

    def __init__(self) -> None:
        importlib.import_module("torch")  # before the plugin can import it and change what it starts with
        self.printed = ""
        self.changed: dict[str, str] = {}
        self.pools = _pools()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the block."""
        before = settings()
        try:
            with _captured() as output:
                yield
        finally:
            self.printed = self.printed or output[0].strip()
            self._compare(before)

    def require_silence(self) -> None:
        """Fail the check if anything was printed."""
        first = self.printed.splitlines()[0] if self.printed else ""
        first = first if len(first) <= _LONGEST else first[:_LONGEST] + "..."
        require(
            not self.printed,
            f"it prints {first!r} on standard output, which spoils `causalkit discover --json`: leave print() out, use "
            "warnings.warn() or logging, or return notes (Discovery.notes)",
        )

    def require_settings(self) -> None:
        """Fail the check if a setting was changed."""
        now = _pools()
        for library in self.pools.keys() & now.keys():
            if self.pools[library] != now[library]:
                self.changed.setdefault(
                    "threads of " + library, f"from {self.pools[library]} to {now[library]}: {_THREADS}"
                )
        require(
            not self.changed,
            "it changed "
            + "; ".join(f"{name} {how}" for name, how in self.changed.items())
            + " (other methods of the same process would run with it)",
        )

    def _compare(self, before: dict[str, Setting]) -> None:
        now = settings()
        for name, (value, restore, cure) in before.items():
            found = now[name].value if name in now else value
            if found != value:
                self.changed.setdefault(name, f"from {value} to {found}: {cure}")
                with suppress(Exception):
                    restore()


def settings() -> dict[str, Setting]:
    """Return the settings of this process by name."""
    import numpy as np
    import torch

    root, interrupt = logging.getLogger(), signal.getsignal(signal.SIGINT)
    folder, handlers, level = os.getcwd(), list(root.handlers), root.level
    found = {
        "the working directory": Setting(
            folder, lambda: os.chdir(folder), "give full paths, and leave the directory alone"
        ),
        "the handlers of the root logger": Setting(
            len(handlers), lambda: setattr(root, "handlers", handlers), "leave logging.basicConfig() to the user"
        ),
        "the level of the root logger": Setting(
            level, lambda: root.setLevel(level), "set the level of a logger of your own, logging.getLogger(__name__)"
        ),
        "the filter that hides all warnings": Setting(
            _all_ignored(), _no_longer_ignored, "use warnings.catch_warnings() around your own call"
        ),
    }
    if threading.current_thread() is threading.main_thread():
        found["what Ctrl-C does"] = Setting(
            str(interrupt), lambda: signal.signal(signal.SIGINT, interrupt), "put the handler back in a finally block"
        )
    found |= {f"the environment variable {name}": _of_environment(name) for name in _ENVIRONMENT}
    errors = np.geterr()
    found["how numpy treats floating-point errors"] = Setting(
        errors, lambda: np.seterr(**errors), "use `with numpy.errstate(...):`"
    )
    return found | _of_torch(torch)


def _of_environment(name: str) -> Setting:
    value = os.environ.get(name)
    return Setting(value, lambda: _set_environment(name, value), "pass it to what needs it, not to the whole process")


def _of_torch(torch: Any) -> dict[str, Setting]:
    dtype, threads, grad = torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled()
    device, precision = torch.get_default_device(), torch.get_float32_matmul_precision()
    deterministic = torch.are_deterministic_algorithms_enabled()
    return {
        "torch's default dtype": Setting(
            str(dtype).removeprefix("torch."),
            lambda: torch.set_default_dtype(dtype),
            "pass dtype=run.torch_dtype() to what makes tensors and modules, in place of torch.set_default_dtype()",
        ),
        "torch's number of threads": Setting(threads, lambda: torch.set_num_threads(threads), _THREADS),
        "torch's default device": Setting(
            str(device),
            lambda: torch.set_default_device(device),
            "pass device=run.torch_device() to what makes tensors and modules",
        ),
        "torch's gradient mode": Setting(
            grad, lambda: torch.set_grad_enabled(grad), "use `with torch.no_grad():`, which ends with its block"
        ),
        "torch's matmul precision": Setting(
            precision, lambda: torch.set_float32_matmul_precision(precision), "put it back in a finally block"
        ),
        "torch's deterministic algorithms": Setting(
            deterministic,
            lambda: torch.use_deterministic_algorithms(deterministic),
            "put the setting back in a finally block",
        ),
    }


def _all_ignored() -> int:
    """Count the filters that hide every warning; libraries add others, on import, for messages of their own."""
    return sum(
        action == "ignore" and not message and category is Warning and not module
        for action, message, category, module, _ in warnings.filters
    )


def _no_longer_ignored() -> None:
    for one in [one for one in warnings.filters if one[0] == "ignore" and not one[1] and one[2] is Warning]:
        warnings.filters.remove(one)  # type: ignore[attr-defined]


def _set_environment(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _pools() -> dict[str, int]:
    """Return the threads of the loaded numerical libraries, by file; torch's are told by torch itself."""
    from threadpoolctl import threadpool_info

    pools = (one for one in threadpool_info() if one["user_api"] == "blas")
    return {os.path.basename(one["filepath"]): one["num_threads"] for one in pools}


@contextmanager
def _captured() -> Iterator[list[str]]:
    """Catch what the block prints on standard output, also from outside of Python; the text is there afterwards."""
    texts = [""]
    own = sys.stdout
    sys.stdout = printed = io.StringIO()
    with tempfile.TemporaryFile() as file:
        kept = _redirected(file.fileno())
        try:
            yield texts
        finally:
            sys.stdout = own
            if kept is not None:
                os.dup2(kept, 1)
                os.close(kept)
            file.seek(0)
            texts[0] = printed.getvalue() + file.read().decode("utf-8", "replace")


def _redirected(target: int) -> int | None:
    """Send the file descriptor of standard output elsewhere; return a copy of it, or None where there is none."""
    with suppress(OSError, ValueError):
        if sys.__stdout__ is not None:
            sys.__stdout__.flush()
        kept = os.dup(1)
        os.dup2(target, 1)
        return kept
    return None
