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
CURE = "end with Panel.from_frame(frame, source=str(path), **options.given()), which acts on all options"


def check_reader(subject: str | Reader | Provided[Reader], seed: int = 0) -> list[CheckResult]:
    """Check a reader.

    ``test_params={"path": ...}`` in its record names an example file, and ``test_params={"example": ...}`` a function
    ``(path) -> None`` that writes one. A reader of formats that causalkit itself can write needs neither.

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
        path = self._example()
        if path is None:
            require(
                self._written(),
                "nothing of it can be tried out: causalkit writes none of its formats, and the record has no example; "
                'put a small file into your package and add test_params={"path": '
                'str(Path(__file__).with_name("example.xyz"))}',
            )
            raise DoesNotApply('the record names no example file, test_params={"path": ...}')
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
        """Leave a column out, use one for something else, and name columns that do not exist."""
        path = self._example() or self._written()
        if path is None:
            raise DoesNotApply("there is no example file")
        names = self._read(path).names
        if len(names) > 1:
            kept = self._read(path, drop=names[0]).names
            require(
                kept == names[1:], f"it ignores --drop {argument(names[0])}: the series are {', '.join(kept)}; {CURE}"
            )
        for option in ("panel_column", "time_column"):
            self._require_used(path, option, names)
        for option in ("drop", "panel_column", "time_column"):
            try:
                self._read(path, **{option: NOTHING})
            except CausalkitError:
                continue
            require(
                False,
                f"it ignores {option_text(option)}: it reads {path.name} although no column is {NOTHING!r}; {CURE}",
            )

    def _require_used(self, path: Path, option: str, names: tuple[str, ...]) -> None:
        """Require that a column that tells recordings or times apart is no series; numbers may be refused for it."""
        if len(names) < 2:
            return
        try:
            kept = self._read(path, **{option: names[0]}).names
        except CausalkitError:
            return
        require(
            names[0] not in kept,
            f"it ignores {option_text(option)} {argument(names[0])}: that column is still a series; {CURE}",
        )

    def _example(self) -> Path | None:
        """Return the example file of the record, written where the record names a function for that."""
        given = self.record.test_params
        if "path" in given:
            path = Path(str(given["path"]))
            require(path.is_file(), f"test_params name {path}, which is no file")
            return path
        if "example" not in given:
            return None
        path = self.folder / f"example{self.record.suffixes[0]}"
        if not path.exists():
            try:
                self.record.import_callable(given["example"])(path)
            except ImportError as lacking:
                raise DoesNotApply(f"the example cannot be written here: {lacking}") from lacking
        return path

    def _written(self) -> Path | None:
        """Return a file that causalkit wrote in one of the formats, or None."""
        for suffix in self.record.suffixes:
            path = self.folder / f"options{suffix}"
            try:
                write_panel(self.panel, path)
            except CausalkitError:
                continue
            return path
        return None

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
