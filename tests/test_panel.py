"""Panels and their windows."""

import shlex

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalkit import Intervention, Panel, Preparation
from causalkit.core.interventions import with_interventions
from causalkit.errors import DataError


def numbered(steps: int, series: int = 2, offset: float = 0) -> np.ndarray:
    """Every cell says which step it is: 10 * step + series."""
    return offset + 10.0 * np.arange(steps)[:, None] + np.arange(series)


def test_windows_are_oldest_first_and_lag_one_is_last():
    windows = Panel.of(numbered(5)).windows(2)
    assert windows.x.shape == (3, 2, 2)
    assert windows.x[0].tolist() == [[0, 1], [10, 11]]
    assert windows.y[0].tolist() == [20, 21]
    assert windows.step.tolist() == [2, 3, 4]


def test_windows_never_cross_the_border_of_a_realisation():
    panel = Panel.of([numbered(4), numbered(5, offset=1000), numbered(2, offset=2000)])
    windows = panel.windows(2)
    assert windows.realisation.tolist() == [0, 0, 1, 1, 1]
    for x, y, number in zip(windows.x, windows.y, windows.realisation, strict=True):
        assert (x // 1000 == number).all()
        assert (y // 1000 == number).all()


@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    lag=st.integers(1, 4),
    holes=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 11)), max_size=4),
)
def test_windows_match_a_plain_loop(lengths, lag, holes):
    realisations = [numbered(length, offset=1000.0 * number) for number, length in enumerate(lengths)]
    for number, step in holes:
        if number < len(lengths) and step < lengths[number]:
            realisations[number][step, 0] = np.nan
    expected, dropped = [], 0
    for values in realisations:
        for step in range(lag, len(values)):
            run = values[step - lag : step + 1]
            if np.isnan(run).any():
                dropped += 1
            else:
                expected.append((run[:lag], run[lag]))
    panel = Panel(realisations=tuple(realisations), names=("0", "1"))
    if not expected:
        with pytest.raises(DataError, match="no complete window"):
            panel.windows(lag)
        return
    windows = panel.windows(lag)
    assert windows.dropped == dropped
    np.testing.assert_array_equal(windows.x, [x for x, _ in expected])
    np.testing.assert_array_equal(windows.y, [y for _, y in expected])


def test_accepts_what_users_have():
    frame = pd.DataFrame({"b": [1.0, 2, 3], "a": [3.0, 1, 2]})
    assert Panel.of(frame).names == ("b", "a")
    assert Panel.of(np.zeros((4, 3, 2))).lengths == (3, 3, 3, 3)
    assert Panel.of([[1, 2], [3, 4]]).realisations[0].tolist() == [[1, 2], [3, 4]]
    swapped = Panel.of([frame, frame[["a", "b"]]])
    assert swapped.realisations[1].tolist() == swapped.realisations[0].tolist()
    nullable = pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64"), "b": [1, 2, 3]})
    assert np.isnan(Panel.of(nullable).realisations[0][1, 0])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}), "column 'b' contains text, not numbers .row 1: 'x'."),
        (pd.DataFrame({"a": [1.0, 2.0], "b": ["1", "y"]}), "row 2, column 'b': 'y' is not a number"),
        (pd.DataFrame([[1.0, 2.0]] * 3, columns=["a", "a"]), "duplicate column name 'a' .column 1 and column 2"),
        (np.zeros(3), "has 1 dimension"),
        (["no", "numbers"], "item 1 of the list is text, not a table"),
        (np.array([[1.0, np.inf], [1.0, 2.0]]), "row 1, column '1': infinite value"),
        ([np.zeros((3, 2)), np.zeros((3, 4))], "realisation 2: .* '3'"),
        ([], "is empty"),
    ],
)
def test_refuses_what_is_no_panel(data, said):
    with pytest.raises(DataError, match=said):
        Panel.of(data)


@pytest.mark.parametrize(
    ("values", "lag", "said"),
    [
        ([[1.0, 2.0]], 1, "one row"),
        ([[1.0], [2.0], [3.0]], 1, "at least two series"),
        ([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]], 1, "column '1' is constant, 5 in every row"),
        ([[1.0, np.nan], [2.0, np.nan], [3.0, np.nan]], 1, "column '1' has no values"),
        ([[1.0, 2.0], [2.0, 1.0], [3.0, 2.0]], 3, "3 rows and the lag is 3"),
    ],
)
def test_check_names_the_column_and_the_way_out(values, lag, said):
    with pytest.raises(DataError, match=said) as caught:
        Panel.of(np.array(values)).check(lag)
    assert caught.value.hint


def test_standardized_ignores_gaps_and_pools_realisations():
    panel = Panel.of([np.array([[0.0, 1.0], [np.nan, 2.0]]), np.array([[4.0, 3.0]])])
    scaled, scaling = panel.standardized()
    assert scaling.mean.tolist() == [2, 2]
    stacked = np.concatenate(scaled.realisations)
    np.testing.assert_allclose(np.nanmean(stacked, axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.nanstd(stacked, axis=0), 1)


def test_digest_sees_borders_names_and_values():
    values = numbered(6)
    digests = {
        Panel.of(values).sha256,
        Panel.of([values[:3], values[3:]]).sha256,
        Panel.of(values, names=["a", "b"]).sha256,
        Panel.of(values + 1).sha256,
    }
    assert len(digests) == 4
    assert Panel.of(values.copy()).sha256 == Panel.of(values).sha256


def test_the_same_numbers_give_the_same_panel_however_they_lie_in_memory():
    table = np.random.default_rng(0).standard_normal((30, 4))
    layouts = [table, np.asfortranarray(table), np.hstack([table, table])[:, :4], np.repeat(table, 2, axis=0)[::2]]
    panels = [Panel.of(layout) for layout in layouts]
    assert len({panel.sha256 for panel in panels}) == 1
    sums = [panel.standardized()[0].realisations[0].tobytes() for panel in panels]
    assert len(set(sums)) == 1


FAULTS = {
    "constant": lambda steps: np.full(steps, 1.0),
    "constant up to rounding": lambda steps: np.where(np.arange(steps) % 3, 0.3, 0.1 + 0.2),
    "empty": lambda steps: np.full(steps, np.nan),
    "constant after detrending": lambda steps: np.arange(float(steps)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_hints_name_every_column_and_can_be_pasted(fault):
    """In a shell for files, in Python for objects; without these columns, the check passes."""
    values = np.random.default_rng(0).normal(size=(20, 4))
    values[:, [0, 2]] = FAULTS[fault](20)[:, None]
    names = ["heart rate; max", "b", "setpoint", "c"]

    def refusal(source: str) -> str:
        panel = Panel.of(values, names=names, source=source, time_column="none")
        refuse = Preparation("linear").apply if fault == "constant after detrending" else lambda one: one.check(1)
        with pytest.raises(DataError) as caught:
            refuse(panel)
        assert str(caught.value).count("setpoint") == 2
        return caught.value.hint

    words = shlex.split(refusal("ward.csv"))
    assert words[words.index("--drop") :] == ["--drop", "heart rate; max", "--drop", "setpoint"]
    assert refusal("data").endswith('drop=("heart rate; max", "setpoint")')
    Panel.of(values, names=names, time_column="none").drop(["heart rate; max", "setpoint"]).check(1)


def test_constant_and_empty_columns_are_one_error():
    values = np.random.default_rng(0).normal(size=(20, 4))
    values[:, 0], values[:, 1] = 7.0, np.nan
    with pytest.raises(
        DataError, match="column 'b' has no values and column 'a' is constant, 7 in every row"
    ) as caught:
        Panel.of(values, names=list("abcd"), source="x.csv").check(1)
    assert caught.value.hint.endswith("--drop a --drop b")


def test_no_hint_to_drop_columns_where_too_few_would_be_left():
    values = np.random.default_rng(0).normal(size=(20, 2))
    values[:, 0] = 7.0
    with pytest.raises(DataError, match="column 'a' is constant") as caught:
        Panel.of(values, names=list("ab"), source="x.csv").check(1)
    assert "--drop" not in str(caught.value)
    assert "at least two series" in caught.value.hint


def test_a_small_variation_of_a_large_series_is_data():
    """Seconds since 1970 in steps of a millisecond, and parts per billion."""
    for series in (1.7e9 + np.arange(50) / 1000, 1 + 1e-9 * np.arange(50), 1e-300 * np.arange(50.0)):
        table = np.column_stack([series, np.random.default_rng(0).normal(size=50)])
        Panel.of(table, time_column="none").check(1)


def test_the_hint_on_interventions_can_be_pasted():
    panel = Panel.of(np.random.default_rng(0).normal(size=(20, 2)), names=["it's", "b"])
    with pytest.raises(DataError) as caught:
        with_interventions(panel, [Intervention("it's", 1, 20)])
    assert shlex.split(caught.value.hint)[-2:] == ["--forbid", "*->it's"]
