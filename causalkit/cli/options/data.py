"""Options of commands that read measurements or a known graph."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import click

from causalkit.cli.options.adding import F, added
from causalkit.core.options import ReadingOptions
from causalkit.errors import ParameterError, WrongUsageError

if TYPE_CHECKING:
    from causalkit.core.panel import Panel
    from causalkit.core.truth import Truth

CACHE = "CAUSALKIT_CACHE"

data_options = added(
    click.option(
        "--panel-column",
        multiple=True,
        metavar="NAME",
        help="Column that identifies the realisation (trial, subject); none: there is none.",
    ),
    click.option(
        "--time-column",
        multiple=True,
        metavar="NAME",
        help="Column of times; repeat it for parts of a date; none: there is none.  [default: auto]",
    ),
    click.option("--drop", multiple=True, metavar="NAME", help="Leave a column out. May be repeated."),
    click.option(
        "--irregular",
        type=click.Choice(["refuse", "accept"]),
        default="refuse",
        show_default=True,
        help="Unequal time steps: refuse them, or accept the rows as equally spaced.",
    ),
    click.option(
        "--resample", metavar="STEP", help="Interpolate to equal steps: 2 in units of the time column, 2h, 1D."
    ),
    click.option(
        "--orientation",
        type=click.Choice(["auto", "time-series", "series-time", "across"]),
        default="auto",
        help="Rows are time steps (time-series), series (series-time), or years with a column a month (across).  "
        "[default: auto]",
    ),
    click.option("--transpose", is_flag=True, help="The same as --orientation series-time."),
    click.option("--long", nargs=2, metavar="KEY VALUE", help="Columns of a long table: names of series, and values."),
    click.option("--missing", multiple=True, metavar="CODES", help="Codes of missing cells, such as -999,-99.99."),
    click.option("--decimal", metavar="CHAR", help="Decimal separator, . or ,  [default: recognised]"),
    click.option("--thousands", metavar="CHAR", help="Separator of thousands.  [default: none]"),
    click.option("--date-format", metavar="FORMAT", help="How dates are written, such as %d.%m.%Y."),
    click.option(
        "--time-direction",
        type=click.Choice(["auto", "forward", "backward"]),
        default="auto",
        help="backward: larger times are earlier, as in ages before present.  [default: auto]",
    ),
    click.option(
        "--calendar",
        type=click.Choice(["auto", "every-day", "business-days"]),
        default="auto",
        help="business-days: Monday follows Friday.  [default: auto]",
    ),
    click.option(
        "--lower-frequency",
        type=click.Choice(["carry", "missing"]),
        default="carry",
        show_default=True,
        help="A quarterly column in a monthly table: carry its last value forward, or treat other cells as missing.",
    ),
    click.option("--header-rows", type=click.IntRange(0), metavar="N", help="Rows that contain the names of columns."),
    click.option("--skip-rows", type=click.IntRange(0), metavar="N", help="Lines to leave out at the top."),
    click.option("--table", metavar="NAME", help="Sheet, array or variable of a file that contains several."),
    click.option("--encoding", metavar="NAME", help="Encoding of text files, such as latin-1.  [default: utf-8]"),
)
"""How tables of measurements are read; `read_data` takes the values."""


def data_home_option(command: F) -> F:
    """Add ``--data-home``: the folder of downloaded data while the command runs, in its worker processes too."""

    @functools.wraps(command)
    def with_home(*arguments: Any, data_home: str | None, **options: Any) -> Any:
        if not data_home:
            return command(*arguments, **options)
        # Plugins and worker processes know the folder by this variable only.
        with environment(CACHE, os.path.abspath(os.path.expanduser(data_home))):
            return command(*arguments, **options)

    option = click.option(
        "--data-home", metavar="DIR", help=f"Folder of downloaded data.  [default: {CACHE}, or the user's cache]"
    )
    return cast(F, option(with_home))


@contextmanager
def environment(name: str, value: str) -> Iterator[None]:
    """Set an environment variable for a while."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before


def truth_options(*, required: bool) -> Callable[[F], F]:
    """Add ``--truth`` (as ``truth_file``) and ``--truth-orientation``."""
    return added(
        click.option(
            "--truth", "truth_file", required=required, metavar="FILE", help="A known graph to compare the result with."
        ),
        click.option(
            "--truth-orientation",
            type=click.Choice(["cause-effect", "effect-cause"]),
            help="What rows and columns of a truth matrix are; edge lists need no orientation.",
        ),
    )


def read_data(
    paths: Sequence[str], options: Mapping[str, Any], *, dataset: Any = None, seed: int = 0
) -> tuple[Panel, Truth | None]:
    """Return the panel that a command reads, and the truth where it is known.

    Args:
        paths: files or folders.
        options: values of `data_options` and `truth_options`.
        dataset: name of a data set in the place of files, as ``name`` or ``name[key=value]``, or a mapping of
            ``name`` and parameters.
        seed: of a simulated data set, where its parameters set none.

    Raises:
        WrongUsageError: both files and a data set are given, or neither.
        ParameterError: parameters of a data set are given, but no name.
        CausalkitError: data or truth cannot be read.
    """
    from causalkit import api
    from causalkit.core.shell import option_text
    from causalkit.io import ReadOptions
    from causalkit.plugins.params import merge
    from causalkit.plugins.specification import parse_specification

    given = dict(dataset) if isinstance(dataset, Mapping) else {"name": dataset}
    name = given.pop("name", None)
    truth = None
    if paths and name:
        raise WrongUsageError("both files and a data set are given", "give DATA or --dataset, not both")
    if name:
        named = parse_specification(str(name))
        panel, truth = api.simulate(named.name, **{"seed": seed, **merge(named.params, given)})
        others = [option for option in ReadOptions.of(reading(options)).given() if option != "drop"]
        if others:
            raise WrongUsageError(f"{option_text(others[0])} means nothing for a data set", "leave the option out")
        panel = panel.drop(options["drop"])
    elif given:
        raise ParameterError(f"dataset.{next(iter(given))} is set, but no data set is used", "name it by --dataset")
    elif paths:
        panel = api.read(
            paths[0] if len(paths) == 1 else list(paths),
            **reading(options),
        )
    else:
        raise WrongUsageError("no data are given", "give files, or --dataset NAME (see: causalkit datasets)")
    if options.get("truth_file"):
        truth = read_truth(options["truth_file"], panel.names, options["truth_orientation"])
    elif truth is not None and options["drop"]:
        truth = None  # the true graph of a system is not that of a part of it
    return panel, truth


def reading(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of `data_options` as `causalkit.io.ReadOptions` takes them.

    Raises:
        WrongUsageError: --transpose contradicts --orientation.
    """
    found = {key: options[key] for key in ReadingOptions.__annotations__}
    found["time_column"] = found["time_column"] or "auto"
    found["missing"] = tuple(code.strip() for codes in options["missing"] for code in codes.split(","))
    if options["transpose"]:
        if options["orientation"] == "time-series":
            raise WrongUsageError("--transpose contradicts --orientation time-series", "leave out one of the two")
        found["orientation"] = "series-time"
    return found


def read_truth(path: str, names: tuple[str, ...], orientation: Any) -> Truth:
    """Return a known graph in the order of these series."""
    from causalkit import io

    truth: Truth = io.read_truth(path, names=names, orientation=orientation)
    return truth.align(names)
