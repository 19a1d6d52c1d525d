"""Figures to files: the same figure gives the same bytes, and a file appears whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from causalkit.io.atomic import atomic_path
from causalkit.plotting.formats import check_suffix

DPI = 150
# Without these, the file contains the time of day.
_METADATA: dict[str, dict[str, Any]] = {
    ".png": {},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}


def save_figure(figure: Figure, path: str | Path) -> Path:
    """Write a figure in the format that the suffix names.

    Raises:
        WrongUsageError: the suffix is not supported, or the folder cannot be written.
    """
    path = check_suffix(path)
    suffix = path.suffix.lower()
    # The salt of .svg identifiers is a setting only; it holds for this one call.
    with atomic_path(path) as temporary, matplotlib.rc_context({"svg.hashsalt": "causalkit"}):
        figure.savefig(temporary, format=suffix[1:], dpi=DPI, facecolor="white", metadata=_METADATA[suffix])
    return path
