"""From ``pretrain.*`` and ``finetune.*`` parameters to a method of two stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from causalkit.errors import ParameterError, WrongUsageError, did_you_mean
from causalkit.neural.method import NeuralMethod
from causalkit.neural.strength import settled
from causalkit.neural.training.loop import Training
from causalkit.neural.transfer.pretrained import SUFFIX, Pretrained
from causalkit.neural.transfer.sources import Source
from causalkit.neural.transfer.two_stage import Transfer, TwoStage
from causalkit.plugins.params import Tree, from_text


def two_stages(name: str, method: NeuralMethod, pretrain: Mapping[str, Any], finetune: Mapping[str, Any]) -> TwoStage:
    """Return a method that is pre-trained before it is fine-tuned.

    Args:
        name: of the method.
        pretrain: ``source`` (one or several), ``match``, and training settings of the first stage.
        finetune: ``layers``, and training settings of the second. Settings that are not given are ``training.*``.

    Raises:
        ParameterError: an unknown key or a bad value, or no source.
    """
    sources = pretrain_sources(pretrain)
    if not sources:
        raise ParameterError(
            "finetune or pretrain parameters are set, but there is no source to pre-train on", "name it with --pretrain"
        )
    if method.ensemble > 1:
        raise WrongUsageError("ensembles are for training in one stage", "leave out ensemble")
    method, said = settled(method)
    if pretrain.get("snapshots") is not None:
        raise ParameterError(
            "pre-training keeps no scores of its epochs", "use --set finetune.snapshots, or training.snapshots"
        )
    transfer: Tree = {}
    first = _settings(method.training, pretrain, "pretrain", ("source", "match"))
    second = _settings(method.training, finetune, "finetune", ("layers",))
    for tree, key in ((pretrain, "match"), (finetune, "layers")):
        if key in tree:
            transfer[key] = tree[key]
    return TwoStage(name, method.with_training(second), sources, first, _checked(Transfer, transfer, "transfer"), said)


def pretrain_sources(pretrain: Mapping[str, Any]) -> tuple[Source, ...]:
    """Return what ``pretrain.source`` names."""
    given = pretrain.get("source", ())
    several = isinstance(given, Sequence) and not isinstance(given, str)
    return tuple(given) if several else (given,)


def with_pretrained(tree: Mapping[str, Any]) -> Tree:
    """Fill in lag and forecaster from a pre-trained forecaster, where the user names one and leaves them open.

    Raises:
        DataError: the file cannot be read.
    """
    filled = dict(tree)
    pretrain = filled.get("pretrain", {})
    if not isinstance(pretrain, Mapping):
        return filled
    for source in pretrain_sources(pretrain):
        start = source if isinstance(source, Pretrained) else None
        if start is None and isinstance(source, str | Path) and str(source).endswith(SUFFIX):
            start = Pretrained.load(source)
        if start is not None:
            if filled.get("lag", "auto") == "auto":
                filled["lag"] = start.lag
            filled.setdefault("forecaster", dict(start.config["forecaster"]))
    return filled


def _settings(training: Training, given: Mapping[str, Any], prefix: str, others: tuple[str, ...]) -> Training:
    """Return training settings with the given ones changed."""
    kind = type(training)
    changed = {key: value for key, value in given.items() if key not in others}
    for key in changed:
        if key not in kind.model_fields:
            known = [f"{prefix}.{name}" for name in (*others, *kind.model_fields)]
            raise ParameterError(
                f"there is no parameter {prefix + '.' + key!r}", did_you_mean(f"{prefix}.{key}", known)
            )
    texts = {key: from_text(value, kind.model_fields[key].annotation) for key, value in changed.items()}
    settings: Training = _checked(kind, {**training.model_dump(), **texts}, prefix)
    return settings


def _checked(kind: Any, values: Mapping[str, Any], prefix: str) -> Any:
    import pydantic

    try:
        return kind(**values)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        key = ".".join([prefix, *(str(part) for part in first["loc"])])
        said = first["msg"].removeprefix("Input should be ")
        raise ParameterError(f"{key}={first['input']} is not allowed", f"it should be {said}") from error
