"""What neural methods share: protocols, the input Jacobian, the training loop, checkpoints."""

from causalkit.neural.jacobian import as_scores, autograd_jacobian, input_jacobian, mean_absolute_jacobian
from causalkit.neural.method import NeuralMethod
from causalkit.neural.parts import ForecasterPart
from causalkit.neural.penalties import PenaltySum
from causalkit.neural.protocols import Batch, ForecasterModule, RegularizerObject
from causalkit.neural.training import Training, train

__all__ = [
    "Batch",
    "ForecasterModule",
    "ForecasterPart",
    "NeuralMethod",
    "PenaltySum",
    "RegularizerObject",
    "Training",
    "as_scores",
    "autograd_jacobian",
    "input_jacobian",
    "mean_absolute_jacobian",
    "train",
]
