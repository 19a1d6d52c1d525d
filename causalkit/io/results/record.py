"""A discovery as a plain dictionary, as in JSON files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from causalkit.core.choice import Choice
from causalkit.core.discovery import Discovery
from causalkit.core.effects import Effects
from causalkit.core.instantaneous import Instantaneous
from causalkit.core.plain import number_of, plain
from causalkit.core.response import Response
from causalkit.errors import CausalkitError, DataError

SCHEMA = 1
HINT = "name a .json or .npz file that causalkit discover -o wrote"
ARRAYS_OF = ("effects", "instantaneous")
"""Records whose arrays are in an .npz file by themselves, as ``effects.mean`` and so on."""
_IN_MEMORY = ("fitted", "held_out", "refit")


def to_record(discovery: Discovery) -> dict[str, Any]:
    """Return a discovery as a dictionary of lists, strings and numbers.

    Numbers that strict JSON does not allow become None (NaN) or the strings "inf" and "-inf".
    """
    kept = [field.name for field in dataclasses.fields(discovery) if field.name not in _IN_MEMORY]
    first = {"schema": SCHEMA, "method": discovery.method, "names": list(discovery.names), "lags": discovery.lags}
    return first | {name: plain(getattr(discovery, name)) for name in kept}


def from_record(record: Any, source: str) -> Discovery:
    """Return the discovery of a dictionary that `to_record` made; ``source`` names the file in errors.

    Raises:
        DataError: the record is not a discovery, or was written by a newer version.
    """
    if not isinstance(record, Mapping) or not {"schema", "names", "scores"} <= set(record):
        raise DataError(f"{source} is not a discovery", HINT)
    schema = record["schema"]
    if not isinstance(schema, int) or schema < 1:
        raise DataError(f"{source} is not a discovery: its schema is {schema!r}", "it may have been edited")
    if schema > SCHEMA:
        raise DataError(
            f"{source} was written by a newer causalkit (schema {schema}, this one knows {SCHEMA})",
            "upgrade causalkit to read it",
        )
    try:
        return Discovery(**{key: read(record[key]) for key, read in _READ.items() if record.get(key) is not None})
    except CausalkitError as error:
        raise DataError(f"{source} is damaged: {error.message}", "write it again") from error
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise DataError(f"{source} is damaged: {' '.join(str(error).split())}", "write it again") from error


_floats = partial(np.asarray, dtype=np.float64)  # None becomes NaN
_READ: dict[str, Callable[[Any], Any]] = {
    "names": lambda names: tuple(str(name) for name in names),
    "scores": _floats,
    "p_values": _floats,
    "standard_errors": _floats,
    "joint_p_values": _floats,
    "effects": Effects.from_dict,
    "instantaneous": Instantaneous.from_dict,
    "responses": lambda responses: tuple(Response.from_dict(response) for response in responses),
    "selected": partial(np.asarray, dtype=np.bool_),
    "selection": dict,
    "path": lambda path: {str(name): _floats(values) for name, values in path.items()},
    "history": lambda history: {key: [number_of(value) for value in values] for key, values in history.items()},
    "pretraining": dict,
    "choices": lambda choices: tuple(Choice.from_dict(choice) for choice in choices),
    "method": str,
    "config": dict,
    "seed": lambda seed: seed,
    "device": str,
    "versions": dict,
    "data": dict,
    "seconds": float,
    "notes": tuple,
}
"""How the fields of a discovery are read; those that are None or missing keep their defaults."""
