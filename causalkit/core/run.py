"""Run: settings of one fit that belong neither to the data nor to the method: seed, device, precision, time limit."""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from causalkit.core import memory, processes
from causalkit.core.options import RunOptions, options_of
from causalkit.core.plain import is_whole
from causalkit.errors import WrongUsageError

if TYPE_CHECKING:
    import numpy as np
    import torch

    from causalkit.core.knowledge import Knowledge

DEVICES = r"auto|(cpu|cuda|mps|xpu)(:\d+)?"
MOST_THREADS = 1024
"""Libraries end the process where they cannot start as many threads as they are asked for."""
_ONE_AT_A_TIME = threading.RLock()
"""Held where torch's global generator and number of threads are a run's own."""
EVENTS = ("on_start", "on_epoch", "on_scores", "on_end")


@dataclass
class Run:
    """Settings of one fit.

    Attributes:
        seed: random seed; the same seed gives the same bytes on the same machine and build.
        device: "auto", "cpu", "cuda" or "cuda:1"; "auto" takes an accelerator where there is one.
        dtype: precision of neural methods.
        threads: of the numeric libraries; None: one, and for large networks as many as a few steps are fastest with.
        time_limit: seconds after which training ends and its state is the result, or None.
        memory: bytes of resident memory that this process may take, libraries and data included; text such as "4GiB" is
            turned into a number. Chunks of work become smaller, and a run that needs more is refused before training.
            None: nine tenths of what is free beside what the process has.
        checkpoint: file that training state is written to, or None.
        checkpoint_every: seconds between two checkpoints.
        resume: continue from the checkpoint if it exists.
        observers: objects with any of ``on_start(info)`` when a stage of training begins, ``on_epoch(epoch, losses)``,
            ``on_scores(discovery)`` before a rule selects edges, and ``on_end(discovery)`` with the whole result.
        knowledge: which edges are forbidden and which are required, by names of series, or None. A method
            calls ``run.knowledge.allowed(panel.names)`` and respects it in training; causalkit sets the scores of
            forbidden pairs to 0 in any case.
        measured_threads: threads that networks were trained with where ``threads`` is None, by kind of network.
    """

    seed: int = 0
    device: str = "auto"
    dtype: Literal["float32", "float64"] = "float32"
    threads: int | None = None
    time_limit: float | None = None
    memory: int | str | None = None
    checkpoint: Path | None = None
    checkpoint_every: float = 30.0
    resume: bool = False
    observers: list[Any] = field(default_factory=list)
    knowledge: Knowledge | None = None
    started: float = field(default_factory=time.monotonic)
    measured_threads: dict[str, int] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not is_whole(self.seed) or self.seed < 0:
            raise WrongUsageError(f"seed={self.seed!r} is not allowed", "a seed is a whole number, 0 or more")
        if self.threads is not None and (not is_whole(self.threads) or self.threads < 1):
            raise WrongUsageError(f"threads={self.threads!r} is not allowed", "use at least one thread")
        if self.threads is not None and self.threads > MOST_THREADS:
            raise WrongUsageError(
                f"threads={self.threads} is not allowed",
                f"use {MOST_THREADS} at most; more threads than processors gain nothing",
            )
        if not isinstance(self.device, str) or not re.fullmatch(DEVICES, self.device):
            raise WrongUsageError(f"unknown device {self.device!r}", "choose auto, cpu or cuda")
        if self.dtype not in ("float32", "float64"):
            raise WrongUsageError(f"unknown precision {self.dtype!r}", "choose float32 or float64")
        if not isinstance(self.time_limit, Real | None) or isinstance(self.time_limit, bool):
            raise WrongUsageError(f"time_limit={self.time_limit!r} is not allowed", "give a number of seconds")
        if self.time_limit is not None and not self.time_limit > 0:
            raise WrongUsageError(f"the time limit is {self.time_limit} s", "give a positive time, for example 10m")
        if self.memory is not None:
            self.memory = memory.checked_limit(memory.parse_bytes(self.memory))
        if not isinstance(self.resume, bool):
            raise WrongUsageError(f"resume={self.resume!r} is not allowed", "choose True or False")
        if self.resume and self.checkpoint is None:
            raise WrongUsageError("there is nothing to resume from", "name the file with --checkpoint")

    @classmethod
    def of(cls, options: Mapping[str, Any], *, seed: int = 0, knowledge: Knowledge | None = None) -> Run:
        """Return a run with those of the options that belong to `causalkit.core.options.RunOptions`."""
        given = options_of(RunOptions, options)
        checkpoint, observers = given.get("checkpoint"), given.pop("observers", ())
        given.pop("progress", None)  # is shown by whoever starts the run
        if checkpoint is not None:
            if not isinstance(checkpoint, str | Path):
                raise WrongUsageError(f"checkpoint={checkpoint!r} is not allowed", "give the path of a file")
            given["checkpoint"] = Path(checkpoint)
        if not isinstance(observers, Iterable):
            raise WrongUsageError(f"observers={observers!r} are not allowed", "give a list of objects")
        run = cls(**given, seed=seed, observers=list(observers), knowledge=knowledge)
        if run.device not in ("auto", "cpu"):
            run.torch_device()  # one that is not there is refused before any work, whatever the method
        return run

    def with_own_checkpoint(self, part: str) -> Run:
        """Return the run with a checkpoint for a further part of the training, beside that of the first one, ""."""
        if self.checkpoint is None or not part:
            return self
        name = f"{self.checkpoint.stem}.{part}{self.checkpoint.suffix}"
        return replace(self, checkpoint=self.checkpoint.with_name(name))

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.started

    @property
    def expired(self) -> bool:
        """Has the time limit passed? Where several processes share the run, the first one's clock decides."""
        return self.time_limit is not None and processes.agreed(self.seconds >= self.time_limit)

    @property
    def threads_taken(self) -> int:
        """Threads that were given, or the largest number that training took."""
        return self.threads or max(self.measured_threads.values(), default=1)

    @property
    def memory_limit(self) -> int | None:
        """Bytes of resident memory that this process may take, or None: most of what is free."""
        return None if self.memory is None else int(self.memory)

    def numpy_generator(self) -> np.random.Generator:
        """Return a fresh generator with the run's seed."""
        import numpy as np

        return np.random.default_rng(self.seed)

    def torch_generator(self) -> torch.Generator:
        """Return a fresh generator with the run's seed, on the run's device."""
        import torch

        return torch.Generator(device=self.torch_device()).manual_seed(self.seed)

    def torch_device(self) -> torch.device:
        """Resolve ``device``.

        Raises:
            WrongUsageError: the device is unknown or not available.
        """
        import torch

        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")  # of several, this process's own
        try:
            device = torch.device(self.device)
        except RuntimeError as error:
            raise WrongUsageError(f"unknown device {self.device!r}", "choose auto, cpu or cuda") from error
        if device.type == "cuda" and not torch.cuda.is_available():
            raise WrongUsageError("no CUDA device is available to torch", "use --device cpu")
        return device

    def torch_dtype(self) -> torch.dtype:
        """Return the precision for torch."""
        import torch

        return torch.float64 if self.dtype == "float64" else torch.float32

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """Seed torch's global generator and set its threads for the block, and put both back afterwards.

        In the block, gradients are recorded, and chunks of work keep to the memory of the run. An interrupt that hits a
        library while it records no gradients leaves that as it was, too.

        Networks draw their initial weights and dropout masks from the global generator. The user's own generator stays
        as it was. All threads of a process share that generator, so that one block at a time is entered: a run in
        another thread waits.
        """
        import torch

        device = self.torch_device()
        accelerators = [device] if device.type == "cuda" else []
        with (
            _ONE_AT_A_TIME,
            torch.random.fork_rng(devices=accelerators),
            torch.enable_grad(),
            memory.limited_to(self.memory_limit),
        ):
            threads = torch.get_num_threads()
            torch.manual_seed(self.seed)
            torch.set_num_threads(self.threads or 1)
            try:
                yield
            finally:
                torch.set_num_threads(threads)

    def notify(self, event: str, *arguments: Any) -> None:
        """Call every observer; one that raises is reported once and removed."""
        for observer in list(self.observers):
            handler = getattr(observer, event, None)
            if handler is None:
                continue
            try:
                handler(*arguments)
            except Exception as error:  # an observer must never end a run
                self.observers.remove(observer)
                warnings.warn(
                    f"observer {type(observer).__name__} failed in {event} and was removed: "
                    f"{type(error).__name__}: {error}",
                    RuntimeWarning,
                    stacklevel=2,
                )

    def start(self, info: Mapping[str, Any]) -> None:
        """Notify observers that training begins; ``info`` has at least ``epochs``."""
        self.notify("on_start", info)

    def epoch(self, number: int, losses: Mapping[str, float]) -> None:
        """Notify observers of the losses of an epoch, counted from 1."""
        self.notify("on_epoch", number, losses)
