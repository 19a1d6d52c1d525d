"""A schedule decides what each epoch does, when it validates, and when training ends."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from causalkit.neural.interfaces import Stage
from causalkit.neural.training.networks import Epoch, Stacked
from causalkit.neural.training.settings import Training
from causalkit.neural.training.state import TrainingState


class Schedule:
    """Train for a number of epochs, or until the validation error has not fallen for a while.

    Args:
        settings: number of epochs, step sizes and patience.
        stage: its name for observers.
        validate_every: epochs between two validations; the first and the last epoch are always validated.
    """

    def __init__(self, settings: Training, stage: Stage | str = "train", validate_every: int = 1) -> None:
        self.settings, self.stage, self.epochs = settings, stage, settings.epochs
        self.validate_every = validate_every

    def epoch(self, state: TrainingState) -> Epoch:
        """Return what the next epoch does."""
        return Epoch(self.settings.rate(state.epoch), state.epoch / self.epochs)

    def validates(self, state: TrainingState) -> bool:
        """Is the epoch that was just finished validated?"""
        return (state.epoch - 1) % self.validate_every == 0 or state.epoch == self.epochs

    def records(self) -> dict[str, float]:
        """Return what joins the losses of an epoch in the history."""
        return {}

    def advance(self, state: TrainingState) -> str:
        """Go on after an epoch; return why training ends, "" while it does not."""
        if state.epoch >= self.epochs:
            return "epochs"
        patience, best = self.settings.patience, state.best
        if patience and best is not None and state.epoch - int(best.epochs.max()) >= patience:
            return "patience"
        return ""

    def cut_short(self, state: TrainingState) -> None:
        """Finish at a time limit."""

    def state_dict(self) -> Stacked:
        """Return what a checkpoint has to hold beside weights and history."""
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor], training: TrainingState) -> None:
        """Take the state of a checkpoint."""
