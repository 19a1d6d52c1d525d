"""Checks of what a forecaster offers to regularizers: ``features`` and ``input_weights``."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from causalkit.testing.jacobian import reference_jacobian
from causalkit.testing.result import DoesNotApply, require

SAME = 1e-9


def check_features(model: nn.Module, x: Tensor) -> None:
    """Require ``features(x)`` of shape (B, D), from each window by itself, that gradients flow through."""
    features = model.features(x)  # type: ignore[operator]
    require(
        isinstance(features, Tensor) and features.ndim == 2 and len(features) == len(x),
        f"features of {len(x)} windows have the shape {tuple(getattr(features, 'shape', ()))}",
    )
    require(bool(features.isfinite().all()), "a feature is not finite")
    require(features.requires_grad, "no gradient flows from the features to the weights: do not detach them")
    alone = model.features(x[:1])  # type: ignore[operator]
    require(
        torch.allclose(features[:1], alone, rtol=SAME, atol=SAME),
        "the features of a window depend on the other windows of the batch",
    )


def check_input_weights(model: nn.Module, x: Tensor) -> None:
    """Require ``input_weights()`` of shape (target, hidden, K, P) whose axes mean what they say.

    Recurrent networks, whose input weights serve every step, have 1 in the place of K.
    """
    _, lag, series = x.shape
    weights = model.input_weights()  # type: ignore[operator]
    require(
        isinstance(weights, Tensor) and weights.ndim == 4 and tuple(weights.shape[2:]) in ((lag, series), (1, series)),
        f"input weights for K={lag} and P={series} have the shape {tuple(getattr(weights, 'shape', ()))}",
    )
    require(
        weights.shape[0] in (1, series),
        f"input weights have {weights.shape[0]} targets: give 1, shared by all, or one for each of the {series}",
    )
    require(weights.requires_grad, "no gradient flows from the input weights: return parameters, not a detached copy")
    require(bool(weights.isfinite().all()), "an input weight is not finite")
    _require_meaning(model, x)


def _require_meaning(model: nn.Module, x: Tensor) -> None:
    """Take one series at one lag away: nothing may depend on it any more, and something did before."""
    position, cause = 0, x.shape[2] - 1
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    try:
        with torch.no_grad():
            weights = model.input_weights()  # type: ignore[operator]
            try:
                weights[:, :, position, cause] = 0
            except RuntimeError as error:  # an expanded view: several cells share their memory
                raise DoesNotApply("shapes are right; the weights cannot be written to one by one") from error
            written = not model.input_weights()[:, :, position, cause].any()  # type: ignore[operator]
        if not written:
            raise DoesNotApply("shapes are right; the weights are computed, so that their axes cannot be tried out")
        effect = reference_jacobian(model, x)[1][:, :, position, cause].detach().abs().max()
        require(
            float(effect) <= SAME,
            f"with the input weights of series {cause} at position {position} of the window at 0, forecasts still "
            "depend on it: the axes are (target, hidden, position in the window, series)",
        )
    finally:
        model.load_state_dict(kept)
