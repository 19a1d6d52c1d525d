"""``causalkit inspect``."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from causalkit.cli.options import data_home_option, data_options, note, print_json, read_data, seed_option
from causalkit.core.options import ReadingOptions
from causalkit.core.shell import argument
from causalkit.display.health import TOP, WIDTH

if TYPE_CHECKING:
    from causalkit.health import Finding

EPILOG = """
\b
Examples:
  causalkit inspect measurements.csv
  causalkit inspect trials/ --panel-column mouse --plot series.png
  causalkit inspect --dataset lorenz96
  causalkit inspect measurements.csv --json
"""
MOST = 100
"""Columns of a page on a wide terminal."""


@click.command(epilog=EPILOG)
@click.argument("data", nargs=-1)
@click.option("--dataset", metavar="NAME", help="A data set instead of files; see: causalkit datasets.")
@data_options
@click.option("--top", type=click.IntRange(min=1), default=TOP, show_default=True, help="Number of series to list.")
@click.option("--plot", "plot_file", metavar="FILE", help="Draw the series: png, svg or pdf.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@seed_option
@data_home_option
def inspect(data: tuple[str, ...], **options: Any) -> None:
    """Say what is in DATA before a method learns from it: files or a folder with realisations of the same series.

    The page says what was taken as time, series and realisation, how many windows each lag leaves, and what can make a
    graph wrong, each with the option that mends it. Its last line is a command to paste.
    """
    from causalkit import io
    from causalkit.cli.console import print_page, width
    from causalkit.display.health import page
    from causalkit.plotting import check_suffix

    plot_file = options["plot_file"]
    if plot_file:
        io.check_overwrites({"--plot": plot_file}, {"DATA": data})
        io.check_writable(check_suffix(plot_file))
    panel, _ = read_data(data, {**options, "truth_file": None}, dataset=options["dataset"], seed=options["seed"] or 0)
    health = panel.health()
    if plot_file:
        from causalkit.plotting import plot_series, save_figure

        save_figure(plot_series(panel), plot_file)
    if options["as_json"]:
        print_json(health.describe())
        return
    commands = commands_for(_given(click.get_current_context()), health.findings, len(health.series))
    print_page(page(health.describe(), width=min(width(WIDTH), MOST), top=options["top"], commands=commands))
    if plot_file:
        note(f"wrote {plot_file}")


def commands_for(given: str, findings: Iterable[Finding], series: int) -> list[tuple[str, str]]:
    """Return the commands that go on from here, each with its introduction.

    Args:
        given: data and options of reading, as words of a shell.
        findings: whose first options are taken together.
        series: their number.
    """
    command = f"causalkit discover {given}"
    options = together([finding.options[0] for finding in findings if finding.options])
    if series - len(shlex.split(options.get("--drop", ""))) // 2 < 2:
        return [("Fewer than two series are left, which is too few for a graph", "")]
    if not options:
        return [("To go on", command)]
    commands = [("To go on with these options", " ".join([command, *options.values()]))]
    # Series that make a graph impossible are left to the user also where causalkit chooses.
    dropped = [options["--drop"]] if "--drop" in options else []
    if len(options) > len(dropped):
        automatic = " ".join([command, *dropped, "--prepare auto"])
        commands.append(("To let causalkit choose, and list what it applies", automatic))
    return commands


def together(options: Sequence[str]) -> dict[str, str]:
    """Return the text of each of several options; what ``--detrend`` removes and codes of missing cells are joined."""
    joined: dict[str, list[str]] = {}
    separators = {"--detrend": "+", "--missing": ","}
    for option in options:
        words = shlex.split(option)
        starts = [place for place, word in enumerate(words) if word.startswith("--")]
        for begin, end in zip(starts, [*starts[1:], len(words)], strict=True):
            flag, values = words[begin], words[begin + 1 : end]
            if flag in separators:
                values = [part for value in values for part in value.split(separators[flag])]
            known = joined.setdefault(flag, [])
            known += [value for value in values if value not in known]
    return {flag: _written(flag, values, separators.get(flag)) for flag, values in joined.items()}


def _written(flag: str, values: Sequence[str], separator: str | None) -> str:
    """Return an option with all its values, ready to be pasted."""
    if separator is not None:
        values = [separator.join(values)]
    return " ".join(f"{flag} {argument(value)}" for value in values) if values else flag


def _given(ctx: click.Context) -> str:
    """Return data and options of reading as the user gave them."""
    words = [argument(path) for path in ctx.params["data"]]
    kept = {"dataset", "seed", "data_home", "transpose", *ReadingOptions.__annotations__}
    for param in ctx.command.params:
        if param.name not in kept or ctx.get_parameter_source(param.name) is not ParameterSource.COMMANDLINE:
            continue
        value, flag = ctx.params[param.name], param.opts[0]
        if getattr(param, "is_flag", False):
            words.append(flag)
        elif param.multiple:
            words += [f"{flag} {argument(one)}" for one in value]
        else:
            words.append(" ".join([flag, *map(argument, value if isinstance(value, tuple) else [value])]))
    return " ".join(words)
