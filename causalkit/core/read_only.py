"""Read-only arrays: what plugins and users are handed cannot be changed by accident for everybody else."""

from __future__ import annotations

from typing import Any

import numpy as np


def read_only(array: Any) -> Any:
    """Return a view of an array that refuses writing; no data are copied. None and other values stay as they are.

    The array itself keeps its flags, so that an array of the caller stays writeable.
    """
    if not isinstance(array, np.ndarray):
        return array
    view = array.view()
    view.flags.writeable = False
    return view


def make_read_only(record: Any, *names: str) -> None:
    """Replace arrays of a frozen data class by read-only views; called at the end of its ``__post_init__``.

    Args:
        record: the data class.
        names: of its fields; each an array, a tuple of arrays, or None.
    """
    for name in names:
        value = getattr(record, name)
        protected = tuple(map(read_only, value)) if isinstance(value, tuple) else read_only(value)
        object.__setattr__(record, name, protected)
