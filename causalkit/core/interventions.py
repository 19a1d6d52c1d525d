"""Known interventions: steps at which a series was set from outside, independently of its causes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from causalkit.core.shell import argument
from causalkit.errors import DataError, UnknownNameError, brief, did_you_mean

if TYPE_CHECKING:
    from causalkit.core.panel import Panel

NEEDED = ("series", "from", "to")
"""Keys that every intervention has."""
KNOWN = (*NEEDED, "realisation", "kind")


@dataclass(frozen=True)
class Intervention:
    """A period during which one series was set from outside.

    Attributes:
        series: its name.
        first, last: rows of the realisation, counted from 1, both included.
        realisation: its number, counted from 1, or None for all of them.
        kind: a description, such as "knockdown".
    """

    series: str
    first: int
    last: int
    realisation: int | None = None
    kind: str = ""


def listed_interventions(given: Any) -> tuple[Intervention, ...]:
    """Return interventions.

    Args:
        given: None, an `Intervention`, a mapping with ``series``, ``from``, ``to`` and perhaps ``realisation`` and
            ``kind``, or a list of these.

    Raises:
        DataError: one cannot be understood.
    """
    if given is None:
        return ()
    if isinstance(given, Intervention | Mapping):
        given = [given]
    if not isinstance(given, Iterable):
        raise DataError(f"{given!r} is not a list of interventions", "give series, from and to of each")
    return tuple(
        one if isinstance(one, Intervention) else intervention_of(one, f"intervention {number}")
        for number, one in enumerate(given, start=1)
    )


def with_interventions(panel: Panel, interventions: Iterable[Intervention]) -> Panel:
    """Return the panel with a mask of the cells that were set from outside.

    Raises:
        UnknownNameError: a series that is not in the panel.
        DataError: a realisation or steps that are not in the panel, or a series under intervention at every step.
    """
    import numpy as np

    listed = tuple(interventions)
    if not listed:
        return panel
    masks = [np.zeros(values.shape, dtype=bool) for values in panel.realisations]
    for one in listed:
        if one.series not in panel.names:
            raise UnknownNameError(
                f"unknown series {one.series!r} in an intervention", did_you_mean(one.series, panel.names)
            )
        if one.realisation is not None and not 1 <= one.realisation <= len(masks):
            raise DataError(
                f"unknown realisation {one.realisation} in an intervention on {one.series}: {panel.source} has "
                f"{len(masks)}",
                "realisations are counted from 1",
            )
        chosen = masks if one.realisation is None else [masks[one.realisation - 1]]
        shortest = min(len(mask) for mask in chosen)
        if not 1 <= one.first <= one.last or one.last > shortest:
            raise DataError(
                f"an intervention on {one.series} runs from step {one.first} to {one.last}, and the realisation has "
                f"{shortest} steps",
                "steps are counted from 1, and the last one is included",
            )
        for mask in chosen:
            mask[one.first - 1 : one.last, panel.names.index(one.series)] = True
    always = np.concatenate(masks).all(axis=0)
    if always.any():
        name = panel.names[int(np.argmax(always))]
        raise DataError(
            f"{name} is under intervention at every step, so its causes cannot be learned",
            f"leave out that intervention and forbid its causes instead: --forbid {argument(f'*->{name}')}",
        )
    touched = sorted({one.series for one in listed}, key=panel.names.index)
    notes = [
        f"{int(np.concatenate(masks).sum())} steps of {', '.join(touched)} are under intervention: they are left "
        "out as effects and kept as causes"
    ]
    if any(np.isnan(values).all(axis=1).any() for values in panel.realisations):
        notes.append("the steps of interventions count every gap in time as one step")
    return replace(panel, intervened=tuple(masks), notes=(*panel.notes, *notes))


def described(interventions: Sequence[Intervention]) -> list[dict[str, Any]]:
    """Return what a result records as ``data.interventions``."""
    return [{key: value for key, value in asdict(one).items() if value not in (None, "")} for one in interventions]


def intervention_of(row: Any, where: str) -> Intervention:
    """Return the intervention in a mapping with ``series``, ``from``, ``to`` and perhaps ``realisation`` and ``kind``.

    Raises:
        DataError: it is not such a mapping; the message begins with ``where``.
    """
    if not isinstance(row, Mapping):
        raise DataError(f"{where}: {row!r} is not an intervention", "give series, from and to")
    check_keys(row, where)
    series = str(row.get("series") or "").strip()
    if not series:
        raise DataError(f"{where}: the series is missing", "write its name in the column series")
    realisation = row.get("realisation")
    return Intervention(
        series=series,
        first=_step(row.get("from"), "from", where),
        last=_step(row.get("to"), "to", where),
        realisation=None if realisation in (None, "") else _step(realisation, "realisation", where),
        kind=str(row.get("kind") or "").strip(),
    )


def check_keys(keys: Iterable[Any], where: str) -> None:
    """Refuse keys of another meaning: a realisation that is spelt in another way would be all realisations.

    Raises:
        DataError: one is unknown; the message begins with ``where``.
    """
    for key in keys:
        if key not in ("", *KNOWN):
            raise DataError(
                f"{where}: {brief(str(key))!r} is no part of an intervention", did_you_mean(str(key), KNOWN)
            )


def _step(value: Any, column: str, where: str) -> int:
    try:
        number = float(str(value).strip())
    except ValueError:
        number = float("nan")
    if not math.isfinite(number) or number != int(number):
        raise DataError(f"{where}: {column} is {value!r}, not a whole number", "steps are counted from 1")
    return int(number)
