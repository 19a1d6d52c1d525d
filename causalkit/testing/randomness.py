"""Did a plugin touch the random numbers of the user's process?"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from causalkit.testing.result import require


@contextmanager
def untouched_randomness() -> Iterator[None]:
    """Fail the check when the block changes the state of a global generator, and put it back.

    The result of a run must depend on its seed alone; a plugin that seeds or draws from a global generator changes
    the results of whatever else runs in the same process.
    """
    import numpy as np
    import torch

    python, numpy, pytorch = random.getstate(), np.random.get_state(legacy=False), torch.get_rng_state()
    try:
        yield
        now = np.random.get_state(legacy=False)
        require(random.getstate() == python, "it changed the global generator of `random`: use random.Random(seed)")
        require(
            _same(now, numpy),
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


def _same(one: object, other: object) -> bool:
    """Compare states of numpy, which nest dictionaries around an array."""
    return repr(one) == repr(other) and _key(one) == _key(other)


def _key(state: object) -> object:
    inner = state.get("state") if isinstance(state, dict) else None
    key = inner.get("key") if isinstance(inner, dict) else None
    return key.tobytes() if hasattr(key, "tobytes") else key
