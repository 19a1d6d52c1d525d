"""Methods, data sets, seeds and sizes as users write them, on the command line and in a file."""

from __future__ import annotations

import pytest

from causalkit.cli.options import Duration
from causalkit.compare.config import read_comparison
from causalkit.compare.settings import Limits, Settings, parse_seeds
from causalkit.core.memory import parse_bytes
from causalkit.errors import CausalkitError, DataError, ParameterError, WrongUsageError
from causalkit.plugins.specification import from_table, parse_specification


@pytest.mark.parametrize(
    ("text", "label", "name", "params"),
    [
        ("grngc", "grngc", "grngc", {}),
        (" var[ lag = 2 ] ", "var[lag=2]", "var", {"lag": "2"}),
        ("var[]", "var", "var", {}),
        (
            "grngc[forecaster=kan,regularizer.strength=0.1]",
            "grngc[forecaster=kan,regularizer.strength=0.1]",
            "grngc",
            {"forecaster": "kan", "regularizer": {"strength": "0.1"}},
        ),
        (
            "m[forecaster=kan, forecaster.hidden=[64,32],x=(1,2)]",
            "m[forecaster=kan,forecaster.hidden=[64,32],x=(1,2)]",
            "m",
            {"forecaster": {"name": "kan", "hidden": "[64,32]"}, "x": "(1,2)"},
        ),
        ("m[note=\"a,b]\",other='=']", "m[note=\"a,b]\",other='=']", "m", {"note": "a,b]", "other": "="}),
        ("netsim:sim3", "netsim:sim3", "netsim:sim3", {}),
        ("my data/own.csv[truth=t.csv]", "my data/own.csv[truth=t.csv]", "my data/own.csv", {"truth": "t.csv"}),
    ],
)
def test_a_specification_is_read(text, label, name, params):
    specification = parse_specification(text)
    assert (specification.label, specification.name, specification.params) == (label, name, params)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no name"),
        ("[lag=2]", "has no name"),
        ("var[lag=2", "not closed"),
        ("var[lag=2]x", "not closed"),
        ("var[lag]", "'lag' in 'var[lag]' is no parameter"),
        ("var[=2]", "is no parameter"),
        ("var[lag=2,lag=3]", "duplicate key 'lag'"),
        ("var[x=[1,2]", "']' is missing"),
        ('var[x="1]', "'\"' is missing"),
        ("var[x=1)]", "closes nothing"),
    ],
)
def test_a_malformed_specification_is_refused(text, said):
    with pytest.raises(WrongUsageError) as caught:
        parse_specification(text)
    assert said in str(caught.value)


def test_a_table_says_the_same_as_a_bracket_or_has_a_label_of_its_own():
    table = {"name": "m", "lag": 3, "params": {"regularizer": {"strength": 0.1}, "deep": True, "sizes": [1, 2]}}
    specification = from_table(table, "methods")
    assert specification.label == "m[lag=3,regularizer.strength=0.1,deep=true,sizes=[1,2]]"
    assert specification.params == {"lag": 3, "regularizer": {"strength": 0.1}, "deep": True, "sizes": [1, 2]}
    assert from_table({**table, "label": "mine"}, "methods").label == "mine"
    with pytest.raises(WrongUsageError, match="has no name"):
        from_table({"lag": 3}, "methods")


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("0:3", (0, 1, 2)), ("0,3,7", (0, 3, 7)), ("3", (3,)), (5, (5,)), ([0, 2], (0, 2)), ("0:2,9", (0, 1, 9))],
)
def test_seeds(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "3:3", "-1", "a", "1,1", "0:2,1", "1.5", [], [True]])
def test_what_are_no_seeds(text):
    with pytest.raises(WrongUsageError):
        parse_seeds(text)


def test_sizes_and_limits():
    assert [parse_bytes(text) for text in ("600M", "4G", "1.5g", "2GiB", "1000")] == [
        600 * 2**20, 4 * 2**30, 3 * 2**29, 2 * 2**30, 1000,
    ]  # fmt: skip
    for wrong in ("", "4X", "-1G", "much"):
        with pytest.raises(WrongUsageError):
            parse_bytes(wrong)
    with pytest.raises(WrongUsageError, match="400 MiB"):
        Limits(memory=parse_bytes("10M"))


@pytest.mark.parametrize("wrong", [{"select": "top:3"}, {"threads": 0}, {"dtype": "float16"}, {"time_limit": -1.0}])
def test_a_wrong_setting_shows_before_the_first_cell(wrong):
    with pytest.raises(WrongUsageError):
        Settings(**wrong)


class TestConfig:
    def read(self, tmp_path, text):
        path = tmp_path / "bench.toml"
        path.write_text(text)
        return read_comparison(path, lambda value: Duration().convert(value, None, None))

    def test_lists_and_tables(self, tmp_path):
        found = self.read(
            tmp_path,
            """
            data = ["lorenz96", "var[series=5]"]
            seeds = "0:3"
            timeout = "2m"
            memory = "4G"
            jobs = 2
            tolerance = 1
            standardize = false
            gates = ["auroc>=0.9@var"]

            [[methods]]
            name = "var"

            [[methods]]
            name = "grngc"
            label = "KAN"
            forecaster = "kan"
            params.regularizer.strength = 0.1
            """,
        )
        assert [entry.label for entry in found["data"]] == ["lorenz96", "var[series=5]"]
        assert [entry.label for entry in found["methods"]] == ["var", "KAN"]
        assert found["methods"][1].params == {"forecaster": "kan", "regularizer": {"strength": 0.1}}
        assert (found["seeds"], found["timeout"], found["memory"]) == ((0, 1, 2), 120.0, 4 * 2**30)
        assert (found["jobs"], found["tolerance"], found["standardize"]) == (2, 1.0, False)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("method = ['var']", "did you mean methods"),
            ("jobs = 'two'", "jobs=two does not fit the comparison in"),
            ("jobs = 'two'", "a valid integer"),
            ("jobs = true", "a valid integer"),
            ("tolerance = true", "a valid number"),
            ("lag = 'long'", "a valid integer, or 'auto'"),
            ("select = 3", "a valid string"),
            ("methods = 'var'", "a list of names"),
            ("data = [3]", "a list of names"),
            ("gates = 'auroc>=0.9'", "a list of texts"),
        ],
    )
    def test_what_does_not_fit_is_named(self, tmp_path, text, said):
        with pytest.raises(ParameterError) as caught:
            self.read(tmp_path, text)
        assert said in str(caught.value)
        assert "bench.toml" in str(caught.value)

    def test_a_missing_or_broken_file(self, tmp_path):
        with pytest.raises(DataError, match="no such file"):
            read_comparison(tmp_path / "none.toml", float)
        with pytest.raises(DataError, match="not a readable TOML"):
            self.read(tmp_path, "methods = [")

    def test_a_wrong_duration_is_one_line(self, tmp_path):
        with pytest.raises((CausalkitError, Exception)) as caught:
            self.read(tmp_path, "timeout = 'soon'")
        assert "soon" in str(caught.value)
