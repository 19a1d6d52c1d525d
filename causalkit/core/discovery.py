"""Discovery: the result of a method, with all that is needed to trust and repeat it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from causalkit.core.choice import Choice
from causalkit.core.effects import Effects
from causalkit.core.fitted import Fitted
from causalkit.core.held_out import HeldOut
from causalkit.core.instantaneous import Instantaneous
from causalkit.core.knowledge import Knowledge
from causalkit.core.pairs import Pairs, SparseArray, as_type, pairs_of, rows_of
from causalkit.core.plain import is_whole
from causalkit.core.read_only import make_read_only, read_only
from causalkit.core.refit import Refit
from causalkit.core.response import Response
from causalkit.core.truth import Truth
from causalkit.errors import PluginError, WrongUsageError
from causalkit.plugins.records import Operation
from causalkit.plugins.registry import registry

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]
OUTSIDE = {"scores": 0.0, "p_values": 1.0, "standard_errors": 0.0, "joint_p_values": 1.0, "selected": False}
"""Values of pairs that were no candidates."""


def checked_top(top: Any) -> int:
    """Return how many edges to show.

    Raises:
        WrongUsageError: it is no whole number, or below 0.
    """
    if not is_whole(top) or top < 0:
        raise WrongUsageError(f"top={top!r} is not allowed", "give a whole number, 0 or more")
    return int(top)


@dataclass(frozen=True, eq=False)
class Discovery:
    """Scores for every cause, effect and lag, and how they came about.

    A method fills ``names``, ``scores`` and what it knows of ``p_values``, ``history``, ``config`` and ``notes``;
    `causalkit.discover` adds the rest. All arrays are read-only.

    A result on very many series may have values for candidate pairs only: its arrays (P, P) and (P, P, L) are then
    `causalkit.core.pairs.SparseArray`, all of the same pairs, and all other pairs have score 0 by construction.
    `pairs` reads both kinds of results alike.

    Attributes:
        names: of the P series.
        scores: shape (P, P, L), ``scores[cause, effect, lag - 1]``, non-negative; lag 1 is the most recent step.
        p_values: shape (P, P, L), or None.
        standard_errors: of the scores, shape (P, P, L), where a method knows them; or None.
        joint_p_values: shape (P, P), of a test over all lags of a pair at once, or None.
        effects: sign and size of every edge, see `causalkit.Effects`; or None.
        instantaneous: same-step links, undirected and no part of any lag, see `causalkit.Instantaneous`; or None.
        responses: response curves of the strongest edges, see `causalkit.Response`.
        selected: shape (P, P, L), the edges that `causalkit.selection` or the method itself selected, or None.
        selection: how they were chosen.
        path: scores along a path of regularisation strengths: ``strengths`` (S,), ``scores`` (S, P, P, L), of candidate
            pairs (S, N, L), and ``forecast`` (S,), the training error at each; or, with ``epochs`` (S,) in the place of
            strengths, as they were read in the course of training (``training.snapshots``); or None.
        history: lists of equal length, one entry an epoch: ``epoch``, ``forecast``, ``validation``, and
            one for each penalty.
        pretraining: what the forecaster was pre-trained on, as `causalkit.neural.Pretrained.facts`; or None.
        choices: what the method chose by itself, by forecast error and without any truth; see `causalkit.core.choice`.
        method: name of the method.
        config: fully resolved configuration.
        seed, device, versions, seconds: of the run.
        data: shape, windows used and dropped, digest; ``windows_by_effect`` has, for each effect, how many windows it
            learned from and why others were of no use to it (see `causalkit.core.recordings.WindowCounts`).
        notes: what was assumed, dropped or cut short, in sentences.
        fitted: the trained forecaster of a neural method, in memory only: neither saved nor pickled; or None.
        held_out: tests edges on windows that the networks were held away from; in memory only; or None. See
            `causalkit.core.held_out.HeldOut`.
        refit: fits the same method with the same settings to another panel, ``refit(panel)``; in memory only; or None.
    """

    names: tuple[str, ...]
    scores: Array
    p_values: Array | None = None
    standard_errors: Array | None = None
    joint_p_values: Array | None = None
    effects: Effects | None = None
    instantaneous: Instantaneous | None = None
    responses: tuple[Response, ...] = ()
    selected: NDArray[np.bool_] | None = None
    selection: Mapping[str, Any] | None = None
    path: Mapping[str, Array] | None = None
    history: Mapping[str, list[float]] = field(default_factory=dict)
    pretraining: Mapping[str, Any] | None = None
    choices: tuple[Choice, ...] = ()
    method: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    device: str = "cpu"
    versions: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    fitted: Fitted | None = None
    held_out: HeldOut | None = None
    refit: Refit[Discovery] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "scores", as_type(self.scores, np.float64))
        if isinstance(self.scores, SparseArray) and self.scores.ndim == 3:
            self._at_candidates()
        size = len(self.names)
        if self.scores.ndim != 3 or self.scores.shape[:2] != (size, size) or not self.scores.shape[2]:
            raise PluginError(
                f"scores have the shape {self.scores.shape} for {size} series", "a method returns (cause, effect, lag)"
            )
        rows = rows_of(self.scores)
        if not np.isfinite(rows).all() or (rows < 0).any():
            pairs = self.pairs
            scores = pairs.of(self.scores)
            row, position = np.argwhere(~np.isfinite(scores) | (scores < 0))[0]
            cause, effect = self.names[pairs.cause[row]], self.names[pairs.effect[row]]
            raise PluginError(
                f"the score {scores[row, position]} of {cause} -> {effect} at lag "
                f"{position + 1} is not a finite non-negative number",
                "the method is at fault, or its settings let training diverge",
            )
        cells = self.scores.shape
        for what in ("p_values", "standard_errors", "joint_p_values", "selected"):
            values, shape = getattr(self, what), cells[:2] if what == "joint_p_values" else cells
            if values is not None and values.shape != shape:
                raise PluginError(f"{what} have the shape {values.shape}", f"scores of {cells} need {shape}")
        if self.effects is not None and self.effects.mean.shape != cells:
            raise PluginError(f"effects have the shape {self.effects.mean.shape}", f"scores of {cells} need {cells}")
        if self.instantaneous is not None and self.instantaneous.p_values.shape != cells[:2]:
            found = self.instantaneous.p_values.shape
            raise PluginError(f"same-step links have the shape {found}", f"scores of {cells} need {cells[:2]}")
        object.__setattr__(self, "responses", tuple(self.responses))
        make_read_only(self, "scores", "p_values", "standard_errors", "joint_p_values", "selected")
        if self.path is not None:
            object.__setattr__(self, "path", {name: read_only(values) for name, values in self.path.items()})
        object.__setattr__(self, "choices", tuple(self.choices))
        for choice in self.choices:
            if not isinstance(choice, Choice):
                raise PluginError(f"a choice is recorded as {type(choice).__name__}", "record it as a causalkit.Choice")

    def _at_candidates(self) -> None:
        """Bring all arrays of a result with candidate pairs to the pairs of its scores."""
        pairs = self.pairs
        for what, fill in OUTSIDE.items():
            if (values := getattr(self, what)) is None:
                continue
            if values.shape[:2] != (pairs.series, pairs.series):
                raise PluginError(f"{what} have the shape {values.shape}", f"scores are of {pairs.series} series")
            if values.dtype == bool and np.count_nonzero(pairs.of(values)) != np.count_nonzero(rows_of(values)):
                raise PluginError("a pair is selected that was no candidate", "select among discovery.pairs")
            object.__setattr__(self, what, pairs.array(pairs.of(values), fill))
        if self.effects is not None:
            object.__setattr__(self, "effects", self.effects.at(pairs))
        path = None if self.path is None else self.path.get("scores")
        if path is not None and path.shape[1:] != (len(pairs), self.lags):
            raise PluginError(
                f"scores of the path have the shape {path.shape}",
                f"{len(pairs)} candidate pairs need {(len(path), len(pairs), self.lags)}",
            )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "fitted": None, "held_out": None, "refit": None}

    @property
    def knowledge(self) -> Knowledge | None:
        """The background knowledge that it was made with, as its configuration records it."""
        return Knowledge.of(self.config.get("knowledge"))

    @property
    def lags(self) -> int:
        """Number of lags, L."""
        return int(self.scores.shape[2])

    @property
    def pairs(self) -> Pairs:
        """The N pairs that have scores: all, or the candidates. ``pairs.of(scores)`` has a row for each, (N, L)."""
        return pairs_of(self.scores)

    @property
    def sparse(self) -> bool:
        """Have only candidate pairs scores, all others 0 by construction?"""
        return isinstance(self.scores, SparseArray)

    @property
    def pair_scores(self) -> Array:
        """Shape (P, P): the largest score over lags."""
        pairs = self.pairs
        result: Array = pairs.array(pairs.of(self.scores).max(axis=1))
        return result

    @property
    def pair_lags(self) -> NDArray[np.intp]:
        """Shape (P, P): the lag at which the score is largest."""
        pairs = self.pairs
        lags: NDArray[np.intp] = pairs.array(pairs.of(self.scores).argmax(axis=1) + 1, fill=1)
        return lags

    @property
    def pair_p_values(self) -> Array | None:
        """Shape (P, P): the joint test over lags, or the smallest p-value over lags corrected for their number."""
        if self.joint_p_values is not None:
            return self.joint_p_values
        if self.p_values is None:
            return None
        pairs = self.pairs
        corrected: Array = pairs.array(np.minimum(1.0, pairs.of(self.p_values).min(axis=1) * self.lags), fill=1.0)
        return corrected

    @property
    def pair_selected(self) -> NDArray[np.bool_] | None:
        """Shape (P, P): was any lag of the pair selected?"""
        if self.selected is None:
            return None
        pairs = self.pairs
        chosen: NDArray[np.bool_] = pairs.array(np.any(pairs.of(self.selected), axis=1), fill=False)
        return chosen

    def edges(
        self, top: int | None = None, *, self_edges: bool | None = None, selected_only: bool = False
    ) -> pd.DataFrame:
        """Return one row for each cause, effect and lag, strongest first.

        Where only candidate pairs have scores, only these have rows.

        Args:
            top: keep so many rows; default: all.
            self_edges: keep rows whose cause is their effect; default: those that are selected.
            selected_only: keep selected edges.

        Returns:
            Columns ``cause, effect, lag, score, p_value, selected, effect_size, effect_se, same_sign,
            effect_in_units``; from ``p_value`` on, they are empty where they are unknown. ``effect_size`` is
            `Effects.mean`, ``effect_se`` its standard error.

        Raises:
            WrongUsageError: ``top`` is no whole number, or below 0.
        """
        import pandas as pd

        top = None if top is None else checked_top(top)
        pairs, lags = self.pairs, self.lags
        cause, effect = np.repeat(pairs.cause, lags), np.repeat(pairs.effect, lags)
        lag = np.tile(np.arange(lags), len(pairs))
        score = pairs.of(self.scores).ravel()
        chosen = None if self.selected is None else pairs.of(self.selected).ravel()
        keep = cause != effect
        if self_edges or (self_edges is None and chosen is not None):
            keep = keep | (True if self_edges else chosen)
        if selected_only and chosen is not None:
            keep &= chosen
        order = np.flatnonzero(keep)
        order = order[np.argsort(-score[order], kind="stable")][:top]  # among equals by cause, effect and lag
        names = np.array(self.names, dtype=object)

        def column(values: Any) -> Any:
            return np.full(len(order), np.nan) if values is None else pairs.of(values).ravel()[order]

        return pd.DataFrame(
            {
                "cause": names[cause[order]],
                "effect": names[effect[order]],
                "lag": lag[order] + 1,
                "score": score[order],
                "p_value": column(self.p_values),
                "selected": pd.array([pd.NA] * len(order), dtype="boolean")
                if self.selected is None
                else pd.array(column(self.selected), dtype="boolean"),
                **{name: column(values) for name, values in self._effect_columns().items()},
            }
        )

    def same_step_pairs(self, level: float = 0.05) -> pd.DataFrame:
        """Return one row for each pair of series with a same-step link, strongest first; see `Instantaneous`.

        Args:
            level: expected share of false ones among the rows, up to 1, by Benjamini and Hochberg.

        Returns:
            Columns ``first, second, partial_correlation, p_value, q_value``. The order of a pair has no meaning. No
            rows where nothing was tested.

        Raises:
            WrongUsageError: the level is not between 0 and 1.
        """
        import pandas as pd

        if not 0 < level <= 1:
            raise WrongUsageError(f"the level {level:g} is not between 0 and 1", "use 0.05, for example")
        columns: dict[str, Any] = {name: [] for name in ("first", "second")}
        columns |= {name: np.zeros(0) for name in ("partial_correlation", "p_value", "q_value")}
        if (links := self.instantaneous) is not None:
            first, second = links.pairs(level)
            names = np.array(self.names, dtype=object)
            known = (links.partial_correlations, links.p_values, links.q_values())
            columns = dict(
                zip(columns, [names[first], names[second], *(one[first, second] for one in known)], strict=True)
            )
        return pd.DataFrame(columns)

    def _effect_columns(self) -> dict[str, Array | None]:
        """Return the columns of `edges` on sign and size, each of shape (P, P, L), None where unknown."""
        known = self.effects
        if known is None:
            return dict.fromkeys(("effect_size", "effect_se", "same_sign", "effect_in_units"))
        return {
            "effect_size": known.mean,
            "effect_se": known.standard_errors,
            "same_sign": known.agreement,
            "effect_in_units": known.in_units,
        }

    def graph(self, *, selected_only: bool | None = None) -> nx.DiGraph:
        """Return the summary graph for networkx; an edge runs from cause to effect.

        Args:
            selected_only: keep selected edges only; default: where edges were selected.

        Returns:
            A graph with every series as a node. Edges carry ``score`` (largest over lags), ``lag`` (where it is
            largest) and, where they are known, ``p_value``, ``selected``, and ``effect_size``, ``effect_se``,
            ``same_sign`` and ``effect_in_units`` at that lag.
        """
        import networkx as nx

        if selected_only is None:
            selected_only = self.selected is not None
        graph = nx.DiGraph()
        graph.add_nodes_from(self.names)
        pairs = self.pairs
        scores = pairs.of(self.scores)
        chosen = None if self.selected is None else pairs.of(self.selected).any(axis=1)
        rows = np.flatnonzero(chosen if selected_only and chosen is not None else scores.max(axis=1) > 0)
        lags = scores[rows].argmax(axis=1)
        known = {"score": scores[rows, lags], "lag": lags + 1}
        if (p_values := self.pair_p_values) is not None:
            known["p_value"] = pairs.of(p_values)[rows]
        if chosen is not None:
            known["selected"] = chosen[rows]
        effects = {name: pairs.of(one)[rows, lags] for name, one in self._effect_columns().items() if one is not None}
        sure = tuple(known)
        columns = [values.tolist() for values in (*known.values(), *effects.values())]
        ends = (
            (self.names[one], self.names[other])
            for one, other in zip(pairs.cause[rows], pairs.effect[rows], strict=True)
        )
        for (cause, effect), values in zip(ends, zip(*columns, strict=True), strict=True):
            facts = dict(zip((*known, *effects), values, strict=True))
            facts = {name: value for name, value in facts.items() if name in sure or np.isfinite(value)}
            graph.add_edge(cause, effect, **facts)
        return graph

    def adjacency(self, values: Literal["edges", "score", "lag", "p_value", "effect"] = "edges") -> pd.DataFrame:
        """Return a matrix with the names of the series: rows are causes, columns are effects.

        Args:
            values: "edges": True where there is an edge, a selected one where a rule has selected, else one with a
                score above 0; "score": the largest over lags; "lag": where it is largest, 0 where there is no edge;
                "p_value": as `pair_p_values`; "effect": size with sign at that lag, as `Effects.mean`.

        Raises:
            WrongUsageError: the method has no p-values or effects, or there is no such matrix.
        """
        matrix: pd.DataFrame = self.apply("adjacency", values)
        return matrix

    def to_xarray(self) -> xr.Dataset:
        """Return all arrays with names as an `xarray.Dataset` with the dimensions cause, effect and lag.

        Raises:
            WrongUsageError: xarray is not installed.
        """
        found: xr.Dataset = self.apply("xarray")
        return found

    def within(self, knowledge: Knowledge | None) -> Self:
        """Return the discovery with score 0 and p-value 1 for forbidden pairs, none of which is selected.

        Where only candidate pairs have scores, forbidden ones are no candidates any more, unless a rule has selected.

        The knowledge is in its configuration. Same-step links stay: knowledge is about the past of a cause, and an
        undirected link may also come from a driver of both.

        Methods follow it in training as far as they can; this makes sure for all of them.
        """
        if knowledge is None:
            return self
        pairs = self.pairs
        self.check_required(knowledge)
        allowed = knowledge.allowed_pairs(self.names, pairs.cause, pairs.effect)
        if self.sparse and self.selected is None:  # what a rule found has a row for each of the present candidates
            config = {**self.config, "knowledge": knowledge.describe()}
            return replace(self._among(pairs.subset(allowed)), config=config)

        def kept(values: Any, other: float) -> Any:
            if values is None:
                return None
            rows = pairs.of(values)
            return pairs.array(np.where(allowed if rows.ndim == 1 else allowed[:, None], rows, other), other)

        def path_scores(values: Array) -> Array:
            rows = values.reshape(len(values), len(pairs), self.lags)
            return np.where(allowed[:, None], rows, 0.0).reshape(values.shape)

        return replace(
            self,
            scores=kept(self.scores, 0.0),
            standard_errors=kept(self.standard_errors, 0.0),
            p_values=kept(self.p_values, 1.0),
            joint_p_values=kept(self.joint_p_values, 1.0),
            effects=None if self.effects is None else self.effects.within(allowed),
            selected=kept(self.selected, False),
            path=None if self.path is None else {**self.path, "scores": path_scores(self.path["scores"])},
            config={**self.config, "knowledge": knowledge.describe()},
        )

    def _among(self, pairs: Pairs) -> Self:
        """Return the discovery with fewer candidates."""
        known = {name: values for name in OUTSIDE if (values := getattr(self, name)) is not None}
        rows = {name: pairs.array(pairs.of(values), OUTSIDE[name]) for name, values in known.items()}
        path = self.path
        if path is not None:
            kept = self.pairs.find(pairs.cause, pairs.effect)
            path = {**path, "scores": path["scores"][:, kept]}
        return replace(self, **rows, effects=None if self.effects is None else self.effects.at(pairs), path=path)

    def check_required(self, knowledge: Knowledge) -> None:
        """Refuse a result in which a required pair is no candidate, because it could not be selected.

        Raises:
            PluginError: there is such a pair.
        """
        cause, effect = knowledge.required_places(self.names)
        if self.sparse and len(left_out := np.flatnonzero(self.pairs.find(cause, effect) < 0)):
            ends = self.names[cause[left_out[0]]], self.names[effect[left_out[0]]]
            raise PluginError(
                f"the required edge {ends[0]} -> {ends[1]} is no candidate", "the method has to make it one"
            )

    def apply(self, operation: str, *arguments: Any, **options: Any) -> Any:
        """Call an operation that causalkit or a plugin contributes: ``discovery.apply("hubs", top=3)``.

        Args:
            operation: name of a `causalkit.Operation`.
            arguments, options: of the operation, behind the discovery.

        Raises:
            UnknownNameError: no plugin contributes it.
        """
        return registry().get(Operation, operation).record.load()(self, *arguments, **options)

    def select(self, rule: str, *, observers: Iterable[Any] = (), progress: bool = False) -> Discovery:
        """Return the discovery with edges selected by a rule such as ``"top-k:20"``; see `causalkit.selection`.

        With ``progress``, a bar shows how far a rule is that fits the method again.
        """
        chosen: Discovery = self.apply("select", rule, observers=observers, progress=progress)
        return chosen

    def test(self, level: float = 0.05) -> Discovery:
        """Return the discovery with the edges that a test finds, with an expected share of false ones up to a level.

        The test is the one on held-out forecasts where the method has them (the rule ``heldout``), else the method's
        own (``fdr``).

        Raises:
            WrongUsageError: the method has neither.
        """
        tested: Discovery = self.apply("test", level)
        return tested

    def evaluate(
        self,
        truth: Truth,
        *,
        diagonal: Literal["include", "exclude"] | None = None,
        metrics: Iterable[str] | None = None,
    ) -> dict[str, float]:
        """Return the named metrics, or all that apply; see `causalkit.evaluation.evaluate`."""
        found: dict[str, float] = self.apply("evaluate", truth, diagonal=diagonal, metrics=metrics)
        return found

    def response(self, cause: str, effect: str) -> Response:
        """Return how the forecast of an effect changes with a cause, at the lag where the cause has the largest score.

        Raises:
            UnknownNameError: there is no such series.
            WrongUsageError: the curve is neither stored nor can it be computed.
        """
        found: Response = self.apply("response", cause, effect)
        return found

    def explain(self, cause: str, effect: str) -> str:
        """Return a few sentences on an edge: rank, lag, sign, size, certainty, and what they do not show.

        Raises:
            UnknownNameError: there is no such series.
        """
        return str(self.apply("explain", cause, effect))

    def summary(self, top: int = 10) -> str:
        """Return a few readable lines: what was done, and the strongest edges between different series."""
        return str(self.apply("summary", top))

    def plot(
        self, kind: str = "overview", path: str | Path | None = None, *, truth: Truth | None = None, **options: Any
    ) -> Any:
        """Return a picture that Jupyter, marimo and VS Code show by themselves, and write it where a path is given.

        Args:
            kind: "overview", "heatmap", "graph", "lags", "training", "choices", "response" or "ranking"; or
                "interactive", the graph to move, search and point at.
            path: a .png, .svg or .pdf file; for the interactive graph an .html file.
            truth: a known graph to compare with; "ranking" needs one.
            options: as `causalkit.plotting.picture` takes them, for example ``theme="dark"`` or ``top=20``.

        Returns:
            A `causalkit.plotting.Picture`; its ``figure`` is matplotlib's.

        Raises:
            WrongUsageError: an unknown kind or option, or a file that cannot be written.
        """
        return self.apply("plot", kind, path, truth=truth, **options)

    def save(self, path: str | Path) -> None:
        """Write the discovery in the format that the suffix names (.json, .csv, .npz, .graphml, .gexf, .dot)."""
        self.apply("save", path)

    def report(self, path: str | Path, *, truth: Truth | None = None) -> None:
        """Write a report: one .html file that needs no network; see `causalkit.report.report_discovery`."""
        self.apply("report", path, truth=truth)

    @classmethod
    def load(cls, path: str | Path) -> Discovery:
        """Read a discovery from .json or .npz.

        Raises:
            DataError: the file is missing, or no discovery.
        """
        found: Discovery = registry().get(Operation, "load").record.load()(path)
        return found

    def __repr__(self) -> str:
        return self.summary(top=5)

    def _repr_html_(self) -> str:
        return str(self.apply("html"))
