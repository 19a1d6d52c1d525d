"""Options that choose a method, its parts and parameters, and the circumstances of a run."""

from __future__ import annotations

from collections.abc import Callable

import click

from causalkit.cli.options.adding import F, added
from causalkit.cli.options.types import Duration, LagParam, Size


def set_option(text: str) -> Callable[[F], F]:
    """Add ``--set`` (as ``settings``) with this help."""
    return click.option("-s", "--set", "settings", multiple=True, metavar="KEY=VALUE", help=text)


method_options = added(
    click.option("--forecaster", metavar="NAME", help="The forecaster of a neural method; auto chooses among several."),
    click.option("--regularizer", metavar="NAME", help="The regularizer of a neural method, or several joined by +."),
    set_option("Set a parameter; causalkit show lists them. May be repeated."),
    click.option("--lag", type=LagParam(), metavar="K|auto[:MAX]", help="Largest lag in time steps; auto selects it."),
)
"""``--forecaster``, ``--regularizer``, ``--set`` (as ``settings``) and ``--lag``."""

pretrain_option = click.option(
    "--pretrain",
    multiple=True,
    metavar="SOURCE",
    help="Pre-train on a file or data set, or start from a .safetensors file. May be repeated.",
)
config_option = click.option("--config", metavar="FILE", help="Read parameters from a TOML file; options override it.")
select_option = click.option(
    "--select", metavar="RULE", help="Select edges by a rule, such as top-k:20 or heldout:0.01; see: causalkit rules."
)
seed_option = click.option("--seed", type=click.IntRange(min=0), help="Random seed.  [default: 0]")
run_options = added(
    click.option("--device", metavar="NAME", help="Device: auto, cpu or cuda.  [default: auto]"),
    click.option("--threads", type=click.IntRange(min=1), help="Threads of numerical libraries.  [default: measured]"),
    click.option("--time-limit", type=Duration(), help="End training after this time: 90s, 10m, 2h."),
)
"""``--device``, ``--threads`` and ``--time-limit``; each is None where the user does not give it."""
memory_option = click.option(
    "--memory", type=Size(), help="Memory the process may take, such as 4GiB.  [default: most of what is free]"
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print only the result.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
