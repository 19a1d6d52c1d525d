"""Build the method of a result again, from the configuration that the result carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from causalkit import Discovery, Method, Panel, Preparation, Regularizer, Run
from causalkit.api import build_method
from causalkit.errors import DataError, WrongUsageError
from causalkit.plugins.params import Tree, signature_of
from causalkit.plugins.registry import registry

CIRCUMSTANCES = ("method", "standardize", "dtype", "threads", "time_limit", "knowledge")


def method_of(result: Discovery) -> Any:
    """Return the method object with the parameters of a result.

    Raises:
        WrongUsageError: its method has no forecaster, or is not installed.
        DataError: the result does not say how it was made.
    """
    if not result.method or "forecaster" not in result.config:
        named = result.method or "this result's method"
        raise WrongUsageError(f"{named} has no forecaster that could be attacked", "name a result of a neural method")
    provided = registry().get(Method, result.method)
    tree = parameters_of(result.config)
    for choice in result.choices:
        _reopen(tree, choice.parameter)
    acting, _ = build_method(provided, tree)
    return acting


def _reopen(tree: Tree, parameter: str) -> None:
    """Leave to the method again what it chose by itself; of several regularizers, that which reveals causes chose."""
    *above, last = parameter.split(".")
    for key in above:
        tree = tree[key]
    names = str(tree.get("name", "")).split("+")
    if above == ["regularizer"] and len(names) > 1:
        records = {name: registry().get(Regularizer, name).record for name in names}
        tree = next(tree[name] for name, record in records.items() if record.reveals_causes)
    tree[last] = "auto"


def parameters_of(config: Mapping[str, Any]) -> Tree:
    """Return the parameters in the configuration of a result, as `causalkit.discover` takes them.

    Raises:
        DataError: the configuration is not one of a neural method.
    """
    tree = {key: value for key, value in config.items() if key not in CIRCUMSTANCES}
    given = tree.pop("regularizer", None)
    if not isinstance(given, list) or not all(isinstance(part, Mapping) and "name" in part for part in given):
        raise DataError("the result does not say which regularizers it was made with", "write it again")
    regularizer: Tree = {"name": "+".join(part["name"] for part in given)}
    for part in given:
        # What a regularizer chose by itself stands there too, and is chosen again.
        known = signature_of(registry().get(Regularizer, part["name"]).record.load())
        own = {key: value for key, value in part.items() if key in known}
        regularizer |= own if len(given) == 1 else {part["name"]: own}
    return {**tree, "regularizer": regularizer}


def run_of(result: Discovery, **changed: Any) -> Run:
    """Return the seed, precision and limits of a result, with what is not None changed."""
    config = result.config
    kept = {"seed": result.seed, **{key: config.get(key) for key in ("dtype", "threads", "time_limit")}}
    kept |= {key: value for key, value in changed.items() if value is not None}
    return Run(**{key: value for key, value in kept.items() if value is not None}, knowledge=result.knowledge)


def prepared(result: Discovery, panel: Panel) -> tuple[Panel, list[str]]:
    """Return the data as the result saw them, and what cannot be repeated."""
    preparation = Preparation.of(result.data.get("preparation"))
    said = ["the result left steps under intervention out of what it learned; here they are learned from"]
    return panel if preparation is None else preparation.apply(panel), said if "interventions" in result.data else []


def check_data(result: Discovery, panel: Panel) -> None:
    """Refuse other data than the result was made of.

    Raises:
        DataError: names, borders or values differ.
    """
    digest = result.data.get("sha256")
    if digest is not None and digest != panel.sha256:
        raise DataError(
            f"{panel.source} is not what the result was made of ({result.data.get('source', 'unknown')}): "
            "the digests differ",
            "name the same files, with the same --drop, --panel-column and --seed",
        )
