"""Which series of a source stands for which series of a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causalkit.core.order import columns_of
from causalkit.core.panel import Panel
from causalkit.errors import DataError

Match = Literal["auto", "name", "position"]


def match_series(source: Panel, names: tuple[str, ...], how: Match, target: str) -> Panel:
    """Return the source with its series in the order of the target, under the target's names.

    By name, the source may have more series than the target: the others are left out. By position, both have as many.
    "auto" goes by name where the source has every name of the target, and otherwise by position.

    Args:
        names: of the target's series.
        how: the rule.
        target: how errors call the target.

    Raises:
        DataError: the series cannot be matched.
    """
    lacking = [name for name in names if name not in source.names]
    if how == "name" or (how == "auto" and not lacking):
        if lacking:
            raise DataError(
                f"{source.source} has no series {lacking[0]!r}, which {target} has",
                "rename its columns, or match by order with --set pretrain.match=position",
            )
        chosen = [source.names.index(name) for name in names]
        spare = len(source.names) - len(chosen)
        note = (f"{spare} series of {source.source} are not in {target} and were left out",) if spare else ()
        return replace(columns_of(source, chosen, names), notes=(*source.notes, *note))
    if source.series != len(names):
        raise DataError(
            f"{source.source} has {source.series} series and {target} has {len(names)}, and their names differ",
            "a forecaster carries over only between the same series: name the columns alike, or choose as many",
        )
    note = (f"series of {source.source} were matched with those of {target} by their order",)
    if source.names == names:
        return source
    renamed = dict(zip(source.names, names, strict=True))
    lower = {renamed[name]: steps for name, steps in source.lower_frequency.items()}
    return replace(source, names=names, lower_frequency=lower, notes=(*source.notes, *note))


def joined(panels: Sequence[Panel], names: tuple[str, ...], match: Match, target: str) -> Panel | None:
    """Return all sources as one panel, each standardised on its own; None where there is none."""
    if not panels:
        return None
    matched = [match_series(panel, names, match, target) for panel in panels]
    for panel in matched:
        panel.check(1)
    scaled = [panel.standardized()[0] for panel in matched]
    return Panel(
        realisations=tuple(values for panel in scaled for values in panel.realisations),
        names=names,
        source=" + ".join(panel.source for panel in scaled),
        notes=tuple(note for panel in scaled for note in panel.notes),
        intervened=tuple(mask for panel in scaled for mask in _masks(panel))
        if any(panel.intervened is not None for panel in scaled)
        else None,
        lower_frequency=_shared_frequencies(scaled),
    )


def _shared_frequencies(panels: Sequence[Panel]) -> dict[str, int]:
    """Return the series that have a lower frequency in all panels."""
    found = [panel.lower_frequency for panel in panels]
    return {name: max(one[name] for one in found) for name in found[0] if all(name in one for one in found)}


def _masks(panel: Panel) -> tuple[NDArray[np.bool_], ...]:
    if panel.intervened is not None:
        return panel.intervened
    return tuple(np.zeros(values.shape, dtype=bool) for values in panel.realisations)


def order_of(panel: Panel, trained: tuple[str, ...], match: Match) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the panel's names in the order that a forecaster was trained with, and what a user should know about it.

    Raises:
        DataError: the forecaster is of other series.
    """
    alike = set(panel.names) == set(trained)
    if match != "position" and alike:
        return trained, ()
    if len(panel.names) != len(trained):
        raise DataError(
            f"the pre-trained forecaster has {len(trained)} series and {panel.source} has {panel.series}",
            "a forecaster carries over only between the same series",
        )
    if match == "name":
        lacking = next(name for name in trained if name not in panel.names)
        raise DataError(
            f"{panel.source} has no series {lacking!r}, which the pre-trained forecaster has",
            "rename its columns, or match by order with --set pretrain.match=position",
        )
    note = f"series of {panel.source} were matched with those of the pre-trained forecaster by their order"
    return panel.names, () if panel.names == trained else (note,)
