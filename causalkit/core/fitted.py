"""What a neural method leaves in memory beside its scores: the trained network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from causalkit.core.panel import Panel
from causalkit.core.run import Run

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained forecaster, as `causalkit.Discovery.fitted`. It lives as long as its process and is never saved.

    Attributes:
        model: the network (B, K, P) -> (B, P), in evaluation mode.
        lag: K.
        panel: what it learned from, in its units; ``panel.names`` is the order of the network's series.
        method: the object whose ``fit(panel, run)`` trained it.
        run: of the training, without observers and checkpoint.
        held_away: members of an ensemble before they learned from all windows, each held away from another block; ()
            where there are none.
    """

    model: nn.Module
    lag: int
    panel: Panel
    method: Any
    run: Run
    held_away: tuple[nn.Module, ...] = ()
