"""What a neural method leaves in memory beside its scores: the network, and what is needed to train it again."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from causalkit.knowledge import respected
from causalkit.panel import Panel
from causalkit.run import Run

if TYPE_CHECKING:
    from torch import nn

    from causalkit.discovery import Discovery


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained forecaster, as `causalkit.Discovery.fitted`. It lives as long as its process and is never saved.

    Attributes:
        model: the network (B, K, P) -> (B, P), in evaluation mode.
        lag: K.
        panel: what it learned from, in its units; ``panel.names`` is the order of the network's series.
        method: object with ``fit(panel, run) -> Discovery``.
        run: of the training, without observers and checkpoint.
    """

    model: nn.Module
    lag: int
    panel: Panel
    method: Any
    run: Run

    def refit(self, panel: Panel) -> Discovery:
        """Return the discovery of the same method, settings and seed for another panel of the same series.

        Raises:
            CausalkitError: as the method's ``fit``.
        """
        found: Discovery = self.method.fit(panel, replace(self.run, started=time.monotonic()))
        return respected(found, self.run.knowledge)
