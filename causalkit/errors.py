"""Every error that a user can cause, each with a hint on what to do next.

Nothing in this module knows the command line; the command line turns these errors into one line on stderr and
the exit code that the class carries.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class CausalkitError(Exception):
    """Base of all errors that a user can cause.

    Args:
        message: what went wrong and where (file, row, column, parameter), one sentence.
        hint: what to do about it, one sentence.
    """

    exit_code = 3

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class WrongUsageError(CausalkitError):
    """The request itself cannot be understood or carried out: an unknown name, a bad parameter, a bad pair."""

    exit_code = 2


class UnknownNameError(WrongUsageError):
    """A name that no plugin contributes."""


class ConflictError(WrongUsageError):
    """A name that more than one plugin contributes."""


class ParameterError(WrongUsageError):
    """A parameter with an unknown key or a value of the wrong type."""


class DataError(CausalkitError):
    """The data cannot be read or cannot be used."""


class NotOfferedError(DataError):
    """Data that are not fetched by themselves: no public address, or nobody vouches for what an address gives."""


class PluginError(CausalkitError):
    """A plugin breaks the contract that `causalkit.plugins.hookspecs` states."""


class TrainingError(CausalkitError):
    """Training cannot go on, for example because the loss is no longer finite."""


class GateFailed(CausalkitError):  # noqa: N818 - an outcome, not a fault
    """A result is worse than the user demanded."""

    exit_code = 1


class Interrupted(CausalkitError):  # noqa: N818 - the user's wish, not a fault
    """The user ended the work."""

    exit_code = 130


def did_you_mean(name: str, known: Iterable[str], *, listed: int = 12) -> str:
    """Return a hint that names the nearest known names, or lists what there is when nothing is near."""
    names = sorted(set(known))
    near = get_close_matches(name, names, n=3, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(near) + "?"
    if not names:
        return "nothing of this kind is installed"
    more = f" and {len(names) - listed} more" if len(names) > listed else ""
    return "known: " + ", ".join(names[:listed]) + more
