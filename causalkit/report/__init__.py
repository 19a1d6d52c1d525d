"""Reports: one self-contained HTML file about a comparison, or about a single discovery.

```python
from causalkit.report import report_comparison, report_discovery

report_comparison("runs", "report.html")
report_discovery(discovery, "report.html", truth=truth)
```

A report needs no network, runs no script, and is the same bytes for the same records. Each section is a module in
`causalkit.report.sections` that turns what it is about into the blocks of `causalkit.report.blocks`; the templates
alone know HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery
    from causalkit.core.truth import Truth
    from causalkit.report.leaderboard import Published

__all__ = ["publish_leaderboard", "report_comparison", "report_discovery"]


def publish_leaderboard(
    folders: Sequence[str | Path] | str | Path, site: str | Path, *, metric: str = "auroc", title: str = "Leaderboard"
) -> Published:
    """Write a leaderboard as static pages, or add results to one; see `causalkit.report.leaderboard`."""
    from causalkit.report import leaderboard

    return leaderboard.publish_leaderboard(folders, site, metric=metric, title=title)


def report_comparison(folder: str | Path, path: str | Path) -> Path:
    """Write the report of a comparison.

    Args:
        folder: where ``causalkit compare --out`` put its records.
        path: of the HTML file.

    Returns:
        The path.

    Raises:
        DataError: there is no such folder, or no record in it.
        WrongUsageError: the file cannot be written.
    """
    from causalkit.report.comparison import comparison_page
    from causalkit.report.page import check_html, write
    from causalkit.report.results import Results

    path = check_html(path)
    return write(comparison_page(Results.load(folder)), path)


def report_discovery(discovery: Discovery, path: str | Path, *, truth: Truth | None = None) -> Path:
    """Write the report of a single discovery.

    Args:
        discovery: what was found.
        path: of the HTML file.
        truth: a known graph to compare with.

    Returns:
        The path.

    Raises:
        DataError: the truth names series that the discovery does not have.
        WrongUsageError: the file cannot be written.
    """
    from causalkit.report.page import check_html, write
    from causalkit.report.single import discovery_page

    path = check_html(path)
    return write(discovery_page(discovery, truth), path)
