"""Haemodynamics: from neural activity to the BOLD signal by the balloon-Windkessel model."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Prior means of dynamic causal modelling: Friston, Harrison and Penny, Dynamic causal modelling, NeuroImage 19, 2003.
SIGNAL_DECAY = 0.65  # kappa, 1/s
FLOW_FEEDBACK = 0.41  # gamma, 1/s
TRANSIT_TIME = 0.98  # tau, s
STIFFNESS = 0.32  # alpha, Grubb's exponent
EXTRACTION = 0.34  # rho, share of the oxygen that is extracted at rest
BLOOD_VOLUME = 0.02  # V0, share of the tissue at rest
# Coefficients of the signal at 1.5 T: Buxton, Wong and Frank, Magnetic Resonance in Medicine 39, 1998.
INTRAVASCULAR, CONCENTRATION, VOLUME = 7.0 * EXTRACTION, 2.0, 2.0 * EXTRACTION - 0.2
# Neural activity of 1 raises the vasodilatory signal by this many 1/s^2. The unit of activity is arbitrary; with this
# value the signal of NetSim networks has the standard deviation of the published files, 2.25 with noise of 1.
EFFICACY = 1.6
LEAST_FLOW, MOST_FLOW = 0.1, 10.0
# Seconds from a brief input to the peak of the signal with these constants; the test suite measures it.
TIME_TO_PEAK = 3.1


def resting(shape: tuple[int, ...]) -> Array:
    """Return the state at rest, shape (4, ...): s, f - 1, log v and log q, all 0."""
    return np.zeros((4, *shape))


def advance(state: Array, activity: Array, step: float, stretch: Array | float = 1.0) -> Array:
    """Return the state one step later, by the midpoint rule.

    Args:
        state: see `resting`.
        activity: z, neural activity during the step.
        step: seconds.
        stretch: how many times slower than the reference the response of a region is; all four equations run slower,
            so that a response keeps its shape and its plateau.
    """
    pace = step / stretch
    middle = state + 0.5 * pace * velocity(state, activity)
    return state + pace * velocity(middle, activity)


def velocity(state: Array, activity: Array) -> Array:
    """Return the time derivative of the state, per second.

    With s the vasodilatory signal, f inflow, v venous volume and q deoxyhaemoglobin, the last three relative to rest::

        ds/dt = e z - kappa s - gamma (f - 1)          df/dt = s
        tau dv/dt = f - v^(1/alpha)                    tau dq/dt = f E(f) / rho - v^(1/alpha) q / v
        E(f) = 1 - (1 - rho)^(1/f)

    v and q are integrated as logarithms, which keeps them positive. The equations of s and f are linear: after strong
    activity they would make the flow negative. What enters the vessels is cut to a tenth and ten times the flow at
    rest.
    """
    signal, rise = state[:2]
    flow = np.clip(1.0 + rise, LEAST_FLOW, MOST_FLOW)
    volume, content = np.exp(state[2:])
    outflow_per_volume = np.exp((1.0 / STIFFNESS - 1.0) * state[2])
    extracted = -np.expm1(math.log(1.0 - EXTRACTION) / flow) / EXTRACTION
    return np.stack(
        [
            EFFICACY * activity - SIGNAL_DECAY * signal - FLOW_FEEDBACK * rise,
            signal,
            (flow / volume - outflow_per_volume) / TRANSIT_TIME,
            (flow * extracted / content - outflow_per_volume) / TRANSIT_TIME,
        ]
    )


def bold_signal(state: Array) -> Array:
    """Return the change of the BOLD signal from rest, percent: ``100 V0 (k1 (1 - q) + k2 (1 - q/v) + k3 (1 - v))``."""
    volume, content = np.exp(state[2:])
    change: Array = INTRAVASCULAR * (1.0 - content) + CONCENTRATION * (1.0 - content / volume) + VOLUME * (1.0 - volume)
    return 100.0 * BLOOD_VOLUME * change
