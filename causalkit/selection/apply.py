"""Apply a selection rule to a discovery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np

from causalkit.core.discovery import Discovery
from causalkit.core.pairs import SparseArray, rows_of
from causalkit.core.plain import plain
from causalkit.display.progress import ProgressBar
from causalkit.errors import PluginError, WrongUsageError
from causalkit.plugins.params import signature_of
from causalkit.selection.default import LEVEL, default_rule
from causalkit.selection.outcome import Outcome
from causalkit.selection.rule import Rule, parse_rule


def select(discovery: Discovery, rule: str, *, observers: Iterable[Any] = (), progress: bool = False) -> Discovery:
    """Return the discovery with ``selected`` and ``selection`` set by a rule.

    ``selection`` records the rule as it was written, its name, all its parameters, ``edges`` (the number of selected
    pairs), and the findings and ``notes`` of the rule. Rules that compute p-values replace those of the method.
    Edges that background knowledge requires are selected in any case, each at its strongest lag, and listed as
    ``required``; forbidden ones are never selected.

    Args:
        discovery: whose edges to select; it is not changed.
        rule: as for `parse_rule`.
        observers: notified of every fit of a rule that fits the method again; see `refitted`.
        progress: show a bar for such a rule.

    Raises:
        WrongUsageError: the rule cannot be understood, or does not fit this discovery.
        DataError: the rule fits the method again, and there are too few data.
        PluginError: the rule cannot be imported, or does not return boolean cells.
    """
    parsed = parse_rule(rule)
    with ProgressBar(progress, everywhere=True) as bar:
        return completed(discovery, parsed, apply(discovery, parsed, [*observers, bar] if progress else observers))


def test(discovery: Discovery, level: float = LEVEL) -> Discovery:  # noqa: PT028 - no test of pytest
    """Return the discovery with edges selected by the test that it has.

    Raises:
        WrongUsageError: it has none, or the level is no share.
    """
    if not isinstance(level, Real) or isinstance(level, bool):
        raise WrongUsageError(f"level={level!r} is not allowed", "give a share between 0 and 1, for example 0.05")
    return select(discovery, default_rule(replace(discovery, selected=None), level) or f"fdr@causalkit:{level:g}")


def apply(discovery: Discovery, rule: Rule, observers: Iterable[Any] = ()) -> Outcome:
    """Return what a rule selects by itself.

    Raises:
        CausalkitError: as `select`.
    """
    _check_needs(discovery, rule)
    function = rule.provided.record.load()
    supplied = {"observers": observers} if "observers" in signature_of(function) else {}
    found = function(discovery, **rule.parameters, **supplied)
    outcome = found if isinstance(found, Outcome) else Outcome(found)
    cells, shape = outcome.selected, discovery.scores.shape
    if not isinstance(cells, np.ndarray | SparseArray) or cells.dtype != bool or cells.shape != shape:
        raise PluginError(
            f"the selection rule {rule.name} of {rule.provided.plugin.key} returned no boolean array of shape {shape}",
            "report this to the plugin's author",
        )
    if np.count_nonzero(discovery.pairs.of(cells)) != np.count_nonzero(rows_of(cells)):
        raise PluginError(
            f"the selection rule {rule.name} of {rule.provided.plugin.key} selected a pair that was no candidate",
            "report this to the plugin's author",
        )
    return outcome


def completed(discovery: Discovery, rule: Rule, outcome: Outcome) -> Discovery:
    """Return the discovery with an outcome, with background knowledge, and with the record of how it came about."""
    pairs, findings, notes = discovery.pairs, dict(outcome.findings), list(outcome.notes)
    selected, known = pairs.of(outcome.selected), discovery.knowledge
    if known is not None:
        selected = selected & known.allowed_pairs(discovery.names, pairs.cause, pairs.effect)[:, None]
        cause, effect = known.required_places(discovery.names)
        discovery.check_required(known)
        selected[pairs.find(cause, effect), discovery.pair_lags[cause, effect] - 1] = True
        if len(cause):
            names = discovery.names
            findings["required"] = [[names[one], names[other]] for one, other in zip(cause, effect, strict=True)]
            those = "1 pair was" if len(cause) == 1 else f"{len(cause)} pairs were"
            notes.append(f"{those} selected because background knowledge requires it, not because of the data")
    selection = {
        "rule": rule.text.replace("@causalkit", "", 1),
        "name": rule.name,
        **rule.parameters,
        "edges": int(selected.any(axis=1).sum()),
        **findings,
        **({"notes": notes} if notes else {}),
    }
    plugin = rule.provided.plugin
    chosen = replace(
        discovery,
        selected=pairs.array(selected, fill=False),
        selection=plain(selection),
        versions={**discovery.versions, plugin.distribution: plugin.version},
    )
    if outcome.joint_p_values is not None:
        chosen = replace(chosen, p_values=outcome.p_values, joint_p_values=outcome.joint_p_values)
    return chosen


def _check_needs(discovery: Discovery, rule: Rule) -> None:
    """Refuse a discovery without p-values, or one that was loaded from a file, if the rule needs more."""
    needs = rule.provided.record.needs
    if needs == "p-values" and discovery.pair_p_values is None:
        owner = f"method {discovery.method}" if discovery.method else "this result"
        raise WrongUsageError(
            f"{rule.name} needs p-values, and {owner} has none",
            "choose a method with tests, such as var, or another rule, such as top-k:20",
        )
    if needs == "held-out" and discovery.held_out is None:
        raise _no_held_out(discovery, rule)
    if needs == "refits" and discovery.refit is None:
        raise WrongUsageError(
            f"{rule.name} fits the method again, and this result has neither the method nor its data",
            f"select where the result is computed: causalkit discover ... --select {rule.text}, or "
            f"causalkit.discover(data, ..., select={rule.text!r})",
        )


def _no_held_out(discovery: Discovery, rule: Rule) -> WrongUsageError:
    """Return the error for a rule that needs forecasts of held-out steps."""
    need = f"{rule.name} needs networks that left blocks of the recording out"
    if discovery.refit is None:
        saved = ", or use the p-values that it has: fdr:0.05" if discovery.pair_p_values is not None else ""
        return WrongUsageError(
            f"{need}, and a saved result has none",
            f"select where the result is computed: causalkit discover ... --select {rule.text}{saved}",
        )
    tested = discovery.pair_p_values is not None
    other = "its own tests are used by fdr:0.05" if tested else "surrogate:0.05 and stability fit it again"
    neural = discovery.fitted is not None or "forecaster" in discovery.config
    way = (
        ". Neural methods have them where they choose the strength (-s regularizer.strength=auto) without "
        "--pretrain, in recordings that are long enough"
    )
    return WrongUsageError(
        f"{need}, and this fit of {discovery.method or 'the method'} has none",
        f"select by another rule: {other}" + (way if neural else ""),
    )
