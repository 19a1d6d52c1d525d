"""Options for reading tables, from files and from memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from causalkit.errors import WrongUsageError

Irregular = Literal["refuse", "accept"]
Orientation = Literal["auto", "time-series", "series-time", "across"]
TimeDirection = Literal["auto", "forward", "backward"]
Calendar = Literal["auto", "every-day", "business-days"]
LowerFrequency = Literal["carry", "missing"]

_CHOICES: dict[str, Any] = {
    "irregular": Irregular,
    "orientation": Orientation,
    "time_direction": TimeDirection,
    "calendar": Calendar,
    "lower_frequency": LowerFrequency,
}
NONE = ("none",)
"""The user says that no column is time, or that none identifies realisations."""
_LISTS = ("panel_column", "time_column", "drop", "missing")


@dataclass(frozen=True)
class ReadOptions:
    """How readers treat columns and time. One name and a sequence of names are the same to all that take several.

    Attributes:
        panel_column: the columns that together identify the realisation of each row; empty: they are recognised;
            ("none",): there are none.
        time_column: ("auto",) recognises one by its name or its dates; ("none",) means that there is none; anything
            else names the column, or the columns that together are a date, such as ("year", "month").
        drop: columns to leave out.
        irregular: what to do when the steps between times are neither equal nor multiples of one step: refuse, or
            accept the rows as if they were equally spaced.
        resample: the step to which rows are interpolated linearly: a number in the units of the time column, or for
            dates a duration such as ``2h`` or ``1D``; None: rows stay as they are.
        orientation: "time-series": rows are time steps and columns are series; "series-time": the other way round;
            "across": time runs across each row and goes on in the next one, such as a row a year and a column a month;
            "auto": recognised, and refused where it is in doubt.
        long: names of the key column and the value column of a long table, which becomes wide.
        missing: codes, beside empty cells and NA, that mark a missing cell, such as ("-999", "1e20").
        decimal: the decimal separator of text files, "." or ","; None: recognised.
        thousands: the separator of thousands of text files, such as "." or ","; the other one of the two is then
            the decimal separator. None: recognised where it cannot be anything else.
        date_format: how dates are written, in the notation of ``strptime``: ``%d.%m.%Y``; None: recognised.
        time_direction: "backward": larger values of the time column are earlier, as in an age before present.
        lower_frequency: "carry": the last value of a series with a value every so many steps only, such as a quarterly
            column in a monthly table, acts until the next one is due; "missing": its other cells are missing.
        calendar: "business-days": Friday and Monday are one step apart; "every-day": they are three steps apart.
        header_rows: number of rows at the top that together are names of columns; None: recognised.
        skip_rows: number of lines to leave out before them; None: recognised.
        table: the sheet, array or variable of a file that contains several.
        encoding: of text files, such as "latin-1"; None: UTF-8, or UTF-16 and UTF-32 with a byte order mark.

    Raises:
        WrongUsageError: a value is not allowed, or two options contradict each other.
    """

    panel_column: tuple[str, ...] = ()
    time_column: tuple[str, ...] = ("auto",)
    drop: tuple[str, ...] = ()
    irregular: Irregular = "refuse"
    resample: str | None = None
    orientation: Orientation = "auto"
    long: tuple[str, str] | None = None
    missing: tuple[str, ...] = ()
    decimal: str | None = None
    thousands: str | None = None
    date_format: str | None = None
    time_direction: TimeDirection = "auto"
    calendar: Calendar = "auto"
    lower_frequency: LowerFrequency = "carry"
    header_rows: int | None = None
    skip_rows: int | None = None
    table: str | None = None
    encoding: str | None = None

    def __post_init__(self) -> None:
        for name in _LISTS:
            object.__setattr__(self, name, _several(getattr(self, name)))
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in get_args(choices):
                *some, last = (f'"{choice}"' for choice in get_args(choices))
                raise WrongUsageError(f"{name}={value!r} is not allowed", f"choose {', '.join(some)} or {last}")
        if self.long is not None and (isinstance(self.long, str) or len(self.long) != 2):
            raise WrongUsageError(f"long={self.long!r} is not allowed", "name two columns: the key and the value")
        if self.long is not None and self.orientation in ("series-time", "across"):
            raise WrongUsageError(
                f"a long table has no orientation {self.orientation!r}", "leave out long or orientation"
            )
        for name in ("header_rows", "skip_rows"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
                raise WrongUsageError(f"{name}={value!r} is not allowed", "give a whole number of rows, 0 or more")
        if self.decimal not in (None, ".", ","):
            raise WrongUsageError(f"decimal={self.decimal!r} is not allowed", 'choose "." or ","')
        if self.thousands is not None and (len(self.thousands) != 1 or self.thousands.isalnum()):
            raise WrongUsageError(f"thousands={self.thousands!r} is not allowed", 'give one character, such as "."')
        if self.decimal is None and self.thousands in (".", ","):
            object.__setattr__(self, "decimal", "," if self.thousands == "." else ".")
        if self.thousands is not None and self.thousands == self.decimal:
            raise WrongUsageError(
                f"{self.thousands!r} cannot separate both thousands and decimals",
                'give the other one as well, for example decimal="," and thousands="."',
            )
        if self.resample is not None:
            object.__setattr__(self, "resample", str(self.resample))
            if self.irregular == "accept":
                raise WrongUsageError(
                    "rows can be resampled or taken as equally spaced, not both", "leave out one of the two"
                )

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> ReadOptions:
        """Return options as users give them: one name or number where several are possible."""
        return cls(**options)

    def given(self) -> dict[str, Any]:
        """Return the options that differ from the defaults, for ``Panel.from_frame(frame, **options.given())``."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}


def _several(given: Any) -> tuple[str, ...]:
    """Return names as a tuple: a caller who writes drop="x" means one column, not the letters of its name."""
    if given is None:
        return ()
    if isinstance(given, str) or not isinstance(given, Sequence):
        given = (given,)
    return tuple(str(name) for name in given)
