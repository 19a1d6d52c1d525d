"""Options for reading files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from causalkit.errors import WrongUsageError

Irregular = Literal["refuse", "accept"]


@dataclass(frozen=True)
class ReadOptions:
    """How readers treat columns and time.

    Attributes:
        panel_column: the column that identifies the realisation of each row, or None.
        time_column: "auto" recognises one by its name or its dates, "none" means that there is none, anything else
            is the name of the column.
        drop: columns to leave out.
        irregular: what to do when the steps between times are neither equal nor multiples of one step: refuse, or
            accept the rows as if they were equally spaced.
        resample: the step to which rows are interpolated linearly: a number in the units of the time column, or for
            dates a duration such as ``2h`` or ``1D``; None: rows stay as they are.

    Raises:
        WrongUsageError: ``irregular`` is neither "refuse" nor "accept", or both ``resample`` and "accept" are given.
    """

    panel_column: str | None = None
    time_column: str = "auto"
    drop: tuple[str, ...] = ()
    irregular: Irregular = "refuse"
    resample: str | None = None

    def __post_init__(self) -> None:
        # A caller who writes drop="x" means one column, not the letters of its name.
        object.__setattr__(self, "drop", (self.drop,) if isinstance(self.drop, str) else tuple(self.drop))
        if self.irregular not in get_args(Irregular):
            raise WrongUsageError(f"irregular={self.irregular!r} is not allowed", 'choose "refuse" or "accept"')
        if self.resample is not None:
            object.__setattr__(self, "resample", str(self.resample))
            if self.irregular == "accept":
                raise WrongUsageError(
                    "rows can be resampled or taken as equally spaced, not both", "leave out one of the two"
                )
