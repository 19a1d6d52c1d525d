"""Panel: realisations of the same series."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.read_only import make_read_only
from causalkit.core.shell import argument
from causalkit.core.windows import Array
from causalkit.core.windows import Windows as Windows  # under its former path
from causalkit.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Scaling:
    """What `Panel.standardized` subtracted and divided by, each of shape (P,), in the units of the data."""

    mean: Array
    deviation: Array


@dataclass(frozen=True, eq=False)
class Panel:
    """Realisations of the same P series, possibly of unequal length; NaN marks a missing cell.

    Build one with `Panel.of`, which accepts what users have.

    Attributes:
        realisations: uninterrupted recordings, each of shape (T, P), read-only.
        names: of the series.
        source: file or description, for errors.
        notes: what a reader recognised, dropped or assumed; results show them.
        intervened: True for the cells that were set from outside, a mask (T, P) for each realisation; None without
            interventions. See `causalkit.core.interventions.with_interventions`.
    """

    realisations: tuple[Array, ...]
    names: tuple[str, ...]
    source: str = "data"
    notes: tuple[str, ...] = ()
    intervened: tuple[NDArray[np.bool_], ...] | None = None

    def __post_init__(self) -> None:
        if not self.realisations:
            raise DataError(f"{self.source} has no realisation", "give at least one table of measurements")
        check_unique(self.names, self.source)
        for number, values in enumerate(self.realisations, start=1):
            if values.ndim != 2:
                raise DataError(
                    f"{self.source}: realisation {number} has {values.ndim} dimensions",
                    "a realisation is a table of shape (time steps, series)",
                )
            if values.shape[1] != len(self.names):
                raise DataError(
                    f"{self.source}: realisation {number} has {values.shape[1]} columns and the panel has "
                    f"{len(self.names)} names",
                    "all realisations of a panel must have the same series",
                )
            if np.isinf(values).any():
                row, column = np.argwhere(np.isinf(values))[0]
                raise DataError(
                    f"{self.source}: infinite value in realisation {number}, row {row + 1}, "
                    f"column {self.names[column]!r}",
                    "replace it with a number, or leave the cell empty to mark it as missing",
                )
        if self.intervened is not None and [mask.shape for mask in self.intervened] != [
            values.shape for values in self.realisations
        ]:
            raise DataError(
                f"{self.source}: the mask of interventions and the data have different shapes",
                "give every realisation a mask of its own shape (time steps, series)",
            )
        # Sums run in the order of memory: one layout, so that the same data give the same result to the last bit.
        object.__setattr__(self, "realisations", tuple(np.ascontiguousarray(values) for values in self.realisations))
        make_read_only(self, "realisations", "intervened")

    @classmethod
    def of(cls, data: Any, *, names: Sequence[str] | None = None, source: str = "data") -> Panel:
        """Make a panel of tables in any common form.

        Args:
            data: a Panel; an array (T, P) or (R, T, P); a DataFrame; or a list of arrays or DataFrames, one for each
                realisation. DataFrames in a list are matched by column name.
            names: of the series, where the data have none; default ``"0", "1", ...``.
            source: file or description, for errors.

        Raises:
            DataError: the data are not a table of numbers.
        """
        if isinstance(data, Panel):
            return data
        if isinstance(data, np.ndarray) and data.ndim == 3:
            data = list(data)
        parts = list(data) if _is_list_of_tables(data) else [data]
        realisations: list[Array] = []
        for number, part in enumerate(parts, start=1):
            where = source if len(parts) == 1 else f"{source}, realisation {number}"
            if hasattr(part, "columns"):
                values, found = _from_frame(part, where)
                names = tuple(found) if names is None else names
                if set(found) == set(names):
                    values = values[:, [found.index(name) for name in names]]
                elif len(parts) > 1:
                    raise DataError(
                        f"{where}: the columns {sorted(set(found) ^ set(names))} are not in all realisations",
                        "all realisations of a panel must have the same series",
                    )
            else:
                values = _from_array(part, where)
            realisations.append(values)
        if not realisations:
            raise DataError(f"{source} has no realisation", "give at least one table of measurements")
        if names is None:
            names = tuple(str(column) for column in range(realisations[0].shape[1]))
        return cls(realisations=tuple(realisations), names=tuple(str(name) for name in names), source=source)

    @property
    def series(self) -> int:
        """P, the number of series."""
        return len(self.names)

    @property
    def lengths(self) -> tuple[int, ...]:
        """T of every realisation."""
        return tuple(len(values) for values in self.realisations)

    @property
    def steps(self) -> int:
        """Time steps of all realisations together."""
        return sum(self.lengths)

    @property
    def missing(self) -> int:
        """Number of missing cells."""
        return int(sum(np.isnan(values).sum() for values in self.realisations))

    @property
    def sha256(self) -> str:
        """Digest of names, shapes and values: two panels with the same digest are the same data."""
        digest = hashlib.sha256("\x00".join(self.names).encode())
        for values in self.realisations:
            digest.update(str(values.shape).encode())
            digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()

    def __iter__(self) -> Iterator[Array]:
        return iter(self.realisations)

    def __repr__(self) -> str:
        lengths = sorted(set(self.lengths))
        span = str(lengths[0]) if len(lengths) == 1 else f"{lengths[0]}-{lengths[-1]}"
        missing = f", {self.missing} missing cells" if self.missing else ""
        return f"<Panel {self.source}: {self.series} series, {len(self.lengths)} realisations of {span} steps{missing}>"

    def describe(self) -> dict[str, Any]:
        """Return what a result records about its data."""
        return {
            "source": self.source,
            "series": self.series,
            "realisations": len(self.realisations),
            "steps": list(self.lengths),
            "missing_cells": self.missing,
            "sha256": self.sha256,
        }

    def anonymous(self) -> Panel:
        """Return the panel without source and notes, which may name the data set and the seed of its simulator."""
        return replace(self, source="data", notes=())

    def drop(self, names: Sequence[str]) -> Panel:
        """Return the panel without the named series."""
        unknown = [name for name in names if name not in self.names]
        if unknown:
            raise DataError(f"{self.source} has no column {unknown[0]!r}", "columns: " + ", ".join(self.names))
        keep = [column for column, name in enumerate(self.names) if name not in set(names)]
        return replace(
            self,
            realisations=tuple(values[:, keep] for values in self.realisations),
            names=tuple(self.names[column] for column in keep),
            intervened=None if self.intervened is None else tuple(mask[:, keep] for mask in self.intervened),
        )

    def check(self, lag: int) -> None:
        """Refuse data from which no method can learn.

        Raises:
            DataError: fewer than two series, an empty or constant series, or no realisation longer than the lag.
        """
        if self.series < 2:
            raise DataError(
                f"{self.source} has only {self.series} series", "Granger causality needs at least two series"
            )
        if max(self.lengths) < 2:
            raise DataError(f"{self.source} has only one row", "a time series needs at least two time steps")
        stacked = np.concatenate(self.realisations)
        for column, name in enumerate(self.names):
            values = stacked[:, column]
            values = values[~np.isnan(values)]
            if not len(values):
                raise DataError(
                    f"{self.source}: column {name!r} (column {column + 1}) has no values in rows 1 to {len(stacked)}",
                    f"leave it out with --drop {argument(name)}",
                )
            if np.ptp(values) == 0:
                raise DataError(
                    f"{self.source}: column {name!r} (column {column + 1}) is constant, {values[0]:g} in rows 1 to "
                    f"{len(stacked)}",
                    f"a constant series is neither cause nor effect; leave it out with --drop {argument(name)}",
                )
        if max(self.lengths) <= lag:
            raise DataError(
                f"{self.source}: the longest realisation has {max(self.lengths)} rows and the lag is {lag}",
                f"a window of {lag} steps and the step after it need {lag + 1} rows; choose --lag "
                f"{max(self.lengths) - 1} or less",
            )

    def standardized(self) -> tuple[Panel, Scaling]:
        """Return the panel with every series at mean 0 and standard deviation 1, and the scaling."""
        stacked = np.concatenate(self.realisations)
        scaling = Scaling(np.nanmean(stacked, axis=0), np.nanstd(stacked, axis=0))
        scaled = tuple((values - scaling.mean) / scaling.deviation for values in self.realisations)
        return replace(self, realisations=scaled), scaling

    def windows(self, lag: int) -> Windows:
        """Return all windows of ``lag`` steps with the step that follows, within each realisation.

        A window that touches a missing cell, or whose next step has one, is dropped and counted. Windows never
        cross the border of a realisation.

        Raises:
            DataError: the lag is below 1, or no window is complete.
        """
        return Windows.of(self.realisations, self.intervened, lag, self.source)


def check_unique(names: Sequence[str], source: str) -> None:
    """Raise a `DataError` for the first duplicate name of a series."""
    seen: set[str] = set()
    for column, name in enumerate(names, start=1):
        if name in seen:
            raise DataError(
                f"{source}: duplicate series name {name!r} (column {column})", "series names must be unique"
            )
        seen.add(name)


def _is_list_of_tables(data: Any) -> bool:
    if isinstance(data, Mapping) or not isinstance(data, Sequence) or isinstance(data, str):
        return False
    return bool(data) and all(hasattr(part, "columns") or np.ndim(part) == 2 for part in data)


def _from_frame(frame: pd.DataFrame, where: str) -> tuple[Array, list[str]]:
    """Return values and column names of a DataFrame, naming the column that is not numeric."""
    for name in frame.columns:
        if getattr(frame[name], "ndim", 1) == 1 and frame[name].dtype.kind not in "fiub":
            raise DataError(
                f"{where}: column {str(name)!r} contains {frame[name].dtype}, not numbers",
                "leave it out, or convert it with pandas.to_numeric",
            )
    values = np.asarray(frame.to_numpy(dtype=np.float64, na_value=np.nan))
    return values, [str(name) for name in frame.columns]


def _from_array(part: Any, where: str) -> Array:
    if isinstance(part, np.ma.MaskedArray):
        part = np.ma.filled(part.astype(np.float64), np.nan)
    try:
        values = np.array(part, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{where}: not a table of numbers ({error})",
            "give an array of shape (time steps, series), a DataFrame, or a list of them",
        ) from error
    if values.ndim != 2:
        raise DataError(
            f"{where}: the array has {values.ndim} dimensions",
            "give an array of shape (time steps, series), or (realisations, time steps, series)",
        )
    return values
