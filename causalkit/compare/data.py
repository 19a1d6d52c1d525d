"""Data sets of a comparison: by name, or files; resolved once before the grid starts, loaded where a cell runs."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalkit.core.options import ReadingOptions
from causalkit.core.plain import plain
from causalkit.errors import DataError, ParameterError, UnknownNameError, WrongUsageError, did_you_mean
from causalkit.io.paths import existing_file, near_files
from causalkit.plugins.params import resolve, signature_of
from causalkit.plugins.records import Dataset, Reader
from causalkit.plugins.registry import registry
from causalkit.plugins.specification import Specification

if TYPE_CHECKING:
    from causalkit.core.panel import Panel
    from causalkit.core.truth import Truth

FILE = "file"
_READING = tuple(ReadingOptions.__annotations__)
_PARAMETERS = ("files", "truth", "truth_orientation", *_READING)


@dataclass(frozen=True, eq=False)
class Loaded:
    """A panel with its truth and its description for the record."""

    panel: Panel
    truth: Truth | None
    description: Mapping[str, Any]

    @classmethod
    def of(cls, panel: Panel, truth: Truth | None) -> Loaded:
        """Describe a panel; this computes its digest once."""
        return cls(panel, truth, plain(panel.describe()))


class PanelCache:
    """The ``size`` data sets used last, so that methods share a panel instead of each simulating its own."""

    def __init__(self, size: int = 6) -> None:
        self._load = lru_cache(size)(lambda name, params, seed: load(name, json.loads(params), seed))

    def load(self, name: str, params: Mapping[str, Any], seed: int) -> Loaded:
        """Return a data set, from the cache where possible.

        Raises:
            CausalkitError: it cannot be loaded.
        """
        return self._load(name, json.dumps(plain(params), sort_keys=True), seed)


def load(name: str, params: Mapping[str, Any], seed: int) -> Loaded:
    """Return panel and truth of what `resolve_data` returned.

    Raises:
        CausalkitError: the data set is unknown here, or cannot be loaded.
        DataError: a file has changed since the comparison began.
    """
    if name != FILE:
        from causalkit.api import simulate

        return Loaded.of(*simulate(name, **{"seed": seed, **params}))
    from causalkit import io

    if params.get("sha256") != _digests(params):
        raise DataError(f"{params['files'][0]} has changed since the comparison began", "start the comparison again")
    options = {key: params[key] for key in _READING if key in params}
    files = list(params["files"])
    try:
        panel: Panel = io.read(files[0] if len(files) == 1 else files, io.ReadOptions.of(options))
    except DataError as error:
        if "--" not in error.hint:
            raise
        brackets = "in a comparison, such an option is written behind the file: -d 'data.csv[encoding=latin-1]'"
        raise type(error)(error.message, f"{error.hint}; {brackets}") from error
    truth = None
    if params.get("truth"):
        orientation = params.get("truth_orientation")
        truth = io.read_truth(params["truth"], names=panel.names, orientation=orientation).align(panel.names)
    return Loaded.of(panel, truth)


def resolve_data(specification: Specification) -> tuple[str, dict[str, Any]]:
    """Return ``data_name`` and ``data_params`` of a cell, all parameters checked and defaults filled in.

    Raises:
        WrongUsageError: an unknown data set, a missing file, a wrong parameter.
        DataError: a file cannot be read.
    """
    if "files" in specification.params or _looks_like_file(specification.name):
        return FILE, _resolve_file(specification)
    family, _, item = specification.name.partition(":")
    try:
        provided = registry().get(Dataset, family)
    except UnknownNameError as error:
        if os.path.exists(specification.name):
            return FILE, _resolve_file(specification)
        raise UnknownNameError(f"{error.message}, and no file of that name exists", error.hint) from error
    factory = provided.record.load()
    takes_item = "item" in signature_of(factory)
    if item and not takes_item:
        raise WrongUsageError(f"the data set {family!r} has no items", f"write {family} without ':{item}'")
    params = resolve(factory, specification.params, what=f"data set {provided.record.name}", supplied=["item"])
    if "seed" not in specification.params:
        params.pop("seed", None)  # each cell has its own
    name = provided.qualified if "@" in family else provided.record.name
    return (f"{name}:{item}" if item else name), plain(params)


def _looks_like_file(name: str) -> bool:
    suffixes = {suffix for provided in registry().all(Reader) for suffix in provided.record.suffixes}
    return "/" in name or "\\" in name or any(name.lower().endswith(suffix) for suffix in suffixes)


def _resolve_file(specification: Specification) -> dict[str, Any]:
    given = dict(specification.params)
    for key in given:
        if key not in _PARAMETERS:
            raise ParameterError(
                f"the file {specification.name} has no parameter {key!r}", did_you_mean(key, _PARAMETERS)
            )
    files = given.pop("files", specification.name)
    files = [files] if isinstance(files, str) else list(files)
    params: dict[str, Any] = {"files": [str(Path(file).resolve()) for file in files]}
    if "drop" in given:
        drop = given.pop("drop")
        listed = drop.strip("[]").split(",") if isinstance(drop, str) else list(drop)
        params["drop"] = [name.strip() for name in listed if name.strip()]
    if "truth" in given:
        params["truth"] = str(Path(given.pop("truth")).resolve())
    params |= {key: str(value) for key, value in given.items()}
    for path in [*params["files"], *filter(None, [params.get("truth")])]:
        if not os.path.exists(path):
            raise DataError(f"no file {path}", near_files(Path(path)))
    params["sha256"] = _digests(params)
    return params


def _digests(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the digests of files: the content of a file identifies a cell, not its path."""
    truth = {"truth": _digest(Path(params["truth"]))} if params.get("truth") else {}
    return {"files": [_digest(Path(file)) for file in params["files"]], **truth}


def _digest(path: Path) -> str:
    files = sorted(file for file in path.rglob("*") if file.is_file()) if os.path.isdir(path) else [existing_file(path)]
    digest = hashlib.sha256()
    for file in files:
        if path.is_dir():
            digest.update(f"{file.relative_to(path).as_posix()}\0".encode())
        try:
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as error:
            raise DataError(f"{file} cannot be read: {error.strerror or error}", "check the path") from error
    return digest.hexdigest()
