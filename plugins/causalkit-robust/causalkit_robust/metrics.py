"""Robustness as metrics, so that comparisons rank methods by it: PGD per window with epsilon 0.2.

Each trains the method once more on four fifths of the data, and is evaluated on the rest. Metrics of one result share
that training. Those of errors are in units of the training variance.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from causalkit.evaluation import Evaluation
from causalkit.neural import Fitted
from causalkit_robust.threats import Threat
from causalkit_robust.trial import Trial

EPSILON = 0.2
ATTACK, NOISE = Threat(), Threat(attack="noise")

_trials: WeakKeyDictionary[Fitted, Trial] = WeakKeyDictionary()


def forecast_error(evaluation: Evaluation) -> float:
    """Return the held-out mean squared forecast error without perturbation."""
    return _trial(evaluation).clean_error


def adversarial_error(evaluation: Evaluation) -> float:
    """Return the held-out mean squared forecast error under attack."""
    return _trial(evaluation).errors(EPSILON, ATTACK).perturbed


def relative_adversarial_error(evaluation: Evaluation) -> float:
    """Return the error under attack divided by the clean one; can rank methods in the opposite order of the former."""
    return _trial(evaluation).errors(EPSILON, ATTACK).relative


def noise_error(evaluation: Evaluation) -> float:
    """Return the held-out mean squared forecast error under noise of the size of the attack."""
    return _trial(evaluation).errors(EPSILON, NOISE).perturbed


def graph_stability(evaluation: Evaluation) -> float:
    """Return the correlation between the graph of a window before and after an attack on it, mean over windows."""
    return _trial(evaluation).graph_stability(EPSILON, ATTACK)[0]


def refit_stability(evaluation: Evaluation) -> float:
    """Return the Jaccard index of the strongest 10 % of the pairs between graphs fitted to clean and attacked data."""
    trial = _trial(evaluation)
    return trial.refit_stability(trial.refitted(EPSILON, ATTACK))


def _trial(evaluation: Evaluation) -> Trial:
    fitted = evaluation.fitted
    assert fitted is not None  # metrics that need a forecaster are only called where there is one
    if fitted not in _trials:
        _trials[fitted] = Trial.of_method(fitted.method, fitted.panel, fitted.run)
    return _trials[fitted]
