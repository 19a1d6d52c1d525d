"""Every simulator at 1, 2, 5 and 10 times its sampling rate, and through noise; a section of docs/benchmarks.md.

python benchmarks/sampling_rates.py --seeds 0:2                               # compute what is missing, print tables
python benchmarks/sampling_rates.py --seeds 0:2 --only lorenz96 bold
python benchmarks/sampling_rates.py --seeds 0:2 --write docs/benchmarks.md    # put them between the markers of a page

Panels have 10 series and 500 steps at every rate: a higher rate shows less time, not more steps. Maps and
autoregressions have no time between two steps, so only their noise varies. Observation noise is Gaussian; its standard
deviation is given in units of that of each series without it. Every fit becomes a record in the folder --out, which
`causalkit report` reads too, and is never computed twice.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
from page_section import replace_section
from published import Progress, chosen, seeds_in_words
from published_page import NONE, short

import causalkit
from causalkit import Panel, Truth
from causalkit.compare import CellRecord, run_grid
from causalkit.compare.settings import parse_seeds
from causalkit.display.words import count
from causalkit.errors import CausalkitError
from causalkit.io import check_writable, write_panel, write_truth
from causalkit.plugins.specification import Specification, parse_specification

SECTION = "sampling rates"
RATES = (1, 2, 5, 10)
NOISES = (0.0, 0.3, 1.0)
METHODS = {"default": "grngc", "mlp": "grngc[forecaster=mlp]", "var": "var"}
SHOWN = {"default": ("forecaster", "strength", "lag"), "mlp": ("strength", "lag"), "var": ("lag",)}
BEHIND = 0.02
"""AUROC by which one method has to be below another to count as behind it."""
ONE_RECORDING = {"series": 10, "steps": 500}
# Without noise of observation. The noise that drives a system stays.
SYSTEMS: dict[str, Mapping[str, Any]] = {
    "lorenz96": {**ONE_RECORDING, "noise": 0.0},
    "gene-network": {"series": 10, "steps": 20, "realisations": 25, "noise": 0.0, "proportional_noise": 0.0},
    "bold": {**ONE_RECORDING, "noise": 0.0},
    "var": ONE_RECORDING,
    "tanh-var": ONE_RECORDING,
    "henon": {**ONE_RECORDING, "noise": 0.0},
    "lagged-pair": ONE_RECORDING,
}
INTERVALS = {"lorenz96": ("sampling", 0.1), "gene-network": ("interval", 50.0), "bold": ("repetition_time", 3.0)}
"""The parameter of a system that is the time between two samples, and its default."""
BURN_IN = {"lorenz96": 1000}
"""Samples; at each rate it has to last as long."""
Records = dict[str, list[CellRecord]]
"""Of one condition: by method, one for each seed."""


@dataclass(frozen=True)
class Condition:
    """A simulator at a rate, seen through noise."""

    system: str
    rate: int
    noise: float

    @property
    def label(self) -> str:
        """What progress and records call it."""
        return f"{self.system}, rate {self.rate}, noise {self.noise:g}"

    def simulate(self, seed: int) -> tuple[Panel, Truth]:
        """Return a panel with its noise, and its truth. A seed draws the same noise at every level."""
        params = dict(SYSTEMS[self.system])
        if self.system in INTERVALS:
            name, interval = INTERVALS[self.system]
            params[name] = interval / self.rate
        if self.system in BURN_IN:
            params["burn_in"] = BURN_IN[self.system] * self.rate
        clean, truth = causalkit.simulate(self.system, seed=seed, **params)
        assert truth is not None
        deviation = self.noise * np.concatenate(clean.realisations).std(axis=0)
        generator = np.random.default_rng([seed, 1])
        seen = [values + deviation * generator.standard_normal(values.shape) for values in clean]
        return Panel.of(seen, names=clean.names), truth

    def write(self, folder: Path, seed: int) -> Specification:
        """Write panel and truth, and return them as a data set of a comparison."""
        stem = f"{self.system}-rate-{self.rate}-noise-{self.noise:g}-seed-{seed}"
        data, edges = folder / f"{stem}.npz", folder / f"{stem}-truth.csv"
        panel, truth = self.simulate(seed)
        write_panel(panel, data)
        write_truth(truth, edges)
        return Specification(self.label, str(data), {"truth": str(edges)})


def conditions(systems: Sequence[str]) -> list[Condition]:
    """Return all conditions of some systems."""
    rates = {system: RATES if system in INTERVALS else (1,) for system in systems}
    return [Condition(system, rate, noise) for system in systems for rate in rates[system] for noise in NOISES]


def compute(
    tried: Sequence[Condition], seeds: Sequence[int], out: Path, timeout: float | None
) -> dict[Condition, Records]:
    """Return the records of all conditions; what has a record is not computed."""
    panels = out / "panels"
    panels.mkdir(parents=True, exist_ok=True)
    parsed = {label: parse_specification(text) for label, text in METHODS.items()}
    methods = [Specification(label, one.name, one.params) for label, one in parsed.items()]
    conditions = {one.label: one for one in tried}
    found: dict[Condition, Records] = {one: {label: [] for label in METHODS} for one in tried}
    for seed in seeds:
        data = [one.write(panels, seed) for one in tried]
        for record in run_grid(methods, data, [seed], out=out / "records", timeout=timeout, watcher=Progress()):
            found[conditions[record.cell.data]][record.cell.method].append(record)
    return found


def values_of(records: Sequence[CellRecord], metric: str, diagonal: str) -> list[float]:
    """Return a metric for each seed that has it."""
    return [value for record in records if (value := record.metric(metric, diagonal)) is not None]


def number(values: Sequence[float]) -> str:
    """Return a mean, with the standard deviation where there is one."""
    spread = f" ± {short(f'{stdev(values):.3f}')}" if len(values) > 1 else ""
    return short(f"{fmean(values):.3f}") + spread if values else NONE


def scores(records: Sequence[CellRecord], diagonal: str) -> str:
    """Return AUROC and AUPRC over seeds, and how many fits failed."""
    text = " / ".join(number(values_of(records, metric, diagonal)) for metric in ("auroc", "auprc"))
    failed = Counter(record.status for record in records if not record.ok)
    return text + "".join(f" ({status}: {times} of {len(records)})" for status, times in failed.items())


def choices(records: Sequence[CellRecord], shown: Sequence[str]) -> str:
    """Return what was chosen, and for how many seeds where they differ."""
    found = [chosen(record) for record in records if record.ok]
    counts = Counter(", ".join(f"{part} {one[part]}" for part in shown if part in one) for one in found)
    return "; ".join(what if len(counts) == 1 else f"{what} ({times})" for what, times in counts.most_common())


def table(found: Mapping[Condition, Records], diagonal: str) -> str:
    """Return a line for each condition."""
    lines = [
        "| rate | noise, sd | default | `mlp` | `var` | default chose | `mlp` chose | `var` chose |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one, records in found.items():
        cells = [str(one.rate) if one.system in INTERVALS else NONE, f"{one.noise:g}"]
        cells += [scores(records[label], diagonal) for label in METHODS]
        cells += [choices(records[label], SHOWN[label]) for label in METHODS]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def summary(system: str, found: Mapping[Condition, Records], diagonal: str) -> str:
    """Return the line of a system: means over conditions, and how often the default is behind another method."""
    cells = [f"`{system}`", str(len(found))]
    for label in METHODS:
        means = [
            [fmean(values) for records in found.values() if (values := values_of(records[label], metric, diagonal))]
            for metric in ("auroc", "auprc")
        ]
        cells.append(" / ".join(short(f"{fmean(mean):.3f}") if mean else NONE for mean in means))
    auroc = {
        one: {label: fmean(values_of(records[label], "auroc", diagonal) or [np.nan]) for label in METHODS}
        for one, records in found.items()
    }
    behind = [sum(means["default"] < means[other] - BEHIND for means in auroc.values()) for other in ("mlp", "var")]
    cells += map(str, behind)
    known = {one: means["default"] for one, means in auroc.items() if np.isfinite(means["default"])}
    lowest = min(known, key=known.__getitem__, default=None)
    where = f"rate {lowest.rate}, " if lowest and system in INTERVALS else ""
    cells.append(f"{short(f'{known[lowest]:.3f}')} ({where}noise {lowest.noise:g})" if lowest else NONE)
    return f"| {' | '.join(cells)} |"


def page(found: Mapping[Condition, Records], given: argparse.Namespace) -> str:
    """Return the section of the page."""
    words = ["python", "benchmarks/sampling_rates.py", "--seeds", seeds_in_words(given.seeds)]
    words += ["--only", *given.only] if list(given.only) != list(SYSTEMS) else []
    words += ["--diagonal", given.diagonal] if given.diagonal != "exclude" else []
    records = [record for several in found.values() for listed in several.values() for record in listed]
    days = sorted({record.started[:10] for record in records})
    minutes = sum(record.seconds.get("fit", 0.0) for record in records) / 60
    edges = "left out" if given.diagonal == "exclude" else "counted"
    text = f"```sh\n{shlex.join(words)}\n```\n\n{' to '.join(dict.fromkeys((days[0], days[-1])))}, "
    text += f"{count(len(given.seeds), 'seed')}, {count(len(records), 'fit')} of {minutes:.0f} minutes in all on one "
    text += f"thread each. AUROC / AUPRC, self-edges {edges}; means over conditions:\n\n"
    text += "| system | conditions | default | `mlp` | `var` | default behind `mlp` | default behind `var` | "
    text += "lowest AUROC of the default |\n|---|---|---|---|---|---|---|---|\n"
    systems = {
        system: {one: records for one, records in found.items() if one.system == system} for system in given.only
    }
    text += "".join(f"{summary(system, mine, given.diagonal)}\n" for system, mine in systems.items())
    for system, mine in systems.items():
        text += f"\n<details>\n<summary>{system}</summary>\n\n{table(mine, given.diagonal)}\n\n</details>\n"
    return text


def main(words: Sequence[str] | None = None) -> None:
    """Compute what is missing, and print or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    systems = {"choices": tuple(SYSTEMS), "default": list(SYSTEMS), "metavar": "SYSTEM"}
    parser.add_argument("--only", nargs="+", help="some of " + ", ".join(SYSTEMS), **systems)
    parser.add_argument("--seeds", default=(0, 1), type=parse_seeds, help="default: 0:2")
    edges = {"choices": ("exclude", "include"), "default": "exclude"}
    parser.add_argument("--diagonal", help="self-edges in the metrics; default: exclude", **edges)
    parser.add_argument("--out", type=Path, default=Path("sampling-rates"), help="folder of panels and records")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="stop a fit after this time")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the tables between the markers of a page")
    given = parser.parse_args(words)
    if given.write:
        check_writable(given.write)
    text = page(compute(conditions(given.only), given.seeds, given.out, given.timeout), given)
    if given.write:
        replace_section(given.write, SECTION, text)
    else:
        print(text)


if __name__ == "__main__":
    try:
        main()
    except CausalkitError as error:
        sys.exit(f"{error.message}\n{error.hint}")
