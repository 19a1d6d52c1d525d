"""Interrupts at random moments of discoveries in one process: is the state kept, and everything as it was?

    python benchmarks/hostile/interrupts.py --times 200
    python benchmarks/hostile/interrupts.py --times 3000 --seed 1

Each trial starts a discovery with a checkpoint and interrupts it after a random time: SIGINT, or SIGTERM that is
handled as on the command line, and at times a second signal shortly after. It is resumed and interrupted again, up to
four times, and then left to end. The result must have the bytes of an undisturbed one. After each interrupt, handlers
of signals, random numbers, threads and all other settings that code shares must be as before, and no hidden file may be
left; files, threads and memory of the process must not grow. The exit status is 1 where a trial fails.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

os.environ.setdefault("MPLBACKEND", "agg")
sys.path.insert(0, str(Path(__file__).parents[2]))

import causalkit
from causalkit.core.discovery import Discovery
from tests.growth import Held, changes, growth, held, own_temporary_folder, shared_settings, too_much

TRAINED = {"training.epochs": 8}
FIXED = {**TRAINED, "regularizer.strength": 0.1}
ADAM = {**FIXED, "training.optimizer": "adam"}
KINDS: dict[str, dict[str, Any]] = {
    "var": {"method": "var"},
    "grngc": {"method": "grngc", "params": FIXED},
    "strengths": {"method": "grngc", "params": {"training.epochs": 2}},
    "lags": {"method": "grngc", "params": {**FIXED, "training.epochs": 2}, "lag": "auto:3"},
    "jrngc": {"method": "jrngc", "params": FIXED},
    "cmlp": {"method": "cmlp", "params": ADAM},
    "clstm": {"method": "clstm", "params": ADAM},
    "two stages": {"method": "grngc", "params": {**FIXED, "pretrain.epochs": 5, "finetune.epochs": 5}},
}
AGAIN = 4
"""Interrupts of a trial, at most."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=100, help="interrupts in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", action="append", choices=sorted(KINDS), help="default: all")
    parser.add_argument("--minutes", type=float, default=1e9, help="end before, after so many minutes")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    trials = Trials(random.Random(arguments.seed))
    ends = time.monotonic() + 60 * arguments.minutes
    with _handled(), own_temporary_folder():
        whole = {name: _undisturbed(name) for name in arguments.kind or KINDS}
        number = 0
        while trials.counts.total() < arguments.times and time.monotonic() < ends:
            for name, (reference, seconds) in whole.items():
                trials.one(name, reference, seconds)
                number += 1
            if number % (4 * len(whole)) == 0:
                trials.look()
            if number % (20 * len(whole)) == 0:
                print(f"{trials.counts.total()} interrupts: {trials.samples[-1]}", flush=True)
    return trials.report()


class Trials:
    """Interrupted discoveries, and what is wrong with them."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.counts: Counter[str] = Counter()
        self.kept = self.discoveries = 0
        self.faults: Counter[str] = Counter()
        self.at: list[int] = []
        self.samples: list[Held] = []

    def one(self, name: str, reference: dict[str, bytes], seconds: float) -> None:
        """Interrupt a discovery up to four times, let it end, and compare."""
        with tempfile.TemporaryDirectory() as folder:
            state = Path(folder) / "state.safetensors"
            found, interrupts = None, 0
            while found is None:
                before = shared_settings()
                after = None if interrupts == AGAIN else self.draw.uniform(0.0, 1.1) * seconds
                number = self.draw.choice([signal.SIGINT, signal.SIGTERM])
                second = self.draw.uniform(0.0, 0.005) if self.draw.random() < 0.2 else None
                try:
                    found, struck = _struck(lambda: _discover(name, state), number, after, second)
                except Exception as error:
                    self.faults[f"{name}, interrupt {interrupts + 1}: {type(error).__name__}: {error}"[:300]] += 1
                    return
                if struck:
                    interrupts += 1
                    self.counts[name] += 1
                    self.kept += any(Path(folder).iterdir())
                for change in changes(before, shared_settings()):
                    self.faults[f"{name}: {change}"] += 1
                for path in Path(folder).glob(".*"):
                    self.faults[f"{name}: it leaves {path.suffix} under a hidden name"] += 1
            self.discoveries += 1
            facts = _facts(found)
            for part in reference:
                if facts[part] != reference[part]:
                    self.faults[f"{name}: {part} differ from those of an undisturbed run"] += 1

    def look(self) -> None:
        """Note what the process holds now."""
        self.at.append(self.counts.total())
        self.samples.append(held())

    def report(self) -> int:
        """Print counts and faults; return the exit status."""
        listed = ", ".join(f"{name} {count}" for name, count in sorted(self.counts.items()))
        print(f"{self.counts.total()} interrupts of {self.discoveries} discoveries ({listed})")
        print(f"after {self.kept} of them there was a checkpoint")
        if len(self.samples) < 4:
            print("too few interrupts to say whether anything grows; give more of --times and --minutes")
            return int(bool(self.faults))
        half = len(self.samples) // 4
        grown = growth(self.at[half:], self.samples[half:])
        for name, value in grown.items():
            first, last = getattr(self.samples[half], name), getattr(self.samples[-1], name)
            print(f"{name:<12}{first:>12.6g} -> {last:<12.6g}{value:+.3f} in 1,000 interrupts")
        wrong = too_much(grown)
        for fault, times in self.faults.items():
            print(f"fault, {times} times: {fault}")
        for sentence in wrong:
            print(f"fault: {sentence.replace('runs', 'interrupts')}")
        return int(bool(wrong or self.faults))


def _discover(name: str, state: Path | None) -> Discovery:
    options = dict(KINDS[name])
    panel, _ = causalkit.simulate("var", series=3, steps=80, seed=5)
    if name == "two stages":
        options["pretrain"] = panel
    if state is not None:
        options |= {"checkpoint": state, "resume": True}
    return causalkit.discover(panel, **{"lag": 1, **options})


def _undisturbed(name: str) -> tuple[dict[str, bytes], float]:
    """Return the facts of a result, and how long it takes when everything has been imported."""
    _discover(name, None)
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        found = _discover(name, Path(folder) / "state.safetensors")
        return _facts(found), time.monotonic() - start


def _facts(found: Discovery) -> dict[str, bytes]:
    """Return what must not depend on interrupts, as bytes."""
    facts = {"scores": found.scores, "selected edges": found.selected, "p-values": found.p_values}
    facts |= {"losses": np.array(found.history.get("forecast", []))}
    return {name: b"" if values is None else np.asarray(values).tobytes() for name, values in facts.items()}


def _struck(
    call: Callable[[], Discovery], number: int, after: float | None, second: float | None
) -> tuple[Discovery | None, bool]:
    """Call, and send this process a signal after so many seconds, perhaps a second one later.

    Returns:
        The result, or None where the call was interrupted; and whether it was.
    """
    signals = 0

    def strike(_: int, frame: FrameType | None) -> None:
        nonlocal signals
        signals += 1
        if signals == 1 and second is not None:
            signal.setitimer(signal.ITIMER_REAL, max(second, 1e-4))
        signal.raise_signal(number)

    kept = signal.signal(signal.SIGALRM, strike)
    try:
        try:
            if after is not None:
                signal.setitimer(signal.ITIMER_REAL, max(after, 1e-4))
            return call(), False
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
    except KeyboardInterrupt:
        return None, True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, kept)


@contextmanager
def _handled() -> Iterator[None]:
    """Let both signals interrupt, also where a shell ignores them, as the command line does."""

    def terminate(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    kept = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: terminate}
    kept = {number: signal.signal(number, handler) for number, handler in kept.items()}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
