"""A result as one matrix with the names of the series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.errors import WrongUsageError, did_you_mean
from causalkit.exchange.values import edges_of

if TYPE_CHECKING:
    import pandas as pd

VALUES = ("edges", "score", "lag", "p_value", "effect")


def adjacency(discovery: Discovery, values: str = "edges") -> pd.DataFrame:
    """Return a matrix: rows are causes, columns are effects; see `causalkit.Discovery.adjacency`."""
    import pandas as pd

    if values not in VALUES:
        raise WrongUsageError(f"there is no matrix of {values!r}", did_you_mean(str(values), VALUES))
    edges = edges_of(discovery)
    among = np.where(edges, np.asarray(discovery.scores), -1.0)
    lag = among.argmax(axis=2)  # of the strongest edge of a pair, which need not have the largest score
    matrix: NDArray[Any]
    if values == "edges":
        matrix = np.asarray(edges.any(axis=2))
    elif values == "score":
        matrix = np.asarray(discovery.pair_scores)
    elif values == "lag":
        matrix = np.where(edges.any(axis=2), lag + 1, 0)
    elif values == "p_value":
        if discovery.pair_p_values is None:
            raise WrongUsageError(f"{discovery.method or 'the method'} has no p-values", 'choose "score" or "edges"')
        matrix = np.asarray(discovery.pair_p_values)
    else:
        if discovery.effects is None:
            raise WrongUsageError(f"{discovery.method or 'the method'} gives no effects", 'choose "score" or "edges"')
        place = np.where(edges.any(axis=2), lag, np.asarray(discovery.pair_lags) - 1)
        matrix = np.take_along_axis(np.asarray(discovery.effects.mean), place[:, :, None], axis=2)[:, :, 0]
    names = list(discovery.names)
    return pd.DataFrame(matrix, index=pd.Index(names, name="cause"), columns=pd.Index(names, name="effect"))
