"""What a generated plugin can contribute at first, and what is particular to each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from causalkit.plugins.records import Contribution, Dataset, Forecaster, Method, Metric, Regularizer, SelectionRule


@dataclass(frozen=True)
class Kind:
    """One kind of generated plugin.

    Attributes:
        record: class of the record that its hook yields.
        attribute: what the generated module defines.
        summary: of the generated contribution, for listings.
        example: a command that uses the contribution; ``NAME`` is replaced by its name.
        options: further arguments of the record, as source code.
        dependencies: beside causalkit.
    """

    record: type[Contribution]
    attribute: str
    summary: str
    example: str
    options: Mapping[str, str] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ("numpy>=1.26",)


KINDS: dict[str, Kind] = {
    "method": Kind(
        record=Method,
        attribute="LaggedCorrelation",
        summary="Absolute correlation of each effect with each cause some steps before",
        options={"test_params": '{"lag": 2}'},
        example="causalkit discover --dataset lagged-pair --method NAME",
    ),
    "forecaster": Kind(
        record=Forecaster,
        attribute="Linear",
        summary="One linear map from window to next step",
        options={"capabilities": 'frozenset({"input-weights"})'},
        dependencies=("torch>=2.6",),
        example="causalkit discover --dataset lagged-pair --method grngc --forecaster NAME",
    ),
    "regularizer": Kind(
        record=Regularizer,
        attribute="GradientL2",
        summary="Mean squared input gradient of each target",
        dependencies=("torch>=2.6",),
        example="causalkit discover --dataset lagged-pair --method grngc --regularizer NAME",
    ),
    "dataset": Kind(
        record=Dataset,
        attribute="chain",
        summary="A chain of series, each driven by the one before at lag 1",
        options={"lagged_truth": "True", "test_params": '{"steps": 60}'},
        example="causalkit simulate NAME -o data.csv --truth truth.csv",
    ),
    "metric": Kind(
        record=Metric,
        attribute="top_share",
        summary="Share of true edges among as many strongest pairs as there are true edges",
        example="causalkit discover --dataset lagged-pair --method var",
    ),
    "selection-rule": Kind(
        record=SelectionRule,
        attribute="strongest_causes",
        summary="The strongest causes of each series",
        example="causalkit discover --dataset lagged-pair --method var --select NAME:0.5",
    ),
}
