"""A lag on the command line: a number of past steps, or auto."""

from __future__ import annotations

from typing import Literal

import click


class LagParam(click.ParamType):  # type: ignore[type-arg]  # generic in new versions of click only
    """Converts text to a number of steps, or to "auto"."""

    name = "lag"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int | Literal["auto"]:
        """Return a number of steps, or "auto"."""
        text = str(value).strip()
        if text == "auto":
            return "auto"
        try:
            return int(text)
        except ValueError:
            self.fail(f"{value!r} is no lag; write a number of steps, or auto", param, ctx)
