"""Head-to-head: methods x data sets x seeds, as records that can be trusted, resumed, tested and gated.

Everything here is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from causalkit.compare.engine import run_grid
    from causalkit.compare.merge import merge_folders
    from causalkit.compare.record import Cell, CellRecord
    from causalkit.compare.store import load_records

_LAZY = {
    "Cell": "causalkit.compare.record",
    "CellRecord": "causalkit.compare.record",
    "load_records": "causalkit.compare.store",
    "merge_folders": "causalkit.compare.merge",
    "run_grid": "causalkit.compare.engine",
}

__all__ = ["Cell", "CellRecord", "load_records", "merge_folders", "run_grid"]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'causalkit.compare' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
