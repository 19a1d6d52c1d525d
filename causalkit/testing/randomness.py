"""Did a plugin touch the random numbers of the user's process?"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from causalkit.testing.result import require

UNLIKELY_SEED = 20_260_711
"""A plugin that sets a global seed sets another one; with the seed of the run, it would go unnoticed after a fit."""


@contextmanager
def untouched_randomness() -> Iterator[None]:
    """Fail the check when the block changes the state of a global generator, and put it back.

    The result of a run must depend on its seed alone; a plugin that seeds or draws from a global generator changes
    the results of whatever else runs in the same process.
    """
    import numpy as np
    import torch

    with kept_randomness():
        random.seed(UNLIKELY_SEED)
        np.random.seed(UNLIKELY_SEED)
        torch.manual_seed(UNLIKELY_SEED)
        python, numpy, pytorch = random.getstate(), _numpy_state(), torch.get_rng_state()
        yield
        require(random.getstate() == python, "it changed the global generator of `random`: use random.Random(seed)")
        require(
            _numpy_state() == numpy,
            "it changed the global generator of numpy: use run.numpy_generator() or numpy.random.default_rng(seed)",
        )
        require(
            torch.equal(torch.get_rng_state(), pytorch),
            "it changed the global generator of torch: use run.torch_generator(), or build networks in run.isolated()",
        )


@contextmanager
def kept_randomness() -> Iterator[None]:
    """Put the global generators back after the block, whatever it did to them; torch's when torch is in use."""
    import numpy as np

    python, numpy = random.getstate(), np.random.get_state()
    torch = sys.modules.get("torch")
    pytorch = torch.get_rng_state() if torch is not None else None
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        if torch is not None:
            torch.set_rng_state(pytorch)


def _numpy_state() -> tuple[Any, ...]:
    """Return the state of numpy's global generator in a form that can be compared."""
    import numpy as np

    state = np.random.get_state(legacy=True)
    return tuple(part.tobytes() if isinstance(part, np.ndarray) else part for part in state)
