"""The command line of the experiment."""

from __future__ import annotations

import time
from pathlib import Path

import click
import torch

from benchmarks.robust_images.report import as_markdown, write
from benchmarks.robust_images.study import WEIGHTS, Plan, Row, Study
from causalkit.errors import CausalkitError
from causalkit.io import check_writable

SUFFIXES = (".csv", ".json", ".png", ".svg", ".pdf")


@click.command(help=__doc__)
@click.option("--seeds", default="0:10", show_default=True, help="First and one past the last seed.")
@click.option("--distances", default="mmd", show_default=True, help=f"Several by comma, or all: {', '.join(WEIGHTS)}.")
@click.option("--unlabelled", type=click.IntRange(2), help="Target images without classes; default: all 446.")
@click.option("-o", "--output", "outputs", multiple=True, type=Path, help=f"A file: {', '.join(SUFFIXES)}. Repeatable.")
def main(seeds: str, distances: str, unlabelled: int | None, outputs: tuple[Path, ...]) -> None:
    first, _, end = seeds.partition(":")
    if not (first.isdigit() and end.isdigit() and int(first) < int(end)):
        raise click.BadParameter("expected FIRST:END, for example 0:10", param_hint="--seeds")
    chosen = tuple(WEIGHTS) if distances == "all" else tuple(distances.split(","))
    if unknown := [name for name in chosen if name not in WEIGHTS]:
        raise click.BadParameter(f"unknown: {unknown[0]}; known: {', '.join(WEIGHTS)}, all", param_hint="--distances")
    try:
        for path in outputs:
            check_writable(path)
            if path.suffix not in SUFFIXES:
                raise click.BadParameter(f"{path}: expected one of {', '.join(SUFFIXES)}", param_hint="--output")
    except CausalkitError as error:
        raise click.BadParameter(str(error), param_hint="--output") from error
    torch.set_num_threads(1)
    plan = Plan(distances=chosen, unlabelled=unlabelled)
    clock = time.perf_counter()
    rows: list[Row] = []
    for seed in range(int(first), int(end)):
        rows += Study(seed, plan, say=lambda line: click.echo(line, err=True)).run()
        click.echo(f"seed {seed} done after {time.perf_counter() - clock:.0f} s", err=True)
        for path in outputs:  # after every seed, so that an interrupted run leaves what it has
            write(rows, path)
    click.echo(as_markdown(rows))


if __name__ == "__main__":
    main()
