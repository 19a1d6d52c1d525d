"""The table of published numbers beside ours, as Markdown; what it needs of each computed cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import Any, Literal

Column = Literal["honest", "oracle", "rival"]
METRICS = ("auroc", "auprc")
POLICIES = {"include": "counted", "exclude": "left out"}
NONE = "\N{EN DASH}"
MARKS = {
    "borrowed": ("†", "papers name no settings for these data; those of the nearest data are taken"),
    "stacked": ("‡", "trajectories are stacked into one, as papers do; the honest column keeps them apart"),
    "several": ("§", "the best of several settings of a grid, in the time of all of them"),
    "no self-edges": ("¶", "the true graph holds no self-edge, so that each of them counts as a non-edge"),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the table as ``benchmarks/published.toml`` has it; see there."""

    name: str
    title: str
    policy: str
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
    """

    column: Column
    label: str
    seed: int
    status: str
    reason: str = ""
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    seconds: float | None = None
    self_edges: bool | None = None


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
    """

    rows: Mapping[str, Row]
    shown: Sequence[str]
    seeds: Sequence[int]
    outcomes: Mapping[str, Sequence[Outcome]]
    absent: Mapping[str, str]
    sources: Mapping[str, str]
    rivals: Sequence[str]

    def markdown(self) -> str:
        """Return the table and what has to be said about it."""
        lines = [
            "| data | self-edges | published (AUROC / AUPRC) | honest | s | oracle | s | others in the same run |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for name in self.shown:
            row = self.rows[name]
            lines += [self._line(row, policy) for policy in (row.policy, *(set(POLICIES) - {row.policy}))]
        return "\n".join([*lines, "", *(f"* {note}" for note in self._notes())]) + "\n"

    def _line(self, row: Row, policy: str) -> str:
        published = row.policy == policy
        counted = POLICIES[policy] + ("" if policy == "exclude" else self._marked(row, "no self-edges"))
        oracle = self.both(row, "oracle", policy)
        if any(letter.isdigit() for letter in oracle):
            oracle += self._marked(row, "borrowed", "stacked", "several")
        cells = [
            row.title if published else "",
            f"**{counted}**" if published else counted,
            self._published(row) if published else "",
            self.both(row, "honest", policy),
            self._seconds(row, "honest") if published else "",
            oracle,
            self._seconds(row, "oracle") if published else "",
            "<br>".join(f"`{rival}` {self.both(row, 'rival', policy, rival)}" for rival in self._rivals(row)),
        ]
        return "| " + " | ".join(cells) + " |"

    def _marked(self, row: Row, *kinds: str) -> str:
        """Return the marks of a row, of these kinds."""
        parts = self._parts(row) if row.of else [row]
        said = {
            "borrowed": any(one.borrowed for one in parts),
            "stacked": any(one.published_data for one in parts),
            "several": any(len(one.settings) > 1 for one in parts),
            "no self-edges": any(o.self_edges is False for one in parts for o in self.outcomes.get(one.name, ())),
        }
        marks = "".join(MARKS[kind][0] for kind in kinds if said[kind])
        return f" {marks}" if marks else ""

    def both(self, row: Row, column: Column, policy: str, label: str = "") -> str:
        """Return ``mean ± sd / mean ± sd`` of AUROC and AUPRC, or why there is nothing."""
        found = [self.numbers(row, column, metric, policy, label) for metric in METRICS]
        if any(found):
            return " / ".join(self._spread(values) for values in found)
        if row.name in self.absent:
            return "no data"
        if column == "oracle" and not row.of and not row.settings:
            return NONE
        mine = [one for one in self.outcomes.get(row.name, ()) if (one.column, one.label) == (column, label)]
        if column == "oracle":
            mine = [one for one in self.outcomes.get(row.name, ()) if one.column == column]
        states = Counter(one.status for one in mine)
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
        return [self.rows[name] for name in row.of if any(one.status == "ok" for one in self.outcomes.get(name, ()))]

    def _spread(self, values: Mapping[int, float]) -> str:
        if not values:
            return NONE
        text = short(fmean(values.values()))
        text += f" ± {short(stdev(values.values()))}" if len(values) > 1 else ""
        return text if len(values) == len(self.seeds) else f"{text} ({len(values)} of {len(self.seeds)} seeds)"

    def _seconds(self, row: Row, column: Column) -> str:
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

    def _rivals(self, row: Row) -> Sequence[str]:
        return self.rivals if row.rivals is None else row.rivals

    def _published(self, row: Row) -> str:
        said = [
            f"{method} {_given(auroc)}" + (f" / {_given(auprc)}" if auprc != "" else "") + f" ({source})"
            for method, auroc, auprc, source in row.published
        ]
        return "<br>".join([*said, *([row.claim] if row.claim else [])]) or NONE

    def _notes(self) -> list[str]:
        rows = [self.rows[name] for name in self.shown]
        used = {entry[3] for row in rows for entry in row.published}
        used |= {name for row in rows for name in self.sources if f"; {name})" in row.claim}
        notes = []
        if used:
            notes.append("Sources: " + "; ".join(f"{k}: {v}" for k, v in self.sources.items() if k in used) + ".")
        notes.append(
            "The policy on self-edges of the published numbers is in bold. Times are seconds of a fit on one thread."
        )
        for mark, meaning in MARKS.values():
            if any(mark in self._marked(row, *MARKS) for row in rows):
                notes.append(f"{mark} {meaning[0].upper()}{meaning[1:]}.")
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
        said = []
        for row in rows:
            wrong = [one for one in self.outcomes.get(row.name, ()) if one.status != "ok"]
            for (column, label, status, reason), count in Counter(
                (one.column, one.label, one.status, one.reason) for one in wrong
            ).items():
                which = f"{column} {label}".strip() if column != "rival" else label
                said.append(f"{row.title}, {which}: {status}, {count} of {len(self.seeds)} seeds: {_plain(reason)}.")
        return said


def short(number: float) -> str:
    """Return three decimals, without the zero before the point."""
    return f"{number:.3f}".removeprefix("0")


def _given(number: Any) -> str:
    """Return a published number as it was published, up to four decimals."""
    if isinstance(number, str):
        return number or NONE
    text = f"{number:.4f}".rstrip("0")
    return (text if len(text) > 4 else f"{number:.3f}").removeprefix("0")


def _listed(names: Sequence[str]) -> str:
    return "; ".join(names)


def _plain(text: str) -> str:
    """Return text that breaks no table and no sentence."""
    return " ".join(text.replace("|", "/").split()).rstrip(".")
