"""The one training loop of all neural methods."""

from __future__ import annotations

import os
import time

from causalkit.core import processes
from causalkit.core.interrupts import deferred_interrupt
from causalkit.core.memory import release
from causalkit.core.run import Run
from causalkit.neural.training.checkpoint import check_replaceable, load_checkpoint, save_checkpoint
from causalkit.neural.training.networks import Networks
from causalkit.neural.training.schedule import Schedule
from causalkit.neural.training.score_history import is_due, take_snapshot
from causalkit.neural.training.state import BestWeights, TrainingState
from causalkit.neural.training.threads import take_threads

TIME_LIMIT = "time limit"
"""Why training ended, where the time limit ended it."""


def train(
    networks: Networks, schedule: Schedule, run: Run, *, fingerprint: str = "", snapshots: int | None = None
) -> TrainingState:
    """Minimise mean squared forecast error + penalties for each of E networks.

    The error is the mean over windows and series, over what is observed. Weights that need no gradient stay as they
    are. First-layer weights that belong to one target each are exactly zero throughout where background knowledge
    forbids them. Where windows are held out, ``state.best`` keeps the weights at the lowest validation error.

    Args:
        networks: are changed in place.
        schedule: decides step sizes, validations and the end.
        fingerprint: what a checkpoint must share with the run that goes on from it.
        snapshots: read the scores after every so many epochs and after the last one, which changes nothing of what is
            learned; only for a single network.

    Returns:
        The history, the best weights, the score history, and why training ended.

    Raises:
        TrainingError: a loss is no longer finite.
        DataError: the checkpoint belongs to another run.
        WrongUsageError: the checkpoint would replace a file that is none.
    """
    release()
    state = TrainingState(best=None if networks.data.held is None else BestWeights(networks))
    take_threads(networks, schedule.epoch(state), run)
    if run.checkpoint and os.path.exists(run.checkpoint):
        if run.resume:
            load_checkpoint(run.checkpoint, fingerprint, networks, schedule, state)
        else:
            check_replaceable(run.checkpoint)
    run.start({"epochs": schedule.epochs, "done": state.epoch, "stage": schedule.stage})
    saved = time.monotonic()
    with deferred_interrupt(active=run.checkpoint is not None) as interrupt:
        while not state.stopped:
            epoch = schedule.epoch(state)
            losses = networks.epoch(epoch)
            state.epoch += 1
            if state.best is not None:
                if schedule.validates(state) or run.expired:
                    state.best.update(networks.validation_errors(), networks.averaged, state.epoch)
                losses["validation"] = float(state.best.latest.mean())
            state.record({**losses, **schedule.records()}, schedule.settings.learning_rate, schedule.stage)
            if is_due(state, snapshots):
                take_snapshot(networks, state)
            run.epoch(state.epoch, losses)
            state.stopped = schedule.advance(state)
            limited = run.expired and not state.stopped
            due = state.stopped or limited or interrupt.asked or time.monotonic() - saved >= run.checkpoint_every
            if (
                run.checkpoint and due and processes.rank() == 0
            ):  # at a time limit before the end: a resumed run goes on from there
                save_checkpoint(run.checkpoint, fingerprint, networks, schedule, state)
                saved = time.monotonic()
            if interrupt.asked:
                break
            if limited:
                schedule.cut_short(state)
                state.stopped = TIME_LIMIT
    if snapshots is not None:  # not before the checkpoint: the last epoch of a resumed run is another one
        take_snapshot(networks, state)
    return state
