"""Find what is to be checked and build it with its ``test_params``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from causalkit.plugins.params import Tree, nest, resolve
from causalkit.plugins.records import Contribution
from causalkit.plugins.registry import Plugin, Provided, registry
from causalkit.testing.checklist import Checklist

R = TypeVar("R", bound=Contribution)

UNREGISTERED = Plugin(name="unregistered", distribution="unregistered", version="0")


def provided_of(kind: type[R], subject: str | R | Provided[R]) -> Provided[R]:
    """Return a contribution by name, or wrap a record that no installed plugin needs to know.

    Raises:
        UnknownNameError, ConflictError: the name resolves to nothing, or to several.
    """
    if isinstance(subject, str):
        return registry().get(kind, subject)
    if isinstance(subject, Provided):
        return subject
    return Provided(subject, UNREGISTERED)


def checklist_for(provided: Provided[Any]) -> tuple[Checklist, bool]:
    """Return a checklist with the two checks that every contribution shares, and whether it could be loaded."""
    record = provided.record
    checklist = Checklist(f"{record.noun} {record.name}")
    checklist.run("name belongs to it alone", lambda: _resolves(provided))
    return checklist, checklist.run("can be imported", lambda: _loads(record))


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
