"""Modules that have moved: their former names still import, with a deprecation warning, until causalkit 2."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {
    "causalkit.choices": "causalkit.core.choice",
    "causalkit.cli.progress": "causalkit.display.progress",
    "causalkit.contributions": "causalkit.plugins.records",
    "causalkit.describe": "causalkit.display.discovery",
    "causalkit.discovery": "causalkit.core.discovery",
    "causalkit.hookspecs": "causalkit.plugins.hookspecs",
    "causalkit.interventions": "causalkit.core.interventions",
    "causalkit.knowledge": "causalkit.core.knowledge",
    "causalkit.neural.fitted": "causalkit.core.fitted",
    "causalkit.neural.holdout": "causalkit.model_selection.splits",
    "causalkit.neural.jacobian": "causalkit.neural.modules.jacobian",
    "causalkit.neural.protocols": "causalkit.neural.interfaces",
    "causalkit.panel": "causalkit.core.panel",
    "causalkit.params": "causalkit.plugins.params",
    "causalkit.plain": "causalkit.core.plain",
    "causalkit.preparation": "causalkit.core.preparation",
    "causalkit.refit": "causalkit.core.refit",
    "causalkit.registry": "causalkit.plugins.registry",
    "causalkit.run": "causalkit.core.run",
    "causalkit.selection.lag": "causalkit.model_selection.lag",
    "causalkit.truth": "causalkit.core.truth",
}


class Moved(MetaPathFinder, Loader):
    """Finds a module under its former name, and returns the very module that has the new one."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Answer for former names only."""
        return ModuleSpec(fullname, self) if fullname in MOVED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Import the module under its new name, and say where it is."""
        new = MOVED[spec.name]
        message = f"{spec.name} has moved to {new}; import public names from causalkit itself"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        module = importlib.import_module(new)
        self._own = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module as it is: it ran when it was imported under its new name."""
        module.__spec__ = self._own


def install() -> None:
    """Answer for former names in this process."""
    if not any(isinstance(finder, Moved) for finder in sys.meta_path):
        sys.meta_path.append(Moved())
