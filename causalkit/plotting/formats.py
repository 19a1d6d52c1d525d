"""The file formats of pictures. Imports no matplotlib, so that a wrong name is refused before any work is done."""

from __future__ import annotations

from pathlib import Path

from causalkit.errors import WrongUsageError

SUFFIXES = (".png", ".svg", ".pdf")


def check_suffix(path: str | Path) -> Path:
    """Return the path when its suffix names a supported format.

    Raises:
        WrongUsageError: it does not; the hint lists the supported suffixes.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        named = f"there is no picture format {path.suffix!r}" if path.suffix else "the name has no suffix"
        raise WrongUsageError(f"cannot draw {path}: {named}", "end the name in " + ", ".join(SUFFIXES))
    return path
