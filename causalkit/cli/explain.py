"""``causalkit explain``."""

from __future__ import annotations

import click

from causalkit.display.labels import visible

EPILOG = """
\b
Examples:
  causalkit discover --dataset lorenz96 -o result.json
  causalkit explain result.json x9 x0
"""


@click.command(epilog=EPILOG)
@click.argument("result")
@click.argument("cause")
@click.argument("effect")
def explain(result: str, cause: str, effect: str) -> None:
    """Explain the edge from CAUSE to EFFECT of RESULT (.json or .npz, as discover wrote it)."""
    from causalkit import Discovery

    click.echo(visible(Discovery.load(result).explain(cause, effect)))
