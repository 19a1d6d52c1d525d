"""Checkpoints: the whole state of training in one safetensors file, never pickle.

A checkpoint belongs to one configuration, seed and data set; their fingerprint is inside, so that a run never goes on
from another run's state. Training that goes on from one gives the same bytes as training that was never interrupted.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from pydantic import model_validator
from torch import Tensor

from causalkit.errors import DataError, WrongUsageError
from causalkit.io.atomic import atomic_path
from causalkit.io.schema import Count, Schema, Text
from causalkit.io.weights import KEY, read_weights
from causalkit.neural.training.networks import Networks
from causalkit.neural.training.schedule import Schedule
from causalkit.neural.training.state import TrainingState

_ANY_FORMAT = "causalkit-checkpoint-"
FORMAT = f"{_ANY_FORMAT}2"


class Facts(Schema):
    """The facts in a checkpoint, beside its tensors."""

    fingerprint: Text
    epoch: Count
    history: dict[str, list[float]]
    stopped: Text | None

    @model_validator(mode="after")
    def _fit(self) -> Facts:
        complete = all(len(self.history.get(name, ())) == self.epoch for name in ("epoch", "forecast"))
        if not complete or any(len(values) > self.epoch for values in self.history.values()):
            raise ValueError("a history with one entry for each epoch")
        return self


def save_checkpoint(path: Path, fingerprint: str, networks: Networks, schedule: Schedule, state: TrainingState) -> None:
    """Write the state of training; the file appears whole or not at all."""
    from safetensors.torch import save_file

    generator = networks.generator
    parts: dict[str, dict[Any, Tensor]] = {
        "networks": dict(networks.state_dict()),
        "optimizer": dict(networks.optimizer.state_dict()),
        "schedule": schedule.state_dict(),
        "best": {} if state.best is None else state.best.state_dict(),
        "snapshot": dict(state.snapshots),
        "random": {"batch": generator.get_state(), "global": torch.get_rng_state()},
    }
    if generator.device.type == "cuda":
        parts["random"]["device"] = torch.cuda.get_rng_state(generator.device)
    tensors = {f"{part}.{name}": value for part, values in parts.items() for name, value in values.items()}
    facts = {
        "format": FORMAT,
        "fingerprint": fingerprint,
        "epoch": state.epoch,
        "history": state.history,
        "stopped": state.stopped,
    }
    copies = {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(copies, temporary, metadata={KEY: json.dumps(facts)})


def check_replaceable(path: Path) -> None:
    """Refuse to write a checkpoint over an existing file that is none, such as a result or a forecaster.

    Raises:
        WrongUsageError: the file has content, and is no checkpoint.
    """
    if not path.stat().st_size:  # as mktemp makes it
        return
    try:
        facts, _ = read_weights(path, "a training checkpoint", "")
    except DataError:
        facts = {}
    if not str(facts.get("format")).startswith(_ANY_FORMAT):
        raise WrongUsageError(f"{path} exists and is no checkpoint", "name another file with --checkpoint")


def load_checkpoint(path: Path, fingerprint: str, networks: Networks, schedule: Schedule, state: TrainingState) -> None:
    """Bring networks, optimiser, generators, schedule and state to where they were when a file was written.

    Raises:
        DataError: the file is no checkpoint, or one of another configuration, seed or data set.
    """
    facts, tensors = read_weights(path, "a training checkpoint", "delete it to start anew")
    if str(facts.get("format")).startswith(_ANY_FORMAT) and facts["format"] != FORMAT:
        raise DataError(
            f"{path}: another version of causalkit wrote this checkpoint",
            "delete it to start anew, or name another --checkpoint",
        )
    if facts.get("format") != FORMAT:
        raise DataError(f"{path}: not a training checkpoint", "name the file that --checkpoint wrote")
    Facts.check(facts, str(path), "delete it to start anew")
    if facts["fingerprint"] != fingerprint:
        raise DataError(
            f"{path}: this checkpoint belongs to other data, settings or seed",
            "repeat the call that wrote it, or name another --checkpoint to start anew",
        )
    try:
        _restore(facts, tensors, networks, schedule, state)
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise DataError(f"{path} is damaged: it lacks a part of the training", "delete it to start anew") from error


def _restore(
    facts: dict[str, Any], tensors: dict[str, Tensor], networks: Networks, schedule: Schedule, state: TrainingState
) -> None:
    """Hand every part of a checkpoint to the object that it belongs to."""
    generator = networks.generator
    networks.load_state_dict(_with_prefix(tensors, "networks."))
    networks.optimizer.load_state_dict(_with_prefix(tensors, "optimizer."))
    random = _with_prefix(tensors, "random.")
    generator.set_state(random["batch"])
    torch.set_rng_state(random["global"])
    if "device" in random:
        torch.cuda.set_rng_state(random["device"], generator.device)
    here = {name: value.to(generator.device) for name, value in tensors.items()}
    if state.best is not None:
        state.best.load_state_dict(_with_prefix(here, "best."))
    state.epoch, state.history, state.stopped = facts["epoch"], facts["history"], facts["stopped"]
    state.snapshots = {int(epoch): scores for epoch, scores in _with_prefix(tensors, "snapshot.").items()}
    schedule.load_state_dict(_with_prefix(here, "schedule."), state)


def _with_prefix(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
