"""Rules as users write them, ``NAME:VALUE`` or ``NAME:KEY=VALUE,...``, and their application to a discovery."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.errors import WrongUsageError, did_you_mean
from causalkit.plugins.params import resolve, signature_of
from causalkit.selection.density import density
from causalkit.selection.fdr import fdr
from causalkit.selection.outcome import Outcome
from causalkit.selection.stability import stability
from causalkit.selection.surrogate import surrogate
from causalkit.selection.threshold import threshold
from causalkit.selection.top_k import top_k

#: Every rule: a function of a discovery and its own parameters that returns the selected cells, shape (P, P, L), or an
#: `Outcome`. The first parameter after the discovery is the one that users may give without a name. Rules that fit the
#: method again take ``observers`` as well.
RULES: Mapping[str, Callable[..., NDArray[np.bool_] | Outcome]] = {
    "density": density,
    "fdr": fdr,
    "stability": stability,
    "surrogate": surrogate,
    "threshold": threshold,
    "top-k": top_k,
}
SUPPLIED = ("discovery", "observers")


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
    known = _parameters(name)
    first = next(iter(known))
    given: dict[str, str] = {}
    for position, part in enumerate(rest.split(",") if rest else []):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            if position > 0 or not key:
                raise WrongUsageError(f"{part!r} in the selection {text!r} has no name", f"write {_form(name)}")
            key, value = first, key
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
    if first not in given and known[first].default is inspect.Parameter.empty:
        raise WrongUsageError(f"the selection {text!r} has no value", f"write {_form(name)}")
    parameters = resolve(RULES[name], given, what=f"the selection rule {name}", supplied=SUPPLIED)
    return Rule(text=text, name=name, parameters=parameters)


def select(discovery: Discovery, rule: str, *, observers: Iterable[Any] = ()) -> Discovery:
    """Return the discovery with ``selected`` and ``selection`` set by a rule.

    ``selection`` records the rule as written, its name, all its parameters, as ``edges`` the number of selected pairs,
    and what the rule found beside them, with ``notes`` in sentences. Rules that compute p-values set these as well.
    Where background knowledge requires edges, these are selected besides, each at its strongest lag, and listed as
    ``required``; forbidden ones are never selected.

    Args:
        discovery: whose pairs to choose from; left as it is.
        rule: as for `parse_rule`.
        observers: hear of the fits of a rule that repeats the method; see `causalkit.selection.resampling.refitted`.

    Raises:
        WrongUsageError: the rule cannot be understood, or does not fit this discovery.
        DataError: the rule fits the method again, and the data are too short for that.
    """
    parsed = parse_rule(rule)
    function = RULES[parsed.name]
    supplied = {"observers": observers} if "observers" in signature_of(function) else {}
    found = function(discovery, **parsed.parameters, **supplied)
    outcome = with_required(discovery, found if isinstance(found, Outcome) else Outcome(found))
    selection = {
        "rule": rule,
        "name": parsed.name,
        **parsed.parameters,
        "edges": int(outcome.selected.any(axis=2).sum()),
        **outcome.findings,
    }
    if outcome.notes:
        selection["notes"] = list(outcome.notes)
    chosen = replace(discovery, selected=outcome.selected, selection=selection)
    if outcome.joint_p_values is not None:
        chosen = replace(chosen, p_values=outcome.p_values, joint_p_values=outcome.joint_p_values)
    return chosen


def with_required(discovery: Discovery, outcome: Outcome) -> Outcome:
    """Return an outcome with the edges that background knowledge requires, marked as such."""
    known = discovery.knowledge
    if known is None or not known.require:
        return outcome
    cause, effect = np.nonzero(known.required(discovery.names))
    selected = outcome.selected.copy()
    selected[cause, effect, discovery.pair_lags[cause, effect] - 1] = True
    required = [[discovery.names[one], discovery.names[other]] for one, other in zip(cause, effect, strict=True)]
    pairs = "1 pair is" if len(required) == 1 else f"{len(required)} pairs are"
    said = f"{pairs} selected because background knowledge requires it, whatever the data say"
    return replace(
        outcome, selected=selected, findings={**outcome.findings, "required": required}, notes=(*outcome.notes, said)
    )


def _parameters(name: str) -> dict[str, inspect.Parameter]:
    """Return what users may set, by its Python names."""
    return {key: value for key, value in signature_of(RULES[name]).items() if key not in SUPPLIED}


def _form(name: str) -> str:
    """Return how the rule is written, for hints: ``top-k:K[,self-edges=...]``."""
    first, *others = _parameters(name)
    options = "".join(f"[,{_spelled(option)}=...]" for option in others)
    return f"{name}:{_spelled(first).upper()}{options}"


def _spelled(key: str) -> str:
    return key.replace("_", "-")
