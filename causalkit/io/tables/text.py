"""Text files with rows of cells: encoding, delimiter, and rows with the number of their line."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from causalkit.errors import DataError
from causalkit.io.paths import existing_file

WHITESPACE = " "
_DELIMITERS = ("\t", ";", ",", WHITESPACE)
_FAMILIAR = {
    b"PK\x03\x04": "a zip file, perhaps a spreadsheet or an .npz",
    b"\x93NUMPY": "a NumPy array",
    b"PAR1": "a Parquet file",
    b"\x89HDF": "an HDF5 file",
    b"MATLAB": "a MATLAB file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"%PDF": "a PDF file",
}


@dataclass(frozen=True)
class TextFile:
    """A text file whose encoding is known.

    Attributes:
        path: of the file.
        encoding: "utf-8-sig" unless a byte order mark says otherwise.
        compressed: is it packed by gzip?
        comments: number of leading lines up to the last one that begins with "#".
    """

    path: Path
    encoding: str
    compressed: bool
    comments: int = 0

    @classmethod
    def of(cls, path: str | Path) -> TextFile:
        """Look at the beginning of a file.

        Raises:
            DataError: it is missing, empty or no text.
        """
        path = existing_file(path)
        with path.open("rb") as raw:
            compressed = raw.read(2) == b"\x1f\x8b"
        file = cls(path, "utf-8-sig", compressed)
        with file._guarded(), file._binary() as stream:
            head = stream.read(1 << 16)
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            file = cls(path, "utf-16", compressed)
        elif b"\x00" in head or head.startswith(tuple(_FAMILIAR)):
            found = next((what for magic, what in _FAMILIAR.items() if head.startswith(magic)), "binary data")
            raise DataError(f"{path} is no text table but {found}", "export it as CSV, or give it its proper suffix")
        top = itertools.takewhile(lambda line: line.startswith("#") or not line.strip(), file.lines())
        comments = max((number for number, line in enumerate(top, start=1) if line.startswith("#")), default=0)
        return cls(path, file.encoding, compressed, comments)

    @contextmanager
    def open(self) -> Iterator[io.TextIOWrapper]:
        """Yield the text after the leading comment lines."""
        with self._binary() as binary, io.TextIOWrapper(binary, encoding=self.encoding, newline="") as stream:
            for _ in range(self.comments):
                stream.readline()
            yield stream

    def lines(self) -> Iterator[str]:
        """Yield the lines after the leading comment lines, with their ends."""
        with self._guarded(), self.open() as stream:
            yield from stream

    def rows(self, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        """Yield every row that is not blank, with the number of the line in the file on which it begins."""
        lines: Iterator[str] = self.lines()
        if delimiter == WHITESPACE:
            # Spaces at the end would count as one more cell, and tabs would belong to the cell.
            lines = (line.strip().replace("\t", " ") + "\n" for line in lines)
        reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        done = 0
        try:
            for cells in reader:
                line, done = done + 1, reader.line_num
                if len(cells) > 1 or (cells and cells[0].strip()):
                    yield line + self.comments, cells
        except csv.Error as error:
            raise DataError(
                f"{self.path}: line {done + 1 + self.comments} cannot be split into cells ({error})",
                "a quotation mark may never be closed",
            ) from error

    def comment(self) -> str:
        """Return the last leading comment line without its mark, "" when there is none."""
        with self._binary() as binary, io.TextIOWrapper(binary, encoding=self.encoding, newline="") as stream:
            found = list(itertools.islice(stream, self.comments))
        return found[-1].lstrip("#").strip() if found else ""

    def delimiter(self) -> str:
        """Return the delimiter that splits the first lines into most equal rows; `WHITESPACE` is any run of blanks.

        A file of one column has none; commas are as good as any.
        """
        sample = [line for line in itertools.islice(self.lines(), 50) if line.strip()]
        equal: dict[str, float] = {}
        for delimiter in _DELIMITERS:
            lines = sample if delimiter != WHITESPACE else [" ".join(line.split()) for line in sample]
            try:
                counts = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
            except csv.Error:
                continue
            split = {count: times for count, times in counts.items() if count > 1}
            if sum(split.values()) * 2 >= len(sample) > 0:  # a mark in a name splits the header only
                equal[delimiter] = max(split.values(), default=0) / len(sample)
        blanks = equal.pop(WHITESPACE, 0.0)
        best = max(equal, key=lambda delimiter: equal[delimiter], default=",")
        # Blanks stand inside names and dates too, so they count only where nothing else splits the rows.
        return WHITESPACE if equal.get(best, 0) < 0.5 < blanks else best

    def _binary(self) -> BinaryIO:
        if self.compressed:
            return cast(BinaryIO, gzip.open(self.path, "rb"))
        return self.path.open("rb")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn what can go wrong while bytes become text into errors."""
        try:
            yield
        except UnicodeError as error:
            raise self.wrong_encoding() from error
        except (EOFError, gzip.BadGzipFile, OSError) as error:
            raise DataError(
                f"{self.path} cannot be read: {error}", "the file may be damaged; fetch it again"
            ) from error

    def wrong_encoding(self) -> DataError:
        """Return the error for text that is not in the encoding, with the line where it stands."""
        with self._binary() as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    line.decode(self.encoding)
                except UnicodeError:
                    if self.encoding == "utf-16":  # its lines cannot be told apart byte by byte
                        break
                    return DataError(
                        f"{self.path}: line {number} is not UTF-8 text",
                        f"convert the file, for example: iconv -f latin1 -t utf-8 {self.path} > converted.csv",
                    )
        return DataError(f"{self.path} is not valid text", "save it as UTF-8")
