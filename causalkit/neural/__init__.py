"""What neural methods share: protocols, the input Jacobian, the training loop, checkpoints."""

from causalkit.core.fitted import Fitted
from causalkit.model_selection.lag import Lag
from causalkit.model_selection.splits import folds_of
from causalkit.neural.interfaces import Batch, ForecasterModule, RegularizerObject, Stage, squared_error
from causalkit.neural.method import Learned, NeuralMethod, known_domains, tensors
from causalkit.neural.modules.jacobian import as_scores, autograd_jacobian, input_jacobian, mean_absolute_jacobian
from causalkit.neural.parts import ForecasterPart
from causalkit.neural.regularization_path import KEEP
from causalkit.neural.regularizers import PenaltySum
from causalkit.neural.strength import choose, fixed, settled
from causalkit.neural.training.loop import ONE_DOMAIN, Domains, Training, train
from causalkit.neural.transfer.pretrained import Pretrained
from causalkit.neural.transfer.two_stage import Transfer, TwoStage

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
