"""Published figures beside ours, as lines of a CSV file."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import Any, Literal

Column = Literal["honest", "oracle", "rival"]
METRICS = ("auroc", "auprc")
POLICIES = {"include": "counted", "exclude": "left out"}
CHOSEN = ("forecaster", "lag", "strength")
COLUMNS = (
    *("data", "self_edges", "published_policy", "column", "method"),
    *("auroc", "auroc_sd", "auprc", "auprc_sd", "seeds", "seconds"),
    *CHOSEN,
    *("date", "versions", "device", "command", "note"),
)
VERSIONS = ("causalkit", "torch")
BORROWED = "papers name no settings for these data; those of the nearest data are taken"
STACKED = "trajectories are stacked into one, as papers do; the honest column keeps them apart"
SEVERAL = "the best of several settings of a grid, in the time of all of them"
NO_SELF_EDGES = "the true graph has no self-edge, so each of them counts as a non-edge"
Line = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Family:
    """Rows that belong together: those whose name begins with one of ``prefixes``.

    Attributes:
        text: a paragraph about the data; it holds no figure that the table computes.
    """

    title: str
    text: str
    prefixes: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the table as ``benchmarks/published.toml`` has it; see there."""

    name: str
    title: str
    policy: str
    short: str = ""
    data: str = ""
    published_data: str = ""
    series: int = 0
    settings: Sequence[str] = ()
    borrowed: bool = False
    published: Sequence[Sequence[Any]] = ()
    claim: str = ""
    rivals: Sequence[str] | None = None
    of: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one cell.

    Attributes:
        label: of the settings of an oracle, or of a rival; "" in the honest column.
        metrics: by policy and name.
        seconds: of the fit.
        self_edges: does the true graph hold any? None where it is not known.
        chosen: what the method decided or was given: forecaster, lag and strength.
        date: day on which it was computed, ISO 8601.
        versions: by package.
        device: that computed it.
    """

    column: Column
    label: str
    seed: int
    status: str
    reason: str = ""
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    seconds: float | None = None
    self_edges: bool | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)
    date: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    device: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """All that is known.

    Attributes:
        rows: of the table, and those that a mean among them is of.
        shown: names of the rows to write.
        outcomes: by row; a row without any was not computed.
        absent: reason by row whose data are not on this machine.
        sources: what the short names of sources stand for.
        rivals: of rows that name none.
        families: sections of the summary.
        commands: what repeats a line, by row, column and label.
        earlier: lines of an earlier table, which take the place of lines that nothing was computed for.
    """

    rows: Mapping[str, Row]
    shown: Sequence[str]
    seeds: Sequence[int]
    outcomes: Mapping[str, Sequence[Outcome]]
    absent: Mapping[str, str]
    sources: Mapping[str, str]
    rivals: Sequence[str]
    families: Sequence[Family] = ()
    commands: Mapping[tuple[str, Column, str], str] = field(default_factory=dict)
    earlier: Sequence[Line] = ()

    def lines(self) -> list[Line]:
        """Return a line for each figure, published and ours, under both policies on self-edges."""
        return [
            line | {"data": row.title, "self_edges": POLICIES[policy], "published_policy": "yes" if main else "no"}
            for row in (self.rows[name] for name in self.shown)
            for policy in POLICIES
            for main in [policy == row.policy]
            for line in [*(self._published(row) if main else ()), *self._computed(row, policy)]
        ]

    def _published(self, row: Row) -> list[Line]:
        found = [
            _line("published", method, auroc=_given(auroc), auprc=_given(auprc), note=source)
            for method, auroc, auprc, source in row.published
        ]
        return found + ([_line("published", "", note=row.claim)] if row.claim else [])

    def _computed(self, row: Row, policy: str) -> list[Line]:
        parts = self._parts(row) if row.of else [row]
        truths = {one.self_edges for part in parts for one in self.outcomes.get(part.name, ())}
        shared = [NO_SELF_EDGES] if policy == "include" and False in truths else []
        oracle = [BORROWED] if any(part.borrowed for part in parts) else []
        oracle += [STACKED] if any(part.published_data for part in parts) else []
        oracle += [SEVERAL] if any(len(part.settings) > 1 for part in parts) else []
        lines = [self._ours(row, "honest", policy, "", shared)]
        if row.of or row.settings:
            lines.append(self._ours(row, "oracle", policy, "", [*shared, *oracle]))
        rivals = self.rivals if row.rivals is None else row.rivals
        return lines + [self._ours(row, "rival", policy, rival, shared) for rival in rivals]

    def _ours(self, row: Row, column: Column, policy: str, label: str, notes: Sequence[str]) -> Line:
        """Return means and standard deviations over seeds, or why there are none."""
        found = {metric: self.numbers(row, column, metric, policy, label) for metric in METRICS}
        command = self.commands.get((row.name, column, label), "")
        earlier = self._earlier(row, column, policy, label)
        if any(found.values()) and not (row.of and earlier):
            figures = {"seeds": str(max(map(len, found.values()))), "note": "; ".join(notes)}
            for metric, values in found.items():
                figures[metric] = f"{fmean(values.values()):.3f}" if values else ""
                figures[f"{metric}_sd"] = f"{stdev(values.values()):.3f}" if len(values) > 1 else ""
            figures |= self._origin(row, column, label)
        elif earlier:
            figures = {name: value for name, value in earlier.items() if name in COLUMNS[5:]}
        else:
            figures = {"note": self._state(row, column, label)}
        if column != "rival":
            figures.setdefault("seconds", self.seconds(row, column))
        return _line(column, label, **figures | {"command": command})

    def _origin(self, row: Row, column: Column, label: str) -> Line:
        """Return what was chosen, when, and with which versions."""
        parts = self._parts(row) if row.of else [row]
        mine = [one for part in parts for one in self.outcomes.get(part.name, ())]
        mine = [one for one in mine if one.column == column and one.status == "ok"]
        if column != "oracle":
            mine = [one for one in mine if one.label == label]
        versions = {name: sorted({one.versions[name] for one in mine if name in one.versions}) for name in VERSIONS}
        origin = {
            "date": _span(one.date for one in mine),
            "versions": ", ".join(f"{name} {' and '.join(found)}" for name, found in versions.items() if found),
            "device": " and ".join(sorted({one.device for one in mine if one.device})),
        }
        if column != "oracle" and not row.of:  # an oracle is the best of given settings, a mean is over several data
            origin |= {name: _mode([one.chosen[name] for one in mine if name in one.chosen]) for name in CHOSEN}
        return origin

    def _earlier(self, row: Row, column: Column, policy: str, label: str) -> Line:
        """Return the line of the earlier table that stands in for this one, or an empty one.

        A mean is then over the lines of its parts, so that it can mix both; it has no deviation over seeds.
        """
        if row.of:
            lines = [self._ours(part, column, policy, label, ()) for part in self._parts(row)]
            kept = [self._earlier(part, column, policy, label) for part in self._parts(row)]
            if not any(kept) or not all(line["auroc"] for line in lines):
                return {}
            means = {m: f"{fmean(float(line[m]) for line in lines):.3f}" for m in METRICS if all(x[m] for x in lines)}
            seeds = min((line["seeds"] for line in lines), key=int)
            notes = "; ".join(dict.fromkeys(line["note"] for line in lines if line["note"]))
            days = _span(day for line in lines for day in line["date"].split(" to "))
            return means | {"seeds": seeds, "date": days, "note": notes}
        if any(one.column == column and one.status == "ok" for one in self.outcomes.get(row.name, ())):
            return {}
        mine = (row.title, POLICIES[policy], column, label)
        same = [o for o in self.earlier if (o["data"], o["self_edges"], o["column"], o["method"]) == mine]
        return next((line for line in same if line["auroc"]), {})

    def _state(self, row: Row, column: Column, label: str) -> str:
        if row.name in self.absent:
            return "no data"
        mine = [one for one in self.outcomes.get(row.name, ()) if one.column == column]
        states = Counter(one.status for one in mine if column == "oracle" or one.label == label)
        return states.most_common(1)[0][0] if states else "not computed"

    def numbers(self, row: Row, column: Column, metric: str, policy: str, label: str = "") -> dict[int, float]:
        """Return a metric by seed: of one row, of the best settings of an oracle, or the mean over several rows."""
        if row.of:
            parts = [self.numbers(part, column, metric, policy, label) for part in self._parts(row)]
            seeds = set.intersection(*map(set, parts)) if parts else set()
            return {seed: fmean(part[seed] for part in parts) for seed in sorted(seeds)}
        if column != "oracle":
            return self._values(row, column, label, metric, policy)
        candidates = [self._values(row, column, name, f"{metric}-oracle-epoch", policy) for name in row.settings]
        return max(filter(None, candidates), key=lambda values: fmean(values.values()), default={})

    def _values(self, row: Row, column: Column, label: str, metric: str, policy: str) -> dict[int, float]:
        mine = [one for one in self.outcomes.get(row.name, ()) if (one.column, one.label) == (column, label)]
        found = {one.seed: one.metrics.get(policy, {}).get(metric) for one in mine if one.status == "ok"}
        return {seed: value for seed, value in sorted(found.items()) if value is not None}

    def _parts(self, row: Row) -> list[Row]:
        """Return the rows that a mean is of, as far as there is anything of them."""
        kept = {line["data"] for line in self.earlier if line["column"] != "published" and line["auroc"]}
        return [
            self.rows[name]
            for name in row.of
            if self.rows[name].title in kept or any(one.status == "ok" for one in self.outcomes.get(name, ()))
        ]

    def seconds(self, row: Row, column: Column) -> str:
        """Return the mean time of a fit; of an oracle, of all fits that one seed takes."""
        rows = self._parts(row) if row.of else [row]
        means = []
        for one in rows:
            times: dict[str, list[float]] = {}
            for outcome in self.outcomes.get(one.name, ()):
                if outcome.column == column and outcome.seconds is not None and outcome.status == "ok":
                    times.setdefault(outcome.label, []).append(outcome.seconds)
            if times:
                means.append(sum(fmean(seconds) for seconds in times.values()))
        return "" if not means else f"{fmean(means):.1f}" if fmean(means) < 100 else f"{fmean(means):.0f}"

    def notes(self) -> list[str]:
        """Return sentences about sources, policies, and what lacks and why."""
        rows = [self.rows[name] for name in self.shown]
        used = {entry[3] for row in rows for entry in row.published}
        used |= {name for row in rows for name in self.sources if f"; {name})" in row.claim}
        notes = []
        if used:
            notes.append("Sources: " + "; ".join(f"{k}: {v}" for k, v in self.sources.items() if k in used) + ".")
        notes.append(
            "The policy on self-edges is that of the published figures. `benchmarks.csv` also has the other policy, "
            "the other published figures, standard deviations, seconds of a fit on one thread, what was chosen, and "
            "command, date and versions of each figure."
        )
        for row in rows:
            lacking = [self.rows[name].title for name in row.of if self.rows[name] not in self._parts(row)]
            if lacking:
                notes.append(
                    f"{row.title}: of {len(row.of) - len(lacking)} of {len(row.of)}, without {_listed(lacking)}."
                )
        notes += [f"{row.title}: no data. {self.absent[row.name]}." for row in rows if row.name in self.absent]
        return notes + self._trouble(rows)

    def _trouble(self, rows: Iterable[Row]) -> list[str]:
        """Say what did not end well, and why."""
        notes = []
        for row in rows:
            wrong = [one for one in self.outcomes.get(row.name, ()) if one.status != "ok"]
            for (column, label, status, reason), count in Counter(
                (one.column, one.label, one.status, one.reason) for one in wrong
            ).items():
                which = f"{column} {label}".strip() if column != "rival" else label
                notes.append(f"{row.title}, {which}: {status}, {count} of {len(self.seeds)} seeds: {_plain(reason)}.")
        return notes


def _line(column: str, method: str, **figures: str) -> Line:
    return dict.fromkeys(COLUMNS, "") | {"column": column, "method": method} | figures


def as_csv(lines: Iterable[Line]) -> str:
    """Return lines as the text of a CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def from_csv(text: str) -> list[Line]:
    """Return the lines of the text of a CSV file, also of one that lacks columns."""
    return [dict.fromkeys(COLUMNS, "") | line for line in csv.DictReader(io.StringIO(text))]


def _span(days: Iterable[str]) -> str:
    """Return the first and the last of several days, as text."""
    known = sorted(filter(None, days))
    return " to ".join(dict.fromkeys([known[0], known[-1]])) if known else ""


def _mode(values: Sequence[str]) -> str:
    """Return the most frequent value, with its share where there are others."""
    if not values:
        return ""
    value, times = Counter(values).most_common(1)[0]
    return value if times == len(values) else f"{value} ({times} of {len(values)} seeds)"


def _given(number: Any) -> str:
    """Return a published number as it was published, up to four decimals."""
    if isinstance(number, str):
        return number.replace("> .", "> 0.")
    text = f"{number:.4f}".rstrip("0")
    return text if len(text) > 5 else f"{number:.3f}"


def _listed(names: Sequence[str]) -> str:
    return "; ".join(names)


def _plain(text: str) -> str:
    """Return text that breaks no table and no sentence."""
    return " ".join(text.replace("|", "/").split()).rstrip(".")
