"""Options of public functions: typed dictionaries, whose keys are checked and handed on by what they set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

from causalkit.core.elsewhere import instead
from causalkit.errors import WrongUsageError, did_you_mean


class RunOptions(TypedDict, total=False):
    """Options of one fit beside its seed; see `causalkit.Run`."""

    device: str
    dtype: Literal["float32", "float64"]
    threads: int | None
    time_limit: float | None
    memory: int | str | None
    checkpoint: str | Path | None
    resume: bool
    progress: bool
    observers: Iterable[Any]


class PartOptions(TypedDict, total=False):
    """Options that choose the parts of a neural method."""

    forecaster: str | None
    regularizer: str | None
    pretrain: Any


class ReadingOptions(TypedDict, total=False):
    """How tables are read, whether they are files or objects in memory; see `causalkit.io.ReadOptions`."""

    panel_column: str | Sequence[str] | None
    time_column: str | Sequence[str]
    drop: str | Sequence[str]
    irregular: Literal["refuse", "accept"]
    resample: str | float | None
    orientation: Literal["auto", "time-series", "series-time", "across"]
    long: tuple[str, str] | None
    missing: str | float | Sequence[str | float]
    decimal: str | None
    thousands: str | None
    date_format: str | None
    time_direction: Literal["auto", "forward", "backward"]
    calendar: Literal["auto", "every-day", "business-days"]
    lower_frequency: Literal["carry", "missing"]
    header_rows: int | None
    skip_rows: int | None
    table: str | None
    encoding: str | None


class DiscoverOptions(RunOptions, PartOptions, ReadingOptions, total=False):
    """Options of `causalkit.discover`, which describes them."""

    standardize: bool
    knowledge: Any
    preparation: Any
    interventions: Any
    names: Sequence[str] | None


def check_options(options: Mapping[str, Any], known: type, function: str, arguments: Iterable[str] = ()) -> None:
    """Refuse options that a function does not have.

    Args:
        arguments: names of the function's other arguments, for hints.
        options: as given.
        known: the class whose annotations are the options.
        function: its name in the error.

    Raises:
        WrongUsageError: there is no such option; the hint contains the nearest known names.
    """
    for key in options:
        if key not in known.__annotations__:
            names = [*arguments, *known.__annotations__]
            ours = instead(key, names, python=True)
            hint = f"did you mean {ours}?" if ours else did_you_mean(key, names)
            raise WrongUsageError(f"{function} has no option {key!r}", hint)


def options_of(group: type, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the options that are annotated in a class."""
    return {key: value for key, value in options.items() if key in group.__annotations__}
