"""``causalkit discover``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from causalkit.api import DEFAULT_METHOD
from causalkit.cli.data_options import data_home_option, data_options, read_panel, read_truth, truth_options
from causalkit.cli.duration import Duration
from causalkit.cli.knowledge_options import knowledge_options, known_beforehand, preparation_options
from causalkit.cli.lag import LagParam
from causalkit.errors import CausalkitError, Interrupted, ParameterError, WrongUsageError
from causalkit.plugins.params import Tree, merge, parse_settings, read_config

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery
    from causalkit.core.panel import Panel
    from causalkit.core.truth import Truth

EPILOG = """
\b
Examples:
  causalkit discover --dataset lorenz96
  causalkit discover measurements.csv --lag 3 -o edges.csv --plot graph.png
  causalkit discover trial1.csv trial2.csv trial3.csv --method var --select fdr:0.05
  causalkit discover measurements.csv --method var --select surrogate:fdr=0.05
  causalkit discover mine.csv --pretrain simulated.csv
  causalkit discover genes.csv --regulators factors.txt --forbid 'reporter->*'
  causalkit discover monthly.csv --detrend linear+seasonal:12
  causalkit discover cells.csv --panel-column mouse --forecaster kan -s training.epochs=400 -o result.json
"""
RUN_KEYS = ("seed", "device", "dtype", "threads", "time_limit", "select", "standardize")


@click.command(epilog=EPILOG)
@click.argument("data", nargs=-1)
@click.option("--dataset", metavar="NAME", help="A data set instead of files; see: causalkit datasets.")
@click.option("-m", "--method", metavar="NAME", help=f"Method; see: causalkit methods.  [default: {DEFAULT_METHOD}]")
@click.option("--forecaster", metavar="NAME", help="Another forecaster for a neural method.")
@click.option("--regularizer", metavar="NAME", help="Another regularizer, or several joined by +.")
@click.option(
    "--pretrain", multiple=True, metavar="SOURCE", help="Learn from this first: a file, a data set, a .safetensors."
)
@click.option("-s", "--set", "settings", multiple=True, metavar="KEY=VALUE", help="A parameter; see: causalkit show.")
@click.option("--config", metavar="FILE", help="Parameters from a TOML file; --set wins over it.")
@click.option("--lag", type=LagParam(), metavar="K|auto", help="How many past steps may act.")
@click.option(
    "--select", metavar="RULE", help="Turn scores into edges: top-k:20, fdr:0.05, stability, surrogate:0.05, ..."
)
@data_home_option
@truth_options(required=False)
@data_options
@knowledge_options
@preparation_options
@click.option("--no-standardize", is_flag=True, help="Keep the units; default is mean 0 and deviation 1 a series.")
@click.option("-o", "--output", "outputs", multiple=True, metavar="FILE", help="json, csv, npz, graphml, gexf or dot.")
@click.option("--plot", "plot_file", metavar="FILE", help="A picture: png, svg or pdf.")
@click.option("--report", "report_file", metavar="FILE", help="A report: one .html file that needs no network.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON and nothing else.")
@click.option("--top", default=20, show_default=True, help="How many edges to print.")
@click.option("--seed", type=int, help="Of every random draw.  [default: 0]")
@click.option("--device", metavar="NAME", help="auto, cpu or cuda.  [default: auto]")
@click.option("--dtype", type=click.Choice(["float32", "float64"]), help="Precision.  [default: float32]")
@click.option("--threads", type=int, help="Of the numeric libraries.  [default: 1]")
@click.option("--time-limit", type=Duration(), help="End training after this time: 90s, 10m, 2h.")
@click.option("--checkpoint", metavar="FILE", help="Keep the state of training in a .safetensors file.")
@click.option("--resume", is_flag=True, help="Go on from --checkpoint.")
@click.option("-q", "--quiet", is_flag=True, help="Print the table only.")
def discover(data: tuple[str, ...], **options: Any) -> None:
    """Find the Granger-causal graph of DATA: files, or a folder, that hold realisations of the same series.

    A table has one column a series and one row a time step. A time column is recognised and not used as a series; where
    it starts again, a new realisation begins.
    """
    from causalkit import api
    from causalkit.cli.console import note, print_json
    from causalkit.cli.progress import ProgressBar
    from causalkit.cli.refits import ExpectedTime
    from causalkit.cli.results import metrics_table, show_discovery, show_metrics
    from causalkit.selection import parse_rule

    quiet = options["quiet"] or options["as_json"]
    tree = _tree(options)
    run = {key: tree.pop(key) for key in RUN_KEYS if key in tree}
    run = _typed(run)
    known = _understood(known_beforehand(tree, options))
    method = str(tree.pop("method", DEFAULT_METHOD))
    dataset = tree.pop("dataset", {})
    checkpoint = options["checkpoint"]
    if run.get("select"):
        parse_rule(run["select"])
    _check_outputs(options)
    panel, truth = _data(data, dataset, run.get("seed", 0), options)
    scores = _Scores()
    unselected: CausalkitError | None = None
    with ProgressBar(not quiet) as progress:
        try:
            discovery = api.discover(
                panel,
                method=method,
                params=tree,
                checkpoint=checkpoint,
                resume=options["resume"],
                observers=[progress, ExpectedTime(not quiet), scores],
                **known,
                **run,
            )
        except (CausalkitError, KeyboardInterrupt) as error:
            unselected = _readable(error, checkpoint, scores.discovery)
            if scores.discovery is None:
                raise unselected from None
            discovery = scores.discovery  # the scores took the time: save them before the error is reported
    for path in options["outputs"]:
        discovery.save(path)
    if unselected:
        raise unselected
    if options["plot_file"]:
        from causalkit.plotting import plot

        plot(discovery, options["plot_file"], truth=truth)
    if options["report_file"]:
        from causalkit.report import report_discovery

        report_discovery(discovery, options["report_file"], truth=truth)
    if options["as_json"]:
        from causalkit.io.results.record import to_record

        record = to_record(discovery)
        if truth is not None:
            record["evaluation"] = metrics_table(discovery, truth)
        print_json(record)
        return
    show_discovery(discovery, options["top"], quiet=quiet)
    if truth is not None:
        show_metrics(discovery, truth, quiet=quiet)
    for path in [*options["outputs"], *filter(None, [options["plot_file"], options["report_file"]])]:
        note(f"wrote    {path}", quiet=quiet)


class _Scores:
    """An observer that keeps the scores, in case no edges can be selected."""

    discovery: Discovery | None = None

    def on_scores(self, discovery: Discovery) -> None:
        """Keep them."""
        self.discovery = discovery


def _readable(
    error: CausalkitError | KeyboardInterrupt, checkpoint: str | None, scores: Discovery | None
) -> CausalkitError:
    """Return the error to report; of an interrupt, it says what is left of the work."""
    if isinstance(error, CausalkitError):
        return error
    if scores is not None:
        return Interrupted("interrupted while edges were selected", "the files of -o contain the scores alone")
    return Interrupted("interrupted", f"continue with --checkpoint {checkpoint} --resume" if checkpoint else "")


def _tree(options: dict[str, Any]) -> Tree:
    """Bring everything that can be set into one tree: configuration file < options < --set."""
    tree = read_config(options["config"]) if options["config"] else {}
    given: Tree = {
        key: options[key]
        for key in ("method", "lag", "seed", "device", "dtype", "threads", "time_limit", "select")
        if options[key] is not None
    }
    given |= {key: {"name": options[key]} for key in ("dataset", "forecaster", "regularizer") if options[key]}
    if options["pretrain"]:
        given["pretrain"] = {"source": list(options["pretrain"])}
    if options["no_standardize"]:
        given["standardize"] = False
    return merge(merge(tree, given), parse_settings(options["settings"]))


def _typed(run: Tree) -> Tree:
    """Check what a configuration file or --set says about the run as if it had been an option."""
    from causalkit.api import discover as function
    from causalkit.plugins.params import resolve, signature_of

    if isinstance(run.get("time_limit"), str):
        run["time_limit"] = Duration().convert(run["time_limit"], None, None)
    others = [name for name in signature_of(function) if name not in RUN_KEYS]
    resolved = resolve(function, run, what="causalkit discover", supplied=others)
    return {key: resolved[key] for key in run}


def _understood(known: Tree) -> Tree:
    """Read what is known beforehand, so that mistakes in it show before data are read."""
    from causalkit.core.preparation import Preparation
    from causalkit.io.background import interventions_of, knowledge_of

    readers = {"knowledge": knowledge_of, "preparation": Preparation.of, "interventions": interventions_of}
    return {key: readers[key](value) for key, value in known.items()}


def _check_outputs(options: dict[str, Any]) -> None:
    """Refuse files that cannot be written before any work is done."""
    from causalkit.io import check_writable, writer_for

    for path in options["outputs"]:
        writer_for(path)
        check_writable(path)
    if options["plot_file"]:
        from causalkit.plotting import check_suffix

        check_writable(check_suffix(options["plot_file"]))
    if options["report_file"]:
        from causalkit.report.page import check_html

        check_html(options["report_file"])
    if options["checkpoint"]:
        check_writable(options["checkpoint"])
        path = Path(options["checkpoint"])
        stages = (path, path.with_suffix(f".pretrain{path.suffix}"))
        if options["resume"] and not any(stage.exists() for stage in stages):
            raise WrongUsageError(
                f"{options['checkpoint']}: there is no checkpoint to resume from", "leave out --resume to start anew"
            )


def _data(paths: tuple[str, ...], dataset: Any, seed: int, options: dict[str, Any]) -> tuple[Panel, Truth | None]:
    """Return panel and truth from files or from a data set."""
    from causalkit import api

    dataset = dict(dataset) if isinstance(dataset, dict) else {"name": dataset}
    name = dataset.pop("name", None)
    truth = None
    if paths and name:
        raise WrongUsageError("both files and a data set are given", "give DATA or --dataset, not both")
    if name:
        panel, truth = api.simulate(str(name), seed=seed, **dataset)
        panel = panel.drop(options["drop"])
    elif paths:
        if dataset:
            raise ParameterError(
                f"dataset.{next(iter(dataset))} is set, but no data set is used", "name it by --dataset"
            )
        panel = read_panel(
            paths,
            options["panel_column"],
            options["time_column"],
            options["drop"],
            options["irregular"],
            options["resample"],
        )
    else:
        raise WrongUsageError("there is nothing to read", "give files, or --dataset NAME (see: causalkit datasets)")
    if options["truth_file"]:
        truth = read_truth(options["truth_file"], panel.names, options["truth_orientation"])
    elif truth is not None and options["drop"]:
        truth = None  # the true graph of a system is not that of a part of it
    return panel, truth
