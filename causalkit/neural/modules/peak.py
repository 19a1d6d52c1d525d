"""How much memory a computation on tensors takes at its peak, and forecasts in bounded memory.

What a computation holds is counted while it runs. On the device "meta", tensors have shapes and no values, so that this
takes no memory and hardly any time.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from causalkit.core.memory import chunk


class _Held(TorchDispatchMode):
    """Counts the bytes of all storages that operations return, until they are freed."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes, self.peak = 0, 0
        self._known: set[int] = set()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Do without torch's compiler, whose import takes a second and 90 MiB."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Carry out an operation and count what it returns."""
        for one in tree_leaves((args, kwargs)):
            if isinstance(one, Tensor):
                self._count(one.untyped_storage(), new=False)  # a view of it is nothing new
        found = func(*args, **(kwargs or {}))
        for one in tree_leaves(found):
            if isinstance(one, Tensor):
                self._count(one.untyped_storage(), new=True)
        return found

    def _count(self, storage: torch.UntypedStorage, *, new: bool) -> None:
        key = storage._cdata
        if key in self._known:
            return
        self._known.add(key)
        size = int(storage.nbytes()) if new else 0
        self.bytes += size
        self.peak = max(self.peak, self.bytes)
        weakref.finalize(storage, self._free, key, size)

    def _free(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.bytes -= size


def peak_bytes(compute: Callable[[], Any]) -> int:
    """Return the bytes that a computation holds at its peak beside what exists before it.

    Args:
        compute: works on tensors; on those of the device "meta" alone, nothing is computed.
    """
    with _Held() as held:
        compute()
    found: int = held.peak
    return found


FORECAST_BYTES = 32 * 2**20
"""That a network holds while it forecasts windows; more at a time is no faster."""
SAMPLE = 32
"""Windows on which it is measured what a network holds."""


@torch.no_grad()
def forecast_bytes(model: nn.Module, x: Tensor) -> int:
    """Return the bytes that a network holds while it forecasts windows x (B, K, P)."""
    some = x[:SAMPLE]
    return peak_bytes(lambda: model(some)) * len(x) // max(len(some), 1)


@torch.no_grad()
def forecasts(model: nn.Module, x: Tensor) -> Tensor:
    """Return forecasts (B, P) of windows (B, K, P), so many windows at a time as memory allows."""
    parts = -(-forecast_bytes(model, x) // chunk(FORECAST_BYTES)) if len(x) > SAMPLE else 1
    at_once = -(-len(x) // max(parts, 1))
    if at_once >= len(x):
        found: Tensor = model(x)
        return found
    return torch.cat([model(part) for part in torch.split(x, at_once)])
