"""Any value as what strict JSON can hold: for configurations, results and listings."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from numbers import Integral
from pathlib import PurePath
from typing import Any


def is_whole(value: object) -> bool:
    """Is it a whole number, of Python or numpy?"""
    return isinstance(value, Integral) and not isinstance(value, bool)


def number_of(value: Any) -> float:
    """Return a plain number, also of what `plain` wrote: whole numbers stay whole, None is NaN, "inf" infinity."""
    if hasattr(value, "item"):  # a number of NumPy or torch
        value = value.item()
    if value is None:
        return math.nan
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    number = float(value)
    return math.nan if math.isnan(number) else number  # one and the same object, so that equal records are equal


def plain(value: Any) -> Any:
    """Return a value made of dictionaries, lists, text and numbers.

    NaN becomes None, infinities "inf" and "-inf", sets sorted lists, pydantic models and data classes dictionaries,
    arrays nested lists, sparse arrays one row for each candidate pair, and what is none of these its text.
    """
    # Arrays and models are known by their methods: this module must not import numpy or pydantic.
    if type(value).__name__ == "SparseArray":
        value = value.values
    if hasattr(value, "model_dump"):
        value = value.model_dump()
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    elif hasattr(value, "tolist"):
        # A sum is finite only if all numbers are; then there is nothing to replace one by one.
        if type(value).__name__ == "ndarray" and value.dtype.kind in "biuf" and math.isfinite(value.sum()):
            return value.tolist()
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.as_posix() if isinstance(value, PurePath) else str(value)
