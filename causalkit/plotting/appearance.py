"""How pictures look where the user asked for something: theme, size, resolution and whole names.

Imports no matplotlib, so that a wrong option is refused before any work is done.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields
from typing import Any

from causalkit.errors import ParameterError, UnknownNameError, did_you_mean
from causalkit.plotting.themes import THEMES, Theme

DPI = 150
_DPI_RANGE = (20, 2400)
_SIDE_RANGE = (1.0, 100.0)  # inches
_INCHES = {"": 1.0, "in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4}
_SIZE = re.compile(r"\s*([0-9.]+)\s*[x,\u00d7]\s*([0-9.]+)\s*(in|cm|mm|)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Appearance:
    """How to draw.

    Attributes:
        dpi: dots per inch of .png files.
        size: width and height in inches; default: as the picture needs.
        title: replaces the title; "" leaves it out.
        full_names: write names of series whole, however long they are.
        theme: a key of `THEMES`.

    Raises:
        ParameterError: a size or resolution that cannot be drawn.
        UnknownNameError: there is no such theme.
    """

    dpi: float = DPI
    size: tuple[float, float] | None = None
    title: str | None = None
    full_names: bool = False
    theme: str = "light"

    def __post_init__(self) -> None:
        low, high = _DPI_RANGE
        if not isinstance(self.dpi, int | float) or not low <= self.dpi <= high:
            raise ParameterError(f"dpi={self.dpi!r} is not allowed", f"use {low} to {high} dots per inch, such as 300")
        if self.theme not in THEMES:
            raise UnknownNameError(f"there is no theme {self.theme!r}", did_you_mean(str(self.theme), THEMES))
        if self.size is not None:
            object.__setattr__(self, "size", read_size(self.size))

    @classmethod
    def take(cls, options: dict[str, Any]) -> Appearance:
        """Take the options of appearance out of the options of a picture."""
        return cls(**{one.name: options.pop(one.name) for one in fields(cls) if one.name in options})


def read_size(size: Any) -> tuple[float, float]:
    """Return width and height in inches of a pair of numbers or of a text such as "7x5" or "180x120mm".

    Raises:
        ParameterError: it is neither, or too small or too large.
    """
    hint = "write width and height in inches, such as 7x5, or with a unit, such as 180x120mm"
    unit = ""
    if isinstance(size, str):
        found = _SIZE.fullmatch(size)
        if found is None:
            raise ParameterError(f"size {size!r} is not understood", hint)
        size, unit = (found[1], found[2]), found[3].lower()
    try:
        width, height = (float(side) * _INCHES[unit] for side in size)
    except (TypeError, ValueError):
        raise ParameterError(f"size {size!r} is not understood", hint) from None
    low, high = _SIDE_RANGE
    if not (low <= width <= high and low <= height <= high):
        raise ParameterError(
            f"a picture of {width:.3g} by {height:.3g} inches is not allowed",
            f"each side has {low:g} to {high:g} inches",
        )
    return width, height


_USUAL = Appearance()
_CURRENT = ContextVar("causalkit_appearance", default=_USUAL)


def current() -> Appearance:
    """Return the appearance in which pictures are drawn now."""
    return _CURRENT.get()


def theme() -> Theme:
    """Return the theme in which pictures are drawn now."""
    return THEMES[current().theme]


@contextmanager
def drawn_as(appearance: Appearance) -> Iterator[None]:
    """Draw the pictures of a block in an appearance; matplotlib's settings are as before afterwards."""
    import matplotlib

    token = _CURRENT.set(appearance)
    try:
        with matplotlib.rc_context(theme().settings):  # type: ignore[arg-type, unused-ignore]
            yield
    finally:
        _CURRENT.reset(token)
