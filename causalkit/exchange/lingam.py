"""Results of lingam's VARLiNGAM: matrices [lag, effect, cause] that begin with lag 0, the same step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.errors import WrongUsageError
from causalkit.exchange.values import array_of, discovery_of, edges_of, signed


def to_lingam(discovery: Discovery) -> NDArray[np.float64]:
    """Return a result as ``VARLiNGAM.adjacency_matrices_`` has it.

    Returns:
        Shape (L + 1, P, P), ``[lag, effect, cause]``. Effects with their signs in units of the data, or scores where
        the method knows no effects; 0 where there is no edge, and throughout at lag 0.
    """
    lagged = np.where(edges_of(discovery), signed(discovery, "data"), 0.0).transpose(2, 1, 0)
    found: NDArray[np.float64] = np.concatenate([np.zeros((1, *lagged.shape[1:])), lagged])
    return found


def from_lingam(model: Any, *, names: Sequence[str] | None = None, data: Any = None) -> Discovery:
    """Return a fitted VARLiNGAM or VARMALiNGAM as a discovery.

    Coefficients other than 0 become selected edges. Those within one step are no Granger causes; their sizes are kept
    as ``data["contemporaneous"][cause][effect]``.

    Args:
        model: the fitted model, or its ``adjacency_matrices_``, (L + 1, P, P).
        names: of the series.
        data: what the model was fitted to, so that signs and sizes of effects are kept.

    Raises:
        WrongUsageError: this is no such model, or it has no lags.
        DataError: values are not finite, or names or data are of another number of series.
    """
    matrices = getattr(model, "adjacency_matrices_", model)
    if hasattr(model, "adjacency_matrix_"):
        raise WrongUsageError(
            f"{type(model).__name__} has effects within one step only, and no lags", "fit lingam.VARLiNGAM"
        )
    if isinstance(matrices, tuple) and len(matrices) == 2:  # of VARMALiNGAM, which also has those of past noise
        matrices = matrices[0]
    values = array_of("lingam", matrices, "a fitted VARLiNGAM or its adjacency_matrices_")
    if values.ndim != 3 or values.shape[1] != values.shape[2] or len(values) < 2:
        raise WrongUsageError(
            f"the adjacency matrices have the shape {values.shape}",
            "give (lag, effect, cause) with lags from 0 to at least 1",
        )
    by_cause = values.transpose(2, 1, 0)
    found = discovery_of(
        "lingam",
        by_cause[:, :, 1:],
        names=names,
        data=data,
        selected=by_cause[:, :, 1:] != 0,
        selection={"rule": "coefficients other than 0"},
    )
    present = np.abs(by_cause[:, :, 0])
    return replace(found, data={**found.data, "contemporaneous": present.tolist()}) if present.any() else found
