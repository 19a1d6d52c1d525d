"""Remake docs/benchmarks.csv, all figures beside published ones, and their summary in docs/benchmarks.md.

python benchmarks/published.py                                     # compute what is missing, print all figures as CSV
python benchmarks/published.py --only lorenz96-10-40 --column honest
python benchmarks/published.py --no-run --write docs/benchmarks.md # write what there is

benchmarks/published.toml says what is computed and which figures were published. Every fit becomes a record in
the folder --out, which `causalkit report` reads too, and is never computed twice.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from published_table import Column, Family, Outcome, Row, Table, as_csv

from causalkit import Dataset, Method
from causalkit.cli.catalogue import items_of
from causalkit.compare import CellRecord, run_grid
from causalkit.compare.engine import Watcher
from causalkit.compare.grid import build_grid
from causalkit.compare.settings import Settings, parse_seeds
from causalkit.compare.store import Store
from causalkit.errors import CausalkitError, DataError, UnknownNameError, WrongUsageError, did_you_mean
from causalkit.io import atomic_path, check_writable
from causalkit.plugins.params import Tree, merge, parse_settings
from causalkit.plugins.registry import registry
from causalkit.plugins.specification import Specification, parse_specification

PLAN = Path(__file__).with_name("published.toml")
BEGIN, END = "<!-- published numbers: begin -->", "<!-- published numbers: end -->"


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

    def on_record(self, record: CellRecord) -> None:
        """Print one line."""
        auroc = record.metric("auroc", "include")
        text = record.reason if auroc is None else f"AUROC with self-edges {auroc:.3f}, {record.seconds['fit']:.1f} s"
        print(f"{record.cell.data}  {record.cell.method}  seed {record.cell.seed}: {text}", file=sys.stderr, flush=True)


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


def records_of(
    plan: Plan, row: Row, column: Column, given: argparse.Namespace, *, compute: bool
) -> list[tuple[str, CellRecord]]:
    """Return the records of a column of a row with the label of their method, computing those that are missing."""
    changed = parse_settings(given.set) if column != "rival" else {}
    methods = {label: one for label, one in plan.methods(row, column, changed).items() if not not_installed(one)}
    if not methods:
        return []
    stacked = column == "oracle" and row.published_data
    data = parse_specification(row.published_data if stacked else row.data)
    data = Specification(f"{row.name}, as published" if stacked else row.name, data.name, data.params)
    specifications = list(methods.values())
    if compute:
        watcher = Progress() if sys.stderr.isatty() else None
        records = run_grid(
            specifications,
            [data],
            given.seeds,
            out=given.out,
            device=given.device,
            jobs=given.jobs,
            timeout=given.timeout,
            retry=given.retry,
            watcher=watcher,
        )
    else:
        grid = build_grid(specifications, [data], given.seeds, Settings(device=given.device))
        store = Store(Path(given.out))
        found = [store.find(cell) for cell in grid.cells]
        records = [record for record in found if record is not None]
        records += [CellRecord(cell=cell, status="skipped", reason=reason) for cell, reason in grid.skipped]
    labels = {specification.label: label for label, specification in methods.items()}
    return [(labels[record.cell.method], record) for record in records]


def outcome(column: Column, label: str, record: CellRecord) -> Outcome:
    """Return what the table needs of a record, which may hold the scores of many epochs."""
    known = None if record.truth is None else any(edge[0] == edge[1] for edge in record.truth["edges"])
    return Outcome(
        column=column,
        label=label,
        seed=record.cell.seed,
        status=record.status,
        reason=record.reason,
        metrics=record.metrics,
        seconds=record.seconds.get("fit"),
        self_edges=known,
    )


def collect(plan: Plan, given: argparse.Namespace) -> Table:
    """Compute what was asked for and is missing, and gather the outcomes of every row."""
    columns: tuple[Column, ...] = ("honest", "oracle", "rival")
    outcomes: dict[str, list[Outcome]] = {}
    lacking: dict[str, str] = {}
    asked = given.only or list(plan.rows)
    computed = {*asked, *(part for name in asked for part in plan.rows[name].of)}
    needed = computed if not given.write else set(plan.rows)
    for name in [name for name in plan.rows if name in needed and not plan.rows[name].of]:
        row = plan.rows[name]
        if said := absent(row):
            lacking[name] = said
            continue
        for column in columns:
            compute = not given.no_run and name in computed and given.column in (None, column)
            found = records_of(plan, row, column, given, compute=compute)
            mine = outcomes.setdefault(name, [])
            mine += [outcome(column, label, record) for label, record in found]
            mine += missing_methods(plan, row, column, given.seeds)
    return Table(
        rows=plan.rows,
        shown=[name for name in plan.rows if given.write or name in asked],
        seeds=given.seeds,
        outcomes=outcomes,
        absent=lacking,
        sources=plan.sources,
        rivals=plan.rivals,
        families=plan.families,
    )


def write(table: Table, path: Path) -> None:
    """Put the summary between the markers of a page, and all figures into the CSV file beside it.

    Raises:
        DataError: the page has no markers.
    """
    page = path.read_text(encoding="utf-8")
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise DataError(
            f"{path} does not say where the summary belongs", f"write {BEGIN} and {END} into it, in this order"
        )
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    with atomic_path(path) as temporary:
        temporary.write_text(f"{before}{BEGIN}\n\n{table.markdown()}\n{END}{after}", encoding="utf-8")
    with atomic_path(path.with_suffix(".csv")) as temporary:
        temporary.write_text(as_csv(table.lines()), encoding="utf-8")


def arguments(plan: Plan, words: Sequence[str] | None) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", metavar="ROW", help="a row, or several; default: all")
    parser.add_argument("--column", choices=["honest", "oracle", "rival"], help="compute this one; default: all")
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
    parser.add_argument("--no-run", action="store_true", help="compute nothing")
    parser.add_argument("--retry", action="store_true", help="compute again what failed")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--jobs", type=int, default=1, help="fits at a time, one thread each")
    parser.add_argument("--timeout", type=float, help="seconds after which a fit is stopped")
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
        table = collect(plan, given)
    if given.write:
        write(table, given.write)
    else:
        print(as_csv(table.lines()), end="")


if __name__ == "__main__":
    try:
        main()
    except CausalkitError as error:
        sys.exit(f"{error.message}\n{error.hint}")
