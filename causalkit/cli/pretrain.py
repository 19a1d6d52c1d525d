"""``causalkit pretrain``."""

from __future__ import annotations

from typing import Any

import click

from causalkit.api import DEFAULT_METHOD
from causalkit.cli.data_options import data_home_option
from causalkit.cli.duration import Duration
from causalkit.cli.lag import LagParam
from causalkit.errors import WrongUsageError
from causalkit.plugins.params import Tree, merge, parse_settings, read_config

EPILOG = """
\b
Examples:
  causalkit pretrain simulated.csv --lag 2 -o forecaster.safetensors
  causalkit pretrain 'lorenz96[forcing=8,steps=2000]' --lag 3 --forecaster mlp -o forecaster.safetensors
  causalkit discover mine.csv --pretrain forecaster.safetensors
"""


@click.command(epilog=EPILOG)
@click.argument("sources", nargs=-1)
@click.option("-m", "--method", default=DEFAULT_METHOD, show_default=True, metavar="NAME", help="A neural method.")
@click.option("--forecaster", metavar="NAME", help="Another forecaster.")
@click.option("--regularizer", metavar="NAME", help="Another regularizer, or several joined by +.")
@click.option("-s", "--set", "settings", multiple=True, metavar="KEY=VALUE", help="A parameter; see: causalkit show.")
@click.option("--config", metavar="FILE", help="Parameters from a TOML file; --set wins over it.")
@click.option("--lag", type=LagParam(), metavar="K|auto", help="How many past steps may act.")
@data_home_option
@click.option("-o", "--output", required=True, metavar="FILE", help="Where to write the forecaster: .safetensors.")
@click.option("--seed", default=0, show_default=True, help="Of every random draw.")
@click.option("--device", default="auto", show_default=True, metavar="NAME", help="auto, cpu or cuda.")
@click.option("--threads", default=1, show_default=True, help="Of the numeric libraries.")
@click.option("--time-limit", type=Duration(), help="End training after this time: 90s, 10m, 2h.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing.")
def pretrain(sources: tuple[str, ...], **options: Any) -> None:
    """Train a forecaster on SOURCES, files or data sets, and write it for use elsewhere.

    Several sources must share their series; each is standardised by itself. Beside the weights (.safetensors) a
    description for people is written (.json).
    """
    from causalkit import api
    from causalkit.cli.console import note
    from causalkit.cli.progress import ProgressBar
    from causalkit.neural.transfer.pretrained import check_model_path

    if not sources:
        raise WrongUsageError("there is nothing to learn from", "name files or data sets (see: causalkit datasets)")
    path = check_model_path(options["output"])
    tree: Tree = read_config(options["config"]) if options["config"] else {}
    given: Tree = {key: {"name": options[key]} for key in ("forecaster", "regularizer") if options[key]}
    if options["lag"] is not None:
        given["lag"] = options["lag"]
    tree = merge(merge(tree, given), parse_settings(options["settings"]))
    with ProgressBar(not options["quiet"]) as progress:
        found = api.pretrain(
            list(sources),
            method=options["method"],
            params=tree,
            observers=[progress],
            **{key: options[key] for key in ("seed", "device", "threads", "time_limit")},
        )
    for file in found.save(path):
        note(f"wrote {file}", quiet=options["quiet"])
    for said in found.notes:
        note(f"note  {said}", quiet=options["quiet"])
