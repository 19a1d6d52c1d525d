"""Strict reader of the MATLAB files in which benchmarks are published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from causalkit.errors import DataError
from causalkit_benchmarks.tables import DAMAGED


def matrices(path: Path, names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Return the named variables of a MATLAB file.

    Raises:
        DataError: the file cannot be read, lacks a variable, or has a variable that is not finite numbers.
    """
    from scipy.io import loadmat

    try:
        content = loadmat(path, variable_names=list(names))
    except Exception as error:  # scipy raises whatever its parser runs into
        raise DataError(f"{path}: not a readable MATLAB file ({' '.join(str(error).split())})", DAMAGED) from error
    found = {}
    for name in names:
        if name not in content:
            raise DataError(f"{path} has no variable {name!r}", DAMAGED)
        values = np.asarray(content[name])
        if values.dtype.kind not in "fiu":
            raise DataError(f"{path}: variable {name!r} has type {values.dtype} instead of numbers", DAMAGED)
        found[name] = values.astype(np.float64)
        wrong = np.argwhere(~np.isfinite(found[name]))
        if len(wrong):
            place = ", ".join(str(index + 1) for index in wrong[0])
            raise DataError(f"{path}: the variable {name!r} has no finite number at ({place})", DAMAGED)
    return found
