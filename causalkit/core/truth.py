"""Truth: a known graph to evaluate against. Rows are causes, columns are effects, as in networkx.

Only this module transposes the matrices of users.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalkit.core.panel import check_names
from causalkit.core.read_only import make_read_only
from causalkit.errors import DataError, WrongUsageError, did_you_mean

if TYPE_CHECKING:
    import networkx as nx

Orientation = Literal["cause-effect", "effect-cause"]
Diagonal = Literal["include", "exclude"]
Edge = tuple[str, str] | tuple[str, str, int]
LONGEST_LAG = 10_000
"""A lag beyond this is rather an identifier, and would need all memory."""


def _checked_edge(edge: Any, source: str) -> Any:
    """Return ``(cause, effect)`` or ``(cause, effect, lag)``.

    Raises:
        DataError: it is neither.
    """
    problem = DataError(
        f"{source}: {edge!r} is not an edge",
        "give pairs (cause, effect), or (cause, effect, lag) with whole lags, for example graph.edges of networkx, or "
        'frame[["cause", "effect"]].values of pandas',
    )
    if isinstance(edge, str) or not isinstance(edge, Sequence | np.ndarray) or len(edge) not in (2, 3):
        raise problem  # a text is a series of letters; it comes where a graph or a DataFrame is given whole
    if len(edge) == 2:
        return tuple(edge)
    try:
        lag = float(edge[2])
    except (TypeError, ValueError):
        raise problem from None
    if not lag.is_integer():
        raise problem
    return edge[0], edge[1], int(lag)


def _of_frame(matrix: Any, names: Sequence[str] | None, source: str) -> tuple[Any, list[str]]:
    """Return the values of a DataFrame with rows in the order of its columns, and the names of both.

    A frame whose rows have no names, but numbers from 0, has the order of its columns.
    """
    columns = [str(name) for name in matrix.columns]
    rows = [str(name) for name in matrix.index]
    check_names(columns, source)
    if rows != columns and rows != [str(at) for at in range(len(columns))]:
        if sorted(rows) != sorted(columns):
            raise DataError(
                f"{source}: rows and columns of the matrix have other names", "name both by the same series"
            )
        matrix = matrix.iloc[[rows.index(name) for name in columns]]
    if names is None or columns == [str(name) for name in names]:
        return matrix, columns
    wanted = [str(name) for name in names]
    if columns == [str(at) for at in range(len(columns))]:  # no names of its own
        return matrix, wanted
    if sorted(wanted) != sorted(columns):
        raise DataError(f"{source}: the columns of the matrix have other names than names", "leave out names")
    order = [columns.index(name) for name in wanted]
    return matrix.iloc[order, order], wanted


def checked_truth(truth: Any) -> Truth:
    """Return the truth.

    Raises:
        WrongUsageError: it is something else, such as a path or a matrix; the hint says how to make a truth of it.
    """
    if isinstance(truth, Truth):
        return truth
    if isinstance(truth, str | PathLike):
        hint = f"read it: causalkit.io.read_truth({str(truth)!r}, names=discovery.names)"
    elif hasattr(truth, "edges"):  # a graph of networkx
        hint = "convert it: causalkit.Truth.from_edges(graph.edges, names=discovery.names)"
    elif hasattr(truth, "shape"):
        hint = (
            'convert it: causalkit.Truth.from_matrix(matrix, orientation="cause-effect", names=discovery.names) '
            'where rows are causes, orientation="effect-cause" where rows are effects'
        )
    else:
        hint = "make one of (cause, effect) pairs: causalkit.Truth.from_edges(pairs, names=discovery.names)"
    raise WrongUsageError(f"truth is of type {type(truth).__name__}, and not a causalkit.Truth", hint)


@dataclass(frozen=True, eq=False)
class Truth:
    """A known graph. Its arrays are read-only.

    Attributes:
        names: of the series.
        edges: shape (P, P), ``edges[cause, effect]``.
        lags: shape (P, P, L), ``lags[cause, effect, lag - 1]``, or None where lags are not known.
        source: file or description, for errors.
        scope: the series between which edges are known; only their pairs are evaluated. None: all of them.
        diagonal: whether self-edges count, where only one way makes sense or was published; None: either.
    """

    names: tuple[str, ...]
    edges: NDArray[np.bool_]
    lags: NDArray[np.bool_] | None = None
    source: str = "truth"
    scope: tuple[str, ...] | None = None
    diagonal: Diagonal | None = None

    def __post_init__(self) -> None:
        size = len(self.names)
        check_names(self.names, self.source)
        if self.edges.shape != (size, size):
            raise DataError(
                f"{self.source}: a matrix of shape {self.edges.shape} for {size} names",
                "a truth is square, one row and one column for each series",
            )
        if self.lags is not None and self.lags.shape[:2] != (size, size):
            raise DataError(f"{self.source}: lags of shape {self.lags.shape} for {size} names", "use (P, P, L)")
        if self.diagonal is not None and self.diagonal not in get_args(Diagonal):
            raise DataError(
                f"{self.source}: unknown diagonal policy {self.diagonal!r}", "choose include, exclude or None"
            )
        if self.scope is not None:
            known = set(self.names)
            foreign = [name for name in self.scope if name not in known]
            if foreign or not self.scope:
                problem = f"unknown series {foreign[0]!r} in the scope" if foreign else "the scope is empty"
                raise DataError(f"{self.source}: {problem}", "list the series between which edges are known, or None")
        make_read_only(self, "edges", "lags")

    @classmethod
    def from_edges(cls, edges: Iterable[Edge], names: Sequence[str] | None = None, source: str = "truth") -> Truth:
        """Make a truth of ``(cause, effect)`` or ``(cause, effect, lag)``; all with a lag, or none.

        Args:
            edges: the known edges.
            names: all series, also those without an edge; default: those that occur, in order.

        Raises:
            DataError: what is no such edge, an unknown name, a lag below 1, or a mixture of edges with and without lag.
        """
        listed = [_checked_edge(edge, source) for edge in edges]
        if names is None:
            names = list(dict.fromkeys(str(end) for edge in listed for end in edge[:2]))
        check_names(tuple(map(str, names)), source)
        index = {str(name): position for position, name in enumerate(names)}
        depths = [edge[2] for edge in listed if len(edge) == 3]
        if depths and len(depths) != len(listed):
            raise DataError(f"{source}: some edges have a lag and some have none", "give all edges a lag, or none")
        if depths and min(depths) < 1:
            raise DataError(f"{source}: there is an edge at lag {min(depths)}", "lags start at 1, the step before")
        if depths and max(depths) > LONGEST_LAG:
            raise DataError(f"{source}: there is an edge at lag {max(depths)}", f"lags are at most {LONGEST_LAG:,}")
        matrix = np.zeros((len(index), len(index)), dtype=bool)
        lagged = np.zeros((*matrix.shape, max(depths)), dtype=bool) if depths else None
        for edge in listed:
            ends = []
            for name in edge[:2]:
                if str(name) not in index:
                    raise DataError(f"{source}: unknown series {name!r} in an edge", did_you_mean(str(name), index))
                ends.append(index[str(name)])
            matrix[ends[0], ends[1]] = True
            if lagged is not None and len(edge) == 3:
                lagged[ends[0], ends[1], edge[2] - 1] = True
        return cls(names=tuple(index), edges=matrix, lags=lagged, source=source)

    @classmethod
    def from_matrix(
        cls, matrix: ArrayLike, *, orientation: Orientation, names: Sequence[str] | None = None, source: str = "truth"
    ) -> Truth:
        """Make a truth of a matrix (P, P), or (P, P, L) with lag 1 first; every value other than zero is an edge.

        Args:
            matrix: an array, or a DataFrame with the names of the series on rows and columns, in any order.
            orientation: "cause-effect" where rows are causes, as in networkx; "effect-cause" where rows are effects, as
                in statsmodels.
            names: of the series; default: those of a DataFrame, else "0", "1", ...

        Raises:
            WrongUsageError: the orientation is missing or unknown.
            DataError: the matrix is not square, contains NaN, or has other names on rows than on columns.
        """
        if orientation not in ("cause-effect", "effect-cause"):
            raise WrongUsageError(
                f"{source}: the orientation of the matrix is not known",
                "add --truth-orientation cause-effect (rows are causes) or effect-cause (rows are effects); "
                'in Python orientation="cause-effect" or "effect-cause"',
            )
        if hasattr(matrix, "columns"):
            matrix, names = _of_frame(matrix, names, source)
        values = np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix, dtype=np.float64)
        if values.ndim not in (2, 3) or values.shape[0] != values.shape[1]:
            raise DataError(f"{source}: a matrix of shape {values.shape}", "a truth has shape (P, P) or (P, P, L)")
        if np.isnan(values).any():
            raise DataError(f"{source}: the matrix contains missing values", "write 0 for no edge and 1 for an edge")
        present = values != 0
        if orientation == "effect-cause":
            present = present.swapaxes(0, 1)
        if names is None:
            names = [str(position) for position in range(len(present))]
        return cls(
            names=tuple(str(name) for name in names),
            edges=present if present.ndim == 2 else present.any(axis=2),
            lags=present if present.ndim == 3 else None,
            source=source,
        )

    @property
    def count(self) -> int:
        """Number of edges between pairs, self-edges included."""
        return int(self.edges.sum())

    def __repr__(self) -> str:
        lagged = f", lags up to {self.lags.shape[2]}" if self.lags is not None else ""
        known = f" ({len(self.scope)} of them in scope)" if self.scope is not None else ""
        edges = f"{self.count} edge{'' if self.count == 1 else 's'}"
        return f"<Truth {self.source}: {len(self.names)} series{known}, {edges}{lagged}>"

    def evaluated_pairs(self, diagonal: Diagonal) -> NDArray[np.bool_]:
        """Return the pairs that count, shape (P, P): those within the scope, with or without self-edges."""
        inside = np.ones(len(self.names), dtype=bool)
        if self.scope is not None:
            inside = np.isin(self.names, self.scope)
        pairs: NDArray[np.bool_] = np.outer(inside, inside)
        if diagonal == "exclude":
            np.fill_diagonal(pairs, False)
        return pairs

    def lags_up_to(self, depth: int) -> NDArray[np.bool_] | None:
        """Return the lags cut or filled up with False to the shape (P, P, depth); None where they are not known."""
        if self.lags is None:
            return None
        return np.pad(self.lags[:, :, :depth], ((0, 0), (0, 0), (0, max(depth - self.lags.shape[2], 0))))

    def align(self, names: Sequence[str]) -> Truth:
        """Return the truth in the order of ``names``.

        Series of the data that the truth does not name have no edges; where a scope excludes them, they are not
        evaluated.

        Raises:
            DataError: the truth names series that are not in the data.
        """
        position = {name: index for index, name in enumerate(self.names)}
        if tuple(names) == self.names:
            return self
        known = set(names)
        foreign = [name for name in self.names if name not in known]
        if foreign:
            raise DataError(
                f"{self.source}: {len(foreign)} of {len(self.names)} names are not in the data, first {foreign[0]!r}",
                did_you_mean(foreign[0], names),
            )
        places = [position.get(name, -1) for name in names]

        def aligned(values: NDArray[np.bool_] | None) -> Any:
            if values is None:
                return None
            # One more row and column without edges, which the place -1 reads.
            padded = np.pad(values, [(0, 1), (0, 1), (0, 0)][: values.ndim])
            return padded[np.ix_(places, places)]

        return replace(self, names=tuple(names), edges=aligned(self.edges), lags=aligned(self.lags))

    def edge_list(self) -> list[dict[str, Any]]:
        """Return the edges as dictionaries with ``cause``, ``effect`` and, where known, ``lag``."""
        if self.lags is None:
            return [{"cause": self.names[c], "effect": self.names[e]} for c, e in np.argwhere(self.edges)]
        return [
            {"cause": self.names[c], "effect": self.names[e], "lag": int(k) + 1} for c, e, k in np.argwhere(self.lags)
        ]

    def graph(self) -> nx.DiGraph:
        """Return the graph for networkx; edges carry ``lags`` where they are known."""
        import networkx as nx

        graph = nx.DiGraph()
        graph.add_nodes_from(self.names)
        for cause, effect in np.argwhere(self.edges):
            facts = {}
            if self.lags is not None:
                facts["lags"] = (np.flatnonzero(self.lags[cause, effect]) + 1).tolist()
            graph.add_edge(self.names[cause], self.names[effect], **facts)
        return graph
