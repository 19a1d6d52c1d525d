"""A single result from a file: what ``discover`` wrote, or one record of a comparison."""

from __future__ import annotations

from pathlib import Path

from causalkit.compare.record import KIND, CellRecord
from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.errors import DataError
from causalkit.io.json_files import read_json


def read_result(path: str | Path) -> tuple[Discovery, Truth | None]:
    """Return a discovery, and its truth where the file contains one.

    Raises:
        DataError: the file cannot be read, or is a record of a cell without a result.
    """
    path = Path(path)
    if path.suffix.lower() == ".json" and _kind(path) == KIND:
        record = CellRecord.load(path)
        discovery = record.discovered()
        if discovery is None:
            raise DataError(
                f"{path} is the record of a cell without a result ({record.status}: {record.reason})",
                "report the folder instead, which shows what failed",
            )
        return discovery, record.true_graph()
    return Discovery.load(path), None


def _kind(path: Path) -> object:
    """Return the kind of record that a JSON file names; None where it names none, or is not JSON."""
    try:
        content = read_json(path, "")
    except DataError:
        return None  # Discovery.load reports what is wrong with it
    return content.get("kind") if isinstance(content, dict) else None
