"""``causalkit compare merge``, ``publish`` and ``curves``: what is done with folders of records."""

from __future__ import annotations

from typing import Any

import click

from causalkit.cli.options.summary import format_option, metrics_option

_METRICS = ("auroc", "auprc")


@click.command(epilog="Example:  causalkit compare merge machine-a machine-b --out both")
@click.argument("folders", nargs=-1, required=True, metavar="DIR...")
@click.option("--out", required=True, metavar="DIR", help="Folder of all records: a new one, or one to add to.")
@metrics_option
@click.option(
    "--diagonal",
    type=click.Choice(["exclude", "include"]),
    default="exclude",
    show_default=True,
    help="Exclude or include self-edges.",
)
@format_option
@click.option("-q", "--quiet", is_flag=True, help="Print only the summary.")
def merge(
    folders: tuple[str, ...], out: str, metrics: tuple[str, ...], diagonal: str, format_: Any, quiet: bool
) -> None:
    """Put the records of several folders into one, as of a comparison that several machines computed in parts.

    Each DIR is a folder of causalkit compare --out. Where two have the same cell, a result is preferred to a failure,
    and the first folder to later ones.
    """
    from causalkit.cli.console import note
    from causalkit.compare.engine import unequal_data
    from causalkit.compare.formats import render
    from causalkit.compare.merge import merge_folders
    from causalkit.errors import DataError
    from causalkit.plugins.records import Metric
    from causalkit.plugins.registry import registry

    names = [registry().get(Metric, name).record.name for name in metrics or _METRICS]
    merged = merge_folders(folders, out)
    note(f"{len(merged.records)} records in {out}", quiet=quiet)
    for sentence in merged.notes:
        note(sentence, quiet=quiet)
    click.echo(render(merged.records, format_, metrics=names, diagonal=diagonal), nl=False)
    if unequal := unequal_data(merged.records):
        raise DataError(unequal, "methods must see equal data; simulate once and compare on the files")


@click.command(epilog="Example:  causalkit compare publish causalkit-compare -o site")
@click.argument("folders", nargs=-1, required=True, metavar="DIR...")
@click.option("-o", "--output", required=True, metavar="DIR", help="Folder of the pages: a new one, or one to add to.")
@click.option("--metric", default="auroc", show_default=True, metavar="NAME", help="The metric that ranks methods.")
@click.option("--title", default="Leaderboard", show_default=True, help="Title of the pages.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing.")
def publish(folders: tuple[str, ...], output: str, metric: str, title: str, quiet: bool) -> None:
    """Write a leaderboard as static pages, or add results to one that is there.

    Each data set with its settings is a task. A task gets a new version when its data or settings change; earlier
    versions stay as they are. The pages need no network and run no script: any web server, or a browser alone, shows
    them.
    """
    from causalkit.cli.console import note
    from causalkit.report.leaderboard import publish_leaderboard

    published = publish_leaderboard(folders, output, metric=metric, title=title)
    for sentence in published.notes:
        note(sentence, quiet=quiet)
    note(f"wrote {published.index}", quiet=quiet)


@click.command(epilog="Example:  causalkit compare curves causalkit-compare --data lorenz96 -o curves.png")
@click.argument("folder", metavar="DIR")
@click.option("-o", "--output", required=True, metavar="FILE", help="Picture: .png, .svg or .pdf.")
@click.option("--data", metavar="NAME", help="The data set, as the table calls it; needed where there are several.")
@click.option(
    "--quantity",
    type=click.Choice(["held-out-error", "auroc-by-truth"]),
    default="held-out-error",
    show_default=True,
    help="What is drawn against time.",
)
def curves(folder: str, output: str, data: str | None, quantity: str) -> None:
    """Draw the error on held-out windows, or AUROC, against the time of the fit.

    AUROC needs the truth. It is known in the course of training where scores were kept (training.snapshots=5);
    otherwise, each fit is a single point.
    """
    from causalkit.cli.console import note
    from causalkit.compare import load_records
    from causalkit.errors import DataError, UnknownNameError, did_you_mean
    from causalkit.plotting import check_suffix, plot_convergence, save_figure
    from causalkit.plotting.style import root
    from causalkit.report.sections.convergence import AUROC, HELD_OUT, auroc_by_truth, held_out

    check_suffix(output)
    records = load_records(folder)
    names = sorted({record.cell.data for record in records})
    if data is None and len(names) > 1:
        raise UnknownNameError(f"{folder} has {len(names)} data sets", f"choose one with --data: {', '.join(names)}")
    if data is not None and data not in names:
        raise UnknownNameError(f"{folder} has no data set {data!r}", did_you_mean(data, names))
    records = [record for record in records if record.ok and record.cell.data == (data or names[0])]
    by_truth = quantity == "auroc-by-truth"
    fits = auroc_by_truth(records) if by_truth else held_out(records)
    if not any(len(fit.seconds) or fit.last for fit in fits):
        raise DataError(
            f"no record in {folder} has {'a metric auroc' if by_truth else 'an error on held-out windows'}",
            "methods with epochs and held-out windows have one" if not by_truth else "compare on data with a truth",
        )
    save_figure(root(plot_convergence(fits, quantity=AUROC if by_truth else HELD_OUT)), output)
    note(f"wrote {output}")
