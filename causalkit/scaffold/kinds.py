"""What a generated plugin can contribute at first, and what is particular to each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from causalkit.plugins.records import (
    Contribution,
    Dataset,
    Forecaster,
    Method,
    Metric,
    Operation,
    Reader,
    Regularizer,
    SelectionRule,
    Writer,
)


@dataclass(frozen=True)
class Kind:
    """One kind of generated plugin.

    Attributes:
        record: class of the record that its hook yields; None for hooks that yield no records.
        attribute: what the generated module defines.
        summary: of the generated contribution, for listings.
        example: a command that uses the contribution; ``NAME`` is replaced by its name, ``PACKAGE``, ``SUFFIX`` and
            ``VARIABLE`` by what follows from it.
        options: further arguments of the record, as source code; words are replaced as in ``example``.
        dependencies: beside causalkit.
        template: of the package's ``__init__``.
        files: further templates, by the name of the file in the package.
    """

    record: type[Contribution] | None
    attribute: str
    summary: str
    example: str
    options: Mapping[str, str] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ("numpy>=1.26",)
    template: str = "init.py.j2"
    files: Mapping[str, str] = field(default_factory=dict)

    def noun(self, kind: str) -> str:
        """Return the kind in words, for example ``selection rule``."""
        return kind.replace("-", " ") if self.record is None else self.record.noun


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
    "reader": Kind(
        record=Reader,
        attribute="read_semicolons",
        summary="Tables of numbers that semicolons separate",
        example="causalkit inspect PACKAGE/example.SUFFIX",
        dependencies=("pandas>=2.2",),
        template="init_reader.py.j2",
        files={"example.SUFFIX": "example.j2"},
    ),
    "writer": Kind(
        record=Writer,
        attribute="write_edges",
        summary="A list of edges to read, strongest first",
        options={"suffixes": '(".SUFFIX",)'},
        example="causalkit discover --dataset lagged-pair --method var -o edges.SUFFIX",
        dependencies=(),
    ),
    "operation": Kind(
        record=Operation,
        attribute="hubs",
        summary="The series with the strongest effects",
        example="python -c \"import causalkit as ck; print(ck.discover(ck.simulate('lagged-pair')[0], "
        "method='var').apply('NAME'))\"",
    ),
    "command": Kind(
        record=None,
        attribute="hubs",
        summary="A command that lists the series with the strongest effects",
        example="causalkit NAME --dataset lagged-pair",
        dependencies=("click>=8.1.7", "numpy>=1.26"),
        template="init_command.py.j2",
    ),
    "observer": Kind(
        record=None,
        attribute="LossLog",
        summary="A log of the losses of every epoch",
        example="VARIABLE=losses.csv causalkit discover --dataset lagged-pair",
        dependencies=(),
        template="init_observer.py.j2",
    ),
}
