"""Sphinx configuration: ``sphinx-build -W docs docs/_build/html``."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.errors import ConfigError

import causalkit
import causalkit.core.discovery
import causalkit.evaluation
from causalkit.core.fitted import Fitted
from causalkit.core.refit import Refit

# autodoc resolves annotations while it runs; these are imported for type checkers only, so as not to import torch.
for module in (causalkit.core.discovery, causalkit.evaluation):
    vars(module).update(Fitted=Fitted, Refit=Refit)

project = "causalkit"
author = "The causalkit authors"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx wants this name
release = version = causalkit.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "sphinx_copybutton"]
exclude_patterns = ["_build", "examples/*/README.md"]
html_theme = "furo"
html_title = f"causalkit {release}"
html_static_path = ["_static"]
html_css_files = ["tables.css"]

nb_execution_mode = "auto"  # notebooks are committed without outputs, so each build runs them
nb_execution_raise_on_error = True
nb_execution_timeout = 120  # seconds for a cell
nb_execution_in_temp = True
nb_merge_streams = True

# Notebooks on published data are run where a folder with the files is named. A build downloads nothing.
PUBLISHED = ("notebooks/brain-scans", "notebooks/intensive-care", "notebooks/sos-dna-repair")
if "CAUSALKIT_MIRROR" not in os.environ and Path(os.environ.get("CAUSALKIT_TEST_DATA", "none")).is_dir():
    os.environ["CAUSALKIT_MIRROR"] = str(Path(os.environ["CAUSALKIT_TEST_DATA"]).resolve())
# Not into the cache of whoever builds the pages.
os.environ.setdefault("CAUSALKIT_CACHE", str(Path(tempfile.gettempdir()) / "causalkit-docs-cache"))
SKIPPED = () if "CAUSALKIT_MIRROR" in os.environ else PUBLISHED
if SKIPPED and os.environ.get("CAUSALKIT_REQUIRE_DATA"):
    raise ConfigError("tutorials need published data: set CAUSALKIT_TEST_DATA to their folder, or CAUSALKIT_MIRROR")
nb_execution_excludepatterns = [f"{name}.ipynb" for name in SKIPPED]

# Commands and code can be copied; what programs print cannot.
copybutton_selector = "div:not(.highlight-text):not(.highlight-none):not(.highlight-myst-ansi) > div.highlight > pre"

myst_heading_anchors = 3
myst_enable_extensions = ["dollarmath"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = [("Optional", "params_style")]
default_role = "code"


def say_why_skipped(app: Any, doctree: nodes.document) -> None:
    """Begin the page of a notebook that was not run with the reason."""
    if app.env.docname not in SKIPPED:
        return
    words = (
        "This notebook was not run, because its data were not at hand when this page was built. To see results, set "
        "CAUSALKIT_MIRROR to a folder or an address that has the data, and build again. Jupyter downloads them."
    )
    section = next(iter(doctree.findall(nodes.section)))
    section.insert(1, nodes.note("", nodes.paragraph("", words)))


def list_modules(app: Any, docname: str, source: list[str]) -> None:
    """Add to the page on modules what the page on Python explains, module by module."""
    if docname != "python-by-module":
        return
    explained = Path(app.srcdir, "api.md").read_text(encoding="utf-8")
    names = re.findall(r"^\.\. auto(?:function|class|exception):: ([\w.]+)", explained, re.M)
    for module in sorted({name.rpartition(".")[0] for name in names}):
        contents = importlib.import_module(module)
        source[0] += f"\n## {module}\n\n{first_line(contents)}\n\n| name | |\n|---|---|\n"
        for name in names:
            if name.rpartition(".")[0] == module:
                member = getattr(contents, name.rpartition(".")[2])
                source[0] += f"| {{py:obj}}`~{name}` | {first_line(member)} |\n"


def first_line(documented: object) -> str:
    """Return the first line of a docstring, as text in a table."""
    return (inspect.getdoc(documented) or "").partition("\n")[0].replace("|", "\\|")


def setup(app: Any) -> None:
    """Connect what this file adds to Sphinx."""
    app.connect("doctree-read", say_why_skipped)
    app.connect("source-read", list_modules)
