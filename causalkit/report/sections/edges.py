"""The strongest edges of a discovery, and the certainty of each."""

from __future__ import annotations

import numpy as np

from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.display.candidates import possible_edges
from causalkit.display.discovery import standard_error_note
from causalkit.display.effects import explained, signed, size
from causalkit.display.findings import MEANINGS, pair_findings
from causalkit.display.formats import p_value, score
from causalkit.display.labels import labels
from causalkit.display.words import count, were
from causalkit.report.blocks import Block, Cell, Section, Table, Text

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
    shown = labels(discovery.names, 40)
    columns = ["edge", "lag", *_row(discovery, truth, places[0])]
    rows: list[list[Cell | str]] = []
    for place in places[:MOST]:
        cause, effect, position = place
        cells = _row(discovery, truth, place).values()
        rows.append([f"{shown[cause]} → {shown[effect]}", str(position + 1), *cells])
    total = possible_edges(discovery)
    strongest = "The strongest" if len(places) == 1 else f"The {min(TOP, len(places))} strongest"
    words = f"{strongest} of {total:,} possible edges between different series, each a cause, an effect and a lag"
    if len(places) > TOP:
        words += f", and {count(len(places) - TOP, 'weaker one')} that {were(len(places) - TOP)} selected"
    if len(places) > MOST:
        words += f". The {len(places) - MOST:,} weakest of them are not in this table; a file written as .csv has all"
    numbers = [place for place, column in enumerate(columns) if place and column not in ("selected", "true")]
    blocks: list[Block] = [Table(f"{words}.", columns, rows, numbers=numbers)]
    return Section("edges", "Strongest edges", [*blocks, *(Text(note, "note") for note in _explained(discovery))])


def _row(discovery: Discovery, truth: Truth | None, place: Place) -> dict[str, Cell | str]:
    """Return the cells of an edge by column; all edges of a discovery have the same columns."""
    cause, effect, position = place
    known: dict[str, Cell | str] = {"score": score(float(discovery.scores[place]))}
    if discovery.standard_errors is not None:
        known["score"] = f"{known['score']} ± {float(discovery.standard_errors[place]):.2g}"
    known |= _effect(discovery, place)
    if discovery.p_values is not None:
        known["p of the lag"] = p_value(float(discovery.p_values[place]))
    if discovery.joint_p_values is not None:
        known["p of all lags"] = p_value(float(discovery.joint_p_values[cause, effect]))
    for title, values in pair_findings(discovery).items():
        known[title] = p_value(float(values[cause, effect])) if title == "q" else f"{values[cause, effect]:.2f}"
    if discovery.selected is not None:
        known["selected"] = Cell("yes", strong=True) if discovery.selected[place] else Cell("no", faint=True)
    if truth is not None:
        known["true"] = _verdict(truth, cause, effect, position + 1)
    return known


def _effect(discovery: Discovery, place: Place) -> dict[str, Cell | str]:
    """Return the cells on sign and size of an edge."""
    effects = discovery.effects
    if effects is None:
        return {}
    known: dict[str, Cell | str] = {"effect size": size(effects, place)}
    known["in units"] = signed(float(effects.in_units[place]), 3)
    if effects.same_sign is not None:
        known["same sign"] = f"{effects.same_sign[place]:.2f}"
    return known


def _explained(discovery: Discovery) -> list[str]:
    """Explain the columns."""
    notes = [f"{note}."] if (note := standard_error_note(discovery)) else []
    if words := explained(discovery.effects):
        notes.append(f"{words[0].upper()}{words[1:]}. In units: units of the effect for one unit of the cause.")
    if discovery.p_values is not None and discovery.joint_p_values is not None:
        notes.append("Each lag has its own p-value; selection rules use the joint test of all lags.")
    if discovery.pair_p_values is not None and (discovery.selection or {}).get("statistic") != "maximum":
        notes.append("The p-values are not corrected for multiple tests; the rules fdr and surrogate correct them.")
    notes += [f"{words[0].upper()}{words[1:]}." for title in pair_findings(discovery) if (words := MEANINGS[title])]
    return notes


def _verdict(truth: Truth, cause: int, effect: int, lag: int) -> Cell:
    if not truth.edges[cause, effect]:
        return Cell("no", faint=True)
    lags = truth.lags_up_to(lag)
    return Cell("yes", strong=True) if lags is None or lags[cause, effect, -1] else Cell("at another lag")
