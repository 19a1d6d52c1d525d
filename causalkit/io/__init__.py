"""Files in and out: panels, truths and discoveries.

Everything here is imported when it is first used, so that ``import causalkit.io`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from causalkit.core.plain import plain as plain
    from causalkit.io.atomic import atomic_path as atomic_path
    from causalkit.io.atomic import check_writable as check_writable
    from causalkit.io.background import read_interventions as read_interventions
    from causalkit.io.background import read_regulators as read_regulators
    from causalkit.io.options import ReadOptions as ReadOptions
    from causalkit.io.overwriting import check_overwrites as check_overwrites
    from causalkit.io.panels.reading import read as read
    from causalkit.io.panels.writing import write_panel as write_panel
    from causalkit.io.results.loading import load as load
    from causalkit.io.results.writing import write as write
    from causalkit.io.results.writing import writer_for as writer_for
    from causalkit.io.time.resampling import on_equal_grid as on_equal_grid
    from causalkit.io.truths.reading import read_truth as read_truth
    from causalkit.io.truths.writing import write_truth as write_truth

_LAZY = {
    "ReadOptions": "causalkit.io.options",
    "atomic_path": "causalkit.io.atomic",
    "check_overwrites": "causalkit.io.overwriting",
    "check_writable": "causalkit.io.atomic",
    "load": "causalkit.io.results.loading",
    "on_equal_grid": "causalkit.io.time.resampling",
    "plain": "causalkit.core.plain",
    "read": "causalkit.io.panels.reading",
    "read_interventions": "causalkit.io.background",
    "read_regulators": "causalkit.io.background",
    "read_truth": "causalkit.io.truths.reading",
    "write": "causalkit.io.results.writing",
    "write_panel": "causalkit.io.panels.writing",
    "write_truth": "causalkit.io.truths.writing",
    "writer_for": "causalkit.io.results.writing",
}
__all__ = list(_LAZY)


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'causalkit.io' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
