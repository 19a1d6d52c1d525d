"""Regularizers and forecasters of plugins that were written against causalkit 1.0."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import causalkit
from causalkit import Panel, Run
from causalkit.neural import ForecasterPart, NeuralMethod, PenaltySum, RegularizerObject, Training, input_jacobian
from causalkit.neural.interfaces import as_regularizer
from causalkit.neural.regularizers import Term
from tests.systems import CURVED, GRADIENT, Curved, GradientPenalty, lagged_pair


class WithGrid(GradientPenalty):
    fallback = 0.3

    def __init__(self, strength=None) -> None:
        super().__init__(0.3 if strength is None else strength)
        self.grid = (0.01, 0.1, 1.0) if strength is None else None

    def with_strength(self, strength):
        return type(self)(strength)


class Derived(WithGrid, RegularizerObject):
    """In 1.0, the base class was a protocol, which may be derived from."""


@pytest.mark.parametrize("kind", [WithGrid, Derived])
def test_former_names_of_candidates_still_choose(kind):
    method = NeuralMethod(
        ForecasterPart(CURVED, {}), PenaltySum([Term(GRADIENT, {}, as_regularizer(kind()))]), 2, Training(epochs=20)
    )
    found = method.fit(Panel.of(lagged_pair()).standardized()[0], Run())
    (choice,) = found.choices
    assert choice.candidates == (0.01, 0.1, 1.0)
    assert found.config["regularizer"][0]["strength"] == choice.chosen
    short, notes = method.with_default_strength()
    assert short.regularizer.scoring.regularizer.strength == 0.3
    assert notes


@pytest.mark.parametrize("kind", [WithGrid, Derived])
def test_a_given_strength_is_kept(kind):
    regularizer = as_regularizer(kind(0.2))
    assert regularizer.candidates == ()
    assert regularizer.reveals_causes
    assert not regularizer.has_prox


def test_a_default_of_zero_is_a_default():
    class Off(WithGrid):
        fallback = 0.0

    assert as_regularizer(Off()).default_strength == 0.0


def test_a_network_may_say_that_it_has_no_jacobian_of_its_own():
    class Silent(Curved):
        def __init__(self, series, lag):
            super().__init__(series, lag)
            self.jacobian = None

    torch.manual_seed(0)
    model, x = Silent(3, 2), torch.randn(4, 2, 3)
    assert input_jacobian(model, x)[1].shape == (4, 3, 2, 3)


def test_scores_of_a_network_with_dropout_depend_on_the_seed_alone():
    """The forecast of a single network draws before its penalty: scores of 1.0 stay what they were."""

    class Dropping(nn.Module):
        def __init__(self, series, lag):
            super().__init__()
            self.map, self.drop = nn.Linear(series * lag, series), nn.Dropout(0.5)
            self.draws = []

        def forward(self, x):
            self.draws.append(x.requires_grad)
            return self.map(self.drop(x.flatten(1)))

    record = causalkit.Forecaster(name="dropping", factory=Dropping, summary="drops")
    sum_of = PenaltySum([Term(GRADIENT, {}, as_regularizer(GradientPenalty()))])
    method = NeuralMethod(ForecasterPart(record, {}), sum_of, 2, Training(epochs=1))
    found = method.fit(Panel.of(lagged_pair()).standardized()[0], Run())
    assert found.fitted.model.draws[0] is False, "the forecast comes first: its windows need no gradient"
    assert np.isfinite(found.scores).all()
