"""The file formats of pictures. Imports no matplotlib, so that a wrong name is refused before any work is done."""

from __future__ import annotations

from pathlib import Path

from causalkit.errors import WrongUsageError

SUFFIXES = (".png", ".svg", ".pdf")
INTERACTIVE = ".html"


def check_suffix(path: str | Path, *, interactive: bool = False) -> Path:
    """Return the path when its suffix names a supported format.

    Args:
        path: of the file.
        interactive: accept .html as well.

    Raises:
        WrongUsageError: it does not; the hint lists the supported suffixes.
    """
    path = Path(path)
    known = (*SUFFIXES, INTERACTIVE) if interactive else SUFFIXES
    if path.suffix.lower() not in known:
        named = f"there is no picture format {path.suffix!r}" if path.suffix else "the name has no suffix"
        raise WrongUsageError(f"cannot draw {path}: {named}", "end the name in " + ", ".join(known))
    return path


def is_interactive(path: Path) -> bool:
    """Return whether the path names a page, not a picture."""
    return path.suffix.lower() == INTERACTIVE
