"""A pre-trained forecaster: weights and all that is needed to go on from them, as safetensors with JSON beside."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from causalkit.core.plain import plain
from causalkit.core.truth import LONGEST_LAG
from causalkit.errors import DataError, WrongUsageError
from causalkit.io.atomic import atomic_path, check_writable
from causalkit.io.paths import existing_file
from causalkit.io.schema import Number, Schema, Settings, Text, Whole
from causalkit.io.weights import KEY, read_weights

FORMAT = "causalkit-forecaster-1"
SUFFIX = ".safetensors"


class Part(Settings):
    """A forecaster in a configuration."""

    name: Text


class Configuration(Settings):
    """A configuration of a forecaster."""

    lag: Annotated[int, Field(ge=1, le=LONGEST_LAG)]
    forecaster: Part


class Source(Settings):
    """The description of a panel."""

    source: Text


class Facts(Schema):
    """The facts in a file; see `Pretrained`."""

    method: Text
    names: Annotated[list[Text], Field(min_length=1)]
    config: Configuration
    sources: list[Source]
    history: dict[str, list[Number]]
    seed: Whole
    versions: dict[str, Text | None]
    notes: list[Text]


@dataclass(frozen=True, eq=False)
class Pretrained:
    """A forecaster that has learned from a source.

    Attributes:
        method: name of the method whose settings it was trained with.
        names: of the P series.
        config: lag, forecaster, regularizer and training settings, as a result records them.
        weights: state of the network, by name.
        scores: mean absolute input Jacobian of the forecaster on its source, (cause, effect, lag), whatever its
            regularizers read off.
        sources: description of each source panel.
        history: one list a loss part, one entry an epoch.
        seed, versions, notes: of the run that trained it.
        file: the file that it was read from; "": none.
    """

    method: str
    names: tuple[str, ...]
    config: Mapping[str, Any]
    weights: Mapping[str, Tensor]
    scores: NDArray[np.float64]
    sources: tuple[Mapping[str, Any], ...] = ()
    history: Mapping[str, list[float]] = field(default_factory=dict)
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    file: str = ""

    def __repr__(self) -> str:
        forecaster = self.config["forecaster"]["name"]
        learned = " + ".join(str(source["source"]) for source in self.sources)
        return f"<Pretrained {forecaster} of {self.method}: {len(self.names)} series, lag {self.lag}, from {learned}>"

    @property
    def lag(self) -> int:
        """K, steps of a window."""
        return int(self.config["lag"])

    def facts(self) -> dict[str, Any]:
        """Return everything but the numbers, as JSON can hold it."""
        return {
            "format": FORMAT,
            "method": self.method,
            "names": list(self.names),
            "config": plain(self.config),
            "sources": [plain(source) for source in self.sources],
            "history": plain(self.history),
            "seed": self.seed,
            "versions": dict(self.versions),
            "notes": list(self.notes),
        }

    def save(self, path: str | Path) -> tuple[Path, Path]:
        """Write weights to ``path`` (.safetensors) and a description for people beside it (.json).

        The safetensors file alone is complete: it carries the description as well. Both appear whole or not at all.

        Raises:
            WrongUsageError: another suffix, or the file cannot be written.
        """
        from safetensors.torch import save_file

        path = check_model_path(path)
        tensors = {f"weights.{name}": value.detach().cpu().clone().contiguous() for name, value in self.weights.items()}
        tensors["scores"] = torch.from_numpy(np.ascontiguousarray(self.scores))
        facts = self.facts()
        with atomic_path(path) as temporary:
            save_file(tensors, temporary, metadata={KEY: json.dumps(facts)})
        beside = path.with_suffix(".json")
        with atomic_path(beside) as temporary:
            temporary.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        return path, beside

    @classmethod
    def load(cls, path: str | Path) -> Pretrained:
        """Read what `save` wrote.

        Raises:
            DataError: the file is missing, damaged or something else.
        """
        path = Path(path)
        if not os.path.exists(path):
            raise DataError(f"{path}: there is no such file", "write one with: causalkit pretrain SOURCE -o FILE")
        existing_file(path)
        facts, tensors = read_weights(path, "a pre-trained forecaster", "name a file that causalkit pretrain wrote")
        if facts.get("format") != FORMAT:
            raise DataError(f"{path}: not a pre-trained forecaster", "name a file that causalkit pretrain wrote")
        Facts.check(facts, str(path))
        size, lag = len(facts["names"]), facts["config"]["lag"]
        scores = tensors.get("scores")
        if scores is None or scores.shape != (size, size, lag) or not scores.dtype.is_floating_point:
            raise DataError(f"{path} is damaged: it has no scores of shape {(size, size, lag)}", "write it again")
        return cls(
            method=facts["method"],
            names=tuple(facts["names"]),
            config=facts["config"],
            weights={name.removeprefix("weights."): t for name, t in tensors.items() if name.startswith("weights.")},
            scores=scores.double().numpy(),
            sources=tuple(facts["sources"]),
            history=facts["history"],
            seed=facts["seed"],
            versions=facts["versions"],
            notes=tuple(facts["notes"]),
            file=str(path),
        )


def check_model_path(path: str | Path) -> Path:
    """Refuse a file that a forecaster cannot be written to, before any work is done.

    Raises:
        WrongUsageError: another suffix, or the file cannot be written.
    """
    path = check_writable(path)
    if path.suffix != SUFFIX:
        raise WrongUsageError(f"a forecaster cannot be written to {path}", f"use the suffix {SUFFIX}")
    return path
