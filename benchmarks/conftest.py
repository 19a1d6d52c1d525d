"""Collect medians of one process and print their ratios at the end; nothing here asserts a time."""

from __future__ import annotations

import pytest
import torch

MEDIANS: dict[tuple[str, str], float] = {}
RATIOS = (
    ("exact against the public scripts' loop", "loop", "exact"),
    ("sampled against the public scripts' loop", "loop", "sampled"),
    ("exact against the loop over causalkit's network", "own-loop", "exact"),
    ("sampled against the loop over causalkit's network", "own-loop", "sampled"),
    ("sampled against a plain forecasting step", "sampled", "plain"),
)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def record_median(benchmark):
    """Call with a network's name and a way of computing after the benchmark has run."""

    def record(network: str, way: str) -> None:
        if benchmark.stats:  # absent under --benchmark-disable
            MEDIANS[network, way] = benchmark.stats.stats.median

    return record


def pytest_terminal_summary(terminalreporter):
    if not MEDIANS:
        return
    terminalreporter.section("ratios of medians, one process, one thread")
    for network in dict.fromkeys(network for network, _ in MEDIANS):
        for title, above, below in RATIOS:
            if (network, above) in MEDIANS and (network, below) in MEDIANS:
                ratio = MEDIANS[network, above] / MEDIANS[network, below]
                terminalreporter.write_line(f"{network}  {title}: {ratio:.1f}x")
