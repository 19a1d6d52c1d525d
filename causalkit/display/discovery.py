"""A discovery as text: a few lines for terminals and logs, and an HTML element for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from causalkit.core.discovery import checked_top
from causalkit.display.candidates import about_candidates, possible_edges, selected_edges
from causalkit.display.effects import SWITCHING, signs, size
from causalkit.display.formats import duration, number, p_value
from causalkit.display.heat_map import COLORS, heat_map
from causalkit.display.instantaneous import MOST, heading, listing
from causalkit.display.instantaneous import rows as same_step_rows
from causalkit.display.labels import labels, one_line, shorten
from causalkit.display.notebook import STYLE
from causalkit.display.tables import aligned
from causalkit.display.windows import fewest_windows
from causalkit.display.words import count, span, were

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery
    from causalkit.core.effects import Effects

_HTML_EDGES = 10


@dataclass(frozen=True)
class _Row:
    """One edge as it is shown."""

    cause: str
    effect: str
    lag: int
    score: float
    error: float | None
    p_value: float | None
    selected: bool | None
    size: str
    sign: str


def summary(discovery: Discovery, top: int = 10) -> str:
    """Return a few readable lines: the run, ``top`` edges between different series, and the notes.

    Raises:
        WrongUsageError: ``top`` is no whole number, or below 0.
    """
    top = checked_top(top)
    rows = _strongest(discovery, top, width=32)
    lines = [_run(discovery), _data(discovery), "", _heading(discovery, len(rows))]
    lines += _columns(rows, discovery)
    lines += _same_step_lines(discovery, top)
    lines += ["", _about_selection(discovery)]
    if notes := _notes(discovery):
        lines += ["", "Notes:", *(f"- {one_line(note)}" for note in notes)]
    return "\n".join(lines)


def html(discovery: Discovery) -> str:
    """Return the same for a notebook: one element without scripts and external files, for light and dark themes."""
    rows = _strongest(discovery, _HTML_EDGES, width=40)
    notes = "".join(f"<li>{escape(one_line(note))}</li>" for note in _notes(discovery))
    return "\n".join(
        part
        for part in (
            '<div class="causalkit">',
            STYLE,
            f"<div><b>{escape(_run(discovery))}</b></div>",
            f"<div>{escape(_data(discovery))}</div>",
            '<div class="ck-parts">',
            f"<div><div>{escape(_heading(discovery, len(rows)))}</div>{_edge_table(rows, discovery)}</div>",
            heat_map(discovery),
            _same_step_table(discovery),
            "</div>",
            f'<div class="ck-soft">{escape(_about_selection(discovery))}</div>',
            f"<ul>{notes}</ul>" if notes else "",
            "</div>",
        )
        if part
    )


def _run(discovery: Discovery) -> str:
    facts = [shorten(discovery.method, 40) or "discovery", f"lag {discovery.lags}"]
    if discovery.seed is not None:
        facts.append(f"seed {discovery.seed}")
    if discovery.device:
        facts.append(one_line(discovery.device))
    if discovery.seconds:
        facts.append(duration(discovery.seconds))
    return ", ".join(facts)


def _data(discovery: Discovery) -> str:
    """Return the known facts about the data; a method that was called directly records few."""
    data = discovery.data
    source = f" of {shorten(str(data['source']), 60)}" if data.get("source") else ""
    facts = [f"{len(discovery.names)} series{source}"]
    if data.get("realisations"):
        steps = span(data.get("steps") or ())
        facts.append(count(data["realisations"], "realisation") + (f" of {steps} steps" if steps else ""))
    if data.get("windows") is not None:
        dropped = f" ({data['dropped']} more dropped for missing cells)" if data.get("dropped") else ""
        facts.append(count(data["windows"], "window") + dropped)
        if fewest := fewest_windows(data):
            facts.append(fewest)
    elif data.get("missing_cells"):
        facts.append(count(data["missing_cells"], "missing cell"))
    if data.get("standardized") is not None:
        facts.append("standardized" if data["standardized"] else "not standardized")
    return ", ".join(facts)


def _strongest(discovery: Discovery, top: int, width: int) -> list[_Row]:
    """Return edges between different series: selected ones, then others with a score above zero, strongest first."""
    pairs = discovery.pairs
    scores = np.where(pairs.apart[:, None], pairs.of(discovery.scores), 0.0).ravel()
    chosen = np.zeros(len(scores), dtype=bool)
    if discovery.selected is not None:
        chosen = (pairs.of(discovery.selected) & pairs.apart[:, None]).ravel()
    order = np.lexsort((-scores, ~chosen))  # among equals by cause, effect and lag
    shown = order[(scores[order] > 0) | chosen[order]][:top]
    rows, lags = np.unravel_index(shown, (len(pairs), discovery.lags))
    places = zip(pairs.cause[rows].tolist(), pairs.effect[rows].tolist(), lags.tolist(), strict=True)
    names = labels(discovery.names, width)
    p_values = discovery.joint_p_values if discovery.p_values is None else discovery.p_values
    sign = None if discovery.effects is None else signs(discovery.effects)
    found = []
    for place in places:
        arrays = (discovery.scores, discovery.standard_errors, p_values, discovery.selected)
        known: list[Any] = [None if values is None else values[place[: values.ndim]].item() for values in arrays]
        known.append("" if discovery.effects is None else _effect(discovery.effects, place))
        known.append("raises" if sign is None else str(sign[place]))
        found.append(_Row(names[place[0]], names[place[1]], place[2] + 1, *known))
    return found


def _heading(discovery: Discovery, shown: int) -> str:
    pairs = discovery.pairs
    possible = possible_edges(discovery)
    if not shown and not pairs.of(discovery.scores)[pairs.apart].any():
        return "No edge between different series has a score above zero."
    which = "Strongest edges between different series"
    if discovery.selected is not None and pairs.of(discovery.selected)[pairs.apart].any():
        which = "Edges between different series, selected ones first"
    return f"{which} ({shown} of {possible:,}{' candidates' if discovery.sparse else ''}):"


def _about_selection(discovery: Discovery) -> str:
    if discovery.selected is None:
        return (
            "No edges were selected: scores only rank. "
            'To select edges, use select("top-k:10") or --select top-k:10; no rule uses a truth.'
        )
    pairs = discovery.pairs
    selected = pairs.of(discovery.selected)
    own, edges = int(selected[~pairs.apart].sum()), int(selected.sum())
    rule = one_line(str((discovery.selection or {}).get("rule", "")))
    by = f" by {shorten(rule, 60)}" if rule else ""
    loops = f", {own} of them from a series to itself" if own else ""
    every = " All of them: edges(selected_only=True)." if edges else ""
    return f"{selected_edges(discovery)} {were(edges)} selected{by}{loops}.{every}"


def standard_error_note(discovery: Discovery) -> str:
    """Return a sentence that says what the standard errors of the scores are, without a full stop; "" without any."""
    if discovery.standard_errors is None:
        return ""
    what = "± se is the standard error of a score as the method estimates it"
    if "ensemble" in discovery.config:
        what = (
            "± se is the jackknife standard error of a score: it compares the members of the ensemble, each of which "
            "left out another block of the data, before their final training on all data"
        )
    return f"{what}. It is not a test: scores are never negative and can be well above 0 where there is no edge"


def _notes(discovery: Discovery) -> list[str]:
    """Return what was chosen without a truth, and the notes of the result and of its selection."""
    chosen = [choice.sentence() for choice in discovery.choices if not choice.within]
    return list(
        dict.fromkeys(
            [
                *chosen,
                *about_candidates(discovery),
                *discovery.notes,
                *map(str, (discovery.selection or {}).get("notes", ())),
            ]
        )
    )


def _score(row: _Row) -> str:
    """Return a score, with its standard error where there is one."""
    return number(row.score, 3) + ("" if row.error is None else f" ± {number(row.error, 2)}")


def _effect(effects: Effects, place: tuple[int, int, int]) -> str:
    """Return sign and size, and that the sign switches where it does."""
    switches = " (switches)" if effects.agreement[place] <= SWITCHING else ""
    return size(effects, place) + switches


def _p_title(discovery: Discovery) -> str:
    joint = "p (all lags)" if discovery.joint_p_values is not None else ""
    return joint if discovery.p_values is None else "p"


def _columns(rows: Sequence[_Row], discovery: Discovery) -> list[str]:
    """Return a line for each edge."""
    p_title = _p_title(discovery)
    table = [
        [
            row.cause,
            "->",
            row.effect,
            f" lag {row.lag}",
            f" score {_score(row)}",
            *([f" {p_title} {p_value(row.p_value)}"] if row.p_value is not None else []),
            *([f" effect {row.size}"] if row.size else []),
            *([" selected"] if row.selected else []),
        ]
        for row in rows
    ]
    return [f"  {line}" for line in aligned(table)]


def _edge_table(rows: Sequence[_Row], discovery: Discovery) -> str:
    if not rows:
        return ""
    p_title = _p_title(discovery)
    chosen = discovery.selected is not None
    titles = ["cause", "effect", "lag", "score", "", *([p_title] if p_title else []), *(["selected"] if chosen else [])]
    titles += ["effect size"] if any(row.size for row in rows) else []
    lines = ["<tr>" + "".join(f"<th>{title}</th>" for title in titles) + "</tr>"]
    largest = max(row.score for row in rows) or 1.0
    for row in rows:
        length, color = 5 * row.score / largest, COLORS[row.sign]
        bar = f'<span class="ck-bar" style="width:{length:.2f}em;background:rgb({color})"></span>'
        line = f"<td>{escape(row.cause)}</td><td>{escape(row.effect)}</td>"
        line += f'<td class="ck-n">{row.lag}</td><td class="ck-n">{_score(row)}</td><td>{bar}</td>'
        if row.p_value is not None:
            line += f'<td class="ck-n">{p_value(row.p_value)}</td>'
        if chosen:
            line += f"<td>{'yes' if row.selected else 'no'}</td>"
        if row.size:
            line += f'<td class="ck-n">{escape(row.size)}</td>'
        lines.append(f"<tr>{line}</tr>")
    return f'<div class="ck-scroll"><table class="ck-edges">{"".join(lines)}</table></div>'


def _same_step_lines(discovery: Discovery, top: int) -> list[str]:
    """Return a heading and a line for each of the strongest same-step pairs, nothing where no pair passes."""
    lines = listing(discovery, min(top, MOST))
    return ["", *lines] if lines else []


def _same_step_table(discovery: Discovery) -> str:
    """Return the same for a notebook."""
    found, passing = same_step_rows(discovery, MOST, width=40)
    if not found:
        return ""
    titles = "".join(f"<th>{title}</th>" for title in ("first", "second", "partial correlation", "q"))
    lines = [
        f"<tr><td>{escape(first)}</td><td>{escape(second)}</td>"
        f'<td class="ck-n">{size}</td><td class="ck-n">{q}</td></tr>'
        for first, second, size, q in found
    ]
    table = f'<div class="ck-scroll"><table class="ck-edges"><tr>{titles}</tr>{"".join(lines)}</table></div>'
    return f"<div><div>{escape(heading(len(found), passing))}</div>{table}</div>"
