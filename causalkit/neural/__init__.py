"""What neural methods share, for authors of forecasters, regularizers and methods."""

from causalkit.core.fitted import Fitted
from causalkit.neural.held_out_test import HeldOutMembers
from causalkit.neural.interfaces import Batch, RegularizerObject, Stage, squared_error
from causalkit.neural.method import NeuralMethod, Trained
from causalkit.neural.modules.candidates import (
    candidate_product,
    candidates_of,
    forecast_and_jacobian,
    jacobian_size,
    narrow_jacobian,
    targets_at_once,
    with_none,
)
from causalkit.neural.modules.component_wise import component_jacobian, component_jacobian_size, uniform_parameter
from causalkit.neural.modules.forecaster import ForecasterModule, as_forecaster, autograd_jacobian, input_jacobian
from causalkit.neural.modules.jacobian import as_scores, mean_absolute_jacobian, mean_jacobian_size
from causalkit.neural.modules.summed_jacobian import summed_chain, summed_jacobian, summed_products
from causalkit.neural.modules.target_blocks import by_blocks, sum_by_blocks
from causalkit.neural.modules.weight_mask import has_own_input_weights
from causalkit.neural.parts import ForecasterPart, forecaster_part
from causalkit.neural.prewhitening import Prewhiten
from causalkit.neural.regularizers import PenaltySum
from causalkit.neural.training.context import PLAIN, TrainingContext
from causalkit.neural.training.data import TrainingData, inputs_complete, tensors
from causalkit.neural.training.divergence import DivergenceError, about_explained
from causalkit.neural.training.settings import Training
from causalkit.neural.transfer.pretrained import Pretrained
from causalkit.neural.transfer.settings import with_pretrained
from causalkit.neural.transfer.two_stage import TwoStage

__all__ = [
    "PLAIN",
    "Batch",
    "DivergenceError",
    "Fitted",
    "ForecasterModule",
    "ForecasterPart",
    "HeldOutMembers",
    "NeuralMethod",
    "PenaltySum",
    "Pretrained",
    "Prewhiten",
    "RegularizerObject",
    "Stage",
    "Trained",
    "Training",
    "TrainingContext",
    "TrainingData",
    "TwoStage",
    "about_explained",
    "as_forecaster",
    "as_scores",
    "autograd_jacobian",
    "by_blocks",
    "candidate_product",
    "candidates_of",
    "component_jacobian",
    "component_jacobian_size",
    "forecast_and_jacobian",
    "forecaster_part",
    "has_own_input_weights",
    "input_jacobian",
    "inputs_complete",
    "jacobian_size",
    "mean_absolute_jacobian",
    "mean_jacobian_size",
    "narrow_jacobian",
    "squared_error",
    "sum_by_blocks",
    "summed_chain",
    "summed_jacobian",
    "summed_products",
    "targets_at_once",
    "tensors",
    "uniform_parameter",
    "with_none",
    "with_pretrained",
]
