"""Progress and logs of a run in Python: shown where they are wanted, and never part of a result."""

import io
import logging
import re
import sys
import types

import numpy as np
import pytest

import causalkit
from causalkit.display import progress as module
from causalkit.display.progress import ProgressBar

STAGE = {"stage": "train", "epochs": 10}


@pytest.fixture
def data():
    return np.random.default_rng(0).standard_normal((80, 3))


def run_through(bar):
    with bar:
        bar.on_start(STAGE)
        for epoch in range(1, 11):
            bar.on_epoch(epoch, {"forecast": 1.0 / epoch, "penalty": 0.25})


def test_elsewhere_a_line_now_and_then(monkeypatch, capsys):
    monkeypatch.setattr(module, "LINE_SECONDS", 0.0)
    run_through(ProgressBar(everywhere=True))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[3].startswith("training: 4 of 10, about ")
    assert lines[3].endswith("left  forecast 0.2500  penalty 0.2500")
    assert lines[-1].startswith("training: 10 of 10  forecast")


def test_commands_show_nothing_on_a_pipe(monkeypatch, capsys):
    monkeypatch.setattr(module, "LINE_SECONDS", 0.0)
    run_through(ProgressBar())
    run_through(ProgressBar(False, everywhere=True))
    assert capsys.readouterr().err == ""


class Handle:
    def __init__(self):
        self.pages, self.displayed = [], 0

    def update(self, page):
        self.pages.append(page._repr_html_())


@pytest.fixture
def notebook(monkeypatch):
    """Stand in for IPython in the kernel of a notebook."""
    handle = Handle()

    def display(page, display_id):
        assert display_id is True
        handle.update(page)
        handle.displayed += 1
        return handle

    shell = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", types.SimpleNamespace(display=display))
    monkeypatch.setattr(module, "_REFRESH_SECONDS", 0.0)
    return handle


def test_a_bar_in_a_notebook_moves_and_disappears(notebook, capsys):
    run_through(ProgressBar(everywhere=True))
    assert "width:0.0%" in notebook.pages[0]
    assert "width:50.0%" in notebook.pages[5]
    assert "training: 5 of 10, about" in notebook.pages[5]
    assert notebook.pages[-1] == ""
    assert capsys.readouterr() == ("", "")


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


def test_stages_share_one_output_of_a_notebook(notebook):
    with ProgressBar(everywhere=True) as bar:
        bar.on_start(STAGE)
        bar.on_start({"stage": "surrogate", "epochs": 99})
        bar.on_epoch(33, {})
    assert notebook.displayed == 1
    assert "surrogate: 33 of 99" in notebook.pages[-2]
    assert notebook.pages[-1] == ""


def test_progress_is_no_part_of_the_result(data, capsys):
    quiet = causalkit.discover(data, method="var", lag=1)
    shown = causalkit.discover(data, method="var", lag=1, progress=True)
    assert shown.config == quiet.config
    np.testing.assert_array_equal(shown.scores, quiet.scores)
    assert shown.refit.run.observers == []


def test_fits_of_a_rule_are_shown(data, notebook):
    found = causalkit.discover(data, method="var", lag=1, select="stability", progress=True)
    assert any("stability: " in page for page in notebook.pages)
    notebook.pages.clear()
    found.select("surrogate", progress=True)
    assert any("surrogate: " in page for page in notebook.pages)


@pytest.mark.plugins
def test_training_is_shown(data, notebook):
    causalkit.discover(data, lag=1, params={"training.epochs": 5, "regularizer.strength": 0.1}, progress=True)
    assert any("training: " in page and "forecast" in page for page in notebook.pages)


def test_the_log_says_what_was_done(data, caplog):
    with caplog.at_level(logging.INFO, logger="causalkit"):
        causalkit.discover(data, method="var", lag=1)
    messages = [record.getMessage() for record in caplog.records]
    assert "scores of 3 series, lag 1" in messages
    assert messages[-1].startswith("var finished in ")
    assert "edges selected by fdr:0.05" in messages[-1]
    assert {record.name for record in caplog.records} == {"causalkit"}


@pytest.mark.plugins
def test_the_log_has_every_epoch_at_level_debug(data, caplog):
    params = {"training.epochs": 5, "regularizer.strength": 0.1}
    with caplog.at_level(logging.DEBUG, logger="causalkit"):
        causalkit.discover(data, lag=1, params=params)
    messages = [record.getMessage() for record in caplog.records]
    assert sum(message.startswith("epoch ") for message in messages) == 5
    assert "train: up to 5 epochs" in messages


def test_without_a_level_nothing_is_logged(data, caplog, capsys):
    causalkit.discover(data, method="var", lag=1)
    assert not caplog.records
    assert capsys.readouterr() == ("", "")
