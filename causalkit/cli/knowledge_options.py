"""Options for what is known beforehand: of the graph, of interventions, and of trends that are to be taken out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from causalkit.errors import ParameterError
from causalkit.plugins.params import Tree

F = TypeVar("F", bound=Callable[..., Any])
TABLES = ("knowledge", "preparation", "interventions")
"""Keys of a configuration file, and arguments of `causalkit.discover`."""


def knowledge_options(command: F) -> F:
    """Add what is known of the graph and of interventions."""
    for option in reversed(
        [
            click.option(
                "--forbid", multiple=True, metavar="A->B", help="A does not act on B; A->* and *->B: on or by no other."
            ),
            click.option("--require", multiple=True, metavar="A->B", help="A surely acts on B; may be repeated."),
            click.option("--regulators", metavar="FILE", help="Only the series named there can act on others."),
            click.option(
                "--intervention",
                metavar="FILE",
                help="Steps at which series were set from outside: series,from,to[,realisation][,kind].",
            ),
        ]
    ):
        command = option(command)
    return command


def preparation_options(command: F) -> F:
    """Add what is taken out of series before they are learned from."""
    for option in reversed(
        [
            click.option(
                "--detrend",
                metavar="WHAT",
                help="Take out constant, linear or seasonal:PERIOD, or linear+seasonal:PERIOD.",
            ),
            click.option(
                "--difference",
                type=click.IntRange(min=1),
                is_flag=False,
                flag_value=1,
                metavar="[N]",
                help="Replace values by differences from the step before, N times.  [N: 1]",
            ),
        ]
    ):
        command = option(command)
    return command


def known_beforehand(tree: Tree, options: Mapping[str, Any]) -> Tree:
    """Take the tables of these options out of a configuration and return them as arguments of `causalkit.discover`.

    Edges of options add to those of a configuration file; anything else of an option takes the place of what the file
    says.

    Raises:
        ParameterError: a table is no table.
    """
    tables: Tree = {key: tree.pop(key) for key in TABLES if key in tree}
    for key in ("knowledge", "preparation"):
        if not isinstance(tables.get(key, {}), Mapping):
            raise ParameterError(f"{key}={tables[key]} is not allowed", f"write a table [{key}] in the file")
    knowledge = dict(tables.get("knowledge", {}))
    for key in ("forbid", "require"):
        if options[key]:
            before = knowledge.get(key, [])
            knowledge[key] = [*([before] if isinstance(before, str) else before), *options[key]]
    if options["regulators"]:
        knowledge["regulators"] = options["regulators"]
    preparation = dict(tables.get("preparation", {}))
    preparation |= {key: options[key] for key in ("detrend", "difference") if options[key] is not None}
    found: Tree = {key: table for key, table in (("knowledge", knowledge), ("preparation", preparation)) if table}
    interventions = options["intervention"] or tables.get("interventions")
    return found | ({"interventions": interventions} if interventions else {})
