"""Columns that describe realisations, such as the age of a subject: they are no series."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from causalkit.core.panel import is_constant
from causalkit.display.words import listed
from causalkit.errors import DataError
from causalkit.io.tables.cells import shown


def refuse_descriptions(
    realisations: Sequence[NDArray[np.float64]],
    names: Sequence[str],
    source: str,
    hint: Callable[..., str],
    *,
    identified: bool,
) -> None:
    """Refuse columns that are constant within each of several realisations and differ between them.

    Args:
        realisations: each of shape (T, P).
        names: of the columns, P of them.
        source: of the error.
        hint: turns the name of an option and its values into words.
        identified: are the columns that identify realisations known?

    Raises:
        DataError: naming the columns, with the option that leaves them out.
    """
    long_enough = [values for values in realisations if len(values) > 1]
    if len(long_enough) < 2:
        return
    found = [name for column, name in enumerate(names) if _describes([values[:, column] for values in long_enough])]
    if not found:
        return
    it, is_ = ("it", "is") if len(found) == 1 else ("them", "are")
    way_out = f"a series must vary in time; leave {it} out with {hint('drop', *found)}"
    if not identified and len(found) == 1:
        way_out += f", or, if it identifies realisations, name it with {hint('panel_column', *found)}"
    raise DataError(
        f"{source}: {listed([*map(shown, found)])} {is_} constant within each of {len(long_enough)} realisations",
        way_out,
    )


def _describes(series: Sequence[NDArray[np.float64]]) -> bool:
    """Return whether a column has one value in every realisation, and not the same in all."""
    first = []
    for values in series:
        known = values[~np.isnan(values)]
        if not len(known):
            continue
        if not is_constant(known):
            return False
        first.append(known[0])
    return len(first) > 1 and not is_constant(np.array(first))
