"""Contract of a writer: ``writer(discovery, path)`` writes that file and no other."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from causalkit.core.choice import Choice
from causalkit.core.discovery import Discovery
from causalkit.io import load
from causalkit.plugins.records import Writer
from causalkit.plugins.registry import Provided
from causalkit.testing.checklist import Checks
from causalkit.testing.result import CheckResult, DoesNotApply, require
from causalkit.testing.subject import checked
from causalkit.testing.suffixes import require_suffixes

NAMES = ("heart rate", "β", 'said "no", left')
"""Blanks, letters beyond ASCII, quotation marks and commas: what breaks careless formats."""
LOADABLE = (".json", ".npz")


def check_writer(subject: str | Writer | Provided[Writer], seed: int = 0) -> list[CheckResult]:
    """Check a writer with a bare discovery and with one that has p-values and selected edges.

    Args:
        subject: the name of an installed writer, or its record.
        seed: of the scores.

    Returns:
        One result for each promise.
    """
    return checked(Writer, subject, lambda provided: _Trial(provided.record, seed).checks())


class _Trial:
    """One writer and two discoveries."""

    def __init__(self, record: Writer, seed: int) -> None:
        self.record = record
        scores = np.random.default_rng(seed).random((len(NAMES), len(NAMES), 2))
        selected = scores > 0.5
        self.bare = Discovery(NAMES, scores)
        self.full = Discovery(
            NAMES,
            scores,
            p_values=1 - scores,
            selected=selected,
            method="check",
            history={"epoch": [1], "forecast": [1]},
            choices=(Choice("lag", (1, 2), (0.5, 0.4), (0.1, 0.1), 2, "lowest held-out error"),),
        )

    def checks(self) -> Checks:
        yield "suffixes are in order", lambda: require_suffixes(self.record.suffixes)
        yield "writes only the file that it is given", self.writes_one_file
        yield "leaves the discovery as it was", self.discovery_is_unchanged
        yield "the file can be loaded again", self.round_trip

    def writes_one_file(self) -> None:
        for discovery in (self.bare, self.full):
            for suffix in self.record.suffixes:
                with tempfile.TemporaryDirectory() as folder:
                    path = self._write(discovery, Path(folder), suffix)
                    found = sorted(entry.name for entry in Path(folder).iterdir())
                    require(found == [path.name], f"asked to write {path.name}, it left {found or 'nothing'}")
                    require(path.stat().st_size, "the file is empty")

    def discovery_is_unchanged(self) -> None:
        before = self.full.scores.tobytes()
        with tempfile.TemporaryDirectory() as folder:
            self._write(self.full, Path(folder), self.record.suffixes[0])
        require(self.full.scores.tobytes() == before, "it changed the scores")

    def round_trip(self) -> None:
        suffixes = [suffix for suffix in self.record.suffixes if suffix in LOADABLE]
        if not suffixes:
            raise DoesNotApply(f"only {' and '.join(LOADABLE)} files are loaded again")
        for suffix in suffixes:
            with tempfile.TemporaryDirectory() as folder:
                found = load(self._write(self.full, Path(folder), suffix))
            require(found.names == NAMES, f"the names came back as {found.names}")
            require(np.array_equal(found.scores, self.full.scores), "the scores came back changed")
            require(found.choices == self.full.choices, "what the method chose came back changed")

    def _write(self, discovery: Discovery, folder: Path, suffix: str) -> Path:
        path = folder / f"a result{suffix}"
        self.record.load()(discovery, path)
        return path
