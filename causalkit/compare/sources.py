"""Which plugins compute a cell, and a digest of the source code of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from causalkit.compare.record import Cell
from causalkit.errors import CausalkitError
from causalkit.plugins.records import AUTO, Contribution, Dataset, Forecaster, Method, Regularizer
from causalkit.plugins.registry import Plugin, registry
from causalkit.plugins.source import source_digests

CORE = "causalkit"


def sources_of(cell: Cell) -> dict[str, str]:
    """Return a digest of the source code of causalkit and of every plugin that a cell needs, by distribution."""
    core = [plugin for plugin in registry().plugins if plugin.distribution == CORE]
    return source_digests([*core, *_plugins(cell)])


def changed(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the distributions whose source code is not what it was; those that only one of both has do not count."""
    return [name for name in then if name in now and then[name] != now[name]]


def _plugins(cell: Cell) -> Iterator[Plugin]:
    named: list[tuple[type[Contribution], str]] = [
        (Method, cell.method_name),
        (Dataset, cell.data_name.partition(":")[0]),
    ]
    named += [(Forecaster, name) for name in _names(cell.method_params.get("forecaster")) if name != AUTO]
    named += [(Regularizer, name) for name in _names(cell.method_params.get("regularizer"))]
    for kind, name in named:
        try:
            provided = registry().get(kind, name)
        except CausalkitError:  # files are no data set; a plugin may be missing on this machine
            continue
        yield provided.plugin
        if isinstance(provided.record, Method):
            named += [(Forecaster, one) for one in provided.record.forecasters]


def _names(part: Any) -> list[str]:
    name = part.get("name") if isinstance(part, Mapping) else part
    return name.split("+") if isinstance(name, str) else []
