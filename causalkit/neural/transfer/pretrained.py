"""A pre-trained forecaster: weights and all that is needed to go on from them, as safetensors with JSON beside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from causalkit.core.plain import plain
from causalkit.errors import DataError, WrongUsageError
from causalkit.io.atomic import atomic_path, check_writable

FORMAT = "causalkit-forecaster-1"
SUFFIX = ".safetensors"


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
            save_file(tensors, temporary, metadata={"causalkit": json.dumps(facts)})
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
        from safetensors import SafetensorError, safe_open

        path = Path(path)
        if not path.is_file():
            raise DataError(f"{path}: there is no such file", "write one with: causalkit pretrain SOURCE -o FILE")
        try:
            with safe_open(path, framework="pt") as file:
                facts = json.loads((file.metadata() or {}).get("causalkit", "{}"))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        except (SafetensorError, OSError, json.JSONDecodeError) as error:
            raise DataError(f"{path}: not a readable forecaster ({error})", "write it again") from error
        if facts.get("format") != FORMAT:
            raise DataError(f"{path}: not a pre-trained forecaster", "name a file that causalkit pretrain wrote")
        return cls(
            method=facts["method"],
            names=tuple(facts["names"]),
            config=facts["config"],
            weights={name.removeprefix("weights."): t for name, t in tensors.items() if name.startswith("weights.")},
            scores=tensors["scores"].numpy(),
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
