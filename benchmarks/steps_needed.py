"""How many true and false edges are found in recordings of different lengths; a section of docs/how-many-steps.md.

python benchmarks/steps_needed.py                        # about five minutes; print the section
python benchmarks/steps_needed.py --seeds 0:1            # a third of it
python benchmarks/steps_needed.py --write docs/how-many-steps.md --picture docs/images/how-many-steps.svg

Every fit has all settings at their defaults, but for `--lag auto`, as a user gets them who gives data and nothing else.
A shorter recording is the beginning of the longest one of its seed. Everything runs on one thread.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from page_section import replace_section

import causalkit
from causalkit.compare.settings import parse_seeds
from causalkit.plotting import save_figure, style

SECTION = "steps needed"
SYSTEMS = {"var": "var, linear", "tanh-var": "tanh-var, nonlinear"}
METHODS = ("grngc", "var")
LEVEL = 0.05
STEPS = (50, 100, 150, 200, 300, 500, 1000)
COMMAND = "OMP_NUM_THREADS=1 python benchmarks/steps_needed.py"


@dataclass(frozen=True)
class Found:
    """What a fit found: numbers of pairs of different series."""

    system: str
    method: str
    steps: int
    selected: int
    right: int
    true: int

    @property
    def power(self) -> float:
        """Return the share of the true edges that was found."""
        return self.right / self.true

    @property
    def false_share(self) -> float:
        """Return the share of the found edges that are false; 0 if none was found."""
        return (self.selected - self.right) / max(1, self.selected)


def fits(seeds: Sequence[int]) -> list[Found]:
    """Fit every method to recordings of every length."""
    found = []
    for system in SYSTEMS:
        for seed in seeds:
            panel, truth = causalkit.simulate(system, seed=seed, steps=max(STEPS))
            true = truth.edges & ~np.eye(panel.series, dtype=bool)
            for steps in STEPS:
                for method in METHODS:
                    data = causalkit.Panel.of(panel.realisations[0][:steps])
                    discovery = causalkit.discover(data, method=method, lag="auto", seed=seed)
                    pairs = discovery.pair_selected
                    selected = np.zeros_like(true) if pairs is None else pairs & ~np.eye(len(true), dtype=bool)
                    numbers = int(selected.sum()), int((selected & true).sum()), int(true.sum())
                    found.append(Found(system, method, steps, *numbers))
            print(f"{system}, seed {seed}", flush=True)
    return found


def of(found: Sequence[Found], system: str, method: str, steps: int) -> list[Found]:
    return [one for one in found if (one.system, one.method, one.steps) == (system, method, steps)]


def section(found: Sequence[Found], seeds: int, seconds: float) -> str:
    """Return the table of the page."""
    heads = [f"{kind}, `{method}`" for method in METHODS for kind in ("true edges found", "false share")]
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d} by `{COMMAND}`: ten series, means over {seeds} seeds, "
        f"{seconds / 60:.0f} minutes of processor time on one thread, torch {torch.__version__.partition('+')[0]}.",
        "",
        f"| system | steps | {' | '.join(heads)} |",
        f"|---|---|{'---|' * len(heads)}",
    ]
    for system in SYSTEMS:
        for steps in STEPS:
            cells = []
            for method in METHODS:
                group = of(found, system, method, steps)
                cells += [
                    f"{statistics.mean(one.power for one in group):.2f}",
                    f"{statistics.mean(one.false_share for one in group):.2f}",
                ]
            lines.append(f"| {SYSTEMS[system]} | {steps} | {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(found: Sequence[Found], path: Path) -> None:
    """Draw the shares of true and of false edges against the number of steps, one part a system."""
    figure = style.new_figure(6.4, 6.6)
    for ax, system in zip(figure.subplots(len(SYSTEMS)), SYSTEMS, strict=True):
        for at, method in enumerate(METHODS):
            curve(ax, found, system, method, style.LINES[at])
        ax.axhline(LEVEL, color=style.MUTED, linewidth=1.2, linestyle=":", label=f"level of the tests, {LEVEL}")
        ax.set_xscale("log")
        ax.set_xticks(STEPS, [str(steps) for steps in STEPS])
        ax.minorticks_off()
        ax.set_ylim(-0.04, 1.04)
        style.title(ax, SYSTEMS[system])
        style.frame(ax)
        style.label_axes(ax, "time steps", "share of edges")
    style.legend(figure.axes[0], loc="center right")
    save_figure(figure, path)


def curve(ax: Axes, found: Sequence[Found], system: str, method: str, color: str) -> None:
    """Draw the curves of a method, with every seed as a point."""
    for value, line, mark, words in (
        ("power", "-", "o", "true edges found"),
        ("false_share", "--", "x", "false among the found"),
    ):
        groups = [[getattr(one, value) for one in of(found, system, method, steps)] for steps in STEPS]
        for steps, group in zip(STEPS, groups, strict=True):
            ax.plot([steps] * len(group), group, mark, color=color, markersize=3, alpha=0.4)
        means = [statistics.mean(group) for group in groups]
        ax.plot(STEPS, means, line, color=color, linewidth=style.LINE, label=f"{method}: {words}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=parse_seeds, default=parse_seeds("0:3"))
    parser.add_argument("--write", type=Path, help="page whose section is replaced")
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    started = time.process_time()
    found = fits(given.seeds)
    text = section(found, len(given.seeds), time.process_time() - started)
    print(text)
    if given.write:
        replace_section(given.write, SECTION, text)
    if given.picture:
        draw(found, given.picture)


if __name__ == "__main__":
    main()
