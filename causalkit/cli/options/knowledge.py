"""Options for background knowledge, interventions and the preparation of series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from causalkit.cli.options.adding import added
from causalkit.errors import ParameterError
from causalkit.plugins.params import Tree

TABLES = ("knowledge", "preparation", "interventions")
"""Keys of a configuration file, and arguments of `causalkit.discover`."""

knowledge_options = added(
    click.option(
        "--forbid",
        multiple=True,
        metavar="A->B",
        help="Forbid edges: A->B, A->* (on any other) or *->B (by any other).",
    ),
    click.option("--require", multiple=True, metavar="A->B", help="Require an edge. May be repeated."),
    click.option("--regulators", metavar="FILE", help="Only the series named in this file can act on others."),
    click.option(
        "--intervention",
        metavar="FILE",
        help="Time steps at which series were set from outside: series,from,to[,realisation][,kind].",
    ),
)
preparation_options = added(
    click.option(
        "--detrend",
        metavar="KIND",
        help="Remove constant, linear, seasonal:PERIOD, fourier:PERIOD:WAVES, shift:ROW, or several joined by +.",
    ),
    click.option(
        "--difference",
        type=click.IntRange(min=1),
        is_flag=False,
        flag_value=1,
        metavar="[N]",
        help="Take differences from the previous time step, N times.  [N: 1]",
    ),
    click.option(
        "--levels",
        type=click.Choice(["center", "keep"]),
        help="Remove the mean of every realisation, or keep it.  [default: center where levels differ]",
    ),
    click.option(
        "--clip",
        type=click.FloatRange(min=0, min_open=True),
        metavar="N",
        help="Move values beyond N robust standard deviations from the median there.",
    ),
    click.option("--prepare", type=click.Choice(["auto"]), help="Apply what the findings on the data propose."),
)


def known_beforehand(tree: Tree, options: Mapping[str, Any]) -> Tree:
    """Take the tables of these options out of a configuration and return them as arguments of `causalkit.discover`.

    Edges of options add to those of a configuration file; other options override the file.

    Raises:
        ParameterError: a value is not a table.
    """
    tables: Tree = {key: tree.pop(key) for key in TABLES if key in tree}
    if tables.get("preparation") == "auto":
        tables["preparation"] = {"auto": True}
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
    preparation |= {
        key: options[key] for key in ("detrend", "difference", "levels", "clip") if options[key] is not None
    }
    preparation |= {"auto": True} if options["prepare"] == "auto" else {}
    found: Tree = {key: table for key, table in (("knowledge", knowledge), ("preparation", preparation)) if table}
    interventions = options["intervention"] or tables.get("interventions")
    return found | ({"interventions": interventions} if interventions else {})
