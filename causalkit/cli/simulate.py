"""``causalkit simulate``."""

from __future__ import annotations

import click

from causalkit.params import parse_settings

EPILOG = """
\b
Examples:
  causalkit simulate lorenz96 -o data.csv --truth truth.csv
  causalkit simulate var -s series=20 -s steps=1000 --seed 3 -o data.npz
"""


@click.command(epilog=EPILOG)
@click.argument("dataset")
@click.option("-s", "--set", "settings", multiple=True, metavar="KEY=VALUE", help="A parameter of the data set.")
@click.option("-o", "--output", required=True, metavar="FILE", help="csv, tsv or npz.")
@click.option("--truth", "truth_file", metavar="FILE", help="Where to write the true edges (csv).")
@click.option("--seed", default=0, show_default=True, help="Of the random draws.")
def simulate(dataset: str, settings: tuple[str, ...], output: str, truth_file: str | None, seed: int) -> None:
    """Write the data set DATASET, and its true graph, to files that discover reads."""
    from causalkit import api, io
    from causalkit.cli.console import note
    from causalkit.errors import WrongUsageError

    io.check_writable(output)
    if truth_file:
        io.check_writable(truth_file)
    given = parse_settings(settings)
    nested = given.pop("dataset", {})
    panel, truth = api.simulate(dataset, seed=seed, **{**given, **nested})
    if truth_file and truth is None:
        raise WrongUsageError(f"the true graph of {dataset} is not known", "leave out --truth")
    io.write_panel(panel, output)
    note(f"wrote {output}: {panel!r}")
    if truth_file and truth is not None:
        io.write_truth(truth, truth_file)
        note(f"wrote {truth_file}: {truth.count} edges")
