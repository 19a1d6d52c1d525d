"""The design matrix of an autoregression, and words for what makes it singular."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causalkit.core.panel import Panel
from causalkit.core.windows import Windows
from causalkit.errors import DataError

Array = NDArray[np.float64]
Trend = Literal["n", "c", "ct"]

# Columns of unit length; what is left of a column after projection on the others, below which it counts as dependent.
# Real measurements, even smoothed or rounded ones, stay far above it.
DEPENDENT = 1e-9

TREND_COLUMNS: Mapping[Trend, tuple[str, ...]] = {"n": (), "c": ("the constant",), "ct": ("the constant", "the trend")}


def design_matrix(windows: Windows, trend: Trend) -> Array:
    """Return the regressors of every window, shape (N, K * P + number of trend terms).

    Column ``(lag - 1) * P + cause`` holds the cause at that lag; then follow the constant and the linear trend in the
    position within the realisation.
    """
    columns = [windows.x[:, ::-1].reshape(len(windows), -1)]  # x[:, -1] is lag 1, which comes first here
    if trend != "n":
        columns.append(np.ones((len(windows), 1)))
    if trend == "ct":
        # Centred and of unit scale, so that long recordings do not make the matrix ill conditioned.
        step = windows.step.astype(np.float64)
        columns.append(((step - step.mean()) / max(float(step.std()), 1.0))[:, None])
    return np.concatenate(columns, axis=1)


def column_names(panel: Panel, lag: int, trend: Trend) -> list[str]:
    """Return how errors call the columns of the design matrix."""
    names = [f"{name} at lag {back}" for back in range(1, lag + 1) for name in panel.names]
    return [*names, *TREND_COLUMNS[trend]]


def check_size(panel: Panel, count: int, lag: int, terms: int, *, causes: int | None = None) -> None:
    """Refuse a regression that has no residual degree of freedom.

    Args:
        panel: the data.
        count: N, number of windows with this lag.
        lag: K.
        terms: number of trend terms.
        causes: how many series may act on an effect; default: all.

    Raises:
        DataError: saying how many windows there are, how many are needed, and which lag would do.
    """
    series = panel.series if causes is None else causes
    unknowns = lag * series + terms
    if count > unknowns:
        return
    longest = next((k for k in range(lag - 1, 0, -1) if _windows_at(panel, k) > k * series + terms), None)
    regularised = "use a regularised method such as grngc"
    raise DataError(
        f"{panel.source}: a linear autoregression of {series} series with lag {lag} has {unknowns} coefficients "
        f"for every effect, and there are only {count} windows",
        f"choose {panel.hint('lag', longest)} or less, or {regularised}"
        if longest
        else f"record more time steps, or {regularised}",
    )


def check_rank(design: Array, columns: NDArray[np.intp], panel: Panel, lag: int, trend: Trend) -> None:
    """Refuse columns that are linear combinations of others.

    Args:
        design: the design matrix of one regression.
        columns: which of the columns of `design_matrix` it has.
        panel: whose series they are.
        lag: K.
        trend: as for `design_matrix`.

    Raises:
        DataError: naming one such column and those that it is made of.
    """
    from scipy.linalg import qr

    names = column_names(panel, lag, trend)
    named = [names[column] for column in columns]
    length = np.linalg.norm(design, axis=0)
    if (length == 0).any():
        first = int(np.argmin(length))
        raise DataError(f"{panel.source}: {named[first]} is 0 in every window", _without(panel, columns[first], lag))
    triangle, order = qr(design / length, mode="r", pivoting=True)
    rank = int((np.abs(np.diag(triangle)) > DEPENDENT).sum())
    if rank == design.shape[1]:
        return
    # Later pivots are the dependent columns; express the first of them by the independent ones.
    weights = np.linalg.lstsq(triangle[:rank, :rank], triangle[:rank, rank], rcond=None)[0]
    partners = [named[order[position]] for position in np.flatnonzero(np.abs(weights) > 1e-6)]
    shown = ", ".join(partners[:4]) + (f" and {len(partners) - 4} more" if len(partners) > 4 else "")
    raise DataError(
        f"{panel.source}: {named[order[rank]]} is a linear combination of {shown}",
        f"{_without(panel, columns[order[rank]], lag)}, or use a regularised method such as grngc",
    )


def _without(panel: Panel, column: int, lag: int) -> str:
    """Return how to leave out the series of a column of the design matrix, or the trend where it is that."""
    if column >= lag * panel.series:
        return "leave the trend out with --set trend=n"
    return f"leave a series out, such as {panel.hint('drop', panel.names[column % panel.series])}"


def _windows_at(panel: Panel, lag: int) -> int:
    try:
        return len(panel.windows(lag))
    except DataError:
        return 0
