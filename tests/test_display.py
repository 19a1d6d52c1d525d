"""Words and formats that tables, sentences and reports share."""

import numpy as np
import pytest

from causalkit import Discovery
from causalkit.display.discovery import standard_error_note
from causalkit.display.formats import duration, mean_and_deviation, memory, p_equals, p_value
from causalkit.display.labels import edge
from causalkit.display.tables import aligned
from causalkit.display.words import count, listed, span


@pytest.mark.parametrize(
    ("p", "shown"),
    [(1.0, "p = 1.000"), (0.05, "p = 0.050"), (0.0123, "p = 0.012"), (0.00123, "p = 0.0012"), (0, "p < 0.0001")],
)
def test_p_values_have_three_decimals_or_a_bound(p, shown):
    assert p_equals(p) == shown


def test_a_p_value_that_is_not_known_is_a_dash():
    assert p_value(float("nan")) == p_value(None) == "\N{EN DASH}"


@pytest.mark.parametrize(
    ("seconds", "digits", "shown"),
    [
        (0.0314, 3, "31.4 ms"),
        (1.0, 3, "1 s"),
        (119.4, 3, "119 s"),
        (119.4, 2, "120 s"),
        (600, 3, "10 min"),
        (3725, 2, "62 min"),
        (9000, 3, "2.5 h"),
        (None, 3, "\N{EN DASH}"),
    ],
)
def test_a_duration_has_the_unit_that_suits_it(seconds, digits, shown):
    assert duration(seconds, digits) == shown


def test_sizes_are_in_mib_or_gib():
    assert [memory(size) for size in (600 * 2**20, 3 * 2**29, None)] == ["600 MiB", "1.50 GiB", "\N{EN DASH}"]


def test_a_mean_has_fewer_decimals_the_larger_it_is():
    assert mean_and_deviation(0.95, 0.0123) == "0.950 ± 0.012"
    assert mean_and_deviation(123.45, None) == "123.5"
    assert mean_and_deviation(1234.5, 67.89) == "1234 ± 67.9"


def test_one_thing_is_singular_and_long_lists_are_counted():
    assert [count(number, "seed") for number in (0, 1, 1200)] == ["0 seeds", "1 seed", "1,200 seeds"]
    assert count(3, "series", "series") == "3 series"
    assert [listed([]), listed(["a"]), listed(["a", "b", "c"])] == ["none", "a", "a, b and c"]
    assert listed(list("abcdef"), most=4) == "a, b, c and 3 more"
    assert [span([]), span([4, None, 4]), span([3, 9])] == ["", "4", "3 to 9"]


def test_columns_of_wide_letters_are_aligned():
    assert aligned([["温度", "x"], ["abcdef", "y"]]) == ["温度   x", "abcdef y"]


def test_standard_errors_of_an_ensemble_are_those_of_its_jackknife():
    scores = np.ones((2, 2, 1))
    plain = Discovery(names=("a", "b"), scores=scores, standard_errors=scores)
    assert "jackknife" not in standard_error_note(plain)
    assert "as the method estimates it" in standard_error_note(plain)
    ensemble = Discovery(names=("a", "b"), scores=scores, standard_errors=scores, config={"ensemble": 5})
    assert "left out another block of the data, before their final training" in standard_error_note(ensemble)
    assert standard_error_note(Discovery(names=("a", "b"), scores=scores)) == ""


def test_an_arrow_between_names_that_run_to_the_left_still_points_from_cause_to_effect():
    assert edge("a", "b") == "a → b"
    mark = "\N{LEFT-TO-RIGHT MARK}"
    assert edge("\u05d0", "\u05d1") == f"\u05d0 {mark}→{mark} \u05d1"
