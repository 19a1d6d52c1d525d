"""From scores to edges: how a selection rule is read from text and applied, and what authors of rules need.

Rules are contributed by plugins, see `causalkit.SelectionRule`; those of causalkit itself are in
`causalkit.builtin.rules`. No rule looks at a truth. Rules leave self-edges out unless the user asks for them.
"""

from causalkit.selection.apply import select
from causalkit.selection.cells import candidate_pairs, cells_of
from causalkit.selection.outcome import Outcome
from causalkit.selection.refitting import refitted
from causalkit.selection.rule import Rule, parse_rule

__all__ = ["Outcome", "Rule", "candidate_pairs", "cells_of", "parse_rule", "refitted", "select"]
