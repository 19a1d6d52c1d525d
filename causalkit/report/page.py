"""Turn the blocks of a report into one HTML file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalkit.display.labels import visible
from causalkit.errors import WrongUsageError
from causalkit.io.atomic import atomic_path, check_writable
from causalkit.plotting.formats import check_backend
from causalkit.report.templating import environment

if TYPE_CHECKING:
    from causalkit.report.blocks import Page

SUFFIXES = (".html", ".htm")
_JOINTS = re.compile(r"(?<=[\w\]][,\[])(?=\w)|(?<=\w\.)(?=[a-z_.]+=)")
_TIES = re.compile(r" (?=[±=] )|(?<= [±=]) |(?<=\d) (?=(?:ms|s|min|h|MiB|GiB)\b)")


def check_html(path: str | Path) -> Path:
    """Return the path when an HTML file can be created there; to be called before any work.

    Raises:
        WrongUsageError: another suffix, a place that cannot be written, or MPLBACKEND is wrong.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise WrongUsageError(f"cannot write the report {path}: a report is an HTML file", "end the name in .html")
    check_backend()  # of the pictures in it
    return check_writable(path)


def render(page: Page) -> str:
    """Return a report as HTML; text in blocks is escaped, and control characters are written out."""
    from causalkit import __version__

    templates = environment()
    templates.filters["flowing"] = flowing
    return visible(templates.get_template("page.html.jinja").render(page=page, version=__version__))


def flowing(words: str) -> Any:
    """Return text as markup that breaks well on narrow screens.

    No line ends between a number and its spread or unit, nor at an equals sign. A line may end within the label of a
    method or a data set, behind a bracket or a comma.
    """
    from markupsafe import Markup, escape

    return Markup(_JOINTS.sub("<wbr>", str(escape(_TIES.sub("\N{NO-BREAK SPACE}", words)))))


def write(page: Page, path: Path) -> Path:
    """Write a report, whole or not at all."""
    text = render(page)
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path
