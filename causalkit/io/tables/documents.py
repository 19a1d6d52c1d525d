"""Tables in .json files: records, columns by name, or rows, as pandas and browsers write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from causalkit.errors import DataError
from causalkit.io.json_files import read_json
from causalkit.io.options import ReadOptions
from causalkit.io.tables.memory import object_table
from causalkit.io.tables.opening import opened
from causalkit.io.tables.table import Table


def json_table(path: str | Path, options: ReadOptions) -> Table:
    """Return the table in a .json file.

    It is a list of records, a mapping of names to columns, a list of rows, or what ``DataFrame.to_json`` writes with
    ``orient="split"`` or ``orient="table"``.

    Raises:
        DataError: the file contains something else, such as a discovery.
    """
    import pandas as pd

    with opened(path, "JSON") as plain:
        content: Any = read_json(plain, "write or download it again", encoding="utf-8-sig", path=path)
    if isinstance(content, Mapping):
        if "scores" in content and "names" in content:
            raise DataError(f"{path} contains a discovery, not data", "load it with causalkit.Discovery.load")
        if {"columns", "data"} <= set(content) <= {"columns", "index", "data"}:
            content = pd.DataFrame(content["data"], columns=content["columns"], index=content.get("index"))
        elif {"schema", "data"} <= set(content):
            content = content["data"]
        elif content and all(isinstance(column, Mapping) for column in content.values()):
            content = pd.DataFrame(content)
    if not isinstance(content, list | Mapping | pd.DataFrame):
        raise DataError(f"{path} contains a {type(content).__name__}, not a table", "write records: [{...}, {...}]")
    return object_table(content, None, str(path), options)
