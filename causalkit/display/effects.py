"""Signs and sizes of edges as text; tables, sentences and reports write them alike."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causalkit.core.effects import Effects
from causalkit.display.formats import MINUS, number

Place = tuple[int, int, int]
"""Cause, effect, lag - 1."""
Sign = Literal["raises", "lowers", "unclear"]
MONOTONE = 0.95
"""Share of windows with one sign from which an effect counts as monotone."""
SWITCHING = 0.75
"""Share of windows with one sign below which an effect counts as switching."""


def signs(effects: Effects) -> NDArray[np.str_]:
    """Return the `Sign` of every edge, (P, P, L): unclear within two standard errors of 0, and where it switches."""
    pairs = effects.pairs
    mean = pairs.of(effects.mean)
    clear = (pairs.of(effects.agreement) > SWITCHING) & (mean != 0)
    if effects.standard_errors is not None:
        clear &= np.abs(mean) > 2 * pairs.of(effects.standard_errors)
    found: NDArray[np.str_] = pairs.array(np.where(clear, np.where(mean > 0, "raises", "lowers"), "unclear"), "unclear")
    return found


def signed(value: float, digits: int = 2) -> str:
    """Return a number with its sign, also a plus: ``+0.31``."""
    if not value:
        return "0"
    return ("+" if value > 0 else MINUS) + number(abs(value), digits)


def size(effects: Effects, place: Place, *, unsigned: bool = False) -> str:
    """Return the mean effect in standard deviations, with its standard error: ``+0.312 ± 0.041``."""
    mean = abs(float(effects.mean[place])) if unsigned else float(effects.mean[place])
    error = 0.0 if effects.standard_errors is None else float(effects.standard_errors[place])
    if not error:
        return number(mean, 2) if unsigned else signed(mean)
    decimals = min(max(1 - math.floor(math.log10(error)), 0), 9)  # two digits of the standard error
    shown = f"{mean:{'' if unsigned else '+'}.{decimals}f}".replace("-", MINUS)
    return f"{shown} ± {error:.{decimals}f}"


def certain_sign(effects: Effects, place: Place) -> bool | None:
    """Is the mean effect more than two standard errors away from 0? None: no standard error is known."""
    if effects.standard_errors is None:
        return None
    return bool(abs(effects.mean[place]) > 2 * effects.standard_errors[place])


def monotone(agreement: float, *, linear: bool) -> str:
    """Return a sentence on the share of windows in which the effect has the sign of its mean."""
    if linear:
        return "The method is linear, so the effect is the same everywhere."
    share = f"{100 * agreement:.0f} % of the windows"
    if agreement >= MONOTONE:
        return f"The effect is monotone: it has this sign in {share}."
    if agreement > SWITCHING:
        return f"The effect mostly has this sign, in {share}."
    return f"The effect switches its sign with the state: it has the sign of its mean in only {share}."


def uncertain(agreement: float) -> str:
    """Return a sentence on an effect whose mean is within two standard errors of 0."""
    words = "The sign is uncertain: 0 is within two standard errors"
    if agreement > SWITCHING:
        return f"{words}."
    return (
        f"{words}. Only {100 * agreement:.0f} % of the windows have it: the effect switches its sign, or there is none."
    )


def explained(effects: Effects | None) -> str:
    """Return a sentence that says what the effects in a table are, without a full stop; "" without any."""
    if effects is None:
        return ""
    words = (
        "effect size is the mean change of the effect in standard deviations, for one standard deviation of the cause"
    )
    if effects.standard_errors is not None:
        words += ", ± its standard error"
    if effects.same_sign is not None:
        words += "; same sign is the share of windows with the sign of that mean; near 0.5 the effect switches its sign"
    return words
