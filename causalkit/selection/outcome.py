"""What a rule may return beside the selected cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Outcome:
    """The selected cells, and what a rule computed on the way to them.

    Attributes:
        selected: shape (P, P, L), boolean, ``selected[cause, effect, lag - 1]``.
        findings: numbers, texts, lists and arrays that become part of ``Discovery.selection``. ``frequencies``, shape
            (P, P), is shown as a column beside the selected edges.
        notes: in sentences: what was done, and which error it controls; shown to the user.
        p_values: shape (P, P, L). They replace those of the discovery where ``joint_p_values`` is given.
        joint_p_values: shape (P, P), of the pairs over all lags; they replace those of the discovery.
    """

    selected: NDArray[np.bool_]
    findings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    p_values: NDArray[np.float64] | None = None
    joint_p_values: NDArray[np.float64] | None = None
