"""The environment of all templates of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def environment() -> Environment:
    """Return a jinja2 environment that escapes text and refuses unknown names."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("causalkit.report", "templates"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
