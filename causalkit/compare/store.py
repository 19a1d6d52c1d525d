"""Store: the folder that holds the records of a comparison, one file each."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from causalkit.compare.record import Cell, CellRecord
from causalkit.errors import DataError, WrongUsageError

_RECORD = re.compile(r"[0-9a-f]{20}\.json")
_HINT = "name the folder of causalkit compare --out"
_LEFTOVER = re.compile(r"\.[0-9a-f]{20}\..*\.json")


class Store:
    """Records in a folder.

    Args:
        folder: created where it does not exist.

    Raises:
        WrongUsageError: the folder cannot be created.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WrongUsageError(
                f"cannot create the folder {folder}: {error.strerror or error}", "choose another with --out"
            ) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other comparisons out of the folder, and remove temporary files of a killed one.

        The lock belongs to the process: the system releases it however the process ends.

        Raises:
            WrongUsageError: another comparison uses the folder, or the folder is read-only.
        """
        import filelock

        lock = filelock.FileLock(self.folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise WrongUsageError(
                f"another causalkit compare uses the folder {self.folder}", "wait for it, or choose another --out"
            ) from error
        except OSError as error:
            raise WrongUsageError(
                f"cannot write to the folder {self.folder}: {error.strerror or error}", "choose another with --out"
            ) from error
        try:
            for path in self.folder.glob(".*.json"):
                if _LEFTOVER.fullmatch(path.name):
                    path.unlink(missing_ok=True)
            yield
        finally:
            lock.release()

    def find(self, cell: Cell) -> CellRecord | None:
        """Return the record of a cell under the present labels of the cell, or None.

        Raises:
            DataError: the file is damaged, or was written by a newer version.
        """
        path = self.folder / f"{cell.key}.json"
        if not path.exists():
            return None
        record = CellRecord.load(path)
        if (record.cell.method, record.cell.data) != (cell.method, cell.data):
            record = replace(record, cell=replace(record.cell, method=cell.method, data=cell.data))
            self.save(record)
        return record

    def save(self, record: CellRecord) -> None:
        """Write a record, whole or not at all."""
        record.save(self.folder)

    def forget_skipped(self) -> None:
        """Remove records of skipped cells, since every comparison decides anew which pairs can work."""
        for path in self.folder.glob("*.json"):
            if _RECORD.fullmatch(path.name) and '"status": "skipped"' in _head(path):
                path.unlink(missing_ok=True)


def load_records(folder: str | Path) -> list[CellRecord]:
    """Return all records of a folder, by method, data set and seed.

    Raises:
        DataError: a missing folder, a folder without records, or a damaged record.
    """
    folder = Path(folder)
    if not os.path.isdir(folder):
        raise DataError(f"there is no folder {folder}", _HINT)
    paths = [path for path in folder.glob("*.json") if _RECORD.fullmatch(path.name)]
    if not paths:
        raise DataError(f"{folder} contains no records of a comparison", _HINT)
    records = [CellRecord.load(path) for path in paths]
    return sorted(records, key=lambda record: (record.cell.method, record.cell.data, record.cell.seed))


def _head(path: Path) -> str:
    with suppress(OSError), path.open(encoding="utf-8", errors="replace") as stream:
        return stream.read(20_000)
    return ""
