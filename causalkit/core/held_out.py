"""What a fit keeps in memory to test edges on windows that it has not learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HeldOutTest:
    """How much worse held-out steps are forecast without a cause.

    Attributes:
        joint_p_values: shape (cause, effect), one-sided: is the loss without the cause larger than the least one that
            counts? 1 where the forecast does not depend on the cause.
        p_values: shape (cause, effect, lag): the same without the cause at one lag only.
        loss: shape (cause, effect): share of what the forecast of the effect explains that is lost without the cause,
            from 0 to 1; 0 where nothing is explained.
        windows: on how many each effect was tested, shape (P,).
        fewest: windows that a test of an effect needs; the p-values of other effects are 1 and mean nothing.
    """

    joint_p_values: Array
    p_values: Array
    loss: Array
    windows: Array
    fewest: int = 0


class HeldOut(Protocol):
    """Forecasters and the windows that each of them was held away from."""

    def test(self, least: float) -> HeldOutTest:
        """Test every pair.

        Args:
            least: share of what the forecast of an effect explains that an edge has to be worth, from 0.
        """
        ...
