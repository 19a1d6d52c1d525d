"""A result as a data set of xarray."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from causalkit.core.discovery import Discovery
from causalkit.errors import WrongUsageError

if TYPE_CHECKING:
    import xarray as xr

BY_LAG = ("scores", "p_values", "standard_errors", "selected")


def to_xarray(discovery: Discovery) -> xr.Dataset:
    """Return all arrays of a result with names; see `causalkit.Discovery.to_xarray`."""
    try:
        xarray: Any = importlib.import_module("xarray")
    except ImportError as error:
        raise WrongUsageError("xarray is not installed", "run: pip install xarray") from error
    lagged, pair = ("cause", "effect", "lag"), ("cause", "effect")
    arrays: dict[str, Any] = {
        name: (lagged, np.array(values)) for name in BY_LAG if (values := getattr(discovery, name)) is not None
    }
    if discovery.joint_p_values is not None:
        arrays["joint_p_values"] = (pair, np.array(discovery.joint_p_values))
    if (effects := discovery.effects) is not None:
        arrays["effects"] = (lagged, np.array(effects.mean), {"units": "standard deviations"})
        arrays["effects_in_units"] = (lagged, np.array(effects.in_units), {"units": "effect for one unit of the cause"})
    if (links := discovery.instantaneous) is not None:
        arrays["same_step_partial_correlations"] = (("series", "other"), np.array(links.partial_correlations))
        arrays["same_step_p_values"] = (("series", "other"), np.array(links.p_values))
    names = list(discovery.names)
    coordinates: dict[str, Any] = {"cause": names, "effect": names, "lag": np.arange(1, discovery.lags + 1)}
    if discovery.instantaneous is not None:
        coordinates |= {"series": names, "other": names}
    facts = {"method": discovery.method, "seed": discovery.seed, "rule": (discovery.selection or {}).get("rule")}
    found: xr.Dataset = xarray.Dataset(
        arrays, coordinates, {name: value for name, value in facts.items() if value not in (None, "")}
    )
    return found
