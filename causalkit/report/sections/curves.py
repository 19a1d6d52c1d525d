"""ROC and precision-recall curves of every data set."""

from __future__ import annotations

from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.display.labels import name
from causalkit.display.words import count, listed
from causalkit.plotting.method_looks import Look
from causalkit.report.blocks import Block, Figures, Section, Sub, Text
from causalkit.report.picture import Album
from causalkit.report.results import Results


def curves(results: Results, looks: dict[str, Look], album: Album) -> Section | None:
    """Return two pictures a data set: the mean curve of each method with a band, self-edges left out."""
    from causalkit.plotting.mean_curves import plot_precision_recall, plot_roc_curves
    from causalkit.plotting.style import root

    blocks: list[Block] = []
    single = True
    for data in results.data:
        runs = runs_on(results, data)
        if not runs:
            continue
        single = single and all(len(found) == 1 for found in runs.values())
        seeds = max(len(found) for found in runs.values())
        who = listed([name(method) for method in runs])
        alt = f"on {name(data)} for {who}; the table of accuracy gives the areas."
        pictures = [
            album.picture(root(plot_roc_curves(runs, looks=looks)), f"ROC curves {alt}"),
            album.picture(root(plot_precision_recall(runs, looks=looks)), f"Precision-recall curves {alt}"),
        ]
        blocks.append(Sub(f"{name(data)}, {count(seeds, 'seed')}", [Figures(pictures)]))
    if not blocks:
        return None
    band = "There is one run for each method, so there is no band."
    spread = band if single else "The band is one standard deviation over seeds."
    words = (
        "Pairs of different series are ranked by score. Each line is "
        f"the mean over seeds at equal false positive rate, or at equal recall. {spread} The dotted line is chance; "
        "for precision that is the share of true edges. A method has the same colour in the whole report."
    )
    return Section("curves", "ROC and precision-recall curves", [Text(words), *blocks])


def runs_on(results: Results, data: str) -> dict[str, list[tuple[Discovery, Truth]]]:
    """Return for each method its discoveries on a data set, each with its truth; runs without a truth are left out."""
    runs: dict[str, list[tuple[Discovery, Truth]]] = {}
    for method in results.methods:
        for record in results.cells(method, data):
            discovery, truth = results.discovery(record), results.truth(record)
            if discovery is not None and truth is not None:
                runs.setdefault(method, []).append((discovery, truth))
    return runs
