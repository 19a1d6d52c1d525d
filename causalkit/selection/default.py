"""Which rule selects edges where the user names none: the test that a discovery has."""

from __future__ import annotations

from causalkit.core.discovery import Discovery
from causalkit.selection.rule import AUTOMATIC, RANKING, parse_rule

LEVEL = 0.05


def check_rule(select: str | None) -> None:
    """Check a rule before the work begins, not after it.

    Raises:
        CausalkitError: as `causalkit.selection.parse_rule`.
    """
    if select not in (None, AUTOMATIC, RANKING):
        parse_rule(select)


def rule_for(discovery: Discovery, select: str | None) -> str | None:
    """Return the rule by which edges are selected, or None: scores only rank.

    Args:
        select: a rule; "auto": the test that `default_rule` returns; "none" or None: no rule.
    """
    if select == AUTOMATIC:
        return default_rule(discovery)
    return None if select == RANKING else select


def default_rule(discovery: Discovery, level: float = LEVEL) -> str | None:
    """Return the test on held-out forecasts where the fit has them, else the method's own, else None.

    A method that has selected edges itself has decided already: None.
    """
    if discovery.selected is not None:
        return None
    if discovery.held_out is not None:
        return f"heldout@causalkit:{level:g}"
    return f"fdr@causalkit:{level:g}" if discovery.pair_p_values is not None else None
