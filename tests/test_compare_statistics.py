"""Summaries, paired tests and ranks: against scipy, against a published example, and what they say of too few data."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from causalkit.compare.ranks import critical_difference, rank
from causalkit.compare.statistics import paired_tests, signed_rank, signed_rank_sums
from causalkit.compare.table import Spread, summarize
from causalkit.errors import DataError, UnknownNameError
from causalkit.plotting.critical_difference import critical_difference as picture
from causalkit.plotting.saving import save_figure
from causalkit.plotting.style import root
from tests.comparisons import DEMSAR, DEMSAR_METHODS, demsar, grid, made

DIFFERENCES = st.lists(st.integers(-4, 4).map(lambda number: number / 8), min_size=1, max_size=10)


def numbers(methods=3, seeds=4):
    """AUROC of some methods on two data sets, with ties and failed cells."""
    cells = [(f"m{number}", data) for number in range(methods) for data in ("a", "b")]
    value = st.one_of(st.none(), st.integers(0, 6).map(lambda number: number / 8))
    return st.fixed_dictionaries({cell: st.lists(value, min_size=seeds, max_size=seeds) for cell in cells})


# The signed-rank test


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
@pytest.mark.parametrize("size", [5, 12, 30, 50])
def test_without_ties_the_p_value_is_that_of_scipy(size, alternative):
    differences = np.random.default_rng(size).normal(0.3, 1, size)
    expected = stats.wilcoxon(differences, alternative=alternative, method="exact").pvalue
    assert signed_rank(differences, alternative) == pytest.approx(expected, abs=1e-12)


@given(DIFFERENCES, st.sampled_from(["two-sided", "greater"]))
def test_with_ties_and_zeros_the_p_value_counts_all_signs(differences, alternative):
    ranks = stats.rankdata(np.abs(differences)) * (np.array(differences) != 0)
    signs = np.array(list(product((0, 1), repeat=len(differences))))
    sums, observed = signs @ ranks, ranks[np.array(differences) > 0].sum()
    above, below = np.mean(sums >= observed - 1e-9), np.mean(sums <= observed + 1e-9)
    expected = above if alternative == "greater" else min(1, 2 * min(above, below))
    assert signed_rank(differences, alternative) == pytest.approx(expected)


def test_large_samples_are_close_to_the_exact_value():
    differences = np.random.default_rng(3).normal(0.15, 1, 201)
    assert signed_rank(differences) == pytest.approx(signed_rank(differences[:200]), rel=0.5)
    assert signed_rank(differences) == pytest.approx(stats.wilcoxon(differences).pvalue, rel=0.01)


def test_mostly_equal_pairs_are_not_decided_by_the_few_others():
    assert signed_rank([0.0] * 10 + [0.1, 0.2, 0.3, 0.4]) == pytest.approx(2 / 16)
    assert signed_rank([0.0] * 5) == 1


def test_rank_sums_of_the_published_example():
    # Demšar, section 3.1.3: C4.5+m against C4.5 has R+ = 93 and R- = 12, with the two zeros (rank 1.5) split.
    plus, minus = signed_rank_sums([round(row[1] - row[0], 12) for row in DEMSAR.values()])
    assert (plus + 1.5, minus + 1.5) == (93, 12)


# Paired tests


def test_holm_runs_over_all_pairs():
    tests = paired_tests(demsar())
    assert len(tests) == 6
    p = [test.p_value for test in tests]
    assert [test.p_holm for test in tests] == pytest.approx(multipletests(p, method="holm")[1])
    assert all(test.p_holm >= test.p_value for test in tests)


def test_a_clear_difference_is_found_and_said():
    records = grid({("x", "a"): [0.9 + i / 100 for i in range(8)], ("y", "a"): [0.8 - i / 100 for i in range(8)]})
    (test,) = paired_tests(records)
    assert (test.verdict, test.better, test.n) == ("distinguished", "x", 8)
    assert test.p_value == pytest.approx(2 / 2**8)
    assert test.sentence.startswith("x is better than y: mean difference +0.17 over 8 blocks, p = 0.0078")


def test_less_is_better_for_costs():
    slow = made("slow", "a", 0, 0.5, seconds={"fit": 9.0})
    fast = made("fast", "a", 0, 0.5, seconds={"fit": 1.0})
    (test,) = paired_tests([slow, fast], "seconds")
    assert (test.better, test.mean_difference) == ("fast", -8)


def test_less_is_better_for_distances_by_the_registry():
    records = [
        made(method, "a", seed, status="ok", metrics={"exclude": {"shd": value}})
        for seed in range(6)
        for method, value in (("near", 1.0 + seed), ("far", 9.0 + 2 * seed))
    ]
    (test,) = paired_tests(records, "shd")
    assert (test.verdict, test.better) == ("distinguished", "near")
    assert rank(records, "shd").methods == ("near", "far")


@pytest.mark.parametrize(("seeds", "verdict"), [(5, "too few"), (6, "distinguished")])
def test_fewer_than_six_pairs_are_too_few_whatever_they_say(seeds, verdict):
    records = grid({("x", "a"): [0.9] * seeds, ("y", "a"): [0.1] * seeds})
    (test,) = paired_tests(records)
    assert test.verdict == verdict
    assert ("too few" in test.sentence) == (verdict == "too few")


def test_with_more_methods_more_pairs_are_needed():
    levels = {"x": 0.9, "y": 0.5, "z": 0.1}
    six = paired_tests(grid({(method, "a"): [level] * 6 for method, level in levels.items()}))
    seven = paired_tests(grid({(method, "a"): [level] * 7 for method, level in levels.items()}))
    assert {test.verdict for test in six} == {"too few"}  # 3 * 2 / 2 ** 6 > .05
    assert {test.verdict for test in seven} == {"distinguished"}


def test_equal_blocks_do_not_count_towards_enough():
    records = grid({("x", "a"): [1.0] * 6 + [0.9] * 4, ("y", "a"): [1.0] * 6 + [0.5] * 4})
    (test,) = paired_tests(records)
    assert (test.n, test.equal, test.verdict) == (10, 6, "too few")
    assert "6 of them equal" in test.sentence


def test_methods_that_never_differ_are_called_equal():
    (test,) = paired_tests(grid({("x", "a"): [1.0] * 8, ("y", "a"): [1.0] * 8}))
    assert (test.p_value, test.better, test.sentence) == (1, "", "x and y are equal in all of 8 blocks")


def test_only_blocks_in_which_both_have_a_result_count():
    records = grid({("x", "a"): [0.9, None, 0.7, 0.6], ("y", "a"): [0.8, 0.8, None, 0.8]})
    (test,) = paired_tests(records)
    assert (test.n, test.left_out, test.blocks) == (2, 2, (("a", 0), ("a", 3)))
    assert test.mean_difference == pytest.approx((0.1 - 0.2) / 2)
    assert "2 incomplete left out" in test.sentence


def test_methods_without_a_common_block_are_said_to_have_none():
    (test,) = paired_tests(grid({("x", "a"): [0.9, None], ("y", "a"): [None, 0.8]}))
    assert (test.n, test.p_value, test.p_holm) == (0, None, None)
    assert "no block" in test.sentence


def test_over_data_sets_each_counts_once_with_shared_seeds():
    records = grid(
        {("x", "a"): [0.9, 0.7, None], ("y", "a"): [0.5, None, 0.1], ("x", "b"): [0.4] * 3, ("y", "b"): [0.3] * 3}
    )
    (test,) = paired_tests(records, over="data")
    assert (test.n, test.blocks) == (2, (("a", None), ("b", None)))
    assert test.mean_difference == pytest.approx((0.4 + 0.1) / 2)
    (alone,) = paired_tests(records, data="b")
    assert (alone.n, alone.mean_difference) == (3, pytest.approx(0.1))


@settings(max_examples=40)
@given(numbers(methods=2))
def test_exchanging_two_methods_exchanges_nothing_but_names(values):
    exchanged = {({"m0": "m1", "m1": "m0"}[method], data): cells for (method, data), cells in values.items()}
    (test,), (other,) = paired_tests(grid(values)), paired_tests(grid(exchanged))
    assert (test.n, test.p_value, test.p_holm, test.verdict) == (other.n, other.p_value, other.p_holm, other.verdict)
    assert test.mean_difference == (None if other.mean_difference is None else -other.mean_difference)
    assert test.better == {"m0": "m1", "m1": "m0", "": ""}[other.better]


@settings(max_examples=30)
@given(numbers(), st.randoms())
def test_the_order_of_records_changes_nothing(values, random):
    records = grid(values)
    shuffled = random.sample(records, len(records))
    for compute in (paired_tests, rank, summarize):
        assert compute(shuffled) == compute(records)


@settings(max_examples=30)
@given(numbers(seeds=6))
def test_holm_is_monotone_and_never_below_what_is_possible(values):
    tests = sorted((t for t in paired_tests(grid(values)) if t.p_value is not None), key=lambda test: test.p_value)
    corrected = [test.p_holm for test in tests]
    assert corrected == sorted(corrected)
    assert all(test.reach <= test.p_holm + 1e-12 for test in tests)
    assert all(test.verdict == "too few" or test.n - test.equal >= 6 for test in tests)


# Ranks


def test_ranks_of_the_published_example():
    # Demšar, table 6 and section 3.2.2: mean ranks, chi-square 9.28, and critical difference 1.25 at .05.
    ranking = rank(demsar())
    assert dict(zip(ranking.methods, ranking.mean_ranks, strict=True)) == pytest.approx(
        dict(zip(DEMSAR_METHODS, (3.143, 2.000, 2.893, 1.964), strict=True)), abs=5e-4
    )
    squares = sum(mean**2 for mean in ranking.mean_ranks)
    assert 12 * 14 / 20 * (squares - 4 * 25 / 4) == pytest.approx(9.28, abs=0.005)  # without a correction for ties
    corrected = stats.friedmanchisquare(*zip(*DEMSAR.values(), strict=True)).pvalue
    assert ranking.friedman_p == pytest.approx(corrected)
    assert corrected < stats.chi2.sf(9.28, 3)
    assert ranking.critical_difference == pytest.approx(1.25, abs=0.005)
    assert ranking.cliques == (ranking.methods,)  # "no two classifiers differ", at .05


@pytest.mark.parametrize(("methods", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (10, 3.164)])
def test_critical_values_are_those_of_the_published_table(methods, q):
    blocks = 6 * methods * (methods + 1)
    assert critical_difference(methods, blocks) * 6 == pytest.approx(q, abs=8e-4)


def test_cliques_overlap_and_are_maximal():
    # Ranks 1, 2, 3, 4 in all of 20 blocks: the critical difference is 1.05.
    values = {(method, "a"): [level] * 20 for method, level in zip("pqrs", (0.9, 0.8, 0.7, 0.6), strict=True)}
    assert rank(grid(values)).cliques == (("p", "q"), ("q", "r"), ("r", "s"))
    assert rank(grid({key: cells[:3] for key, cells in values.items()})).cliques == (("p", "q", "r"), ("q", "r", "s"))


def test_without_a_difference_by_friedman_all_are_one_clique():
    values = {("p", "a"): [0.9, 0.1] * 15, ("q", "a"): [0.5] * 30, ("r", "a"): [0.1, 0.9] * 15}
    ranking = rank(grid(values))
    assert ranking.mean_ranks == (2, 2, 2)
    assert ranking.cliques == (("p", "q", "r"),)


def test_equal_results_share_ranks_and_differ_in_nothing():
    ranking = rank(grid({(method, "a"): [1.0] * 8 for method in "pqr"}))
    assert (ranking.mean_ranks, ranking.friedman_p) == ((2, 2, 2), 1)


def test_ranks_rest_on_complete_blocks_and_name_who_has_none():
    ranking = rank(grid({("p", "a"): [0.9, 0.8, 0.7], ("q", "a"): [0.1, None, 0.2], ("r", "a"): [None] * 3}))
    assert (ranking.methods, ranking.blocks, ranking.left_out, ranking.unranked) == (("p", "q"), 2, 1, ("r",))
    assert any("not ranked: r" in said for said in ranking.sentences)


@pytest.mark.parametrize("values", [{}, {("p", "a"): [0.5]}, {("p", "a"): [None], ("q", "a"): [None]}])
def test_what_cannot_be_ranked_is_said_and_drawn(values):
    ranking = rank(grid(values))
    assert ranking.critical_difference is None
    assert ranking.sentences
    assert [text.get_text() for text in picture(ranking).texts] == ["\n".join(ranking.sentences)]


# The picture


@pytest.mark.parametrize("count", [2, 3, 5, 10, 24])
def test_labels_do_not_overlap_and_stay_in_the_picture(count):
    generator = np.random.default_rng(count)
    values = {(f"method-{i:02}[strength=0.1]", "a"): list(generator.normal(-i / 9, 1, 12)) for i in range(count)}
    ranking = rank(grid(values))
    ax = picture(ranking)
    figure = root(ax)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in [*ax.texts, ax.title]]
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])
    assert all(figure.bbox.padded(1).contains(*corner) for box in boxes for corner in (box.min, box.max))
    assert sum(any(name in text.get_text() for name in ranking.methods) for text in ax.texts) == count


def test_bars_cover_the_methods_that_are_not_distinguished():
    values = {(method, "a"): [level] * 20 for method, level in zip("pqrs", (0.9, 0.8, 0.7, 0.6), strict=True)}
    lines = {line.get_gid(): line.get_xdata() for line in picture(rank(grid(values))).lines}
    spans = [tuple(np.round(lines[f"clique-{number}"])) for number in range(3)]
    assert spans == [(1, 2), (2, 3), (3, 4)]
    assert lines["scale"][1] - lines["scale"][0] == pytest.approx(critical_difference(4, 20))


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_picture_becomes_a_file(suffix, tmp_path):
    path = save_figure(root(picture(rank(demsar()))), tmp_path / f"ranks{suffix}")
    assert path.stat().st_size > 2000
    if suffix == ".svg":
        assert "clique-0" in path.read_text(encoding="utf-8")


# The summary


def test_mean_deviation_and_interval_by_hand():
    spread = Spread.of({0: 0.8, 1: 0.9, 2: 1.0})
    assert (spread.n, spread.mean, spread.deviation) == (3, pytest.approx(0.9), pytest.approx(0.1))
    low, high = stats.t.interval(0.95, 2, loc=0.9, scale=0.1 / np.sqrt(3))
    assert (spread.low, spread.high) == pytest.approx((low, high))
    single = Spread.of({4: 0.7})
    assert (single.mean, single.deviation, single.low) == (0.7, None, None)


def test_what_failed_is_counted_with_reasons_and_not_averaged_over_in_silence():
    records = [
        made("m", "a", 0, 0.9),
        made("m", "a", 1, 0.7),
        made("m", "a", 2, None, "failed", reason="diverged"),
        made("m", "a", 3, None, "timeout", reason="beyond 10 s"),
        *(made("other", "a", seed, 0.5) for seed in range(5)),
    ]
    entry = summarize(records).entry("a", "m")
    assert entry.counts == {"ok": 2, "failed": 1, "timeout": 1, "missing": 1}
    assert entry.reasons == {"diverged": 1, "beyond 10 s": 1}
    assert entry.text("auroc") == "0.800 ± 0.141 (2 of 5 seeds)"
    assert not entry.complete
    assert entry.cost == "2 s, 286 MiB"


def test_both_policies_are_apart():
    records = grid({("m", "a"): [0.9, 0.8]})
    assert summarize(records).entry("a", "m").metrics["auroc"].mean == pytest.approx(0.85)
    assert summarize(records, diagonal="include").entry("a", "m").metrics["auroc"].mean == pytest.approx(0.575)


def test_the_best_is_established_only_by_the_paired_test():
    def best(seeds, rival=0.5):
        records = grid({("x", "a"): [0.9] * seeds, ("y", "a"): [rival] * seeds})
        return summarize(records).best["a", "auroc"]

    assert (best(5).methods, best(5).established) == (("x",), False)
    assert (best(6).methods, best(6).established) == (("x",), True)
    assert (best(6, rival=0.9).methods, best(6, rival=0.9).established) == (("x", "y"), False)


def test_a_method_with_failed_cells_is_never_the_best():
    records = grid({("x", "a"): [0.9] * 7 + [None], ("y", "a"): [0.5] * 8})
    best = summarize(records).best["a", "auroc"]
    assert (best.methods, best.established) == (("y",), False)


def test_numbers_that_are_none_are_not_averaged():
    records = [
        made("m", "a", seed, metrics={"exclude": {"auroc": value}}) for seed, value in enumerate((0.5, None, "inf"))
    ]
    assert dict(summarize(records).entry("a", "m").metrics["auroc"].values) == {0: 0.5}


def test_two_settings_in_one_table_are_refused():
    records = [made("m", "a", 0, 0.9, settings={"dtype": kind}) for kind in ("float32", "float64")]
    with pytest.raises(DataError, match="the setting dtype is 'float32' in one and 'float64' in the other"):
        summarize(records)
    assert summarize([records[0], records[0]]).entry("a", "m").counts == {"ok": 1}


def test_an_unknown_metric_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean auroc"):
        summarize(grid({("m", "a"): [0.5]}), metrics=("aurok",))
