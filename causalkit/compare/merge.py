"""Put the records of several folders together: a comparison that several machines computed in parts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from causalkit.compare.record import CellRecord
from causalkit.compare.sources import changed
from causalkit.compare.store import Store, load_records
from causalkit.display.words import count, listed, were
from causalkit.errors import WrongUsageError

_LISTED = 3


@dataclass
class Merged:
    """What `merge_folders` put together.

    Attributes:
        records: one for each cell.
        notes: sentences about cells that several folders have, and about versions that differ.
    """

    records: list[CellRecord] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def merge_folders(folders: Sequence[str | Path], out: str | Path) -> Merged:
    """Write the records of several folders into one.

    Where several folders have the same cell (method, data set, parameters, settings and seed), a result is preferred to
    a failure, and the first folder to later ones. What ``out`` contains already comes first of all. The labels of the
    first folder that has a method or a data set are used for all.

    Args:
        folders: of ``causalkit compare --out``, in the order of preference.
        out: the new folder, or an existing one.

    Raises:
        DataError: a folder is missing, has no records, or has a damaged one.
        WrongUsageError: fewer than two folders together with ``out``, or ``out`` cannot be written.
    """
    out = Path(out)
    given = [Path(folder) for folder in folders if Path(folder).resolve() != out.resolve()]
    there = os.path.isdir(out) and any(out.glob("*.json"))
    if len(given) + there < 2:
        raise WrongUsageError("there is nothing to merge", "name two folders of causalkit compare --out or more")
    parts = [load_records(folder) for folder in ([out] if there else []) + given]
    merged, twice, differing = _together(parts)
    store = Store(out)
    with store.locked():
        for record in merged:
            store.save(record)
    return Merged(merged, [*_about_cells(twice, differing), *_about_versions(merged)])


def _together(parts: Sequence[Sequence[CellRecord]]) -> tuple[list[CellRecord], int, list[CellRecord]]:
    """Return one record a cell, how many results were there twice, and those whose results are not the same."""
    kept: dict[str, CellRecord] = {}
    methods: dict[str, str] = {}
    data: dict[str, str] = {}
    twice, differing = 0, []
    for part in parts:
        for record in part:
            key = record.cell.key
            known = kept.get(key)
            if known is not None and known.ok and record.ok:
                twice += 1
                if known.metrics != record.metrics or known.data.get("sha256") != record.data.get("sha256"):
                    differing.append(record)
            if known is None or (record.ok and not known.ok):
                kept[key] = record
    for record in kept.values():
        methods.setdefault(_method(record), record.cell.method)
        data.setdefault(_data(record), record.cell.data)
    named = [
        replace(record, cell=replace(record.cell, method=methods[_method(record)], data=data[_data(record)]))
        for record in kept.values()
    ]
    return sorted(named, key=lambda one: (one.cell.method, one.cell.data, one.cell.seed)), twice, differing


def _method(record: CellRecord) -> str:
    return replace(record.cell, data_name="", data_params={}, seed=0, settings={}).key


def _data(record: CellRecord) -> str:
    return replace(record.cell, method_name="", method_params={}, seed=0, settings={}).key


def _about_cells(twice: int, differing: Sequence[CellRecord]) -> list[str]:
    if not twice:
        return []
    notes = [f"{count(twice, 'cell')} {were(twice)} computed more than once; the result of the first folder is kept"]
    if differing:
        who = [f"{one.cell.method} on {one.cell.data} with seed {one.cell.seed}" for one in differing[:_LISTED]]
        more = f" and {len(differing) - _LISTED} more" if len(differing) > _LISTED else ""
        notes.append(
            f"{count(len(differing), 'of them gave', 'of them gave')} another result elsewhere ({listed(who)}{more}): "
            "machines, versions or source code differ"
        )
    return notes


def _about_versions(records: Sequence[CellRecord]) -> list[str]:
    """Name packages and plugins that did not have the same version, or the same source code, in all records."""
    notes = []
    found: dict[str, set[str]] = {}
    for record in records:
        for name, version in record.versions.items():
            found.setdefault(name, set()).add(version)
    different = [f"{name} ({', '.join(sorted(versions))})" for name, versions in found.items() if len(versions) > 1]
    if different:
        notes.append(f"versions differ between records: {listed(different)}")
    sources: dict[str, str] = {}
    other: set[str] = set()
    for record in records:
        other.update(changed(record.sources, sources))
        sources = {**record.sources, **sources}
    if other:
        notes.append(f"source code differs between records: {listed(sorted(other))}, in spite of equal versions")
    return notes
