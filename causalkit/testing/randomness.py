"""Did a plugin touch the random numbers of the user's process?"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from causalkit.testing.result import require


@contextmanager
def untouched_randomness() -> Iterator[None]:
    """Fail the check when the block changes the state of a global generator, and put it back.

    The result of a run must depend on its seed alone; a plugin that seeds or draws from a global generator changes
    the results of whatever else runs in the same process.
    """
    import numpy as np
    import torch

    python, numpy, pytorch = random.getstate(), np.random.get_state(), torch.get_rng_state()
    numpy_before = _numpy_state()
    try:
        yield
        require(random.getstate() == python, "it changed the global generator of `random`: use random.Random(seed)")
        require(
            _numpy_state() == numpy_before,
            "it changed the global generator of numpy: use run.numpy_generator() or numpy.random.default_rng(seed)",
        )
        require(
            torch.equal(torch.get_rng_state(), pytorch),
            "it changed the global generator of torch: use run.torch_generator(), or build networks in run.isolated()",
        )
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        torch.set_rng_state(pytorch)


def _numpy_state() -> tuple[Any, ...]:
    """Return the state of numpy's global generator in a form that can be compared."""
    import numpy as np

    state = np.random.get_state(legacy=True)
    return tuple(part.tobytes() if isinstance(part, np.ndarray) else part for part in state)
