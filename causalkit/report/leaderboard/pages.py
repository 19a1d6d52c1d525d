"""The pages of a leaderboard: an index, and one page for each version of each task."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from causalkit.compare.blocks import MEBIBYTE, greater_is_better
from causalkit.compare.table import Spread
from causalkit.display.formats import duration
from causalkit.display.labels import metric_name, shorten, visible
from causalkit.display.words import count
from causalkit.io.atomic import atomic_path
from causalkit.report.leaderboard.tasks import Task
from causalkit.report.templating import environment

DIAGONAL = "exclude"
_SHOWN = 3


@dataclass(frozen=True)
class Row:
    """A method on a task.

    Attributes:
        rank: from 1 on, the same for equal means; None without a result for every seed.
        spread: of the ranking metric over seeds, or None.
        others: other metrics as text, by name.
        trouble: cells without a result, in words.
    """

    method: str
    rank: int | None
    spread: Spread | None
    others: Mapping[str, str]
    seconds: str
    memory: str
    versions: str
    sources: str
    published: str
    trouble: str


def write_pages(tasks: Sequence[Task], site: Path, *, metric: str, title: str) -> Path:
    """Write all pages; return the path of the index."""
    newest = {task.slug: task for task in tasks}  # they come by version
    known = {task.name: rows_of(task, metric) for task in tasks}
    for task in tasks:
        page = _render(
            "task.html.jinja",
            title=f"{task.label}, version {task.version}",
            board=title,
            metric=metric_name(metric),
            task=task,
            rows=known[task.name],
            newest=newest[task.slug] is task,
            versions=[other for other in tasks if other.slug == task.slug],
            command=command_of(task),
            names={name: metric_name(name) for name in _others(task, metric)},
            picture=_picture(known[task.name], metric),
            processors=", ".join(_processors(task)) or "unknown",
            identity=json.dumps(task.identity, indent=1, sort_keys=True, ensure_ascii=False),
        )
        _write(page, site / "tasks" / f"{task.name}.html")
    shown = [{"task": task, "rows": known[task.name]} for task in newest.values()]
    index = site / "index.html"
    _write(
        _render("board.html.jinja", title=title, board=title, metric=metric_name(metric), shown=shown, top=_SHOWN),
        index,
    )
    return index


def _processors(task: Task) -> list[str]:
    return sorted({r["processor"] for one in task.results.values() for r in one.values() if r.get("processor")})


def rows_of(task: Task, metric: str) -> list[Row]:
    """Return the methods of a task, the best first; those without a result for every seed come last."""
    seeds = sorted(task.data, key=int) or sorted({seed for one in task.results.values() for seed in one}, key=int)
    sign = 1 if greater_is_better(metric) else -1
    found = {method: _spread(results, metric) for method, results in task.results.items()}
    whole = {m: s for m, s in found.items() if s is not None and s.n == len(seeds)}
    means = sorted((sign * one.mean for one in whole.values()), reverse=True)
    rows = [
        Row(
            method=method,
            rank=means.index(sign * whole[method].mean) + 1 if method in whole else None,
            spread=found[method],
            others={
                name: other.text if (other := _spread(results, name)) is not None else ""
                for name in _others(task, metric)
            },
            seconds=_seconds(results),
            memory=_memory(results),
            versions=_joined(results, "versions"),
            sources=_joined(results, "sources"),
            published=max(result["started"] for result in results.values())[:10],
            trouble=_trouble(results, seeds),
        )
        for method, results in task.results.items()
    ]
    last = float("inf")
    return sorted(rows, key=lambda row: (row.rank or last, -sign * row.spread.mean if row.spread else last, row.method))


def command_of(task: Task) -> str:
    """Return the command that computes the task with one more method; "" where its data were files."""
    identity = task.identity
    if "files" in identity:
        return ""
    data = identity["data"] + (
        "[" + ",".join(f"{key}={_told(value)}" for key, value in identity["params"].items()) + "]"
        if identity["params"]
        else ""
    )
    seeds = ",".join(sorted(task.data, key=int)) or "0"
    words = ["causalkit", "compare", "-m", "METHOD", "-d", shlex.quote(data), "--seeds", seeds]
    settings = dict(identity["settings"])
    if settings.get("select"):
        words += ["--select", shlex.quote(str(settings["select"]))]
    if settings.get("standardize") is False:
        words.append("--no-standardize")
    if settings.get("time_limit"):
        words += ["--time-limit", f"{settings['time_limit']:g}s"]
    return " ".join(words)


def _told(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _spread(results: Mapping[str, Mapping[str, Any]], metric: str) -> Spread | None:
    values = {int(seed): one["metrics"][DIAGONAL].get(metric) for seed, one in results.items() if one["status"] == "ok"}
    return Spread.of({seed: float(value) for seed, value in sorted(values.items()) if value is not None})


def _others(task: Task, metric: str) -> list[str]:
    """Return the names of further metrics: AUROC and AUPRC, and those of selected edges where there are any."""
    measured = {name for one in task.results.values() for r in one.values() for name in r["metrics"][DIAGONAL]}
    return [name for name in ("auroc", "auprc", "f1", "shd", "lag-accuracy") if name in measured and name != metric]


def _seconds(results: Mapping[str, Mapping[str, Any]]) -> str:
    spread = Spread.of(
        {int(s): float(r["seconds"]) for s, r in results.items() if r["status"] == "ok" and r["seconds"]}
    )
    return "" if spread is None else duration(spread.mean)


def _memory(results: Mapping[str, Mapping[str, Any]]) -> str:
    peaks = [one["peak_bytes"] for one in results.values() if one["peak_bytes"] is not None]
    return f"{max(peaks) / MEBIBYTE:.0f} MiB" if peaks else ""


def _joined(results: Mapping[str, Mapping[str, Any]], what: str) -> str:
    """Return versions or digests of causalkit and of plugins, each with all its values."""
    found: dict[str, list[str]] = {}
    for result in results.values():
        for name, value in result[what].items():
            if name.startswith("causalkit") and value not in found.setdefault(name, []):
                found[name].append(value)
    return ", ".join(f"{name} {' and '.join(values)}" for name, values in sorted(found.items()))


def _trouble(results: Mapping[str, Mapping[str, Any]], seeds: Sequence[str]) -> str:
    failed = [one for one in results.values() if one["status"] != "ok"]
    missing = len([seed for seed in seeds if seed not in results])
    parts = [f"{count(len(failed), 'cell')} failed: {failed[0]['reason']}"] if failed else []
    return "; ".join([*parts, *([f"{count(missing, 'seed')} missing"] if missing else [])])


def _picture(rows: Sequence[Row], metric: str) -> Any:
    """Return the ranking as markup: mean and 95 % interval of each method."""
    from causalkit.plotting import style
    from causalkit.plotting.style import root
    from causalkit.report.picture import Album

    known = [row for row in rows if row.spread is not None][::-1]
    if not known:
        return None
    ax = style.new_axes(None, (6.2, 1.1 + 0.34 * len(known)))
    style.frame(ax)
    bounded = all(0 <= value <= 1 for row in known if row.spread for value in row.spread.values.values())
    style.title(ax, f"{metric_name(metric)}: mean over seeds, and its 95 % interval")
    for place, row in enumerate(known):
        spread = row.spread
        assert spread is not None
        if spread.low is not None and spread.high is not None:
            ends = [max(spread.low, 0.0), min(spread.high, 1.0)] if bounded else [spread.low, spread.high]
            ax.plot(ends, [place, place], color=style.BLUE, linewidth=style.LINE)
        ax.plot([spread.mean], [place], "o", color=style.BLUE, markersize=6)
    ax.set_yticks(range(len(known)), [shorten(row.method, 34) for row in known])
    ax.set_ylim(-0.6, len(known) - 0.4)
    ax.tick_params(labelsize=style.TICK)
    figure = root(ax)
    album = Album()
    picture = album.picture(figure, f"{metric_name(metric)} of each method; the table gives the numbers.", tight=True)
    return {"markup": picture.markup, "letters": album.letters}


def _render(template: str, **context: Any) -> str:
    from causalkit import __version__

    templates = environment()
    templates.filters["breakable"] = _breakable
    return visible(templates.get_template(f"leaderboard/{template}").render(version=__version__, **context))


def _breakable(label: str) -> Any:
    """Return a label that may be broken after its commas and brackets, and hardly elsewhere."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"([\[,])", r"\1<wbr>", str(escape(label))))


def _write(text: str, path: Path) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
