"""What a process holds: memory, files, threads, processes, objects, caches, and the settings that all code shares."""

from __future__ import annotations

import ctypes
import functools
import gc
import hashlib
import linecache
import logging
import os
import random
import re
import signal
import sys
import tempfile
import threading
import typing
import urllib.parse
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import psutil
import torch
from scipy.stats import theilslopes

from causalkit.testing.watching import settings

MEGABYTE = 1e6
MOST = {"memory": 1.0, "objects": 300.0, "caches": 60.0}
"""Growth in 1,000 runs that counts as none. Bounded caches may still fill. Everything else must stay as it is."""


@dataclass(frozen=True)
class Held:
    """What this process holds after some runs.

    Attributes:
        memory: resident, in megabytes, after rubbish has been collected and free memory handed back.
        objects: that the garbage collector knows.
        caches: entries of all caches of functions of causalkit and its plugins.
        temporary, stored: files in the folder of temporary files and in that of downloads.
    """

    memory: float
    files: int
    threads: int
    processes: int
    objects: int
    caches: int
    temporary: int
    stored: int
    figures: int
    handlers: int


def held() -> Held:
    """Return what this process holds now."""
    collect()
    process, objects = psutil.Process(), gc.get_objects()
    return Held(
        memory=process.memory_info().rss / MEGABYTE,
        files=process.num_fds(),
        threads=threading.active_count(),
        processes=len(process.children(recursive=True)),
        objects=len(objects),
        caches=sum(caches(objects).values()),
        temporary=_files(tempfile.gettempdir()),
        stored=_files(os.environ.get("CAUSALKIT_CACHE", "")),
        figures=_figures(),
        handlers=sum(len(one.handlers) for one in _loggers()),
    )


def collect() -> None:
    """Empty the caches of Python's own library, collect rubbish, and hand free memory back to the system."""
    for forget in (re.purge, urllib.parse.clear_cache, linecache.clearcache, *typing._cleanups):
        forget()
    gc.collect()
    with suppress(OSError, AttributeError):  # other systems than Linux
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def caches(objects: Iterable[object]) -> Counter[str]:
    """Return how many entries each cache of a function of causalkit and its plugins has, among some objects."""
    found: Counter[str] = Counter()
    for one in objects:
        if type(one) is functools._lru_cache_wrapper and str(one.__module__).startswith("causalkit"):
            found[f"{one.__module__}.{one.__qualname__}"] += one.cache_info().currsize
    return found


def kinds() -> Counter[str]:
    """Return how many objects there are of each type, to tell what grows."""
    collect()
    return Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())


def shared_settings() -> dict[str, str]:
    """Return the settings that all code of this process shares, each as text."""
    found = {name: str(one.value) for name, one in settings().items()}
    found["the number of warning filters"] = str(len(warnings.filters))
    found["how a warning is shown"] = str(warnings.showwarning)
    found["Python's random numbers"] = _digest(repr(random.getstate()).encode())
    found["numpy's random numbers"] = _digest(repr(np.random.get_state()).encode())
    found["torch's random numbers"] = _digest(torch.get_rng_state().numpy().tobytes())
    found["what SIGTERM does"] = str(signal.getsignal(signal.SIGTERM))
    found["what the tracer is"] = str(sys.gettrace())
    return found


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return a sentence for each setting that is another one."""
    return [f"{name} changed from {before[name]} to {after[name]}" for name in before if before[name] != after[name]]


def growth(runs: Sequence[int], samples: Sequence[Held]) -> dict[str, float]:
    """Return what each quantity grows by in 1,000 runs: the median of the slopes between all pairs of samples."""
    return {
        one.name: 1000 * float(theilslopes([getattr(sample, one.name) for sample in samples], runs).slope)
        for one in fields(Held)
    }


def too_much(found: dict[str, float]) -> list[str]:
    """Return a sentence for each quantity that grows by more than `MOST`."""
    return [f"{name} grow by {value:.2f} in 1,000 runs" for name, value in found.items() if value > MOST.get(name, 0.5)]


def repeated(task: Callable[[int], object], runs: int, warm_up: int, samples: int = 6) -> dict[str, float]:
    """Run a task many times and return the growth after a warm-up."""
    for number in range(warm_up):
        task(number)
    at, seen = [], []
    for number in range(runs):
        task(warm_up + number)
        if (number + 1) % max(1, runs // samples) == 0:
            at.append(number)
            seen.append(held())
    return growth(at, seen)


@contextmanager
def own_temporary_folder() -> Iterator[None]:
    """Let temporary files be in a folder of their own, so that those of other programs do not count."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before


def _files(folder: str) -> int:
    return sum(len(names) for _, _, names in os.walk(folder)) if folder and Path(folder).is_dir() else 0


def _figures() -> int:
    """Return how many figures pyplot keeps; what is drawn without it is not kept."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return len(pyplot.get_fignums()) if pyplot else 0


def _loggers() -> list[logging.Logger]:
    known = [one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    return [logging.root, *known]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
