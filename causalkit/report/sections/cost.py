"""Cost: accuracy against time and memory."""

from __future__ import annotations

import math
from collections.abc import Callable

from causalkit.compare.record import CellRecord
from causalkit.compare.table import Entry
from causalkit.display.formats import MISSING, duration, memory
from causalkit.display.labels import POLICIES, metric_name
from causalkit.plotting.method_looks import Look
from causalkit.report.blocks import Block, Cell, Figures, Picture, Section, Text
from causalkit.report.picture import Album
from causalkit.report.results import Results
from causalkit.report.sections.accuracy import method_table

Cost = Callable[[CellRecord], float | None]


def cost(results: Results, looks: dict[str, Look], album: Album) -> Section | None:
    """Return accuracy against the time of the fit and against its memory, and both as a table."""
    if not results.done:
        return None
    words = (
        "Time covers the fit alone, without reading or simulating data. Memory is by how much the process grew "
        "during the fit, at its peak, without Python and its libraries. Both depend on the machine; see Environment."
    )
    blocks: list[Block] = [Text(words)]
    pictures, summary = [], results.summary("exclude")
    if results.main_metric is not None:
        pictures += _pictures(results, results.main_metric, _seconds, "time of the fit, seconds", looks, album)
        pictures += _pictures(results, results.main_metric, _mebibytes, "memory of the fit, MiB", looks, album)
    if pictures:
        blocks.append(Figures(pictures))
    blocks += [
        method_table(results, summary, "Time of the fit, mean over seeds.", looks, _time),
        method_table(results, summary, "Memory of the fit, the largest over seeds.", looks, _size),
    ]
    return Section("cost", "Accuracy against time and memory", blocks)


def _seconds(record: CellRecord) -> float | None:
    value = record.seconds.get("fit", record.seconds.get("total"))
    return float(value) if isinstance(value, int | float) and value > 0 else None


def _mebibytes(record: CellRecord) -> float | None:
    return record.peak_bytes / 2**20 if record.peak_bytes else None


def _pictures(
    results: Results, metric: str, of: Cost, axis: str, looks: dict[str, Look], album: Album
) -> list[Picture]:
    from causalkit.plotting.cost import Spent, plot_accuracy_against_cost
    from causalkit.plotting.style import root

    points = []
    for method in results.methods:
        for data in results.data:
            pairs = [(record.metric(metric), of(record)) for record in results.cells(method, data)]
            known = [
                (float(value), price)
                for value, price in pairs
                if price and isinstance(value, int | float) and math.isfinite(value)
            ]
            if known:
                points.append(Spent(method, data, [value for value, _ in known], [price for _, price in known]))
    if not points:
        return []
    label = metric_name(metric)
    ax = plot_accuracy_against_cost(points, accuracy=label, cost=axis, looks=looks)
    caption = (
        f"A point is a method on a data set, mean over seeds, {POLICIES['exclude']}; the bar is one standard deviation "
        f"of {label}. Up and to the left is better."
    )
    return [album.picture(root(ax), f"{label} against {axis}; the tables give the numbers.", caption)]


def _time(entry: Entry) -> Cell:
    return Cell(MISSING, faint=True) if entry.seconds is None else Cell(duration(entry.seconds.mean))


def _size(entry: Entry) -> Cell:
    text = memory(entry.peak_bytes)
    return Cell(text, faint=text == MISSING)
