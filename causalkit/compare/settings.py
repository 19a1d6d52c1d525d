"""Settings of all cells of a comparison, and limits of time and memory of each cell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from causalkit.core.memory import checked_limit
from causalkit.errors import WrongUsageError
from causalkit.plugins.records import Metric
from causalkit.plugins.registry import registry

if TYPE_CHECKING:
    from causalkit.core.preparation import Preparation


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings that are part of the identity of a cell: another value makes another cell.

    Attributes:
        lag: K, "auto" or "auto:12" for all methods, or None for each method's own.
        select: the rule that selects edges; "auto": the test that the method has; None or "none": scores only rank.
        standardize: give every series mean 0 and standard deviation 1.
        detrend, difference, levels, clip, prepare: how series are prepared; see `causalkit.Preparation`.
        device, dtype, threads, time_limit: as in `causalkit.Run`.
        metrics: those that are computed only when named, since they train the forecaster again.
    """

    lag: int | str | None = None
    select: str | None = None
    standardize: bool = True
    device: str = "cpu"
    dtype: Literal["float32", "float64"] = "float32"
    threads: int = 1
    time_limit: float | None = None
    metrics: tuple[str, ...] = ()
    detrend: str | None = None
    difference: int = 0
    levels: Literal["center", "keep"] | None = None
    clip: float | None = None
    prepare: Literal["auto"] | None = None

    def __post_init__(self) -> None:
        from causalkit.core.run import Run

        self._preparation()
        if self.select is not None:
            from causalkit.selection.default import check_rule

            check_rule(self.select)
        # Run checks these values; a mistake must show before the first cell.
        Run(device=self.device, dtype=self.dtype, threads=self.threads, time_limit=self.time_limit)

    def of_cell(self) -> dict[str, Any]:
        """Return `Cell.settings`: all but the lag, which is a parameter of the method.

        Metrics and preparation are left out where there are none, so that such a cell keeps its key.
        """
        others = ("lag", "metrics", "detrend", "difference", "levels", "clip", "prepare")
        found = {key: value for key, value in asdict(self).items() if key not in others}
        preparation = self._preparation()
        found |= {"preparation": preparation.describe()} if preparation else {}
        return found | ({"metrics": sorted(self.metrics)} if self.metrics else {})

    def _preparation(self) -> Preparation:
        from causalkit.core.preparation import Preparation

        return Preparation(
            self.detrend, self.difference, levels=self.levels, clip=self.clip, auto=self.prepare == "auto"
        )


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of one cell. They are not part of its identity: a finished cell stays finished under other limits.

    Attributes:
        timeout: seconds of wall-clock time after which the cell is stopped, or None.
        memory: bytes of resident memory of the cell's process and its children, or None: the share below.
        share: number of cells that share the available memory where ``memory`` is None; 0: the number of processors.
        threads: of numerical libraries.
    """

    timeout: float | None = None
    memory: int | None = None
    share: int = 1
    threads: int = 1

    def __post_init__(self) -> None:
        if self.timeout is not None and self.timeout <= 0:
            raise WrongUsageError(f"the timeout is {self.timeout} s", "give a positive time, for example 10m")
        if self.memory is not None:
            checked_limit(self.memory)


def by_name_only(metrics: Iterable[str]) -> tuple[str, ...]:
    """Return those of the named metrics that are computed only when named.

    Raises:
        UnknownNameError: an unknown metric.
    """
    records = [registry().get(Metric, name).record for name in metrics]
    return tuple(dict.fromkeys(record.name for record in records if record.by_name_only))


MOST_SEEDS = 1_000_000


def parse_seeds(text: Any) -> tuple[int, ...]:
    """Return the seeds of ``0:5`` (0 to 4), ``0,3,7``, ``3``, a number or a list of numbers.

    Raises:
        WrongUsageError: no seed, a negative seed, a duplicate seed, or other text.
    """
    parts = list(text) if isinstance(text, list | tuple | range) else str(text).split(",")
    seeds: list[int] = []
    for part in parts:
        match = re.fullmatch(r"(\d{1,19})(?::(\d{1,19}))?", str(part).strip())
        if not match:
            raise WrongUsageError(f"{text!r} is not a list of seeds", "write 0:5 for 0 to 4, 0,3,7 or 3")
        first = int(match[1])
        several = range(first, int(match[2]) if match[2] else first + 1)
        if several and len(seeds) + several[-1] - first >= MOST_SEEDS:
            raise WrongUsageError(f"{text!r} has more than {MOST_SEEDS:,} seeds", "write for example 0:5 for 0 to 4")
        seeds.extend(several)
    if not seeds:
        raise WrongUsageError(f"{text!r} contains no seed", "write 0:5 for 0 to 4")
    if len(set(seeds)) < len(seeds):
        raise WrongUsageError(f"duplicate seed in {text!r}", "give each seed once")
    return tuple(seeds)
