"""A discovery as a plain dictionary, as in JSON files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.choice import Choice
from causalkit.core.discovery import Discovery
from causalkit.core.plain import plain
from causalkit.errors import CausalkitError, DataError

SCHEMA = 1


def to_record(discovery: Discovery) -> dict[str, Any]:
    """Return a discovery as a dictionary of lists, strings and numbers.

    Numbers that strict JSON does not allow become None (NaN) or the strings "inf" and "-inf".
    """
    return {
        "schema": SCHEMA,
        "method": discovery.method,
        "names": list(discovery.names),
        "lags": discovery.lags,
        "scores": discovery.scores.tolist(),
        "p_values": _array_out(discovery.p_values),
        "standard_errors": _array_out(discovery.standard_errors),
        "joint_p_values": _array_out(discovery.joint_p_values),
        "selected": _array_out(discovery.selected),
        "selection": plain(discovery.selection),
        "path": None if discovery.path is None else {name: _array_out(part) for name, part in discovery.path.items()},
        "history": plain(discovery.history),
        "pretraining": plain(discovery.pretraining),
        "choices": [choice.describe() for choice in discovery.choices],
        "config": plain(discovery.config),
        "seed": plain(discovery.seed),
        "device": discovery.device,
        "versions": plain(discovery.versions),
        "data": plain(discovery.data),
        "seconds": plain(discovery.seconds),
        "notes": list(discovery.notes),
    }


def from_record(record: Any, source: str) -> Discovery:
    """Return the discovery of a dictionary that `to_record` made.

    Args:
        record: the content of a JSON file.
        source: the name of the file in errors.

    Raises:
        DataError: the record is not a discovery, or was written by a newer version.
    """
    if not isinstance(record, Mapping) or not {"schema", "names", "scores"} <= set(record):
        raise DataError(f"{source} is not a discovery", "name a file that causalkit discover -o wrote as .json or .npz")
    schema = record["schema"]
    if not isinstance(schema, int) or schema < 1:
        raise DataError(f"{source} is not a discovery: its schema is {schema!r}", "it may have been edited")
    if schema > SCHEMA:
        raise DataError(
            f"{source} was written by a newer causalkit (schema {schema}, this one knows {SCHEMA})",
            "upgrade causalkit to read it",
        )
    try:
        selected = record.get("selected")
        return Discovery(
            names=tuple(str(name) for name in record["names"]),
            scores=_floats_in(record["scores"]),
            p_values=_optional(record.get("p_values")),
            standard_errors=_optional(record.get("standard_errors")),
            joint_p_values=_optional(record.get("joint_p_values")),
            selected=None if selected is None else np.asarray(selected, dtype=np.bool_),
            selection=record.get("selection"),
            path=_path_in(record.get("path")),
            history={key: [_number_in(value) for value in values] for key, values in record.get("history", {}).items()},
            pretraining=record.get("pretraining"),
            choices=tuple(Choice.from_dict(choice) for choice in record.get("choices") or ()),
            method=str(record.get("method", "")),
            config=dict(record.get("config") or {}),
            seed=record.get("seed"),
            device=str(record.get("device", "cpu")),
            versions=dict(record.get("versions") or {}),
            data=dict(record.get("data") or {}),
            seconds=float(record.get("seconds") or 0.0),
            notes=tuple(record.get("notes") or ()),
        )
    except CausalkitError as error:
        raise DataError(f"{source} is damaged: {error.message}", "write it again") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{source} is damaged: {' '.join(str(error).split())}", "write it again") from error


def _array_out(values: NDArray[Any] | None) -> Any:
    if values is None:
        return None
    return plain(values) if values.dtype.kind == "f" and not np.isfinite(values).all() else values.tolist()


def _number_in(value: Any) -> float:
    """Return a number of a history; whole numbers stay whole."""
    if value is None:
        return math.nan
    return float(value) if isinstance(value, str) else value


def _floats_in(values: Any) -> NDArray[np.float64]:
    """Return nested lists as an array, None as NaN."""
    return np.asarray(values, dtype=np.float64)


def _optional(values: Any) -> NDArray[np.float64] | None:
    return None if values is None else _floats_in(values)


def _path_in(path: Mapping[str, Any] | None) -> dict[str, NDArray[np.float64]] | None:
    return None if path is None else {str(name): _floats_in(part) for name, part in path.items()}
