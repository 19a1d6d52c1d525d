"""Paired tests between methods: Wilcoxon's signed ranks, corrected by Holm over all pairs.

Differences of zero are frequent here, since two methods may both reach an AUROC of 1. They are ranked and then carry
no sign (Pratt 1959), so that a pair of methods that is mostly equal does not look decided by the few blocks that
remain. The p-value is exact up to `EXACT` blocks, with ties or without: the share of all ways to give the ranks of the
other differences a sign that are at least as extreme.

Source: Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1, 1945; Pratt, Remarks on zeros and
ties in the Wilcoxon signed rank procedures, JASA 54, 1959; Demšar, Statistical comparisons of classifiers over
multiple data sets, JMLR 7, 2006; Holm, A simple sequentially rejective multiple test procedure, 1979.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Literal

from causalkit.compare.blocks import Block, Over, RecordGrid, greater_is_better, mean
from causalkit.display.formats import p_equals
from causalkit.display.words import count

if TYPE_CHECKING:
    from causalkit.compare.record import CellRecord

ALPHA = 0.05
EXACT = 200
_DIGITS = 12


@dataclass(frozen=True, kw_only=True)
class PairedTest:
    """Two methods compared over the blocks that both have a result for.

    Attributes:
        method_a, method_b: labels.
        metric, diagonal: the compared metric and its policy on self-edges.
        over: a block is a (data set, seed), "cells", or a data set averaged over shared seeds, "data".
        n: blocks; `equal` of them with a difference of zero.
        left_out: (data set, seed) pairs in which one of the two has no number.
        mean_difference: a - b, in units of the metric; None without blocks.
        p_value: two-sided; None without blocks.
        p_holm: corrected for all pairs that were tested together.
        reach: the smallest `p_holm` that is possible with so few blocks.
        better: the method with the better sum of ranks, significant or not; "" where they tie.
        blocks: their labels.
    """

    method_a: str
    method_b: str
    metric: str
    diagonal: str
    over: Over
    n: int
    equal: int
    left_out: int
    mean_difference: float | None
    p_value: float | None
    better: str
    blocks: tuple[Block, ...]
    p_holm: float | None = None
    reach: float = 1.0

    @property
    def verdict(self) -> Literal["distinguished", "not distinguished", "too few"]:
        """The result of the test; "too few" where no result could have reached .05."""
        if self.reach >= ALPHA:
            return "too few"
        return "distinguished" if self.p_holm is not None and self.p_holm < ALPHA else "not distinguished"

    @property
    def sentence(self) -> str:
        """The result for a reader."""
        both = f"{self.method_a} and {self.method_b}"
        unit = count(self.n, "data set" if self.over == "data" else "block")
        if self.mean_difference is None or self.p_value is None or self.p_holm is None:
            return f"{both}: no block in which both have a result"
        facts = f"over {unit}" + (f", {self.equal} of them equal" if self.equal else "")
        facts += f", {self.left_out} incomplete left out" if self.left_out else ""
        if self.equal == self.n:
            return f"{both} are equal in all of {unit}"
        if self.verdict == "distinguished" and self.better:
            worse = self.method_b if self.better == self.method_a else self.method_a
            difference = self.mean_difference if self.better == self.method_a else -self.mean_difference
            sentence = f"{self.better} is better than {worse}: mean difference {difference:+.4g} {facts}"
        else:
            sentence = f"{both} are not distinguished: mean difference {self.mean_difference:+.4g} {facts}"
        if self.verdict == "too few":
            return f"{sentence}; too few unequal blocks, at best {p_equals(self.reach)} by Holm"
        return f"{sentence}, {p_equals(self.p_value)}, by Holm {p_equals(self.p_holm)}"


def paired_tests(
    records: Iterable[CellRecord],
    metric: str = "auroc",
    diagonal: str = "exclude",
    *,
    over: Over = "cells",
    data: str | None = None,
) -> list[PairedTest]:
    """Test every pair of methods, each over all blocks in which both have a result.

    Over "cells" (data set, seed), a small p means that the methods differ on *these* data sets: seeds of a data set are
    not independent data sets. Over "data", after Demšar, each data set counts once; that test is about data sets of
    this kind and needs at least six. ``data`` restricts the test to the seeds of one data set.

    Returns:
        One test a pair, sorted by labels.

    Raises:
        UnknownNameError: an unknown metric.
    """
    grid = RecordGrid.of(records)
    among = (data,) if data is not None else grid.data
    sign = 1 if greater_is_better(metric) else -1
    tests = []
    for a, b in combinations(grid.methods, 2):
        blocks = grid.complete((a, b), metric, diagonal, over=over, data=among)
        differences = [round(first - second, _DIGITS) for first, second in blocks.rows]
        plus, minus = signed_rank_sums([sign * difference for difference in differences])
        tests.append(
            PairedTest(
                method_a=a,
                method_b=b,
                metric=metric,
                diagonal=diagonal,
                over=over,
                n=len(blocks),
                equal=sum(difference == 0 for difference in differences),
                left_out=blocks.left_out,
                mean_difference=mean(differences) if differences else None,
                p_value=signed_rank(differences) if differences else None,
                better="" if plus == minus else a if plus > minus else b,
                blocks=blocks.labels,
            )
        )
    tested = {place: test.p_value for place, test in enumerate(tests) if test.p_value is not None}
    # Holm never lowers a p when another one rises, so correcting the smallest possible p of every pair bounds all.
    smallest = [min(1.0, 2.0 ** (1 - (tests[place].n - tests[place].equal))) for place in tested]
    for place, p, least in zip(tested, holm(tested.values()), holm(smallest), strict=True):
        tests[place] = replace(tests[place], p_holm=p, reach=least)
    return tests


def holm(p_values: Iterable[float]) -> list[float]:
    """Return p-values corrected by Holm's step-down procedure, in the order given.

    ``multipletests`` of statsmodels does the same, but collects garbage at every call. In a table with many data sets
    this takes longer than everything else.
    """
    values = list(p_values)
    corrected = [0.0] * len(values)
    largest = 0.0
    for smaller, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        largest = max(largest, min(1.0, (len(values) - smaller) * values[place]))
        corrected[place] = largest
    return corrected


def signed_rank_sums(differences: Sequence[float]) -> tuple[float, float]:
    """Return the rank sums of the positive and of the negative differences; zeros have ranks but no sign."""
    import numpy as np
    from scipy.stats import rankdata

    values = np.asarray(differences, dtype=float)
    ranks = rankdata(np.abs(values))
    return float(ranks[values > 0].sum()), float(ranks[values < 0].sum())


def signed_rank(differences: Sequence[float], alternative: Literal["two-sided", "greater"] = "two-sided") -> float:
    """Return the p-value of Wilcoxon's signed-rank test with Pratt's zeros.

    scipy is exact up to 50 differences without ties, and up to 13 with ties. Beyond that it approximates, badly where
    most differences are zero. Here its approximation serves above `EXACT` differences only.

    Args:
        alternative: "greater": are the differences larger than zero?
    """
    import numpy as np
    from scipy.stats import rankdata, wilcoxon

    values = np.asarray(differences, dtype=float)
    if not values.any():
        return 1.0
    if len(values) > EXACT:
        found = wilcoxon(values, zero_method="pratt", alternative=alternative, method="asymptotic")
        return float(found.pvalue)
    # Average ranks are multiples of one half; doubled, they are whole.
    ranks = np.rint(2 * rankdata(np.abs(values))).astype(int)
    observed = int(ranks[values > 0].sum())
    chances = np.zeros(int(ranks[values != 0].sum()) + 1)  # of every sum of positive ranks
    chances[0] = 1.0
    for rank in ranks[values != 0]:
        chances *= 0.5
        chances[rank:] += chances[:-rank].copy()
    above = float(chances[observed:].sum())
    if alternative == "greater":
        return min(1.0, above)
    return min(1.0, 2 * min(above, float(chances[: observed + 1].sum())))
