"""The health of a panel as a page of text and as an HTML element for notebooks.

Everything here works on what `causalkit.health.Health.describe` returns, of which results save parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from causalkit.core.shell import in_python
from causalkit.display.formats import MISSING, number
from causalkit.display.labels import cells, labels, one_line, shorten
from causalkit.display.notebook import STYLE
from causalkit.display.words import count, listed, span

if TYPE_CHECKING:
    from rich.text import Text

Described = Mapping[str, Any]
Lines = list[tuple[str, str]]
"""Lines of text, each with a style of rich or ""."""

WIDTH = 80
TOP = 20
_INDENT = 14
_NAME = 9
"""Columns that the name of a series has at least."""
_LEVEL = 0.05
"""Level of the test for a unit root."""
LEFT = ("kind", "unit root")
"""Columns of words; those of numbers end flush right."""
_NOTEBOOK_SERIES = 10
_WIDE = 110
"""Columns of a table in a notebook, which is not bound to a terminal."""


def summary(health: Described, *, width: int = WIDTH, top: int = TOP) -> str:
    """Return the page as plain text; the arguments are those of `page`."""
    return page(health, width=width, top=top).plain


def page(health: Described, *, width: int = WIDTH, top: int = TOP, commands: Sequence[tuple[str, str]] = ()) -> Text:
    """Return the page with styles, which a terminal shows as colours.

    Args:
        health: the description of a `causalkit.health.Health`.
        width: columns of the terminal; only an option or a command can be longer than a line.
        top: number of series in the table; those with findings come first.
        commands: what to paste, each as the line that introduces it, and the command.
    """
    from rich.text import Text

    made = Text(no_wrap=True)
    for part in (
        [(line, "bold") for line in _wrapped(headline(health), width)],
        _titled(facts(health["sampling"], health["steps"], _names(health)), width) + _windows(health["windows"], width),
        _series(health, width, top),
        _findings(health, width),
        _notes(health["notes"], width),
        _commands(commands),
    ):
        for line, style in part:
            made.append(f"{line}\n", style=style or None)
        if part:
            made.append("\n")
    made.rstrip()
    return made


def html(health: Described) -> str:
    """Return the same for a notebook: one element without scripts and external files, for light and dark themes."""
    shown = first(health, _NOTEBOOK_SERIES)
    titles, *rows = table(health, shown, _WIDE)
    marks = ["" if place == 0 or title in LEFT else ' class="ck-n"' for place, title in enumerate(titles)]
    lines = [
        "<tr>" + "".join(f"<th{mark}>{escape(one)}</th>" for mark, one in zip(marks, titles, strict=True)) + "</tr>"
    ]
    for row in rows:
        cells_of_row = "".join(f"<td{mark}>{escape(cell)}</td>" for mark, cell in zip(marks, row, strict=True))
        lines.append(f"<tr>{cells_of_row}</tr>")
    found = []
    for finding in health["findings"]:
        options = " or ".join(f"<code>{escape(option)}</code>" for option in _options(finding, health))
        strong = "b" if finding["severity"] == "warning" else "span"
        found.append(f"<li><{strong}>{escape(finding['message'])}</{strong}>{f': {options}' if options else ''}</li>")
    told = [f"{title}: {words}" for title, words in facts(health["sampling"], health["steps"], _names(health))]
    notes = [f"<li>{escape(one_line(note))}</li>" for note in health["notes"]]
    more = len(health["series"]) - len(shown)
    return "\n".join(
        part
        for part in (
            '<div class="causalkit">',
            STYLE,
            f"<div><b>{escape(headline(health))}</b></div>",
            *(f"<div>{escape(line)}</div>" for line in told),
            f'<div class="ck-scroll"><table class="ck-edges">{"".join(lines)}</table></div>',
            f"<div>and {more:,} more series</div>" if more else "",
            f"<div>Findings:</div><ul>{''.join(found)}</ul>" if found else "<div>Findings: none</div>",
            f"<div>Notes on the reading:</div><ul>{''.join(notes)}</ul>" if notes else "",
            "</div>",
        )
        if part
    )


def headline(health: Described) -> str:
    """Return source and size of the data."""
    missing = sum(series["missing"] for series in health["series"])
    return (
        f"{one_line(health['source'])}: {count(len(health['series']), 'series', 'series')}, "
        f"{count(len(health['steps']), 'realisation')} of {span(health['steps'])} steps, "
        f"{count(missing, 'missing cell') if missing else 'no missing cell'}"
    )


def facts(sampling: Described | None, steps: Sequence[int], names: Sequence[str]) -> list[tuple[str, str]]:
    """Return what was taken as time, realisation and series, each as a title and its words.

    Args:
        sampling: the description of a `causalkit.Sampling`; None: nothing is known.
        steps: number of time steps of every realisation.
        names: of the series.
    """
    known: Described = sampling or {}
    found = [("time", _time(known))]
    if known.get("step"):
        days = ", business days: Monday follows Friday" if known.get("calendar") == "business-days" else ""
        found.append(("step", f"{known['step']}{days}"))
    identified = str(known.get("realisations") or "")
    ways = {"": "", "restarts": "; a new one begins where time restarts", "files": ", from several files"}
    how = ways.get(identified, f", by {one_line(identified)}")
    found.append(("realisations", f"{len(steps):,} of {span(steps)} steps{how}"))
    if known.get("gaps"):
        found.append(("gaps", f"rows are missing at {count(known['gaps'], 'place')}; no window crosses them"))
    found.append(("series", listed([shorten(name, 40) for name in names])))
    if known.get("left_out"):
        found.append(("left out", listed([shorten(name, 40) for name in known["left_out"]])))
    return found


def first(health: Described, top: int) -> list[Described]:
    """Return so many series in the order of the panel, those with findings rather than others."""
    series, warned = health["series"], _warned(health)
    ranked = sorted(range(len(series)), key=lambda place: series[place]["name"] not in warned)
    return [series[place] for place in sorted(ranked[:top])]


def table(health: Described, shown: Sequence[Described], width: int) -> list[list[str]]:
    """Return the table of series with its titles; columns that say nothing about these data are left out.

    Args:
        health: the description.
        shown: the series.
        width: of the whole table, which the names are shortened to fit.
    """
    columns: list[tuple[str, list[str], bool]] = [
        ("kind", [one["kind"] for one in shown], any(one["kind"] != "continuous" for one in shown)),
        ("missing", [f"{one['missing']:,}" for one in shown], any(one["missing"] for one in shown)),
        ("smallest", [_number(one["smallest"]) for one in shown], True),
        ("largest", [_number(one["largest"]) for one in shown], True),
        ("trend", [_trend(one) for one in shown], True),
        ("unit root", [_unit_root(health, one) for one in shown], any(one["adf"] is not None for one in shown)),
        ("season", [str(one["period"] or MISSING) for one in shown], any(one["period"] for one in shown)),
        ("outliers", [str(one["outliers"] or MISSING) for one in shown], any(one["outliers"] for one in shown)),
    ]
    kept = [(title, values) for title, values, wanted in columns if wanted]
    taken = sum(2 + max(map(cells, [title, *values])) for title, values in kept)
    names = labels([one["name"] for one in shown], max(width - taken, _NAME))
    rows = [[name, *(values[place] for _, values in kept)] for place, name in enumerate(names)]
    return [["series", *(title for title, _ in kept)], *rows]


def explained(titles: Collection[str]) -> str:
    """Return what the columns of `table` are."""
    known = {
        "trend": "trend: share of the variance that straight lines explain",
        "unit root": "unit root: by the ADF test",
        "season": "season: its period in time steps",
    }
    return "; ".join(words for title, words in known.items() if title in titles)


def _names(health: Described) -> list[str]:
    return [series["name"] for series in health["series"]]


def _warned(health: Described) -> set[str]:
    """Return the names of the series that a finding concerns."""
    return {name for finding in health["findings"] for name in finding["series"]}


def _time(known: Described) -> str:
    columns = [f"'{shorten(name, 40)}'" for name in known.get("time") or ()]
    if not columns:
        return "no column; every row is a time step"
    span_of_time = f", {known['first']} to {known['last']}" if known.get("first") and known.get("last") else ""
    return f"{'column' if len(columns) == 1 else 'columns'} {listed(columns)}{span_of_time}"


def _number(value: float | None) -> str:
    return MISSING if value is None or value != value else number(value, 3)


def _trend(series: Described) -> str:
    examined = series["trend"] > 0 or series["persistence"] is not None
    return f"{series['trend']:.0%}" if examined else MISSING


def _unit_root(health: Described, series: Described) -> str:
    for kind, word in (("unit-root", "yes"), ("near-unit-root", "nearly")):
        if any(one["kind"] == kind and series["name"] in one["series"] for one in health["findings"]):
            return word
    if series["adf"] is None:
        return MISSING
    return "no" if series["adf"] < _LEVEL else "unclear"


def _titled(rows: Iterable[tuple[str, str]], width: int) -> Lines:
    lines: Lines = []
    for title, words in rows:
        wrapped = _wrapped(words, width - _INDENT)
        lines += [(f"{title if not place else '':<{_INDENT}}{line}", "") for place, line in enumerate(wrapped)]
    return lines


def _windows(windows: Sequence[Described], width: int) -> Lines:
    if not windows:
        return [(f"{'windows':<{_INDENT}}no lag leaves a complete window", "yellow")]
    rows = [["lag", *(str(one["lag"]) for one in windows)], ["windows", *(f"{one['most']:,}" for one in windows)]]
    fewer = any(one["most"] != one["fewest"] for one in windows)
    if fewer:
        rows.append(["fewest", *(f"{one['fewest']:,}" for one in windows)])
    lines: Lines = [(line, "") for line in _aligned(rows, least=_INDENT - 2)]
    words = "fewest: windows of the effect that has the fewest"
    return [*lines, *((line, "dim") for line in _wrapped(words, width) if fewer)]


def _series(health: Described, width: int, top: int) -> Lines:
    shown = first(health, top)
    titles, *rows = table(health, shown, width)
    head, *body = _aligned([titles, *rows])
    lines: Lines = [(head, "bold"), *((line, "") for line in body)]
    others = len(health["series"]) - len(shown)
    if others:
        warned = _warned(health)
        hidden = len(warned - {one["name"] for one in shown})
        some = f", {hidden:,} of them with findings" if hidden else ", without findings" if warned else ""
        lines.append((f"and {others:,} more series{some}", "dim"))
    return [*lines, *((line, "dim") for line in _wrapped(explained(titles), width))]


def _options(finding: Described, health: Described) -> list[str]:
    """Return what to do about a finding, as arguments in Python where the data are objects in memory.

    Their source is "data", see `causalkit.Panel.in_memory`.
    """
    options = list(finding["options"])
    return [in_python(option) for option in options] if health["source"] == "data" else options


def _findings(health: Described, width: int) -> Lines:
    lines: Lines = []
    for finding in health["findings"]:
        warning = finding["severity"] == "warning"
        wrapped = _wrapped(finding["message"], width - 2)
        for place, line in enumerate(wrapped):
            lines.append((f"{'  ' if place else '! ' if warning else '- '}{line}", "yellow" if warning else ""))
        for place, option in enumerate(_options(finding, health)):
            lines.append((f"    {'or  ' if place else ''}{option}", "cyan"))
    return [("Findings", "bold"), *lines] if lines else [("Findings: none", "bold")]


def _notes(notes: Iterable[str], width: int) -> Lines:
    lines: Lines = []
    for words in notes:
        wrapped = _wrapped(words, width - 2)
        lines += [(f"{'  ' if place else '- '}{line}", "") for place, line in enumerate(wrapped)]
    return [("Notes on the reading", "bold"), *lines] if lines else []


def _commands(commands: Iterable[tuple[str, str]]) -> Lines:
    lines = [line for words, command in commands for line in ((words, "bold"), (f"  {command}", "cyan"))]
    return [line for line in lines if line[0].strip()]


def _wrapped(words: str, width: int) -> list[str]:
    """Return a sentence as lines of so many cells; only words that are longer than a line are broken."""
    from rich.cells import chop_cells

    lines = [""]
    for word in one_line(words).split():
        for part in chop_cells(word, width):
            if not lines[-1]:
                lines[-1] = part
            elif cells(f"{lines[-1]} {part}") <= width:
                lines[-1] += f" {part}"
            else:
                lines.append(part)
    return lines


def _aligned(rows: Sequence[Sequence[str]], least: int = 0) -> list[str]:
    """Return aligned lines; the first column has at least so many cells."""
    widths = [max(map(cells, column)) for column in zip_longest(*rows, fillvalue="")]
    widths[0] = max(widths[0], least)
    lines = []
    for row in rows:
        padded = []
        for place, (cell, wide) in enumerate(zip(row, widths, strict=True)):
            blank = " " * (wide - cells(cell))
            padded.append(cell + blank if place == 0 or rows[0][place] in LEFT else blank + cell)
        lines.append("  ".join(padded).rstrip())
    return lines
