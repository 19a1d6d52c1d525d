"""Gene regulation: a random transcription network and the Hill kinetics by which proteins switch genes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Out-degrees fall with the rank of a regulator by this power: the sparsest law that still leaves most regulators a
# target. With 2 P^0.64 regulators it gives 9 of 10 and 38 of 100 genes a target, as in DREAM4 (8 or 9, and 36 to 44).
RANK_POWER = 0.75
SMALLEST_FACTOR = 1e-12  # keeps the logarithm of a fully blocked promoter finite


@dataclass(frozen=True, eq=False)
class Regulation:
    """A transcription network of P genes and E edges, with all constants of its kinetics.

    Concentrations are relative to the level of a gene that is always transcribed, which is 1. Rates are per minute.

    Attributes:
        cause, effect: genes of each edge, shape (E,).
        activates: does the edge raise transcription, or lower it? Shape (E,).
        dissociation: k, the protein level at which a binding site is occupied half of the time, shape (E,).
        hill: n, the Hill coefficient, shape (E,).
        strength: s, the effect of full occupancy, 0 to 1, shape (E,).
        basal: b, the activation without any regulator bound, 0 to 1, shape (P,).
        mrna_decay, protein_decay: decay rates, shape (P,).
    """

    cause: NDArray[np.intp]
    effect: NDArray[np.intp]
    activates: NDArray[np.bool_]
    dissociation: Array
    hill: Array
    strength: Array
    basal: Array
    mrna_decay: Array
    protein_decay: Array
    _activating: Array = field(init=False, repr=False)
    _repressing: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, chosen in (("_activating", self.activates), ("_repressing", ~self.activates)):
            incidence = np.zeros((len(self.cause), len(self.basal)))
            incidence[np.flatnonzero(chosen), self.effect[chosen]] = 1.0
            object.__setattr__(self, name, incidence)

    @property
    def graph(self) -> NDArray[np.bool_]:
        """Who regulates whom, shape (P, P), ``graph[cause, effect]``."""
        graph = np.zeros((len(self.basal),) * 2, dtype=bool)
        graph[self.cause, self.effect] = True
        return graph

    def activation(self, protein: Array) -> Array:
        """Return the share of time in which each gene is transcribed, 0 to 1.

        A site is occupied with probability ``h = (y / k)^n / (1 + (y / k)^n)``. Sites are occupied independently. A
        gene is on if it is on by itself (probability b) or if at least one activator recruits (probability s h each),
        and no repressor blocks it (probability s h each)::

            f = (1 - (1 - b) prod over activators (1 - s h)) * prod over repressors (1 - s h)

        Args:
            protein: y, shape (R, P).
        """
        occupied = (protein[:, self.cause] / self.dissociation) ** self.hill
        factor = np.log(np.maximum(1.0 - self.strength * occupied / (1.0 + occupied), SMALLEST_FACTOR))
        silent = (1.0 - self.basal) * np.exp(factor @ self._activating)
        active: Array = (1.0 - silent) * np.exp(factor @ self._repressing)
        return active


def draw_topology(series: int, in_degree: float, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Draw who regulates whom: few regulators, some with many targets, feedback allowed, no self-edges.

    There are ``round(in_degree * P)`` edges, at least one and no more than there are pairs. ``2 P^0.64`` genes are
    regulators; the r-th is drawn with a probability that is proportional to ``r^-0.75``. Each gene that regulates
    nothing first gets one regulator; the targets of all other edges are drawn uniformly.

    Returns:
        Shape (P, P), ``graph[cause, effect]``.
    """
    regulators = min(series, max(1, round(2 * series**0.64)))
    order = generator.permutation(series)
    rank = np.arange(1, regulators + 1) ** -RANK_POWER
    weight = np.zeros((series, series))
    weight[order[:regulators]] = rank[:, None]
    np.fill_diagonal(weight, 0.0)
    wanted: int = min(max(1, round(in_degree * series)), int(np.count_nonzero(weight)))
    graph = np.zeros((series, series), dtype=bool)
    targets = order[regulators:][:wanted]
    graph[generator.choice(order[:regulators], size=len(targets), p=rank / rank.sum()), targets] = True
    weight[graph] = 0.0
    others = generator.choice(weight.size, size=wanted - len(targets), replace=False, p=weight.ravel() / weight.sum())
    graph.flat[others] = True
    return graph


def draw_regulation(series: int, in_degree: float, generator: np.random.Generator) -> Regulation:
    """Draw a network and its constants from the distributions of GeneNetWeaver.

    Dissociation constants are uniform on [0.01, 1], Hill coefficients N(2, 2^2) within [1, 10], strengths on
    [0.25, 1] and half-lives of mRNA and protein on [5, 50] minutes by a bell curve that is six deviations wide. An
    edge activates or represses with even odds. Basal activation is below 0.25 where all regulators activate, on
    [0.25, 0.75] where some activate and some repress, and 1 elsewhere. The strongest activator and the strongest
    repressor of a gene get strength 1, so that every regulated gene can be switched on or off altogether.
    """
    cause, effect = np.nonzero(draw_topology(series, in_degree, generator))
    edges = len(cause)
    activates = generator.random(edges) < 0.5
    activators = np.bincount(effect[activates], minlength=series)
    repressors = np.bincount(effect[~activates], minlength=series)
    low = truncated_normal(0.0, 0.05, 0.0, 0.25, series, generator)
    basal = bell(0.25, 0.75, series, generator)
    basal = np.where((activators > 0) & (repressors == 0), low, np.where(activators == 0, 1.0, basal))
    strength = bell(0.25, 1.0, edges, generator)
    for gene in range(series):
        for kind in (activates, ~activates):
            rivals = np.flatnonzero((effect == gene) & kind)
            if len(rivals):
                strength[rivals[np.argmax(strength[rivals])]] = 1.0
    return Regulation(
        cause=cause,
        effect=effect,
        activates=activates,
        dissociation=generator.uniform(0.01, 1.0, size=edges),
        hill=truncated_normal(2.0, 2.0, 1.0, 10.0, edges, generator),
        strength=strength,
        basal=basal,
        mrna_decay=np.log(2) / bell(5.0, 50.0, series, generator),
        protein_decay=np.log(2) / bell(5.0, 50.0, series, generator),
    )


def truncated_normal(
    mean: float, deviation: float, low: float, high: float, size: int, generator: np.random.Generator
) -> Array:
    """Draw from a normal distribution without what lies outside of [low, high]."""
    from scipy.special import ndtr, ndtri

    below, above = ndtr((low - mean) / deviation), ndtr((high - mean) / deviation)
    drawn: Array = mean + deviation * ndtri(generator.uniform(below, above, size=size))
    return drawn


def bell(low: float, high: float, size: int, generator: np.random.Generator) -> Array:
    """Draw from the truncated normal distribution that is six deviations wide."""
    return truncated_normal((low + high) / 2, (high - low) / 6, low, high, size, generator)
