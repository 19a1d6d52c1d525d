"""The file formats of pictures. A wrong name is refused before any work is done."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from causalkit.errors import WrongUsageError, brief

SUFFIXES = (".png", ".svg", ".pdf")
INTERACTIVE = ".html"


def check_suffix(path: str | Path, *, interactive: bool = False) -> Path:
    """Return the path when its suffix names a supported format.

    Args:
        path: of the file.
        interactive: accept .html as well.

    Raises:
        WrongUsageError: it does not; the hint lists the supported suffixes. Or a package for .html is not installed, or
            MPLBACKEND is wrong.
    """
    path = Path(path)
    known = (*SUFFIXES, INTERACTIVE) if interactive else SUFFIXES
    if path.suffix.lower() not in known:
        named = f"there is no picture format {path.suffix!r}" if path.suffix else "the name has no suffix"
        raise WrongUsageError(f"cannot draw {path}: {named}", "end the name in " + ", ".join(known))
    if is_interactive(path):
        check_interactive()
    else:
        check_backend()
    return path


def check_backend() -> None:
    """Refuse a backend that matplotlib cannot be imported with.

    Raises:
        WrongUsageError: MPLBACKEND names one that does not exist here.
    """
    if not os.environ.get("MPLBACKEND"):
        return
    try:
        import matplotlib  # noqa: F401 - it reads the variable
    except ValueError as error:
        message = f"matplotlib knows no backend {brief(os.environ['MPLBACKEND'])!r}, which MPLBACKEND names"
        raise WrongUsageError(message, "set MPLBACKEND=agg") from error


def check_interactive() -> None:
    """Refuse an interactive graph where the package that draws it is not installed.

    Raises:
        WrongUsageError: bokeh is not installed.
    """
    if find_spec("bokeh") is None:
        raise WrongUsageError(
            "an interactive graph needs the package bokeh", "install it with: pip install 'causalkit[interactive]'"
        )


def is_interactive(path: Path) -> bool:
    """Return whether the path names a page, not a picture."""
    return path.suffix.lower() == INTERACTIVE
