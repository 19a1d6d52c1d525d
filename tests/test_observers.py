"""Observers see the same run from the command line, from Python and in a comparison."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from types import ModuleType

import numpy as np
import pytest
from click.testing import CliRunner

import causalkit
from causalkit import hookimpl
from causalkit.cli.main import cli
from causalkit.compare.cell import compute
from causalkit.compare.data import PanelCache
from causalkit.compare.record import Cell
from causalkit.errors import DataError
from causalkit.plugins.registry import GROUP
from tests.plugins_for_tests.installing import REAL, installed


class Heard:
    """Every event of a run, in order."""

    def __init__(self):
        self.events = []

    def on_start(self, info):
        self.events.append(("start", info.get("stage", "train")))

    def on_epoch(self, epoch, losses):
        self.events.append(("epoch", epoch))

    def on_scores(self, discovery):
        self.events.append(("scores", discovery.selection))

    def on_end(self, discovery):
        edges = None if discovery.selected is None else int(discovery.pair_selected.sum())
        self.events.append(("end", edges))


@contextmanager
def watching():
    """Install a plugin that watches every run, and give what it hears."""
    heard, module = Heard(), ModuleType("fake_watcher")
    module.causalkit_observers = hookimpl(lambda run: [heard], specname="causalkit_observers")
    sys.modules[module.__name__] = module
    try:
        with installed(beside=[*REAL, EntryPoint("watcher", module.__name__, GROUP)], strict=True):
            yield heard
    finally:
        del sys.modules[module.__name__]


def from_the_command_line(rule):
    words = ["discover", "--dataset", "lagged-pair", "--method", "var"]
    done = CliRunner().invoke(cli, [*words, *(["--select", rule] if rule else [])])
    assert done.exit_code == 0, done.output


def from_python(rule):
    panel, _ = causalkit.simulate("lagged-pair")
    causalkit.discover(panel, method="var", select=rule or None)


def from_a_comparison(rule):
    cell = Cell(
        method="var",
        data="lagged-pair",
        seed=0,
        method_name="var",
        method_params={},
        data_name="lagged-pair",
        data_params={},
        settings={"select": rule or None, "device": "cpu", "threads": 1},
    )
    record = compute(cell, PanelCache())
    assert record.status == "ok", record.reason


WAYS = [from_the_command_line, from_python, from_a_comparison]


@pytest.mark.parametrize("way", WAYS)
def test_the_end_shows_the_selected_edges(way):
    with watching() as heard:
        way("top-k:2")
    assert heard.events == [("scores", None), ("end", 2)]


@pytest.mark.parametrize("way", WAYS)
def test_without_a_rule_only_the_end_comes(way):
    with watching() as heard:
        way("none")
    assert heard.events == [("end", None)]


@pytest.mark.parametrize("way", WAYS)
def test_every_fit_of_a_rule_is_heard_before_the_end(way):
    with watching() as heard:
        way("stability:subsamples=10")
    fits = [("epoch", number) for number in range(1, 11)]
    assert heard.events == [("scores", None), ("start", "stability"), *fits, ("end", 1)]


def test_a_rule_that_cannot_be_carried_out_leaves_the_scores_and_no_end(tmp_path):
    values = np.random.default_rng(0).normal(size=(40, 8))
    np.savetxt(tmp_path / "short.csv", values, delimiter=",", fmt="%.6f")
    words = ["discover", str(tmp_path / "short.csv"), "--method", "var", "--select", "stability"]
    with watching() as heard:
        ended = CliRunner().invoke(cli, words)
        assert isinstance(ended.exception, DataError)
        with pytest.raises(DataError, match="could not be fitted again"):
            causalkit.discover(values, method="var", select="stability")
    assert heard.events == [("scores", None)] * 2
