"""Terminal output: tables on stdout, everything else on stderr."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console


def print_json(value: Any) -> None:
    """Print strict JSON on stdout."""
    click.echo(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "", numbers: Sequence[str] = ()
) -> None:
    """Print a table on stdout; columns in ``numbers`` are aligned to the right.

    On a pipe it is 200 columns wide, so that hardly anything is wrapped.
    """
    from rich.text import Text

    from causalkit.display.tables import table

    console = _stdout()
    if title:
        console.print(Text(title))
    console.print(table(columns, rows, numbers=numbers))


def _stdout() -> Console:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200, no_color=True)
    return console


def width() -> int:
    """Return how many columns stdout has; on a pipe, more than any table needs."""
    return _stdout().width


def note(message: str, *, quiet: bool = False) -> None:
    """Print a line on stderr."""
    if not quiet:
        click.echo(message, err=True)
