"""Damaged files of MATLAB are refused before scipy reads them, which ends the process at some of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from scipy.sparse import csc_array

from causalkit import read
from causalkit.errors import DataError
from causalkit.io.tables.matlab_elements import check_elements

VALUES = np.random.default_rng(1).normal(size=(40, 3))
FLAGS, KIND_OF_DIMENSIONS, SIZE_OF_DIMENSIONS, KIND_OF_NUMBERS = 145, 152, 156, 176
"""Bytes of a file with one array, whose name has four characters at most."""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    savemat(tmp_path / "data.mat", {"data": VALUES})
    return tmp_path / "data.mat"


@pytest.mark.parametrize(
    ("place", "value", "what"),
    [
        (FLAGS, 0x08, "lacks an element"),  # complex numbers without an imaginary part
        (FLAGS - 1, 1, "in the place of a matrix"),  # a cell array
        (FLAGS - 1, 99, "unknown class 99"),
        (KIND_OF_DIMENSIONS, 200, "type 200"),
        (SIZE_OF_DIMENSIONS, 7, "dimensions of a matrix are damaged"),
        (KIND_OF_NUMBERS, 77, "type 77"),
        (KIND_OF_NUMBERS + 5, 200, "longer than what is left"),
    ],
)
def test_a_damaged_element_is_refused_in_one_sentence(table: Path, place: int, value: int, what: str) -> None:
    content = bytearray(table.read_bytes())
    content[place] = value
    table.write_bytes(content)
    with pytest.raises(DataError, match=what) as error:
        read(table)
    assert str(table) in str(error.value)


def test_a_sparse_matrix_with_rows_that_do_not_exist_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sparse.mat"
    savemat(path, {"data": csc_array((np.ones(3), ([5, 6, 9], [0, 1, 2])), shape=(40, 3))})
    content = path.read_bytes()
    rows = np.array([5, 6, 9], dtype="<i4").tobytes()
    assert content.count(rows) == 1
    path.write_bytes(content.replace(rows, np.array([5, 6, 2**30], dtype="<i4").tobytes()))
    with pytest.raises(DataError, match="cannot be read"):
        read(path)


def test_a_compressed_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.mat"
    savemat(path, {"data": VALUES}, do_compression=True)
    content = bytearray(path.read_bytes()[:-40])
    content[132:136] = (len(content) - 136).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(DataError, match="cut off"):
        read(path)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    "make",
    [
        lambda: VALUES,
        lambda: VALUES + 1j,
        lambda: csc_array(np.eye(4)),
        lambda: VALUES.astype(np.int16),
        lambda: np.empty((0, 0)),
        lambda: np.array(["a", "bcd", "äöü"], dtype=object),
        lambda: {"rate": 5.0, "label": "north", "parts": [VALUES, {"deep": np.array([VALUES, "x"], dtype=object)}]},
        lambda: np.array([(1.0, 2), (3.0, 4)], dtype=[("a", "f8"), ("b", "i4")]),
        lambda: VALUES > 0,
    ],
    ids=["numbers", "complex", "sparse", "whole", "empty", "cells", "structure", "records", "logical"],
)
def test_what_the_format_has_passes(tmp_path: Path, make: Callable[[], object], compressed: bool) -> None:
    path = tmp_path / "some.mat"
    savemat(path, {"some": make(), "more": 1.0}, do_compression=compressed)
    check_elements(path)


def test_a_name_that_is_no_name_is_quoted(tmp_path: Path) -> None:
    path = tmp_path / "some.mat"
    savemat(path, {"named": "text"})
    path.write_bytes(path.read_bytes().replace(b"named", b"n\x1b[\n!"))
    with pytest.raises(DataError, match="has no variable with measurements") as error:
        read(path)
    assert str(error.value).isprintable()
