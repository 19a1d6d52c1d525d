"""Figures to files: the same figure gives the same bytes, and a file appears whole or not at all."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from causalkit.errors import ParameterError
from causalkit.io.atomic import atomic_path
from causalkit.plotting.appearance import DPI
from causalkit.plotting.fonts import Letters, MissingLettersWarning, readable
from causalkit.plotting.formats import check_suffix

# Without these, the file contains the time of day.
_METADATA: dict[str, dict[str, Any]] = {
    ".png": {},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}
_SETTINGS: dict[str, Any] = {
    "svg.hashsalt": "causalkit",
    "svg.fonttype": "none",  # text stays text, which programs for drawings can edit
}


class TooSmallWarning(UserWarning):
    """A picture has no room for all its parts."""


_TRUETYPE, _TYPE_3 = 42, 3
_MOST_PIXELS = 2**16 - 1  # of each side


def save_figure(figure: Figure, path: str | Path, *, dpi: float = DPI) -> Path:
    """Write a figure in the format that the suffix names.

    Text stays text: .pdf files contain TrueType fonts (Type 42, as journals ask for), .svg files refer to fonts by
    name. Letters of a font with PostScript outlines, such as Noto Sans CJK, are Type 3 in .pdf files.

    Args:
        figure: of matplotlib.
        path: of the file.
        dpi: dots per inch of a .png file.

    Raises:
        WrongUsageError: the suffix is not supported, or the folder cannot be written.
        ParameterError: so many dots are too many.
    """
    path = check_suffix(path)
    content = figure_bytes(figure, path.suffix.lower(), dpi=dpi)  # whole: matplotlib stumbles where a disk is full
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    return path


def figure_bytes(figure: Figure, suffix: str, *, dpi: float = DPI) -> bytes:
    """Return what a file with this suffix would contain.

    Args:
        figure: of matplotlib.
        suffix: such as ".png".
        dpi: dots per inch of a .png file.

    Raises:
        ParameterError: so many dots are too many.
    """
    buffer = io.BytesIO()
    if suffix == ".png" and max(figure.get_size_inches()) * dpi > _MOST_PIXELS:
        width, height = figure.get_size_inches()
        raise ParameterError(
            f"{width:.3g} by {height:.3g} inches at {dpi:g} dots per inch are too many dots for a .png file",
            "lower the dots per inch, or draw a .pdf or .svg file",
        )
    with prepared(figure, suffix) as letters:
        # Identifiers and fonts of files are settings only; they hold for this one call.
        settings = _SETTINGS | {"pdf.fonttype": _TRUETYPE if letters.truetype else _TYPE_3}
        with matplotlib.rc_context(settings):  # type: ignore[arg-type, unused-ignore]
            figure.savefig(
                buffer, format=suffix[1:], dpi=dpi, facecolor=figure.get_facecolor(), metadata=_METADATA[suffix]
            )
    if letters.explanation:
        warnings.warn(letters.explanation, MissingLettersWarning, stacklevel=4)
    return buffer.getvalue()


@contextmanager
def prepared(figure: Figure, suffix: str) -> Iterator[Letters]:
    """Make letters readable and room for all parts while a block saves a figure in a format."""
    with readable(figure, suffix) as letters:
        _lay_out(figure)
        yield letters


def _lay_out(figure: Figure) -> None:
    """Make room for all parts; saving does it once more, since one pass leaves titles of square pictures cut."""
    layout = figure.get_layout_engine()
    if layout is None:
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        layout.execute(figure)
    if any("collapsed" in str(one.message) for one in caught):
        figure.set_layout_engine("none")
        width, height = figure.get_size_inches()
        warnings.warn(
            f"A picture of {width:.3g} by {height:.3g} inches has no room for all its parts. Some overlap; choose a "
            "larger size.",
            TooSmallWarning,
            stacklevel=5,
        )
