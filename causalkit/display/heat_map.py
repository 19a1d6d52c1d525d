"""The scores of a discovery as a table of coloured cells with the names of the series, for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from causalkit.display.effects import signs, size
from causalkit.display.formats import number
from causalkit.display.labels import edge, labels

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery

MOST_SERIES = 30
"""Cells and names are legible up to here."""
COLORS = {"raises": "0,114,178", "lowers": "213,94,0", "unclear": "106,81,163"}
_WORDS = {"raises": "raises", "lowers": "lowers", "unclear": "switches or uncertain"}
_FEW = 12
_LABEL = 18
"""Character cells of a name at a row or column; the whole name is shown where the pointer rests."""


def heat_map(discovery: Discovery) -> str:
    """Return the heat map: opacity is the score as a share of the largest between different series.

    "" where there are too many series, or only one.
    """
    count = len(discovery.names)
    if not 1 < count <= MOST_SERIES:
        return ""
    scores = np.asarray(discovery.pair_scores)
    limit = float(scores[~np.eye(count, dtype=bool)].max()) or float(scores.max()) or 1.0
    whole = [escape(name, quote=True) for name in labels(discovery.names, 60)]
    short = [escape(name) for name in labels(discovery.names, _LABEL)]
    found = None if discovery.effects is None else signs(discovery.effects)
    chosen = discovery.pair_selected
    head = "".join(
        f'<th class="ck-col" title="{title}"><span>{name}</span></th>' for title, name in zip(whole, short, strict=True)
    )
    lines = [f"<tr><th></th>{head}</tr>"]
    for cause in range(count):
        cells = "".join(
            _cell(discovery, found, (cause, effect), float(scores[cause, effect]) / limit, whole)
            for effect in range(count)
        )
        lines.append(f'<tr><th class="ck-row" title="{whole[cause]}">{short[cause]}</th>{cells}</tr>')
    few = " ck-few" if count <= _FEW else ""
    table = f'<table class="ck-map{few}">{"".join(lines)}</table>'
    text = "Scores: rows are causes, columns are effects"
    legend = _legend(limit, signed=found is not None, framed=chosen is not None and bool(np.asarray(chosen).any()))
    return f'<div><div>{text}</div><div class="ck-scroll">{table}</div>{legend}</div>'


def _cell(discovery: Discovery, found: Any, place: tuple[int, int], share: float, names: list[str]) -> str:
    """Return the cell of a pair; ``found`` has all signs (P, P, L), or is None."""
    cause, effect = place
    score, color, words = float(discovery.pair_scores[place]), COLORS["raises"], ""
    if found is not None and discovery.effects is not None:
        lagged = (cause, effect, int(discovery.pair_lags[place]) - 1)
        color, words = COLORS[found[lagged].item()], f", effect {size(discovery.effects, lagged)}"
    marks = ["ck-self"] if cause == effect else []
    if discovery.pair_selected is not None and discovery.pair_selected[place]:
        marks.append("ck-edge")
        words += ", selected"
    mark = f' class="{" ".join(marks)}"' if marks else ""
    hint = f"{edge(names[cause], names[effect])}: {score:.3g}{words}"
    return f'<td{mark} title="{hint}" style="background:rgba({color},{min(share, 1.0):.2f})"></td>'


def _legend(limit: float, *, signed: bool, framed: bool) -> str:
    """Return what colours and frames mean."""
    parts = []
    for sign, color in COLORS.items() if signed else [("raises", COLORS["raises"])]:
        shade = f"background:linear-gradient(90deg,rgba({color},0),rgba({color},1))"
        word = f" {_WORDS[sign]}" if signed else ""
        parts.append(f'<span><span class="ck-scale" style="{shade}"></span>{word}</span>')
    parts.append(f"<span>full colour: {number(limit, 3)} or more</span>")
    if framed:
        parts.append('<span><span class="ck-frame"></span> selected</span>')
    parts.append("<span>dotted: on itself</span>")
    return f'<div class="ck-legend">{"".join(parts)}</div>'
