"""Contract of a reader: ``reader(path, options)`` returns the panel that a file holds, and leaves the file alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from causalkit.core.panel import Panel
from causalkit.core.shell import argument, option_text
from causalkit.errors import CausalkitError
from causalkit.io import ReadOptions, write_panel
from causalkit.plugins.records import Reader
from causalkit.plugins.registry import Provided
from causalkit.testing.checklist import Checks
from causalkit.testing.result import CheckResult, DoesNotApply, require
from causalkit.testing.subject import checked
from causalkit.testing.suffixes import require_suffixes

NAMES = ("heart rate", "β", "third")
NOTHING = "no such column"


def check_reader(subject: str | Reader | Provided[Reader], seed: int = 0) -> list[CheckResult]:
    """Check a reader.

    ``test_params={"path": ...}`` in its record names an example file; without one, only formats that causalkit
    itself can write are tried out.

    Args:
        subject: the name of an installed reader, or its record.
        seed: of the panel that is written and read again.

    Returns:
        One result for each promise.
    """
    with tempfile.TemporaryDirectory() as folder:
        return checked(Reader, subject, lambda provided: _Trial(provided.record, Path(folder), seed).checks())


class _Trial:
    """One reader and a folder of its own."""

    def __init__(self, record: Reader, folder: Path, seed: int) -> None:
        self.record = record
        self.folder = folder
        draws = np.random.default_rng(seed).standard_normal((2, 30, len(NAMES)))
        self.panel = Panel.of(draws, names=NAMES)

    def checks(self) -> Checks:
        yield "suffixes are in order", lambda: require_suffixes(self.record.suffixes)
        yield "reads its example file", self.example
        yield "reads what causalkit writes", self.round_trip
        yield "acts on the options of reading", self.options
        yield "says that a file is missing", self.missing_file

    def example(self) -> None:
        if "path" not in self.record.test_params:
            raise DoesNotApply('the record names no example file, test_params={"path": ...}')
        path = Path(str(self.record.test_params["path"]))
        require(path.is_file(), f"test_params name {path}, which is no file")
        before = path.read_bytes()
        first, second = self._read(path), self._read(path)
        require(first.steps > 0, f"{path} gave a panel without time steps")
        require(first.sha256 == second.sha256, f"{path} gave two different panels")
        require(path.read_bytes() == before, f"it changed {path}")

    def round_trip(self) -> None:
        tried = 0
        for suffix in self.record.suffixes:
            path = self.folder / f"panel{suffix}"
            try:
                write_panel(self.panel, path)
            except CausalkitError:
                continue
            tried += 1
            found = self._read(path)
            require(found.names == NAMES, f"the names {NAMES} came back from {suffix} as {found.names}")
            require(found.lengths == self.panel.lengths, f"recordings of {self.panel.lengths} came as {found.lengths}")
            require(found.sha256 == self.panel.sha256, f"numbers changed on their way through {suffix}")
        if not tried:
            raise DoesNotApply("causalkit writes none of its formats")

    def options(self) -> None:
        """Leave a column out, and name columns that do not exist; a reader that ignores options does neither."""
        path = Path(str(self.record.test_params["path"])) if "path" in self.record.test_params else self._written()
        names = self._read(path).names
        if len(names) > 1:
            kept = self._read(path, drop=names[0]).names
            require(kept == names[1:], f"it ignores --drop {argument(names[0])}: the series are {', '.join(kept)}")
        for option in ("drop", "panel_column", "time_column"):
            try:
                self._read(path, **{option: NOTHING})
            except CausalkitError:
                continue
            require(False, f"it ignores {option_text(option)}: it reads {path.name} although no column is {NOTHING!r}")

    def _written(self) -> Path:
        for suffix in self.record.suffixes:
            path = self.folder / f"options{suffix}"
            try:
                write_panel(self.panel, path)
            except CausalkitError:
                continue
            return path
        raise DoesNotApply("causalkit writes none of its formats")

    def missing_file(self) -> None:
        path = self.folder / f"nothing here{self.record.suffixes[0]}"
        try:
            self._read(path)
        except (CausalkitError, OSError):
            return
        require(False, "it returned a panel from a file that does not exist")

    def _read(self, path: Path, **options: str) -> Panel:
        panel = self.record.load()(path, ReadOptions.of(options))
        require(isinstance(panel, Panel), f"it returned {type(panel).__name__}, not a Panel")
        read: Panel = panel
        return read
