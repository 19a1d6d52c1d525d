"""Values of columns as codes 0, 1, ... in order of first appearance, and what they say of each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]


def codes_of(frame: Any, columns: Sequence[str]) -> Codes:
    """Return one code for each row (rows,): rows have the same code where the columns have the same values.

    A missing cell is a value like any other.
    """
    import pandas as pd

    codes = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        own, _ = pd.factorize(frame[column], use_na_sentinel=False)
        codes = joined(codes, own)
    return codes


def joined(codes: Codes, others: Codes) -> Codes:
    """Return codes of the pairs."""
    import pandas as pd

    pairs, _ = pd.factorize(codes * (others.max(initial=0) + 1) + others)
    return np.asarray(pairs, dtype=np.int64)


def distinct(codes: Codes) -> int:
    """Return the number of different codes."""
    return int(codes.max(initial=-1)) + 1


def unique(codes: Codes) -> bool:
    """Return whether no two rows have the same code."""
    return distinct(codes) == len(codes)


def determined(codes: Codes, by: Codes) -> bool:
    """Return whether rows with the same code in ``by`` have the same code."""
    return distinct(joined(by, codes)) == distinct(by)


def blocks(codes: Codes) -> int:
    """Return the number of runs of rows with the same code."""
    return int(np.count_nonzero(np.diff(codes))) + 1 if len(codes) else 0


def repeated(codes: Codes) -> tuple[int, int] | None:
    """Return the positions of the first row whose code occurred before, and of the row that had it; None: no row."""
    import pandas as pd

    again = pd.Series(codes).duplicated().to_numpy()
    if not again.any():
        return None
    row = int(np.argmax(again))
    return int(np.argmax(codes == codes[row])), row
