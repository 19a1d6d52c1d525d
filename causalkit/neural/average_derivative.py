"""Average derivatives of a forecast, with what a penalty has taken away from them put back.

A penalty on the input Jacobian, or on weights, shrinks derivatives, so that their mean is too small. Every member of an
ensemble has left a block of the recording out. On these held-out windows n, with J the input Jacobian of the member and
e its forecast error,

    theta_ic = mean over n of [ J_ic(n) + e_i(n) r_c(n) / mean(r_c x_c) ]

estimates the average derivative of series i with respect to the cell c = (cause, lag). r_c is what a linear regression
on all other cells of the windows leaves of x_c; it never sees the effect, so it need not be cross-fitted. The second
term is the part of the error that the cell still explains. It makes the estimate insensitive to small errors of the
forecaster and of the regression: it is a Neyman-orthogonal score, whose Riesz representer is linear (Chernozhukov et
al., Econometrics Journal 21, 2018; for the lasso: van de Geer et al., Annals of Statistics 42, 2014). The standard
error is that of a mean of these terms under serial dependence (Newey and West, Econometrica 55, 1987).

For a linear forecaster theta is close to the coefficient of least squares. For any other the representer is an
approximation: what the forecaster has missed is put back as its linear part.

Errors of a forecaster under a penalty also have what it has missed of all other cells. That does not move theta, since
r_c is orthogonal to them. So standard errors are those with the errors that a linear regression on all cells leaves,
each window left out of its own fit, as in the HC3 of MacKinnon and White (Journal of Econometrics 29, 1985). On gene
networks, whose forecasts are shrunken a lot, they are a sixth smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from causalkit.core.memory import chunk
from causalkit.neural.modules.candidates import candidates_of, gather, narrow_jacobian, union
from causalkit.neural.modules.peak import forecasts
from causalkit.neural.serial_mean import LEAST, summed
from causalkit.neural.training.data import TrainingData
from causalkit.neural.window_regression import RIDGE, WindowRegression

ERRORS_RIDGE = 0.1
"""Of the regression of errors on all cells, for each window and cells of variance 1.

Much more than that of cells: with nearly as many cells as windows, what an exact fit leaves says little.
"""
SERIAL = 3
"""Lags of the serial dependence."""
BYTES = 16 * 2**20
"""Size of one chunk of the Jacobian, at most; several tensors of its size exist at a time."""

FEWEST = 200
"""Windows of one chunk at least: the standard errors miss the products of windows that two chunks part."""


@dataclass(frozen=True)
class AverageDerivatives:
    """Average derivatives, shapes (effect, K, cause) with the latest step last, or (effect, K, U) of candidates.

    Attributes:
        mean: theta.
        standard_errors: of theta.
        own: variance of what each cell has beyond a linear regression on all other cells, shape (K, cause).
        candidates: causes of each effect that any forecaster sees, (P, U); None: they see all series.
    """

    mean: Tensor
    standard_errors: Tensor
    own: Tensor
    candidates: Tensor | None = None


Seen = Callable[[Tensor, Tensor, Tensor], None]
"""Is shown windows, targets and input Jacobian (windows, targets, K, P), or (windows, targets, K, U) of candidates."""


@torch.no_grad()
def average_derivatives(
    parts: Sequence[tuple[nn.Module, Tensor]], data: TrainingData, show: Seen | None = None
) -> AverageDerivatives:
    """Return theta and its standard errors.

    Args:
        parts: forecasters, and for each the windows on which its derivatives and errors count.
        data: all windows.
        show: is shown every Jacobian on the way.
    """
    windows, cells = len(data.x), data.x[0].numel()
    series = data.y.shape[1]
    columns = _Columns.of([model for model, _ in parts], series)
    candidates = None if columns is None else columns.candidates
    beyond = _Beyond.of(data, WindowRegression.of(data.x.flatten(1), RIDGE * cells), candidates)
    errors = _errors(parts, data)
    left = WindowRegression.of(data.x.flatten(1), ERRORS_RIDGE * windows).without_own_window(errors) * data.seen
    sums = _Sums(data, series if candidates is None else candidates.shape[1])
    for number, (model, counting) in enumerate(parts):
        for rows, targets, jacobian in jacobians(model, data, counting):
            seen = data.seen[rows][:, targets]
            if columns is not None:
                jacobian = columns.of_all(jacobian, number, targets)
            terms = jacobian * seen[:, :, None, None]
            terms = terms + left[rows][:, targets][:, :, None, None] * beyond.representer(rows, targets)
            sums.add(targets, terms, seen)
            if show is not None:
                show(rows, targets, jacobian)
    own = beyond.residuals.square().mean(0)
    missed = beyond.correction(errors - left) / sums.count.clamp(min=1)
    return AverageDerivatives(sums.mean() + missed, sums.standard_errors(), own, candidates)


@dataclass(frozen=True)
class _Columns:
    """Which candidates any of several forecasters has.

    Attributes:
        candidates: shape (P, U).
        places: of the candidates of each forecaster (P, M) among these.
    """

    candidates: Tensor
    places: list[Tensor]

    @classmethod
    def of(cls, models: Sequence[nn.Module], series: int) -> _Columns | None:
        """Return them; None for forecasters whose targets see all series."""
        own = [one for one in map(candidates_of, models) if one is not None]
        return cls(*union(own, series)) if own else None

    def of_all(self, values: Tensor, number: int, targets: Tensor) -> Tensor:
        """Return values (..., K, M) for the candidates of one forecaster as values (..., K, U), 0 for others."""
        wide = values.new_zeros(*values.shape[:-1], self.candidates.shape[1])
        place = self.places[number][targets][:, None].expand(values.shape)
        return wide.scatter_add(-1, place, values)


def _errors(parts: Sequence[tuple[nn.Module, Tensor]], data: TrainingData) -> Tensor:
    """Return the errors (N, P) of forecasts on the windows that count, 0 elsewhere and where nothing was seen."""
    errors = torch.zeros_like(data.y)
    for model, counting in parts:
        errors[counting] = (data.y[counting] - forecasts(model, data.x[counting])) * data.seen[counting]
    return errors


@dataclass(frozen=True)
class _Beyond:
    """What cells have beyond a linear regression on all other cells, and how much of a cell that is.

    Attributes:
        residuals: shape (N, K, P).
        scale: ``mean(r_c x_c)`` over the windows of each effect, (P, K, P), or (P, K, U) of its candidates, or
            (1, K, P) where all effects have the same windows.
        candidates: of each effect, (P, U); None: all series.
    """

    residuals: Tensor
    scale: Tensor
    candidates: Tensor | None

    @classmethod
    def of(cls, data: TrainingData, regression: WindowRegression, candidates: Tensor | None) -> _Beyond:
        cells = data.x.flatten(1)
        cells = cells - cells.mean(0)
        residuals = regression.beyond_others().to(cells.dtype)
        product = (residuals * cells).view_as(data.x)
        if data.observed is None:
            scale = product.mean(0, keepdim=True)
        else:
            counts = data.seen.sum(0).clamp(min=1)
            scale = _products(data.seen, product, candidates) / counts[:, None, None]
        smallest = torch.finfo(cells.dtype).eps * cells.square().mean(0).view_as(data.x[0])
        if len(scale) > 1:
            smallest = gather(smallest, candidates).transpose(0, 1) if candidates is not None else smallest
            scale = scale.clamp(min=torch.finfo(cells.dtype).tiny)  # of no candidate
        return cls(residuals.view_as(data.x), scale.clamp(min=smallest), candidates)

    def correction(self, errors: Tensor) -> Tensor:
        """Return the sum over windows of errors (N, P) times the representer, (P, K, P), or (P, K, U) of candidates."""
        residuals, scale = self.residuals.double(), self.scale.double()
        if len(self.scale) == 1 and self.candidates is not None:
            return _products(errors.double(), residuals / scale, self.candidates)
        return _products(errors.double(), residuals, self.candidates) / scale

    def representer(self, rows: Tensor, targets: Tensor) -> Tensor:
        """Return r / mean(r x), shape (windows, targets or 1, K, P), or (windows, targets, K, U) of candidates."""
        scale = self.scale if len(self.scale) == 1 else self.scale[targets]
        if self.candidates is None:
            return self.residuals[rows][:, None] / scale
        mine = self.candidates[targets]
        if len(self.scale) == 1:
            return gather(self.residuals[rows] / scale, mine).transpose(1, 2)
        return gather(self.residuals[rows], mine).transpose(1, 2) / scale


def _products(values: Tensor, cells: Tensor, candidates: Tensor | None) -> Tensor:
    """Return sums over windows of values (N, P) times cells (N, K, P): (P, K, P), or (P, K, U) of candidates (P, U)."""
    if candidates is None:
        return torch.einsum("ni,nkj->ikj", values, cells)
    size = max(1, BYTES // (len(values) * cells.shape[1] * candidates.shape[1] * cells.element_size()))
    parts = zip(torch.split(values, size, 1), torch.split(candidates, size), strict=True)
    return torch.cat([torch.einsum("ni,nkiu->iku", some, gather(cells, mine)) for some, mine in parts])


class _Sums:
    """Sums of the terms of theta, and of their products with later ones."""

    def __init__(self, data: TrainingData, columns: int) -> None:
        _, lag, series = data.x.shape
        self.total = torch.zeros(series, lag, columns, dtype=torch.float64, device=data.x.device)
        self.products = torch.zeros(SERIAL + 1, series, lag, columns, dtype=torch.float64, device=data.x.device)
        self.count = torch.zeros(series, 1, 1, dtype=torch.float64, device=data.x.device)

    def add(self, targets: Tensor, terms: Tensor, counts: Tensor) -> None:
        """Add terms (windows, targets, K, P) of windows in the order of time, and which count, (windows, targets)."""
        self.total[targets] += terms.sum(0, dtype=torch.float64)
        self.count[targets] += counts.sum(0, dtype=torch.float64)[:, None, None]
        for lag in range(min(SERIAL + 1, len(terms))):
            self.products[lag, targets] += (terms[lag:] * terms[: len(terms) - lag]).sum(0, dtype=torch.float64)

    def mean(self) -> Tensor:
        """Return theta."""
        return self.total / self.count.clamp(min=1)

    def standard_errors(self) -> Tensor:
        """Return its standard errors."""
        count = self.count.clamp(min=1)
        covariances = self.products / count - self.mean() ** 2
        variance = torch.maximum(summed(covariances), LEAST * covariances[0]).clamp(min=0)
        errors: Tensor = (variance / count).sqrt()
        return errors


def jacobians(model: nn.Module, data: TrainingData, rows: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield windows, targets and input Jacobian (windows, targets, K, P or M), in bounded memory.

    Windows are split only where those of one target are too many.
    """
    _, lag, series = data.x.shape
    candidates = candidates_of(model)
    columns, size = series if candidates is None else candidates.shape[1], chunk(BYTES)
    cell = lag * columns * data.x.element_size()
    targets_at_once = max(1, min(series, size // (cell * len(rows)) if len(rows) else series))
    windows_at_once = max(FEWEST, size // (cell * targets_at_once))
    for some in torch.split(rows, windows_at_once):
        for targets in torch.split(torch.arange(series, device=data.x.device), targets_at_once):
            jacobian = narrow_jacobian(model, data.x[some], None if len(targets) == series else targets)
            yield some, targets, jacobian
