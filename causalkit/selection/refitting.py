"""Fit the method of a discovery again, to panels that a selection rule makes of its data."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel
from causalkit.core.refit import Refit
from causalkit.core.run import Run
from causalkit.errors import CausalkitError, DataError, ways_out


def refitted(
    refit: Refit[Discovery],
    panels: Iterable[Panel],
    count: int,
    *,
    rule: str,
    seeds: Sequence[int] | None = None,
    observers: Iterable[Any] = (),
) -> Iterator[Discovery]:
    """Fit the method to one panel after the other, and yield each discovery.

    Observers are notified as in training: after the first fit by ``on_start`` with ``epochs`` (number of fits),
    ``stage`` (the rule), ``done`` and ``seconds`` (the time for all fits, estimated from the first one); after every
    fit by ``on_epoch`` with its number and no losses.

    Args:
        refit: of the discovery whose edges are selected. ``refit.panel`` and ``refit.run`` are those of its fit.
        panels: one for each fit, with the same series as ``refit.panel``.
        count: number of panels.
        rule: name of the rule.
        seeds: one for each fit; default: the seed of the first fit for all.
        observers: as in `causalkit.Run`.

    Raises:
        DataError: the method cannot be fitted to one of the panels.
    """
    run = Run(observers=list(observers))
    started = time.monotonic()
    for number, panel in enumerate(panels):
        try:
            found = refit(panel, None if seeds is None else seeds[number])
        except CausalkitError as error:
            lag = known if isinstance(known := getattr(refit.method, "lag", None), int) else refit.panel.steps
            raise DataError(
                f"{rule}: the method could not be fitted again, to {panel.steps} of {refit.panel.steps} steps: "
                f"{error.message}",
                "record more time steps, or " + ways_out(lag, "select with another rule, such as top-k:20"),
            ) from error
        if number == 0:
            seconds = (time.monotonic() - started) * count
            run.start({"epochs": count, "done": 1, "stage": rule, "seconds": seconds})
        run.epoch(number + 1, {})
        yield found
