"""The regularization path: networks are trained under one strength after the other, from strong to weak.

Under the strongest penalty hardly any input pays; as it weakens, inputs come in one after another, in the order of what
they are worth. The whole path takes little more than one training, because every strength starts from a good point, and
it ends where validation errors no longer fall by what comes in.

Adam's steps make gradients tremble by about (step size) x (strength). So steps are small while the penalty is strong
and grow as it weakens, and what is validated and kept is the mean of the weights over the latest steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from causalkit.core.run import Run
from causalkit.model_selection.strength import StrengthSearch
from causalkit.neural.held_out_test import edges_beyond_chance
from causalkit.neural.training.loop import train
from causalkit.neural.training.networks import Epoch, Networks, Stacked, alike
from causalkit.neural.training.schedule import Schedule
from causalkit.neural.training.settings import Training
from causalkit.neural.training.state import BestWeights, TrainingState

AVERAGING = 0.9
"""Of the mean of the weights: about the latest ten steps."""
CONSTANT_UP_TO, DECAY = 1.5, 0.8
"""The step size is that of the settings up to 1.5 times the weakest strength, then falls as strength^-0.8."""
AMPLE_EPOCHS, MAX_EPOCHS = 1.5, 2.5
"""In units of ``training.epochs``: how many there are before each strength gets only the least; what all get together.
"""
CHECK_EVERY, VALIDATE_EVERY = 0.05, 0.025
"""In units of ``training.epochs``: between two checks whether more epochs under a strength pay, and between two
validations."""
FINAL_EPOCHS = 0.25
"""In units of ``training.epochs``: how long networks learn from all windows in the end."""
MOST_WINDOWS, MOST_WINDOWS_BY_TARGET, MOST_WINDOWS_OF_CANDIDATES = 2000, 400, 200
"""Windows of a step. More make a step dearer and its direction hardly better. Where every target has a network of its
own, a step costs many times as much, so there are fewer windows, except in the final training; fewer still, there too,
in panels of so many series that targets see candidate causes only."""
MIN_GAIN = 0.01
"""Share of the explained held-out variance that has to be gained between two checks."""


@dataclass(frozen=True)
class Pace:
    """How many epochs strengths get, in units of ``training.epochs``.

    Attributes:
        first: the strongest one at least.
        least, most: each other at least, and each at most.
    """

    first: float
    least: float
    most: float


PACE, PACE_OF_CANDIDATES = Pace(0.15, 0.1, 0.3), Pace(0.1, 0.05, 0.2)
"""In panels of so many series that targets see candidate causes only, errors are means over hundreds of targets. There,
a quicker path finds the same strengths; on Lorenz-96 with 20 series (F = 40, T = 500) AUPRC falls from .998 to .995."""


@dataclass(frozen=True)
class Point:
    """Where the networks stand under one strength.

    Attributes:
        strength: of the penalty.
        errors: lowest validation error of each network, shape (E,).
        weights: mean weights of each network at that point, stacked.
    """

    strength: float
    errors: Tensor
    weights: Stacked


class RegularizationPath(Schedule):
    """The schedule of a path.

    Args:
        networks: are trained; the penalty that supplies the scores has strength 1 in them.
        candidates, finer: strengths; see `causalkit.model_selection.strength.StrengthSearch`.
        settings: number of epochs and step size.
        most_windows: as in `causalkit.neural.training.networks.Epoch`.
        pace: how many epochs strengths get.
        stage: its name for observers.

    Attributes:
        search: proposes strengths, strongest first, and records their validation errors.
        points: where the networks stood under each strength that was left.
    """

    def __init__(
        self,
        networks: Networks,
        candidates: Sequence[float],
        settings: Training,
        *,
        finer: Sequence[float] = (),
        most_windows: int | None = None,
        pace: Pace = PACE,
        stage: str = "strength",
    ) -> None:
        super().__init__(settings, stage)
        self.most_windows = most_windows
        self.epochs = self._epochs(MAX_EPOCHS)
        self.networks, self.data = networks, networks.data
        self.pace = pace
        self.weakest = min(candidates)
        self.search = StrengthSearch(candidates, finer, self._edges)
        self.points: list[Point] = []
        self.began, self.last_checked = 0, float("inf")
        self.strength = self._next_strength()

    def _epochs(self, share: float) -> int:
        """Return so many times ``training.epochs`` as whole epochs."""
        return max(1, round(share * self.settings.epochs))

    def epoch(self, state: TrainingState) -> Epoch:
        """Return the step size and the strength of the next epoch."""
        rate = step_size(self.settings, self.strength, self.weakest)
        return Epoch(rate, min(1.0, state.epoch / self.epochs), self.strength, self.most_windows)

    def validates(self, state: TrainingState) -> bool:
        """Is the epoch that was just finished validated?"""
        here = state.epoch - self.began
        return self._check_is_due(here) or here == 1 or here % self._epochs(VALIDATE_EVERY) == 0

    def records(self) -> dict[str, float]:
        """Return the strength."""
        return {"strength": self.strength}

    def advance(self, state: TrainingState) -> str:
        """Go on to the next strength where this one has given what it has."""
        here = state.epoch - self.began
        if not self._check_is_due(here):
            return ""
        error = state.history["validation"][-1]
        if not self._has_settled(error, here, state):
            self.last_checked = error
            return ""
        return self._leave(state)

    def _check_is_due(self, here: int) -> bool:
        least = self._epochs(self.pace.least if self.points else self.pace.first)
        return here >= least and (here - least) % self._epochs(CHECK_EVERY) == 0

    def _has_settled(self, error: float, here: int, state: TrainingState) -> bool:
        """Are more epochs under this strength not worth their time?"""
        if here >= self._epochs(self.pace.most) or state.epoch >= self._epochs(AMPLE_EPOCHS):
            return True
        lowest = min([1.0, error, *(float(point.errors.mean()) for point in self.points)])
        return self.last_checked - error < MIN_GAIN * (1 - lowest)

    def _leave(self, state: TrainingState) -> str:
        """Keep what was found under the present strength, and return why the path ends here, or ""."""
        best = state.best
        assert best is not None
        self._keep(Point(self.strength, best.errors, best.weights))
        self.began, self.last_checked = state.epoch, float(best.latest.mean())
        state.best = BestWeights(self.networks)
        strength = self.search.ask()
        if strength is None or state.epoch >= self.epochs:
            return "path"
        self.strength = strength
        return ""

    def _keep(self, point: Point) -> None:
        self.points.append(point)
        self.search.tell(point.strength, point.errors.cpu().double().numpy())

    def _next_strength(self) -> float:
        strength = self.search.ask()
        assert strength is not None
        return strength

    def _edges(self, strength: float) -> int:
        """Return how many edges pass a held-out test under a strength."""
        point = self._point(strength)
        members = self.networks.with_weights(point.weights)
        return edges_beyond_chance(members, self.data, self.networks.context.allowed)

    def _point(self, strength: float) -> Point:
        return next(point for point in self.points if point.strength == strength)

    def cut_short(self, state: TrainingState) -> None:
        """Keep what was found under the present strength."""
        self._leave(state)

    def chosen(self) -> Point:
        """Return the point at the strength that the search chooses."""
        return self._point(self.search.chosen)

    def state_dict(self) -> Stacked:
        """Return the points, for a checkpoint."""
        state = {"began": torch.tensor(self.began), "last_checked": torch.tensor(self.last_checked)}
        for number, point in enumerate(self.points):
            state |= {f"{number}.strength": torch.tensor(point.strength, dtype=torch.float64)}
            state |= {f"{number}.errors": point.errors}
            state |= {f"{number}.weights.{name}": value for name, value in point.weights.items()}
        return state

    def load_state_dict(self, state: Mapping[str, Tensor], training: TrainingState) -> None:
        """Take the points of a checkpoint, and go on with the strength that was being trained."""
        self.began, self.last_checked = int(state["began"]), float(state["last_checked"])
        mine = BestWeights(self.networks)
        count = sum(name.endswith(".strength") for name in state)
        for number in range(count):
            prefix = f"{number}.weights."
            weights = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
            errors = alike(state[f"{number}.errors"], mine.errors)
            weights = {name: alike(weights[name], value) for name, value in mine.weights.items()}
            self._keep(Point(float(state[f"{number}.strength"]), errors, weights))
            if number + 1 < count or not training.stopped:
                self.strength = self._next_strength()


def train_on_all(path: RegularizationPath, run: Run) -> tuple[Stacked, float]:
    """Go on from the chosen point with nothing held out, for a while; return the mean weights and the forecast error.

    What a block that was held out can teach is learned in the end, and networks remain as different as the blocks made
    them.
    """
    networks, point = path.networks, path.chosen()
    networks.restart(point.weights)
    networks.learn_from(networks.data.complete())
    most = MOST_WINDOWS if networks.data.candidates is None else MOST_WINDOWS_OF_CANDIDATES
    state = train(networks, FinalTraining(path.settings, point.strength, path.weakest, most), run)
    return networks.averaged, state.history["forecast"][-1]


class FinalTraining(Schedule):
    """A number of epochs under the chosen strength, at the step size that it has on the path."""

    def __init__(self, settings: Training, strength: float, weakest: float, most_windows: int) -> None:
        super().__init__(settings, "all windows")
        self.most_windows = most_windows
        self.epochs = max(1, round(FINAL_EPOCHS * settings.epochs))
        self.strength, self.rate = strength, step_size(settings, strength, weakest)

    def epoch(self, state: TrainingState) -> Epoch:
        """Return the step size and the strength."""
        return Epoch(self.rate, 1.0, self.strength, self.most_windows)


def step_size(settings: Training, strength: float, weakest: float) -> float:
    """Return the step size under one strength of a path, whose weakest strength is given."""
    constant = CONSTANT_UP_TO * weakest
    return settings.learning_rate * min(1.0, (constant / strength) ** DECAY if strength else 1.0)
