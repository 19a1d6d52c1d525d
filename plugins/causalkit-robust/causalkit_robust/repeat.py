"""Build the method of a result again, from the configuration that the result carries."""

from __future__ import annotations

from typing import Any

from causalkit import Discovery, Panel, Preparation, Run, build_method, parameters_of
from causalkit.errors import DataError, WrongUsageError


def method_of(result: Discovery) -> Any:
    """Return the method object with the parameters of a result.

    Raises:
        WrongUsageError: its method has no forecaster, or is not installed.
        DataError: the result does not record its parameters.
    """
    if not result.method or "forecaster" not in result.config:
        named = result.method or "the method of this result"
        raise WrongUsageError(f"{named} has no forecaster to attack", "name a result of a neural method")
    return build_method(result.method, parameters_of(result))[0]


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
