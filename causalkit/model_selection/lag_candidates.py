"""Which lags are compared: a number, "auto", or "auto:12"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from causalkit.errors import ParameterError

SHORT, LONG = 5, 12
"""Largest candidate of "auto" in short panels, and in long ones."""
STEPS_A_LAG, STEPS_A_VALUE = 20, 2
"""Time steps that a panel has for each step of that candidate, and for each value of its window."""
STEPS = 4
"""Time steps that a realisation has for each step of a candidate."""
COUNTED = 0.9
"""Share of all time steps that lie in realisations of that length."""
EVERY = 20
"""Up to here, every lag is a candidate; beyond, one in ten percent is."""


def _up_to(lag: Any) -> str:
    """Return ``auto:12`` as it is, for pydantic.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(lag, str) or not re.fullmatch(r"auto:0{0,9}[1-9]\d{0,8}", lag):
        raise ValueError("'auto:12' for lags up to 12")
    return lag


AutoUpTo = Annotated[str, BeforeValidator(_up_to), Field(title="auto:MAX")]
Lag = int | Literal["auto"] | AutoUpTo
"""K; "auto": by `choose_lag`, anew in every fit, with lags up to `default_largest`; "auto:12": with lags up to 12."""


def long_enough(lag: int, lengths: Sequence[int]) -> bool:
    """Do nearly all time steps lie in realisations that are several times as long as the lag?"""
    return sum(length for length in lengths if length >= STEPS * lag) >= COUNTED * sum(lengths)


def default_largest(lengths: Sequence[int], series: int) -> int:
    """Return the largest candidate of "auto" for a number of series and realisations of these lengths.

    A panel of T time steps and P series has T / 20 of them and at most T / 2P, as far as its realisations are
    `long_enough`; from 5 to 12. With fewer steps, more candidates make worse choices: all of them are compared on the
    windows that the largest leaves.
    """
    steps = sum(lengths)
    largest = min(LONG, steps // STEPS_A_LAG, steps // (STEPS_A_VALUE * series))
    return next((lag for lag in range(largest, SHORT, -1) if long_enough(lag, lengths)), SHORT)


def candidates_of(lag: str, lengths: Sequence[int], series: int) -> tuple[int, ...]:
    """Return the candidates of "auto" or "auto:12" for a number of series and realisations of these lengths."""
    largest = int(lag.partition(":")[2] or default_largest(lengths, series))
    found = [1]
    while found[-1] < largest:
        found.append(min(largest, found[-1] + max(1, found[-1] // 10 if found[-1] >= EVERY else 1)))
    return tuple(found)


def open_lag(candidates: Sequence[float]) -> str:
    """Return "auto:12", whichever has these candidates, so that a fit to other data has the same ones."""
    return f"auto:{int(max(candidates))}"


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
