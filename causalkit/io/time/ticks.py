"""Cells of a time column as numbers, whose differences are steps."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.io.tables.cells import is_date


@dataclass(frozen=True, eq=False)
class Ticks:
    """Times as numbers.

    Attributes:
        values: shape (rows,); dates in microseconds since 1970.
        dates: are they dates?
        missing: shape (rows,), True where a time is missing or not finite.
    """

    values: NDArray[Any]
    dates: bool
    missing: NDArray[np.bool_]

    def shown(self, row: int) -> str:
        """Return the time of a row as text."""
        if not self.dates:
            return f"{self.values[row]:.10g}"
        text = str(self.values[row].astype("datetime64[us]"))
        return re.sub(r"(T00:00:00)?\.?0*$", "", text) if "." in text else text

    def shown_step(self, step: float) -> str:
        """Return the length of a step as text."""
        if not self.dates:
            return f"{step:.6g}"
        import pandas as pd

        return str(pd.Timedelta(microseconds=int(step)))

    def months(self) -> NDArray[np.int64] | None:
        """Return months since year 0 where all dates are the same day and time of a month, or its last day."""
        if not self.dates:
            return None
        import pandas as pd

        moments = pd.DatetimeIndex(self.values.astype("datetime64[us]"))
        anchor = moments.day.max()
        if not (moments.day == np.minimum(anchor, moments.days_in_month)).all():
            return None
        if len((moments - moments.normalize()).unique()) > 1:
            return None
        return np.asarray(moments.year * 12 + moments.month, dtype=np.int64)


def ticks_of(column: Any, name: str) -> Ticks | None:
    """Return the times in a column of a DataFrame, or None when there are none."""
    import pandas as pd

    if column.dtype.kind in "mM":
        return _from_moments(pd.to_datetime(column, utc=True) if column.dtype.kind == "M" else column)
    if pd.api.types.is_bool_dtype(column.dtype):
        return None
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        written = _from_digits(values) if "date" in name.lower() else None
        return written or Ticks(values, dates=False, missing=~np.isfinite(values))
    return _from_text(column)


def is_dated(column: Any) -> bool:
    """Return whether a column contains dates, or text that looks like dates and can be read as dates."""
    import pandas as pd

    if column.dtype.kind == "M":
        return True
    if pd.api.types.is_numeric_dtype(column.dtype) or column.dtype.kind == "m":
        return False
    filled = column.dropna()
    return bool(len(filled)) and is_date(str(filled.iloc[0])) and _from_text(column) is not None


def _from_moments(moments: Any) -> Ticks:
    missing = moments.isna().to_numpy()
    unit = "datetime64[us]" if moments.dtype.kind == "M" else "timedelta64[us]"
    plain = moments.dt.tz_localize(None) if getattr(moments.dtype, "tz", None) is not None else moments
    return Ticks(plain.to_numpy().astype(unit).astype(np.int64), dates=True, missing=missing)


def _from_digits(values: NDArray[np.float64]) -> Ticks | None:
    """Return dates written as 20240131 or 202401."""
    import pandas as pd

    if not len(values) or not np.isfinite(values).all() or (values != np.floor(values)).any():
        return None
    layout = {8: "%Y%m%d", 6: "%Y%m"}.get(len(str(int(values[0]))))
    if layout is None:
        return None
    try:
        moments = pd.to_datetime(pd.Series(values.astype(np.int64).astype(str)), format=layout, utc=True)
    except ValueError:
        return None
    return _from_moments(moments)


def _from_text(column: Any) -> Ticks | None:
    """Return dates written as text: ISO 8601, else the month first, else the day first."""
    import pandas as pd

    layouts: tuple[dict[str, Any], ...] = ({"format": "ISO8601"}, {}, {"dayfirst": True})
    found: Ticks | None = None
    for layout in layouts:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pandas warns where it guesses; the order of layouts decides
                ticks = _from_moments(pd.to_datetime(column, utc=True, **layout))
        except (ValueError, TypeError, OverflowError):
            continue
        # 01/02 and 02/02 are two months or two days: what runs forward is right.
        if (np.diff(ticks.values[~ticks.missing]) > 0).all():
            return ticks
        found = found or ticks
    return found
