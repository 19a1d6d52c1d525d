"""Terminal output: tables on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from causalkit.cli.streams import holds_all
from causalkit.display.labels import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


RANKED = 20
"""Edges of a ranking that a terminal shows by default."""


def print_json(value: Any) -> None:
    """Print strict JSON on stdout; where its encoding lacks characters, as escapes of JSON."""
    click.echo(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=not holds_all(sys.stdout)))


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
    console.print(table(columns, [list(map(visible, row)) for row in rows], numbers=numbers))


def print_page(text: Text) -> None:
    """Print text with styles on stdout; colours are for terminals, and no line is wrapped."""
    _stdout().print(text, soft_wrap=True)


def _stdout() -> Console:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200, no_color=True)
    return console


def width(on_a_pipe: int | None = None) -> int:
    """Return how many columns stdout has; on a pipe more than any table needs, or the given number."""
    console = _stdout()
    return console.width if console.is_terminal or on_a_pipe is None else on_a_pipe


def note(message: str, *, quiet: bool = False) -> None:
    """Print a line on stderr."""
    if not quiet:
        click.echo(visible(message), err=True)
