"""The built-in simulators with their default parameters, as listings show them; simulates and imports nothing.

A simulator whose graph is drawn at random has no number of edges here.
"""

from __future__ import annotations

from causalkit.plugins.records import DatasetItem


def lorenz96() -> list[DatasetItem]:
    """List it: four edges into each of the ten series."""
    return [DatasetItem(name="lorenz96", series=10, realisations=1, steps=500, edges=40)]


def linear_var() -> list[DatasetItem]:
    """List it; its graph is random."""
    return [DatasetItem(name="var", series=10, realisations=1, steps=500)]


def tanh_var() -> list[DatasetItem]:
    """List it; its graph is random."""
    return [DatasetItem(name="tanh-var", series=10, realisations=1, steps=500)]


def henon() -> list[DatasetItem]:
    """List it: a chain of five, each of which drives itself."""
    return [DatasetItem(name="henon", series=5, realisations=1, steps=500, edges=9)]


def lagged_pair() -> list[DatasetItem]:
    """List it: one edge."""
    return [DatasetItem(name="lagged-pair", series=3, realisations=1, steps=300, edges=1)]


def gene_network() -> list[DatasetItem]:
    """List it; its graph is random."""
    return [DatasetItem(name="gene-network", series=10, realisations=5, steps=21)]


def bold() -> list[DatasetItem]:
    """List it: five regions in the graph of NetSim, each of which drives itself."""
    return [DatasetItem(name="bold", series=5, realisations=1, steps=200, edges=10)]
