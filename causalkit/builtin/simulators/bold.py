"""Functional magnetic resonance imaging: a neural network seen through the balloon model, as in NetSim."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from causalkit.builtin.simulators import balloon
from causalkit.builtin.simulators.ranges import Count, Deviation, FromZero, Number, Several
from causalkit.builtin.simulators.ring_clusters import ring_clusters
from causalkit.builtin.simulators.system import Simulated, System, factory_of
from causalkit.errors import ParameterError

Array = NDArray[np.float64]

LONGEST_STEP = 0.05  # s; the test suite measures what halving it changes
WARM_UP = 60.0  # s, three times as long as a response lasts
TIME_UP, TIME_DOWN = 2.5, 10.0  # s, mean durations of the two states of an external input
INPUT_NOISE = 0.05  # of the difference between the two states


@dataclass(frozen=True)
class Bold(System):
    """Simulate the blood-oxygen-level-dependent signal of P brain regions, in percent.

    Neural activity z follows ``dz_j/dt = (sum over i of w_ij z_i - z_j + u_j) / neural_lag``. Each region has its own
    external input u, which switches between 0 and 1 as a Poisson process does, 10 s down and 2.5 s up on average,
    plus white noise of standard deviation 0.05 in steps of 50 ms. The balloon model (`balloon.velocity`) turns
    activity into the signal; Gaussian noise and a high-pass filter follow. Regions form rings of five
    (`ring_clusters`). Realisations are subjects: all share the graph, each has weights, delays, inputs and noise of
    its own. Weights are drawn from N(w, (w/4)^2) and cut to [w/2, 3w/2], w being ``strength``.

    The truth has every edge at lag 1. That is the nearest lag of the past that can carry it, no more: an effect takes
    about 50 ms, a sample 3 s. Most of it therefore shows within one sample, and where the haemodynamic response of the
    effect is faster than that of its cause, the order of the two may even seem reversed.

    Args:
        series: P, the number of regions.
        steps: T, volumes that are kept.
        realisations: R, subjects.
        strength: w, the mean weight of an edge.
        neural_lag: time constant of neural activity, seconds.
        repetition_time: seconds between two volumes.
        delay_spread: standard deviation of the delay of the haemodynamic response between regions, seconds;
            drawn for each region and subject and cut at two deviations.
        noise: standard deviation of the measurement noise, percent.
        high_pass: waves with a longer period than this are damped, seconds; more than two volumes, or 0 to keep all.
        self_edges: the truth says that each series also depends on its own past, as it does; False leaves these edges
            out. The data are the same.
        seed: of weights, delays, inputs and noise; the graph is the same for every seed.

    Raises:
        ParameterError: a parameter is out of range.

    Reference:
        Smith et al., Network modelling methods for FMRI, NeuroImage 54, 2011.
    """

    name = "bold"
    series: Several = 5
    steps: Count = 200
    realisations: Count = 1
    strength: Annotated[float, Number(0.0, 2.0, above=True)] = 0.4
    neural_lag: Annotated[float, Number(0.001, 10.0)] = 0.05
    repetition_time: Annotated[float, Number(0.01, 60.0)] = 3.0
    delay_spread: Annotated[float, Number(0.0, 0.75)] = 0.5
    noise: Deviation = 1.0
    high_pass: Deviation = 200.0
    self_edges: bool = True
    seed: FromZero = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if 0 < self.high_pass <= 2 * self.repetition_time:
            raise ParameterError(
                f"high_pass={self.high_pass:g} would damp every wave that volumes of {self.repetition_time:g} s "
                "can show",
                f"give more than {2 * self.repetition_time:g}, or 0 for no filter",
            )

    def simulate(self) -> Simulated:
        """Return a panel and its truth."""
        generator = np.random.default_rng(self.seed)
        graph = ring_clusters(self.series)
        mean, shape = self.strength, (self.realisations, self.series, self.series)
        weights = np.clip(generator.normal(mean, mean / 4, size=shape), mean / 2, 1.5 * mean)
        delay = np.clip(generator.normal(size=shape[:2]), -2.0, 2.0) * self.delay_spread
        stretch = 1.0 + delay / balloon.TIME_TO_PEAK
        signal = volumes(weights * graph, stretch, self.steps, self.repetition_time, self.neural_lag, generator)
        signal += generator.normal(scale=self.noise, size=signal.shape)
        true = graph | (np.eye(self.series, dtype=bool) & self.self_edges)
        return self.pack(without_drift(signal, self.repetition_time, self.high_pass), true[:, :, None])


bold = factory_of(Bold)


def volumes(
    weights: Array,
    stretch: Array,
    steps: int,
    repetition_time: float,
    neural_lag: float,
    generator: np.random.Generator,
) -> Array:
    """Return the signal without measurement noise, percent, shape (R, T, P).

    Args:
        weights: of the edges, shape (R, P, P), ``weights[subject, cause, effect]``.
        stretch: of the haemodynamic responses, shape (R, P).
        steps: T.
        repetition_time, neural_lag: seconds.
        generator: of the inputs.
    """
    substeps = math.ceil(repetition_time / LONGEST_STEP - 1e-9)
    step = repetition_time / substeps
    remembered, driven = neural_step(weights, neural_lag, step)
    up = generator.random(stretch.shape) < TIME_UP / (TIME_UP + TIME_DOWN)
    leave_up, leave_down = (-math.expm1(-step / mean) for mean in (TIME_UP, TIME_DOWN))
    neural = np.zeros(stretch.shape)
    vessels = balloon.resting(stretch.shape)
    samples = np.empty((stretch.shape[0], steps, stretch.shape[1]))
    for sample in range(-math.ceil(WARM_UP / repetition_time), steps):
        switching = generator.random((substeps, *stretch.shape))
        disturbance = generator.normal(scale=INPUT_NOISE, size=switching.shape)
        for now in range(substeps):
            up = up ^ (switching[now] < np.where(up, leave_up, leave_down))
            inputs = up + disturbance[now]
            neural = (neural[:, None, :] @ remembered + inputs[:, None, :] @ driven)[:, 0]
            vessels = balloon.advance(vessels, neural, step, stretch)
        if sample >= 0:
            samples[:, sample] = balloon.bold_signal(vessels)
    return samples


def neural_step(weights: Array, neural_lag: float, step: float) -> tuple[Array, Array]:
    """Return what activity and input of a step contribute to the next activity, both (R, P, P), [cause, effect].

    Exact for an input that is constant over the step: ``z' = z E + u (-M)^-1 (I - E)`` with ``M = W - I`` and
    ``E = exp(M step / neural_lag)``, z and u being rows.

    Raises:
        numpy.linalg.LinAlgError: the weights let activity grow without bound; acyclic networks cannot.
    """
    from scipy.linalg import expm

    identity = np.eye(weights.shape[-1])
    coupling = weights - identity
    remembered: Array = expm(coupling * (step / neural_lag))
    driven: Array = np.linalg.solve(-coupling, identity - remembered).astype(np.float64)
    return remembered, driven


def without_drift(signal: Array, repetition_time: float, high_pass: float) -> Array:
    """Return the signal, shape (R, T, P), without its mean and with slow waves damped; with 0 it stays as it is.

    A Butterworth filter of fourth order, applied forwards once, which halves the power of waves of ``high_pass``
    seconds. It leaves the slowest frequencies of the published files as strong as they are.
    """
    from scipy.signal import butter, sosfilt

    if high_pass == 0:
        return signal
    sections = butter(4, 1.0 / high_pass, "highpass", fs=1.0 / repetition_time, output="sos")
    filtered = sosfilt(sections, signal - signal.mean(axis=1, keepdims=True), axis=1)
    centred: Array = filtered - filtered.mean(axis=1, keepdims=True)
    return centred
