"""The strongest edges of a discovery, and the certainty of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.display.candidates import possible_edges
from causalkit.display.discovery import standard_error_note
from causalkit.display.effects import explained, signed, signs, size
from causalkit.display.findings import MEANINGS, pair_findings
from causalkit.display.formats import p_value, score
from causalkit.display.labels import edge, labels
from causalkit.display.words import count, were
from causalkit.plotting.signs import color
from causalkit.report.blocks import Block, Cell, Fold, Section, Table, Text

TOP = 30
MOST = 200  # rows, where many edges were selected
Place = tuple[int, int, int]
"""Cause, effect, lag - 1."""


def ranked(discovery: Discovery, top: int) -> list[Place]:
    """Return the places of the strongest edges between different series, strongest first, and all selected ones."""
    pairs, lags = discovery.pairs, discovery.lags
    scores = pairs.of(discovery.scores).ravel()
    places = np.flatnonzero(np.repeat(pairs.apart, lags))
    places = places[np.argsort(-scores[places], kind="stable")]
    if discovery.selected is None:
        kept = places[:top]
    else:
        selected = pairs.of(discovery.selected).ravel()
        kept = np.concatenate([places[:top], places[top:][selected[places[top:]]]])
    rows, positions = kept // lags, kept % lags
    return list(zip(pairs.cause[rows].tolist(), pairs.effect[rows].tolist(), positions.tolist(), strict=True))


def edges(discovery: Discovery, truth: Truth | None) -> Section:
    """Return the strongest edges between different series, and weaker ones that were selected, as a table."""
    places = ranked(discovery, TOP)
    if not places:
        words = "No pair of different series has a score."
        if len(discovery.names) == 1:
            words = "There is one series, so there are no edges between different series."
        return Section("edges", "Strongest edges", [Text(words)])
    shown = labels(discovery.names, 60)
    known = _Cells(discovery, truth)
    columns = ["edge", "lag", *known.of(places[0])]
    rows: list[list[Cell | str]] = []
    for place in places[:MOST]:
        cause, effect, position = place
        rows.append([edge(shown[cause], shown[effect]), str(position + 1), *known.of(place).values()])
    numbers = [place for place, column in enumerate(columns) if place and column not in ("selected", "true")]
    strongest = "The strongest" if len(places) == 1 else f"The {min(TOP, len(places))} strongest"
    words = f"{strongest} of {possible_edges(discovery):,} possible edges between different series"
    words += ", each a cause, an effect and a lag."
    blocks: list[Block] = [Table(words, columns, rows[:TOP], numbers=numbers)]
    if len(places) > TOP:
        blocks.append(_weaker(len(places) - TOP, columns, rows[TOP:], numbers))
    return Section("edges", "Strongest edges", [*blocks, *(Text(note, "note") for note in _explained(discovery))])


def _weaker(weaker: int, columns: Sequence[str], rows: Sequence[Sequence[Cell | str]], numbers: Sequence[int]) -> Block:
    """Return the selected edges that are not among the strongest, for the reader to unfold."""
    words = f"{count(weaker, 'weaker edge')} that {were(weaker)} selected"
    lacking = ""
    if weaker > len(rows):
        lacking = f", without the {weaker - len(rows):,} weakest: a result written as .csv has all"
    return Fold(words, [Table(f"{words}{lacking}.", columns, rows, numbers=numbers)])


class _Cells:
    """The cells of edges by column; all edges of a discovery have the same columns."""

    def __init__(self, discovery: Discovery, truth: Truth | None) -> None:
        self.discovery, self.truth = discovery, truth
        self.findings = pair_findings(discovery)
        self.signs = None if discovery.effects is None else signs(discovery.effects)

    def of(self, place: Place) -> dict[str, Cell | str]:
        """Return the cells of an edge. What decides comes first, for narrow screens."""
        discovery, (cause, effect, position) = self.discovery, place
        known: dict[str, Cell | str] = {"score": score(float(discovery.scores[place]))}
        if (effects := discovery.effects) is not None and self.signs is not None:
            known["effect size"] = Cell(size(effects, place), swatch=color(self.signs[place].item()))
        for title, values in self.findings.items():
            known[title] = p_value(float(values[cause, effect])) if title == "q" else f"{values[cause, effect]:.2f}"
        if discovery.selected is not None:
            known["selected"] = Cell("yes", strong=True) if discovery.selected[place] else Cell("no", faint=True)
        if self.truth is not None:
            known["true"] = _verdict(self.truth, cause, effect, position + 1)
        if discovery.standard_errors is not None:
            known["± se"] = f"{float(discovery.standard_errors[place]):.2g}"
        if effects is not None:
            known["in units"] = signed(float(effects.in_units[place]), 3)
            if effects.same_sign is not None:
                known["same sign"] = f"{effects.same_sign[place]:.2f}"
        if discovery.p_values is not None and (discovery.lags > 1 or discovery.joint_p_values is None):
            known["p of the lag"] = p_value(float(discovery.p_values[place]))
        if discovery.joint_p_values is not None:
            title = "p of all lags" if discovery.lags > 1 else "p"
            known[title] = p_value(float(discovery.joint_p_values[cause, effect]))
        return known


def _explained(discovery: Discovery) -> list[str]:
    """Explain the columns."""
    notes = [f"{note}."] if (note := standard_error_note(discovery)) else []
    if words := explained(discovery.effects):
        notes.append(f"{words[0].upper()}{words[1:]}. In units: units of the effect for one unit of the cause.")
        notes.append("Blue raises the effect, orange lowers it; violet: the sign switches or is uncertain.")
    if discovery.p_values is not None and discovery.joint_p_values is not None and discovery.lags > 1:
        notes.append("Each lag has its own p-value; selection rules use the joint test of all lags.")
    if discovery.pair_p_values is not None and (discovery.selection or {}).get("statistic") != "maximum":
        notes.append("The p-values are not corrected for multiple tests; the rules fdr and surrogate correct them.")
    for title in pair_findings(discovery):
        words = MEANINGS[title]  # a symbol stays as small as it is in the table
        notes.append(f"{words if title == 'q' else words[0].upper() + words[1:]}.")
    return notes


def _verdict(truth: Truth, cause: int, effect: int, lag: int) -> Cell:
    if not truth.edges[cause, effect]:
        return Cell("no", faint=True)
    lags = truth.lags_up_to(lag)
    return Cell("yes", strong=True) if lags is None or lags[cause, effect, -1] else Cell("at another lag")
