"""Methods that do to the process they run in what plugins do when they go wrong, and one that keeps a diary."""

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np

import causalkit
from causalkit import Dataset, Discovery, Method, Panel, Truth, hookimpl
from causalkit.errors import WrongUsageError


class Good:
    """Writes every fit into the file that FAKE_DIARY names, and takes ``seconds`` for it."""

    def __init__(self, lag: int = 1, seconds: float = 0.0, tag: str = "a") -> None:
        self.lag, self.seconds, self.tag = lag, seconds, tag

    def fit(self, panel, run):
        time.sleep(self.seconds)
        generator = run.numpy_generator()
        if "FAKE_DIARY" in os.environ:
            with open(os.environ["FAKE_DIARY"], "a") as diary:
                diary.write(f"{self.tag} {run.seed} {panel.sha256}\n")
        return Discovery(panel.names, generator.random((panel.series, panel.series, self.lag)) + len(self.tag))


class Raises(Good):
    def fit(self, panel, run):
        raise ZeroDivisionError("nobody expects\nthis")


class NeverEnds(Good):
    def fit(self, panel, run):
        while True:
            time.sleep(60)


class EatsMemory(Good):
    def fit(self, panel, run):
        eaten = []
        while len(eaten) < 64:  # 4 GiB at most, should nobody stop it
            eaten.append(np.ones(2**23))
        time.sleep(60)


class GivesNan(Good):
    def fit(self, panel, run):
        return Discovery(panel.names, np.full((panel.series, panel.series, 1), np.nan))


class WrongShape(Good):
    def fit(self, panel, run):
        return Discovery(panel.names, np.ones((panel.series, panel.series + 1, 1)))


class Nothing(Good):
    def fit(self, panel, run):
        return None


class Exits(Good):
    def fit(self, panel, run):
        sys.exit(0)


class EndsAtOnce(Good):
    def fit(self, panel, run):
        os._exit(7)


class Crashes(Good):
    def fit(self, panel, run):
        os.kill(os.getpid(), signal.SIGSEGV)


class Killed(Good):
    def fit(self, panel, run):
        os.kill(os.getpid(), signal.SIGKILL)


class Interrupts(Good):
    def fit(self, panel, run):
        raise KeyboardInterrupt


class Prints(Good):
    def fit(self, panel, run):
        print("x" * 100_000)
        os.write(1, b"\x00\x00\x00\x00\x00\x00\x00\x02{}")
        sys.stdout.flush()
        sys.stdin.read()
        return super().fit(panel, run)


class Forks(Good):
    def fit(self, panel, run):
        os.fork()  # and the copy goes on as if nothing had happened
        return super().fit(panel, run)


class LeavesChild(Good):
    """Starts a program that would outlive everybody, and does not end either."""

    def fit(self, panel, run):
        child = subprocess.Popen(["sleep", "600"], start_new_session=True)
        with open(os.environ["FAKE_DIARY"], "a") as diary:
            diary.write(f"{os.getpid()} {child.pid}\n")
        time.sleep(600)


class Spoils(Good):
    def fit(self, panel, run):
        panel.realisations[0][:] = 0
        return super().fit(panel, run)


class Takes(Good):
    """Takes so many MiB for a moment."""

    def __init__(self, lag: int = 1, megabytes: int = 0) -> None:
        super().__init__(lag)
        self.megabytes = megabytes

    def fit(self, panel, run):
        taken = np.ones(self.megabytes * 2**17)
        self.tag = "a" * int(taken[0])
        return super().fit(panel, run)


class Cheats(Good):
    """Simulates the data set anew, from what the panel and the run say about it, and returns the truth."""

    def fit(self, panel, run):
        said = f"{panel.source} {panel.notes} {panel!r} {panel.describe()} {run.__dict__}"
        scores = np.zeros((panel.series, panel.series, 1))
        name = re.search(r"([a-z][a-z0-9-]*)\(.*\bseed=(\d+)", said)
        if name:
            _, truth = causalkit.simulate(name[1], seed=int(name[2]))
            scores[:, :, 0] = truth.edges
        return Discovery(panel.names, scores)


class Absent:
    def __init__(self, lag: int = 1) -> None:
        raise WrongUsageError("absent needs the package nothing", "install it")


class Broken:
    def __init__(self, lag: int = 1) -> None:
        raise RuntimeError("the constructor is wrong")


def drifting(steps: int = 50, seed: int = 0):
    """Draw numbers that no seed reaches."""
    values = np.random.default_rng().standard_normal((steps, 2))
    return Panel.of(values, source="drifting"), Truth.from_edges([("0", "1")], names=["0", "1"])


METHODS = {
    "good": Good,
    "raises": Raises,
    "never-ends": NeverEnds,
    "eats-memory": EatsMemory,
    "gives-nan": GivesNan,
    "wrong-shape": WrongShape,
    "gives-nothing": Nothing,
    "exits": Exits,
    "ends-at-once": EndsAtOnce,
    "crashes": Crashes,
    "killed": Killed,
    "interrupts": Interrupts,
    "prints": Prints,
    "forks": Forks,
    "leaves-child": LeavesChild,
    "spoils": Spoils,
    "takes": Takes,
    "cheats": Cheats,
    "absent": Absent,
    "broken": Broken,
}


@hookimpl
def causalkit_methods():
    for name, factory in METHODS.items():
        yield Method(name=name, factory=factory, summary=f"{name}, for tests")


@hookimpl
def causalkit_datasets():
    yield Dataset(name="drifting", factory=drifting, summary="Another panel each time")
