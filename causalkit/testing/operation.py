"""Contract of an operation: ``operation(discovery, ...)``; what it returns is up to its author."""

from __future__ import annotations

from causalkit.plugins.params import signature_of
from causalkit.plugins.records import Operation
from causalkit.plugins.registry import Provided
from causalkit.testing.checklist import Checks
from causalkit.testing.result import CheckResult, require
from causalkit.testing.subject import checked


def check_operation(subject: str | Operation | Provided[Operation], seed: int = 0) -> list[CheckResult]:
    """Check that an operation can be imported and takes an argument.

    Args:
        subject: the name of an installed operation, or its record.
        seed: nothing is drawn.

    Returns:
        One result for each promise.
    """
    return checked(Operation, subject, _checks)


def _checks(provided: Provided[Operation]) -> Checks:
    yield "takes an argument", lambda: require(signature_of(provided.record.load()), "it takes none")
