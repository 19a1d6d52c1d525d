"""``causalkit plot``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from causalkit.cli.options import data_options, read_truth, select_option, truth_options
from causalkit.core.options import ReadingOptions
from causalkit.errors import WrongUsageError
from causalkit.plotting import INTERACTIVE_KIND, KINDS, LAYOUTS, THEMES, Appearance
from causalkit.plotting.appearance import DPI

APPEARANCE = ("dpi", "size", "title", "full_names", "theme")
SERIES = "series"
WITH_LAYOUT = ("graph", INTERACTIVE_KIND)
WITH_TOP = ("overview", "graph", "lags", INTERACTIVE_KIND, SERIES)
EPILOG = """
\b
Examples:
  causalkit plot result.json -o overview.png
  causalkit plot result.json --kind graph --select top-k:15 -o graph.svg
  causalkit plot result.json --kind graph --size 180x120mm --theme grey -o figure1.pdf
  causalkit plot result.json --kind lags --dpi 300 --title "Lags of the plant" -o lags.png
  causalkit plot result.json --kind interactive -o graph.html
  causalkit plot result.json --kind ranking --truth truth.csv -o curves.pdf
  causalkit plot result.json --kind choices -o strength.png
  causalkit plot measurements.csv --kind series -o series.png
"""


@click.command(epilog=EPILOG)
@click.argument("paths", metavar="RESULT|DATA...", nargs=-1, required=True)
@click.option(
    "-o", "--output", required=True, metavar="FILE", help="Where to write the picture: png, svg, pdf or html."
)
@click.option(
    "--kind",
    type=click.Choice([*KINDS, INTERACTIVE_KIND, SERIES]),
    default="overview",
    show_default=True,
    help="Kind of picture. interactive is a page to search and point at (.html).",
)
@click.option("--dpi", type=float, metavar="N", help=f"Dots per inch of a png file.  [default: {DPI}]")
@click.option("--size", metavar="WxH", help="Width and height in inches, or with a unit: 7x5, 180x120mm, 18x12cm.")
@click.option("--title", metavar="TEXT", help="Title of the picture; empty for none.")
@click.option("--full-names", is_flag=True, default=None, help="Write long names of series whole.")
@click.option("--theme", type=click.Choice(list(THEMES)), help="Colours.  [default: light]")
@click.option(
    "--top", type=int, metavar="N", help="Draw the N strongest edges, or with --kind series the first N series."
)
@click.option("--layout", type=click.Choice(LAYOUTS), help="Where the series of a graph are.  [default: auto]")
@select_option
@truth_options(required=False)
@data_options
def plot(paths: tuple[str, ...], output: str, kind: str, **options: Any) -> None:
    """Draw RESULT (.json or .npz, as discover wrote it), or the series of DATA with --kind series.

    Options of reading, from --panel-column on, apply to DATA.
    """
    from causalkit.cli.console import note

    _check_options(click.get_current_context(), kind)
    asked = {name: options.pop(name) for name in (*APPEARANCE, "top", "layout")}
    asked = {name: value for name, value in asked.items() if value is not None}
    if kind == SERIES:
        _draw_series(paths, output, options, asked)
    else:
        _draw_result(paths, output, kind, options, asked)
    note(f"wrote {output}")


def _draw_series(paths: tuple[str, ...], output: str, options: dict[str, Any], asked: dict[str, Any]) -> None:
    from causalkit import io
    from causalkit.cli.options import read_data
    from causalkit.plotting import check_suffix, picture_of_series

    io.check_writable(check_suffix(output))
    appearance = {name: asked[name] for name in APPEARANCE if name in asked}
    Appearance(**appearance)  # refuse a wrong one before the data are read
    panel, _ = read_data(paths, options)
    picture_of_series(panel, **asked).save(output)


def _draw_result(
    paths: tuple[str, ...], output: str, kind: str, options: dict[str, Any], asked: dict[str, Any]
) -> None:
    from causalkit.core.discovery import Discovery
    from causalkit.plotting import plot as draw

    if len(paths) > 1:
        raise WrongUsageError(f"the picture {kind} shows one result, but {len(paths)} files are given", "name one file")
    if Path(paths[0]).suffix.lower() not in (".json", ".npz"):
        raise WrongUsageError(
            f"{paths[0]} is not a result: those of causalkit discover -o are .json or .npz files",
            f"to draw measurements, add --kind {SERIES}",
        )
    discovery = Discovery.load(paths[0])
    if options["select"] is not None:
        discovery = discovery.select(options["select"])
    truth_file = options["truth_file"]
    truth = read_truth(truth_file, discovery.names, options["truth_orientation"]) if truth_file else None
    draw(discovery, output, kind=kind, truth=truth, **asked)


def _check_options(ctx: click.Context, kind: str) -> None:
    """Refuse options that the kind of picture has no use for.

    Raises:
        WrongUsageError: one was given.
    """
    useless = {"select", "truth_file", "truth_orientation"}
    if kind != SERIES:
        useless = {*ReadingOptions.__annotations__, "transpose"}
    if kind not in WITH_LAYOUT:
        useless.add("layout")
    if kind not in WITH_TOP:
        useless.add("top")
    for param in ctx.command.params:
        if param.name in useless and ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE:
            option = param.opts[-1]
            raise WrongUsageError(f"{option} has no effect on the picture {kind}", f"leave out {option}")
