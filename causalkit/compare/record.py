"""CellRecord: the result of one cell of a comparison, or why there is none; one JSON file each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from causalkit.compare.record_schema import RecordFile, Status
from causalkit.core.plain import plain
from causalkit.errors import DataError
from causalkit.io.atomic import atomic_path
from causalkit.io.json_files import read_json

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery
    from causalkit.core.truth import Truth

SCHEMA = 1
KIND = "causalkit-cell"
LARGE = ("discovery", "truth")
"""Parts of a record that tables do without; the folder of records contains them."""
_AGAIN = "delete it and run the comparison again"


def newer(record: Mapping[str, Any], known: int) -> bool:
    """Return whether a newer version wrote a file."""
    schema = record.get("schema", 0)
    return isinstance(schema, int) and schema > known


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One method on one data set with one seed.

    Attributes:
        method: how the user wrote the method, for example ``grngc[forecaster=kan]``; the row of a table.
        data: how the user wrote the data set, for example ``lorenz96[series=20]``; the column of a table.
        seed: of the data, where they are simulated, and of the method.
        method_name, method_params: the method, and its parameters as a tree.
        data_name, data_params: ``family`` or ``family:item``, and its parameters; or the paths of files in
            ``data_params["files"]`` and ``data_params["truth"]`` with their digests in ``data_params["sha256"]``, where
            ``data_name`` is "file".
        settings: of all cells: select, standardize, device, dtype, threads, time_limit, and preparation where there is
            one.
    """

    method: str
    data: str
    seed: int
    method_name: str
    method_params: Mapping[str, Any] = field(default_factory=dict)
    data_name: str
    data_params: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Digest of everything that determines the result; the name of the record's file.

        Labels and paths of files are not part of it; the content of files is.
        """
        identity = {name: value for name, value in asdict(self).items() if name not in ("method", "data")}
        if "sha256" in self.data_params:
            identity["data_params"] = {k: v for k, v in self.data_params.items() if k not in ("files", "truth")}
        text = json.dumps(plain(identity), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:20]


@dataclass(frozen=True, kw_only=True)
class CellRecord:
    """The record of a cell.

    Attributes:
        cell: what was computed.
        status: "ok"; "failed" (an error, or an invalid result), "timeout", "memory" (above the limit, or the process
            was killed); "skipped" (the pair cannot work, which is known before any work).
        reason: a sentence for every status but "ok".
        metrics: ``metrics[diagonal][name]`` with diagonal "exclude" and "include"; without a truth only named metrics
            that need none.
        discovery: the result as `causalkit.io.results.record.to_record` gives it, or None.
        truth: ``{"names": [...], "edges": [[cause, effect], ...], "source": ...}``, with a lag in each edge where lags
            are known, and with "scope" and "diagonal" where the truth has them; or None.
        data: shape and sha256 of the panel.
        seconds: ``data`` (loading or simulating; almost 0 where the process has loaded the data before), ``fit``,
            ``evaluate`` and ``total``.
        peak_bytes: largest growth of the resident memory of the process during the fit; for stopped cells since the
            start of the cell; None where unknown.
        versions: of causalkit, the plugins, Python, torch, numpy ...
        sources: a digest of the source code of causalkit and of each plugin that the cell needed, by distribution.
        course: how training went on in time, as `causalkit.compare.course.Course` has it; empty for methods without
            epochs.
        environment: host, processor, platform, threads.
        started: ISO 8601, UTC.
    """

    cell: Cell
    status: Status
    reason: str = ""
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    discovery: Mapping[str, Any] | None = None
    truth: Mapping[str, Any] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_bytes: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    course: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    started: str = ""

    def __post_init__(self) -> None:
        if self.status not in get_args(Status):
            raise ValueError(f"unknown status {self.status!r}")

    @property
    def ok(self) -> bool:
        """Is there a result?"""
        return self.status == "ok"

    def metric(self, name: str, diagonal: str = "exclude") -> float | None:
        """Return a metric, or None where the cell has no such number."""
        return self.metrics.get(diagonal, {}).get(name)

    def to_json(self) -> dict[str, Any]:
        """Return the content of the record's file."""
        own = {part.name: plain(getattr(self, part.name)) for part in fields(self)}  # asdict would copy every score
        return {"schema": SCHEMA, "kind": KIND, "key": self.cell.key, **own}

    @classmethod
    def from_json(cls, record: Any, source: str = "record") -> CellRecord:
        """Return the record in a file.

        Raises:
            DataError: the file has another content, or a newer version wrote it.
        """
        if not isinstance(record, Mapping) or record.get("kind") != KIND:
            raise DataError(f"{source} is not a record of a comparison", "name the folder of causalkit compare --out")
        if newer(record, SCHEMA):
            raise DataError(f"{source} was written by a newer causalkit", "upgrade causalkit to read it")
        RecordFile.check(record, source, _AGAIN)
        known = {part.name for part in fields(cls)} - {"cell"}
        parts = {part.name for part in fields(Cell)}
        cell = Cell(**{key: value for key, value in record["cell"].items() if key in parts})
        return cls(cell=cell, **{key: value for key, value in record.items() if key in known})

    def save(self, folder: Path) -> Path:
        """Write the record to ``folder/<key>.json``, whole or not at all.

        What a killed process left is removed when a `causalkit.compare.store.Store` is locked, at once for all records.
        """
        path = folder / f"{self.cell.key}.json"
        with atomic_path(path, tidy=False) as temporary:
            temporary.write_text(json.dumps(self.to_json(), allow_nan=False), encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: Path) -> CellRecord:
        """Read the record of a file.

        Raises:
            DataError: the file is not a record.
        """
        return cls.from_json(read_json(path, _AGAIN), str(path))

    def discovered(self) -> Discovery | None:
        """Return the discovery, where there is one."""
        from causalkit.io.results.record import from_record

        return None if self.discovery is None else from_record(self.discovery, f"record {self.cell.key}")

    def true_graph(self) -> Truth | None:
        """Return the truth, where one is known."""
        from causalkit.core.truth import Truth

        if self.truth is None:
            return None
        edges = [(str(cause), str(effect), *map(int, lag)) for cause, effect, *lag in self.truth["edges"]]
        source, scope = str(self.truth.get("source", "truth")), self.truth.get("scope")
        truth = Truth.from_edges(edges, names=self.truth["names"], source=source)  # type: ignore[arg-type]
        return replace(truth, scope=None if scope is None else tuple(scope), diagonal=self.truth.get("diagonal"))
