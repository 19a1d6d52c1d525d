"""The part of a page of documentation that a script writes: what lies between two markers."""

from __future__ import annotations

from pathlib import Path

from causalkit.errors import DataError
from causalkit.io import atomic_path


def markers(section: str) -> tuple[str, str]:
    """Return the lines before and after a section."""
    return f"<!-- {section}: begin -->", f"<!-- {section}: end -->"


def replace_section(path: Path, section: str, text: str) -> None:
    """Put Markdown between the markers of a page.

    Raises:
        DataError: the page has no markers.
    """
    begin, end = markers(section)
    page = path.read_text(encoding="utf-8")
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise DataError(
            f"{path} does not say where the section '{section}' belongs",
            f"write {begin} and {end} into it, in this order",
        )
    before, after = page.split(begin)[0], page.split(end)[1]
    with atomic_path(path) as temporary:
        temporary.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}", encoding="utf-8")
