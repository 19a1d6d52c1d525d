"""``causalkit robustness``: attack the forecaster of a method or of a result, and see what is left of its graph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from causalkit.cli.options import (
    data_home_option,
    data_options,
    method_options,
    note,
    pretrain_option,
    print_json,
    run_options,
    truth_options,
)
from causalkit.errors import WrongUsageError

if TYPE_CHECKING:
    from causalkit_robust.robustness import Robustness
    from causalkit_robust.threats import Threat

DEFAULT_EPSILONS = "0.05,0.1,0.2,0.5"
EPILOG = """
\b
Examples:
  causalkit robustness --method grngc --dataset lorenz96 --eps 0.1,0.2
  causalkit robustness result.json measurements.csv --truth truth.csv --plot robust.png
  causalkit robustness -m grngc mine.csv --pretrain simulated.csv --per step -o robust.json
  causalkit robustness forecaster.safetensors mine.csv --no-refit
"""


class Epsilons(click.ParamType):  # type: ignore[type-arg]  # generic in new versions of click only
    """Converts ``0.1,0.2`` to numbers above 0."""

    name = "epsilons"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Return the numbers."""
        if isinstance(value, tuple):
            return value
        try:
            found = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} are no numbers; write for example 0.1,0.2", param, ctx)
        if not all(0 < number < float("inf") for number in found):
            self.fail(f"{value!r}: every epsilon must be above 0", param, ctx)
        return found


@click.command(epilog=EPILOG)
@click.argument("what", nargs=-1, metavar="[RESULT] [DATA]...")
@click.option("--dataset", metavar="NAME", help="A data set instead of files: lorenz96, 'lorenz96[steps=300]'.")
@click.option("-m", "--method", metavar="NAME", help="Train this neural method; without it, RESULT says what to train.")
@method_options
@pretrain_option
@click.option(
    "--eps", type=Epsilons(), default=DEFAULT_EPSILONS, show_default=True, metavar="LIST",
    help="Largest changes of a cell, in training standard deviations.",
)  # fmt: skip
@click.option(
    "--attack", type=click.Choice(["pgd", "fgsm", "noise"]), default="pgd", show_default=True, help="How to perturb."
)
@click.option("--steps", type=click.IntRange(min=1), default=20, show_default=True, help="Gradients that PGD takes.")
@click.option(
    "--per", type=click.Choice(["window", "step"]), default="window", show_default=True,
    help="Perturb each window by itself, or each time step of the series once.",
)  # fmt: skip
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Perturb the last N steps of a window only.")
@click.option("--attack-series", multiple=True, metavar="NAME", help="Perturb this series only; may be repeated.")
@click.option("--top", type=click.IntRange(min=1), metavar="K", help="Pairs that make the graph.  [default: 10 %]")
@click.option("--refit/--no-refit", default=True, show_default=True, help="Fit the graph again to perturbed data.")
@data_home_option
@truth_options(required=False)
@data_options
@click.option("-o", "--output", metavar="FILE", help="Write all numbers: .json.")
@click.option("--plot", "plot_file", metavar="FILE", help="A picture: png, svg or pdf.")
@click.option("--json", "as_json", is_flag=True, help="Print all numbers as JSON and nothing else.")
@click.option("--seed", type=click.IntRange(min=0), help="Random seed.  [default: 0, or that of RESULT]")
@run_options
@click.option("-q", "--quiet", is_flag=True, help="Print only the table.")
def robustness(what: tuple[str, ...], **options: Any) -> None:
    """Attack a forecaster: by how much its error grows, and how much of its graph is left.

    RESULT is what causalkit discover wrote (.json or .npz), with the DATA that it was made of: its method is trained
    again, on four fifths of them, and judged by the rest. Or it is a forecaster of causalkit pretrain (.safetensors),
    which is judged as it is by all of DATA. With --method, every argument is DATA.
    """
    from causalkit_robust.robustness import measure
    from causalkit_robust.subject import Subject
    from causalkit_robust.table import show

    quiet = options["quiet"] or options["as_json"]
    _check_outputs(what, options)
    threat = _threat(options)
    subject = Subject(what, options, quiet)
    trial, notes = subject.trial(threat)
    with _Steps(quiet) as steps:
        report = measure(
            trial,
            method=subject.name,
            data=subject.panel.source,
            epsilons=options["eps"],
            threat=threat,
            refit=options["refit"],
            truth=subject.truth,
            said=steps.say,
        )
    report = replace(report, notes=(*notes, *report.notes))
    if options["output"]:
        _write(report, options["output"])
    if options["plot_file"]:
        from causalkit_robust.plot import plot_robustness

        plot_robustness(report, options["plot_file"])
    if options["as_json"]:
        print_json(report.to_json())
        return
    show(report, quiet=quiet)
    for path in filter(None, [options["output"], options["plot_file"]]):
        note(f"wrote    {path}", quiet=quiet)


class _Steps:
    """Says on a terminal what is done next."""

    def __init__(self, quiet: bool) -> None:
        import sys

        self._active = not quiet and sys.stderr.isatty()
        self._status: Any = None

    def __enter__(self) -> _Steps:
        if self._active:
            from rich.console import Console

            self._status = Console(stderr=True).status("attack")
            self._status.start()
        return self

    def __exit__(self, *fault: object) -> None:
        if self._status is not None:
            self._status.stop()

    def say(self, step: str) -> None:
        """Show the step."""
        if self._status is not None:
            self._status.update(step)


def _threat(options: dict[str, Any]) -> Threat:
    from causalkit_robust.threats import Threat

    return Threat(
        attack=options["attack"],
        per=options["per"],
        steps=options["steps"],
        last=options["last"],
        series=tuple(options["attack_series"]) or None,
    )


def _check_outputs(what: tuple[str, ...], options: dict[str, Any]) -> None:
    from causalkit.io import check_overwrites, check_writable

    written = {"-o": options["output"], "--plot": options["plot_file"]}
    check_overwrites(written, {"an argument": what, "--truth": options["truth_file"]})

    if options["output"]:
        if Path(options["output"]).suffix != ".json":
            raise WrongUsageError(f"the report cannot be written to {options['output']}", "use the suffix .json")
        check_writable(options["output"])
    if options["plot_file"]:
        from causalkit.plotting import check_suffix

        check_writable(check_suffix(options["plot_file"]))


def _write(report: Robustness, path: str) -> None:
    import json

    from causalkit.io import atomic_path

    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(report.to_json(), indent=1, allow_nan=False) + "\n", encoding="utf-8")
