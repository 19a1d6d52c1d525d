"""Selection rules as users write them: ``NAME:VALUE`` or ``NAME:KEY=VALUE,...``."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from causalkit.errors import WrongUsageError, did_you_mean
from causalkit.plugins.params import resolve, signature_of
from causalkit.plugins.records import SelectionRule
from causalkit.plugins.registry import Provided, registry

AUTOMATIC, RANKING = "auto", "none"
"""What users write in the place of a rule: the test that a discovery has, and no selection."""


@dataclass(frozen=True)
class Rule:
    """A rule whose parameters have been checked.

    Attributes:
        text: as the user wrote it.
        provided: the rule and its plugin.
        parameters: all of them, defaults included, by their Python names.
    """

    text: str
    provided: Provided[SelectionRule]
    parameters: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of the rule, also where the user wrote an alias."""
        return self.provided.record.name


def parse_rule(text: str) -> Rule:
    """Read a rule such as ``"top-k:20"``, ``"top-k:20,self-edges=true"`` or ``"fdr:level=0.05,method=by"``.

    Raises:
        WrongUsageError: the rule or a parameter is unknown (the error suggests the nearest name), a parameter is given
            twice or without its name, or a value is missing, out of range or of the wrong type.
        ConflictError: several plugins contribute a rule of that name: write ``NAME@DISTRIBUTION:VALUE``.
        PluginError: the rule cannot be imported.
    """
    if not isinstance(text, str):
        raise WrongUsageError(f"{text!r} is not a selection rule", 'write a rule as text, such as "top-k:20"')
    name = text.partition(":")[0].strip()
    if name in (AUTOMATIC, RANKING):
        if text.strip() != name:
            raise WrongUsageError(f"{name!r} takes no value, but the selection is {text!r}", f"write {name}")
        instead = "call discovery.test()" if name == AUTOMATIC else "a discovery without a rule is a ranking"
        raise WrongUsageError(f"{name!r} is for causalkit.discover and --select, and is not a rule", instead)
    return read_rule(registry().get(SelectionRule, name), text)


def read_rule(provided: Provided[SelectionRule], text: str) -> Rule:
    """Read the parameters of a rule that is already known; as `parse_rule`."""
    name, function = provided.record.name, provided.record.load()
    parameters, usage = user_parameters(provided.record), f"write {written_form(provided.record)}"
    given: dict[str, str] = {}
    parts = text.partition(":")[2].strip()
    for position, part in enumerate(parts.split(",") if parts else []):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            if position > 0 or not key or not parameters:
                raise WrongUsageError(f"the value {key!r} in the selection rule {text!r} has no parameter name", usage)
            key, value = next(iter(parameters)), key
        key = key.replace("-", "_")
        if key in given:
            raise WrongUsageError(f"duplicate parameter {spelled(key)!r} in the selection rule {text!r}", usage)
        if key not in parameters:
            raise WrongUsageError(
                f"the selection rule {name} has no parameter {spelled(key)!r}",
                did_you_mean(spelled(key), map(spelled, parameters)),
            )
        given[key] = value
    for key, parameter in parameters.items():
        if key not in given and parameter.default is inspect.Parameter.empty:
            raise WrongUsageError(f"the selection rule {text!r} has no value for {spelled(key)!r}", usage)
    supplied = signature_of(function).keys() - parameters.keys()
    return Rule(text, provided, resolve(function, given, what=f"the selection rule {name}", supplied=supplied))


def user_parameters(record: SelectionRule) -> dict[str, inspect.Parameter]:
    """Return what users may set, by Python names: all parameters but the first, a discovery, and ``observers``."""
    return {key: value for key, value in list(signature_of(record.load()).items())[1:] if key != "observers"}


def written_form(record: SelectionRule) -> str:
    """Return how users write a rule: ``top-k:K[,self-edges=...]``."""
    form = record.name
    for position, (key, parameter) in enumerate(user_parameters(record).items()):
        value = spelled(key).upper() if position == 0 else f"{spelled(key)}=..."
        text = f"{',' if position else ':'}{value}"
        form += text if parameter.default is inspect.Parameter.empty else f"[{text}]"
    return form


def spelled(key: str) -> str:
    """Return a Python name as users write it: ``self-edges``."""
    return key.replace("_", "-")
