"""Heat maps: the truth beside the scores of every method, for one seed a data set."""

from __future__ import annotations

from causalkit.compare.record import CellRecord
from causalkit.display.labels import name
from causalkit.display.words import count
from causalkit.plotting.style import root
from causalkit.report.blocks import Block, Figures, Picture, Section, Sub, Text
from causalkit.report.picture import Album
from causalkit.report.results import Results


def maps(results: Results, album: Album) -> Section | None:
    """Return a row of small heat maps for each data set, of the seed for which most methods have a result."""
    blocks: list[Block] = []
    for data in results.data:
        shown = _one_seed(results, data)
        pictures = _pictures(results, shown, album)
        if pictures:
            seed = shown[0].cell.seed
            blocks.append(Sub(f"{name(data)}, seed {seed}", [Figures(pictures, "small")]))
    if not blocks:
        return None
    words = (
        "Rows are causes, columns are effects. A cell is the largest score over lags. Scores of different methods have "
        "no common unit, so each map runs from 0 (blank) to its own largest score between different series; self-edges "
        "may lie beyond and then have the strongest colour. True edges are outlined where there are at most 30 series. "
        "One seed of each data set is shown: the first of those for which most methods have a result."
    )
    return Section("scores", "Scores beside the truth", [Text(words), *blocks])


def _one_seed(results: Results, data: str) -> list[CellRecord]:
    """Return the results of one seed; the choice does not look at how good they are."""
    by_seed = {seed: [r for r in results.done if r.cell.data == data and r.cell.seed == seed] for seed in results.seeds}
    return max(by_seed.values(), key=len)


def _pictures(results: Results, records: list[CellRecord], album: Album) -> list[Picture]:
    from causalkit.plotting.matrices import SMALL_SERIES, plot_scores, plot_truth

    pictures: list[Picture] = []
    for record in records:
        discovery, truth = results.discovery(record), results.truth(record)
        if discovery is None:
            continue
        size = len(discovery.names)
        raster = size > SMALL_SERIES
        if truth is not None and not pictures:
            counted = f"{count(size, 'series', 'series')}, {count(truth.count, 'edge')}"
            alt = f"True graph of {name(record.cell.data)}: {counted}."
            pictures.append(album.picture(root(plot_truth(truth)), alt, raster=raster, tight=True))
        beside = " beside the truth" if truth is not None else ""
        alt = f"Scores of {name(record.cell.method)} on {name(record.cell.data)}{beside}."
        ax = plot_scores(discovery, truth=truth, title=record.cell.method)
        pictures.append(album.picture(root(ax), alt, raster=raster, tight=True))
    return pictures
