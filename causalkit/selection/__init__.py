"""From scores to edges: rules that select the edges of a discovery, one a file.

None of them looks at a truth. Rules leave self-edges out unless ``self-edges=true`` is given.
"""

from causalkit.selection.rule import RULES, Rule, parse_rule, select

__all__ = ["RULES", "Rule", "parse_rule", "select"]
