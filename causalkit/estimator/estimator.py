"""The scikit-learn estimator."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from causalkit.api import DEFAULT_METHOD, discover, read
from causalkit.core.discovery import Discovery
from causalkit.core.options import DiscoverOptions, ReadingOptions, check_options, options_of
from causalkit.core.panel import Panel
from causalkit.errors import DataError, EstimatorDataError, EstimatorUsageError, WrongUsageError
from causalkit.estimator.forecaster import OneStepForecaster
from causalkit.plugins.params import nest

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

Array = NDArray[np.float64]
NAMED = ("method", "lag", "select", "params", "seed")
OPTIONS = tuple(DiscoverOptions.__annotations__)
READING = tuple(ReadingOptions.__annotations__)
NESTED = "params__"


def _signature(function: Callable[..., None]) -> inspect.Signature:
    """Return a signature with every option by its name, all None by default."""
    known = inspect.signature(function)
    named = [one for one in known.parameters.values() if one.kind is not one.VAR_KEYWORD]
    given = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in OPTIONS]
    return known.replace(parameters=[*named, *given])


class CausalDiscovery(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """`causalkit.discover` as a scikit-learn estimator: rows are time steps, columns are series.

    ``fit`` finds the graph. ``predict`` forecasts every step from the steps before it, ``score`` is minus the error of
    these forecasts, so that `sklearn.model_selection.GridSearchCV` and Optuna choose parameters by held-out error.

    Time series differ from what scikit-learn assumes in one way: the forecast of a row needs the K rows before it.
    So the first K rows of an array have none, and rows are neither shuffled nor forecast one by one. Split data with
    `sklearn.model_selection.TimeSeriesSplit`, which leaves rows in their order.

    Args:
        method, lag, select, params, seed: as for `causalkit.discover`.
        options: every other option of `causalkit.discover`, such as ``knowledge``, ``preparation``, ``standardize``,
            ``panel_column`` or ``names``. None: as if it were not given.

    Attributes:
        discovery_: the `causalkit.Discovery`, with all that is known of the result.
        scores_: shape (P, P, L), ``scores_[cause, effect, lag - 1]``.
        p_values_: the same shape, or None where the method has no test.
        selected_: the same shape, or None where nothing was selected.
        graph_: a `networkx.DiGraph` from causes to effects, see `causalkit.Discovery.graph`.
        edges_: a `pandas.DataFrame` of the edges between different series, strongest first: the selected ones, or all
            with a score above 0.
        adjacency_: a `pandas.DataFrame` of True and False, rows are causes and columns are effects.
        lag_: K, also where it was chosen.
        n_features_in_, feature_names_in_: columns that ``fit`` saw.

    Raises:
        EstimatorUsageError: there is no such option.

    Example:
        >>> from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
        >>> search = GridSearchCV(CausalDiscovery(method="var"), {"lag": [1, 2, 3]}, cv=TimeSeriesSplit(4))
        >>> search.fit(frame).best_estimator_.graph_
    """

    def __init__(
        self,
        *,
        method: str = DEFAULT_METHOD,
        lag: int | str | None = None,
        select: str | None = "auto",
        params: Mapping[str, Any] | None = None,
        seed: int = 0,
        **options: Unpack[DiscoverOptions],
    ) -> None:
        _check_names(options)
        self.method = method
        self.lag = lag
        self.select = select
        self.params = params
        self.seed = seed
        for name in OPTIONS:
            setattr(self, name, options.get(name))

    __init__.__signature__ = _signature(__init__)  # type: ignore[attr-defined]  # scikit-learn reads it

    def fit(self, X: Any, y: object = None) -> Self:
        """Find the graph.

        Args:
            X: a DataFrame or array (T, P), or anything else that `causalkit.discover` takes: realisations as an array
                (R, T, P) or a list, a `causalkit.Panel`, a path.
            y: ignored; it is there because scikit-learn passes it.

        Raises:
            EstimatorDataError: the data cannot be used; a ValueError and a `causalkit.errors.DataError`.
            CausalkitError: whatever else the user can mend.
        """
        with _as_value_errors():
            panel = self._panel(X, reset=True)
            options = {name: value for name, value in self._given().items() if name not in (*READING, "names")}
            self.discovery_ = discover(
                panel,
                method=self.method,
                lag=self.lag,
                select=self.select,
                params=self.params,
                seed=self.seed,
                **options,
            )
            self.forecaster_ = OneStepForecaster.of(self.discovery_, panel)
        return self

    def predict(self, X: Any) -> Any:
        """Forecast every step from the K steps before it.

        A neural method forecasts with its network. For all other methods, each series is forecast by least squares from
        its own past and the causes that were found: the selected ones, or all with a score above 0 where no rule
        selected.

        Append a row of missing values to forecast the step after the last one.

        Args:
            X: the same series as for ``fit``.

        Returns:
            An array (T, P) in the units of the data, with the row of the step that is forecast, so that
            ``X - predict(X)`` are the errors; a `pandas.DataFrame` for one; an array (R, T, P) for one, and a list of
            arrays for other realisations. NaN where one of the K steps before is missing, as at the first K steps.

        Raises:
            EstimatorDataError: the data cannot be used, or are of other series.
        """
        check_is_fitted(self, "discovery_")
        with _as_value_errors():
            panel = self._panel(X)
            found = self.forecaster_.forecasts(panel)
        return _like(X, panel, found)

    def score(self, X: Any, y: object = None) -> float:
        """Return minus the mean squared error of one-step forecasts; scikit-learn looks for the largest score.

        Errors are in units of each series' variance in the data of ``fit``: 0 is perfect, and about -1 is what a
        forecast by the mean reaches. Each series has the same weight. Steps without a forecast, without a measurement
        or under intervention do not count.

        Args:
            X: data that ``fit`` has not seen, for a held-out error.
            y: ignored.

        Raises:
            EstimatorDataError: the data cannot be used, or no step has a forecast.
        """
        check_is_fitted(self, "discovery_")
        with _as_value_errors():
            panel = self._panel(X)
            errors = self.forecaster_.errors(panel)
            there = ~np.isnan(errors)
            if not there.any():
                raise DataError(
                    f"{panel.source} has no step with a forecast and a measurement",
                    f"a forecast needs {self.lag_} complete steps and one after them; give more rows, or fewer lags",
                )
            counted = there.any(axis=0)
            by_series = np.where(there, errors, 0.0).sum(axis=0)[counted] / there.sum(axis=0)[counted]
        return -float(by_series.mean())

    @property
    def scores_(self) -> Any:
        """Shape (P, P, L)."""
        return self._found.scores

    @property
    def p_values_(self) -> Any:
        """Shape (P, P, L), or None."""
        return self._found.p_values

    @property
    def selected_(self) -> Any:
        """Shape (P, P, L), or None."""
        return self._found.selected

    @property
    def lag_(self) -> int:
        """K."""
        return self._found.lags

    @property
    def graph_(self) -> nx.DiGraph:
        """The summary graph."""
        return self._found.graph()

    @property
    def edges_(self) -> pd.DataFrame:
        """Edges between different series, strongest first."""
        edges = self._found.edges(self_edges=False, selected_only=self._found.selected is not None)
        return edges[edges["score"] > 0] if self._found.selected is None else edges

    @property
    def adjacency_(self) -> pd.DataFrame:
        """Shape (P, P), True where there is an edge."""
        return self._found.adjacency()

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name.

        Args:
            deep: also parameters of the method, as ``params__training__epochs``.
        """
        found: dict[str, Any] = super().get_params(deep=False)
        if deep and isinstance(self.params, Mapping):
            found |= {NESTED + key.replace(".", "__"): value for key, value in _flat(nest(self.params)).items()}
        return found

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name.

        Args:
            params: as for the class; ``params__training__epochs=200`` sets one parameter of the method.

        Raises:
            EstimatorUsageError: there is no such parameter; a ValueError.
        """
        nested = {name: params.pop(name) for name in list(params) if name.startswith(NESTED)}
        _check_names({name: value for name, value in params.items() if name not in NAMED})
        for name, value in params.items():
            setattr(self, name, value)
        if nested:
            changed = {name.removeprefix(NESTED).replace("__", "."): value for name, value in nested.items()}
            self.params = {**_flat(nest(self.params or {})), **changed}
        return self

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn may expect."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        return tags

    @property
    def _found(self) -> Discovery:
        check_is_fitted(self, "discovery_")
        found: Discovery = self.discovery_
        return found

    def _given(self) -> dict[str, Any]:
        """Return the options that are set."""
        return {name: value for name in OPTIONS if (value := getattr(self, name)) is not None}

    def _panel(self, X: Any, *, reset: bool = False) -> Panel:
        """Return data as a panel, and note or check its columns."""
        X = _checked_array(X, least=2 if reset else 1)
        table = (isinstance(X, np.ndarray) and X.ndim == 2) or (hasattr(X, "shape") and hasattr(X, "columns"))
        if table and not reset:
            validate_data(self, X, reset=False, skip_check_array=True)
        options = self._given()
        reading = options_of(ReadingOptions, options)
        if table and X.shape[0] <= X.shape[1] and not reading.keys() & {"orientation", "long"}:
            reading["orientation"] = "time-series"  # few rows of a test fold are no series
        if isinstance(X, str | Path):
            panel = read(X, **reading)
        else:
            panel = X if isinstance(X, Panel) else Panel.of(X, names=options.get("names"), **reading)
        if reset and table:
            validate_data(self, X, skip_check_array=True)  # after reading, which explains more, as where names repeat
        elif reset:
            self.n_features_in_ = panel.series
        if not reset:
            self.forecaster_.check(panel)
        return panel


def _checked_array(X: Any, *, least: int) -> Any:
    """Return an array that has passed scikit-learn's checks, anything else as it is.

    Args:
        X: what the user gave.
        least: number of rows and columns.
    """
    from scipy import sparse

    if not isinstance(X, np.ndarray | np.generic) and not sparse.issparse(X):
        return X
    return check_array(X, allow_nd=True, ensure_all_finite=False, ensure_min_samples=least, ensure_min_features=least)


def _like(X: Any, panel: Panel, found: tuple[Array, ...]) -> Any:
    """Return forecasts in the form of what they are forecasts of."""
    import pandas as pd

    if isinstance(X, np.ndarray) and X.ndim == 3:
        return np.stack(found)
    if not isinstance(X, pd.DataFrame):
        return found[0] if len(found) == 1 else list(found)
    rows, names = np.concatenate(found), list(panel.names)
    columns = X[[name for name in X.columns if str(name) in panel.names]]
    values = columns.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    order = _rows_of(values, np.concatenate(panel.realisations))
    if order is not None:
        return pd.DataFrame(rows[order], index=X.index, columns=names)
    steps = [(number, step) for number, part in enumerate(found, start=1) for step in range(1, len(part) + 1)]
    index = pd.MultiIndex.from_tuples(steps, names=["realisation", "step"])
    return pd.DataFrame(rows, index=index, columns=names)


def _rows_of(values: Array, read: Array) -> NDArray[np.intp] | None:
    """Return the row of a panel for each row of a table: the same, backwards, or around gaps; None: none of these."""
    every = np.arange(len(read))
    measured = every[~np.isnan(read).all(axis=1)]
    for order in (every, every[::-1], measured, measured[::-1]):
        if values.shape == read[order].shape and np.array_equal(values, read[order], equal_nan=True):
            return order
    return None


def _flat(tree: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return a nested mapping with dotted keys."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{above}{key}.")
        else:
            found[f"{above}{key}"] = value
    return found


def _check_names(options: Mapping[str, Any]) -> None:
    with _as_value_errors():
        check_options(options, DiscoverOptions, "CausalDiscovery", NAMED)


@contextmanager
def _as_value_errors() -> Iterator[None]:
    """Raise errors of data and of parameters as ValueErrors too, which scikit-learn expects."""
    try:
        yield
    except ValueError:
        raise
    except DataError as error:
        raise EstimatorDataError(error.message, error.hint, error.guide) from error
    except WrongUsageError as error:
        raise EstimatorUsageError(error.message, error.hint, error.guide) from error
