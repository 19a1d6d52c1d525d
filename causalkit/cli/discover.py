"""``causalkit discover``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from causalkit.api import DEFAULT_METHOD
from causalkit.cli.console import RANKED
from causalkit.cli.options import (
    Duration,
    ProgressBar,
    config_option,
    data_home_option,
    data_options,
    knowledge_options,
    known_beforehand,
    memory_option,
    method_options,
    note,
    preparation_options,
    pretrain_option,
    print_json,
    read_data,
    run_options,
    seed_option,
    select_option,
    truth_options,
)
from causalkit.core import processes
from causalkit.core.shell import argument
from causalkit.errors import CausalkitError, Interrupted, WrongUsageError
from causalkit.plugins.params import Tree, merge, read_config
from causalkit.plugins.records import Method
from causalkit.plugins.registry import registry

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery
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
RUN_KEYS = ("seed", "device", "dtype", "threads", "time_limit", "memory", "select", "standardize")


@click.command(epilog=EPILOG)
@click.argument("data", nargs=-1)
@click.option("--dataset", metavar="NAME", help="A data set instead of files; see: causalkit datasets.")
@click.option("-m", "--method", metavar="NAME", help=f"Method; see: causalkit methods.  [default: {DEFAULT_METHOD}]")
@method_options
@pretrain_option
@config_option
@select_option
@data_home_option
@truth_options(required=False)
@data_options
@knowledge_options
@preparation_options
@click.option("--no-standardize", is_flag=True, help="Keep the units; by default every series is standardised.")
@click.option("-o", "--output", "outputs", multiple=True, metavar="FILE", help="json, csv, npz, graphml, gexf or dot.")
@click.option("--plot", "plot_file", metavar="FILE", help="Draw a picture: png, svg, pdf, or html to search in.")
@click.option("--report", "report_file", metavar="FILE", help="Write a report: one .html file that needs no network.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON and nothing else.")
@click.option(
    "--top",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"Print the N strongest edges.  [default: all selected ones; {RANKED} where none is selected]",
)
@seed_option
@run_options
@memory_option
@click.option("--dtype", type=click.Choice(["float32", "float64"]), help="Precision.  [default: float32]")
@click.option("--checkpoint", metavar="FILE", help="Save the state of training to a .safetensors file.")
@click.option("--resume", is_flag=True, help="Resume training from --checkpoint.")
@click.option("-q", "--quiet", is_flag=True, help="Print only the table.")
def discover(data: tuple[str, ...], **options: Any) -> None:
    """Find the Granger-causal graph of DATA: files or a folder with realisations of the same series.

    A table has one column for each series and one row for each time step. A time column is recognised and is not used
    as a series; where its time starts again, a new realisation begins.
    """
    with processes.joined():
        try:
            _discover(data, options)
        except KeyboardInterrupt:  # before the training, or while results are written and printed
            raise _stopped(options["checkpoint"]) from None


def _discover(data: tuple[str, ...], options: dict[str, Any]) -> None:
    """Find the graph; print and write it, where this is the only or the first process of the run."""
    from causalkit import api
    from causalkit.cli.refits import ExpectedTime
    from causalkit.cli.results import metrics_table, show_discovery, show_metrics
    from causalkit.selection.default import check_rule

    quiet = options["quiet"] or options["as_json"]
    tree = _tree(options)
    run = _typed({key: tree.pop(key) for key in RUN_KEYS if key in tree})
    known = _understood(known_beforehand(tree, options))
    method = str(tree.pop("method", DEFAULT_METHOD))
    dataset = tree.pop("dataset", {})
    checkpoint = options["checkpoint"]
    check_rule(run.get("select"))
    if method != DEFAULT_METHOD:  # whoever named none is to hear of the data first
        registry().get(Method, method)
    _check_outputs(data, options)
    panel, truth = read_data(data, options, dataset=dataset, seed=run.get("seed", 0))
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
                for text in panel.notes:  # how the table was read may be the cause
                    note(f"note     {text}", quiet=options["quiet"])
                raise unselected from None
            discovery = scores.discovery  # the scores took the time: save them before the error is reported
    if processes.rank():
        return
    written, unwritten = _write(discovery, truth, options, scores_only=unselected is not None)
    if unselected:
        raise unselected
    if options["as_json"]:
        from causalkit.io.results.record import to_record

        record = to_record(discovery)
        if truth is not None:
            record["evaluation"] = metrics_table(discovery, truth)
        print_json(record)
        _refuse(unwritten)
        return
    show_discovery(discovery, options["top"], quiet=quiet)
    if truth is not None:
        show_metrics(discovery, truth, quiet=quiet)
    for path in written:
        note(f"wrote    {path}", quiet=quiet)
    _refuse(unwritten)


def _write(
    discovery: Discovery, truth: Truth | None, options: dict[str, Any], *, scores_only: bool
) -> tuple[list[str], list[Exception]]:
    """Write all files; return those that were written, and why others could not be.

    Where one cannot be written, the others are, and the edges are printed: they may have taken hours.
    """
    written: list[str] = []
    refused: list[Exception] = []

    def plotted(path: str) -> None:
        from causalkit.plotting import plot

        plot(discovery, path, truth=truth)

    def reported(path: str) -> None:
        from causalkit.report import report_discovery

        report_discovery(discovery, path, truth=truth)

    wanted: list[tuple[str, Callable[[str], Any]]] = [(path, discovery.save) for path in options["outputs"]]
    if not scores_only:
        drawn = ((options["plot_file"], plotted), (options["report_file"], reported))
        wanted += [(path, write) for path, write in drawn if path]
    for path, write in wanted:
        try:
            write(path)
            written.append(path)
        except Exception as error:  # a folder may have vanished; the edges are printed all the same
            refused.append(error)
    return written, refused


def _refuse(unwritten: list[Exception]) -> None:
    """Report the first file that could not be written."""
    if unwritten:
        raise unwritten[0]


class _Scores:
    """An observer that keeps the scores, in case no edges can be selected."""

    discovery: Discovery | None = None

    def on_scores(self, discovery: Discovery) -> None:
        """Keep the scores."""
        self.discovery = discovery


def _readable(
    error: CausalkitError | KeyboardInterrupt, checkpoint: str | None, scores: Discovery | None
) -> CausalkitError:
    """Return the error to report; that of an interrupt names the work that is kept."""
    if isinstance(error, CausalkitError):
        return error
    if scores is not None:
        return Interrupted("interrupted while edges were selected", "the files of -o contain the scores alone")
    return _stopped(checkpoint)


def _stopped(checkpoint: str | None) -> Interrupted:
    """Return the error of an interrupt, with what continues the run."""
    if checkpoint and os.path.exists(checkpoint):  # an interrupt before training leaves none
        return Interrupted("interrupted", f"continue with --checkpoint {argument(checkpoint)} --resume")
    return Interrupted("interrupted")


def _tree(options: dict[str, Any]) -> Tree:
    """Bring everything that can be set into one tree: configuration file < options < --set."""
    from causalkit.api import parameter_tree

    keys = ("method", "seed", "device", "dtype", "threads", "time_limit", "memory", "select")
    given: Tree = {key: options[key] for key in keys if options[key] is not None}
    if options["dataset"]:
        given["dataset"] = {"name": options["dataset"]}
    if options["no_standardize"]:
        given["standardize"] = False
    tree = read_config(options["config"]) if options["config"] else {}
    parts = {key: options[key] for key in ("lag", "forecaster", "regularizer", "settings")}
    return parameter_tree(merge(tree, given), pretrain=list(options["pretrain"]) or None, **parts)


def _typed(run: Tree) -> Tree:
    """Check settings of the run from a configuration file or --set like options."""
    from causalkit.api import discover as function
    from causalkit.plugins.params import resolve, signature_of

    if isinstance(run.get("time_limit"), str):
        run["time_limit"] = Duration().convert(run["time_limit"], None, None)
    others = signature_of(function).keys() - run.keys()
    return resolve(function, run, what="causalkit discover", supplied=others)


def _understood(known: Tree) -> Tree:
    """Read background knowledge, preparation and interventions before the data, so that mistakes show at once."""
    from causalkit.core.preparation import Preparation
    from causalkit.io.background import interventions_of, knowledge_of

    readers = {"knowledge": knowledge_of, "preparation": Preparation.of, "interventions": interventions_of}
    return {key: readers[key](value) for key, value in known.items()}


def _check_outputs(data: tuple[str, ...], options: dict[str, Any]) -> None:
    """Refuse files that cannot be written before any work is done, and those that would replace what is read."""
    from causalkit.io import check_overwrites, check_writable, writer_for

    written = {"-o": "outputs", "--plot": "plot_file", "--report": "report_file", "--checkpoint": "checkpoint"}
    read = {"--truth": "truth_file", "--config": "config", "--pretrain": "pretrain"}
    read |= {"--regulators": "regulators", "--intervention": "intervention"}
    check_overwrites(
        {option: options[key] for option, key in written.items()},
        {"DATA": data} | {option: options[key] for option, key in read.items()},
    )

    for path in options["outputs"]:
        writer_for(path)
        check_writable(path)
    if options["plot_file"]:
        from causalkit.plotting import check_suffix

        check_writable(check_suffix(options["plot_file"], interactive=True))
    if options["report_file"]:
        from causalkit.report.page import check_html

        check_html(options["report_file"])
    if options["checkpoint"]:
        check_writable(options["checkpoint"])
        path = Path(options["checkpoint"])
        stages = (path, path.with_suffix(f".pretrain{path.suffix}"))
        if options["resume"] and not any(map(os.path.exists, stages)):
            raise WrongUsageError(
                f"{options['checkpoint']}: there is no checkpoint to resume from",
                "leave out --resume to start from the beginning",
            )
