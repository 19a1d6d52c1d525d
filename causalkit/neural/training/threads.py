"""How many threads training takes, where the user has not said it: what is fastest in a few steps.

A step of a small network is mostly the overhead of its operations, and threads that wait for each other make it slower.
Of a large one they share the products. Which it is depends on the network and on the machine, so it is measured. Sums
are taken in another order with more threads, so results differ by rounding. So small networks, of which threads are
never of use, take one without a measurement: there, a seed always gives the same bytes.
"""

from __future__ import annotations

import os
import time

import torch

from causalkit.core import processes
from causalkit.core.run import Run
from causalkit.neural.training.networks import Epoch, Networks

LEAST_WORK = 100_000_000
"""Weights times windows of a step below which nothing is measured: some 20 milliseconds."""
GAIN = 1.15
"""Times that a step has to be faster on twice the threads."""


def usable_threads() -> int:
    """Return how many processors this process may use, and at most ``OMP_NUM_THREADS``."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    given = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, int(given)) if given.isdecimal() and int(given) else cores


def take_threads(networks: Networks, epoch: Epoch, run: Run) -> None:
    """Let torch take as many threads as training of these networks is fastest with; nothing else changes.

    Networks of one kind are measured once in a run. Where several processes share a run, each takes one thread.

    Args:
        networks: before their first step.
        epoch: what the first one does.
    """
    if run.threads is not None:
        return
    kind = str(sorted((name, *weight.shape[1:]) for name, weight in networks.weights.items()))
    if kind not in run.measured_threads:
        windows = min(networks.windows, epoch.most_windows or networks.windows)
        work = windows * sum(weight.numel() for weight in networks.weights.values())
        most = usable_threads() if run.torch_device().type == "cpu" and processes.count() == 1 else 1
        run.measured_threads[kind] = _fastest(networks, epoch, most) if work >= LEAST_WORK else 1
    torch.set_num_threads(run.measured_threads[kind])


def _fastest(networks: Networks, epoch: Epoch, most: int) -> int:
    """Return the number of threads, doubled as long as that pays; the networks are as before."""
    threads, needed = 1, float("inf")
    with networks.trial(), torch.random.fork_rng(devices=[]):
        while threads <= most:
            found = _seconds(networks, epoch, threads)
            if found > needed / GAIN:
                break
            best, needed = threads, found
            threads = most if threads < most < 2 * threads else 2 * threads
    return best


def _seconds(networks: Networks, epoch: Epoch, threads: int) -> float:
    """Return the time of an epoch, after one in which caches fill."""
    torch.set_num_threads(threads)
    networks.epoch(epoch)
    start = time.perf_counter()
    networks.epoch(epoch)
    return time.perf_counter() - start
