"""An edge of a discovery in a few sentences."""

from __future__ import annotations

import numpy as np

from causalkit.core.discovery import Discovery
from causalkit.core.names import position
from causalkit.display.effects import certain_sign, monotone, signed, size, uncertain
from causalkit.display.formats import p_equals, score
from causalkit.display.labels import edge, name

Place = tuple[int, int, int]


def explain(discovery: Discovery, cause: str, effect: str) -> str:
    """Return two to five sentences on an edge, see `causalkit.Discovery.explain`."""
    pair = position(discovery.names, cause), position(discovery.names, effect)
    place = (*pair, int(discovery.pair_lags[pair]) - 1)
    ends = name(cause), name(effect)
    if discovery.pairs.find(*pair) < 0:
        if known := _knowledge(discovery, pair):
            return f"{edge(*ends)} has the score 0. {known}"
        return f"{edge(*ends)} has the score 0: {ends[0]} was no candidate for a cause of {ends[1]}."
    certainty = _certainty(discovery, pair)
    if not discovery.scores[place]:
        chosen = discovery.pair_selected
        if known := _knowledge(discovery, pair):
            return f"{edge(*ends)} has the score 0. {known}"
        unused = f"{edge(*ends)} has the score 0: the forecast of {ends[1]} does not use {ends[0]}."
        if chosen is None or not chosen[pair]:
            return f"{unused} {certainty}"
        return " ".join([unused, *_effect(discovery, place, ends), certainty, _limits(discovery, pair, ends)])
    sentences = [_rank(discovery, place, ends), *_effect(discovery, place, ends), certainty]
    return " ".join([*sentences, _limits(discovery, pair, ends)])


def _rank(discovery: Discovery, place: Place, ends: tuple[str, str]) -> str:
    """Return score, rank and lag."""
    scores, pairs = discovery.pair_scores, discovery.pairs
    own = place[0] == place[1]
    rivals = pairs.of(scores)[~pairs.apart if own else pairs.apart]
    rank = int((rivals > scores[place[:2]]).sum()) + 1
    candidates = "candidate " if discovery.sparse else ""
    among = f"{len(rivals)} {candidates}{'self-edges' if own else 'pairs of different series'}"
    words = f"{edge(*ends)} has the score {score(float(scores[place[:2]]))}, number {rank} among {among}"
    if discovery.lags == 1:
        return f"{words}; {ends[0]} acts one step before {ends[1]}."
    return f"{words}; it is strongest at lag {place[2] + 1} of {discovery.lags}."


def _effect(discovery: Discovery, place: Place, ends: tuple[str, str]) -> list[str]:
    """Return sign, size and shape."""
    effects = discovery.effects
    if effects is None:
        return []
    mean = float(effects.mean[place])
    direction = "higher" if mean > 0 else "lower"
    steps = "one step" if not place[2] else f"{place[2] + 1} steps"
    words = (
        f"Where {ends[0]} is one standard deviation higher, {ends[1]} is on average "
        f"{size(effects, place, unsigned=True)} standard deviations {direction} {steps} later, all else equal; in the "
        f"units of the data, {signed(float(effects.in_units[place]), 3)} for each unit of {ends[0]}."
    )
    agreement, linear = float(effects.agreement[place]), effects.same_sign is None
    if certain_sign(effects, place) is False:
        return [words, uncertain(agreement)]
    return [words, monotone(agreement, linear=linear)]


def _certainty(discovery: Discovery, pair: tuple[int, int]) -> str:
    """Return the p-value of the pair and whether it was selected, and why it was not tested if it was not."""
    if known := _knowledge(discovery, pair):
        return known
    p_values, chosen = discovery.pair_p_values, discovery.pair_selected
    rule = str((discovery.selection or {}).get("rule", ""))
    picked = "" if chosen is None else f"{'' if chosen[pair] else 'not '}selected by {rule or 'the rule'}"
    if pair[0] == pair[1] and _left_self_edges_out(discovery):
        picked = ""
        if p_values is None or np.isnan(p_values[pair]):
            return f"The rule {rule or 'that selected edges'} leaves self-edges out."
    if p_values is None:
        return f"It was {picked}." if picked else "Nothing was tested: a score only ranks."
    if np.isnan(p_values[pair]):
        what = "Self-edges were" if pair[0] == pair[1] else "It was"
        return f"{what} not tested."
    tested = f"its test gives {p_equals(float(p_values[pair]))}"
    if picked:
        return f"It was {picked}; {tested}."
    left = "" if chosen is None else f"The rule {rule or 'that selected edges'} leaves self-edges out. "
    return f"{left}Without any correction for the number of pairs, {tested}."


def _left_self_edges_out(discovery: Discovery) -> bool:
    """Did a rule select edges, and none from a series to itself, because it was not asked for them?"""
    selection = discovery.selection or {}
    if discovery.selected is None or "name" not in selection:  # a method that selects by itself looks at all pairs
        return False
    pairs = discovery.pairs
    asked = selection.get("self_edges", selection.get("self-edges", False))
    return not asked and not pairs.of(discovery.selected)[~pairs.apart].any()


def _knowledge(discovery: Discovery, pair: tuple[int, int]) -> str:
    """Return what background knowledge decides about a pair; "" where it leaves it to the data."""
    if (known := discovery.knowledge) is None:
        return ""
    cause, effect = (np.array([end]) for end in pair)
    if not known.allowed_pairs(discovery.names, cause, effect)[0]:
        return "Background knowledge forbids it, so it was not tested."
    if (discovery.names[pair[0]], discovery.names[pair[1]]) in known.require:
        return "Background knowledge requires it, so it was not tested."
    return ""


def _limits(discovery: Discovery, pair: tuple[int, int], ends: tuple[str, str]) -> str:
    """Return what all this does not show."""
    chosen = discovery.pair_selected
    if chosen is not None and not chosen[pair] and not (pair[0] == pair[1] and _left_self_edges_out(discovery)):
        return "An edge that was not selected may still be there."
    return (
        f"All this says that the past of {ends[0]} helps to forecast {ends[1]} beyond the other series; one that was "
        "not measured may drive both."
    )
