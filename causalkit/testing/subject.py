"""Find what is to be checked and build it with its ``test_params``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from causalkit.plugins.params import Tree, nest, resolve
from causalkit.plugins.records import Contribution
from causalkit.plugins.registry import Plugin, Provided, registry
from causalkit.testing.checklist import Checklist, Checks
from causalkit.testing.randomness import kept_randomness
from causalkit.testing.result import CheckResult

R = TypeVar("R", bound=Contribution)

UNREGISTERED = Plugin(name="unregistered", distribution="unregistered", version="0")


@kept_randomness()
def checked(
    kind: type[R], subject: str | R | Provided[R], checks: Callable[[Provided[R]], Checks]
) -> list[CheckResult]:
    """Return the results of the checks that every contribution shares, and of its own if it could be imported.

    Args:
        kind: of the contribution.
        subject: its name, or a record that no installed plugin needs to know.
        checks: starts the checks of this kind.

    Raises:
        UnknownNameError, ConflictError: the name resolves to nothing, or to several.
    """
    provided = _provided(kind, subject)
    record = provided.record
    checklist = Checklist(f"{record.noun} {record.name}")
    checklist.run("name belongs to it alone", lambda: _resolves(provided))
    if checklist.run("can be imported", lambda: _loads(record)):
        checklist.run_all(checks(provided))
    return checklist.finish()


def _provided(kind: type[R], subject: str | R | Provided[R]) -> Provided[R]:
    if isinstance(subject, str):
        return registry().get(kind, subject)
    return subject if isinstance(subject, Provided) else Provided(subject, UNREGISTERED)


def arguments_of(record: Contribution, supplied: Iterable[str] = (), prefix: str = "") -> Tree:
    """Return checked keyword arguments for a factory: its defaults and ``test_params``.

    Raises:
        ParameterError: ``test_params`` name what the factory does not know.
    """
    what = f"{record.noun} {record.name}"
    return resolve(record.load(), nest(record.test_params), what=what, prefix=prefix, supplied=supplied)


def _resolves(provided: Provided[Any]) -> None:
    """Ask the registry as users do; a name that two plugins share raises here."""
    if provided.plugin is not UNREGISTERED:
        registry().get(type(provided.record), provided.record.name)


def _loads(record: Contribution) -> None:
    record.load()
