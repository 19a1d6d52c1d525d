"""GRNGC: gradient regularization-based neural Granger causality (arXiv 2507.11178), as a causalkit plugin.

A forecaster of any architecture, trained under an L1 penalty on the gradient between its input and
its output; the scores are the mean absolute gradients of the trained forecaster.
"""

from collections.abc import Iterator

from causalkit import Forecaster, Method, Regularizer, hookimpl

_PAPER = "Gradient Regularization-based Neural Granger Causality, arXiv 2507.11178 (2025)"
_FAST = {"forecaster.hidden": 16, "training.epochs": 120, "regularizer.strength": 0.1}


@hookimpl
def causalkit_methods() -> Iterator[Method]:
    """Contribute the method."""
    yield Method(
        name="grngc",
        factory="causalkit_grngc.method:grngc",
        summary="A joint or component-wise forecaster under an L1 penalty on its input gradient",
        aliases=("gcd",),
        reference=_PAPER,
        test_params=_FAST,
        device=True,
        knowledge="training",
        interventions=True,
        neural=True,
        forecaster="auto",
        forecasters=("mlp", "component-mlp"),
        regularizer="gradient-l1",
    )


@hookimpl
def causalkit_forecasters() -> Iterator[Forecaster]:
    """Contribute the forecasters of the paper, and the component-wise perceptron."""
    yield Forecaster(
        name="mlp",
        factory="causalkit_grngc.mlp:MLP",
        summary="Multi-layer perceptron over the flattened window",
        reference=_PAPER,
        capabilities=frozenset({"jacobian", "features", "input-weights"}),
        test_params={"hidden": 8},
    )
    yield Forecaster(
        name="component-mlp",
        factory="causalkit_grngc.component_mlp:ComponentMLP",
        summary="One perceptron for each target, all in one batched computation",
        reference=_PAPER,
        layout="component-wise",
        capabilities=frozenset({"jacobian", "features", "input-weights", "candidates"}),
        test_params={"hidden": 8},
    )
    yield Forecaster(
        name="kan",
        factory="causalkit_grngc.kan:KAN",
        summary="Kolmogorov-Arnold network: a cubic spline on every connection",
        reference="KAN: Kolmogorov-Arnold Networks, arXiv 2404.19756 (2024); " + _PAPER,
        capabilities=frozenset({"jacobian", "features"}),
        test_params={"hidden": 8},
    )
    yield Forecaster(
        name="lstm",
        factory="causalkit_grngc.lstm:LSTM",
        summary="Long short-term memory, read at the last step of the window",
        reference="Hochreiter and Schmidhuber, Long short-term memory, Neural Computation 9 (1997); " + _PAPER,
        capabilities=frozenset({"features"}),
        test_params={"hidden": 8},
    )
    yield Forecaster(
        name="tcn",
        factory="causalkit_grngc.tcn:TCN",
        summary="Temporal convolution: residual blocks of dilated causal convolutions",
        reference="Bai, Kolter and Koltun, arXiv 1803.01271 (2018); " + _PAPER,
        capabilities=frozenset({"features"}),
        test_params={"channels": 8},
    )


@hookimpl
def causalkit_regularizers() -> Iterator[Regularizer]:
    """Contribute the penalty of the paper."""
    yield Regularizer(
        name="gradient-l1",
        factory="causalkit_grngc.gradient_l1:GradientL1",
        summary="Mean absolute input gradient of each target, exact or sampled",
        reference=_PAPER,
    )
