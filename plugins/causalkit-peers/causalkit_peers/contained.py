"""Run another package's code without a trace: no output or warnings, and random numbers and threads as before."""

from __future__ import annotations

import logging
import os
import random
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO

import numpy as np

from causalkit import Run
from causalkit.errors import DataError
from causalkit_peers.package import Package

FOR_DEVELOPERS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)
OF_LIGHTNING = "PossibleUserWarning"
"""Advice of PyTorch Lightning on how it is called; it comes with the second fit of a process and not with the first."""
MOST_NOTES = 3


@contextmanager
def contained(package: Package, run: Run) -> Iterator[list[str]]:
    """Run the block with the threads and the seed of the run, in silence.

    The global generators of numpy and Python, which a package may draw from or seed, are put back afterwards, and so is
    the environment. numpy's starts from the run's seed. Warnings about the data, such as a lasso that did not converge,
    become sentences for `Discovery.notes`.

    Yields:
        A list that contains these sentences after the block.

    Raises:
        DataError: the package gave up on the numbers that it was given.
    """
    from threadpoolctl import threadpool_limits

    notes: list[str] = []
    state, pythons, environment = np.random.get_state(), random.getstate(), dict(os.environ)
    silenced = logging.root.manager.disable
    np.random.seed(run.seed % 2**32)
    logging.disable(max(silenced, logging.WARNING))
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            redirect_stdout(StringIO()),
            threadpool_limits(limits=run.threads),
        ):
            warnings.simplefilter("always")
            yield notes
    except (ValueError, ArithmeticError, IndexError, RuntimeError, np.linalg.LinAlgError) as error:
        raise DataError(
            f"{package.name} {package.version} failed on these data: {type(error).__name__}: {error}",
            "look for series that are copies of each other, or use another method",
        ) from error
    finally:
        np.random.set_state(state)
        random.setstate(pythons)
        logging.disable(silenced)
        _restore(environment)
    notes.extend(f"{package.name} warned: {text}" for text in _sentences(caught))


@contextmanager
def contained_torch(package: Package, run: Run) -> Iterator[list[str]]:
    """Run the block as `contained` does, for a package that computes with torch.

    torch's global generator starts from the run's seed, and its threads are those of the run. Both are put back
    afterwards, and so is the choice of deterministic algorithms.
    """
    import torch

    strict, only_warns = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    cudnn = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    with run.isolated(), contained(package, run) as notes:
        try:
            yield notes
        finally:
            torch.use_deterministic_algorithms(strict, warn_only=only_warns)
            torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = cudnn


def _restore(environment: dict[str, str]) -> None:
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)


def _sentences(caught: list[warnings.WarningMessage]) -> list[str]:
    """Return the first few warnings; those that differ only in their numbers count as one."""
    texts: dict[str, str] = {}
    for warning in caught:
        if not issubclass(warning.category, FOR_DEVELOPERS) and warning.category.__name__ != OF_LIGHTNING:
            text = str(warning.message).split("\n")[0]
            texts.setdefault(re.sub(r"\d[\d.e+-]*", "#", text), text)
    return list(texts.values())[:MOST_NOTES]
