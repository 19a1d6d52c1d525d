"""Run another package's code without a trace: no output, no warnings, no changed random numbers or threads."""

from __future__ import annotations

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
MOST_NOTES = 3


@contextmanager
def contained(package: Package, run: Run) -> Iterator[list[str]]:
    """Run the block with the threads and the seed of the run, in silence.

    numpy's global generator, which a package may draw from, starts from the run's seed and is put back afterwards.
    Warnings about the data, such as a lasso that did not converge, become sentences for `Discovery.notes`.

    Yields:
        A list that contains these sentences after the block.

    Raises:
        DataError: the package gave up on the numbers that it was given.
    """
    from threadpoolctl import threadpool_limits

    notes: list[str] = []
    state = np.random.get_state()
    np.random.seed(run.seed % 2**32)
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            redirect_stdout(StringIO()),
            threadpool_limits(limits=run.threads),
        ):
            warnings.simplefilter("always")
            yield notes
    except (ValueError, ArithmeticError, IndexError, np.linalg.LinAlgError) as error:
        raise DataError(
            f"{package.name} {package.version} failed on these data: {type(error).__name__}: {error}",
            "look for series that are copies of each other, or use another method",
        ) from error
    finally:
        np.random.set_state(state)
    notes.extend(f"{package.name} warned: {text}" for text in _sentences(caught))


def _sentences(caught: list[warnings.WarningMessage]) -> list[str]:
    """Return the first few warnings; those that differ only in their numbers count as one."""
    texts: dict[str, str] = {}
    for warning in caught:
        if not issubclass(warning.category, FOR_DEVELOPERS):
            text = str(warning.message).split("\n")[0]
            texts.setdefault(re.sub(r"\d[\d.e+-]*", "#", text), text)
    return list(texts.values())[:MOST_NOTES]
