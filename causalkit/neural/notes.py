"""What a discovery of a neural method says about its training, in sentences."""

from __future__ import annotations

from torch import nn

from causalkit.core.panel import Panel
from causalkit.core.run import Run
from causalkit.neural.modules.averaged import members_of
from causalkit.neural.modules.candidates import candidates_of
from causalkit.neural.modules.input_mask import has_masked_inputs
from causalkit.neural.modules.weight_mask import has_own_input_weights
from causalkit.neural.parts import ForecasterPart
from causalkit.neural.regularizers import PenaltySum
from causalkit.neural.training.loop import TIME_LIMIT
from causalkit.neural.training.settings import Training
from causalkit.neural.training.state import TrainingState


def about_knowledge(model: nn.Module, panel: Panel, run: Run, penalties: PenaltySum) -> tuple[str, ...]:
    """Say how training kept to what is forbidden."""
    known = run.knowledge
    if known is None or known.count(panel.names) + len(set(known.require)) == panel.series**2:
        return ()
    if candidates_of(model) is not None:
        return ("no forbidden series is a candidate cause",)
    if has_own_input_weights(model, panel.series):
        return ("first-layer weights of forbidden pairs were exactly zero throughout training",)
    if has_masked_inputs(model):
        return ("in training, every target saw only the series that may act on it",)
    keeping = [term.record.name for term in penalties.terms if term.regularizer.keeps_to_knowledge]
    if keeping:
        names = " and ".join(keeping)
        return (f"{names} made forbidden pairs expensive in training; their scores were then set to 0",)
    return ("scores of forbidden pairs were masked after training, not in training",)


def about_memory(part: ForecasterPart) -> str:
    """Say that a forecaster was too large to compete."""
    return f"{part.record.name} did not compete, as it needs more memory than may be used"


def about_candidates(model: nn.Module, panel: Panel, run: Run) -> tuple[str, ...]:
    """Say that causes were screened."""
    candidates = candidates_of(members_of(model)[0])
    if candidates is None:
        return ()
    known, series = run.knowledge, panel.series
    counts = (candidates < series).sum(1)
    if known is not None and int(counts.sum()) == known.count(panel.names) + len(set(known.require)):
        return ("each network of an effect sees all series that may act on it",)
    most = counts.max()
    seen = f"{most}" if counts.min() == most else f"{counts.min()} to {most}"
    return (
        f"each network of an effect sees {seen} of {series} series as candidate causes, its own past "
        "among them; a fast pass before training chose them and may have missed a weak cause (see large-panels)",
    )


def about_training(state: TrainingState, settings: Training) -> tuple[str, ...]:
    """Say what a user should know about how training ended."""
    notes = []
    if state.stopped == TIME_LIMIT:
        notes.append(f"the time limit ended training after {state.epoch} of {settings.epochs} epochs")
    if state.best is not None:
        epoch = int(state.best.epochs.max())
        notes.append(f"weights are from epoch {epoch}, where the held-out forecast error was lowest")
    return tuple(notes)
