"""Sphinx configuration: ``sphinx-build -W docs docs/_build/html``."""

from __future__ import annotations

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

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
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
