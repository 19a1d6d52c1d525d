"""Packaged plugins use public names only, and public names are documented."""

import importlib
import re
from pathlib import Path

import pytest

from tests.imported import imported

ROOT = Path(__file__).resolve().parents[1]
PAGES = "".join((ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("api.md", "plugins.md"))
PUBLIC = (
    "causalkit",
    "causalkit.cli.options",
    "causalkit.errors",
    "causalkit.evaluation",
    "causalkit.exchange",
    "causalkit.health",
    "causalkit.io",
    "causalkit.model_selection",
    "causalkit.neural",
    "causalkit.plotting",
    "causalkit.selection",
    "causalkit.testing",
)
SOURCES = {f"{path.parent.name}/{path.name}": path for path in sorted(ROOT.glob("plugins/*/causalkit_*/**/*.py"))}


def exported(package: str) -> set[str]:
    """Return the public names of a package."""
    module = importlib.import_module(package)
    if package == "causalkit.errors":
        return {name for name, value in vars(module).items() if getattr(value, "__module__", "") == package}
    return set(getattr(module, "__all__", ())) - {"__version__"}


def imports(source: str) -> set[str]:
    """Return what a module imports from causalkit as dotted names: at the top, lazily, and for type checkers."""
    return {name for name in imported(source) if name.split(".")[0] == "causalkit"}


def is_public(name: str) -> bool:
    package, _, last = name.rpartition(".")
    return name in PUBLIC or (package in PUBLIC and last in exported(package))


def is_documented(package: str, name: str) -> bool:
    """Return whether a page has the name, as code or with its package."""
    return re.search(rf"({re.escape(package)}\.|`){name}\b", PAGES) is not None


@pytest.mark.parametrize("where", SOURCES)
def test_a_plugin_imports_public_names_only(where):
    hidden = {name for name in imports(SOURCES[where].read_text(encoding="utf-8")) if not is_public(name)}
    assert not hidden


@pytest.mark.parametrize("package", PUBLIC)
def test_public_names_are_documented(package):
    missing = {name for name in exported(package) if not is_documented(package, name)}
    assert not missing


def test_lazy_imports_and_annotations_count():
    source = """
from typing import TYPE_CHECKING
import causalkit.api
from pathlib import Path
if TYPE_CHECKING:
    from causalkit.core.panel import Panel
def lazily():
    from causalkit.plugins.params import merge
    from causalkit import Run, settle
"""
    hidden = {name for name in imports(source) if not is_public(name)}
    assert hidden == {
        "causalkit.api",
        "causalkit.core.panel.Panel",
        "causalkit.plugins.params.merge",
        "causalkit.settle",
    }
    assert "causalkit.Run" in imports(source)
