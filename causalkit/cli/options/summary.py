"""Options of a comparison's summary."""

from __future__ import annotations

import click

metrics_option = click.option(
    "--metric", "metrics", multiple=True, metavar="NAME", help="A metric of the tables.  [default: auroc, auprc]"
)
format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "markdown", "json", "junit"]),
    default="table",
    show_default=True,
    help="Format of the summary.",
)
