"""Tasks of a leaderboard: a data set with its settings, in versions, and the results of each version as a file."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from causalkit.compare.record import CellRecord
from causalkit.core.plain import plain
from causalkit.errors import DataError
from causalkit.io.atomic import atomic_path
from causalkit.io.json_files import read_json

KIND, SCHEMA = "causalkit-task", 1
_FILE = re.compile(r"(?P<slug>[a-z0-9-]+)-v(?P<version>\d+)\.json")
_COSTS = ("device", "threads", "metrics")
"""Settings that change no task: what it costs, and what is computed beside."""
_AGAIN = "restore the file, or publish into a new folder"


@dataclass
class Task:
    """One version of a task.

    Attributes:
        label: of the data set, as the first comparison had it.
        slug: the label as a part of file names.
        version: from 1 on.
        identity: what the task is: name and parameters of the data set, and the settings of all methods.
        data: SHA-256 of the panel, by seed.
        facts: size of the data of the first seed.
        results: by method (its label) and seed: what `result_of` returns.
        codes: by method, what it is: name and parameters.
    """

    label: str
    slug: str
    version: int
    identity: Mapping[str, Any]
    data: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    results: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of its files, without a suffix: ``lorenz96-v1``."""
        return f"{self.slug}-v{self.version}"

    def takes(self, records: Iterable[CellRecord]) -> bool:
        """Return whether these records saw the same data wherever a seed is known already."""
        return all(
            self.data.get(str(one.cell.seed), one.data.get("sha256")) in (one.data.get("sha256"), None)
            for one in records
            if one.data.get("sha256")
        )

    def add(self, record: CellRecord) -> bool:
        """Add a result, or put it in the place of an older one; return whether it is new."""
        seed = str(record.cell.seed)
        if digest := record.data.get("sha256"):
            self.data.setdefault(seed, str(digest))
            self.facts = self.facts or {key: record.data.get(key) for key in ("series", "steps", "realisations")}
        code = plain({"name": record.cell.method_name, "params": dict(record.cell.method_params)})
        label = self._label(record.cell.method, code)
        self.codes[label] = code
        known = self.results.setdefault(label, {}).get(seed)
        made = result_of(record)
        if known is not None and (known["started"] > made["started"] or known == made):
            return False
        self.results[label][seed] = made
        return True

    def _label(self, label: str, code: Mapping[str, Any]) -> str:
        """Return the label of a method; another method of the same label gets a number."""
        known = next((name for name, one in self.codes.items() if one == code), None)
        if known is not None:
            return known
        free, number = label, 2
        while free in self.codes:
            free, number = f"{label} ({number})", number + 1
        return free

    def save(self, folder: Path) -> None:
        """Write ``folder/<name>.json``."""
        text = {"schema": SCHEMA, "kind": KIND, **{key: getattr(self, key) for key in Task.__dataclass_fields__}}
        with atomic_path(folder / f"{self.name}.json") as temporary:
            temporary.write_text(json.dumps(plain(text), indent=1, allow_nan=False, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Task:
        """Read a file that `save` wrote.

        Raises:
            DataError: it is damaged, or a newer version wrote it.
        """
        held = read_json(path, _AGAIN)
        if not isinstance(held, Mapping) or held.get("kind") != KIND:
            raise DataError(f"{path} is no task of a leaderboard", _AGAIN)
        if held.get("schema", 0) > SCHEMA:
            raise DataError(f"{path} was written by a newer causalkit", "upgrade causalkit to add results to it")
        try:
            task = cls(**{key: held[key] for key in cls.__dataclass_fields__})
            for seeds in task.results.values():
                for result in seeds.values():
                    result["status"], result["metrics"]["exclude"], result["started"]
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path} is damaged: {type(error).__name__}: {error}", _AGAIN) from error
        return task


def result_of(record: CellRecord) -> dict[str, Any]:
    """Return what a leaderboard keeps of a record: numbers, versions and digests, and no name of a machine."""
    return {
        "status": record.status,
        "reason": record.reason,
        "metrics": {"exclude": {}, "include": {}, **plain(record.metrics)},
        "seconds": record.seconds.get("fit"),
        "peak_bytes": record.peak_bytes,
        "versions": dict(record.versions),
        "sources": dict(record.sources),
        "processor": str(record.environment.get("processor") or ""),
        "started": record.started,
    }


def identity_of(record: CellRecord) -> dict[str, Any]:
    """Return what makes records results of one task; the data themselves are told by their digests."""
    cell = record.cell
    params = {key: value for key, value in cell.data_params.items() if key not in ("files", "truth", "sha256")}
    settings = {key: value for key, value in cell.settings.items() if key not in _COSTS}
    found: dict[str, Any] = plain({"data": cell.data_name, "params": params, "settings": settings})
    if "sha256" in cell.data_params:
        found["files"] = plain(cell.data_params["sha256"])
    return found


def slug_of(label: str) -> str:
    """Return a label as a part of file names; labels that differ in signs alone keep apart by a digest."""
    plain_label = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:48].strip("-") or "task"
    if plain_label == label:
        return plain_label
    return f"{plain_label}-{hashlib.sha256(label.encode()).hexdigest()[:6]}"


def load_tasks(folder: Path) -> list[Task]:
    """Return the tasks of a folder, by name and version."""
    paths = [path for path in folder.glob("*.json") if _FILE.fullmatch(path.name)] if folder.is_dir() else []
    return sorted((Task.load(path) for path in paths), key=lambda task: (task.slug, task.version))
