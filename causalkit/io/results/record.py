"""A discovery as a plain dictionary, as in JSON files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any

from causalkit.core.choice import Choice
from causalkit.core.discovery import OUTSIDE, Discovery
from causalkit.core.effects import BY_LAG, Effects
from causalkit.core.instantaneous import Instantaneous
from causalkit.core.pairs import Pairs
from causalkit.core.plain import number_of, plain
from causalkit.core.response import Response
from causalkit.errors import CausalkitError, DataError
from causalkit.io.results.schema import CandidatePairs, ResultFile
from causalkit.io.tables.cells import shown

SCHEMA = 1
SPARSE_SCHEMA = 2
"""Of results with scores of candidate pairs only, which have the key ``pairs``."""
HINT = "name a .json or .npz file that causalkit discover -o wrote"
ARRAYS_OF = ("effects", "instantaneous")
"""Records whose arrays are in an .npz file by themselves, as ``effects.mean`` and so on."""
_IN_MEMORY = ("fitted", "held_out", "refit")


def to_record(discovery: Discovery, without: Collection[str] = ()) -> dict[str, Any]:
    """Return a discovery, or all of it but some fields, as a dictionary of lists, strings and numbers.

    Numbers that strict JSON does not allow become None (NaN) or the strings "inf" and "-inf".
    """
    kept = [field.name for field in dataclasses.fields(discovery) if field.name not in (*_IN_MEMORY, *without)]
    first = {"schema": SCHEMA, "method": discovery.method, "names": list(discovery.names), "lags": discovery.lags}
    if discovery.sparse:
        pairs = discovery.pairs
        first["schema"] = SPARSE_SCHEMA
        if "pairs" not in without:
            first["pairs"] = {"cause": plain(pairs.cause), "effect": plain(pairs.effect)}
    return first | {name: plain(getattr(discovery, name)) for name in kept}


def from_record(record: Any, source: str) -> Discovery:
    """Return the discovery of a dictionary that `to_record` made; ``source`` names the file in errors.

    Raises:
        DataError: the record is not a discovery, or was written by a newer version.
    """
    if not isinstance(record, Mapping) or not {"schema", "names", "scores"} <= set(record):
        raise DataError(f"{source} is not a discovery", HINT)
    schema = record["schema"]
    if type(schema) is not int or schema < 1:
        raise DataError(f"{source} is not a discovery: its schema is {shown(str(schema))}", "it may have been edited")
    if schema > SPARSE_SCHEMA:
        raise DataError(
            f"{source} was written by a newer causalkit (schema {schema}, this one knows {SPARSE_SCHEMA})",
            "upgrade causalkit to read it",
        )
    given = {key: value for key, value in record.items() if value is not None}
    checked = ResultFile.check(given, source)
    try:
        known = {key: read(given[key], checked) for key, read in _READ.items() if key in given}
        if checked.pairs is not None:
            known = _at_pairs(known, checked.pairs)
        if "effects" in known:
            known["effects"] = Effects.from_dict(known["effects"])
        return Discovery(**known)
    except CausalkitError as error:
        raise DataError(f"{source} is damaged: {error.message}", "write it again") from error


def _at_pairs(known: dict[str, Any], record: CandidatePairs) -> dict[str, Any]:
    """Return the fields with rows of candidate pairs as sparse arrays."""
    pairs = Pairs(len(known["names"]), record.cause, record.effect)
    found = {name: pairs.array(known[name], fill) for name, fill in OUTSIDE.items() if name in known}
    if "effects" in known:
        effects = known["effects"]
        present = [name for name in BY_LAG if effects.get(name) is not None]
        found["effects"] = effects | {name: pairs.array(effects[name], float(name == "same_sign")) for name in present}
    return known | found


def _checked(name: str) -> Callable[[Any, ResultFile], Any]:
    return lambda _, file: getattr(file, name)


def _as_it_is(value: Any, _: ResultFile) -> Any:
    return value


def _history(given: Any, _: ResultFile) -> dict[str, list[float]]:
    return {key: [number_of(value) for value in values] for key, values in given.items()}


_ARRAYS = ("scores", "p_values", "standard_errors", "joint_p_values", "selected", "path")
_FACTS = ("selection", "pretraining", "method", "config", "seed", "device", "versions", "data")
_READ: dict[str, Callable[[Any, ResultFile], Any]] = {
    "names": lambda names, _: tuple(names),
    **{name: _checked(name) for name in _ARRAYS},
    **dict.fromkeys(_FACTS, _as_it_is),
    "effects": lambda _, file: dict(file.effects or ()),
    "instantaneous": lambda _, file: Instantaneous.from_dict(dict(file.instantaneous or ())),
    "responses": lambda _, file: tuple(Response.from_dict(dict(curve)) for curve in file.responses or ()),
    "history": _history,
    "choices": lambda choices, _: tuple(map(Choice.from_dict, choices)),
    "seconds": lambda seconds, _: float(seconds),
    "notes": lambda notes, _: tuple(notes),
}
"""How the fields of a discovery are read once they are checked; those that are None or missing keep their defaults."""
