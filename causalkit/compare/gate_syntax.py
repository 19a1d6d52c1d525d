"""The syntax of gates; `causalkit.compare.gates` checks them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from causalkit.compare.blocks import COSTS, MEBIBYTE
from causalkit.core.memory import parse_bytes
from causalkit.errors import UnknownNameError, WrongUsageError, did_you_mean
from causalkit.plugins.records import Metric
from causalkit.plugins.registry import registry

EXAMPLE = "write a gate like 'auroc>=0.95@grngc,lorenz96' or 'grngc>cmlp:auprc@lorenz96'"
COUNTS = ("failures",)
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A condition, parsed by `parse_gate`.

    Attributes:
        text: as the user wrote it.
        quantity: a metric, "seconds" (of a fit), "memory" (MiB, of a fit) or "failures" (cells without a result).
        method: label, name or beginning of a label; "" for every method.
        data: labels, names or beginnings of labels; empty for every data set.
        comparison, bound: of a threshold.
        rival: the method that `method` has to beat, where the gate compares two.
    """

    text: str
    quantity: str
    method: str = ""
    data: tuple[str, ...] = ()
    comparison: str = ""
    bound: float = 0.0
    rival: str = ""

    def check_names(self, methods: Sequence[str], data: Sequence[str]) -> None:
        """Refuse a method or data set that is not part of the comparison, before the work.

        Raises:
            UnknownNameError, WrongUsageError: a name is unknown, or matches several labels.
        """
        for name in filter(None, (self.method, self.rival)):
            find_label(name, methods, "method", self.text)
        for name in self.data:
            find_label(name, data, "data set", self.text)


def parse_gate(text: str) -> Gate:
    """Parse a gate.

    Raises:
        WrongUsageError: the syntax is wrong; the message shows where.
        UnknownNameError: an unknown metric.
    """
    at = _outside(text, "<>")
    if at is None:
        raise _wrong(text, len(text), "there is no >=, >, <= or <")
    comparison = text[at : at + 2] if text[at + 1 : at + 2] == "=" else text[at]
    left, right = text[:at].strip(), text[at + len(comparison) :]
    start = at + len(comparison)
    if left.endswith("=") or right.startswith("="):
        raise _wrong(text, at, "the comparisons are >=, >, <= and <")
    if not left:
        raise _wrong(text, 0, "the metric is missing")
    where = _outside(right, "@")
    bound = _number(right if where is None else right[:where], left)
    if bound is None:
        if (colon := _outside(right, ":")) is not None:
            return _duel(text, left, comparison, right, colon, at)
        units = "; memory is written like 600M or 2G" if left == "memory" else ""
        raise _wrong(text, start, f"a number must follow{units}")
    method: str = ""
    data: tuple[str, ...] = ()
    if where is not None:
        method, *names = _split(right[where + 1 :])
        data = tuple(names)
        if (not method and not data) or not all(data):
            raise _wrong(text, start + where + 1, "a name is missing")
    _check_quantity(text, left, 0)
    return Gate(text=text, quantity=left, method=method, data=data, comparison=comparison, bound=bound)


def find_label(name: str, labels: Sequence[str], noun: str, gate: str) -> str:
    """Return the label for a name: the label itself, or the only label with that name or beginning.

    Raises:
        UnknownNameError: no label matches.
        WrongUsageError: several labels match.
    """
    if name in labels:
        return name
    named = [label for label in labels if label.partition("[")[0] == name]
    found = named or [label for label in labels if label.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise WrongUsageError(
            f"ambiguous {noun} {name!r} in the gate {gate!r}: it may be any of {', '.join(found)}", "write it in full"
        )
    raise UnknownNameError(
        f"unknown {noun} {name!r} in the gate {gate!r}: it is not part of this comparison", did_you_mean(name, labels)
    )


def _duel(text: str, left: str, comparison: str, right: str, colon: int, at: int) -> Gate:
    if comparison != ">":
        raise _wrong(text, at, "a gate on two methods needs >, with the better one first")
    rival, rest = right[:colon].strip(), right[colon + 1 :]
    where = _outside(rest, "@")
    metric = (rest if where is None else rest[:where]).strip()
    start = at + 1 + colon + 1
    if not rival:
        raise _wrong(text, at + 1, "the second method is missing")
    if not metric:
        raise _wrong(text, start, "the metric is missing")
    data = tuple(_split(rest[where + 1 :])) if where is not None else ()
    if not all(data):
        raise _wrong(text, start + (where or 0) + 1, "the name of a data set is missing")
    if metric in COUNTS:
        raise _wrong(text, start, f"{metric} is a single number, which no test can compare")
    _check_quantity(text, metric, start)
    return Gate(text=text, quantity=metric, method=left, rival=rival, data=data)


def _check_quantity(text: str, name: str, at: int) -> None:
    if name in COSTS + COUNTS:
        return
    try:
        registry().get(Metric, name)
    except UnknownNameError as error:
        raise UnknownNameError(
            f"unknown metric {name!r} in the gate {text!r}", f"{error.hint}; or {EXAMPLE}"
        ) from error


def _number(words: str, quantity: str) -> float | None:
    """Return a bound, or None where the words are not one. Memory needs a unit, as for ``--memory``; it becomes MiB."""
    if quantity == "memory":
        with suppress(WrongUsageError):
            return parse_bytes(words) / MEBIBYTE if re.search("[kmgt]", words, re.IGNORECASE) else None
        return None
    number = words.strip().removesuffix("s") if quantity == "seconds" else words.strip()
    return float(number) if _NUMBER.fullmatch(number) else None


def _outside(text: str, signs: str) -> int | None:
    """Return the position of the first of these signs outside brackets."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "[") - (sign == "]")
        if depth == 0 and sign in signs:
            return place
    return None


def _split(text: str) -> list[str]:
    """Split at commas outside brackets."""
    parts = []
    while (comma := _outside(text, ",")) is not None:
        parts.append(text[:comma].strip())
        text = text[comma + 1 :]
    return [*parts, text.strip()]


def _wrong(text: str, at: int, why: str) -> WrongUsageError:
    """Return an error that points to a position in a gate."""
    shown = f"{text[:at]}⟨here⟩{text[at:]}"
    return WrongUsageError(f"malformed gate {text!r}: {why}: {shown}", EXAMPLE)
