"""Several options in one decorator, in the order in which the help lists them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def added(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Return a decorator that adds all of these options to a command."""

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add
