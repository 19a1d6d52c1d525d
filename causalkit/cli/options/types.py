"""Values of options that are neither numbers nor plain text: durations, sizes and lags."""

from __future__ import annotations

import re

import click

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic in new versions of click only
    """Converts ``90``, ``90s``, ``10m`` or ``2h`` to seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        if isinstance(value, int | float):
            return float(value)
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", str(value).strip())
        if not match or float(match[1]) == 0:
            self.fail(f"{value!r} is not a duration; write for example 90s, 10m or 2h", param, ctx)
        return float(match[1]) * _SECONDS[match[2]]


class Size(click.ParamType):  # type: ignore[type-arg]
    """Converts text such as 4GiB to bytes."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return bytes."""
        from causalkit.core.memory import checked_limit, parse_bytes

        return checked_limit(parse_bytes(str(value)))


class LagParam(click.ParamType):  # type: ignore[type-arg]
    """Converts text to a number of time steps, or leaves "auto" and "auto:12"."""

    name = "lag"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """Return a number of time steps, "auto" or "auto:12"."""
        text = str(value).strip()
        if re.fullmatch(r"auto(:0{0,9}[1-9]\d{0,8})?", text):
            return text
        try:
            return int(text)
        except ValueError:
            self.fail(f"{value!r} is not a lag; write a number of time steps, auto, or auto:12", param, ctx)
