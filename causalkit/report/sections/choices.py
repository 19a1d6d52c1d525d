"""Parameters, lag, strength and selection of each method, and what used the truth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from causalkit.core.choice import Choice
from causalkit.display.labels import metric_name, name, one_line, shorten
from causalkit.display.words import listed
from causalkit.report.blocks import Block, Bullets, Cell, Code, Fold, Section, Sub, Table, Text
from causalkit.report.commands import compare_commands, method_defaults
from causalkit.report.results import Results

CIRCUMSTANCES = ("method", "standardize", "dtype", "threads", "time_limit")


def choices(results: Results) -> Section:
    """Return settings and notes of each method, and the commands that repeat the comparison."""
    blocks: list[Block] = [Bullets(_principles(results))]
    blocks += [_method(results, method) for method in results.methods]
    words = "The same versions on the same kind of machine give the same scores. Times will differ."
    blocks.append(Sub("How to compute this again", [Text(words), Code("\n".join(compare_commands(results)))]))
    return Section("choices", "How every number was chosen", blocks)


def _principles(results: Results) -> list[str]:
    oracle = [metric_name(metric) for metric in results.metrics if "oracle" in metric]
    uses = f", except by {listed(oracle)}, which is an upper bound by design" if oracle else ""
    known = sorted(
        {
            f"{key} = {value}"
            for record in results.done
            if (discovery := results.discovery(record)) is not None
            for key, value in _flat(discovery.config).items()
            if "oracle" in f"{key} {value}".lower()
        }
    )
    if known:
        uses += f". These settings use the truth: {listed(known)}"
    rules = sorted({str(rule) for record in results.records if (rule := record.cell.settings.get("select"))})
    lines = [
        "Truth: methods get the panel and never see the truth. No lag, strength, epoch or threshold was chosen with "
        f"it{uses}. This report cannot know whether the user chose parameters by earlier runs on the same data.",
        "Parameters: see below. They are the same for all data sets and seeds unless stated otherwise.",
        f"Selection of edges: {listed([name(rule) for rule in rules])}. Ranking metrics use only the scores."
        if rules
        else "Selection of edges: none. All metrics rank pairs by score over all thresholds.",
        "Score of a pair: the largest over lags.",
    ]
    settings = _settings(results)
    if settings:
        lines.append(f"The same for all cells: {settings}.")
    lines.append(_same_panel(results))
    return lines


def _settings(results: Results) -> str:
    """Return the settings of the cells."""
    settings = []
    for key in sorted({key for record in results.records for key in record.cell.settings} - {"select"}):
        unit = " s" if key == "time_limit" else ""
        found = [record.cell.settings.get(key) for record in results.records]
        values = {"none" if value is None else f"{_value(value)}{unit}" for value in found}
        value = values.pop() if len(values) == 1 else f"differs: {listed(sorted(values))}"
        settings.append(f"{key.replace('_', ' ')} {value}")
    return ", ".join(settings)


def _same_panel(results: Results) -> str:
    """Return a sentence on whether all methods saw the same data, by their digests."""
    digests: dict[tuple[str, int], set[str]] = {}
    for record in results.done:
        if digest := record.data.get("sha256"):
            digests.setdefault((record.cell.data, record.cell.seed), set()).add(str(digest))
    odd = [f"{name(data)} with seed {seed}" for (data, seed), found in digests.items() if len(found) > 1]
    if not digests:
        return "Same data for all methods: unknown, because no digest of the data was recorded."
    if odd:
        return f"Same data for all methods: NO. Their SHA-256 digests differ for {listed(odd)}."
    return "Same data for all methods: yes. For each data set and seed, the SHA-256 digests of the panels are equal."


def _method(results: Results, method: str) -> Block:
    records = [record for record in results.records if record.cell.method == method]
    configs: dict[str, dict[str, list[str]]] = {}
    first: Mapping[str, Any] = {}
    notes: list[str] = []
    named: dict[str, dict[str, list[Choice]]] = {}
    for record in records:
        discovery = results.discovery(record) if record.ok else None
        if discovery is None:
            continue
        first = first or discovery.config
        for key, value in _flat(discovery.config).items():
            if key not in CIRCUMSTANCES:
                configs.setdefault(key, {}).setdefault(value, []).append(record.cell.data)
        notes += [*(choice.sentence() for choice in discovery.choices if not choice.within), *discovery.notes]
        for choice in discovery.choices:
            if choice.labels and not choice.within:
                named.setdefault(choice.name, {}).setdefault(record.cell.data, []).append(choice)
    notes = list(dict.fromkeys(notes))
    blocks: list[Block] = []
    rows: list[list[Cell | str]] = []
    usual = _flat(method_defaults(records[0].cell.method_name, first) or {})
    for key, found in configs.items():
        values = [f"{value} ({listed(list(dict.fromkeys(data)))})" for value, data in found.items()]
        value = "; ".join(values if len(found) > 1 else found)
        changed = key in usual and usual[key] != value
        row: list[Cell | str] = [key, Cell(shorten(value, 300), strong=changed)]
        rows.append([*row, Cell(usual[key] if changed else "", faint=True)] if usual else row)
    if rows:
        words = "Parameters used" + ("; bold ones differ from the default." if usual else ".")
        blocks.append(Table(words, ["parameter", "value", *(["default"] if usual else [])], rows))
    else:
        blocks.append(Text("No cell of this method has a result, so its parameters are not known."))
    blocks += [_how_often(what, of_data) for what, of_data in named.items()]
    if notes:
        blocks += [
            Text("Notes of the method on its runs:"),
            Bullets([shorten(note, 400) for note in notes[:12]]),
        ]
        if len(notes) > 12:
            blocks.append(Text(f"The records contain {len(notes) - 12} more.", "note"))
    return Fold(name(method, 120), blocks)


def _how_often(what: str, choices: Mapping[str, list[Choice]]) -> Block:
    """Return a table: how often each named candidate was chosen on each data set."""
    labels = list(dict.fromkeys(label for found in choices.values() for choice in found for label in choice.labels))
    rows: list[list[Cell | str]] = []
    for data, found in choices.items():
        chosen = [choice.chosen_label for choice in found]
        rows.append([name(data), *(str(chosen.count(label)) for label in labels)])
    words = f"How many runs chose each {what}, by held-out forecast error."
    return Table(words, ["data", *map(name, labels)], rows, numbers=tuple(range(1, len(labels) + 1)))


def flat_rows(config: Mapping[str, Any]) -> list[list[Cell | str]]:
    """Return a configuration as rows of dotted keys and values."""
    return [[key, shorten(value, 300)] for key, value in _flat(config).items()]


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return dotted keys; a list of tables, such as several regularizers, is numbered where it has more than one."""
    flat: dict[str, str] = {}
    for key, value in tree.items():
        where = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{where}.")
        elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            for place, item in enumerate(value, start=1):
                flat |= _flat(item, f"{where}." if len(value) == 1 else f"{where}.{place}.")
        else:
            flat[where] = _value(value)
    return flat


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return one_line(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
