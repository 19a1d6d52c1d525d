"""Neural Granger baselines as a causalkit plugin: cMLP and cLSTM (arXiv 1802.05842) and JRNGC (arXiv 2405.08779)."""

from collections.abc import Iterator

from causalkit import Forecaster, Method, Regularizer, hookimpl

_TANK = "Tank, Covert, Foti, Shojaie and Fox, Neural Granger Causality, arXiv 1802.05842, TPAMI (2021)"
_ZHOU = "Zhou et al., Jacobian Regularizer-based Neural Granger Causality, ICML (2024), arXiv 2405.08779"


@hookimpl
def causalkit_methods() -> Iterator[Method]:
    """Contribute the methods."""
    yield Method(
        name="cmlp",
        factory="causalkit_neuralgc.method:cmlp",
        summary="One perceptron for each target, group lasso on its inputs, exact zeros",
        reference=_TANK,
        test_params={"forecaster.hidden": 16},
        device=True,
        knowledge="training",
        interventions=True,
        neural=True,
        forecaster="cmlp",
        regularizer="hierarchical-group-lasso",
    )
    yield Method(
        name="clstm",
        factory="causalkit_neuralgc.method:clstm",
        summary="One recurrent network for each target, group lasso on its inputs, exact zeros",
        reference=_TANK,
        test_params={"forecaster.hidden": 8},
        device=True,
        knowledge="training",
        interventions=True,
        neural=True,
        forecaster="clstm",
        regularizer="group-lasso",
        defaults={"regularizer.strength": 0.02},
    )
    yield Method(
        name="jrngc",
        factory="causalkit_neuralgc.method:jrngc",
        summary="One residual perceptron under a penalty on its input Jacobian",
        reference=_ZHOU,
        test_params={"forecaster.hidden": 16, "training.epochs": 150},
        device=True,
        interventions=True,
        neural=True,
        forecaster="residual-mlp",
        regularizer="frobenius",
    )


@hookimpl
def causalkit_forecasters() -> Iterator[Forecaster]:
    """Contribute the forecasters."""
    yield Forecaster(
        name="cmlp",
        factory="causalkit_neuralgc.cmlp:CMLP",
        summary="One perceptron for each target, all in one batched computation",
        reference=_TANK,
        layout="component-wise",
        capabilities=frozenset({"input-weights", "jacobian", "features"}),
        test_params={"hidden": 8},
    )
    yield Forecaster(
        name="clstm",
        factory="causalkit_neuralgc.clstm:CLSTM",
        summary="One long short-term memory for each target, all in one batched computation",
        reference=_TANK,
        layout="component-wise",
        capabilities=frozenset({"input-weights", "features"}),
        test_params={"hidden": 6},
    )
    yield Forecaster(
        name="residual-mlp",
        factory="causalkit_neuralgc.residual_mlp:ResidualMLP",
        summary="Residual perceptron over the flattened window",
        reference=_ZHOU,
        capabilities=frozenset({"input-weights", "jacobian", "features"}),
        test_params={"hidden": 8, "layers": 2},
    )


@hookimpl
def causalkit_regularizers() -> Iterator[Regularizer]:
    """Contribute the regularizers."""
    needs = frozenset({"input-weights"})
    yield Regularizer(
        name="group-lasso",
        factory="causalkit_neuralgc.group_lasso:GroupLasso",
        summary="Input weights of a series over all lags, as one group",
        aliases=("gl",),
        reference=_TANK,
        needs=needs,
    )
    yield Regularizer(
        name="group-sparse-group-lasso",
        factory="causalkit_neuralgc.group_lasso:GroupSparseGroupLasso",
        summary="Input weights of a series, and of its single lags",
        aliases=("gsgl",),
        reference=_TANK,
        needs=needs,
    )
    yield Regularizer(
        name="hierarchical-group-lasso",
        factory="causalkit_neuralgc.group_lasso:HierarchicalGroupLasso",
        summary="Nested groups of lags: far lags drop out first",
        aliases=("hierarchical",),
        reference=_TANK,
        needs=needs,
    )
    yield Regularizer(
        name="frobenius",
        factory="causalkit_neuralgc.frobenius:Frobenius",
        summary="Squared input Jacobian, by random projection",
        reference=_ZHOU,
    )
    yield Regularizer(
        name="ridge",
        factory="causalkit_neuralgc.ridge:Ridge",
        summary="Squared weights behind the first layer; add it to another",
        reference=_TANK,
        reveals_causes=False,
    )
