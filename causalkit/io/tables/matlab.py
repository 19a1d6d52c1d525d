"""Files of MATLAB: version 5 by scipy, version 7.3 (HDF5) by h5py. Objects of classes are never read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from causalkit.display.words import listed
from causalkit.errors import DataError
from causalkit.io.options import ReadOptions
from causalkit.io.tables.cells import shown
from causalkit.io.tables.matlab_elements import check_elements
from causalkit.io.tables.opening import needed, opened
from causalkit.io.tables.table import Table
from causalkit.io.tables.variables import variables_table


def matlab_table(path: str | Path, options: ReadOptions) -> Table:
    """Return the measurements in a .mat file; see `variables_table`.

    Raises:
        DataError: a library is missing, or as `variables_table`.
    """
    with opened(path, "a MATLAB file") as plain:
        with plain.open("rb") as stream:
            head = stream.read(520)
        if b"MATLAB 7.3" in head[:128] or head[:4] == b"\x89HDF" or head[512:516] == b"\x89HDF":
            variables, objects = _version_7(plain, needed("h5py", path))
        else:
            variables, objects = _version_5(plain)
    if not variables and objects:
        named = listed([*map(shown, objects)], most=6)
        raise DataError(
            f"{path} contains nothing but objects of MATLAB ({named}), which only MATLAB reads",
            "in MATLAB, save a table with writetable(T, 'data.csv'), or an array with data = T{:, :}",
        )
    return variables_table(variables, str(path), options)


def _version_5(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Return the variables of a file, and the names of those that are objects."""
    from scipy.io import loadmat

    check_elements(path)
    found: dict[str, Any] = loadmat(path, simplify_cells=True)
    variables, objects = {}, []
    for name, value in found.items():
        if name == "None" or (not name.startswith("__") and type(value).__name__ in ("MatlabOpaque", "MatlabFunction")):
            objects.append(name)
        elif not name.startswith("__"):
            variables[name] = _plain(value)
    return variables, objects


def _plain(value: Any) -> Any:
    """Return cell arrays as lists, structures as mappings, and numbers as arrays without dimensions of length 1."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if hasattr(value, "toarray"):
        value.check_format(full_check=True)  # rows that do not exist end the process
        return value.toarray()
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [_plain(part) for part in value.ravel(order="F")]
    return value


def _version_7(path: Path, library: Any) -> tuple[dict[str, Any], list[str]]:
    with library.File(path, "r") as file:
        variables, objects = {}, []
        for name, node in file.items():
            if name.startswith("#"):
                continue
            if "MATLAB_object_decode" in node.attrs:
                objects.append(name)
            else:
                variables[name] = _node(node, file)
    return variables, objects


def _node(node: Any, file: Any) -> Any:
    """Return a variable of an HDF5 file, whose dimensions are in reverse order."""
    if hasattr(node, "items"):
        if "MATLAB_sparse" in node.attrs:
            return _sparse(node)
        return {name: _node(part, file) for name, part in node.items()}
    if node.attrs.get("MATLAB_empty", 0):
        return np.empty((0, 0))
    kind = node.attrs.get("MATLAB_class", b"")
    kind = kind.decode() if isinstance(kind, bytes) else str(kind)
    if node.dtype.kind == "O" and kind != "char":
        return [_node(file[reference], file) for reference in node[()].ravel()]
    values = node[()]
    if kind == "char":
        rows = np.atleast_2d(np.asarray(values).T)
        text = ["".join(map(chr, row)) for row in rows]
        return text[0] if len(text) == 1 else np.array(text)
    if values.dtype.names is not None:
        return values["real"].T + 1j * values["imag"].T
    return np.squeeze(np.asarray(values).T)[()]


def _sparse(node: Any) -> Any:
    from scipy.sparse import csc_matrix

    columns = len(node["jc"]) - 1
    if "data" not in node:
        return np.zeros((int(node.attrs["MATLAB_sparse"]), columns))
    parts = (node["data"][()], node["ir"][()], node["jc"][()])
    return _plain(csc_matrix(parts, shape=(int(node.attrs["MATLAB_sparse"]), columns)))
