"""What a contract check returns, and the list that turns whatever a plugin raises into a result."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from causalkit.errors import CausalkitError


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check.

    Attributes:
        subject: what was checked, for example ``"method grngc"``.
        check: the promise that it should keep, in words.
        ok: is the promise kept?
        message: what is wrong; or why the check does not apply, in which case ``ok`` is true.
    """

    subject: str
    check: str
    ok: bool
    message: str = ""

    def __str__(self) -> str:
        said = f": {self.message}" if self.message else ""
        return f"{'ok' if self.ok else 'FAILED'} {self.subject}: {self.check}{said}"


class CheckFailed(Exception):  # noqa: N818 - an outcome, not a fault of the check
    """A promise is broken; the message says how."""


class DoesNotApply(Exception):  # noqa: N818 - an outcome, not a fault
    """A check has nothing to look at; the message says why, so that nothing is skipped silently."""


def require(kept: object, message: str) -> None:
    """Fail the check unless the promise is kept."""
    if not kept:
        raise CheckFailed(message)


class Checklist:
    """Runs checks on one subject and collects their results.

    Args:
        subject: what is checked, for example ``"method grngc"``.
    """

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.results: list[CheckResult] = []

    def run(self, check: str, body: Callable[[], None]) -> bool:
        """Run one check; return whether it passed. Whatever the plugin raises is a failed check."""
        try:
            body()
        except DoesNotApply as reason:
            return self._add(check, True, f"does not apply: {reason}")
        except CheckFailed as failure:
            return self._add(check, False, str(failure))
        except (Exception, SystemExit) as error:  # plugins may raise anything
            return self._add(check, False, in_words(error))
        return self._add(check, True, "")

    def _add(self, check: str, ok: bool, message: str) -> bool:
        self.results.append(CheckResult(self.subject, check, ok, " ".join(message.split())))
        return ok


def in_words(error: BaseException) -> str:
    """Return an error as one line; the place of one that nobody foresaw helps its author to find it."""
    if isinstance(error, CausalkitError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"


def assert_ok(results: Iterable[CheckResult]) -> None:
    """Raise an AssertionError that lists every failed check; no results at all are a failure too."""
    listed = list(results)
    failed = [str(result) for result in listed if not result.ok]
    if failed:
        raise AssertionError(f"{len(failed)} of {len(listed)} contract checks failed:\n" + "\n".join(failed))
    if not listed:
        raise AssertionError("nothing was checked: the plugin contributes nothing")
