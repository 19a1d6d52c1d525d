"""Several processes that share the work of one run, as ``torchrun`` starts them.

Every process reads the same data and takes the same decisions. In training, each computes gradients on its share of the
windows of a step (`causalkit.neural.training.networks`). The first process alone prints and writes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from causalkit.errors import WrongUsageError

if TYPE_CHECKING:
    from torch import Tensor


def started_by_torchrun() -> bool:
    """Is this one of several processes that torchrun started?"""
    return "TORCHELASTIC_RUN_ID" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1


@contextmanager
def joined() -> Iterator[None]:
    """Join the other processes for the block, over NCCL where there are accelerators, else over Gloo.

    All but the first process lose their standard streams: what they print would be printed several times.

    Raises:
        WrongUsageError: there are fewer accelerators than processes on this machine.
    """
    import torch
    from torch import distributed

    if not started_by_torchrun():
        yield
        return
    local, here = int(os.environ["LOCAL_RANK"]), int(os.environ["LOCAL_WORLD_SIZE"])
    accelerators = torch.cuda.device_count()
    if 0 < accelerators < here:
        raise WrongUsageError(
            f"{here} processes on this machine share {accelerators} accelerators",
            f"start fewer: torchrun --nproc-per-node {accelerators}",
        )
    if accelerators:
        torch.cuda.set_device(local)
    distributed.init_process_group("nccl" if accelerators else "gloo")
    try:
        if rank():
            sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until the process ends
        yield
    finally:
        distributed.destroy_process_group()


def count() -> int:
    """Return the number of processes that share the run; 1 outside `joined`."""
    distributed = _group()
    return 1 if distributed is None else int(distributed.get_world_size())


def local_count() -> int:
    """Return the number of processes on this machine that share the run; 1 outside `joined`."""
    return int(os.environ["LOCAL_WORLD_SIZE"]) if count() > 1 else 1


def rank() -> int:
    """Return the number of this process, from 0."""
    distributed = _group()
    return 0 if distributed is None else int(distributed.get_rank())


def agreed(answer: bool) -> bool:
    """Return the answer of the first process. All processes have to ask."""
    if count() == 1:
        return answer
    from torch import distributed

    found = [answer]
    distributed.broadcast_object_list(found)
    return found[0]


def add_up(tensors: Sequence[Tensor]) -> None:
    """Replace tensors by their sums over all processes, in place and in one message. All processes have to call it."""
    import torch
    from torch import distributed

    whole = torch.cat([tensor.flatten() for tensor in tensors])
    distributed.all_reduce(whole)
    for tensor, summed in zip(tensors, torch.split(whole, [one.numel() for one in tensors]), strict=True):
        tensor.copy_(summed.view_as(tensor))


def _group() -> Any:
    """Return torch.distributed where processes have joined, else None; torch is not imported for it."""
    distributed = sys.modules.get("torch.distributed")
    joined_others = distributed is not None and distributed.is_available() and distributed.is_initialized()
    return distributed if joined_others else None
