"""Text files with rows of cells: encoding, delimiter, and rows with their line numbers."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from causalkit.core.shell import argument
from causalkit.errors import DataError
from causalkit.io.paths import existing_file

WHITESPACE = " "
_FORMATS = {
    b"PK\x03\x04": "a zip file, perhaps a spreadsheet or an .npz archive",
    b"\x93NUMPY": "a NumPy array",
    b"PAR1": "a Parquet file",
    b"\x89HDF": "an HDF5 file",
    b"MATLAB": "a MATLAB file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"%PDF": "a PDF file",
}


@dataclass(frozen=True)
class TextFile:
    """A text file, read line by line, so that large files fit in memory and errors name lines.

    Attributes:
        path: of the file.
        encoding: "utf-8-sig", or "utf-16" where a byte order mark says so.
        compressed: is it compressed with gzip?
        comments: number of leading lines up to the last one that begins with "#".
        comment: text of that line, or "".
    """

    path: Path
    encoding: str
    compressed: bool
    comments: int = 0
    comment: str = ""

    @classmethod
    def of(cls, path: str | Path) -> TextFile:
        """Look at the beginning of a file.

        Raises:
            DataError: it is missing, empty or not text.
        """
        path = existing_file(path)
        with path.open("rb") as raw:
            compressed = raw.read(2) == b"\x1f\x8b"
        file = cls(path, "utf-8-sig", compressed)
        with file._guarded(), file._binary() as stream:
            head = stream.read(1 << 16)
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            file = cls(path, "utf-16", compressed)
        elif b"\x00" in head or head.startswith(tuple(_FORMATS)):
            found = next((what for magic, what in _FORMATS.items() if head.startswith(magic)), "binary data")
            raise DataError(f"{path} is not a text table but {found}", "export it as CSV, or correct its suffix")
        top = itertools.takewhile(lambda line: line.startswith("#") or not line.strip(), file.lines())
        number, last = max(((n, line) for n, line in enumerate(top, start=1) if line.startswith("#")), default=(0, ""))
        return cls(path, file.encoding, compressed, number, last.lstrip("#").strip())

    @contextmanager
    def open(self, start: int = 1) -> Iterator[io.TextIOWrapper]:
        """Yield the text from the line with this number on.

        Raises:
            DataError: the bytes are damaged or are not text in the encoding.
        """
        with self._guarded(), self._binary() as binary:
            stream = io.TextIOWrapper(binary, encoding=self.encoding, newline="")
            for _ in range(start - 1):
                stream.readline()
            yield stream

    def lines(self, start: int | None = None) -> Iterator[str]:
        """Yield the lines with their ends, from the one with this number on; default: after the leading comments."""
        with self.open(self.comments + 1 if start is None else start) as stream:
            yield from stream

    def rows(self, delimiter: str, start: int | None = None) -> Iterator[tuple[int, list[str]]]:
        """Yield every row that is not blank with the number of its first line; ``start`` as in `lines`."""
        start = self.comments + 1 if start is None else start
        lines: Iterator[str] = self.lines(start)
        if delimiter == WHITESPACE:
            # Spaces at the end would count as one more cell, and tabs would belong to the cell.
            lines = (line.strip().replace("\t", " ") + "\n" for line in lines)
        # As in pandas, a blank line is not a row, in contrast to a line with nothing but a quoted empty cell.
        blank = " \r\n" if delimiter == "\t" else " \t\r\n"
        lines = (line if line.strip(blank) else "\n" for line in lines)
        reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        begins = start
        try:
            for cells in reader:
                if cells:
                    yield begins, cells
                begins = start + reader.line_num
        except csv.Error as error:
            raise DataError(
                f"{self.path}: line {begins} cannot be split into cells ({error})",
                "check for a quotation mark that is never closed",
            ) from error

    def delimiter(self) -> str:
        """Return the delimiter that splits most of the first lines into equal rows; `WHITESPACE` is any run of blanks.

        `csv.Sniffer` takes letters for delimiters and gives up on files of one column. Such a file gets a comma.
        """
        sample = [line for line in itertools.islice(self.lines(), 50) if line.strip()]

        def share(delimiter: str) -> float:
            """Return the share of lines with the most frequent number of cells, 0 where few lines are split."""
            lines = sample if delimiter != WHITESPACE else [" ".join(line.split()) for line in sample]
            try:
                counts = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
            except csv.Error:
                return 0.0
            split = [times for cells, times in counts.items() if cells > 1]
            # A delimiter that only occurs in a name splits the header and nothing else.
            return max(split) / len(sample) if split and 2 * sum(split) >= len(sample) else 0.0

        best = max("\t;,", key=share)
        # Blanks occur inside names and dates too, so they count only where nothing else splits the rows.
        if share(best) < 0.5 < share(WHITESPACE):
            return WHITESPACE
        return best if share(best) else ","

    def _binary(self) -> BinaryIO:
        return cast(BinaryIO, gzip.open(self.path, "rb")) if self.compressed else self.path.open("rb")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn what can go wrong while bytes become text into errors."""
        try:
            yield
        except UnicodeError as error:
            raise self._wrong_encoding() from error
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(
                f"{self.path} cannot be read: {error}", "the file may be damaged; download it again"
            ) from error

    def _wrong_encoding(self) -> DataError:
        """Return the error for bytes that are not text in the encoding, with their line."""
        with self._binary() as stream:
            content = stream.read()
        try:
            content.decode(self.encoding)
        except UnicodeDecodeError as error:
            line = content[: error.start].decode(self.encoding, errors="ignore").count("\n") + 1
        encoding = self.encoding.removesuffix("-sig").upper()
        return DataError(
            f"{self.path}: line {line} is not {encoding} text",
            f"convert the file, for example: iconv -f latin1 -t utf-8 {argument(self.path)} > converted.csv",
        )
