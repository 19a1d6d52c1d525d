"""The outcome of a comparison in a few sentences."""

from __future__ import annotations

from causalkit.compare.blocks import greater_is_better
from causalkit.compare.ranks import Ranking, rank
from causalkit.compare.statistics import PairedTest, paired_tests
from causalkit.display.formats import p_equals
from causalkit.display.labels import POLICIES, metric_name, name
from causalkit.display.words import count, listed
from causalkit.report.blocks import Block, Bullets, Section, Text
from causalkit.report.results import Results

STATUSES = {
    "failed": "failed",
    "timeout": "ran out of time",
    "memory": "ran out of memory",
    "skipped": "could not work and was skipped",
}
POLICY = "exclude"


def summary(results: Results) -> Section:
    """Return the first section: size and outcome of the grid, who leads where, what is significant, what failed."""
    blocks: list[Block] = [Text(f"{_size(results)} {_outcome(results)}", "lead")]
    metric = results.main_metric
    if metric is None:
        if results.done:
            blocks.append(
                Text("These data have no known truth, so this report shows scores and costs but no accuracy.")
            )
        return Section("summary", "Summary", blocks)
    leads = [_lead(results, data, metric) for data in results.data]
    better = "higher" if greater_is_better(metric) else "lower"
    words = f"Mean {metric_name(metric)} ± one standard deviation over seeds, {POLICIES[POLICY]}; {better} is better."
    blocks += [Text(words), Bullets(leads)]
    tests = paired_tests(results.records, metric, POLICY)
    blocks.append(Text(significance(results, tests, rank(results.records, metric, POLICY))))
    return Section("summary", "Summary", blocks)


def _size(results: Results) -> str:
    verb = "was run" if len(results.methods) == 1 else "were compared"
    return (
        f"{count(len(results.methods), 'method')} {verb} on {count(len(results.data), 'data set')} with "
        f"{count(len(results.seeds), 'seed')}: {count(len(results.records), 'cell')}."
    )


def _outcome(results: Results) -> str:
    done, total = len(results.done), len(results.records)
    bad = [f"{results.statuses[status]} {words}" for status, words in STATUSES.items() if results.statuses[status]]
    if done == total:
        return "All of them gave a result." if total > 1 else "It gave a result."
    begin = "None gave a result" if not done else f"{done} gave a result"
    return f"{begin}; {listed(bad)}."


def _lead(results: Results, data: str, metric: str) -> str:
    """Return a sentence on the best methods of a data set and the next."""
    table = results.summary(POLICY)
    scores = {m: e.metrics[metric] for m in results.methods if (e := table.entry(data, m)) and metric in e.metrics}
    if not scores:
        return f"{name(data)}: no result."
    best = [method for method in table.best[data, metric].methods if method in scores]
    if not best:
        means = listed([f"{name(method)} {spread.text} (n = {spread.n})" for method, spread in scores.items()])
        return f"{name(data)}: no method leads, because each lacks a seed; {means}."
    if len(scores) == 1:
        return f"{name(data)}: {name(best[0])} has {scores[best[0]].text}; no other method has a result."
    if len(best) == len(scores):
        return f"{name(data)}: all methods with a result have the same mean, {scores[best[0]].text}."
    sign = -1 if greater_is_better(metric) else 1
    others = sorted((m for m in scores if m not in best), key=lambda method: sign * scores[method].mean)
    verb = "leads" if len(best) == 1 else "share the lead"
    second, entry = others[0], table.entry(data, others[0])
    lacking = f" (n = {scores[second].n})" if entry is not None and scores[second].n < len(entry.planned) else ""
    lead = f"{name(data)}: {listed([name(method) for method in best])} {verb} with {scores[best[0]].text}"
    return f"{lead}; next is {name(second)} with {scores[second].text}{lacking}."


def significance(results: Results, tests: list[PairedTest], ranking: Ranking | None) -> str:
    """Return a sentence on whether the differences between methods are significant."""
    if len(results.methods) < 2:
        return "With one method there is nothing to test."
    clear = [test for test in tests if test.verdict == "distinguished"]
    if clear:
        beaten: dict[str, list[str]] = {}
        for test in sorted(clear, key=lambda one: one.p_holm or 0.0):
            worse = test.method_b if test.better == test.method_a else test.method_a
            beaten.setdefault(test.better, []).append(name(worse))
        winners = sorted(beaten, key=lambda method: -len(beaten[method]))
        pairs = "; ".join(f"{name(method)} over {listed(beaten[method])}" for method in winners)
        largest = p_equals(max(test.p_holm or 0.0 for test in clear))
        noun = f"this difference is significant ({largest})" if len(clear) == 1 else "these differences are significant"
        most = "" if len(clear) == 1 else f" The largest of their p-values: {largest}."
        rest = "" if len(clear) == len(tests) else " No other pair differs significantly."
        return f"Over all data sets and seeds, {noun} at 0.05 after Holm's correction: {pairs}.{most}{rest}"
    if all(test.n == 0 for test in tests):
        return "No two methods have results for the same data set and seed, so nothing could be tested."
    if all(test.verdict == "too few" for test in tests):
        return (
            "No difference between methods can be significant: with so few unequal blocks, no outcome reaches "
            "p < 0.05. More seeds or data sets are needed."
        )
    friedman = ""
    if ranking is not None and ranking.friedman_p is not None:
        friedman = f" (Friedman test of the ranks: {p_equals(ranking.friedman_p)})"
    return f"No difference between two methods is significant at 0.05 after Holm's correction{friedman}."
