"""CellRecord: what is kept of one cell of a comparison, whatever became of it; one JSON file each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from causalkit.core.plain import plain
from causalkit.errors import DataError
from causalkit.io.atomic import atomic_path

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery
    from causalkit.core.truth import Truth

SCHEMA = 1
KIND = "causalkit-cell"
Status = Literal["ok", "failed", "timeout", "memory", "skipped"]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One method on one data set with one seed: what is to be computed.

    Attributes:
        method: how the user wrote the method, for example ``grngc[forecaster=kan]``; the row of a table.
        data: how the user wrote the data set, for example ``lorenz96[series=20]``; the column of a table.
        seed: of the data, where they are simulated, and of the method.
        method_name, method_params: the method, and its parameters as a tree.
        data_name, data_params: ``family`` or ``family:item``, and its parameters; or the paths of files in
            ``data_params["files"]`` and ``data_params["truth"]`` with their digests in ``data_params["sha256"]``, where
            ``data_name`` is "file".
        settings: what holds for all cells alike: select, standardize, device, dtype, threads, time_limit,
            and preparation where there is one.
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
        """Digest of everything that the result depends on; names the record's file.

        Labels are not part of it, nor are the paths of files, which count by what they hold.
        """
        identity = {name: value for name, value in asdict(self).items() if name not in ("method", "data")}
        if "sha256" in self.data_params:
            identity["data_params"] = {k: v for k, v in self.data_params.items() if k not in ("files", "truth")}
        text = json.dumps(plain(identity), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:20]


@dataclass(frozen=True, kw_only=True)
class CellRecord:
    """What became of a cell.

    Attributes:
        cell: what was to be computed.
        status: "ok"; "failed" (raised, or returned something impossible), "timeout", "memory" (went beyond the
            limit, or the process was killed); "skipped" (the pair cannot work: known before any work).
        reason: a sentence for every status but "ok".
        metrics: ``metrics[diagonal][name]`` with diagonal "exclude" and "include"; where no truth is known, only those
            that need none and were asked for.
        discovery: the result as `causalkit.io.results.record.to_record` gives it, or None.
        truth: ``{"names": [...], "edges": [[cause, effect], ...], "source": ...}``, with a lag in each edge where lags
            are known, and with "scope" and "diagonal" where the truth has them; or None.
        data: shape and sha256 of the panel.
        seconds: ``data`` (loading or simulating; next to nothing where another method's cell on the same machine has
            loaded it before), ``fit``, ``evaluate`` and ``total``.
        peak_bytes: by how much the resident memory of the process grew during the fit, at its peak; for cells that
            were stopped, since the cell began; None where unknown.
        versions: of causalkit, the plugins, Python, torch, numpy ...
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
    environment: Mapping[str, Any] = field(default_factory=dict)
    started: str = ""

    def __post_init__(self) -> None:
        if self.status not in get_args(Status):
            raise ValueError(f"status {self.status!r}")

    @property
    def ok(self) -> bool:
        """Is there a result?"""
        return self.status == "ok"

    def metric(self, name: str, diagonal: str = "exclude") -> float | None:
        """Return a metric, or None where the cell has no such number."""
        return self.metrics.get(diagonal, {}).get(name)

    def to_json(self) -> dict[str, Any]:
        """Return what the record's file holds."""
        own = {part.name: plain(getattr(self, part.name)) for part in fields(self)}  # asdict would copy every score
        return {"schema": SCHEMA, "kind": KIND, "key": self.cell.key, **own}

    @classmethod
    def from_json(cls, record: Any, source: str = "record") -> CellRecord:
        """Return the record that a file holds.

        Raises:
            DataError: it holds something else, or was written by a newer version.
        """
        if not isinstance(record, Mapping) or record.get("kind") != KIND:
            raise DataError(f"{source} is no record of a comparison", "name what causalkit compare --out wrote")
        if record.get("schema", 0) > SCHEMA:
            raise DataError(f"{source} was written by a newer causalkit", "upgrade causalkit to read it")
        try:
            fields = {key: value for key, value in record.items() if key not in ("schema", "kind", "key", "cell")}
            return cls(cell=Cell(**record["cell"]), **fields)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{source} is damaged: {error}", "delete it and run the comparison again") from error

    def save(self, folder: Path) -> Path:
        """Write the record to ``folder/<key>.json``, whole or not at all."""
        path = folder / f"{self.cell.key}.json"
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(self.to_json(), allow_nan=False), encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: Path) -> CellRecord:
        """Read the record of a file.

        Raises:
            DataError: the file is no record.
        """
        try:
            return cls.from_json(json.loads(path.read_text(encoding="utf-8")), str(path))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise DataError(f"{path} cannot be read: {error}", "delete it and run the comparison again") from error

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
