"""Every error that a user can cause, each with a hint on what to do next.

The command line prints such an error as one line on stderr, with its guide below, and exits with the exit code of its
class.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

_ORDINARY = 400
"""Characters of a message that is never cut."""
_LONGEST = 600
_NAME = 100
_QUOTED = re.compile(r"""'[^']{61,}'|"[^"]{61,}"|[^\s/\\]{121,}""")
"""Long quotations, and words that are longer than any name should be; the parts of a path are words."""


def brief(text: str) -> str:
    """Return a message without long pieces of a file or of what was typed: a name may have a thousand characters.

    Args:
        text: one sentence.

    Returns:
        At most 600 characters; quotations and words that are longer than names are cut first.
    """
    if len(text) <= _ORDINARY:
        return text
    text = _QUOTED.sub(lambda found: found[0] if len(found[0]) < 64 else f"{found[0][:57]}...{found[0][-1:]}", text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


class CausalkitError(Exception):
    """Base of all errors that a user can cause.

    Args:
        message: what went wrong and where (file, row, column, parameter), one sentence. Long quotations of a file are
            cut.
        hint: what to do about it, one sentence.
        guide: what must be known to do it, lines of text, where one sentence is not enough.
    """

    exit_code = 3

    def __init__(self, message: str, hint: str = "", guide: str = "") -> None:
        message = brief(message)
        super().__init__(message)
        self.message = message
        self.hint = brief(hint)
        self.guide = guide

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class WrongUsageError(CausalkitError):
    """The request cannot be understood or carried out: an unknown name, a bad parameter, parts that do not fit."""

    exit_code = 2


class UnknownNameError(WrongUsageError):
    """A name that no plugin provides."""


class ConflictError(WrongUsageError):
    """A name that more than one plugin provides."""


class ParameterError(WrongUsageError):
    """A parameter with an unknown key or a value of the wrong type."""


class DataError(CausalkitError):
    """The data cannot be read or cannot be used."""


class WriteError(DataError):
    """A file cannot be written: the disk is full, or the system refuses."""


class EstimatorDataError(DataError, ValueError):
    """Data that `causalkit.CausalDiscovery` cannot use; a ValueError too, as scikit-learn expects."""


class EstimatorUsageError(WrongUsageError, ValueError):
    """A parameter that `causalkit.CausalDiscovery` does not accept; a ValueError too, as scikit-learn expects."""


class NotOfferedError(DataError):
    """Data that are not downloaded automatically: there is no public address, or the download cannot be verified."""


class PluginError(CausalkitError):
    """A plugin breaks the contract that `causalkit.plugins.hookspecs` states."""


class TrainingError(CausalkitError):
    """Training cannot continue, for example because the loss is not finite."""


class GateFailed(CausalkitError):  # noqa: N818 - an outcome, not a fault
    """A result does not reach a threshold that the user set."""

    exit_code = 1


class Interrupted(CausalkitError):  # noqa: N818 - requested, not a fault
    """The user interrupted the work."""

    exit_code = 130


def did_you_mean(name: str, known: Iterable[str], *, listed: int = 12) -> str:
    """Return a hint with the most similar known names, or with all of them when none is similar."""
    # Similarity takes quadratic time in the lengths, and nobody types longer names than this.
    name, *known = (one if len(one) <= _NAME else f"{one[: _NAME - 3]}..." for one in (name, *known))
    names = sorted(set(known))
    near = get_close_matches(name, names, n=3, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(near) + "?"
    if not names:
        return "nothing of this kind is installed"
    listed = len(names) if len(names) <= listed + 2 else listed  # "and 1 more" is no shorter than the name
    more = f" and {len(names) - listed} more" if len(names) > listed else ""
    return "known: " + ", ".join(names[:listed]) + more


def ways_out(lag: int, *others: str) -> str:
    """Return what to do where a lag leaves too few windows: choose a smaller one, where there is one, or others."""
    smaller = {1: [], 2: ["choose lag 1"]}.get(lag, ["choose a smaller lag"])
    return ", or ".join([*smaller, *others])
