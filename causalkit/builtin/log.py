"""An observer that reports a run to the logger ``causalkit`` of Python's `logging`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from causalkit.display.formats import duration, number

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery

LOGGER = logging.getLogger("causalkit")


class LogObserver:
    """Reports stages, choices, notes and the result at level INFO, every epoch at level DEBUG."""

    def on_start(self, info: Mapping[str, Any]) -> None:
        """Report that a stage of training, or the fits of a rule, begin."""
        LOGGER.info("%s: up to %d epochs", info.get("stage", "train"), info["epochs"])

    def on_epoch(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Report the losses."""
        if LOGGER.isEnabledFor(logging.DEBUG):
            LOGGER.debug("epoch %d: %s", epoch, ", ".join(f"{name} {number(one, 4)}" for name, one in losses.items()))

    def on_scores(self, discovery: Discovery) -> None:
        """Report that edges are selected next."""
        LOGGER.info("scores of %d series, lag %d", len(discovery.names), discovery.lags)

    def on_end(self, discovery: Discovery) -> None:
        """Report choices, notes and the result."""
        for choice in discovery.choices:
            if not choice.within:
                LOGGER.info("%s", choice.sentence())
        for note in (*discovery.notes, *map(str, (discovery.selection or {}).get("notes", ()))):
            LOGGER.info("%s", note)
        chosen = ""
        if discovery.selected is not None:
            rule = (discovery.selection or {}).get("rule", "the method")
            chosen = f", {int(discovery.pairs.of(discovery.selected).sum())} edges selected by {rule}"
        LOGGER.info("%s finished in %s%s", discovery.method, duration(discovery.seconds), chosen)
