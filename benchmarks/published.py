"""Remake docs/benchmarks.csv, all figures beside published ones, and their summary and picture for docs/benchmarks.md.

python benchmarks/published.py                                     # compute what is missing, print all figures as CSV
python benchmarks/published.py --only lorenz96-10-40 --column honest
python benchmarks/published.py --column oracle --plan              # what is missing, and how long it takes
python benchmarks/published.py --column oracle --device cuda --jobs 16 --timeout 600
python benchmarks/published.py --no-run --write docs/benchmarks.md # write what there is

benchmarks/published.toml says what is computed and which figures were published. Every fit becomes a record in
the folder --out, which `causalkit report` reads too, and is never computed twice, whichever device computed it.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tomllib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from page_section import replace_section
from published_page import markdown, missing
from published_picture import draw
from published_table import Column, Family, Outcome, Row, Table, as_csv, from_csv

from causalkit import Dataset, Method
from causalkit.cli.catalogue import items_of
from causalkit.compare import CellRecord
from causalkit.compare.backends import backend_of
from causalkit.compare.engine import Watcher, execute
from causalkit.compare.grid import Grid, build_grid
from causalkit.compare.record import Cell
from causalkit.compare.settings import Limits, Settings, parse_seeds
from causalkit.compare.store import Store
from causalkit.errors import CausalkitError, DataError, UnknownNameError, WrongUsageError, did_you_mean
from causalkit.io import atomic_path, check_writable
from causalkit.plotting.saving import save_figure
from causalkit.plugins.params import Tree, merge, parse_settings
from causalkit.plugins.registry import registry
from causalkit.plugins.specification import Specification, from_table, parse_specification

PLAN = Path(__file__).with_name("published.toml")
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
PICTURE = "images/benchmarks.svg"  # beside the page
COLUMNS: tuple[Column, ...] = ("honest", "oracle", "rival")
DEVICES = ("cpu", "cuda")
SECTION = "published numbers"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What benchmarks/published.toml says; see there."""

    seeds: tuple[int, ...]
    method: str
    honest: Tree
    snapshots: int
    rivals: tuple[str, ...]
    sources: Mapping[str, str]
    settings: Mapping[str, Tree]
    rows: Mapping[str, Row]
    families: Sequence[Family]

    @classmethod
    def read(cls, path: Path = PLAN) -> Plan:
        """Read a plan.

        Raises:
            DataError: a row has an unknown key, a duplicate name, or names something unknown.
        """
        read = tomllib.loads(path.read_text(encoding="utf-8"))
        known = {part.name for part in fields(Row)}
        rows: dict[str, Row] = {}
        for entry in read["rows"]:
            if unknown := sorted(set(entry) - known):
                raise DataError(f"{path}: row {entry.get('name')} has a key {unknown[0]}", f"known: {sorted(known)}")
            row = Row(**entry)
            lacking = [name for name in row.settings if name not in read["settings"]]
            lacking += [name for name in row.of if name not in rows]
            lacking += [source for *_, source in row.published if source not in read["sources"]]
            if lacking or row.name in rows:
                said = f"names {lacking[0]}, which is unknown" if lacking else "has a duplicate name"
                raise DataError(f"{path}: row {row.name} {said}", "correct the file")
            rows[row.name] = row
        return cls(
            seeds=parse_seeds(read["seeds"]),
            method=read["method"],
            honest=parse_settings(read["honest"]),
            snapshots=read["snapshots"],
            rivals=tuple(read["rivals"]),
            sources=read["sources"],
            settings=read["settings"],
            rows=rows,
            families=[Family(**family) for family in read.get("families", ())],
        )

    def methods(self, row: Row, column: Column, changed: Tree) -> dict[str, Specification]:
        """Return the methods of a column by the label that the table knows; ``changed`` wins over their settings."""
        if column == "rival":
            named = self.rivals if row.rivals is None else row.rivals
            return {rival: parse_specification(rival) for rival in named}
        if column == "honest":
            return {"": Specification(f"{self.method} (honest)", self.method, merge(self.honest, changed))}
        return {
            name: Specification(f"{self.method} (oracle {name})", self.method, merge(self.public(name, row), changed))
            for name in row.settings
        }

    def public(self, name: str, row: Row) -> Tree:
        """Return public settings as parameters: one network, one past step, and readings on the way."""
        given = dict(self.settings[name])
        strength = given.pop("lambda") * row.series
        fixed: Tree = {
            "lag": 1,
            "ensemble": 1,
            "regularizer": {"name": "gradient-l1", "strength": round(strength, 10)},
            "training": {"snapshots": self.snapshots},
        }
        return merge(fixed, given)


class Progress(Watcher):
    """Prints what was computed."""

    def __init__(self) -> None:
        self.left = 0

    def on_begin(self, grid: Grid, known: Sequence[CellRecord], missing: Sequence[Cell]) -> None:
        """Count what there is to do."""
        self.left = len(missing)

    def on_record(self, record: CellRecord) -> None:
        """Print one line."""
        self.left -= 1
        auroc = record.metric("auroc", "include")
        text = record.reason if auroc is None else f"AUROC with self-edges {auroc:.3f}, {record.seconds['fit']:.1f} s"
        named = f"{record.cell.data}  {record.cell.method}  seed {record.cell.seed}"
        print(f"{named}: {text}; {self.left} left", file=sys.stderr, flush=True)


@dataclass(frozen=True, eq=False)
class Place:
    """A cell, and where its result belongs in the table.

    Attributes:
        reason: why it cannot work; "" where it can.
        versions: of causalkit and of the plugin.
    """

    row: Row
    column: Column
    label: str
    cell: Cell
    reason: str
    versions: Mapping[str, str]

    def find(self, store: Store) -> CellRecord | None:
        """Return its record, also from another device; one that ended well comes before one that did not."""
        own = self.cell.settings["device"]
        devices = [own, *(device for device in DEVICES if device != own)]
        cells = [replace(self.cell, settings={**self.cell.settings, "device": device}) for device in devices]
        records = [record for record in map(store.find, cells) if record is not None]
        return next((record for record in records if record.ok), records[0] if records else None)


def absent(row: Row) -> str:
    """Return why the data of a row cannot be loaded here, or "". Nothing is downloaded."""
    name = parse_specification(row.data).name
    family = name.partition(":")[0]
    listed = {one.name: one for one in items_of(registry().get(Dataset, family))}
    if name not in listed:
        return f"Unknown data set {name}: {did_you_mean(name, listed)}"
    return "" if listed[name].here else f"Its files are not on this machine: `causalkit fetch {name}`"


def not_installed(method: Specification) -> str:
    """Return why there is no such method here, or ""."""
    try:
        registry().get(Method, method.name)
    except UnknownNameError as error:
        return str(error)
    return ""


def missing_methods(plan: Plan, row: Row, column: Column, seeds: Sequence[int]) -> list[Outcome]:
    """Return outcomes for methods whose package is not installed."""
    reasons = {label: not_installed(method) for label, method in plan.methods(row, column, {}).items()}
    return [
        Outcome(column=column, label=label, seed=seed, status="not installed", reason=reason)
        for label, reason in reasons.items()
        if reason
        for seed in seeds
    ]


def places_of(plan: Plan, row: Row, column: Column, given: argparse.Namespace) -> list[Place]:
    """Return the cells of a column of a row, those of methods that are installed."""
    changed = parse_settings(given.set) if column != "rival" else {}
    methods = {label: one for label, one in plan.methods(row, column, changed).items() if not not_installed(one)}
    if not methods:
        return []
    stacked = column == "oracle" and row.published_data
    data = parse_specification(row.published_data if stacked else row.data)
    data = Specification(f"{row.name}, as published" if stacked else row.name, data.name, data.params)
    grid = build_grid(list(methods.values()), [data], given.seeds, Settings(device=given.device))
    labels = {specification.label: label for label, specification in methods.items()}
    cells = [(cell, "") for cell in grid.cells] + list(grid.skipped)
    found = [Place(row, column, labels[c.method], c, said, grid.versions[c.method]) for c, said in cells]
    return sorted(found, key=lambda place: grid.sort_key(place.cell))


def outcome(place: Place, record: CellRecord) -> Outcome:
    """Return what the table needs of a record, which may hold the scores of many epochs."""
    known = None if record.truth is None else any(edge[0] == edge[1] for edge in record.truth["edges"])
    return Outcome(
        column=place.column,
        label=place.label,
        seed=record.cell.seed,
        status=record.status,
        reason=record.reason,
        metrics=record.metrics,
        seconds=record.seconds.get("fit"),
        self_edges=known,
        chosen=chosen(record),
        date=record.started[:10],
        versions=record.versions,
        device=str(record.cell.settings.get("device", "")),
    )


def chosen(record: CellRecord) -> dict[str, str]:
    """Return the forecaster, the lag and the strength of a result, whether chosen or given, as far as it has them."""
    discovery: Mapping[str, Any] = record.discovery or {}
    config = discovery.get("config") or {}
    regularizers = config.get("regularizer") or []
    regularizers = [regularizers] if isinstance(regularizers, Mapping) else regularizers
    forecaster = config.get("forecaster")
    found = {
        "forecaster": forecaster.get("name") if isinstance(forecaster, Mapping) else forecaster,
        "lag": config.get("lag"),
        "strength": next((one["strength"] for one in regularizers if "strength" in one), None),
    }
    return {name: f"{one:g}" if isinstance(one, int | float) else str(one) for name, one in found.items() if one}


class Work:
    """The cells that were asked for, what is known of them, and what is left to compute."""

    def __init__(self, plan: Plan, given: argparse.Namespace) -> None:
        self.plan, self.given = plan, given
        path = (given.write or PAGE).with_suffix(".csv")
        self.before = from_csv(path.read_text(encoding="utf-8")) if path.exists() else []
        self.earlier = [line for line in self.before if line["column"] in given.keep]
        self.absent: dict[str, str] = {}
        self.places: list[Place] = []
        asked = given.only or list(plan.rows)
        asked = {*asked, *(part for name in asked for part in plan.rows[name].of)}
        shown = set(plan.rows) if given.write else asked
        for row in [row for row in plan.rows.values() if row.name in shown and not row.of]:
            if said := absent(row):
                self.absent[row.name] = said
                continue
            for column in COLUMNS:
                self.places += places_of(plan, row, column, given)
        self.store = Store(Path(given.out))
        self.records = {place: place.find(self.store) for place in self.places}
        self.left = [place for place in self.places if place.row.name in asked and self._lacks(place)]

    def _lacks(self, place: Place) -> bool:
        if place.reason or self.given.column not in (None, place.column):
            return False
        if (record := self.records[place]) is not None:
            return self.given.retry and not record.ok
        kept = {(line["data"], line["column"]) for line in self.earlier if line["seeds"] == str(len(self.given.seeds))}
        return (place.row.title, place.column) not in kept

    def seconds(self, place: Place) -> float | None:
        """Return what a cell probably takes: the mean over other seeds, or what the earlier table says."""
        column = [one for one in self.places if (one.row.name, one.column) == (place.row.name, place.column)]
        records = [self.records[one] for one in column if one.label == place.label]
        known = [record.seconds["fit"] for record in records if record is not None and "fit" in record.seconds]
        if known:
            return fmean(known)
        mine = [o["seconds"] for o in self.before if (o["data"], o["column"]) == (place.row.title, place.column)]
        settings = len({one.label for one in column})
        return next((float(seconds) / settings for seconds in mine if seconds), None)

    def as_text(self) -> str:
        """Return what is left to compute, and how long it takes."""
        groups: dict[tuple[str, str], list[Place]] = {}
        for place in self.left:
            groups.setdefault((place.row.name, f"{place.column} {place.label}".strip()), []).append(place)
        lines = [f"{'row':32}{'column':32}{'cells':>6}{'seconds each':>14}"]
        total, unknown = 0.0, 0
        for (name, column), places in groups.items():
            each = self.seconds(places[0])
            lines.append(f"{name:32}{column:32}{len(places):>6}{'not known' if each is None else f'{each:.0f}':>14}")
            total += (each or 0.0) * len(places)
            unknown += len(places) if each is None else 0
        last = f"{len(self.left)} cells are left"
        last += f"; {total / 60:.0f} minutes for {len(self.left) - unknown} of them, one at a time" if total else ""
        last += f"; {unknown} have no record to estimate from" if unknown else ""
        lines += [f"{name}: {said}" for name, said in self.absent.items()]
        return "\n".join([*lines, last])

    def compute(self) -> None:
        """Compute what is left, the cheapest first, so that whoever stops early has the most figures."""
        if not self.left:
            return
        cost = {place: self.seconds(place) for place in self.left}
        places = sorted(self.left, key=lambda place: (cost[place] is None, cost[place] or 0.0))
        cells = [place.cell for place in places]
        grid = Grid(
            cells=tuple(cells),
            skipped=(),
            methods=tuple(dict.fromkeys(cell.method for cell in cells)),
            data=tuple(dict.fromkeys(cell.data for cell in cells)),
            seeds=tuple(self.given.seeds),
            versions={place.cell.method: dict(place.versions) for place in places},
        )
        run = backend_of("local", jobs=self.given.jobs, scheduler=None)
        limits = Limits(timeout=self.given.timeout)
        with self.store.locked():
            execute(grid, self.store, run, limits, retry=self.given.retry, refresh=False, watcher=Progress())
        self.records |= {place: place.find(self.store) for place in places}

    def table(self) -> Table:
        """Return the outcomes of every row."""
        outcomes: dict[str, list[Outcome]] = {}
        for place in self.places:
            record = self.records[place]
            if record is None and place.reason:
                record = CellRecord(cell=place.cell, status="skipped", reason=place.reason)
            if record is not None:
                outcomes.setdefault(place.row.name, []).append(outcome(place, record))
        for row in self.plan.rows.values():
            if not row.of and row.name not in self.absent:
                for column in COLUMNS:
                    outcomes.setdefault(row.name, []).extend(missing_methods(self.plan, row, column, self.given.seeds))
        return Table(
            rows=self.plan.rows,
            shown=[name for name in self.plan.rows if self.given.write or name in (self.given.only or self.plan.rows)],
            seeds=self.given.seeds,
            outcomes=outcomes,
            absent=self.absent,
            sources=self.plan.sources,
            rivals=self.plan.rivals,
            families=self.plan.families,
            commands=commands(self.plan, self.given),
            earlier=self.earlier,
        )


def commands(plan: Plan, given: argparse.Namespace) -> dict[tuple[str, Column, str], str]:
    """Return what repeats each line of the table: `causalkit compare`, or this script where the line is a choice."""
    found: dict[tuple[str, Column, str], str] = {}
    seeds = seeds_in_words(given.seeds)
    for row in plan.rows.values():
        for column in COLUMNS:
            changed = parse_settings(given.set) if column != "rival" else {}
            if row.of or column == "oracle":
                words = ["python", "benchmarks/published.py", "--only", row.name, "--column", column, "--seeds", seeds]
                words += [word for one in given.set if column != "rival" for word in ("--set", one)]
                labels = [""] if column != "rival" else list(plan.methods(row, column, {}))
                found |= {(row.name, column, label): shlex.join(words) for label in labels}
                continue
            for label, method in plan.methods(row, column, changed).items():
                text = from_table({"name": method.name, "params": method.params}, "methods").label
                words = ["causalkit", "compare", "-m", text, "-d", row.data, "--seeds", seeds]
                found[row.name, column, label] = shlex.join(words)
    return found


def seeds_in_words(seeds: Sequence[int]) -> str:
    """Return seeds as the command line takes them."""
    whole = len(seeds) > 1 and list(seeds) == list(range(seeds[0], seeds[-1] + 1))
    return f"{seeds[0]}:{seeds[-1] + 1}" if whole else ",".join(map(str, seeds))


def write(table: Table, path: Path) -> None:
    """Put the summary between the markers of a page, its picture and all figures into files beside it.

    Raises:
        DataError: the page has no markers.
    """
    replace_section(path, SECTION, markdown(table, PICTURE))
    with atomic_path(path.with_suffix(".csv")) as temporary:
        temporary.write_text(as_csv(table.lines()), encoding="utf-8")
    (path.parent / PICTURE).parent.mkdir(exist_ok=True)
    save_figure(draw(table.lines(), table.families, table.rows), path.parent / PICTURE)


def arguments(plan: Plan, words: Sequence[str] | None) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", metavar="ROW", help="a row, or several; default: all")
    parser.add_argument("--column", choices=COLUMNS, help="compute this one; default: all")
    parser.add_argument("--seeds", default=plan.seeds, type=parse_seeds, help="default: those of the plan")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="for both columns, to try it out"
    )
    parser.add_argument("--out", default="published-benchmarks", help="folder of the records")
    parser.add_argument(
        "--write",
        type=Path,
        metavar="PAGE",
        help="write the summary between the markers of a page, and all figures into the .csv file beside it",
    )
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        choices=COLUMNS,
        help="column whose earlier figures in the .csv file stay where there are no records here; with their date",
    )
    parser.add_argument("--plan", action="store_true", help="print what is left to compute and how long it takes")
    parser.add_argument("--no-run", action="store_true", help="compute nothing")
    parser.add_argument("--retry", action="store_true", help="compute again what failed")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--jobs", type=int, default=1, help="fits at a time, one thread each")
    parser.add_argument("--timeout", type=float, help="seconds after which a fit is stopped; the table says so")
    parser.add_argument("--list", action="store_true", help="print the rows and end")
    given = parser.parse_args(words)
    for name in given.only or ():
        if name not in plan.rows:
            raise WrongUsageError(f"unknown row {name!r}", did_you_mean(name, plan.rows))
    if given.write:
        check_writable(given.write)
    return given


def main(words: Sequence[str] | None = None) -> None:
    """Remake the table."""
    plan = Plan.read()
    given = arguments(plan, words)
    if given.list:
        print("\n".join(f"{row.name:32}{row.title}" for row in plan.rows.values()))
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        work = Work(plan, given)
        if given.plan:
            print(work.as_text())
            return
        if not given.no_run:
            work.compute()
        table = work.table()
    print(missing(table.lines()), file=sys.stderr)
    if given.write:
        write(table, given.write)
    else:
        print(as_csv(table.lines()), end="")


if __name__ == "__main__":
    try:
        main()
    except CausalkitError as error:
        sys.exit(f"{error.message}\n{error.hint}")
