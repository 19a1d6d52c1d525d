"""How methods converge over time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from causalkit.compare.record import CellRecord
from causalkit.display.labels import name
from causalkit.display.words import listed
from causalkit.plotting.convergence import Converging, plot_convergence
from causalkit.plotting.method_looks import Look
from causalkit.report.blocks import Block, Figures, Section, Sub, Text
from causalkit.report.picture import Album
from causalkit.report.results import Results

HELD_OUT = "error on held-out windows"
AUROC = "AUROC by the known truth"


def convergence(results: Results, looks: dict[str, Look], album: Album) -> Section | None:
    """Return for each data set the held-out error and AUROC against the time of the fit."""
    from causalkit.plotting.style import root

    blocks: list[Block] = []
    for data in results.data:
        records = [record for method in results.methods for record in results.cells(method, data)]
        if not any(record.course for record in records):
            continue
        pictures = []
        for quantity, fits in ((HELD_OUT, held_out(records)), (AUROC, auroc_by_truth(records))):
            if any(len(fit.seconds) for fit in fits) or (quantity == AUROC and fits):
                who = listed([name(method) for method in dict.fromkeys(fit.method for fit in fits)])
                drawn = root(plot_convergence(fits, quantity=quantity, looks=looks))
                pictures.append(album.picture(drawn, f"{quantity} against time on {name(data)} for {who}."))
        if pictures:
            blocks.append(Sub(name(data), [Figures(pictures)]))
    if not blocks:
        return None
    words = (
        "Each line is one seed, each point a result at the end of its fit. The error on held-out windows is what a "
        "method sees of itself. Each stage of training has a line, and not all are judged on the same windows. "
        "AUROC needs the truth, which nobody has in practice: it shows when more training stops to pay, and chooses "
        "nothing. It is known in the course of training where scores were kept (training.snapshots)."
    )
    return Section("convergence", "Convergence over time", [Text(words), *blocks])


def held_out(records: Iterable[CellRecord]) -> list[Converging]:
    """Return the validation error of each fit; the line is broken where a stage ends."""
    fits = []
    for record in records:
        seconds: list[float] = []
        values: list[float] = []
        course, before = record.course, ""
        columns = (course.get(key, ()) for key in ("seconds", "stage", "validation"))
        for second, stage, error in zip(*columns, strict=True):
            if error is None:
                continue
            if stage != before and seconds:
                seconds.append(math.nan)
                values.append(math.nan)
            before = stage
            seconds.append(float(second))
            values.append(float(error))
        fits.append(Converging(record.cell.method, seconds, values))
    return fits


def auroc_by_truth(records: Iterable[CellRecord], diagonal: str = "exclude") -> list[Converging]:
    """Return AUROC of the scores that were kept in the course of training, and of the result."""
    from causalkit.builtin.metrics.ranking import auroc
    from causalkit.evaluation import Evaluation

    fits = []
    for record in records:
        value, last = record.metric("auroc", diagonal), record.seconds.get("fit")
        if value is None or last is None:
            continue
        seconds: list[float] = []
        values: list[float] = []
        discovery, truth = record.discovered(), record.true_graph()
        if discovery is not None and truth is not None and record.course:
            found = Evaluation.of(discovery, truth, diagonal)  # type: ignore[arg-type]
            times = _times(record)
            epochs, rows = (() if one is None else one for one in (found.epochs, found.epoch_scores))
            for epoch, scores in zip(epochs, rows, strict=True):
                if int(epoch) in times:
                    seconds.append(times[int(epoch)])
                    values.append(auroc(replace(found, scores=scores)))
        fits.append(Converging(record.cell.method, seconds, values, (float(last), float(value))))
    return fits


def _times(record: CellRecord) -> dict[int, float]:
    """Return the seconds of the epochs of the last stage, which the scores are of, also of those between noted ones."""
    import numpy as np

    stages, epochs, seconds = (record.course[key] for key in ("stage", "epoch", "seconds"))
    rows = [place for place, stage in enumerate(stages) if stage == stages[-1]]
    known, times = [epochs[row] for row in rows], [seconds[row] for row in rows]
    every = range(int(known[0]), int(known[-1]) + 1)
    return dict(zip(every, np.interp(every, known, times).tolist(), strict=True))
