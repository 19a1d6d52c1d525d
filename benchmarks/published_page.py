"""The summary of the table as Markdown: a picture, and a paragraph, a verdict and a narrow table for each family."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from published_table import METRICS, Family, Line, Row, Table

NONE = "\N{EN DASH}"
NAMES = {"auroc": "AUROC", "auprc": "AUPRC"}
LEVEL = 0.005
"""Two scores that differ by less count as equal."""
Data = dict[str, list[Line]]


def markdown(table: Table, picture: str) -> str:
    """Return the picture, the summary and its notes.

    Args:
        picture: address of the picture, relative to the page.
    """
    lines, rows = table.lines(), table.rows
    text = f"![{alternative(lines)}]({picture})\n\n{missing(lines)}\n\n## Family by family\n\n"
    return text + summary(lines, table.families, rows) + "".join(f"* {note}\n" for note in table.notes())


def by_data(lines: Iterable[Line]) -> Data:
    """Return the lines under the policy of the published figures, by the title of their data."""
    rows: Data = {}
    for line in lines:
        if line["published_policy"] == "yes":
            rows.setdefault(line["data"], []).append(line)
    return rows


def of_family(data: Data, family: Family, rows: Mapping[str, Row]) -> Data:
    """Return the data of one family, in order."""
    names = {row.title: name for name, row in rows.items()}
    return {title: lines for title, lines in data.items() if names[title].startswith(tuple(family.prefixes))}


def short_title(row: Row, family: Family) -> str:
    """Return what a row is called within its family."""
    return row.short or row.title.removeprefix(family.title).lstrip(", ")


def ours(lines: Iterable[Line], column: str) -> Line | None:
    """Return the line of "honest", "oracle" or "var", where it has figures."""
    found = [line for line in lines if column in (line["column"], line["method"].partition("[")[0])]
    return next((line for line in found if line["column"] != "published" and line["auroc"]), None)


def best_published(lines: Iterable[Line], metric: str = "auroc") -> Line | None:
    """Return the line of the highest published figure."""
    figures = [line for line in lines if line["column"] == "published" and line[metric]]
    return max(figures, key=lambda line: number(line[metric]), default=None)


def number(text: str) -> float:
    """Return a figure as a number, also one that is known only as a lower bound."""
    return float(text.strip("> "))


def alternative(lines: Iterable[Line]) -> str:
    """Return what the picture says, for readers who do not see it."""
    counts = _against(by_data(lines), "auroc")
    return (
        "Dots for each data set: causalkit with its own choices, the best published figure, an oracle and linear VAR. "
        f"By AUROC, causalkit is {_tally(counts)}."
    )


def missing(lines: Iterable[Line]) -> str:
    """Say for which data there is no honest figure, and how many data sets there are."""
    data = by_data(lines)
    reasons: dict[str, list[str]] = {}
    for title, found in data.items():
        line = next(line for line in found if line["column"] == "honest")
        if not line["auroc"]:
            reasons.setdefault(line["note"] or "not computed", []).append(title)
    shown = len(data) - sum(map(len, reasons.values()))
    text = f"{shown} of {len(data)} rows of the table have a figure of ours."
    return text + "".join(f" {reason.capitalize()}: {'; '.join(titles)}." for reason, titles in reasons.items())


def summary(lines: Iterable[Line], families: Sequence[Family], rows: Mapping[str, Row]) -> str:
    """Return a section a family: its paragraph, how ours stands, and a narrow table that unfolds.

    Args:
        rows: of the table, by name.
    """
    data = by_data(lines)
    most = max((line["seeds"] for found in data.values() for line in found), key=lambda n: int(n or 0), default="")
    titles = {row.title: row for row in rows.values()}
    text = ""
    for family in families:
        mine = of_family(data, family, rows)
        shown = {title: found for title, found in mine.items() if any(one["note"] != "no data" for one in found)}
        if not shown:
            continue
        names = {title: short_title(titles[title], family) for title in shown}
        text += f"### {family.title}\n\n{family.text.strip()}\n\n{verdict(shown, names)}\n\n"
        text += "<details>\n<summary>All figures, AUROC / AUPRC</summary>\n\n"
        text += "| data | self-edges | best published | honest | oracle | `var` |\n|---|---|---|---|---|---|\n"
        for title, found in shown.items():
            full = title.removeprefix(family.title).lstrip(", ")
            text += f"| {' | '.join(_cells(full, found, most))} |\n"
        text += "\n</details>\n\n"
    return text


def verdict(data: Data, names: Mapping[str, str]) -> str:
    """Return sentences about how ours stands in a family, with every shortfall by name."""
    tallies: dict[str, list[str]] = {}
    shortfalls = []
    for metric in METRICS:
        counts = _against(data, metric)
        if any(counts.values()):
            tallies.setdefault(_tally(counts), []).append(NAMES[metric])
        shortfalls += [_pair(title, data[title], metric, names) for title in counts["behind"]]
    sentences = [f"By {' and by '.join(metrics)}, ours is {tally}." for tally, metrics in tallies.items()]
    if not tallies:
        computed = any(ours(found, "honest") for found in data.values())
        sentences = ["No published figure of these data is known." if computed else "Ours is not computed."]
    if shortfalls:
        sentences.append(f"It falls short on {'; on '.join(shortfalls)}.")
    pairs = {title: (ours(found, "honest"), ours(found, "var")) for title, found in data.items()}
    linear = [
        f"{names[title]} ({short(simple['auroc'])} against {short(mine['auroc'])})"
        for title, (mine, simple) in pairs.items()
        if mine and simple and number(simple["auroc"]) > number(mine["auroc"]) + LEVEL
    ]
    if linear:
        sentences.append(f"Linear `var` has the higher AUROC on {'; '.join(linear)}.")
    return " ".join(sentences)


def _against(data: Data, metric: str) -> dict[str, list[str]]:
    """Return the titles of the data on which ours is ahead of the best published figure, level with it, or behind."""
    found: dict[str, list[str]] = {"ahead": [], "level": [], "behind": []}
    for title, lines in data.items():
        mine, theirs = ours(lines, "honest"), best_published(lines, metric)
        if mine is None or theirs is None or not mine[metric]:
            continue
        gain = number(mine[metric]) - number(theirs[metric])
        bound = theirs[metric].startswith(">")  # above it, nobody can say which is higher
        found["level" if abs(gain) < LEVEL or (bound and gain > 0) else "ahead" if gain > 0 else "behind"].append(title)
    return found


def _tally(counts: Mapping[str, Sequence[str]]) -> str:
    """Return in words how often ours is ahead, level and behind."""
    total = sum(map(len, counts.values()))
    where = {"ahead": "ahead of", "level": "level with", "behind": "behind"}
    said: list[str] = []
    for state, titles in counts.items():
        if titles:
            whole = {1: "the only row that has one", 2: "both rows that have one"}
            first = f"{len(titles)} of {total} rows that have one"
            first = whole.get(total, f"all {total} rows that have one") if len(titles) == total else first
            what, many = ("it", str(len(titles))) if said else ("the best published figure", first)
            said.append(f"{where[state]} {what} on {many}")
    if not said:
        return "without a published figure beside it"
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def _pair(title: str, lines: Sequence[Line], metric: str, names: Mapping[str, str]) -> str:
    mine, theirs = ours(lines, "honest"), best_published(lines, metric)
    assert mine is not None and theirs is not None  # noqa: PT018 - one that is behind has both
    return f"{names[title]} ({NAMES[metric]} {short(mine[metric])}, {theirs['method']} {short(theirs[metric])})"


def _cells(title: str, lines: Sequence[Line], most: str) -> list[str]:
    published = [line for line in lines if line["column"] == "published"]
    best = best_published(lines)
    mine = {line["method"].partition("[")[0] or line["column"]: line for line in lines if line not in published}
    theirs = f"{best['method']} {_both(best)} ({best['note']})" if best else " ".join(one["note"] for one in published)
    found = [_both(mine[name], most) if name in mine else NONE for name in ("honest", "oracle", "var")]
    return [title, lines[0]["self_edges"], theirs or NONE, *found]


def _both(line: Line, most: str = "") -> str:
    """Return AUROC and AUPRC, with the number of seeds where some are missing, or the reason why both are missing."""
    text = " / ".join(short(line[metric]) for metric in METRICS if line[metric]) or line["note"]
    return text if line["seeds"] in ("", most) else f"{text} ({line['seeds']} of {most} seeds)"


def short(number: str) -> str:
    """Return a number without the zero before the point."""
    return number.replace("0.", ".", 1) if number.startswith(("0.", "> 0.")) else number
