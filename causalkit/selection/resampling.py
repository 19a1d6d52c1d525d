"""Fit the method of a discovery again, to many panels made of its own, and say how long that takes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel
from causalkit.core.refit import Refit
from causalkit.errors import CausalkitError, DataError, WrongUsageError


def refit_of(discovery: Discovery, rule: str) -> Refit[Discovery]:
    """Return how the discovery's method is fitted again.

    Raises:
        WrongUsageError: it was loaded from a file, or a method was called on its own.
    """
    if discovery.refit is None:
        raise WrongUsageError(
            f"{rule} fits the method again, and this result holds neither the method nor its data",
            f"select where it is computed: causalkit discover ... --select {rule}, or "
            f"causalkit.discover(data, ..., select={rule!r})",
        )
    return discovery.refit


def refitted(
    refit: Refit[Discovery],
    panels: Iterable[Panel],
    count: int,
    *,
    rule: str,
    seeds: Sequence[int] | None = None,
    observers: Iterable[Any] = (),
) -> Iterator[Discovery]:
    """Fit to one panel after the other.

    Observers hear of it as of training: after the first fit ``on_start`` with ``epochs`` (how many fits), ``stage``
    (the rule), ``done`` and ``seconds`` (what all fits will take, by the first one), and ``on_epoch`` after every fit.

    Args:
        refit: the method.
        panels: what to fit to.
        count: how many panels there are.
        rule: name of the rule.
        seeds: one for each fit; default: that of the first fit, for all.
        observers: as of `causalkit.Run`.

    Raises:
        DataError: the method cannot be fitted to one of the panels.
    """
    from causalkit.core.run import Run

    told = Run(observers=list(observers))
    started = time.monotonic()
    for number, panel in enumerate(panels):
        try:
            found = refit(panel, None if seeds is None else seeds[number])
        except CausalkitError as error:
            raise DataError(
                f"{rule}: the method could not be fitted again, to data of {panel.steps} of {refit.panel.steps} steps: "
                f"{error.message}",
                "record more time steps, choose a smaller --lag, or select with another rule, such as top-k:20",
            ) from error
        if number == 0:
            expected = (time.monotonic() - started) * count
            told.start({"epochs": count, "done": 1, "stage": rule, "seconds": expected})
        told.epoch(number + 1, {})
        yield found
