"""Pairs of cause and effect that have scores, and arrays that hold values for these pairs only.

A result on few series has scores of all P x P pairs, as NumPy arrays. A result on very many series has scores of a few
candidate causes for each effect, as `SparseArray`. `Pairs` gives both the same form: N pairs, and one row for each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from causalkit.core.read_only import make_read_only, read_only
from causalkit.errors import PluginError, WrongUsageError

Index = NDArray[np.intp]
LARGEST = 2**26
"""Cells up to which a sparse array may become a NumPy array of all pairs."""
NO_CAUSE = -1
"""Fills up the candidates of an effect that has fewer than others."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """N pairs of cause and effect among P series, by cause and then by effect, each at most once.

    Attributes:
        series: their number, P.
        cause, effect: positions of the series, shape (N,).
        order: for pairs that `candidates` made: where each is in the flattened array of candidates, shape (N,).
    """

    series: int
    cause: Index
    effect: Index
    order: Index | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("cause", "effect"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.intp))
        if self.cause.ndim != 1 or self.cause.shape != self.effect.shape:
            raise PluginError(f"{self.cause.shape} causes for {self.effect.shape} effects", "give one for each pair")
        for ends in (self.cause, self.effect):
            if len(ends) and (ends.min() < 0 or ends.max() >= self.series):
                raise PluginError("a candidate pair names a series that does not exist", "the method is at fault")
        if (np.diff(self._keys) <= 0).any():
            raise PluginError(
                "candidate pairs are not sorted by cause and effect, or one occurs twice", "use Pairs.candidates"
            )
        make_read_only(self, "cause", "effect", "order")

    @classmethod
    def all(cls, series: int) -> Self:
        """Return all P x P pairs."""
        each = np.arange(series)
        return cls(series, np.repeat(each, series), np.tile(each, series))

    @classmethod
    def candidates(cls, causes: NDArray[np.integer[Any]]) -> Self:
        """Return the pairs of candidate causes, shape (P, M): a row for each effect, in any order.

        -1 fills up rows with fewer than M candidates.

        Raises:
            PluginError: a series does not exist, or is a candidate of the same effect twice.
        """
        flat = np.asarray(causes).ravel()
        effects = np.repeat(np.arange(len(causes)), causes.shape[1])
        order = np.lexsort((effects, flat))
        order = order[flat[order] != NO_CAUSE]
        return cls(len(causes), flat[order].astype(np.intp), effects[order], order)

    def __len__(self) -> int:
        return len(self.cause)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pairs):
            return NotImplemented
        same = self.series == other.series and len(self) == len(other)
        return self is other or (same and bool(np.array_equal(self._keys, other._keys)))

    def __hash__(self) -> int:
        return hash((self.series, len(self)))

    @property
    def whole(self) -> bool:
        """Are these all P x P pairs?"""
        return len(self) == self.series**2

    @property
    def apart(self) -> NDArray[np.bool_]:
        """Shape (N,): is the cause another series than the effect?"""
        return np.not_equal(self.cause, self.effect)

    @cached_property
    def _keys(self) -> Index:
        return self.cause * self.series + self.effect

    def find(self, cause: Any, effect: Any) -> Index:
        """Return the row of each pair, and -1 for pairs that are not among these; any shape."""
        if not len(self):
            return np.full(np.broadcast_shapes(np.shape(cause), np.shape(effect)), -1)
        wanted = np.asarray(cause) * self.series + np.asarray(effect)
        place = np.minimum(np.searchsorted(self._keys, wanted), len(self) - 1)
        return np.where(self._keys[place] == wanted, place, -1)

    def of(self, array: Any) -> Any:
        """Return a row of an array for each pair: shape (N,) of (P, P), (N, L) of (P, P, L)."""
        if isinstance(array, SparseArray):
            return array.values if array.pairs == self else array[self.cause, self.effect]
        if array.shape[:2] != (self.series, self.series):
            raise PluginError(
                f"an array of the shape {array.shape} for {self.series} series", "give (P, P) or (P, P, L)"
            )
        if self.whole:
            return array.reshape(len(self), *array.shape[2:])
        return array[self.cause, self.effect]

    def array(self, rows: Any, fill: Any = 0) -> Any:
        """Return rows (N,) or (N, L) as an array of the shape (P, P) or (P, P, L): the opposite of `of`.

        Args:
            rows: one for each pair.
            fill: the value of all other pairs.

        Returns:
            A NumPy array where these are all pairs, else a `SparseArray`.
        """
        if len(rows) != len(self):
            raise PluginError(f"values of the shape {rows.shape} for {len(self)} pairs", "give one row a pair")
        if self.whole:
            return rows.reshape(self.series, self.series, *rows.shape[1:])
        return SparseArray(self, rows, fill)

    def subset(self, kept: NDArray[np.bool_]) -> Pairs:
        """Return some of the pairs.

        Args:
            kept: shape (N,).
        """
        return Pairs(self.series, self.cause[kept], self.effect[kept])

    def by_effect(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values (P, M) or (P, M, L) of the candidates that `candidates` was given as rows (N,) or (N, L)."""
        if self.order is None:
            raise WrongUsageError("these pairs were not made by Pairs.candidates", "give the rows in their order")
        found: NDArray[Any] = values.reshape(-1, *values.shape[2:])[self.order]
        return found


class SparseArray(NDArrayOperatorsMixin):
    """Values of candidate pairs, in place of an array (P, P) or (P, P, L) that would be too large.

    All other pairs have the value ``fill``. Single cells are read as in an array, ``scores[cause, effect, lag - 1]``,
    also with arrays of positions. `Pairs.of` gives all values. Whatever else is done with it is done with a NumPy array
    of all pairs, as long as that is not too large. It cannot be changed.

    Attributes:
        pairs: the N candidate pairs.
        values: one row for each, shape (N,) or (N, L), read-only.
        fill: the value of all other pairs.

    Raises:
        PluginError: there is not one row for each pair.
    """

    pairs: Pairs
    values: NDArray[Any]
    fill: Any

    def __init__(self, pairs: Pairs, values: Any, fill: Any = 0) -> None:
        values = np.ascontiguousarray(values)
        if values.ndim not in (1, 2) or len(values) != len(pairs):
            raise PluginError(f"values of the shape {values.shape} for {len(pairs)} pairs", "give one row a pair")
        self.pairs, self.values, self.fill = pairs, read_only(values), values.dtype.type(fill)

    @property
    def shape(self) -> tuple[int, ...]:
        """(P, P) or (P, P, L)."""
        return (self.pairs.series, self.pairs.series, *self.values.shape[1:])

    @property
    def ndim(self) -> int:
        """2 or 3."""
        return self.values.ndim + 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the values."""
        return self.values.dtype

    @property
    def size(self) -> int:
        """Number of cells, those of other pairs included."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return self.pairs.series

    def __repr__(self) -> str:
        return f"<SparseArray {self.shape} of {self.dtype}, {len(self.pairs)} pairs, others {self.fill}>"

    def __getitem__(self, place: Any) -> Any:
        index = place if isinstance(place, tuple) else (place,)
        if not 2 <= len(index) <= self.ndim or not all(np.asarray(one).dtype.kind in "iu" for one in index):
            return np.asarray(self)[place]
        for one, size in zip(index, self.shape, strict=False):
            if np.size(one) and not (-size <= np.min(one) and np.max(one) < size):
                raise IndexError(f"position {np.max(one)} is beyond the size {size}")
        cause, effect, *lag = np.broadcast_arrays(*index)
        row = self.pairs.find(cause % len(self), effect % len(self))
        if not len(self.pairs):
            return np.full((*row.shape, *self.shape[2 + len(lag) :]), self.fill, dtype=self.dtype)[()]
        values = self.values[(row, *lag)]
        outside = (row < 0).reshape(row.shape + (1,) * (values.ndim - row.ndim))
        return np.where(outside, self.fill, values).astype(self.dtype, copy=False)[()]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if self.size > LARGEST:
            raise WrongUsageError(
                f"this needs an array of all {self.pairs.series:,} x {self.pairs.series:,} pairs, "
                f"{self.size * self.dtype.itemsize / 2**30:.1f} GiB, and scores exist for {len(self.pairs):,} "
                "candidate pairs only",
                "read them by discovery.pairs, see docs/plugins.md",
            )
        found = np.full(self.shape, self.fill, dtype=self.dtype)
        found[self.pairs.cause, self.pairs.effect] = self.values
        return found if dtype is None else found.astype(dtype, copy=False)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        dense = [np.asarray(one) if isinstance(one, SparseArray) else one for one in inputs]
        return getattr(ufunc, method)(*dense, **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(np.ndarray, name):
            raise AttributeError(f"SparseArray has no {name}")
        return getattr(np.asarray(self), name)


def pairs_of(array: Any) -> Pairs:
    """Return the pairs that an array (P, P) or (P, P, L) has values for."""
    return array.pairs if isinstance(array, SparseArray) else Pairs.all(len(array))


def rows_of(array: Any) -> Any:
    """Return the values of an array without their places: those of candidates, or the array itself."""
    return array.values if isinstance(array, SparseArray) else array


def as_type(array: Any, dtype: Any) -> Any:
    """Return a contiguous array, or a sparse one, with values of a type."""
    if isinstance(array, SparseArray):
        return SparseArray(array.pairs, np.ascontiguousarray(array.values, dtype=dtype), array.fill)
    return np.ascontiguousarray(array, dtype=dtype)
