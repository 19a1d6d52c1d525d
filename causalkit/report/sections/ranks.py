"""Ranks and paired tests: which differences between methods are significant."""

from __future__ import annotations

from causalkit.compare.blocks import greater_is_better
from causalkit.compare.ranks import Ranking, rank
from causalkit.compare.statistics import PairedTest, paired_tests
from causalkit.display.formats import MINUS, MISSING, p_value
from causalkit.display.labels import POLICIES, metric_name, name
from causalkit.report.blocks import Block, Bullets, Cell, Choice, Figures, Section, Table, Text
from causalkit.report.picture import Album
from causalkit.report.results import Results

VERDICTS = {"distinguished": "yes", "not distinguished": "no", "too few": "too few blocks"}


def ranks(results: Results, album: Album) -> Section | None:
    """Return the critical-difference diagram and the paired tests of the main metric, under both policies."""
    metric = results.main_metric
    if metric is None:
        return None
    title = "Ranks and tests"
    if len(results.methods) < 2:
        return Section("ranks", title, [Text("With one method there is nothing to rank or test.")])
    options: list[tuple[str, list[Block]]] = []
    for policy, words in POLICIES.items():
        ranking = rank(results.records, metric, policy)
        tests = paired_tests(results.records, metric, policy)
        options.append((words.capitalize(), [*_ranking(ranking, album), *_tests(tests, metric, policy)]))
    return Section("ranks", title, [Choice("rank-diagonal", "Self-edges", options)])


def _ranking(ranking: Ranking, album: Album) -> list[Block]:
    blocks: list[Block] = []
    if ranking.critical_difference is not None:
        from causalkit.plotting.critical_difference import critical_difference
        from causalkit.plotting.style import root

        alt = "Critical-difference diagram. " + ". ".join(ranking.sentences)
        caption = (
            f"How to read it: the methods are ranked by {metric_name(ranking.metric)} in each block, which is a data "
            "set with a seed. The axis is the mean of these ranks; further left is better. Two methods differ where "
            "their mean ranks are further apart than the critical difference, drawn above the axis. A thick bar joins "
            "methods that do not differ significantly."
        )
        drawn = critical_difference(ranking)
        blocks.append(Figures([album.picture(root(drawn), alt, caption, tight=True)], "wide"))
    blocks.append(Bullets([f"{sentence}." for sentence in ranking.sentences]))
    return blocks


def _tests(tests: list[PairedTest], metric: str, policy: str) -> list[Block]:
    rows: list[list[Cell | str]] = []
    for test in tests:
        clear = test.verdict == "distinguished"
        pair, difference = [test.method_a, test.method_b], test.mean_difference
        if difference is not None and (difference < 0) == greater_is_better(metric):
            pair, difference = pair[::-1], -difference
        shown = "" if difference is None else f"{difference:+.3f}".replace("-", MINUS)
        rows.append(
            [
                f"{name(pair[0])} {MINUS} {name(pair[1])}",
                Cell("yes" if clear else VERDICTS[test.verdict], strong=clear),
                shown or MISSING,
                str(test.n),
                str(test.equal),
                p_value(test.p_value),
                p_value(test.p_holm),
            ]
        )
    caption = (
        f"Paired tests of {metric_name(metric)}, {POLICIES[policy]}: every pair over the blocks that both have, the "
        "better method first."
    )
    columns = ["pair", "significant at 0.05", "mean difference", "blocks", "equal", "p", "p, Holm"]
    words = (
        "Wilcoxon's signed-rank test on the differences of paired blocks, exact, zeros after Pratt; p-values corrected "
        "by Holm over all pairs. Seeds of one data set are not independent data sets: a small p holds for these data "
        "sets, not for data sets in general."
    )
    if any(test.verdict == "too few" for test in tests):
        words += " Too few blocks: no outcome brings the corrected p below 0.05."
    return [Table(caption, columns, rows, numbers=(2, 3, 4, 5, 6)), Text(words, "note")]
