"""The cells of a comparison: methods x data sets x seeds, checked before any work."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

from causalkit.compare.data import FILE, load, resolve_data
from causalkit.compare.record import Cell
from causalkit.compare.settings import Settings
from causalkit.errors import ConflictError, DataError, ParameterError, PluginError, UnknownNameError, WrongUsageError
from causalkit.plugins.params import Tree
from causalkit.plugins.records import Method
from causalkit.plugins.registry import registry
from causalkit.plugins.specification import Specification, parse_specification

if TYPE_CHECKING:
    from causalkit.core.panel import Panel


@dataclass(frozen=True)
class Grid:
    """The cells of a comparison.

    Attributes:
        cells: those that can work, in the order in which they start.
        skipped: those that cannot work, each with the reason.
        methods, data, seeds: labels of rows and columns, in the order of the user.
        versions: of causalkit and of the plugin of each method, by label of the method.
    """

    cells: tuple[Cell, ...]
    skipped: tuple[tuple[Cell, str], ...]
    methods: tuple[str, ...]
    data: tuple[str, ...]
    seeds: tuple[int, ...]
    versions: dict[str, dict[str, str]]

    def sort_key(self, cell: Cell) -> tuple[int, int, int]:
        """Return the place of a cell in tables: method, data set, seed."""
        methods, data, seeds = self._places
        return methods[cell.method], data[cell.data], seeds[cell.seed]

    @cached_property
    def _places(self) -> tuple[dict[str, int], dict[str, int], dict[int, int]]:
        """Return the place of each method, data set and seed."""
        methods, data = ({label: place for place, label in enumerate(one)} for one in (self.methods, self.data))
        return methods, data, {seed: place for place, seed in enumerate(self.seeds)}


@dataclass(frozen=True)
class _Row:
    """A method that was built once: name and parameters, or the reason why it cannot work."""

    label: str
    name: str
    params: Tree
    lag: int
    reason: str


def build_grid(
    methods: Sequence[str | Specification],
    data: Sequence[str | Specification],
    seeds: Sequence[int],
    settings: Settings,
    *,
    shuffle: int = 0,
) -> Grid:
    """Check methods, data sets and settings, and return the grid.

    Each method is built once, which finds wrong parameters and pairs that cannot work. Each file is read once. A data
    set and a seed make a block. The order of the blocks, and of the methods within a block, is drawn with ``shuffle``.
    A change during a long run, such as a slower processor, thus affects all methods alike.

    Raises:
        WrongUsageError: an unknown name, a wrong parameter, a duplicate method or data set.
        DataError: a file cannot be read.
    """
    if not methods or not data or not seeds:
        lacking = "method" if not methods else "data set" if not data else "seed"
        raise WrongUsageError(f"the comparison has no {lacking}", "name at least one of -m, -d and --seeds each")
    rows, versions = [], {}
    for specification in _specifications(methods, "method"):
        row, found = _row(specification, settings)
        rows.append(row)
        versions[row.label] = found
    columns = []
    for specification in _specifications(data, "data set"):
        name, params = resolve_data(specification)
        columns.append((specification.label, name, params, load(name, params, 0).panel if name == FILE else None))
    _check_distinct([(row.label, (row.name, row.params)) for row in rows], "method")
    _check_distinct([(la, (name, {**params, "files": 0, "truth": 0})) for la, name, params, _ in columns], "data set")
    generator = random.Random(shuffle)
    blocks = [(column, seed) for seed in seeds for column in columns]
    generator.shuffle(blocks)
    cells, skipped = [], []
    for (label, name, params, panel), seed in blocks:
        for row in generator.sample(rows, len(rows)):
            cell = Cell(
                method=row.label,
                data=label,
                seed=seed,
                method_name=row.name,
                method_params=row.params,
                data_name=name,
                data_params=params,
                settings=settings.of_cell(),
            )
            if reason := row.reason or _unfit(panel, row.lag):
                skipped.append((cell, reason))
            else:
                cells.append(cell)
    return Grid(
        cells=tuple(cells),
        skipped=tuple(skipped),
        methods=tuple(row.label for row in rows),
        data=tuple(label for label, *_ in columns),
        seeds=tuple(seeds),
        versions=versions,
    )


def _specifications(given: Sequence[str | Specification], what: str) -> list[Specification]:
    parsed = [parse_specification(entry) if isinstance(entry, str) else entry for entry in given]
    labels = [specification.label for specification in parsed]
    for label in labels:
        if labels.count(label) > 1:
            raise WrongUsageError(f"duplicate {what} {label}", "name it once, or give each entry a label")
    return parsed


def _row(specification: Specification, settings: Settings) -> tuple[_Row, dict[str, str]]:
    """Build a method once; return its row, and the versions of causalkit and of its plugin."""
    from causalkit import __version__
    from causalkit.api import build_method, resolved_params

    provided = registry().get(Method, specification.name)
    name = provided.qualified if "@" in specification.name else provided.record.name
    tree = dict(specification.params)
    if settings.lag is not None:
        tree.setdefault("lag", settings.lag)
    params, lag, reason = tree, 1, ""
    try:
        _, config = build_method(provided, tree)
        own = config.get("lag")
        lag = own if isinstance(own, int) else 1
        params = resolved_params(provided, tree)
        build_method(provided, params)
    except (ParameterError, UnknownNameError, ConflictError) as error:
        raise type(error)(f"{specification.label}: {error.message}", error.hint) from error
    except PluginError:
        pass  # a fault of the plugin; the records of its cells report it
    except WrongUsageError as error:
        reason = str(error)
    except (Exception, SystemExit):  # a plugin may raise anything
        params = tree
    versions = {"causalkit": __version__, provided.plugin.distribution: provided.plugin.version}
    return _Row(specification.label, name, params, lag, reason), versions


def _unfit(panel: Panel | None, lag: int) -> str:
    """Return why a method with this lag cannot read a panel from a file, or ""."""
    if panel is None:
        return ""
    try:
        panel.check(lag)
    except DataError as error:
        if max(panel.lengths) <= lag:
            return str(error)
        raise  # no method can read it
    return ""


def _check_distinct(labelled: Sequence[tuple[str, Any]], what: str) -> None:
    for (one, identity), (other, compared) in combinations(labelled, 2):
        if identity == compared:
            raise WrongUsageError(f"{one} and {other} are the same {what}", "leave one of them out")
