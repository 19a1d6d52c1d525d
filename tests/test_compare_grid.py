"""The cells of a comparison: what is refused before any work, what is skipped, and what makes two cells the same."""

from __future__ import annotations

import os

import pytest

from causalkit.compare.data import PanelCache, load, resolve_data
from causalkit.compare.grid import build_grid
from causalkit.compare.settings import Settings
from causalkit.errors import DataError, ParameterError, UnknownNameError, WrongUsageError
from causalkit.plugins.specification import Specification, parse_specification
from tests.plugins_for_tests.installing import installed

PAIR = "lagged-pair[steps=60]"


def grid_of(*methods, data=(PAIR,), seeds=(0,), shuffle=0, **settings):
    return build_grid(methods, data, seeds, Settings(**settings), shuffle=shuffle)


def key_of(method="var", data=PAIR, **settings):
    (cell,) = grid_of(method, data=[data], **settings).cells
    return cell.key


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.csv").write_text("a,b\n" + "\n".join(f"{i * i % 13},{i * i % 11}" for i in range(40)))
    (tmp_path / "truth.csv").write_text("cause,effect\na,b\n")
    (tmp_path / "short.csv").write_text("a,b\n1,2\n2,1\n3,5\n")
    return tmp_path


@pytest.mark.parametrize(
    ("methods", "data", "error", "said"),
    [
        (["vra"], [PAIR], UnknownNameError, "did you mean var"),
        (["var[lga=2]"], [PAIR], ParameterError, "did you mean lag"),
        (["var[lag=two]"], [PAIR], ParameterError, "lag=two"),
        (["var"], ["lorenz69"], UnknownNameError, "did you mean lorenz96"),
        (["var"], ["lorenz96[sries=3]"], ParameterError, "did you mean series"),
        (["var"], ["lorenz96:small"], WrongUsageError, "has no items"),
        (["var"], ["none.csv"], DataError, "no file"),
        (["var", "var"], [PAIR], WrongUsageError, "duplicate method var"),
        (["var", "var[lag=2]"], [PAIR], WrongUsageError, "the same"),
        (["var"], [PAIR, "lagged-pair[steps=60,series=3]"], WrongUsageError, "the same"),
        ([], [PAIR], WrongUsageError, "no method"),
        (["var"], [], WrongUsageError, "no data set"),
    ],
)
def test_what_is_wrong_is_refused_before_any_work(methods, data, error, said):
    with pytest.raises(error) as caught:
        grid_of(*methods, data=data)
    assert said in str(caught.value)


def test_a_method_whose_package_is_missing_is_skipped_with_the_reason():
    with installed("misbehaves"):
        grid = grid_of("absent", "var", seeds=(0, 1))
    assert {(cell.method, cell.seed) for cell, _ in grid.skipped} == {("absent", 0), ("absent", 1)}
    assert {reason for _, reason in grid.skipped} == {"absent needs the package nothing; install it"}
    assert {cell.method for cell in grid.cells} == {"var"}


def test_a_method_whose_constructor_is_broken_is_left_to_its_cells():
    with installed("misbehaves"):
        assert [cell.method for cell in grid_of("broken").cells] == ["broken"]


@pytest.mark.plugins
def test_a_pair_that_cannot_work_is_skipped_with_the_reason():
    grid = grid_of("cmlp[forecaster=kan,regularizer=group-lasso]", "var")
    ((cell, reason),) = grid.skipped
    assert cell.method.startswith("cmlp")
    assert "group-lasso needs a forecaster with input weights; kan has none" in reason


@pytest.mark.plugins
def test_parameters_of_a_neural_method_are_filled_in_and_survive_the_journey():
    from causalkit.api import build_method
    from causalkit.plugins.records import Method
    from causalkit.plugins.registry import registry

    (cell,) = grid_of("grngc[lag=2,forecaster=kan,regularizer=gradient-l1+ridge,training.epochs=7]").cells
    assert cell.method_params["forecaster"]["name"] == "kan"
    assert cell.method_params["regularizer"]["name"] == "gradient-l1+ridge"
    assert cell.method_params["training"]["epochs"] == 7
    method, _ = build_method(registry().get(Method, "grngc"), cell.method_params)
    assert method.training.epochs == 7


def test_each_seed_and_data_set_is_a_block_in_an_order_that_shuffle_decides():
    methods, data, seeds = ["var", "var[lag=1]", "var[lag=3]"], [PAIR, "henon"], (0, 1, 2)
    cells = grid_of(*methods, data=data, seeds=seeds).cells
    places = [(cell.data, cell.seed) for cell in cells]
    assert all(len(set(places[start : start + 3])) == 1 for start in range(0, 18, 3))
    assert len(set(places)) == 6
    assert cells == grid_of(*methods, data=data, seeds=seeds).cells
    others = [grid_of(*methods, data=data, seeds=seeds, shuffle=shuffle).cells for shuffle in range(1, 5)]
    assert any(other != cells for other in others)
    assert all({cell.key for cell in other} == {cell.key for cell in cells} for other in others)


class TestKey:
    def test_how_something_is_written_does_not_matter(self):
        labelled = Specification(label="mine", name="linear-var", params={"lag": 2})
        assert key_of() == key_of("var[lag=2]") == key_of("linear-var[ lag = 2 ]") == key_of(labelled)
        assert key_of(lag=3) == key_of("var[lag=3]")

    def test_whatever_the_result_depends_on_matters(self):
        keys = [
            key_of(),
            key_of("var[lag=1]"),
            key_of(data="lagged-pair[steps=61]"),
            key_of(select="top-k:3"),
            key_of(standardize=False),
            key_of(dtype="float64"),
            key_of(time_limit=10.0),
        ]
        assert len(set(keys)) == len(keys)

    def test_files_count_by_what_they_hold(self, files):
        before = key_of(data="own.csv[truth=truth.csv]")
        (files / "moved.csv").write_text((files / "own.csv").read_text())
        assert key_of(data="moved.csv[truth=truth.csv]") == before
        assert key_of(data="own.csv") != before
        (files / "truth.csv").write_text("cause,effect\nb,a\n")
        assert key_of(data="own.csv[truth=truth.csv]") != before


class TestFiles:
    def test_a_lag_that_a_file_is_too_short_for_is_skipped(self, files):
        grid = grid_of("var[lag=1]", "var[lag=9]", data=["short.csv"])
        ((cell, reason),) = grid.skipped
        assert cell.method == "var[lag=9]"
        assert "the longest realisation has 3 rows and the lag is 9" in reason

    def test_panel_and_truth_are_read(self, files):
        found = load(*resolve_data(parse_specification("own.csv[truth=truth.csv,drop=[]]")), seed=3)
        assert found.panel.names == ("a", "b")
        assert found.truth.count == 1

    def test_an_unknown_parameter_is_answered_with_the_nearest(self, files):
        with pytest.raises(ParameterError, match="did you mean truth"):
            grid_of("var", data=["own.csv[thruth=truth.csv]"])

    def test_a_file_that_changes_meanwhile_is_noticed(self, files):
        resolved = resolve_data(parse_specification("own.csv"))
        (files / "own.csv").write_text("a,b\n1,2\n3,1\n")
        with pytest.raises(DataError, match="has changed"):
            load(*resolved, seed=0)

    def test_a_folder_named_like_a_data_set_is_not_taken_for_it(self, files):
        os.mkdir("henon")
        assert resolve_data(parse_specification("henon"))[0] == "henon"


def test_methods_share_a_panel():
    cache = PanelCache(size=1)
    first = cache.load("lagged-pair", {"steps": 50}, 1)
    assert cache.load("lagged-pair", {"steps": 50}, 1) is first
    assert cache.load("lagged-pair", {"steps": 50}, 2).panel.sha256 != first.panel.sha256
    again = cache.load("lagged-pair", {"steps": 50}, 1)
    assert again is not first
    assert again.description == first.description


def test_a_seed_in_the_bracket_holds_for_all_seeds():
    resolved = resolve_data(parse_specification("lagged-pair[seed=5]"))
    assert load(*resolved, seed=0).panel.sha256 == load(*resolved, seed=1).panel.sha256


def test_options_of_reading_that_an_error_names_are_written_as_a_comparison_takes_them(files):
    (files / "latin.csv").write_bytes((files / "own.csv").read_text().replace("a,b", "tempé,b").encode("latin-1"))
    data, params = resolve_data(parse_specification("latin.csv"))
    with pytest.raises(DataError, match=r"--encoding cp1252 .*-d 'data.csv\[encoding=latin-1\]'"):
        load(data, params, 0)
    data, params = resolve_data(parse_specification("latin.csv[encoding=latin-1]"))
    assert load(data, params, 0).panel.names == ("tempé", "b")
