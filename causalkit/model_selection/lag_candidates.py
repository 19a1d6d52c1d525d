"""Which lags are compared: a number, "auto", or "auto:12"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from causalkit.errors import ParameterError

LARGEST = 5
"""Largest candidate of "auto"."""
CANDIDATES = tuple(range(1, LARGEST + 1))
EVERY = 20
"""Up to here, every lag is a candidate; beyond, one in ten percent is."""


def _up_to(lag: Any) -> str:
    """Return ``auto:12`` as it is, for pydantic.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(lag, str) or not re.fullmatch(r"auto:0*[1-9]\d*", lag):
        raise ValueError("'auto:12' for lags up to 12")
    return lag


AutoUpTo = Annotated[str, BeforeValidator(_up_to), Field(title="auto:MAX")]
Lag = int | Literal["auto"] | AutoUpTo
"""K; "auto": by `choose_lag`, anew in every fit; "auto:12": the same, with lags up to 12."""


def candidates_of(lag: str) -> tuple[int, ...]:
    """Return the candidates of "auto" or "auto:12"."""
    largest = int(lag.partition(":")[2] or LARGEST)
    found = [1]
    while found[-1] < largest:
        found.append(min(largest, found[-1] + max(1, found[-1] // 10 if found[-1] >= EVERY else 1)))
    return tuple(found)


def open_lag(candidates: Sequence[float]) -> str:
    """Return "auto" or "auto:12", whichever has these candidates."""
    largest = int(max(candidates))
    return "auto" if largest == LARGEST else f"auto:{largest}"


def known_lag(lag: Lag) -> int:
    """Return a lag that is a number; `causalkit.discover` chooses it before it builds a method.

    Raises:
        ParameterError: it is "auto", or below 1.
    """
    if isinstance(lag, str):
        raise ParameterError("the lag is not chosen yet", "give a number, or build the method with causalkit.discover")
    if lag < 1:
        raise ParameterError(f"lag={lag} is too small", "a lag is a whole number of time steps, at least 1")
    return lag
