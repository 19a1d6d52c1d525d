"""Gates: conditions that a comparison has to meet.

Two forms::

    auroc>=0.95@grngc,lorenz96       the mean over seeds; default: every method, every data set
    grngc>cmlp:auprc@lorenz96        significantly better: one-sided paired test over seeds and data sets, p < .05

A failed cell fails every gate on its method and data set: no mean is taken over the other seeds alone.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from causalkit.compare.blocks import RecordGrid, greater_is_better, mean
from causalkit.compare.gate_syntax import Gate, find_label, parse_gate
from causalkit.compare.statistics import ALPHA, signed_rank
from causalkit.display.formats import p_equals
from causalkit.display.words import count
from causalkit.errors import WrongUsageError

if TYPE_CHECKING:
    from causalkit.compare.record import CellRecord

__all__ = ["Gate", "GateResult", "check_gates", "parse_gate"]

# With fewer pairs the smallest one-sided p is 1/16.
FEWEST_PAIRS = 5
_OPERATORS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
_WORDS = {"seconds": "time of a fit", "memory": "memory of a fit"}


@dataclass(frozen=True)
class GateResult:
    """The result of a gate: its text, whether it holds, and a sentence with the reason."""

    text: str
    holds: bool
    sentence: str


def check_gates(records: Iterable[CellRecord], gates: Iterable[Gate], diagonal: str = "exclude") -> list[GateResult]:
    """Check gates against a comparison.

    Raises:
        UnknownNameError, WrongUsageError: the comparison does not contain a method or data set of a gate.
    """
    grid = RecordGrid.of(records)
    gates = list(gates)
    for gate in gates:
        gate.check_names(grid.methods, grid.data)
    return [_duel_result(grid, g, diagonal) if g.rival else _threshold_result(grid, g, diagonal) for g in gates]


def _threshold_result(grid: RecordGrid, gate: Gate, diagonal: str) -> GateResult:
    methods = [find_label(gate.method, grid.methods, "method", gate.text)] if gate.method else list(grid.methods)
    data = [find_label(name, grid.data, "data set", gate.text) for name in gate.data] or list(grid.data)
    if gate.quantity == "failures":
        return _failures_result(grid, gate, methods, data)
    good: list[str] = []
    bad: list[str] = []
    skipped: list[str] = []
    for method in methods:
        for name in data:
            lacking = _lacking(grid, name, method, gate.quantity, diagonal)
            records = grid.records(name, method).values()
            if not (gate.method and gate.data) and records and all(r.status == "skipped" for r in records):
                skipped.append(f"{method} on {name} was skipped")
                continue
            if lacking:
                bad.append(f"{method} on {name} has {lacking}")
                continue
            values = grid.values(name, method, gate.quantity, diagonal)
            middle = mean(values.values())
            held = _OPERATORS[gate.comparison](middle, gate.bound)
            what = _WORDS.get(gate.quantity, gate.quantity)
            unit = {"seconds": " s", "memory": " MiB"}.get(gate.quantity, "")
            fact = (
                f"{method} on {name}: mean {what} {_shown(middle, gate.bound)}{unit} over {count(len(values), 'seed')}"
            )
            (good if held else bad).append(fact)
    holds = bool(good) and not bad
    return _result(gate, holds, "; ".join(bad or good + skipped))


def _failures_result(grid: RecordGrid, gate: Gate, methods: Sequence[str], data: Sequence[str]) -> GateResult:
    """Count cells without a result; skipped cells do not count."""
    cells = [record for name in data for method in methods for record in grid.records(name, method).values()]
    failed = [record for record in cells if record.status not in ("ok", "skipped")]
    holds = _OPERATORS[gate.comparison](len(failed), gate.bound)
    facts = f"{len(failed)} of {count(len(cells), 'cell')} failed"
    if failed:
        first = failed[0]
        facts += f", the first {first.cell.method} on {first.cell.data} with seed {first.cell.seed}: {first.reason}"
    return _result(gate, holds, facts)


def _duel_result(grid: RecordGrid, gate: Gate, diagonal: str) -> GateResult:
    method = find_label(gate.method, grid.methods, "method", gate.text)
    rival = find_label(gate.rival, grid.methods, "method", gate.text)
    if method == rival:
        raise WrongUsageError(f"the gate {gate.text!r} compares {method} with itself", "name two methods")
    data = [find_label(name, grid.data, "data set", gate.text) for name in gate.data] or list(grid.data)
    bad = [
        f"{name} on {where} has {lacking}"
        for where in data
        for name in (method, rival)
        if (lacking := _lacking(grid, where, name, gate.quantity, diagonal))
    ]
    if bad:
        return _result(gate, False, "; ".join(bad))
    blocks = grid.complete((method, rival), gate.quantity, diagonal, data=data)
    ours, theirs = (mean(row[place] for row in blocks.rows) for place in (0, 1))
    facts = (
        f"mean {gate.quantity} {ours:.4g} against {theirs:.4g} over {count(len(blocks), 'pair')} of data set and seed"
    )
    if len(blocks) < FEWEST_PAIRS:
        return _result(gate, False, f"{facts}; p < .05 needs at least {FEWEST_PAIRS} pairs")
    sign = 1 if greater_is_better(gate.quantity) else -1
    p = signed_rank([round(sign * (a - b), 12) for a, b in blocks.rows], "greater")
    return _result(gate, p < ALPHA, f"{facts}, one-sided {p_equals(p)}")


def _result(gate: Gate, holds: bool, facts: str) -> GateResult:
    return GateResult(gate.text, holds=holds, sentence=f"{gate.text} {'holds' if holds else 'fails'}: {facts}")


def _lacking(grid: RecordGrid, data: str, method: str, quantity: str, diagonal: str) -> str:
    """Return which seeds have no number and why, or "" where every planned seed has one."""
    records, planned = grid.records(data, method), grid.seeds(data)
    values = grid.values(data, method, quantity, diagonal)
    if len(values) == len(planned):
        return ""
    broken = [record for record in records.values() if not record.ok]
    if broken:
        kinds = ", ".join(dict.fromkeys(record.status for record in broken))
        reasons = "; ".join(dict.fromkeys(record.reason for record in broken if record.reason))
        return f"no result for {len(broken)} of {count(len(planned), 'seed')} ({kinds}: {reasons})"
    if len(records) < len(planned):
        return f"no record for {len(planned) - len(records)} of {count(len(planned), 'seed')}"
    return f"no {quantity} for {len(planned) - len(values)} of {count(len(planned), 'seed')}"


def _shown(number: float, bound: float) -> str:
    """Return a number with as many digits as it takes to see on which side of the bound it lies."""
    short = f"{number:.4g}"
    same_side = (float(short) > bound, float(short) < bound) == (number > bound, number < bound)
    return short if same_side else f"{number:.12g}"
