"""``causalkit methods``, ``forecasters``, ``regularizers``, ``datasets``, ``metrics`` and ``rules``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from typing import Any

import click

from causalkit.cli.console import print_json, print_table, width
from causalkit.cli.options import data_home_option, json_option
from causalkit.core.plain import plain
from causalkit.display.words import span
from causalkit.plugins.records import (
    AUTO,
    Contribution,
    Dataset,
    DatasetItem,
    Forecaster,
    Method,
    Metric,
    Regularizer,
    SelectionRule,
)
from causalkit.plugins.registry import Provided, registry

Column = Callable[[Any], str]
_SIZES = ("series", "realisations", "steps", "edges")
_WIDE = 180  # columns of a terminal on which summaries fit beside the other columns


def listing(kind: type[Contribution], columns: dict[str, Column], name: str = "") -> click.Command:
    """Return the command that lists one kind of contribution; ``columns`` are those between name and summary."""

    @click.command(name or f"{kind.noun}s", help=f"List the installed {kind.noun}s.")
    @json_option
    def command(as_json: bool) -> None:
        provided = registry().all(kind)
        if as_json:
            print_json([describe(one) for one in provided])
            return
        summaries = [(one.record.name, one.record.summary) for one in provided]
        facts = [
            [*(column(one.record) for column in columns.values()), f"{one.plugin.distribution} {one.plugin.version}"]
            for one in provided
        ]
        if width() >= _WIDE:
            rows = [
                [name, *cells, summary, own] for (name, summary), (*cells, own) in zip(summaries, facts, strict=True)
            ]
            print_table(["name", *columns, "summary", "from"], rows)
            return
        print_table(["name", "summary"], summaries)
        click.echo()
        rows = [[name, *cells] for (name, _), cells in zip(summaries, facts, strict=True)]
        print_table(["name", *columns, "from"], rows)

    return command


def describe(provided: Provided[Any]) -> dict[str, Any]:
    """Return a contribution for JSON."""
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
            facts[field.name] = sorted(value) if isinstance(value, frozenset) else plain(value)
    if isinstance(record, Method):
        facts["here"] = not record.absent
    return facts


def _forecasters(record: Method) -> str:
    """Return the default forecaster, or all among which the data choose."""
    return "|".join(record.forecasters) if record.forecaster == AUTO else record.forecaster


def _yes(flag: bool) -> str:
    return "yes" if flag else ""


methods = listing(
    Method,
    {
        "here": lambda record: f"needs {', '.join(record.absent)}" if record.absent else "yes",
        "lags": lambda record: _yes(record.lagged),
        "parts": lambda record: f"{_forecasters(record)} + {record.regularizer}" if record.neural else "",
    },
)
forecasters = listing(
    Forecaster,
    {"layout": lambda record: record.layout, "capabilities": lambda record: ", ".join(sorted(record.capabilities))},
)
regularizers = listing(
    Regularizer,
    {"scores": lambda record: _yes(record.reveals_causes), "needs": lambda record: ", ".join(sorted(record.needs))},
)


@click.command(epilog="Examples:  causalkit datasets    causalkit datasets dream4    causalkit datasets --json")
@click.argument("families", nargs=-1, metavar="[FAMILY]...")
@click.option("--json", "as_json", is_flag=True, help="Print every item of every family as JSON.")
@data_home_option
def datasets(families: tuple[str, ...], as_json: bool) -> None:
    """List the installed data sets: one row for each family, or every item of each FAMILY.

    The numbers hold for default parameters: series, realisations (trials, subjects), steps of the longest realisation,
    edges of the true graph. "here" is "no" where files must still be downloaded.
    """
    from causalkit.cli.catalogue import items_of

    provided = [registry().get(Dataset, name) for name in families] or registry().all(Dataset)
    catalogues = [(one, items_of(one)) for one in provided]
    if as_json:
        print_json([_described(one, item) for one, items in catalogues for item in items])
        return
    if families:
        rows = [[item.name, *_sizes([item])] for _, items in catalogues for item in items]
        print_table(["name", *_SIZES, "licence", "here"], rows, numbers=_SIZES)
        return
    columns = ["name", "kind", "items", *_SIZES, "licence", "here"]
    rows = [[one.record.name, one.record.kind, str(len(items)), *_sizes(items)] for one, items in catalogues]
    summaries = [one.record.summary for one, _ in catalogues]
    if width() >= _WIDE:
        whole = [[*row, summary] for row, summary in zip(rows, summaries, strict=True)]
        print_table([*columns, "summary"], whole, numbers=("items", *_SIZES))
        return
    print_table(["name", "summary"], [[row[0], summary] for row, summary in zip(rows, summaries, strict=True)])
    click.echo()
    print_table(columns, rows, numbers=("items", *_SIZES))


def _sizes(items: Sequence[DatasetItem]) -> list[str]:
    """Return the cells for one item, or for all of a family as ranges."""
    from causalkit.cli.catalogue import licences, presence

    return [*(span((getattr(item, size) for item in items), "-") for size in _SIZES), licences(items), presence(items)]


def _described(provided: Provided[Dataset], item: DatasetItem) -> dict[str, Any]:
    """Return an item of a family, with what holds for all of the family, for JSON."""
    facts = describe(provided)
    del facts["guide"]  # `show` has it, once
    return {"name": item.name, "family": facts.pop("name"), **facts, **asdict(item)}


metrics = listing(
    Metric,
    {"needs": lambda record: record.needs, "better": lambda record: "more" if record.greater_is_better else "less"},
)
rules = listing(
    SelectionRule, {"needs": lambda record: record.needs, "controls": lambda record: record.controls}, name="rules"
)
