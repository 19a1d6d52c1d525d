r"""When features have collapsed: a distance between domains is smallest, 0, where the features say nothing at all.

A network can lower every distance between feature distributions by mapping all windows to one point. Its forecasts are
then constant, and so little can be changed by an attack that its robustness looks perfect. The criterion needs no
memory of earlier steps:

    share = (total variance of the features over windows) / (total mean square of the features)

is 1 for features centred at 0, about 1/2 for rectified units at random weights, and 0 where all windows have the same
features. Below 1e-4, the features of all windows agree to within 1 % of their size, and training ends.

The share does not see a scale that shrinks as a whole; that does no harm, for the head makes up for it. It does not see
features that vary and are of no use either: for that, look at the forecast error of the source, which stands beside
every epoch's loss.
"""

from __future__ import annotations

import torch
from torch import Tensor

from causalkit.errors import TrainingError

SMALLEST_SHARE = 1e-4


@torch.no_grad()
def varying_share(features: Tensor) -> float:
    """Return the share of the mean square of features (N, D) that varies over the N windows; 0 where all are 0."""
    varying = features.var(0, unbiased=False).sum()
    whole = features.square().mean(0).sum()
    return float(varying / whole) if whole > 0 else 0.0


def refuse_collapse(features: Tensor, name: str) -> None:
    """End training where features (N, D) have collapsed.

    Args:
        name: of the regularizer, for the message.

    Raises:
        TrainingError: the varying share is below 1e-4.
    """
    share = varying_share(features)
    if share < SMALLEST_SHARE:
        raise TrainingError(
            f"the features have collapsed: all windows have the same ones to within {100 * share**0.5:.2g} % of their "
            "size, so the network forecasts a constant",
            f"choose a weaker regularizer.{name}.strength, or let it grow more slowly: regularizer.{name}.ramp=1",
        )
