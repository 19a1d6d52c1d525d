"""What conversions share: which cells are edges, signed values, names, and a discovery of foreign arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.core.effects import Effects
from causalkit.core.panel import Panel, check_names
from causalkit.errors import DataError, WrongUsageError

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def edges_of(discovery: Discovery) -> Mask:
    """Return where there is an edge [cause, effect, lag - 1]: a selected one, or one with a score above 0."""
    if discovery.selected is not None:
        return np.asarray(discovery.selected)
    found: Mask = np.asarray(discovery.scores) > 0
    return found


def signed(discovery: Discovery, units: Literal["standard", "data"]) -> Array:
    """Return effects with their signs [cause, effect, lag - 1], or scores where the method knows no effects.

    Args:
        discovery: the result.
        units: "standard": standard deviations, "data": units of the data.
    """
    effects = discovery.effects
    if effects is None:
        return np.asarray(discovery.scores)
    return np.asarray(effects.mean if units == "standard" else effects.in_units)


def discovery_of(
    package: str,
    coefficients: Any,
    *,
    names: Sequence[str] | None,
    data: Any = None,
    coefficients_are_effects: bool = True,
    **known: Any,
) -> Discovery:
    """Return a discovery of the values [cause, effect, lag - 1] of another package; scores are their sizes.

    Args:
        package: its name.
        coefficients: shape (P, P, L).
        names: of the series; default: those of the data, else "0", "1", ...
        data: what the package learned from, in its units, so that signs and sizes of coefficients can be kept.
        coefficients_are_effects: are they coefficients in units of the data?
        known: other attributes of the discovery.

    Raises:
        DataError: values are not finite, names repeat, or names or data are of another number of series.
    """
    values = np.asarray(coefficients, dtype=np.float64)
    if not np.isfinite(values).all():
        raise DataError(f"the result of {package} has values that are not finite", "check the data it was given")
    series = len(values)
    panel = None if data is None else Panel.of(data, names=names)
    given = panel.names if panel is not None else tuple(map(str, range(series) if names is None else names))
    check_names(given, f"result of {package}")
    if len(given) != series:
        raise DataError(
            f"the result of {package} is of {series} series, and {'data' if panel else 'names'} of {len(given)}",
            "name the series in the order of the columns that it was given",
        )
    effects = None
    notes = [f"converted from a result of {package}"]
    if coefficients_are_effects and panel is not None:
        effects = Effects.of(panel, values)
    elif (values < 0).any():
        notes.append("scores are sizes; signs are in the result of the other package")
    return Discovery(
        names=given,
        scores=np.abs(values),
        effects=effects,
        method=package,
        data={} if panel is None else panel.describe(),
        notes=tuple(notes),
        **known,
    )


def array_of(package: str, values: Any, what: str) -> Array:
    """Return numbers as an array.

    Raises:
        WrongUsageError: they are none.
    """
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise WrongUsageError(f"{type(values).__name__} is no result of {package}", f"give {what}") from error
