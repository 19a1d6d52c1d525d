"""A system that can be simulated: its settings, checked, and what every simulation returns."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

from causalkit.core.panel import Panel
from causalkit.core.truth import Truth

Simulated = tuple[Panel, Truth]


@dataclass(frozen=True)
class System:
    """Settings of a simulation; a subclass adds fields, annotated with their ranges, and `simulate`.

    Raises:
        ParameterError: a setting is out of its range.
    """

    name: ClassVar[str]

    def __post_init__(self) -> None:
        for setting, annotation in get_type_hints(type(self), include_extras=True).items():
            for permitted in getattr(annotation, "__metadata__", ()):
                permitted.check(setting, getattr(self, setting))

    def simulate(self) -> Simulated:
        """Return a panel and its truth."""
        raise NotImplementedError

    @property
    def source(self) -> str:
        """The call that repeats the simulation, such as ``"henon(series=5, steps=500)"``."""
        settings = ", ".join(f"{field.name}={getattr(self, field.name)}" for field in fields(self))
        return f"{self.name}({settings})"

    def pack(
        self, values: NDArray[np.float64], graph: NDArray[np.bool_], names: tuple[str, ...] | None = None
    ) -> Simulated:
        """Return panel and truth.

        Args:
            values: shape (R, T, P).
            graph: shape (P, P), ``graph[cause, effect]``, or (P, P, L), ``graph[cause, effect, lag - 1]``.
            names: of the series; default ``x0, x1, ...``.
        """
        names = names or tuple(f"x{position}" for position in range(values.shape[2]))
        realisations = tuple(np.ascontiguousarray(one, dtype=np.float64) for one in values)
        panel = Panel(realisations=realisations, names=names, source=self.source)
        lagged = graph.ndim == 3
        edges: NDArray[np.bool_] = np.any(graph, axis=2) if lagged else graph
        return panel, Truth(names=names, edges=edges, lags=graph if lagged else None, source=self.source)


def factory_of(system: Callable[..., System]) -> Callable[..., Simulated]:
    """Return the factory of a data set: a function with the signature of the system that simulates it."""

    @functools.wraps(system)
    def factory(*arguments: Any, **settings: Any) -> Simulated:
        return system(*arguments, **settings).simulate()

    factory.__annotations__ = get_type_hints(system.__init__, include_extras=True)
    return factory
