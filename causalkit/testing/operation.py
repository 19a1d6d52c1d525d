"""Contract of an operation: ``operation(discovery, ...)``; what it returns is up to its author."""

from __future__ import annotations

from causalkit.plugins.params import signature_of
from causalkit.plugins.records import Operation
from causalkit.plugins.registry import Provided
from causalkit.testing.result import CheckResult, require
from causalkit.testing.subject import checklist_for, provided_of


def check_operation(subject: str | Operation | Provided[Operation], seed: int = 0) -> list[CheckResult]:
    """Check that an operation can be imported and takes an argument.

    Args:
        subject: the name of an installed operation, or its record.
        seed: nothing is drawn.

    Returns:
        One result for each promise.
    """
    provided = provided_of(Operation, subject)
    checklist, loaded = checklist_for(provided)
    if loaded:
        factory = provided.record.load()
        checklist.run("takes an argument", lambda: require(signature_of(factory), "it takes none"))
    return checklist.results
