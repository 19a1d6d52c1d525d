"""Text files with rows of cells: compression, encoding, delimiter, and rows with their line numbers."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import lzma
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from causalkit.core.shell import argument
from causalkit.errors import DataError, WrongUsageError
from causalkit.io.paths import existing_file
from causalkit.io.tables.unpacking import unpacked_bytes

WHITESPACE = " "
_BLANKS = " \t\r\n"
_DELIMITERS = "\t;|,"
_SAMPLE_LINES, _SAMPLE_CHARACTERS = 300, 2_000_000
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
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
        encoding: as the user names it; else "utf-8-sig", or what a byte order mark says.
        option: is there an option ``--encoding`` for hints to name?
        comments: number of leading lines up to the last one that begins with "#".
        comment: text of that line, or "".
    """

    path: Path
    encoding: str = "utf-8-sig"
    option: bool = False
    comments: int = 0
    comment: str = ""

    @classmethod
    def of(cls, path: str | Path, encoding: str | None = None, *, option: bool = False) -> TextFile:
        """Look at the beginning of a file.

        Args:
            path: of the file, plain or compressed by gzip, bzip2, xz, or zip with one file.
            encoding: None: UTF-8; a byte order mark overrules it.
            option: may hints name the option ``--encoding``?

        Raises:
            DataError: it is missing, empty or not text.
            WrongUsageError: there is no such encoding.
        """
        path = existing_file(path)
        file = cls(path, _known_encoding(encoding or "utf-8-sig"), option)
        with file._guarded(), unpacked_bytes(file.path) as stream:
            head = stream.read(1 << 16)
        marked = next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), None)
        wide = (marked or file.encoding).startswith(("utf-16", "utf-32"))
        if (b"\x00" in head and not wide) or head.startswith(tuple(_FORMATS)):
            raise file._not_text(head)
        if marked is not None:
            file = replace(file, encoding=marked)
        top = itertools.takewhile(lambda line: line.startswith("#") or not line.strip(), file.lines())
        number, last = max(((n, line) for n, line in enumerate(top, start=1) if line.startswith("#")), default=(0, ""))
        return replace(file, comments=number, comment=last.lstrip("#").strip())

    @contextmanager
    def open(self, start: int = 1) -> Iterator[io.TextIOWrapper]:
        """Yield the text from the line with this number on.

        Raises:
            DataError: the bytes are damaged or are not text in the encoding.
        """
        with self._guarded(), unpacked_bytes(self.path) as binary:
            # pandas loses an empty first cell after some lone carriage returns; here every line ends with "\n".
            stream = io.TextIOWrapper(binary, encoding=self.encoding, newline=None)
            for _ in range(start - 1):
                stream.readline()
            yield stream

    def lines(self, start: int | None = None) -> Iterator[str]:
        """Yield the lines with their ends, from the one with this number on; default: after the leading comments."""
        with self.open(self.comments + 1 if start is None else start) as stream:
            yield from stream

    def rows(
        self, delimiter: str, start: int | None = None, skipped: Collection[int] = ()
    ) -> Iterator[tuple[int, list[str]]]:
        """Yield every row that is not blank with the number of its first line.

        Args:
            delimiter: between cells.
            start: as in `lines`.
            skipped: numbers of lines to leave out.
        """
        start = self.comments + 1 if start is None else start
        lines: Iterator[str] = self.lines(start)
        if skipped:
            lines = ("\n" if number in skipped else line for number, line in enumerate(lines, start=start))
        if delimiter == WHITESPACE:
            # Spaces at the end would count as one more cell, and tabs would belong to the cell.
            lines = (_between_blanks(line) + "\n" for line in lines)
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
            longest = csv.field_size_limit()
            long = "field larger" in str(error)
            raise DataError(
                f"{self.path}: line {begins} "
                + (f"has a cell of more than {longest:,} characters" if long else "cannot be split into cells"),
                "check for a quotation mark that is never closed",
            ) from error

    def sample(self, start: int | None = None) -> list[str]:
        """Return the first lines that are not blank: enough of them to see how the file is written."""
        lines: list[str] = []
        size = 0
        for line in self.lines(start):
            if line.strip():
                lines.append(line)
                size += len(line)
            if len(lines) >= _SAMPLE_LINES or (size > _SAMPLE_CHARACTERS and len(lines) > 5):
                break
        return lines

    def delimiter(self, start: int | None = None) -> str:
        """Return the delimiter that splits most of the first lines into equal rows; `WHITESPACE` is any run of blanks.

        `csv.Sniffer` takes letters for delimiters and gives up on files of one column. Such a file gets a comma.
        """
        sample = self.sample(start)

        def share(delimiter: str) -> float:
            """Return the share of lines with the most frequent number of cells, 0 where few lines are split."""
            if delimiter != WHITESPACE and not any(delimiter in line for line in sample):
                return 0.0
            lines = sample if delimiter != WHITESPACE else [" ".join(words(line)) for line in sample]
            try:
                counts = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
            except csv.Error:
                return 0.0
            split = [times for cells, times in counts.items() if cells > 1]
            # A delimiter that only occurs in a name splits the header and nothing else.
            return max(split) / len(sample) if split and 2 * sum(split) >= len(sample) else 0.0

        best = max(_DELIMITERS, key=share)
        # Blanks occur inside names and dates too, so they count only where nothing else splits the rows, or where what
        # seems to split them is the decimal comma of every number.
        if share(best) < 0.5 < share(WHITESPACE):
            return WHITESPACE
        if best == "," and _blanks_between_decimal_commas(sample) and share(WHITESPACE) > 0.5:
            return WHITESPACE
        return best if share(best) else ","

    def count(self, character: str, start: int) -> int | None:
        """Return how often a character of ASCII occurs from a line on; None in encodings where bytes cannot tell."""
        if self.encoding.startswith(("utf-16", "utf-32")):
            return None
        found = 0
        byte = character.encode("ascii")
        with self._guarded(), unpacked_bytes(self.path) as stream:
            while block := stream.read(1 << 22):
                found += block.count(byte)
        return found - sum(line.count(character) for line in itertools.islice(self.lines(1), start - 1))

    def _not_text(self, head: bytes) -> DataError:
        found = next((what for magic, what in _FORMATS.items() if head.startswith(magic)), None)
        if found is None and self.option and len(head) > 8:
            for nulls, name in ((head[1::2], "utf-16-le"), (head[0::2], "utf-16-be")):
                if 2 * nulls.count(0) > len(nulls) and 2 * head.count(0) < 1.2 * len(head):
                    return DataError(
                        f"{self.path} looks like UTF-16 text without a byte order mark",
                        f"read it with --encoding {name}",
                    )
        return DataError(
            f"{self.path} is not a text table but {found or 'binary data'}", "export it as CSV, or correct its suffix"
        )

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn what can go wrong while bytes become text into errors."""
        try:
            yield
        except UnicodeError as error:
            raise self._wrong_encoding() from error
        except (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError) as error:
            kind = "zip archive" if isinstance(error, zipfile.BadZipFile) else "content"
            what = getattr(error, "strerror", None) or f"its {kind} is damaged or cut off"
            raise DataError(f"{self.path} cannot be read: {what}", "download it again") from error

    def _wrong_encoding(self) -> DataError:
        """Return the error for bytes that are not text in the encoding, with their line."""
        with unpacked_bytes(self.path) as stream:
            content = stream.read()
        try:
            content.decode(self.encoding)
        except UnicodeDecodeError as error:
            before = content[: error.start].decode(self.encoding, errors="ignore")
            line = len(re.findall(r"\r\n|\r|\n", before)) + 1
        encoding = self.encoding.removesuffix("-sig").upper()
        return DataError(
            f"{self.path}: line {line} is not {encoding} text",
            "give the encoding, for example --encoding cp1252 (Windows), --encoding latin-1 or --encoding mac-roman, "
            "or that of the language, such as --encoding cp1251 (Cyrillic), --encoding gb18030 (Chinese) or "
            "--encoding shift_jis (Japanese)"
            if self.option
            else f"convert the file, for example: iconv -f latin1 -t utf-8 {argument(self.path)} > converted.csv",
        )


def _between_blanks(line: str) -> str:
    """Return a line without blanks around it, and with one kind of blank between its cells."""
    text = line.strip(_BLANKS)
    if "\t" not in text or '"' not in text:
        return text.replace("\t", " ")
    return re.sub(r'"[^"]*"|\t', lambda found: " " if found[0] == "\t" else found[0], text)


def words(line: str) -> list[str]:
    """Return what blanks and tabs separate; unlike `str.split`, wider blanks separate nothing, as in pandas."""
    return [word for word in re.split(r"[ \t\r\n]+", line) if word]


def _known_encoding(name: str) -> str:
    """Return the name of an encoding of text as Python writes it.

    Raises:
        WrongUsageError: there is none of that name.
    """
    try:
        known = codecs.lookup(name)
    except (LookupError, ValueError):
        known = None
    if known is None or not getattr(known, "_is_text_encoding", True):
        raise WrongUsageError(
            f"there is no encoding {name!r}", "choose one that Python knows, such as utf-8, latin-1, cp1252 or utf-16"
        )
    return known.name


def _blanks_between_decimal_commas(lines: list[str]) -> bool:
    """Return whether most lines are numbers with decimal commas between blanks, such as ``1,5 2,25``."""
    number = r"[$%]?[+-]?[$%]?[\d.]+(,\d+)?%?"
    numbers = re.compile(rf"(?=.*\d,\d)\s*(\S+\s+)?{number}(\s+{number})+\s*")
    return 2 * sum(numbers.fullmatch(line.replace('"', "").replace("\u2212", "-")) is not None for line in lines) > len(
        lines
    )
