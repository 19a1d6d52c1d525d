"""Rows to tables and files: means with 95 % intervals over seeds, and paired differences."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.robust_images.measures import Interval, interval, paired
from benchmarks.robust_images.study import Row, setting_name
from causalkit.io import atomic_path

Key = tuple[str, str, str]
MEASURES: dict[str, Callable[[Row], float]] = {
    "AOI": lambda row: row.aoi,
    "AAI": lambda row: row.aai,
    "DR": lambda row: row.dr,
    "CKA": lambda row: row.cka,
}


def by_setting(rows: Sequence[Row]) -> dict[Key, list[Row]]:
    """Return the rows of each (source, setting, distance), in the order of their first appearance."""
    groups: dict[Key, list[Row]] = {}
    for row in rows:
        groups.setdefault((row.source, row.setting, row.distance), []).append(row)
    return groups


def difference(first: Sequence[Row], second: Sequence[Row], measure: str) -> Interval:
    """Return the interval of first - second over the seeds that both have."""
    value = MEASURES[measure]
    a, b = ({row.seed: value(row) for row in rows} for rows in (first, second))
    seeds = sorted(a.keys() & b.keys())
    return paired([a[seed] for seed in seeds], [b[seed] for seed in seeds])


def comparisons(groups: dict[Key, list[Row]]) -> list[tuple[Key, Key]]:
    """Return which settings are compared: each with what it should do better than, within its source."""
    below = {"robust, partial": "partial", "robust, full": "full", "DM": "full", "partial": "standard"}
    below |= {"full": "standard", "DM from scratch": "standard"}
    pairs = []
    for key in groups:
        source, setting, _ = key
        if setting in below:
            other = (source if below[setting] != "standard" else "", below[setting], "")
            pairs.append((key, other))
        if setting == "DM":
            pairs.append((key, ("", "DM from scratch", "")))
    return [(first, second) for first, second in pairs if second in groups]


def as_markdown(rows: Sequence[Row]) -> str:
    """Return both tables: every setting, and the differences that answer the questions."""
    groups = by_setting(rows)
    lines = ["| source | setting | AOI | AAI | DR | CKA | weights | seeds |", "|---|---|---|---|---|---|---|---|"]
    for (source, setting, distance), found in groups.items():
        shown = [str(interval([value(row) for row in found])) for value in MEASURES.values()]
        weights = sorted({row.weight for row in found if row.weight})
        often = ", ".join(f"{weight:g} x{sum(row.weight == weight for row in found)}" for weight in weights)
        lines.append(f"| {source} | {setting_name(setting, distance)} | {' | '.join(shown)} | {often} | {len(found)} |")
    lines += ["", "| source | difference | AOI | AAI | DR |", "|---|---|---|---|---|"]
    for first, second in comparisons(groups):
        shown = [str(difference(groups[first], groups[second], measure)) for measure in ("AOI", "AAI", "DR")]
        lines.append(f"| {first[0]} | {setting_name(*first[1:])} - {setting_name(*second[1:])} | {' | '.join(shown)} |")
    return "\n".join(lines)


def records(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Return flat records, one a row, with a column for each size of the attack."""
    flat = []
    for row in rows:
        record = asdict(row) | {"dr": row.dr, "left_out": " ".join(f"{weight:g}" for weight in row.left_out)}
        accuracies = record.pop("accuracies")
        flat.append(record | {f"accuracy_{epsilon:g}": value for epsilon, value in accuracies.items()})
    return flat


def write(rows: Sequence[Row], path: Path) -> None:
    """Write the rows to a .csv or .json file, or the picture to a .png, .svg or .pdf file."""
    if path.suffix == ".csv":
        import pandas as pd

        with atomic_path(path) as temporary:
            pd.DataFrame(records(rows)).to_csv(temporary, index=False)
    elif path.suffix == ".json":
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(records(rows), indent=1) + "\n", encoding="utf-8")
    else:
        from benchmarks.robust_images.picture import draw
        from causalkit.plotting import save_figure

        save_figure(draw(rows), path)
