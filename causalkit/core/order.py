"""One order of series and realisations for every method, so that the order in which data come decides nothing.

First weights, sampled targets and folds belong to positions. A method therefore sees series in the natural order of
their names and realisations in the order of a digest of their cells, and its discovery is put back into the order of
the data. So the same data with other columns first give the same scores, to the last bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.core.discovery import Discovery
from causalkit.core.effects import Effects
from causalkit.core.held_out import HeldOut, HeldOutTest
from causalkit.core.names import natural
from causalkit.core.pairs import Pairs, SparseArray
from causalkit.core.panel import Panel
from causalkit.core.refit import FitsPanels
from causalkit.core.run import Run

Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class InOneOrder:
    """A method whose discoveries do not depend on the order of series and realisations.

    Attributes:
        method: is fitted to panels in one order.
    """

    method: FitsPanels[Discovery]

    @property
    def lag(self) -> Any:
        """That of the method; None where it has none."""
        return getattr(self.method, "lag", None)

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return the discovery of a panel, its series in the order of the panel."""
        found = self.method.fit(in_one_order(panel), run)
        return discovery_in_order(found, panel.names) if isinstance(found, Discovery) else found


def in_one_order(panel: Panel) -> Panel:
    """Return a panel with its series by name and its realisations by content."""
    ordered = panel_in_order(panel, tuple(sorted(panel.names, key=lambda name: (natural(name), name))))
    if len(ordered.realisations) == 1:
        return ordered
    masks = ordered.intervened or (None,) * len(ordered.realisations)
    digests = [_digest(values, mask) for values, mask in zip(ordered.realisations, masks, strict=True)]
    places = sorted(range(len(digests)), key=digests.__getitem__)
    sampling = ordered.sampling
    if sampling is not None and len(sampling.times) == len(places):  # parts of a panel keep the times of the whole
        sampling = replace(sampling, times=tuple(sampling.times[place] for place in places))
    return replace(
        ordered,
        realisations=tuple(ordered.realisations[place] for place in places),
        intervened=None if ordered.intervened is None else tuple(ordered.intervened[place] for place in places),
        sampling=sampling,
    )


def _digest(values: NDArray[np.float64], mask: NDArray[np.bool_] | None) -> bytes:
    """Digest a realisation; equal ones may come in any order."""
    cells = np.where(np.isnan(values), np.nan, values) + 0.0  # one NaN, one zero
    digest = hashlib.sha256(np.ascontiguousarray(cells).tobytes())
    if mask is not None:
        digest.update(np.ascontiguousarray(mask).tobytes())
    return digest.digest()


def panel_in_order(panel: Panel, names: tuple[str, ...]) -> Panel:
    """Return a panel with its series in another order."""
    if names == panel.names:
        return panel
    return columns_of(panel, _places(panel.names, names), names)


def columns_of(panel: Panel, chosen: Sequence[int] | Index, names: tuple[str, ...]) -> Panel:
    """Return a panel with some of its columns, under other names."""
    order = list(chosen)
    return replace(
        panel,
        realisations=tuple(values[:, order] for values in panel.realisations),
        names=names,
        intervened=None if panel.intervened is None else tuple(mask[:, order] for mask in panel.intervened),
    )


def discovery_in_order(found: Discovery, names: tuple[str, ...]) -> Discovery:
    """Return a discovery with its series in another order."""
    if names == found.names or set(names) != set(found.names):  # other names: the caller's check says so
        return found
    places = _places(found.names, names)
    own = {
        name: _moved(values, places)
        for name in ("scores", "p_values", "standard_errors", "joint_p_values", "selected")
        if (values := getattr(found, name)) is not None
    }
    links = found.instantaneous
    if links is not None:
        links = replace(
            links,
            partial_correlations=_moved(links.partial_correlations, places),
            p_values=_moved(links.p_values, places),
        )
    return replace(
        found,
        names=names,
        **own,
        effects=None if found.effects is None else _effects_in_order(found.effects, places),
        instantaneous=links,
        path=None if found.path is None else _path_in_order(found.path, found.pairs, places),
        held_out=None if found.held_out is None else _HeldOutInOrder(found.held_out, places),
        data=_facts_in_order(found.data, names),
    )


@dataclass(frozen=True)
class _HeldOutInOrder:
    """Tests of edges whose series are in another order.

    Attributes:
        held_out: the tests in their own order.
        places: where each series is in that order, shape (P,).
    """

    held_out: HeldOut
    places: Index

    def test(self, least: float) -> HeldOutTest:
        """Test every pair."""
        found = self.held_out.test(least)
        return HeldOutTest(
            _moved(found.joint_p_values, self.places),
            _moved(found.p_values, self.places),
            _moved(found.loss, self.places),
            found.windows[self.places],
            found.fewest,
        )


def _places(names: tuple[str, ...], wanted: tuple[str, ...]) -> Index:
    """Return the position of each wanted name."""
    position = {name: place for place, name in enumerate(names)}
    return np.array([position[name] for name in wanted], dtype=np.intp)


def _moved(values: Any, places: Index) -> Any:
    """Return an array (P, P) or (P, P, L) whose series number n was number ``places[n]``."""
    if not isinstance(values, SparseArray):
        return values[places][:, places]
    pairs, order = _moved_pairs(values.pairs, places)
    return SparseArray(pairs, values.values[order], values.fill)


def _moved_pairs(pairs: Pairs, places: Index) -> tuple[Pairs, Index]:
    """Return pairs of series in another order, and which row each was."""
    now = np.argsort(places)
    cause, effect = now[pairs.cause], now[pairs.effect]
    order = np.lexsort((effect, cause))
    return Pairs(pairs.series, cause[order], effect[order]), order


def _effects_in_order(effects: Effects, places: Index) -> Effects:
    by_lag: dict[str, Any] = {
        name: None if (values := getattr(effects, name)) is None else _moved(values, places)
        for name in ("mean", "standard_errors", "same_sign")
    }
    return replace(effects, **by_lag, units=effects.units[places], levels=effects.levels[places])


def _path_in_order(path: Mapping[str, Any], pairs: Pairs, places: Index) -> dict[str, Any]:
    scores = path["scores"]  # (S, P, P, L), or (S, N, L) of candidate pairs
    if scores.ndim == 3:
        return {**path, "scores": scores[:, _moved_pairs(pairs, places)[1]]}
    return {**path, "scores": scores[:, places][:, :, places]}


def _facts_in_order(data: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    counts = data.get("windows_by_effect")
    if not isinstance(counts, Mapping):
        return dict(data)
    return {**data, "windows_by_effect": {name: counts[name] for name in names if name in counts}}
