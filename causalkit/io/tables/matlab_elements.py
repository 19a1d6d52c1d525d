"""Elements of a MATLAB file of version 5, checked before scipy reads them: scipy can end the process at damaged ones.

Source: MAT-File Format, The MathWorks, chapter 1 (level 5).
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from causalkit.errors import DataError
from causalkit.io.tables.unpacking import check_unpacked

_HEADER = 128
_DEEPEST = 100
"""Cells and structures inside each other."""
_UINT32, _MATRIX, _COMPRESSED = 6, 14, 15
_NAMES, _WHOLE = frozenset({1, 16}), frozenset({5, 6})
"""Some programs write names as UTF-8, and whole numbers without a sign."""
_NUMBERS = frozenset({1, 2, 3, 4, 5, 6, 7, 9, 12, 13})
_TEXTS = _NUMBERS | {16, 17, 18}
_CELL, _STRUCTURE, _OBJECT, _CHARACTERS, _SPARSE, _FUNCTION, _OPAQUE = 1, 2, 3, 4, 5, 16, 17
_NUMERIC = range(6, 16)
_COMPLEX = 0x08


@dataclass(frozen=True)
class _Element:
    kind: int
    data: memoryview


def check_elements(path: Path) -> None:
    """Refuse a file whose elements are not those that the format prescribes.

    Args:
        path: of a MATLAB file. Files of version 4 have no elements, and are not looked at.

    Raises:
        DataError: an element is damaged, or elements unpack to too much.
    """
    content = path.read_bytes()
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if order is not None:
        _Elements(path, order).check_file(memoryview(content)[_HEADER:])


class _Elements:
    """The elements of one file."""

    def __init__(self, path: Path, order: str) -> None:
        self.path = path
        self.order = order
        self.unpacked = 0

    def check_file(self, content: memoryview) -> None:
        """Check a file without its header: variables, each a matrix, compressed or not."""
        for element in self._elements(content):
            inside = self._elements(self._unpack(element.data)) if element.kind == _COMPRESSED else [element]
            for variable in inside:
                self._check_matrix(variable, depth=0)

    def _check_matrix(self, matrix: _Element, depth: int) -> None:
        """Check a matrix: its flags, its dimensions, its name, and what its class has after these."""
        self._require(matrix.kind == _MATRIX, f"an element of type {matrix.kind} is in the place of a matrix")
        self._require(depth < _DEEPEST, "matrices lie too deep inside each other")
        if not matrix.data:
            return
        parts = self._elements(matrix.data)
        flags = self._next(parts, {_UINT32})
        self._require(len(flags) == 8, "the flags of a matrix do not have 8 bytes")
        (word,) = struct.unpack_from(f"{self.order}I", flags)
        of_class, imaginary = word & 0xFF, bool(word >> 8 & _COMPLEX)
        if of_class == _OPAQUE:
            return  # an object of MATLAB, which scipy does not look into
        shape = self._next(parts, _WHOLE)
        self._require(len(shape) >= 8 and len(shape) % 4 == 0, "the dimensions of a matrix are damaged")
        size = math.prod(struct.unpack(f"{self.order}{len(shape) // 4}i", shape))
        self._next(parts, _NAMES)
        self._check_content(parts, of_class, size, imaginary, depth)
        self._require(next(parts, None) is None, "a matrix has more elements than its class")

    def _check_content(self, parts: Iterator[_Element], of_class: int, size: int, imaginary: bool, depth: int) -> None:
        """Check the elements of a matrix after its name."""
        if of_class in _NUMERIC:
            for _ in range(1 + imaginary):
                self._next(parts, _NUMBERS)
        elif of_class == _CHARACTERS:
            self._next(parts, _TEXTS)
        elif of_class == _SPARSE:
            for kinds in (_WHOLE, _WHOLE, *[_NUMBERS] * (1 + imaginary)):
                self._next(parts, kinds)
        elif of_class in (_CELL, _STRUCTURE, _OBJECT, _FUNCTION):
            matrices = self._fields(parts, of_class) * size if of_class in (_STRUCTURE, _OBJECT) else size
            self._check_matrices(parts, 1 if of_class == _FUNCTION else matrices, depth)
        else:
            raise self._damaged(f"a matrix has the unknown class {of_class}")

    def _check_matrices(self, parts: Iterator[_Element], number: int, depth: int) -> None:
        found = 0
        for part in parts:
            self._check_matrix(part, depth + 1)
            found += 1
        self._require(found == number, f"a matrix has {found} cells or fields where it claims {number}")

    def _fields(self, parts: Iterator[_Element], of_class: int) -> int:
        """Return how many fields a structure has."""
        if of_class == _OBJECT:
            self._next(parts, _NAMES)
        length = self._next(parts, _WHOLE)
        self._require(len(length) == 4, "the length of names of fields is damaged")
        longest = int(struct.unpack(f"{self.order}i", length)[0])
        names = self._next(parts, _NAMES)
        self._require(longest > 0 and len(names) % longest == 0, "the names of fields are damaged")
        return len(names) // longest

    def _next(self, parts: Iterator[_Element], kinds: frozenset[int] | set[int]) -> memoryview:
        """Return the data of the next element, which must have one of these types."""
        part = next(parts, None)
        if part is None:
            raise self._damaged("a matrix lacks an element")
        self._require(part.kind in kinds, f"an element has the type {part.kind}, which cannot be there")
        return part.data

    def _elements(self, content: memoryview) -> Iterator[_Element]:
        """Yield the elements that follow each other."""
        start = 0
        while start < len(content):
            self._require(len(content) - start >= 8, "it ends within an element")
            kind, size = struct.unpack_from(f"{self.order}II", content, start)
            if kind >> 16:  # a small element: both numbers in four bytes, and the data in the other four
                kind, size, begins, ends = kind & 0xFFFF, kind >> 16, start + 4, start + 8
            else:
                begins, ends = start + 8, len(content)
            self._require(size <= ends - begins, "an element is longer than what is left")
            yield _Element(kind, content[begins : begins + size])
            # Compressed elements are not padded to a multiple of 8 bytes.
            start = ends if begins == start + 4 else begins + size + (0 if kind == _COMPRESSED else -size % 8)

    def _unpack(self, data: memoryview) -> memoryview:
        unpacking, found = zlib.decompressobj(), bytearray()
        rest: bytes | memoryview = data
        while rest and not unpacking.eof:
            part = unpacking.decompress(rest, 1 << 24)
            found += part
            self.unpacked += len(part)
            check_unpacked(self.path, self.unpacked)
            rest = unpacking.unconsumed_tail
        self._require(unpacking.eof, "a compressed element is cut off")
        return memoryview(bytes(found))

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise self._damaged(otherwise)

    def _damaged(self, what: str) -> DataError:
        return DataError(f"{self.path} is damaged: {what}", "write or download it again")
