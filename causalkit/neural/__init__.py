"""What neural methods share: protocols, the input Jacobian, the training loop, checkpoints."""

from causalkit.neural.fitted import Fitted
from causalkit.neural.holdout import folds_of
from causalkit.neural.jacobian import as_scores, autograd_jacobian, input_jacobian, mean_absolute_jacobian
from causalkit.neural.method import Learned, NeuralMethod, known_domains, tensors
from causalkit.neural.parts import ForecasterPart
from causalkit.neural.penalties import PenaltySum
from causalkit.neural.pretrained import Pretrained
from causalkit.neural.protocols import Batch, ForecasterModule, RegularizerObject, Stage, squared_error
from causalkit.neural.strength import choose, fixed, settled
from causalkit.neural.strength_path import KEEP
from causalkit.neural.training import ONE_DOMAIN, Domains, Training, train
from causalkit.neural.transfer import Transfer, TwoStage
from causalkit.selection.lag import Lag

__all__ = [
    "KEEP",
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
    "choose",
    "fixed",
    "folds_of",
    "input_jacobian",
    "known_domains",
    "mean_absolute_jacobian",
    "settled",
    "squared_error",
    "tensors",
    "train",
]
