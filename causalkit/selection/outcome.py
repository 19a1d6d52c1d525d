"""What a rule that refits the method returns: more than the chosen cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was selected, and what was learned on the way.

    Attributes:
        selected: shape (P, P, L).
        findings: join ``Discovery.selection``, in a form that JSON holds.
        notes: what was done and what it controls, in sentences; ``selection["notes"]``.
        p_values, joint_p_values: take the place of those of the discovery, where there are any.
    """

    selected: NDArray[np.bool_]
    findings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    p_values: NDArray[np.float64] | None = None
    joint_p_values: NDArray[np.float64] | None = None
