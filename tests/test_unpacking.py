"""A compressed file that unpacks to far more than a table compresses by is refused before it fills memory or disk."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from causalkit import read
from causalkit.errors import DataError
from causalkit.io.tables import unpacking

ROWS = b"x,y\n" + b"1.0,2.0\n" * 200_000


def _zip(content: bytes, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.csv", content)


@pytest.fixture(autouse=True)
def smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "LARGEST", 1 << 19)


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("data.csv.gz", lambda content, path: path.write_bytes(gzip.compress(content))),
        ("bzip2.csv", lambda content, path: path.write_bytes(bz2.compress(content))),
        ("xz.csv", lambda content, path: path.write_bytes(lzma.compress(content))),
        ("zip.csv", _zip),
    ],
)
def test_a_text_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, name: str, pack: Callable[[bytes, Path], object]
) -> None:
    pack(ROWS, tmp_path / name)
    with pytest.raises(DataError, match=f"{name} unpacks to .* times its size"):
        read(tmp_path / name)


def test_an_ordinary_compressed_text_is_read(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=(40_000, 2))
    plain = "x,y\n" + "".join(f"{x},{y}\n" for x, y in values)
    (tmp_path / "data.csv.gz").write_bytes(gzip.compress(plain.encode()))
    assert len(plain) > unpacking.LARGEST
    assert read(tmp_path / "data.csv.gz").realisations[0].shape == (40_000, 2)


def test_compressed_binary_files_and_elements_in_them_are_bounded(tmp_path: Path) -> None:
    savemat(tmp_path / "flat.mat", {"data": np.zeros((200_000, 3))}, do_compression=True)
    with pytest.raises(DataError, match=r"flat\.mat unpacks to"):
        read(tmp_path / "flat.mat")
    savemat(tmp_path / "plain.mat", {"data": np.zeros((200_000, 3))})
    (tmp_path / "plain.mat.gz").write_bytes(gzip.compress((tmp_path / "plain.mat").read_bytes()))
    with pytest.raises(DataError, match=r"plain\.mat\.gz unpacks to"):
        read(tmp_path / "plain.mat.gz")
