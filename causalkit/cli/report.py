"""``causalkit report``."""

from __future__ import annotations

import os

import click

from causalkit.cli.options import read_truth, select_option, truth_options
from causalkit.errors import DataError, WrongUsageError

EPILOG = """
\b
Examples:
  causalkit report causalkit-compare -o report.html
  causalkit report result.json -o report.html
  causalkit report result.json --truth truth.csv --select top-k:20 -o report.html
"""


@click.command(epilog=EPILOG)
@click.argument("source", metavar="RESULT|DIR")
@click.option("-o", "--output", required=True, metavar="FILE", help="Where to write the report: .html.")
@select_option
@truth_options(required=False)
def report(source: str, output: str, select: str | None, truth_file: str | None, truth_orientation: str | None) -> None:
    """Write a report as one HTML file that needs no network.

    DIR is a folder of records that causalkit compare wrote; RESULT is a .json or .npz file that causalkit discover
    wrote, or one record of a comparison.
    """
    from causalkit.cli.console import note
    from causalkit.report import report_comparison, report_discovery
    from causalkit.report.page import check_html
    from causalkit.report.source import read_result

    check_html(output)
    if not os.path.exists(source):
        raise DataError(
            f"there is no file or folder {source}",
            "name a result of causalkit discover -o, or the folder that causalkit compare --out wrote",
        )
    if os.path.isdir(source):
        given = {"--select": select, "--truth": truth_file, "--truth-orientation": truth_orientation}
        for option, value in given.items():
            if value:
                raise WrongUsageError(
                    f"{option} applies to a single result, but {source} is a folder", f"leave out {option}"
                )
        report_comparison(source, output)
    else:
        discovery, truth = read_result(source)
        if select is not None:
            discovery = discovery.select(select)
        if truth_file:
            truth = read_truth(truth_file, discovery.names, truth_orientation)
        report_discovery(discovery, output, truth=truth)
    note(f"wrote {output}")
