"""Parameters from text, TOML and Python with one precedence."""

import contextlib
from typing import Annotated, Literal, TypedDict, Unpack

import pytest
from pydantic import Field

from causalkit.errors import DataError, ParameterError
from causalkit.neural import Training
from causalkit.plugins.params import merge, nest, parse_settings, read_config, resolve, signature_of

Own = Annotated[float, Field(le=1)]
"""A type whose name means something in this module only."""


def factory(
    series: int,
    hidden: Annotated[tuple[int, ...], Field(min_length=1)] = (64,),
    strength: float = 0.1,
    kind: Literal["a", "b"] = "a",
    limit: int | None = 3,
    flag: bool = False,
    training: Training = Training(epochs=7, learning_rate=0.5),  # noqa: B008 - a frozen value
):
    """Something with parameters of every type that parts use."""


def checked(*settings: str):
    return resolve(factory, parse_settings(settings), what="part x", prefix="part.", supplied=("series",))


def test_text_becomes_typed():
    values = checked("hidden=8,16", "strength=1e-3", "kind=b", "limit=none", "flag=true", "training.epochs=9")
    assert values["hidden"] == (8, 16)
    assert values["strength"] == 0.001
    assert values["kind"] == "b"
    assert values["limit"] is None
    assert values["flag"] is True
    assert values["training"] == Training(epochs=9, learning_rate=0.5)


@pytest.mark.parametrize(("text", "hidden"), [("32", (32,)), ("[4, 5]", (4, 5)), ("(6,)", (6,))])
def test_sequences_in_any_spelling(text, hidden):
    assert checked(f"hidden={text}")["hidden"] == hidden


def test_typed_values_pass():
    assert resolve(factory, {"hidden": 12}, what="x", supplied=("series",))["hidden"] == (12,)
    assert resolve(factory, {"hidden": [1, 2]}, what="x", supplied=("series",))["hidden"] == (1, 2)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("strenght=1", "part.strenght.*did you mean part.strength"),
        ("strength=much", "part.strength=much does not fit part x.*valid number"),
        ("kind=c", "part.kind=c.*'a' or 'b'"),
        ("training.epoch=3", "part.training.epoch.*did you mean part.training.epochs"),
        ("training.epochs=0", "part.training.epochs=0.*greater than or equal to 1"),
        ("series=3", "no parameter 'part.series'"),
        ("hidden=", "at least 1 item"),
    ],
)
def test_mistakes_name_the_key_and_the_nearest_one(setting, said):
    with pytest.raises(ParameterError, match=said) as caught:
        checked(setting)
    assert caught.value.exit_code == 2


def test_required_parameters_are_asked_for():
    with pytest.raises(ParameterError, match="needs the parameter 'series'"):
        resolve(factory, {}, what="x")


def test_malformed_setting():
    with pytest.raises(ParameterError, match="KEY=VALUE"):
        parse_settings(["epochs"])


def test_later_settings_win_and_tables_merge():
    tree = merge(
        nest({"forecaster": "kan", "training.epochs": 3}), parse_settings(["forecaster.hidden=4", "training.epochs=5"])
    )
    assert tree == {"forecaster": {"name": "kan", "hidden": "4"}, "training": {"epochs": "5"}}
    assert merge({"forecaster": {"hidden": 4}}, {"forecaster": "kan"}) == {"forecaster": {"hidden": 4, "name": "kan"}}


def test_toml(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('method = "grngc"\n[training]\nepochs = 3\n')
    assert read_config(path) == {"method": "grngc", "training": {"epochs": 3}}
    path.write_text("method = ")
    with pytest.raises(DataError, match="run.toml: not a readable TOML file"):
        read_config(path)
    with pytest.raises(DataError, match="no such file"):
        read_config(tmp_path / "missing.toml")


class Options(TypedDict, total=False):
    hidden: tuple[int, ...]


def test_the_keys_of_a_typed_dictionary_are_parameters():
    def with_options(series: int, **options: Unpack[Options]):
        """Something that hands options on."""

    with_options.__annotations__["return"] = "NotImportedHere"
    assert list(signature_of(with_options)) == ["series", "hidden"]
    given = {"hidden": "8,16"}
    assert resolve(with_options, given, what="x", supplied=["series"]) == {"hidden": (8, 16)}
    with pytest.raises(ParameterError, match="hidden"):
        resolve(with_options, {"hidden": "eight"}, what="x", supplied=["series"])


def test_a_decorated_factory_has_the_types_of_the_function():
    @contextlib.contextmanager
    def around():
        yield

    @around()
    def build(width: "int" = 3, share: "Own" = 0.5): ...

    hints = {name: parameter.annotation for name, parameter in signature_of(build).items()}
    assert hints == {"width": int, "share": Own}
