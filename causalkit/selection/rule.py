"""Rules as users write them, ``NAME:VALUE`` or ``NAME:KEY=VALUE,...``, and their application to a discovery."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.discovery import Discovery
from causalkit.errors import WrongUsageError, did_you_mean
from causalkit.params import resolve, signature_of
from causalkit.selection.density import density
from causalkit.selection.fdr import fdr
from causalkit.selection.threshold import threshold
from causalkit.selection.top_k import top_k

#: Every rule: a function of a discovery and its own parameters that returns the selected cells, shape (P, P, L).
#: The first parameter after the discovery is the one that users may give without a name.
RULES: Mapping[str, Callable[..., NDArray[np.bool_]]] = {
    "density": density,
    "fdr": fdr,
    "threshold": threshold,
    "top-k": top_k,
}


@dataclass(frozen=True)
class Rule:
    """A rule whose parameters have been checked.

    Attributes:
        text: as the user wrote it.
        name: a key of `RULES`.
        parameters: all of them, defaults included, by their Python names.
    """

    text: str
    name: str
    parameters: Mapping[str, Any]


def parse_rule(text: str) -> Rule:
    """Read a rule such as ``"top-k:20"``, ``"top-k:20,self-edges=true"`` or ``"fdr:level=0.05,method=by"``.

    Raises:
        WrongUsageError: an unknown rule or parameter (the error names the nearest known one), a parameter given twice
            or without a name, a missing value, or one of the wrong type.
    """
    name, _, rest = (part.strip() for part in text.partition(":"))
    if name not in RULES:
        raise WrongUsageError(f"no selection rule is called {name!r}", did_you_mean(name, RULES))
    known = [parameter for parameter in signature_of(RULES[name]) if parameter != "discovery"]
    given: dict[str, str] = {}
    for position, part in enumerate(rest.split(",") if rest else []):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            if position > 0 or not key:
                raise WrongUsageError(f"{part!r} in the selection {text!r} has no name", f"write {_form(name)}")
            key, value = known[0], key
        key = key.replace("-", "_")
        if key in given:
            raise WrongUsageError(f"{_spelled(key)!r} stands twice in the selection {text!r}", f"write {_form(name)}")
        given[key] = value
    for key in given:
        if key not in known:
            raise WrongUsageError(
                f"the selection rule {name} has no parameter {_spelled(key)!r}",
                did_you_mean(_spelled(key), map(_spelled, known)),
            )
    if known[0] not in given:
        raise WrongUsageError(f"the selection {text!r} has no value", f"write {_form(name)}")
    parameters = resolve(RULES[name], given, what=f"the selection rule {name}", supplied=("discovery",))
    return Rule(text=text, name=name, parameters=parameters)


def select(discovery: Discovery, rule: str) -> Discovery:
    """Return the discovery with ``selected`` and ``selection`` set by a rule.

    ``selection`` records the rule as written, its name, all its parameters and, as ``edges``, the number of selected
    pairs.

    Raises:
        WrongUsageError: the rule cannot be understood, or does not fit this discovery.
    """
    parsed = parse_rule(rule)
    selected = RULES[parsed.name](discovery, **parsed.parameters)
    selection = {
        "rule": rule,
        "name": parsed.name,
        **parsed.parameters,
        "edges": int(selected.any(axis=2).sum()),
    }
    return replace(discovery, selected=selected, selection=selection)


def _form(name: str) -> str:
    """Return how the rule is written, for hints: ``top-k:K[,self-edges=...]``."""
    parameters = [p for p in inspect.signature(RULES[name]).parameters if p != "discovery"]
    options = "".join(f"[,{_spelled(option)}=...]" for option in parameters[1:])
    return f"{name}:{_spelled(parameters[0]).upper()}{options}"


def _spelled(key: str) -> str:
    return key.replace("_", "-")
