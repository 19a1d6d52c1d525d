"""Figures to files: the same figure gives the same bytes, and a file appears whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from causalkit.errors import WrongUsageError
from causalkit.io.atomic import atomic_path, check_writable

DPI = 150
# Without these, the time of day stands in the file.
_METADATA: dict[str, dict[str, Any]] = {
    ".png": {},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}


def check_picture(path: str | Path) -> Path:
    """Return the path when a picture can be written there.

    Raises:
        WrongUsageError: the suffix is none of ours, or the folder cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in _METADATA:
        named = f"the suffix {path.suffix!r}" if path.suffix else "no suffix"
        raise WrongUsageError(
            f"cannot draw {path}: it has {named}", "end the name of a picture in " + ", ".join(_METADATA)
        )
    return check_writable(path)


def save_figure(figure: Figure, path: str | Path) -> Path:
    """Write a figure in the format that the suffix names.

    Raises:
        WrongUsageError: see `check_picture`.
    """
    path = check_picture(path)
    suffix = path.suffix.lower()
    # The salt of .svg identifiers is a setting only; it holds for this one call.
    with atomic_path(path) as temporary, matplotlib.rc_context({"svg.hashsalt": "causalkit"}):
        figure.savefig(temporary, format=suffix[1:], dpi=DPI, facecolor="white", metadata=_METADATA[suffix])
    return path
