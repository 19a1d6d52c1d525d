"""Contract of a regularizer: a differentiable penalty, and scores that point from cause to effect at the right lag."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from causalkit.neural import Batch, as_forecaster
from causalkit.neural.interfaces import as_regularizer
from causalkit.neural.parts import SUPPLIED
from causalkit.plugins.records import Forecaster, Regularizer
from causalkit.plugins.registry import Provided, registry
from causalkit.testing.checklist import Checks
from causalkit.testing.linear import CAPABILITIES, HandMade
from causalkit.testing.randomness import untouched_randomness
from causalkit.testing.result import CheckFailed, CheckResult, DoesNotApply, require
from causalkit.testing.subject import arguments_of, checked

WINDOWS, LAG, SERIES = 12, 3, 3
EDGE = (0, 1, 1)
"""(cause, effect, lag - 1) of the hand-made forecaster."""
STEP = 0.01
SAME = 1e-4


def check_regularizer(subject: str | Regularizer | Provided[Regularizer], seed: int = 0) -> list[CheckResult]:
    """Check a regularizer on a hand-made linear forecaster, or on an installed one where it cannot act on that.

    Args:
        subject: the name of an installed regularizer, or its record.
        seed: of windows, first weights and the random draws of the penalty.

    Returns:
        One result for each promise.
    """
    return checked(Regularizer, subject, lambda provided: _Trial(provided.record, seed).checks())


class _Trial:
    """One regularizer with a forecaster that it can act on."""

    def __init__(self, record: Regularizer, seed: int) -> None:
        self.record = record
        self.seed = seed
        generator = torch.Generator().manual_seed(seed)
        self.x = torch.randn(WINDOWS, LAG, SERIES, generator=generator)
        self.y = torch.randn(WINDOWS, SERIES, generator=generator)
        self.other = torch.randn(WINDOWS, LAG, SERIES, generator=generator)
        self.reference = torch.rand(SERIES, SERIES, LAG, generator=generator)
        self.model: nn.Module

    def checks(self) -> Checks:
        if not (yield "can be built with its test_params", self.build):
            return
        if not (yield "says which forecasters it can act on", self.choose_model):
            return
        yield "penalty is one finite number", self.penalty_is_a_number
        yield "penalty can be differentiated", self.penalty_has_a_gradient
        yield "penalty draws from the generator of the batch only", self.penalty_is_repeatable
        yield "proximal step leaves finite weights", self.proximal_step
        yield "scores are finite, non-negative and (cause, effect, lag)", self.scores_fit
        yield "scores of a model whose only cause is 0 -> 1 at lag 2 are largest there", self.scores_point_the_right_way

    def build(self) -> None:
        built = self.record.load()(**arguments_of(self.record, prefix="regularizer."))
        require(callable(getattr(built, "penalty", None)), "it has no method penalty()")
        self.regularizer = as_regularizer(built)

    def choose_model(self) -> None:
        refusals = []
        for name, model in self._candidates():
            reason = self.regularizer.compatible(model)
            if reason is None:
                self.model = model
                return
            require(
                isinstance(reason, str) and reason.strip(),
                f"compatible() returned {reason!r} for {name}: return None, or the reason in words",
            )
            refusals.append(f"{name}: {reason}")
        raise CheckFailed(
            f"no forecaster fits (needs: {', '.join(sorted(self.record.needs)) or 'nothing'}); "
            + ("; ".join(refusals) or "install one that has these capabilities")
        )

    def penalty_is_a_number(self) -> None:
        value = self._penalty()
        require(isinstance(value, Tensor), f"penalty() returned {type(value).__name__}, not a tensor")
        require(value.shape == (), f"the penalty has the shape {tuple(value.shape)}, not that of one number")
        require(bool(value.isfinite()), f"the penalty is {float(value.detach())}")

    def penalty_has_a_gradient(self) -> None:
        value = self._penalty()
        if not value.requires_grad:
            require(self.regularizer.has_prox, "no gradient flows from the penalty to the weights, and it has no prox")
            raise DoesNotApply("it acts by its proximal step alone")
        weights = [weight for weight in self.model.parameters() if weight.requires_grad]
        gradients = [g for g in torch.autograd.grad(value, weights, allow_unused=True) if g is not None]
        require(gradients, "the penalty depends on no weight of the forecaster")
        require(all(bool(g.isfinite().all()) for g in gradients), "a gradient of the penalty is not finite")

    def penalty_is_repeatable(self) -> None:
        with untouched_randomness():
            first, second = self._penalty(), self._penalty()
        require(
            torch.equal(first, second),
            f"two generators of one seed gave {float(first.detach())} and {float(second.detach())}",
        )

    def proximal_step(self) -> None:
        if not self.regularizer.has_prox:
            raise DoesNotApply("it has none")
        kept = {name: value.clone() for name, value in self.model.state_dict().items()}
        try:
            with torch.no_grad():
                self.regularizer.prox(self.model, STEP)
            finite = all(bool(weight.isfinite().all()) for weight in self.model.parameters())
            require(finite, "a weight is not finite after prox(model, step)")
        finally:
            self.model.load_state_dict(kept)

    def scores_fit(self) -> None:
        self._require_consistent()
        scores = self.regularizer.scores(self.model, self.x)
        expected = (SERIES, SERIES, LAG)
        require(tuple(scores.shape) == expected, f"scores have the shape {tuple(scores.shape)}, not {expected}")
        require(bool(scores.isfinite().all()) and bool((scores >= 0).all()), "a score is negative or not finite")

    def scores_point_the_right_way(self) -> None:
        self._require_consistent()
        model = HandMade(SERIES, LAG)
        if not self.record.needs <= CAPABILITIES or self.regularizer.compatible(model) is not None:
            raise DoesNotApply("it cannot act on a linear forecaster; the checks of a method that uses it show this")
        scores = self.regularizer.scores(model, self.x)
        where = tuple(int(index) for index in torch.unravel_index(scores.argmax(), scores.shape))
        require(
            where == EDGE and float(scores.max()) > 0,
            f"the largest score is at {where[0]} -> {where[1]}, lag {where[2] + 1}: scores are (cause, effect, lag), "
            "lag 1 first; causalkit.neural.as_scores reorders (effect, position in the window, cause)",
        )
        others = scores.detach().clone()
        others[EDGE] = 0
        other = tuple(int(index) for index in torch.unravel_index(others.argmax(), others.shape))
        require(
            float(others.max()) < float(scores.max()),
            f"{other[0]} -> {other[1]} at lag {other[2] + 1} has the same score as the only cause, "
            f"{float(scores.max()):.3g}: do not average scores with their transpose, or over lags",
        )
        self._require_no_position(float(scores.max()))

    def _require_no_position(self, expected: float) -> None:
        """Put the same edge between other columns: its score must not depend on where these stand."""
        last = SERIES - 1
        x = self.x.flip(2)
        scores = self.regularizer.scores(HandMade(SERIES, LAG, cause=last, effect=last - 1), x)
        found = float(scores[last, last - 1, EDGE[2]])
        require(
            abs(found - expected) <= SAME * max(expected, 1.0),
            f"the same edge has the score {expected:.3g} between the first two columns and {found:.3g} between the "
            "last two: it prefers some columns by their position; treat all series alike",
        )

    def _require_consistent(self) -> None:
        """Scores are there exactly where the record says so."""
        has = self.regularizer.reveals_causes
        require(has or not self.record.reveals_causes, "it has no scores(): declare reveals_causes=False, or add them")
        require(not has or self.record.reveals_causes, "it has scores() and declares reveals_causes=False")
        if not has:
            raise DoesNotApply("it reveals no causes")

    def _candidates(self) -> Iterator[tuple[str, nn.Module]]:
        """Yield models with the needed capabilities, the hand-made one first."""
        if self.record.needs <= CAPABILITIES:
            yield "a hand-made linear forecaster", HandMade(SERIES, LAG)
        for provided in registry().all(Forecaster):
            if self.record.needs <= provided.record.capabilities:
                parameters = arguments_of(provided.record, supplied=SUPPLIED)
                with torch.random.fork_rng(devices=[]):
                    torch.manual_seed(self.seed)
                    model = as_forecaster(provided.record.load()(series=SERIES, lag=LAG, **parameters))
                yield provided.record.name, model

    def _penalty(self) -> Any:
        """Return the penalty as in the stage in which it acts."""
        generator = torch.Generator().manual_seed(self.seed)
        chosen = self.regularizer.stage or self.record.stage
        stage = "pretrain" if chosen == "both" else chosen
        other = self.other if self.regularizer.compares_domains else None
        reference = self.reference if stage == "finetune" else None
        batch = Batch(self.x, self.y, generator, other, stage=stage, reference=reference)
        return self.regularizer.penalty(self.model, batch)
