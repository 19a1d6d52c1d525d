"""The sections about a single discovery: what was found, pictures, metrics and settings."""

from __future__ import annotations

from causalkit.core.discovery import Discovery
from causalkit.core.pairs import rows_of
from causalkit.core.truth import Truth
from causalkit.display.formats import MISSING, duration, score
from causalkit.display.labels import POLICIES, edge, metric_name, name, shorten
from causalkit.display.windows import fewest_windows
from causalkit.display.words import count, listed, span, were
from causalkit.evaluation import Evaluation
from causalkit.report.blocks import Block, Bullets, Cell, Figures, Fold, Picture, Section, Table, Text
from causalkit.report.picture import Album
from causalkit.report.sections.choices import flat_rows
from causalkit.report.sections.edges import ranked

_NAMED = 30  # series; heat maps of more are drawn as PNG
_FEW = 20  # series; graph and heat map of so many have room beside each other


def found(discovery: Discovery, truth: Truth | None) -> Section:
    """Return the summary: data, method, strongest edge, selection and notes."""
    data = discovery.data
    source = f" of {shorten(str(data['source']), 120)}" if data.get("source") else ""
    words = f"{name(discovery.method) if discovery.method else 'A method'} analysed "
    words += f"{count(len(discovery.names), 'series', 'series')}{source}"
    steps = data.get("steps") or []
    if steps:
        words += f", {count(len(steps), 'realisation')} of {span(steps)} steps"
    words += f", up to lag {discovery.lags}."
    blocks: list[Block] = [Text(words, "lead")]
    facts = [_strongest(discovery), _selection(discovery)]
    if data.get("missing_cells"):
        facts.append(f"{count(int(data['missing_cells']), 'cell')} of the table had no value.")
    if data.get("windows") is not None:
        dropped = f"; {data['dropped']} more touched a missing cell and were dropped" if data.get("dropped") else ""
        facts.append(f"{count(int(data['windows']), 'window')} of the data were used{dropped}.")
        if fewest := fewest_windows(data):
            facts.append(f"Effects learned from different numbers of windows, {fewest}.")
    if data.get("standardized") is not None:
        facts.append(
            "Every series was standardised to mean 0 and standard deviation 1."
            if data["standardized"]
            else "The series kept their units."
        )
    if truth is None:
        facts.append("No truth was given, so this report cannot say which of these edges are correct.")
    blocks.append(Bullets(facts))
    if notes := (discovery.selection or {}).get("notes"):
        blocks += [Text("How the edges were selected:"), Bullets([shorten(str(note), 600) for note in notes])]
    if discovery.notes:
        blocks += [Text("Notes of the run:"), Bullets([shorten(note, 400) for note in discovery.notes])]
    return Section("summary", "Summary", blocks)


def _strongest(discovery: Discovery) -> str:
    first = ranked(discovery, 1)
    if not first or not discovery.scores[first[0]]:
        return "No edge between different series has a score above zero."
    cause, effect, position = first[0]
    value = score(float(discovery.scores[first[0]]))
    ends = edge(name(discovery.names[cause]), name(discovery.names[effect]))
    return f"The strongest edge between different series is {ends} at lag {position + 1}, score {value}."


def _selection(discovery: Discovery) -> str:
    if discovery.selected is None:
        tested = "" if discovery.pair_p_values is not None else " Nothing was tested."
        return (
            "No edges were selected: scores rank the candidates but do not show where the true edges end."
            f"{tested} The rules surrogate and stability select edges with a limit on the false ones."
        )
    rule = (discovery.selection or {}).get("rule")
    by = f" by the rule {name(str(rule))}, which does not use a truth" if rule else ""
    pairs = discovery.pairs
    chosen = pairs.of(discovery.selected).any(axis=1)
    apart, own = int(chosen[pairs.apart].sum()), int(chosen[~pairs.apart].sum())
    possible = count(int(pairs.apart.sum()), "candidate pair" if discovery.sparse else "pair")
    words = f"{apart:,} of {possible} of different series {were(apart)} selected{by}"
    if lagged := int(rows_of(discovery.selected).sum()) - apart - own:
        words += f"; with every lag that was selected, these are {count(apart + own + lagged, 'edge')}"
    loops = f" {count(own, 'self-edge')} {were(own)} selected as well." if own else ""
    return f"{words}.{loops}"


def pictures(discovery: Discovery, truth: Truth | None, album: Album) -> Section:
    """Return graph, heat map and lag graph."""
    from causalkit.plotting import plot_graph, plot_heatmap, plot_lags, style

    drawn: list[Picture] = []
    compared = " Colours and dashes show which edges are true." if truth is not None else ""
    raster = len(discovery.names) > _NAMED
    # Drawn small, names stay legible when two pictures share the width of the page.
    few = len(discovery.names) <= _FEW
    graph = plot_graph(discovery, truth=truth, ax=style.new_axes(None, (5.6, 5.6)) if few else None)
    drawn.append(album.picture(style.root(graph), f"Summary graph of the edges in the table below.{compared}"))
    outlined = " True edges are outlined." if truth is not None else ""
    caption = f"Rows are causes, columns are effects.{outlined}"
    if discovery.sparse:
        caption += " Only the series of the strongest edges are shown."
    heat = plot_heatmap(discovery, truth=truth, ax=style.new_axes(None, (6.2, 5.6)) if few else None)
    drawn.append(album.picture(style.root(heat), "Heat map of all scores.", caption, raster=raster))
    blocks: list[Block] = [Figures(drawn, "medium" if few else "wide")]
    if discovery.lags > 1:
        blocks.append(Figures([album.picture(style.root(plot_lags(discovery, truth=truth)), "Edges by lag.")], "wide"))
    return Section("pictures", "Graph", blocks)


def training(discovery: Discovery, album: Album) -> Section | None:
    """Return the training curves; None where a method did not train, or did not record it."""
    if not any(discovery.history.values()):
        return None
    from causalkit.plotting import plot_training, style

    ax = plot_training(discovery, ax=style.new_axes(None, (6.4, 3.6)))
    parts = listed([name(key) for key in discovery.history if key != "epoch"])
    picture = album.picture(style.root(ax), f"Training curves: {parts}.")
    return Section("training", "Training", [Figures([picture], "medium")])


def evaluation(discovery: Discovery, truth: Truth | None, album: Album) -> Section | None:
    """Return all metrics that apply, under both policies for self-edges, with the curves of the ranking."""
    if truth is None:
        return None
    from causalkit.plotting import plot_ranking, style

    tables = [discovery.evaluate(truth, diagonal=policy) for policy in ("exclude", "include")]
    rows: list[list[Cell | str]] = [
        [metric_name(metric), *(f"{table[metric]:.3f}" if metric in table else MISSING for table in tables)]
        for metric in dict.fromkeys(key for table in tables for key in table)
    ]
    source = shorten(truth.source, 120)
    words = f"Compared with {source}: {count(truth.count, 'edge')}, self-edges included."
    blocks: list[Block] = [Text(words)]
    if rows:
        blocks.append(Table("Metrics.", ["metric", *POLICIES.values()], rows, numbers=(1, 2)))
    else:
        blocks.append(Text("No metric applies: ranking metrics need pairs with and without an edge."))
    lost = Evaluation.of(discovery, truth, "include").lost_lags
    if lost:
        blocks.append(Text(f"{count(lost, 'true edge')} at lags above {discovery.lags} cannot be found.", "note"))
    if discovery.selected is None:
        blocks.append(Text("Metrics of a selected graph, such as F1 and precision, need a selection rule.", "note"))
    if any("oracle" in metric for table in tables for metric in table):
        words = "Oracle metrics choose their threshold with the truth: they are upper bounds, not results."
        blocks.append(Text(words, "note"))
    curves = [style.new_axes(None, (4.7, 4.7)) for _ in range(2)]
    plot_ranking(discovery, truth, axes=(curves[0], curves[1]))
    alts = [f"{curve} curves; the table of metrics gives the areas." for curve in ("ROC", "Precision-recall")]
    drawn = [album.picture(style.root(ax), alt) for ax, alt in zip(curves, alts, strict=True)]
    blocks.append(Figures(drawn, "medium"))
    return Section("metrics", "Metrics", blocks)


def settings(discovery: Discovery) -> Section:
    """Return the configuration, the run, versions and the digest of the data."""
    blocks: list[Block] = []
    rows = flat_rows(discovery.config)
    if rows:
        blocks.append(
            Fold("Configuration", [Table("All parameters, defaults filled in.", ["parameter", "value"], rows)])
        )
    run: list[list[Cell | str]] = [
        ["seed", MISSING if discovery.seed is None else str(discovery.seed)],
        ["device", name(discovery.device)],
        ["time", duration(discovery.seconds) if discovery.seconds else MISSING],
    ]
    if digest := discovery.data.get("sha256"):
        run.append(["SHA-256 of the data", Cell(str(digest))])
    blocks.append(Table("Run.", ["what", "value"], run))
    versions: list[list[Cell | str]] = [[one, str(value)] for one, value in sorted(discovery.versions.items())]
    if versions:
        blocks.append(Table("Versions.", ["package", "version"], versions))
    return Section("settings", "Settings and environment", blocks)
