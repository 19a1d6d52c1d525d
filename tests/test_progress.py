"""The progress bar of the command line."""

import io
import re
import sys

import pytest

from causalkit.cli.progress import ProgressBar

LOSSES = {"forecast": 0.25655, "gradient-l1": 0.1302, "ridge": 0.0058, "validation": 0.41234}


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("columns", "shown"), [(60, []), (80, ["validation"]), (140, ["validation", "forecast"])])
def test_no_part_of_the_bar_is_cut(columns, shown, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with ProgressBar() as bar:
        bar.on_start({"stage": "strength, component-mlp", "epochs": 100})
        bar.on_epoch(7, LOSSES)
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue()).replace("\r", "\n").splitlines()
    last = [line for line in lines if "strength" in line][-1].rstrip()
    assert "…" not in last
    assert len(last) <= columns
    assert last.startswith("strength, component-mlp ")
    assert re.search(r" 7/100 .*left (-:--:--|\d:\d\d:\d\d)$", last)
    assert [name for name in LOSSES if name in last] == [name for name in LOSSES if name in shown]
