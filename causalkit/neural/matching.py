"""Which series of a source stands for which series of a target."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from causalkit.errors import DataError
from causalkit.panel import Panel

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
        said = (f"{spare} series of {source.source} are not in {target} and were left out",) if spare else ()
        values = tuple(realisation[:, chosen] for realisation in source.realisations)
        return replace(source, realisations=values, names=names, notes=(*source.notes, *said))
    if source.series != len(names):
        raise DataError(
            f"{source.source} has {source.series} series and {target} has {len(names)}, and their names differ",
            "a forecaster carries over only between the same series: name the columns alike, or choose as many",
        )
    said = (f"series of {source.source} were matched with those of {target} by their order",)
    return replace(source, names=names, notes=(*source.notes, *said)) if source.names != names else source
