"""The list of checks on one subject, which turns whatever a plugin raises into a result."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path

from causalkit.errors import CausalkitError
from causalkit.testing.result import CheckFailed, CheckResult, DoesNotApply
from causalkit.testing.watching import Watch

Checks = Generator[tuple[str, Callable[[], None]], bool | None, None]
"""Names and bodies of checks; ``yield`` returns whether the check passed, so that a failure can end the list."""


class Checklist:
    """Runs checks on one subject and collects their results.

    Args:
        subject: what is checked, for example ``"method grngc"``.
    """

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.results: list[CheckResult] = []
        self.watch = Watch()

    def run(self, check: str, body: Callable[[], None]) -> bool:
        """Run one check; return whether it passed. Whatever the plugin raises is a failed check."""
        try:
            with self.watch.watching():
                body()
        except DoesNotApply as reason:
            return self._add(check, True, f"does not apply: {reason}")
        except CheckFailed as failure:
            return self._add(check, False, str(failure))
        except (Exception, SystemExit) as error:  # plugins may raise anything
            return self._add(check, False, in_words(error))
        return self._add(check, True, "")

    def run_all(self, checks: Checks) -> None:
        """Run all checks, as far as they are yielded."""
        passed: bool | None = None
        with suppress(StopIteration):
            while True:
                passed = self.run(*checks.send(passed))

    def finish(self) -> list[CheckResult]:
        """Add what all checks of the subject noticed beside their own question; return all results."""
        self._judge("prints nothing on standard output", self.watch.require_silence)
        self._judge("leaves the settings of the process as they were", self.watch.require_settings)
        return self.results

    def _judge(self, check: str, body: Callable[[], None]) -> None:
        try:
            body()
        except CheckFailed as failure:
            self._add(check, False, str(failure))
        else:
            self._add(check, True, "")

    def _add(self, check: str, ok: bool, message: str) -> bool:
        self.results.append(CheckResult(self.subject, check, ok, " ".join(message.split())))
        return ok


def in_words(error: BaseException) -> str:
    """Return an error as one line; the place of one that nobody foresaw helps its author to find it."""
    if isinstance(error, CausalkitError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    hint = "; copy what you change" if "read-only" in str(error) else ""
    return f"{type(error).__name__}: {error}{where}{hint}"
