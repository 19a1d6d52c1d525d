"""Mean ranks of methods, the Friedman test, and the critical difference of mean ranks by Nemenyi's test.

Source: Demšar, Statistical comparisons of classifiers over multiple data sets, JMLR 7, 2006.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from causalkit.compare.blocks import Over, RecordGrid, greater_is_better
from causalkit.compare.statistics import ALPHA
from causalkit.display.formats import p_equals
from causalkit.display.words import count

if TYPE_CHECKING:
    from causalkit.compare.record import CellRecord

_DIGITS = 12


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Methods in the order of their mean ranks.

    Attributes:
        metric, diagonal, over: the ranked metric, and whether a block is a (data set, seed) or a data set.
        methods: best first.
        mean_ranks: 1 is best; equal numbers share the mean of their ranks. Empty without blocks.
        blocks: number of complete blocks, N.
        left_out: (data set, seed) pairs in which some ranked method has no number.
        unranked: methods without any number.
        friedman_p: p-value of the Friedman test; None with fewer than three methods or two blocks.
        critical_difference: of mean ranks at .05; None with fewer than two methods or two blocks.
        cliques: maximal groups of methods, neighbours in the order, that are not distinguished from each other. All
            methods are one group where Friedman's test finds no difference.
    """

    metric: str
    diagonal: str
    over: Over
    methods: tuple[str, ...]
    mean_ranks: tuple[float, ...]
    blocks: int
    left_out: int
    unranked: tuple[str, ...]
    friedman_p: float | None
    critical_difference: float | None
    cliques: tuple[tuple[str, ...], ...]

    @property
    def sentences(self) -> list[str]:
        """The result in sentences."""
        unit = count(self.blocks, "data set" if self.over == "data" else "complete block")
        if not self.mean_ranks:
            lines = ["No ranks: there is no data set and seed on which all methods have a result"]
        else:
            order = ", ".join(f"{name} {rank:.2f}" for name, rank in zip(self.methods, self.mean_ranks, strict=True))
            lines = [f"Mean ranks over {unit}, 1 is best: {order}"]
        if self.left_out:
            lines.append(f"{count(self.left_out, 'incomplete block')} left out of the ranks")
        if self.unranked:
            lines.append(f"Without any result, not ranked: {', '.join(self.unranked)}")
        if self.critical_difference is None:
            if self.mean_ranks:
                lines.append("Ranks cannot be tested: a test needs at least two methods and two blocks")
            return lines
        if self.friedman_p is not None:
            found = "finds" if self.friedman_p < ALPHA else "finds no"
            lines.append(f"The Friedman test {found} differences ({p_equals(self.friedman_p)})")
        lines.append(
            f"Mean ranks that differ by less than {self.critical_difference:.2f} are not distinguished (Nemenyi)"
        )
        lines += [f"Not distinguished: {', '.join(group)}" for group in self.cliques]
        return lines


def rank(
    records: Iterable[CellRecord], metric: str = "auroc", diagonal: str = "exclude", *, over: Over = "cells"
) -> Ranking:
    """Rank the methods within each block in which all have a result.

    Args:
        over: a block is a (data set, seed), or a data set averaged over the seeds that all methods share. Demšar's test
            is about independent data sets. Seeds of one data set are not independent, so over "cells" the critical
            difference holds for these data sets only.

    Raises:
        UnknownNameError: an unknown metric.
    """
    import numpy as np
    from scipy.stats import rankdata

    grid = RecordGrid.of(records)
    ranked = [m for m in grid.methods if any(grid.values(name, m, metric, diagonal) for name in grid.data)]
    blocks = grid.complete(ranked, metric, diagonal, over=over)
    sign = -1.0 if greater_is_better(metric) else 1.0
    order: Sequence[int] = range(len(ranked))
    means: list[float] = []
    friedman = critical = None
    if ranked and len(blocks):
        ranks = rankdata(np.round(sign * np.array(blocks.rows), _DIGITS), axis=1)
        average = [round(float(column), _DIGITS) for column in ranks.mean(axis=0)]
        order = sorted(order, key=lambda place: (average[place], ranked[place]))
        means = [average[place] for place in order]
        if len(ranked) >= 2 and len(blocks) >= 2:
            critical = critical_difference(len(ranked), len(blocks))
            friedman = _friedman(ranks) if len(ranked) >= 3 else None
    methods = [ranked[place] for place in order]
    cliques: list[tuple[str, ...]] = []
    if critical is not None:
        no_difference = friedman is not None and friedman >= ALPHA
        cliques = [tuple(methods)] if no_difference else _cliques(methods, means, critical)
    return Ranking(
        metric=metric,
        diagonal=diagonal,
        over=over,
        methods=tuple(methods),
        mean_ranks=tuple(means),
        blocks=len(blocks),
        left_out=blocks.left_out,
        unranked=tuple(name for name in grid.methods if name not in ranked),
        friedman_p=friedman,
        critical_difference=critical,
        cliques=tuple(cliques),
    )


def critical_difference(methods: int, blocks: int) -> float:
    """Return ``q / sqrt(2) * sqrt(k (k + 1) / 6 N)``, q the .95 quantile of the studentized range of k groups."""
    from scipy.stats import studentized_range

    q = float(studentized_range.ppf(1 - ALPHA, methods, math.inf))
    return q / math.sqrt(2) * math.sqrt(methods * (methods + 1) / (6 * blocks))


def _friedman(ranks: object) -> float:
    """Return the p-value of Friedman's test; 1 where every block ties all methods."""
    import numpy as np
    from scipy.stats import friedmanchisquare

    matrix = np.asarray(ranks)
    if (matrix == matrix[0, 0]).all():
        return 1.0
    return float(friedmanchisquare(*matrix.T).pvalue)


def _cliques(methods: Sequence[str], means: Sequence[float], critical: float) -> list[tuple[str, ...]]:
    """Return maximal runs of at least two neighbours whose mean ranks differ by less than the critical difference."""
    found: list[tuple[str, ...]] = []
    end = 0
    for start in range(len(methods)):
        last = max(place for place in range(start, len(methods)) if means[place] - means[start] < critical)
        if last > start and last + 1 > end:
            found.append(tuple(methods[start : last + 1]))
        end = max(end, last + 1)
    return found
