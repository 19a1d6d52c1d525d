"""``causalkit evaluate``."""

from __future__ import annotations

import click

from causalkit.cli.options import json_option, print_json, read_truth, select_option, truth_options


@click.command(epilog="Example:  causalkit evaluate result.json --truth truth.csv --select top-k:20")
@click.argument("result")
@truth_options(required=True)
@select_option
@json_option
def evaluate(result: str, truth_file: str, truth_orientation: str | None, select: str | None, as_json: bool) -> None:
    """Compare RESULT (.json or .npz, as discover wrote it) with a known graph."""
    from causalkit.cli.results import metrics_table, show_metrics
    from causalkit.core.discovery import Discovery

    discovery = Discovery.load(result)
    if select is not None:
        discovery = discovery.select(select)
    truth = read_truth(truth_file, discovery.names, truth_orientation)
    if as_json:
        print_json({"result": result, "truth": truth_file, "evaluation": metrics_table(discovery, truth)})
    else:
        show_metrics(discovery, truth)
