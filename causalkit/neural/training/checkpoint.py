"""Checkpoints: the whole state of training in one safetensors file, never pickle.

A checkpoint belongs to one configuration, seed and data set; their fingerprint is inside, so that a run never goes on
from another run's state. Training that goes on from one gives the same bytes as training that was never interrupted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from causalkit.errors import DataError
from causalkit.io.atomic import atomic_path

FORMAT = "causalkit-checkpoint-1"


class Stateful(Protocol):
    """What has weights: a network, or several that are trained as one."""

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return all weights by name."""
        ...

    def load_state_dict(self, state_dict: dict[str, Tensor], /) -> Any:
        """Take all weights."""
        ...


@dataclass
class Progress:
    """Where training stands, apart from the weights.

    Attributes:
        epoch: epochs done.
        history: one list a loss part, one entry an epoch.
        best_epoch, best_loss: of the lowest held-out forecast error so far.
        best: weights at that epoch.
        snapshots: scores (cause, effect, lag) that were read after an epoch, by epoch.
        stopped: why training ended, "" while it has not.
    """

    epoch: int = 0
    history: dict[str, list[float]] = field(default_factory=dict)
    best_epoch: int = 0
    best_loss: float = float("inf")
    best: dict[str, Tensor] = field(default_factory=dict)
    snapshots: dict[int, Tensor] = field(default_factory=dict)
    stopped: str = ""


def save_checkpoint(
    path: Path,
    fingerprint: str,
    model: Stateful,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    progress: Progress,
) -> None:
    """Write the state of training; the file appears whole or not at all."""
    from safetensors.torch import save_file

    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in progress.best.items()}
    tensors |= {f"snapshot.{epoch}": scores for epoch, scores in progress.snapshots.items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in state.items()}
    tensors["random.batch"] = generator.get_state()
    tensors["random.global"] = torch.get_rng_state()
    if generator.device.type == "cuda":
        tensors["random.device"] = torch.cuda.get_rng_state(generator.device)
    facts = {
        "format": FORMAT,
        "fingerprint": fingerprint,
        "epoch": progress.epoch,
        "history": progress.history,
        "best_epoch": progress.best_epoch,
        "best_loss": progress.best_loss if progress.best else None,
        "stopped": progress.stopped,
    }
    copies = {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(copies, temporary, metadata={"causalkit": json.dumps(facts)})


def load_checkpoint(
    path: Path, fingerprint: str, model: Stateful, optimizer: torch.optim.Optimizer, generator: torch.Generator
) -> Progress:
    """Bring model, optimiser and generators to the state in a file.

    Raises:
        DataError: the file is no checkpoint, or one of another configuration, seed or data set.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            facts: dict[str, Any] = json.loads((file.metadata() or {}).get("causalkit", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError, json.JSONDecodeError) as error:
        raise DataError(f"{path}: not a readable checkpoint ({error})", "delete it to start anew") from error
    if facts.get("format") != FORMAT:
        raise DataError(f"{path}: not a training checkpoint", "name the file that --checkpoint wrote")
    if facts["fingerprint"] != fingerprint:
        raise DataError(
            f"{path}: this checkpoint belongs to other data, settings or seed",
            "repeat the call that wrote it, or name another --checkpoint to start anew",
        )
    model.load_state_dict(_with_prefix(tensors, "model."))
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in _with_prefix(tensors, "optimizer.").items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    generator.set_state(tensors["random.batch"])
    torch.set_rng_state(tensors["random.global"])
    if "random.device" in tensors:
        torch.cuda.set_rng_state(tensors["random.device"], generator.device)
    best = {name: value.to(generator.device) for name, value in _with_prefix(tensors, "best.").items()}
    return Progress(
        epoch=facts["epoch"],
        history=facts["history"],
        best_epoch=facts["best_epoch"],
        best_loss=facts["best_loss"] if best else float("inf"),
        best=best,
        snapshots={int(epoch): scores for epoch, scores in _with_prefix(tensors, "snapshot.").items()},
        stopped=facts["stopped"],
    )


def _with_prefix(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
