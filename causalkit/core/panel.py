"""Panel: realisations of the same series."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import NDArray

from causalkit.core import shortage
from causalkit.core.lower_frequency import every, recognised
from causalkit.core.options import ReadingOptions
from causalkit.core.read_only import make_read_only
from causalkit.core.recordings import Recordings, WindowCounts, everything
from causalkit.core.sampling import Sampling
from causalkit.core.shell import option_text
from causalkit.core.windows import Array
from causalkit.core.windows import Windows as Windows  # under its former path
from causalkit.errors import DataError, WrongUsageError
from causalkit.plugins.records import Operation
from causalkit.plugins.registry import registry

if TYPE_CHECKING:
    import pandas as pd

    from causalkit.core.knowledge import Knowledge

ROUNDING = 1e-12
"""A series that varies by less than this share of its size is constant: the rest is rounding."""


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
        sampling: what a reader took as time and as realisations; None: nothing is known.
        intervened: True for the cells that were set from outside, a mask (T, P) for each realisation; None without
            interventions. See `causalkit.core.interventions.with_interventions`.
        lower_frequency: series that have a value only every so many steps, at most, by name. Their last value acts
            until the next one is due, and as effects they are learned where they were measured. Their other cells are
            missing.
        removed: how many numbers, such as seasonal means, a preparation estimated and removed from a series, in all
            realisations together; of the series with the most. Tests count them as parameters.
    """

    realisations: tuple[Array, ...]
    names: tuple[str, ...]
    source: str = "data"
    notes: tuple[str, ...] = ()
    intervened: tuple[NDArray[np.bool_], ...] | None = None
    sampling: Sampling | None = None
    lower_frequency: Mapping[str, int] = field(default_factory=dict)
    removed: int = 0

    def __post_init__(self) -> None:
        if not self.realisations:
            raise DataError(f"{self.source} has no realisation", "give at least one table of measurements")
        check_names(self.names, self.source)
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
        known = {name: self.lower_frequency[name] for name in self.names if name in self.lower_frequency}
        object.__setattr__(self, "lower_frequency", known)

    @classmethod
    def of(
        cls,
        data: Any,
        *,
        names: Sequence[str] | None = None,
        source: str = "data",
        **options: Unpack[ReadingOptions],
    ) -> Panel:
        """Make a panel of tables in any common form; every form passes the same steps as a file.

        Args:
            data: a Panel; an array (T, P) or (R, T, P); a DataFrame; or a list or a dictionary of them, one for each
                realisation. Tables with names are matched by the names of their columns.
            names: of the series, where the data have none; default ``"0", "1", ...``.
            source: file or description, for errors.
            options: as in `causalkit.io.ReadOptions`.

        Raises:
            DataError: the data are not a table of numbers; the message says where and what to do.
            WrongUsageError: there is no such option.
        """
        if isinstance(data, Panel) and not options and names is None:
            return data
        made: Panel = registry().get(Operation, "panel").record.load()(data, names=names, source=source, **options)
        return made

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, source: str = "data", **options: Unpack[ReadingOptions]) -> Panel:
        """Make a panel of a DataFrame: find the axis of time, sort, cut at gaps, split realisations, and check.

        This is what causalkit does with every table, so a reader of another format calls it with its own options:
        ``Panel.from_frame(frame, source=str(path), **options.given())``.

        Args:
            frame: one row a time step and one column a series; the index or columns may be time and realisations.
            source: file or description, for errors.
            options: as in `causalkit.io.ReadOptions`.

        Raises:
            DataError: the frame cannot be understood; the message says where and what to do.
            WrongUsageError: there is no such option.
        """
        return cls.of(frame, source=source, **options)

    def apply(self, operation: str, *arguments: Any, **options: Any) -> Any:
        """Call an operation of causalkit or of a plugin: ``panel.apply("health")``; see `causalkit.Operation`.

        Raises:
            UnknownNameError: no plugin contributes it.
        """
        return registry().get(Operation, operation).record.load()(self, *arguments, **options)

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
        missing = f", {self.missing} missing cell{'' if self.missing == 1 else 's'}" if self.missing else ""
        realisations = f"{len(self.lengths)} realisation{'' if len(self.lengths) == 1 else 's'}"
        return f"<Panel {self.source}: {self.series} series, {realisations} of {span} steps{missing}>"

    def describe(self) -> dict[str, Any]:
        """Return what a result records about its data."""
        return {
            "source": self.source,
            "series": self.series,
            "realisations": len(self.realisations),
            "steps": list(self.lengths),
            "missing_cells": self.missing,
            "sha256": self.sha256,
            **({} if self.sampling is None else {"sampling": self.sampling.describe()}),
            **({"lower_frequency": dict(self.lower_frequency)} if self.lower_frequency else {}),
        }

    def anonymous(self) -> Panel:
        """Return the panel without source and notes, which may name the data set and the seed of its simulator."""
        return replace(self, source="data", notes=(), sampling=None)

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
                f"{self.source} has only {self.series} series",
                "Granger causality needs at least two series; join it with others in one table",
            )
        if max(self.lengths) < 2:
            raise DataError(f"{self.source} has only one row", "a time series needs at least two time steps")
        self._check_variation()
        if max(self.lengths) <= lag:
            raise DataError(
                f"{self.source}: the longest realisation has {max(self.lengths)} rows and the lag is {lag}",
                f"a window of {lag} steps and the step after it need {lag + 1} rows; choose "
                f"{self.hint('lag', max(self.lengths) - 1)} or less",
            )

    def _check_variation(self) -> None:
        """Refuse series that have no values or are constant, all of them in one error.

        Raises:
            DataError: naming them, with the option that leaves them out.
        """
        stacked = np.concatenate(self.realisations)
        empty, constant = [], []
        for name, values in zip(self.names, stacked.T, strict=True):
            values = values[~np.isnan(values)]
            if not len(values):
                empty.append(name)
            elif is_constant(values):
                constant.append((name, values[0]))
        if not empty and not constant:
            return
        problems = []
        if empty:
            problems.append(f"{_columns(empty)} {'has' if len(empty) == 1 else 'have'} no values")
        if constant:
            same = f", {constant[0][1]:g} in every row" if len(constant) == 1 else ""
            names = [name for name, _ in constant]
            problems.append(f"{_columns(names)} {'is' if len(names) == 1 else 'are'} constant{same}")
        unusable = [*empty, *(name for name, _ in constant)]
        it, way_out = ("it", "leave it out with") if len(unusable) == 1 else ("them", "leave them out with")
        if self.series - len(unusable) < 2:
            way_out = f"Granger causality needs at least two series, and fewer are left without {it}"
        else:
            way_out = f"{way_out} {self.hint('drop', *[name for name in self.names if name in set(unusable)])}"
        about = "a constant series is neither cause nor effect; " if constant else ""
        raise DataError(f"{self.source}: {' and '.join(problems)}", about + way_out)

    def hint(self, option: str, *values: str | int) -> str:
        """Return an option as the user of this panel writes it: ``--drop 'a b'`` for a file, ``drop="a b"`` in Python.

        Args:
            option: its name in Python.
            values: of the option.
        """
        return option_text(option, *values, python=self.in_memory)

    @property
    def in_memory(self) -> bool:
        """Is it made of objects in Python, so that hints name arguments and not options of a command?"""
        return self.source == "data"

    def health(self) -> Any:
        """Examine the panel before a method learns from it; returns a `causalkit.health.Health`."""
        return self.apply("health")

    def standardized(self) -> tuple[Panel, Scaling]:
        """Return the panel with every series at mean 0 and standard deviation 1, and the scaling."""
        stacked = np.concatenate(self.realisations)
        scaling = Scaling(np.nanmean(stacked, axis=0), np.nanstd(stacked, axis=0))
        scaled = tuple((values - scaling.mean) / scaling.deviation for values in self.realisations)
        return replace(self, realisations=scaled), scaling

    def windows(
        self, lag: int, *, by_effect: bool = False, knowledge: Knowledge | None = None, least: int = 1
    ) -> Windows:
        """Return windows of ``lag`` steps with the step that follows, within each realisation.

        By default, all windows are complete: one that touches a missing cell, or whose next step has one, is dropped
        and counted. With ``by_effect``, a window is kept if any effect can learn from it. ``windows.observed`` (N, P)
        says which: those whose next step was measured and whose inputs are complete. Missing cells then hold the mean
        of their series. A method that asks for them has to leave the other effects of a window out of its loss.

        Series of lower frequency act with their last value, and are next steps only where they were measured. Windows
        never cross the border of a realisation, nor a gap in time.

        Args:
            lag: K.
            by_effect: keep windows from which only some effects can learn.
            knowledge: with ``by_effect``, for methods that never let a forbidden cause act: a cause that is forbidden
                for an effect costs that effect nothing where it is missing.
            least: windows that each effect must have.

        Raises:
            DataError: the lag is below 1, or one of the effects has fewer windows.
            WrongUsageError: knowledge is given for complete windows.
        """
        if lag < 1:
            raise DataError(f"lag={lag} is not allowed", "a lag is a whole number of time steps, at least 1")
        allowed = self._allowed(by_effect, knowledge)
        windows = Windows.of(self.recordings, lag, allowed)
        needed = shortage.at_least(least)
        lacking = shortage.short(self.recordings, lag, allowed, needed) if by_effect else []
        if len(windows) < least or lacking:
            what = self._few_windows(windows, lag, lacking, least)
            raise DataError(what, self.way_to_windows(lag, allowed, needed))
        return windows

    def window_counts(self, lag: int, knowledge: Knowledge | None = None) -> WindowCounts:
        """Return how many windows each effect learns from, as `windows` by effect has them."""
        return self.recordings.counts(lag, self._allowed(True, knowledge))

    @property
    def recordings(self) -> Recordings:
        """What windows are cut from."""
        return Recordings(self.realisations, every(self.lower_frequency, self.names), self.intervened)

    def way_to_windows(self, lag: int, allowed: NDArray[np.bool_] | None, needed: shortage.Needed) -> str:
        """Return what to do where an effect has too few windows, with options that were tried.

        Args:
            lag: K.
            allowed: which causes [cause, effect] may act, for windows by effect; None: complete windows.
            needed: windows of an effect, from the lag and the number of its causes.
        """
        options = []
        if (less := shortage.smaller_lag(self.recordings, lag, allowed, needed)) is not None:
            options.append(f"choose {self.hint('lag', less)}{' or less' if less > 1 else ''}")
        if drop := shortage.series_to_drop(self.recordings, lag, allowed, needed):
            names = [self.names[column] for column in drop]
            options.append(f"leave out {_columns(names)} with {self.hint('drop', *names)}")
        if recognised(self.realisations, self.names).keys() - self.lower_frequency.keys():
            options.append(f"carry series of lower frequency forward with {self.hint('lower_frequency', 'carry')}")
        fill = ", or fill the missing cells first" if any(np.isnan(part).any() for part in self.realisations) else ""
        return ", or ".join(options) or f"record more time steps{fill}"

    def _allowed(self, by_effect: bool, knowledge: Knowledge | None) -> NDArray[np.bool_] | None:
        if knowledge is not None and not by_effect:
            raise WrongUsageError("background knowledge is of no use to complete windows", "add by_effect=True")
        if not by_effect:
            return None
        return everything(self.series) if knowledge is None else knowledge.allowed(self.names)

    def _few_windows(self, windows: Windows, lag: int, lacking: Sequence[int], least: int) -> str:
        """Return which effects cannot be learned, and why."""
        counts = windows.counts
        needed = f", and {least} are needed" if least > 1 else ""
        if counts is None or len(lacking) in (0, self.series):
            have = _windows_left(int(counts.learned.max()) if counts and lacking else len(windows), "complete ", lag)
            touching = "1 touches" if windows.dropped == 1 else f"{windows.dropped} touch"
            lost = f" ({touching} a missing cell)" if windows.dropped else ""
            return f"{self.source}: {have}{lost}{needed}"
        effect = lacking[0]
        reasons = {
            ("lacks an input", "lack an input"): counts.missing_inputs[effect],
            ("lacks the next step", "lack the next step"): counts.missing_next_step[effect],
            ("is under intervention next", "are under intervention next"): counts.intervention[effect],
        }
        why = ", ".join(f"{number} {reason[int(number != 1)]}" for reason, number in reasons.items() if number)
        others = f" (and those of {len(lacking) - 1} more series)" if len(lacking) > 1 else ""
        have = _windows_left(int(counts.learned[effect]), "", lag)
        return f"{self.source}: {have} to learn the causes of {self.names[effect]!r} from{others}: {why}{needed}"


def _windows_left(count: int, kind: str, lag: int) -> str:
    if count == 0:
        return f"no {kind}window of {lag + 1} rows is left"
    return f"only {count} {kind}window{'s' if count > 1 else ''} of {lag + 1} rows {'are' if count > 1 else 'is'} left"


def check_names(names: Sequence[str], source: str) -> None:
    """Raise a `DataError` for the first name of a series that is there twice, or that no encoding can write."""
    seen: set[str] = set()
    for column, name in enumerate(names, start=1):
        if any("\ud800" <= letter <= "\udfff" for letter in name):  # as JSON writes "\\ud83d" alone
            raise DataError(
                f"{source}: the series name {name!r} (column {column}) has half of a character, which no file can hold",
                "rename the series",
            )
        if name in seen:
            raise DataError(
                f"{source}: duplicate series name {name!r} (column {column})", "series names must be unique"
            )
        seen.add(name)


def is_constant(values: Array) -> bool:
    """Are values (T,) without NaN all the same, up to rounding?"""
    return bool(np.ptp(values) <= ROUNDING * np.abs(values).max())


def _columns(names: Sequence[str]) -> str:
    """Return ``column 'a'`` or ``columns 'a', 'b' and 'c'``."""
    *some, last = map(repr, names)
    return f"columns {', '.join(some)} and {last}" if some else f"column {last}"
