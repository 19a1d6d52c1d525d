"""The file formats of pictures. Imports no matplotlib, so that a wrong name is refused before any work is done."""

from __future__ import annotations

from importlib.util import find_spec
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
        WrongUsageError: it does not; the hint lists the supported suffixes. Or a package for .html is not installed.
    """
    path = Path(path)
    known = (*SUFFIXES, INTERACTIVE) if interactive else SUFFIXES
    if path.suffix.lower() not in known:
        named = f"there is no picture format {path.suffix!r}" if path.suffix else "the name has no suffix"
        raise WrongUsageError(f"cannot draw {path}: {named}", "end the name in " + ", ".join(known))
    if is_interactive(path):
        check_interactive()
    return path


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
