"""Options of all commands that read data or a truth."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

if TYPE_CHECKING:
    from causalkit.core.panel import Panel
    from causalkit.core.truth import Truth

F = TypeVar("F", bound=Callable[..., Any])
CACHE = "CAUSALKIT_CACHE"


def data_options(command: F) -> F:
    """Add what concerns reading files of measurements."""
    for option in reversed(
        [
            click.option("--panel-column", metavar="NAME", help="Column that tells realisations (trials) apart."),
            click.option("--time-column", metavar="NAME", default="auto", help="Column with the time; auto or none."),
            click.option("--drop", multiple=True, metavar="NAME", help="Leave a column out; may be repeated."),
            click.option(
                "--irregular",
                type=click.Choice(["refuse", "accept"]),
                default="refuse",
                show_default=True,
                help="What to do with unequal time steps: accept takes rows as equally spaced.",
            ),
            click.option(
                "--resample", metavar="STEP", help="Interpolate to equal steps: 2 in units of the time column, 2h, 1D."
            ),
        ]
    ):
        command = option(command)
    return command


def data_home_option(command: F) -> F:
    """Add ``--data-home``: the folder of downloaded data while the command runs, in its worker processes too."""

    @functools.wraps(command)
    def with_home(*arguments: Any, data_home: str | None, **options: Any) -> Any:
        if not data_home:
            return command(*arguments, **options)
        # Plugins and worker processes know the folder by this variable only.
        with environment(CACHE, str(Path(data_home).expanduser().absolute())):
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
    """Add what concerns reading a known graph."""

    def add(command: F) -> F:
        command = click.option(
            "--truth-orientation",
            type=click.Choice(["cause-effect", "effect-cause"]),
            help="What the rows of a bare matrix are; edge lists need no orientation.",
        )(command)
        return click.option(
            "--truth", "truth_file", required=required, metavar="FILE", help="A known graph to compare with."
        )(command)

    return add


def read_panel(
    paths: tuple[str, ...],
    panel_column: str | None,
    time_column: str,
    drop: tuple[str, ...],
    irregular: str,
    resample: str | None = None,
) -> Panel:
    """Read the files of a command as one panel."""
    from causalkit import api

    return api.read(
        paths[0] if len(paths) == 1 else list(paths),
        panel_column=panel_column,
        time_column=time_column,
        drop=tuple(drop),
        irregular=irregular,
        resample=resample,
    )


def read_truth(path: str, names: tuple[str, ...], orientation: Any) -> Truth:
    """Read a known graph and bring it into the order of the data, so that mismatches show before work starts."""
    from causalkit import io

    truth: Truth = io.read_truth(path, names=names, orientation=orientation)
    return truth.align(names)
