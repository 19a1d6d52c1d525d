"""``causalkit compare``."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from causalkit.cli.options import Duration, LagParam, Size, data_home_option, preparation_options, select_option
from causalkit.cli.options.summary import format_option, metrics_option
from causalkit.errors import did_you_mean

if TYPE_CHECKING:
    from causalkit.compare.gates import Gate, GateResult
    from causalkit.compare.grid import Grid
    from causalkit.compare.record import CellRecord

DEFAULT_OUT = "causalkit-compare"
DEFAULT_METRICS = ("auroc", "auprc")
EPILOG = """
\b
Examples:
  causalkit compare -m grngc -m var -d lorenz96 -d 'var[series=20]' --seeds 0:5 -j 4
  causalkit compare -m grngc -m 'grngc[forecaster=kan,regularizer.strength=0.15]' -d lorenz96
  causalkit compare -m var -d 'own.csv[truth=truth.csv]' --gate 'auroc>=0.9'
  causalkit compare --config bench.toml --timeout 10m --memory 4G --format markdown -o summary.md
  causalkit compare merge machine-a machine-b --out both
  causalkit compare publish both -o site
"""
_FOLDERS = {
    "merge": "Put the records of several folders into one.",
    "publish": "Write a leaderboard as static pages, or add results to one.",
    "curves": "Draw held-out error and AUROC against time.",
}
_RUN = (
    "seeds", "out", "lag", "select", "standardize", "device", "dtype", "threads", "time_limit", "timeout", "memory",
    "jobs", "backend", "scheduler", "shuffle", "detrend", "difference",
    "levels", "clip", "prepare",
)  # fmt: skip


class _Subcommands(click.Group):
    """The commands on folders of comparisons, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_FOLDERS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _FOLDERS:
            return None
        command: click.Command = getattr(importlib.import_module("causalkit.cli.compare_folders"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None:
            ctx.fail(f"{args[0]!r} is no command of causalkit compare; {did_you_mean(args[0], _FOLDERS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_FOLDERS.items()))


@click.group(cls=_Subcommands, invoke_without_command=True, epilog=EPILOG, subcommand_metavar="[COMMAND]")
@click.option(
    "-m", "--method", "methods", multiple=True, metavar="NAME[KEY=VALUE,...]", help="A method. May be repeated."
)
@click.option(
    "-d", "--data", multiple=True, metavar="NAME[KEY=VALUE,...]", help="A data set or a file. May be repeated."
)
@click.option("--seeds", metavar="SEEDS", help="Random seeds: 0:5 for 0 to 4, or 0,3,7, or 3.  [default: 0]")
@click.option("--config", metavar="FILE", help="Read all of this from a TOML file; options override it.")
@click.option("--lag", type=LagParam(), metavar="K|auto[:MAX]", help="Largest lag in time steps, for all methods.")
@select_option
@click.option("--no-standardize", is_flag=True, help="Keep the units.")
@preparation_options
@click.option("--device", metavar="NAME", help="Device: auto, cpu or cuda.  [default: cpu]")
@click.option("--dtype", type=click.Choice(["float32", "float64"]), help="Precision.  [default: float32]")
@click.option("--threads", type=int, help="Threads of numerical libraries in a cell.  [default: 1]")
@click.option("--time-limit", type=Duration(), help="End training after this time and keep its result.")
@click.option("--timeout", type=Duration(), help="Stop a cell after this time: 90s, 10m, 2h.")
@click.option("--memory", type=Size(), help="Stop a cell above this memory: 600M, 4G.  [default: a fair share]")
@click.option("-j", "--jobs", type=int, metavar="N", help="Number of cells to run in parallel.  [default: 1]")
@click.option("--backend", metavar="NAME", help="local (this machine), dask or ray.  [default: local]")
@click.option("--scheduler", metavar="ADDRESS", help="Address of a Dask or Ray cluster, e.g. tcp://host:8786.")
@data_home_option
@click.option("--out", metavar="DIR", help=f"Folder of the records.  [default: {DEFAULT_OUT}]")
@click.option("--shuffle", type=int, metavar="SEED", help="Random seed of the order of the cells.  [default: 0]")
@click.option("--retry", is_flag=True, help="Run cells again that failed or exceeded a limit.")
@click.option("--refresh", is_flag=True, help="Run cells again that other versions or other source code computed.")
@click.option("--dry-run", is_flag=True, help="Print the cells and run nothing.")
@metrics_option
@click.option(
    "--diagonal", type=click.Choice(["exclude", "include"]), help="Exclude or include self-edges.  [default: exclude]"
)
@click.option(
    "--gate", "gates", multiple=True, metavar="GATE", help="A condition to meet, e.g. 'auroc>=0.95@grngc,lorenz96'."
)
@click.option("--baseline", metavar="FILE|DIR", help="An earlier comparison; this one must not be worse.")
@click.option("--tolerance", type=float, metavar="X", help="Allowed loss against the baseline.  [default: 0]")
@format_option
@click.option("-o", "--output", metavar="FILE", help="Write the summary to a file.")
@click.option("-q", "--quiet", is_flag=True, help="Print only the summary.")
@click.pass_context
def compare(ctx: click.Context, /, **options: Any) -> None:
    """Compare methods on data sets over seeds.

    Each cell is saved as a record in a folder when it is finished. After an interruption, the same command computes
    only what is missing.
    """
    if ctx.invoked_subcommand is not None:
        return
    from causalkit.cli.live import LiveTable
    from causalkit.compare.backends import backend_of
    from causalkit.compare.baseline import compare_with_baseline
    from causalkit.compare.blocks import COSTS
    from causalkit.compare.engine import execute, unequal_data
    from causalkit.compare.for_tables import ForTables
    from causalkit.compare.gate_syntax import COUNTS
    from causalkit.compare.gates import check_gates
    from causalkit.compare.grid import build_grid
    from causalkit.compare.settings import Limits, Settings, by_name_only, parse_seeds
    from causalkit.compare.store import Store
    from causalkit.errors import DataError, Interrupted, PluginError

    given = _given(options)
    gates, baseline, diagonal, metrics = _demands(given, options)
    run = {key: given[key] for key in _RUN if key in given}
    named = by_name_only([*metrics, *(gate.quantity for gate in gates if gate.quantity not in COSTS + COUNTS)])
    settings = Settings(**{key: run[key] for key in Settings.__dataclass_fields__ if key in run}, metrics=named)
    limits = Limits(threads=settings.threads, **{key: run[key] for key in ("timeout", "memory") if key in run})
    jobs = run.get("jobs", 1)
    backend = backend_of(run.get("backend", "local"), jobs=jobs, scheduler=run.get("scheduler"))
    seeds = parse_seeds(run.get("seeds", "0"))
    grid = build_grid(given.get("methods", ()), given.get("data", ()), seeds, settings, shuffle=run.get("shuffle", 0))
    _check_names(grid, gates, diagonal)
    if options["dry_run"]:
        _print_grid(grid)
        return
    store = Store(Path(run.get("out", DEFAULT_OUT)))
    with store.locked():
        try:
            with LiveTable(metrics[0], diagonal, jobs, quiet=options["quiet"]) as live:
                live.on_note(f"records in {store.folder}")
                again = {"retry": options["retry"], "refresh": options["refresh"]}
                records = execute(grid, store, backend, limits, **again, watcher=live, keep=ForTables())
        except KeyboardInterrupt:
            raise Interrupted("interrupted; finished cells are kept", "the same command continues") from None
    results = check_gates(records, gates, diagonal) if gates else []
    if baseline is not None:
        tolerance = given.get("tolerance", 0.0)
        results += compare_with_baseline(records, baseline, tolerance, metrics=metrics, diagonal=diagonal)
    _show(records, results, metrics, diagonal, options)
    if unequal := unequal_data(records):
        raise DataError(unequal, "methods must see equal data; see data.sha256 in the records")
    _refuse_failed(results)
    if not any(record.ok for record in records):
        raise PluginError(
            f"no cell has a result: {records[0].reason}",
            f"the records in {store.folder} say why; --retry runs them again",
        )


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings: options override the configuration file."""
    from causalkit.compare.config import read_comparison

    given: dict[str, Any] = {}
    if options["config"]:
        given = read_comparison(options["config"], lambda value: Duration().convert(value, None, None))
    given |= {key: value for key, value in options.items() if value is not None and value != () and key != "config"}
    if options["no_standardize"]:
        given["standardize"] = False
    return given


def _demands(given: dict[str, Any], options: dict[str, Any]) -> tuple[list[Gate], Any, str, Sequence[str]]:
    """Read gates, baseline, metrics and the output file before any work."""
    from causalkit.compare.baseline import load_baseline
    from causalkit.compare.gates import parse_gate
    from causalkit.errors import WrongUsageError
    from causalkit.io import check_overwrites, check_writable
    from causalkit.plugins.records import Metric
    from causalkit.plugins.registry import registry

    metrics = [registry().get(Metric, name).record.name for name in given.get("metrics", DEFAULT_METRICS)]
    diagonal = given.get("diagonal", "exclude")
    if diagonal not in ("exclude", "include"):
        raise WrongUsageError(f"the diagonal policy {diagonal!r} is unknown", "choose exclude or include")
    if given.get("tolerance", 0.0) < 0:
        raise WrongUsageError("the tolerance is negative", "give 0 or more, in units of the metric")
    if "tolerance" in given and "baseline" not in given:
        raise WrongUsageError("--tolerance needs a baseline", "name an earlier comparison with --baseline")
    if options["output"]:
        read = {"--config": options["config"], "--baseline": given.get("baseline"), "-d": given.get("data")}
        check_overwrites({"-o": options["output"]}, read)
        check_writable(options["output"])
    gates = [parse_gate(text) for text in given.get("gates", ())]
    baseline = load_baseline(given["baseline"]) if "baseline" in given else None
    return gates, baseline, diagonal, metrics


def _check_names(grid: Grid, gates: list[Gate], diagonal: str) -> None:
    """Raise before the work where a gate names a method or a data set that is not compared."""
    from causalkit.compare.gates import check_gates
    from causalkit.compare.record import CellRecord

    if gates:
        cells = [*grid.cells, *(cell for cell, _ in grid.skipped)]
        check_gates([CellRecord(cell=cell, status="skipped", reason="not yet") for cell in cells], gates, diagonal)


def _print_grid(grid: Grid) -> None:
    from causalkit.cli.console import print_table

    rows = [[cell.method, cell.data, str(cell.seed), ""] for cell in grid.cells]
    rows += [[cell.method, cell.data, str(cell.seed), f"skipped: {reason}"] for cell, reason in grid.skipped]
    title = f"{len(grid.cells)} cells in the order in which they start, {len(grid.skipped)} skipped"
    print_table(["method", "data", "seed", ""], rows, title=title, numbers=("seed",))


def _show(
    records: list[CellRecord], results: list[GateResult], metrics: Sequence[str], diagonal: str, options: dict[str, Any]
) -> None:
    from causalkit.cli.console import note
    from causalkit.compare.formats import render
    from causalkit.io import atomic_path

    text = render(records, options["format_"], metrics=metrics, diagonal=diagonal, gates=results)
    if options["output"]:
        with atomic_path(options["output"]) as temporary:
            temporary.write_text(text, encoding="utf-8")
        note(f"wrote {options['output']}", quiet=options["quiet"])
    else:
        click.echo(text, nl=False)


def _refuse_failed(results: list[GateResult]) -> None:
    """Print the gates that failed and raise where there are any."""
    from causalkit.errors import GateFailed

    failed = [result for result in results if not result.holds]
    for result in failed:
        click.echo(f"gate failed: {result.sentence}", err=True)
    if failed:
        raise GateFailed(f"{len(failed)} of {len(results)} gates failed")
