"""Settings of training in two stages: ``pretrain.*`` and ``finetune.*``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from causalkit.errors import ParameterError, WrongUsageError
from causalkit.neural.method import NeuralMethod
from causalkit.neural.training.settings import Training
from causalkit.neural.transfer.matching import Match
from causalkit.neural.transfer.pretrained import SUFFIX, Pretrained
from causalkit.neural.transfer.sources import Source
from causalkit.neural.transfer.two_stage import Layers, TwoStage
from causalkit.plugins.params import Tree
from causalkit.plugins.records import AUTO


class PretrainSettings(BaseModel):
    """What to learn from first, and how; keys of ``--set pretrain.KEY=VALUE``."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    source: Any = Field(default=(), description="what to learn from: files, data sets, or a saved forecaster")
    match: Match = Field(default="auto", description="series of source and target by name or position; auto: by name")

    @property
    def sources(self) -> tuple[Source, ...]:
        """All sources."""
        several = isinstance(self.source, Sequence) and not isinstance(self.source, str)
        return tuple(self.source) if several else (self.source,)


class FinetuneSettings(BaseModel):
    """How the second stage differs from training; keys of ``--set finetune.KEY=VALUE``."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    layers: Layers = Field(default="all", description="what fine-tuning may change")


def pretrain_settings(training: type[Training]) -> type[PretrainSettings]:
    """Return the settings of the first stage of a method with such training settings."""
    return create_model("PretrainSettings", __base__=PretrainSettings, **_overrides(training, without={"snapshots"}))


def finetune_settings(training: type[Training]) -> type[FinetuneSettings]:
    """Return the settings of the second stage of a method with such training settings."""
    return create_model("FinetuneSettings", __base__=FinetuneSettings, **_overrides(training))


def _overrides(training: type[Training], without: frozenset[str] | set[str] = frozenset()) -> dict[str, Any]:
    """Return each training setting as a field that need not be set; its default is that of ``training.*``."""
    found: dict[str, Any] = {}
    for name, field in training.model_fields.items():
        if name not in without:
            kind = field.annotation
            for constraint in field.metadata:
                kind = Annotated[kind, constraint]  # type: ignore[assignment]
            default: dict[str, Any] = {"default": f"training.{name}"}
            found[name] = (kind, Field(default=None, description=field.description, json_schema_extra=default))
    return found


def two_stages(name: str, method: NeuralMethod, pretrain: PretrainSettings, finetune: FinetuneSettings) -> TwoStage:
    """Return a method that is pre-trained before it is fine-tuned.

    Args:
        name: of the method.
        pretrain, finetune: settings of the stages. Training settings that are not given are ``training.*``.

    Raises:
        ParameterError: there is no source.
        WrongUsageError: the method is an ensemble.
    """
    if not pretrain.sources:
        raise ParameterError(
            "finetune or pretrain parameters are set, but there is no source to pre-train on", "name it with --pretrain"
        )
    if method.members > 1:
        raise WrongUsageError("ensembles are for training in one stage", "leave out ensemble")
    first = _with(method.training, pretrain, {"source", "match"})
    second = _with(method.training, finetune, {"layers"})
    tuned = method.with_training(second)
    return TwoStage(name, tuned, pretrain.sources, first, match=pretrain.match, layers=finetune.layers)


def _with(training: Training, settings: BaseModel, others: set[str]) -> Training:
    """Return training settings with those changed that were given."""
    given = settings.model_dump(include=settings.model_fields_set - others)
    return type(training)(**{**training.model_dump(), **given})


def check_pretrain(pretrain: Any) -> None:
    """Refuse a setting of the second stage in the first one.

    Raises:
        ParameterError: with the setting that is meant.
    """
    if isinstance(pretrain, Mapping) and pretrain.get("snapshots") is not None:
        raise ParameterError(
            "pre-training keeps no scores of its epochs", "use --set finetune.snapshots, or training.snapshots"
        )


def with_pretrained(tree: Mapping[str, Any]) -> Tree:
    """Fill in lag and forecaster from a pre-trained forecaster, where the user names one and leaves them open.

    "auto" leaves them open as well.

    Its file is read here, and takes the place of its name.

    Raises:
        DataError: the file cannot be read.
    """
    filled = dict(tree)
    pretrain = filled.get("pretrain", {})
    if not isinstance(pretrain, Mapping):
        return filled
    sources = PretrainSettings(source=pretrain.get("source", ())).sources
    loaded = [_loaded(source) for source in sources]
    for start in loaded:
        if isinstance(start, Pretrained):
            filled["pretrain"] = {**pretrain, "source": loaded}
            if str(filled.get("lag", "auto")).startswith("auto"):
                filled["lag"] = start.lag
            if filled.get("forecaster") in (None, AUTO, {"name": AUTO}):
                filled["forecaster"] = dict(start.config["forecaster"])
    return filled


def _loaded(source: Source) -> Source:
    """Return the forecaster that a file name stands for, or anything else as it is."""
    named = isinstance(source, str | Path) and str(source).endswith(SUFFIX)
    return Pretrained.load(str(source)) if named else source
