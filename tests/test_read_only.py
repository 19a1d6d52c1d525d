"""What plugins are handed cannot be changed for everybody else, and the arrays of users stay writeable."""

from __future__ import annotations

import warnings
from dataclasses import fields, replace

import numpy as np
import pytest

import causalkit
from causalkit import Discovery, Panel, Truth
from causalkit.builtin.metrics.ranking import auroc
from causalkit.core.windows import Windows
from causalkit.evaluation import Evaluation

NAMES = ("a", "b", "c")


def arrays_of(record):
    """Return all arrays of a data class by name, those in tuples and mappings too."""
    found = {}
    for field in fields(record):
        value = getattr(record, field.name)
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else [value]
        found |= {f"{field.name} {n}": part for n, part in enumerate(parts) if isinstance(part, np.ndarray)}
    return found


def discovery(scores):
    chosen = scores > 0.5
    path = {"epochs": np.array([1.0, 2.0]), "scores": np.stack([scores, scores]), "forecast": np.ones(2)}
    facts = {"p_values": scores.copy(), "standard_errors": scores.copy(), "joint_p_values": scores[:, :, 0].copy()}
    return Discovery(NAMES, scores, selected=chosen, path=path, **facts)


@pytest.fixture
def values():
    return np.random.default_rng(0).random((40, 3))


@pytest.fixture
def scores():
    return np.random.default_rng(1).random((3, 3, 2))


@pytest.fixture
def truth():
    return Truth.from_edges([("a", "b", 1), ("b", "c", 2)], names=NAMES)


@pytest.fixture
def handed(values, scores, truth):
    """One of everything that plugins are handed."""
    mask = np.zeros(values.shape, dtype=bool)
    panel = replace(Panel.of(values, names=NAMES), intervened=(mask,))
    found = discovery(scores)
    windows = panel.windows(2)
    return {
        "panel": (panel, 2),
        "scaled panel": (panel.standardized()[0], 2),
        "windows": (windows, 5),
        "truth": (truth, 2),
        "discovery": (found, 8),
        "evaluation": (Evaluation.of(found, truth, "exclude"), 7),
    }


@pytest.mark.parametrize("what", ["panel", "scaled panel", "windows", "truth", "discovery", "evaluation"])
def test_every_array_is_read_only(handed, what):
    record, expected = handed[what]
    arrays = arrays_of(record)
    assert len(arrays) == expected
    for array in arrays.values():
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_arrays_of_the_user_stay_writeable(values, scores):
    edges = np.eye(3, dtype=bool)
    Panel((values,), NAMES)
    Windows(values[:, None], values, np.zeros(40, dtype=int), np.arange(40), 0)
    Truth(NAMES, edges)
    discovery(scores)
    for array in (values, scores, edges):
        assert array.flags.writeable
        array[0] = 0


def test_a_metric_that_writes_does_not_change_the_others(scores, truth):
    """One metric that sorts in place took the AUROC of everybody to guessing."""
    shared = Evaluation.of(discovery(scores), truth, "exclude")
    before = auroc(shared)
    with pytest.raises(ValueError, match="read-only"):
        shared.scores.sort()
    assert auroc(shared) == before


@pytest.mark.plugins
@pytest.mark.parametrize("method", ["grngc", "cmlp", "jrngc"])
def test_torch_does_not_warn_about_read_only_arrays(values, method):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*not writ.*")
        causalkit.discover(values, method=method, lag=1, device="cpu", time_limit=0.5)
