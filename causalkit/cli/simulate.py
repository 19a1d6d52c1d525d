"""``causalkit simulate``."""

from __future__ import annotations

import click

from causalkit.cli.options import data_home_option
from causalkit.cli.options.method import set_option

EPILOG = """
\b
Examples:
  causalkit simulate lorenz96 -o data.csv --truth truth.csv
  causalkit simulate var -s series=20 -s steps=1000 --seed 3 -o data.npz
"""


@click.command(epilog=EPILOG)
@click.argument("dataset")
@set_option("Set a parameter of the data set. May be repeated.")
@click.option("-o", "--output", required=True, metavar="FILE", help="Where to write the data: csv, tsv or npz.")
@click.option("--truth", "truth_file", metavar="FILE", help="Where to write the true edges (csv).")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Random seed.")
@data_home_option
def simulate(dataset: str, settings: tuple[str, ...], output: str, truth_file: str | None, seed: int) -> None:
    """Write the data set DATASET, and its true graph, to files that discover reads."""
    from causalkit.cli.written import write_dataset

    write_dataset(dataset, settings, seed, output, truth_file)
