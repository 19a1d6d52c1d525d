"""``causalkit methods``, ``forecasters``, ``regularizers``, ``datasets`` and ``metrics``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import click

from causalkit.cli.console import print_json, print_table
from causalkit.contributions import Contribution, Dataset, Forecaster, Method, Metric, Regularizer
from causalkit.registry import Provided, registry

Column = Callable[[Any], str]


def listing(kind: type[Contribution], columns: dict[str, Column]) -> click.Command:
    """Return the command that lists one kind of contribution; ``columns`` are those between name and summary."""

    @click.command(f"{kind.noun}s", help=f"List the {kind.noun}s that are installed.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def command(as_json: bool) -> None:
        provided = registry().all(kind)
        if as_json:
            print_json([describe(one) for one in provided])
            return
        rows = [
            [
                one.record.name,
                *(column(one.record) for column in columns.values()),
                one.record.summary,
                f"{one.plugin.distribution} {one.plugin.version}",
            ]
            for one in provided
        ]
        print_table(["name", *columns, "summary", "from"], rows)

    return command


def describe(provided: Provided[Any]) -> dict[str, Any]:
    """Return a contribution as what JSON can hold."""
    record = provided.record
    facts: dict[str, Any] = {
        "name": record.name,
        "summary": record.summary,
        "plugin": provided.plugin.name,
        "distribution": provided.plugin.distribution,
        "version": provided.plugin.version,
    }
    for field in fields(record):
        if field.name not in ("name", "summary", "factory", "test_params", "defaults", "catalogue", "fetch"):
            value = getattr(record, field.name)
            facts[field.name] = sorted(value) if isinstance(value, frozenset | tuple) else value
    return facts


def _yes(flag: bool) -> str:
    return "yes" if flag else ""


methods = listing(
    Method,
    {
        "lags": lambda record: _yes(record.lagged),
        "parts": lambda record: f"{record.forecaster} + {record.regularizer}" if record.neural else "",
    },
)
forecasters = listing(
    Forecaster,
    {
        "layout": lambda record: record.layout,
        "capabilities": lambda record: ", ".join(sorted(record.capabilities)),
    },
)
regularizers = listing(
    Regularizer,
    {
        "scores": lambda record: _yes(record.reveals_causes),
        "needs": lambda record: ", ".join(sorted(record.needs)),
    },
)
datasets = listing(
    Dataset,
    {"kind": lambda record: record.kind, "truth with lags": lambda record: _yes(record.lagged_truth)},
)
metrics = listing(
    Metric,
    {"needs": lambda record: record.needs, "better": lambda record: "more" if record.greater_is_better else "less"},
)
