"""The single recording of a panel, for packages that take one array and cut windows from it by themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causalkit import Panel
from causalkit.errors import DataError
from causalkit_peers.package import Package


def only_recording(panel: Panel, package: Package) -> NDArray[np.float64]:
    """Return the values of a panel, shape (T, P), or say why it has to be one recording without gaps.

    Raises:
        DataError: there are several realisations, or cells are missing.
    """
    other = "method var, pcmci or varlingam reads such data"
    if len(panel.lengths) > 1:
        raise DataError(
            f"{panel.source}: {package.method} reads one recording, and there are {len(panel.lengths)} realisations; "
            f"{package.name} would let windows run from one into the next",
            other,
        )
    if panel.missing:
        raise DataError(
            f"{panel.source}: {package.method} reads data without gaps, and {panel.missing} cells are missing; "
            f"{package.name} would let windows run over them",
            other,
        )
    values: NDArray[np.float64] = panel.realisations[0]
    return values
