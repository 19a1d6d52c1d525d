"""What stays in memory of the records of a comparison: enough for tables, so that ten thousand cells need little."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from causalkit.compare.record import CellRecord

_ALIKE_IN_CELLS = ("method_params", "data_params", "settings")
_ALIKE = ("versions", "sources", "environment")
"""Parts that most records of a comparison have in common."""


class ForTables:
    """Returns records without scores and truth, which their files keep, and holds what several have in common once."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def __call__(self, record: CellRecord) -> CellRecord:
        """Return a record as tables and other formats of a comparison read it."""
        cell = record.cell
        parts = {name: self._once(getattr(cell, name)) for name in _ALIKE_IN_CELLS}
        alike = {name: self._once(getattr(record, name)) for name in _ALIKE}
        return replace(record, cell=replace(cell, **parts), discovery=None, truth=None, **alike)

    def _once(self, part: Mapping[str, Any]) -> Any:
        return self._known.setdefault(json.dumps(part, sort_keys=True), part)
