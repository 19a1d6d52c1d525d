"""The strength of a penalty: which strengths are tried, and which one is chosen."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import pytest

from causalkit.model_selection.rules import standard_error
from causalkit.model_selection.strength import StrengthSearch

NEVER: Mapping[float, int] = {}


def searched(
    means: Mapping[float, float], counts: Mapping[float, int] = NEVER, finer: tuple[float, ...] = (), folds: int = 5
) -> StrengthSearch:
    """Return a search that is over; errors of the blocks lie .001 around the mean, the same for all strengths."""
    spread = 0.001 * np.linspace(-1, 1, folds) if folds > 1 else np.zeros(1)
    noise = np.random.default_rng(0)
    search = StrengthSearch([one for one in means if one not in finer], finer, lambda strength: counts[strength])
    while (strength := search.ask()) is not None:
        differs = noise.standard_normal(folds)
        search.tell(strength, means[strength] + spread + 1e-5 * (differs - differs.mean()))
    return search


def test_strengths_are_tried_from_strong_to_weak_until_one_explains_clearly_less() -> None:
    search = searched({0.05: 0.9, 0.1: 0.7, 0.2: 0.3, 0.4: 0.5})
    assert list(search.errors) == [0.4, 0.2, 0.1]
    assert search.chosen == 0.2


def test_the_strongest_that_keeps_most_of_the_explained_variance_is_chosen_and_nothing_is_tested() -> None:
    """Counting would raise a KeyError: errors that are no lower need no test."""
    assert searched({0.1: 0.32, 0.2: 0.305, 0.4: 0.305}).chosen == 0.4


def test_an_error_far_above_the_lowest_is_not_sufficient_however_little_is_left_to_explain() -> None:
    """All of these keep 95 % of the explained variance."""
    alike = dict.fromkeys((0.1, 0.2, 0.4), 3)
    assert searched({0.1: 0.020, 0.2: 0.024, 0.4: 0.026}, alike).chosen == 0.2
    assert searched({0.1: 0.040, 0.2: 0.042, 0.4: 0.045}, alike).chosen == 0.4


def test_where_the_own_past_explains_nearly_all_a_weaker_one_with_clearly_more_edges_is_chosen() -> None:
    errors = {0.1: 0.040, 0.2: 0.042, 0.4: 0.045}
    assert searched(errors, {0.1: 40, 0.2: 37, 0.4: 5}).chosen == 0.1
    assert searched(errors, {0.1: 40, 0.2: 39, 0.4: 5}).chosen == 0.2, "nearly as many are enough"


def test_the_rule_names_the_numbers_of_edges_that_decided() -> None:
    errors = {0.1: 0.040, 0.2: 0.042, 0.4: 0.045}
    assert "(5 pass at 0.4, 39 at 0.2)" in searched(errors, {0.1: 40, 0.2: 39, 0.4: 5}).choice().rule
    assert "(4 pass at 0.4, 8 at 0.1)" in searched(errors, {0.1: 8, 0.2: 6, 0.4: 4}).choice().rule
    assert "pass at" not in searched({0.1: 0.32, 0.2: 0.305, 0.4: 0.305}).choice().rule


def test_a_second_search_starts_two_strengths_above_the_sufficient_one_if_there_are_any() -> None:
    errors = {0.4: 0.95, 0.3: 0.9, 0.2: 0.8, 0.1: 0.5, 0.05: 0.5}
    assert searched(errors).ahead == 0.3
    assert searched(errors, folds=1).ahead == 0.3, "of one block too"
    assert searched({0.4: 0.51, 0.2: 0.5}).ahead == 0.4
    weak = {0.4: 0.99, 0.1: 0.98, 0.05: 0.97, 0.02: 0.9, 0.01: 0.1, 0.005: 0.1}
    counts = dict.fromkeys(weak, 0) | {0.01: 9, 0.005: 9}
    search = searched(weak, counts, finer=(0.05, 0.02, 0.01, 0.005))
    assert search.chosen <= 0.01
    assert search.ahead == 0.1, "what is tried in any case is not left out"


def test_a_few_more_edges_are_chance() -> None:
    errors = {0.1: 0.040, 0.2: 0.042, 0.4: 0.045}
    assert searched(errors, {0.1: 8, 0.2: 6, 0.4: 4}).chosen == 0.4  # two deviations of a count of four: above eight


def test_among_strengths_as_good_as_the_best_the_strongest_is_the_limit() -> None:
    """Below .2 errors no longer fall, whatever passes there."""
    errors = {0.05: 0.020, 0.1: 0.020, 0.2: 0.020, 0.4: 0.045}
    assert searched(errors, {0.2: 40, 0.4: 0}).chosen == 0.2


def test_finer_strengths_are_tried_while_errors_fall_and_edges_grow() -> None:
    falling = {0.01: 0.0440, 0.02: 0.0443, 0.03: 0.0445, 0.1: 0.0446, 0.2: 0.0448, 0.4: 0.0450}
    finer = (0.01, 0.02, 0.03)
    growing = {0.01: 60, 0.02: 50, 0.03: 40, 0.1: 20, 0.2: 10, 0.4: 0}
    assert min(searched(falling, growing, finer).errors) == 0.01
    saturated = {**growing, 0.1: 30, 0.2: 30, 0.4: 30}
    assert min(searched(falling, saturated, finer).errors) == 0.1
    rising = {**falling, 0.1: 0.05}
    assert min(searched(rising, growing, finer).errors) == 0.1
    clearly = {**falling, 0.03: 0.040, 0.02: 0.036, 0.1: 0.043}
    assert min(searched(clearly, saturated, finer).errors) == 0.01, "the error alone is reason enough"


def test_where_no_edge_passes_yet_finer_strengths_are_tried_while_errors_fall_clearly() -> None:
    nothing = dict.fromkeys((0.01, 0.02, 0.1, 0.2, 0.4), 0)
    falling = {0.01: 0.010, 0.02: 0.020, 0.1: 0.03, 0.2: 0.04, 0.4: 0.045}
    assert min(searched(falling, nothing, (0.01, 0.02)).errors) == 0.01
    flat = {0.01: 0.0299, 0.02: 0.0299, 0.1: 0.0299, 0.2: 0.03, 0.4: 0.045}
    assert min(searched(flat, nothing, (0.01, 0.02)).errors) == 0.1


def test_a_single_block_is_enough_for_a_curve() -> None:
    search = searched({0.1: 0.2, 0.2: 0.3, 0.4: 0.5}, folds=1)
    assert search.choice(chosen=0.1).error == search.errors[0.1][0]


def test_errors_that_were_never_computed_have_no_standard_error_and_cause_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(standard_error(np.full(5, np.inf)))
    assert standard_error(np.array([1.0, 3.0])) == pytest.approx(1.0)
