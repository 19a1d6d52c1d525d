"""Parameters: ``KEY=VALUE`` strings and TOML tables become typed keyword arguments of a factory.

pydantic checks the types of the factory's annotated signature; the error for an unknown key suggests the most
similar one. Precedence everywhere: defaults < configuration file < ``--set``.
"""

from __future__ import annotations

import inspect
import re
import tomllib
import types
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Union, Unpack, get_args, get_origin, get_type_hints

from causalkit.errors import DataError, ParameterError, did_you_mean

Tree = dict[str, Any]
MOST_PARTS = 20
"""Of a dotted key, and of tables and lists inside each other."""
_LARGEST = 1 << 20
"""Bytes of a TOML file."""
# Without backtracking and from the beginning of words only, so that the time is linear.
_LONG_KEY = re.compile(rf"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{MOST_PARTS}}}""")


def parse_settings(settings: Iterable[str]) -> Tree:
    """Turn ``["forecaster.hidden=64", ...]`` into a nested dictionary of strings; later ones win.

    Raises:
        ParameterError: an entry has no "=" or no key.
    """
    tree: Tree = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key.strip():
            raise ParameterError(
                f"the setting {setting!r} is malformed", "write KEY=VALUE, for example training.epochs=200"
            )
        tree = merge(tree, nest({key.strip(): value.strip()}))
    return tree


def nest(flat: Mapping[str, Any]) -> Tree:
    """Turn dotted keys into nested dictionaries; values that are mappings are nested as well.

    Raises:
        ParameterError: a key has more parts than any parameter.
    """
    tree: Tree = {}
    for key, value in flat.items():
        parts = str(key).split(".")
        if len(parts) > MOST_PARTS:
            raise ParameterError(
                f"the key {str(key)[:40]!r}... has {len(parts):,} parts",
                "write KEY=VALUE, for example training.epochs=200",
            )
        inner: Any = nest(value) if isinstance(value, Mapping) else value
        for part in reversed(parts[1:]):
            inner = {part: inner}
        if parts[0] in tree:
            tree = merge(tree, {parts[0]: inner})
        else:
            tree[parts[0]] = inner  # a merge would copy the tree
    return tree


def merge(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> Tree:
    """Return both trees in one; where both have a leaf, ``upper`` wins.

    Raises:
        ParameterError: a key is a table in one tree and a value in the other.
    """
    merged: Tree = dict(lower)
    for key, value in upper.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[key] = merge(old, value)
        elif isinstance(old, Mapping):
            merged[key] = merge(old, {"name": value})  # "forecaster = 'kan'" beside "forecaster.hidden = 64"
        elif isinstance(value, Mapping) and old is not None:
            merged[key] = merge({"name": old}, value)
        else:
            merged[key] = value
    return merged


def read_config(path: str | Path) -> Tree:
    """Read parameters from a TOML file.

    Raises:
        DataError: as `read_toml`.
    """
    return nest(read_toml(path, "docs/usage.md"))


def read_toml(path: str | Path, example: str) -> Tree:
    """Read a TOML file.

    Args:
        path: of the file.
        example: the page with an example, for the hint of an error.

    Raises:
        DataError: the file is missing or is not TOML.
    """
    path, hint = Path(path), f"see {example} for an example"
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise DataError(f"{path} has more than {_LARGEST:,} bytes, too many for a configuration", hint)
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
        if _LONG_KEY.search(text):  # tomllib takes a time that grows with the square of the number of parts
            raise DataError(f"{path} has a key of more than {MOST_PARTS} parts", hint)
        tree = tomllib.loads(text)
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file", "name a TOML file") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}", hint) from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a readable TOML file: it is not UTF-8 text", hint) from error
    except RecursionError as error:
        raise DataError(f"{path}: not a readable TOML file: it is nested too deeply", hint) from error
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path}: not a readable TOML file: {error}", hint) from error
    except ValueError as error:  # Python converts no text of more than 4,300 digits
        raise DataError(f"{path}: not a readable TOML file: it has a number of too many digits", hint) from error
    try:
        plain_tree(tree)
    except ValueError as error:
        raise DataError(f"{path}: not a readable TOML file: it should have {error}", hint) from None
    return tree


def plain_tree(value: Any) -> Any:
    """Refuse a tree of settings that is too deep, or that has numbers with hundreds of digits.

    Raises:
        ValueError: says what it should have.
    """
    level = [value]
    for _ in range(MOST_PARTS):
        if any(isinstance(one, int) and abs(one) > 2**64 for one in level):
            raise ValueError("whole numbers of at most 20 digits")
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
        ]
        if not level:
            return value
    raise ValueError(f"at most {MOST_PARTS} tables and lists inside each other")


def signature_of(factory: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return the named parameters of a factory with their annotations resolved.

    The keys of ``**options: Unpack[Options]`` are parameters as well; a typed dictionary names no defaults.
    """
    function = factory.__init__ if inspect.isclass(factory) else factory
    hints = _hints(function)
    found = {}
    for name, parameter in inspect.signature(factory).parameters.items():
        annotation = hints.get(name, Any)
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            found[name] = parameter.replace(annotation=annotation)
        elif get_origin(annotation) is Unpack:
            (options,) = get_args(annotation)
            for key, hint in get_type_hints(options, include_extras=True).items():
                found[key] = inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=hint)
    return found


def _hints(function: Any) -> dict[str, Any]:
    """Return the resolved annotations of the parameters of a function."""
    named = {name: hint for name, hint in getattr(function, "__annotations__", {}).items() if name != "return"}
    parameters = types.SimpleNamespace(__annotations__=named)
    try:
        names = getattr(inspect.unwrap(function), "__globals__", {})  # a decorator lives in a module of its own
        return get_type_hints(parameters, names, include_extras=True)
    except Exception:  # annotations that exist only for type checkers; such parameters accept anything
        return {}


def resolve(
    factory: Callable[..., Any],
    given: Mapping[str, Any],
    *,
    what: str,
    prefix: str = "",
    supplied: Iterable[str] = (),
    shared: Mapping[str, inspect.Parameter] | None = None,
) -> Tree:
    """Check and convert the parameters that a user gave for a factory, and add its defaults.

    Args:
        given: nested values, as text or typed.
        what: the name of the factory in errors, for example ``"forecaster mlp"``.
        prefix: of every key on the command line, for example ``"forecaster."``.
        supplied: parameters that causalkit itself passes; users cannot set them.
        shared: parameters that users may set beside those of the factory.

    Returns:
        Keyword arguments for the factory, without the supplied ones.

    Raises:
        ParameterError: an unknown key, a missing value or a value of the wrong type.
    """
    import pydantic

    reserved = set(supplied)
    parameters = {name: p for name, p in signature_of(factory).items() if name not in reserved}
    parameters |= shared or {}
    for key in given:
        if key not in parameters:
            raise ParameterError(
                f"{what} has no parameter {prefix + key!r}",
                did_you_mean(prefix + key, [prefix + p for p in parameters]),
            )
    fields: dict[str, Any] = {
        name: (p.annotation, ... if p.default is inspect.Parameter.empty else p.default)
        for name, p in parameters.items()
    }
    values = {name: from_text(value, parameters[name].annotation) for name, value in given.items()}
    # Names like "model_dim" are fine for parameters, hence no protected namespaces.
    config = pydantic.ConfigDict(
        extra="forbid", arbitrary_types_allowed=True, protected_namespaces=(), allow_inf_nan=False
    )
    model = pydantic.create_model("Parameters", __config__=config, **fields)
    for name, parameter in parameters.items():
        if name in values and isinstance(values[name], Mapping) and isinstance(parameter.default, pydantic.BaseModel):
            values[name] = {**parameter.default.model_dump(exclude_unset=True), **values[name]}
    try:
        checked = model(**values)
    except pydantic.ValidationError as error:
        raise _readable(error, what, prefix, parameters) from error
    return {name: getattr(checked, name) for name in parameters}


def check_open(factory: Callable[..., Any], given: Mapping[str, Any], name: str, *, what: str) -> None:
    """Refuse "auto" or "auto:12" for a parameter that is a number and nothing else.

    Raises:
        ParameterError: the factory cannot choose the parameter; the hint contains its description.
    """
    parameter = signature_of(factory).get(name)
    if str(given.get(name)).partition(":")[0] != "auto" or parameter is None or _bare(parameter.annotation) is not int:
        return
    meaning = argument_docs(inspect.getdoc(factory) or "").get(name)
    raise ParameterError(
        f"{what} cannot choose its {name} by itself",
        "give a number" + (f"; its {name} is {meaning}" if meaning else ""),
    )


def argument_docs(docstring: str) -> dict[str, str]:
    """Return the meaning of each argument from the ``Args:`` section of a docstring."""
    meanings: dict[str, str] = {}
    inside, names = False, []
    for line in docstring.splitlines():
        if line.strip() == "Args:":
            inside = True
        elif inside and line.strip() and not line.startswith("    "):
            break
        elif inside and line.startswith("    ") and not line.startswith("     ") and ":" in line:
            head, _, text = line.strip().partition(":")
            names = [name.strip() for name in head.split(",")]
            meanings |= dict.fromkeys(names, text.strip())
        elif inside and line.strip():
            meanings |= {name: f"{meanings[name]} {line.strip()}" for name in names}
    return meanings


def from_text(value: Any, annotation: Any) -> Any:
    """Split and clean text for the annotation; pydantic converts the rest. Other values stay as they are."""
    import pydantic

    annotation = _bare(annotation)
    union = get_origin(annotation) in (Union, types.UnionType)
    options = [_bare(option) for option in get_args(annotation)] if union else [annotation]
    if isinstance(value, Mapping):
        for option in options:
            if inspect.isclass(option) and issubclass(option, pydantic.BaseModel):
                fields = option.model_fields
                return {k: from_text(v, fields[k].annotation) if k in fields else v for k, v in value.items()}
        return value
    wants_sequence = any(get_origin(option) in (tuple, list) for option in options)
    if isinstance(value, str):
        if type(None) in options and value.lower() in ("none", "null"):
            return None
        if wants_sequence:
            return [part.strip() for part in value.strip("[]()").split(",") if part.strip()]
    if wants_sequence and isinstance(value, int | float):
        return [value]
    return value


def _bare(annotation: Any) -> Any:
    """Return an annotation without the constraints of ``Annotated``."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _readable(error: Any, what: str, prefix: str, parameters: Mapping[str, inspect.Parameter]) -> ParameterError:
    """Turn pydantic's first error into one sentence with the key as the user writes it."""
    import pydantic

    first = error.errors()[0]
    location = [str(part) for part in first["loc"]]
    key = prefix + ".".join(part for part in location if not part.isdecimal())
    if first["type"] == "extra_forbidden":
        owner = parameters[location[0]].annotation
        known = list(owner.model_fields) if inspect.isclass(owner) and issubclass(owner, pydantic.BaseModel) else []
        return ParameterError(
            f"{what} has no parameter {key!r}", did_you_mean(key, [f"{prefix}{location[0]}.{name}" for name in known])
        )
    if first["type"] == "missing":
        return ParameterError(f"{what} needs the parameter {key!r}", f"give it: --set {key}=VALUE")
    expected = _expected(first["msg"])
    if get_origin(parameters[location[0]].annotation) in (Union, types.UnionType):  # one error for each option
        key = prefix + location[0]
        options = [_expected(one["msg"]) for one in error.errors() if one["loc"][0] == location[0]]
        expected = ", or ".join(dict.fromkeys(options))
    return ParameterError(f"{key}={first['input']} does not fit {what}", f"it should be {expected}")


def _expected(message: str) -> str:
    """Return what pydantic expects."""
    return message.removeprefix("Value error, ").removeprefix("Input should be ")
