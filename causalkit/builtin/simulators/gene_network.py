"""Gene expression after perturbations: stochastic differential equations with Hill kinetics, as in DREAM4."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from causalkit.builtin.simulators.ranges import Count, Deviation, FromZero, Number, Positive, Several, Share
from causalkit.builtin.simulators.regulation import Regulation, draw_regulation
from causalkit.builtin.simulators.system import Simulated, System, factory_of

Array = NDArray[np.float64]

# Minutes. Halving it moves a noise-free trajectory by less than 0.01; the test suite measures it.
LONGEST_STEP = 1.0
# Minutes. 2000 are 40 of the longest half-lives; 500 are ten, after which two trajectories share no noise any more.
TO_STEADY_STATE = 2000
TO_OWN_STATE = 500


@dataclass(frozen=True)
class GeneNetwork(System):
    """Simulate mRNA levels x and protein levels y of P genes that regulate each other, in minutes::

        dx_i = m_i (f_i(y) - x_i) dt + c sqrt(m_i (f_i(y) + x_i)) dW
        dy_i = r_i (x_i - y_i) dt + c sqrt(r_i (x_i + y_i)) dV

    f_i is the activation of gene i, Hill kinetics with independent binding (`Regulation.activation`); production
    equals decay at level 1. Every realisation starts at its own draw of the unperturbed steady state. During the
    first half of its samples (``steps // 2`` intervals) the basal activation of each gene is, with probability
    ``perturbed``, replaced by a uniform draw from [0, 1], which shifts f_i by the difference (cut to [0, 1]); then the
    perturbation is removed. Only mRNA is observed, as ``x exp(u) + e`` with normal u and e, negative values set to 0,
    all divided by the largest of the panel. The truth has every edge at lag 1: regulation passes through a hidden
    protein with a half-life of 5 to 50 minutes, so that slow effects also show at further lags.

    Args:
        series: P, the number of genes.
        steps: T, samples that are kept.
        realisations: R, trajectories of the same network after different perturbations.
        in_degree: mean number of regulators of a gene.
        interval: minutes between two samples.
        perturbed: share of the genes that a perturbation hits.
        molecular_noise: c, of the Langevin terms; 0 gives the deterministic system.
        noise: standard deviation of e, relative to a gene that is always on.
        proportional_noise: standard deviation of u.
        self_edges: the truth says that each series also depends on its own past, as it does; False leaves these edges
            out, as the published gold standards do. The data are the same.
        seed: of network, constants, perturbations and noise.

    Raises:
        ParameterError: a parameter is out of range.

    Reference:
        Schaffter, Marbach and Floreano, GeneNetWeaver: in silico benchmark generation and performance profiling of
        network inference methods, Bioinformatics 27, 2011; docs/simulators.md says where this simulator differs.
    """

    name = "gene-network"
    series: Several = 10
    steps: Count = 21
    realisations: Count = 5
    in_degree: Positive = 1.8
    interval: Annotated[float, Number(0.0, 1e4, above=True)] = 50.0
    perturbed: Share = 0.33
    molecular_noise: Annotated[float, Number(0.0, 0.5)] = 0.05
    noise: Deviation = 0.02
    proportional_noise: Share = 0.075
    self_edges: bool = True
    seed: FromZero = 0

    def simulate(self) -> Simulated:
        """Return a panel and its truth."""
        generator = np.random.default_rng(self.seed)
        network = draw_regulation(self.series, self.in_degree, generator)
        shape = (self.realisations, self.series)
        hit = generator.random(shape) < self.perturbed
        shift = np.where(hit, generator.random(shape) - network.basal, 0.0)
        mrna = trajectories(network, shift, self.steps, self.interval, self.molecular_noise, generator)
        observed = mrna * np.exp(generator.normal(scale=self.proportional_noise, size=mrna.shape))
        observed = np.maximum(observed + generator.normal(scale=self.noise, size=mrna.shape), 0.0)
        graph = network.graph | (np.eye(self.series, dtype=bool) & self.self_edges)
        names = tuple(f"G{gene}" for gene in range(1, self.series + 1))
        return self.pack(observed / observed.max(), graph[:, :, None], names)


gene_network = factory_of(GeneNetwork)


def trajectories(
    network: Regulation,
    shift: Array,
    steps: int,
    interval: float,
    molecular_noise: float,
    generator: np.random.Generator,
) -> Array:
    """Return mRNA levels, shape (R, T, P), of trajectories that are perturbed in the first half.

    Args:
        network: of P genes.
        shift: what the perturbation adds to the activation, shape (R, P).
        steps: T.
        interval: minutes between two samples.
        molecular_noise: c.
        generator: of the Langevin terms.
    """
    rested = steady_state(network)
    state = np.tile(rested, (1, shift.shape[0], 1))
    state = advance(network, state, np.zeros_like(shift), TO_OWN_STATE, molecular_noise, generator)
    samples = np.empty((shift.shape[0], steps, shift.shape[1]))
    for sample in range(steps):
        samples[:, sample] = state[0]
        present = shift if sample < steps // 2 else np.zeros_like(shift)
        state = advance(network, state, present, interval, molecular_noise, generator)
    return samples


def steady_state(network: Regulation) -> Array:
    """Return the level of mRNA and protein that the noise-free system reaches from 1/2, shape (2, 1, P)."""
    start = np.full((2, 1, len(network.basal)), 0.5)
    none = np.zeros((1, len(network.basal)))
    return advance(network, start, none, TO_STEADY_STATE, 0.0, np.random.default_rng(0))


def advance(
    network: Regulation,
    state: Array,
    shift: Array,
    duration: float,
    molecular_noise: float,
    generator: np.random.Generator,
) -> Array:
    """Return mRNA and protein levels, shape (2, R, P), ``duration`` minutes later.

    An exponential Euler-Maruyama scheme: decay is integrated exactly while production and noise are constant over a
    step, so that it is stable for every step. Levels that the noise carries below 0 are set to 0.
    """
    count = math.ceil(duration / LONGEST_STEP - 1e-9)
    rate = np.stack([network.mrna_decay, network.protein_decay])[:, None, :]
    kept = np.exp(-rate * duration / count)
    spread = molecular_noise * np.sqrt((1.0 - kept**2) / 2.0)  # of noise c sqrt(rate (production + level)) dW
    for _ in range(count):
        production = np.stack([np.clip(network.activation(state[1]) + shift, 0.0, 1.0), state[0]])
        settled = production + (state - production) * kept
        if molecular_noise:
            settled += spread * np.sqrt(production + state) * generator.standard_normal(state.shape)
            np.maximum(settled, 0.0, out=settled)
        state = settled
    return state
