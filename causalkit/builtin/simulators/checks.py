"""Checks of simulator parameters: every complaint names the parameter and says what it may be."""

from __future__ import annotations

import math

from causalkit.errors import ParameterError


def check_count(name: str, value: int, least: int) -> None:
    """Refuse anything but a whole number of at least ``least``.

    Raises:
        ParameterError: naming the parameter.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ParameterError(f"{name}={value!r} is not a whole number", f"give {least} or more")
    if value < least:
        raise ParameterError(f"{name}={value} is too small", f"give {least} or more")


def check_number(
    name: str, value: float, least: float = -math.inf, most: float = math.inf, above: bool = False
) -> None:
    """Refuse anything but a finite number between ``least`` and ``most``.

    Args:
        name: of the parameter.
        value: to check.
        least: smallest number allowed.
        most: largest number allowed.
        above: is ``least`` itself forbidden?

    Raises:
        ParameterError: naming the parameter.
    """
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ParameterError(f"{name}={value!r} is not a finite number", _range(least, most, above))
    if value < least or value > most or (above and value == least):
        raise ParameterError(f"{name}={value:g} is out of range", _range(least, most, above))


def _range(least: float, most: float, above: bool) -> str:
    low = "" if least == -math.inf else f"{'greater than' if above else 'at least'} {least:g}"
    high = "" if most == math.inf else f"at most {most:g}"
    return "give a number" + (" that is " + " and ".join(part for part in (low, high) if part) if low or high else "")
