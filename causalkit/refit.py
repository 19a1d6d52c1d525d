"""How the fit of a method is repeated on other data: what rules that refit need."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from causalkit.knowledge import respected
from causalkit.panel import Panel
from causalkit.run import Run

if TYPE_CHECKING:
    from causalkit.discovery import Discovery


@dataclass(frozen=True, eq=False)
class Refit:
    """A method with its settings, as `causalkit.Discovery.refit`. It lives as long as its process and is never saved.

    Attributes:
        method: object with ``fit(panel, run) -> Discovery``.
        panel: what the discovery was found in, in its own units.
        run: of that fit, without observers and checkpoint.
        standardize: give every series of a panel mean 0 and standard deviation 1 first.
    """

    method: Any
    panel: Panel
    run: Run
    standardize: bool = True

    @classmethod
    def of(cls, method: Any, panel: Panel, run: Run, standardize: bool) -> Refit:
        """Return how a fit is repeated: quietly, and without touching its checkpoint."""
        return cls(method, panel, replace(run, observers=[], checkpoint=None, resume=False), standardize)

    def __call__(self, panel: Panel, seed: int | None = None) -> Discovery:
        """Return the discovery of the same method with the same settings for another panel of the same series.

        Args:
            panel: in units of the data.
            seed: of the fit; default: that of the first one. A time limit counts anew.

        Raises:
            CausalkitError: the panel cannot be used, or as the method's ``fit``.
        """
        panel.check(1)
        learned = panel.standardized()[0] if self.standardize else panel
        run = replace(self.run, seed=self.run.seed if seed is None else seed, started=time.monotonic())
        found: Discovery = self.method.fit(learned, run)
        return respected(found, run.knowledge)
