"""``causalkit plot``."""

from __future__ import annotations

import click

from causalkit.cli.options import read_truth, select_option, truth_options
from causalkit.plotting import KINDS

EPILOG = """
\b
Examples:
  causalkit plot result.json -o overview.png
  causalkit plot result.json --kind graph --select top-k:15 -o graph.svg
  causalkit plot result.json --kind ranking --truth truth.csv -o curves.pdf
  causalkit plot result.json --kind choices -o strength.png
"""


@click.command(epilog=EPILOG)
@click.argument("result")
@click.option("-o", "--output", required=True, metavar="FILE", help="Where to write the picture: png, svg or pdf.")
@click.option("--kind", type=click.Choice(KINDS), default="overview", show_default=True, help="Kind of picture.")
@select_option
@truth_options(required=False)
def plot(
    result: str, output: str, kind: str, select: str | None, truth_file: str | None, truth_orientation: str | None
) -> None:
    """Draw RESULT (.json or .npz, as discover wrote it)."""
    from causalkit.cli.console import note
    from causalkit.core.discovery import Discovery
    from causalkit.plotting import plot as draw

    discovery = Discovery.load(result)
    if select:
        discovery = discovery.select(select)
    truth = read_truth(truth_file, discovery.names, truth_orientation) if truth_file else None
    draw(discovery, output, kind=kind, truth=truth)
    note(f"wrote {output}")
