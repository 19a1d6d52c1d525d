"""``causalkit pretrain``."""

from __future__ import annotations

from typing import Any

import click

from causalkit.api import DEFAULT_METHOD
from causalkit.cli.options import (
    ProgressBar,
    config_option,
    data_home_option,
    memory_option,
    method_options,
    note,
    run_options,
)
from causalkit.errors import WrongUsageError
from causalkit.plugins.params import read_config

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
@method_options
@config_option
@data_home_option
@click.option("-o", "--output", required=True, metavar="FILE", help="Where to write the forecaster: .safetensors.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Random seed.")
@run_options
@memory_option
@click.option("-q", "--quiet", is_flag=True, help="Print nothing.")
def pretrain(sources: tuple[str, ...], **options: Any) -> None:
    """Train a forecaster on SOURCES, files or data sets, and save it.

    All sources must have the same series; each is standardised separately. The weights go to a .safetensors file and
    a readable description to a .json file beside it.
    """
    from causalkit import api
    from causalkit.io import check_overwrites
    from causalkit.neural.transfer.pretrained import check_model_path

    if not sources:
        raise WrongUsageError("no source is given", "name files or data sets (see: causalkit datasets)")
    path = check_model_path(options["output"])
    check_overwrites(
        {"-o": [str(path), str(path.with_suffix(".json"))]}, {"SOURCES": sources, "--config": options["config"]}
    )
    parts = {key: options[key] for key in ("lag", "forecaster", "regularizer", "settings")}
    tree = api.parameter_tree(read_config(options["config"]) if options["config"] else {}, **parts)
    circumstances = {key: options[key] for key in ("seed", "device", "threads", "time_limit", "memory")}
    with ProgressBar(not options["quiet"]) as progress:
        found = api.pretrain(
            list(sources),
            method=options["method"],
            params=tree,
            observers=[progress],
            **{key: value for key, value in circumstances.items() if value is not None},
        )
    for file in found.save(path):
        note(f"wrote {file}", quiet=options["quiet"])
    for text in found.notes:
        note(f"note  {text}", quiet=options["quiet"])
