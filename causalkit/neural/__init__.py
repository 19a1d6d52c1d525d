"""What neural methods share: protocols, the input Jacobian, the training loop, checkpoints."""

from causalkit.neural.fitted import Fitted
from causalkit.neural.jacobian import as_scores, autograd_jacobian, input_jacobian, mean_absolute_jacobian
from causalkit.neural.method import Learned, NeuralMethod, tensors
from causalkit.neural.parts import ForecasterPart
from causalkit.neural.penalties import PenaltySum
from causalkit.neural.pretrained import Pretrained
from causalkit.neural.protocols import Batch, ForecasterModule, RegularizerObject, Stage, squared_error
from causalkit.neural.training import ONE_DOMAIN, Domains, Training, train
from causalkit.neural.transfer import Transfer, TwoStage
from causalkit.selection.lag import Lag

__all__ = [
    "ONE_DOMAIN",
    "Batch",
    "Domains",
    "Fitted",
    "ForecasterModule",
    "ForecasterPart",
    "Lag",
    "Learned",
    "NeuralMethod",
    "PenaltySum",
    "Pretrained",
    "RegularizerObject",
    "Stage",
    "Training",
    "Transfer",
    "TwoStage",
    "as_scores",
    "autograd_jacobian",
    "input_jacobian",
    "mean_absolute_jacobian",
    "squared_error",
    "tensors",
    "train",
]
