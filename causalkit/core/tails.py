"""Upper tails of distributions, for p-values.

They are those of scipy. The import of ``scipy.stats`` takes as long as a short fit, that of these functions a tenth.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]


def t_tail(t: ArrayLike, freedom: ArrayLike) -> Array:
    """Return P(T > t) of Student's t distribution."""
    return cast(Array, special.stdtr(freedom, -np.asarray(t)))


def f_tail(statistic: ArrayLike, numerator: ArrayLike, denominator: ArrayLike) -> Array:
    """Return P(F > f), with the degrees of freedom of numerator and denominator."""
    return cast(Array, special.fdtrc(numerator, denominator, statistic))


def chi_square_tail(statistic: ArrayLike, freedom: ArrayLike) -> Array:
    """Return P(X² > x)."""
    return cast(Array, special.chdtrc(freedom, statistic))


def kolmogorov_tail(statistic: ArrayLike) -> Array:
    """Return P(K > k) of the limit distribution of Kolmogorov's statistic."""
    return cast(Array, special.kolmogorov(statistic))


def normal_quantile(probability: ArrayLike) -> Array:
    """Return the quantile of the standard normal distribution."""
    return cast(Array, special.ndtri(probability))
