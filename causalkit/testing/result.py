"""What a contract check returns, and how it fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


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


def assert_ok(results: Iterable[CheckResult]) -> None:
    """Raise an AssertionError that lists every failed check; no results at all are a failure too."""
    listed = list(results)
    failed = [str(result) for result in listed if not result.ok]
    if failed:
        raise AssertionError(f"{len(failed)} of {len(listed)} contract checks failed:\n" + "\n".join(failed))
    if not listed:
        raise AssertionError("nothing was checked: the plugin contributes nothing")
