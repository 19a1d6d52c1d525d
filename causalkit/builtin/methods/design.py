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
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]
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


def check_size(panel: Panel, windows: Windows, effects: Index, allowed: Mask, unknowns: int, terms: int) -> None:
    """Refuse a regression that has no residual degree of freedom.

    Args:
        panel: the data.
        windows: by effect.
        effects: those that the regression is of; they have the same causes and windows.
        allowed: which causes [cause, effect] may act.
        unknowns: number of coefficients.
        terms: number of trend terms.

    Raises:
        DataError: saying how many windows there are, how many are needed, and which option would do.
    """
    counts, lag = windows.counts, windows.x.shape[1]
    assert counts is not None
    count = int(counts.learned[effects[0]])
    if count > unknowns:
        return
    alike = len(effects) == panel.series
    which = "every effect" if alike else " and ".join(map(repr, [panel.names[effect] for effect in effects[:2]]))
    more = f" and {len(effects) - 2} more" if len(effects) > 2 and not alike else ""
    reasons = {"lack an input": counts.missing_inputs, "lack the next step": counts.missing_next_step}
    lost = ", ".join(f"{found[effects[0]]} {words}" for words, found in reasons.items() if found[effects[0]])
    way = panel.way_to_windows(lag, allowed, lambda lag, causes: lag * causes + terms + 1)
    raise DataError(
        f"{panel.source}: a linear autoregression of {int(allowed[:, effects[0]].sum())} series with lag {lag} has "
        f"{unknowns} coefficients for {which}{more}, and there "
        + ("is only 1 window" if count == 1 else f"are only {count} windows")
        + (f" ({lost})" if lost else ""),
        f"{way}, or use a regularised method such as grngc",
    )


def distinct_lags(panel: Panel, windows: Windows, rows: Index, causes: Index) -> Mask:
    """Return which lags (K, C) of some causes are regressors of their own, in the windows of an effect.

    The last value of a series of lower frequency acts at several lags. Where it is the same at two lags in all windows,
    the smaller one stands for both.
    """
    lag = windows.x.shape[1]
    kept = np.ones((lag, len(causes)), dtype=bool)
    for position, cause in enumerate(causes):
        if panel.names[cause] in panel.lower_frequency:
            values = windows.x[rows, :, cause][:, ::-1]  # lag 1 first
            kept[1:, position] = (values[:, 1:] != values[:, :-1]).any(axis=0)
    return kept


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
