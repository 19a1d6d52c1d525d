"""Background knowledge: forbidden edges, required edges, and the only series that can be causes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from causalkit.errors import ParameterError, UnknownNameError, did_you_mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


ARROW = "->"
ANY = "*"
Pair = tuple[str, str]


@dataclass(frozen=True)
class Knowledge:
    """What is known about the graph before the data are analysed, by names of series.

    Build one with `Knowledge.of`, which takes text such as ``"A->B"``.

    Attributes:
        forbid: pairs (cause, effect) without an edge, at any lag. ``"*"`` means every other series; a series'
            own past is forbidden by its name alone, ``("A", "A")``.
        require: pairs with an edge, whatever the data say.
        regulators: the only series that can act on others, or None. Every series may still depend on its own past.
    """

    forbid: tuple[Pair, ...] = ()
    require: tuple[Pair, ...] = ()
    regulators: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        both = [pair for pair in self.require if pair in self.forbid]
        if both:
            raise ParameterError(f"{_shown(both[0])} is both forbidden and required", "remove one of the two")
        for pair in self.require:
            if ANY in pair:
                raise ParameterError(f"{_shown(pair)} cannot be required", "name both series of a required edge")
        if self.regulators is not None and not self.regulators:
            raise ParameterError("the list of regulators is empty", "name at least one series that can be a cause")

    @classmethod
    def of(cls, given: Any) -> Knowledge | None:
        """Return knowledge, or None where there is none.

        Args:
            given: a `Knowledge`, None, or a mapping with any of ``forbid``, ``require`` (``"A->B"``, a pair, or a list
                of these) and ``regulators`` (a list of names).

        Raises:
            ParameterError: an unknown key, a malformed edge or a contradiction.
        """
        if given is None or isinstance(given, cls):
            return given or None
        if not isinstance(given, Mapping):
            raise ParameterError(f"{given!r} is not background knowledge", "give forbid, require or regulators")
        for key in given:
            if key not in (parts := ("forbid", "require", "regulators")):
                raise ParameterError(f"background knowledge has no part {key!r}", did_you_mean(str(key), parts))
        regulators = given.get("regulators")
        if isinstance(regulators, str | Mapping) or not isinstance(regulators, Iterable | None):
            raise ParameterError(
                f"regulators={regulators!r} is not a list of names", "read a file with causalkit.io.read_regulators"
            )
        found = cls(
            forbid=_pairs(given.get("forbid")),
            require=_pairs(given.get("require")),
            regulators=None if regulators is None else tuple(dict.fromkeys(str(name) for name in regulators)),
        )
        return found or None

    def __bool__(self) -> bool:
        return bool(self.forbid or self.require or self.regulators is not None)

    def allowed(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Return shape (P, P), True where ``[cause, effect]`` may be an edge.

        Raises:
            UnknownNameError: an unknown series.
            ParameterError: something is both forbidden and required, or no pair of different series is left.
        """
        import numpy as np

        self.check(names)
        each = np.arange(len(names))
        allowed = self._allowed_by_patterns(names, each[:, None], each[None, :])
        allowed[self._named_places(names)] = False
        return allowed

    def allowed_pairs(
        self, names: Sequence[str], cause: NDArray[np.intp], effect: NDArray[np.intp]
    ) -> NDArray[np.bool_]:
        """Return shape (N,), True where a pair of positions may be an edge; for too many series for a matrix.

        Raises:
            UnknownNameError, ParameterError: as `allowed`.
        """
        self.check(names)
        return self._allowed(names, cause, effect)

    def check(self, names: Sequence[str]) -> None:
        """Check that this can be true of series.

        Raises:
            UnknownNameError: an unknown series.
            ParameterError: something is both forbidden and required, or no pair of different series is left.
        """
        import numpy as np

        cause, effect = self.required_places(names)
        for one, other, allowed in zip(cause, effect, self._allowed(names, cause, effect), strict=True):
            if not allowed:
                raise ParameterError(
                    f"{_shown((names[one], names[other]))} is both forbidden and required",
                    "remove it from the required edges, or make its cause a regulator",
                )
        each, place = np.arange(len(names)), self._places(names)
        acting = each if self.regulators is None else [place[name] for name in self.regulators]
        left = (self._allowed(names, np.array([one]), each[each != one]).any() for one in acting)
        if len(names) > 1 and not any(left):
            raise ParameterError("every edge between different series is forbidden", "allow at least one")

    def count(self, names: Sequence[str], *, self_edges: bool = True, effects: NDArray[np.bool_] | None = None) -> int:
        """Return the number of pairs that may be an edge and are not required.

        Args:
            names: of the P series.
            self_edges: do pairs of a series with itself count?
            effects: shape (P,), which effects count; default: all.
        """
        import numpy as np

        each = np.arange(len(names))
        counted = np.ones(len(names), dtype=bool) if effects is None else effects
        columns = each[counted]
        step = max(1, 2**24 // len(names))
        found = 0
        for start in range(0, len(names), step):
            causes = each[start : start + step, None]
            allowed = self._allowed(names, causes, columns[None, :])
            found += int(allowed.sum()) if self_edges else int((allowed & (causes != columns)).sum())
        cause, effect = self.required_places(names)
        return found - int((counted[effect] & ((cause != effect) | self_edges)).sum())

    def required(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Return shape (P, P), True where ``[cause, effect]`` is required.

        Raises:
            UnknownNameError: an unknown series.
        """
        import numpy as np

        required = np.zeros((len(names), len(names)), dtype=bool)
        required[self.required_places(names)] = True
        return required

    def required_places(self, names: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the positions of causes and of effects of required edges, by cause and then by effect.

        Raises:
            UnknownNameError: an unknown series.
        """
        import numpy as np

        place = self._places(names)
        ends = sorted({(place[cause], place[effect]) for cause, effect in self.require})
        cause, effect = np.array(ends, dtype=np.intp).reshape(-1, 2).T
        return cause, effect

    def _allowed(self, names: Sequence[str], cause: NDArray[np.intp], effect: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return which pairs may be edges, for positions of causes and effects that broadcast."""
        import numpy as np

        allowed = self._allowed_by_patterns(names, cause, effect)
        one, other = self._named_places(names)
        if len(one):
            allowed &= ~np.isin(cause * len(names) + effect, one * len(names) + other)
        return allowed

    def _allowed_by_patterns(
        self, names: Sequence[str], cause: NDArray[np.intp], effect: NDArray[np.intp]
    ) -> NDArray[np.bool_]:
        """Return what regulators and forbidden pairs with * leave, in as little memory as possible."""
        import numpy as np

        place = self._places(names)
        allowed = np.ones(np.broadcast_shapes(cause.shape, effect.shape), dtype=bool)
        same = cause == effect
        if self.regulators is not None:
            acts = np.zeros(len(names), dtype=bool)
            acts[[place[name] for name in self.regulators]] = True
            allowed &= acts[cause]
            allowed |= same
        for one, other in self.forbid:
            if ANY in (one, other):
                hit = (True if one == ANY else cause == place[one]) & (True if other == ANY else effect == place[other])
                allowed &= np.logical_not(hit) | same
        return allowed

    def _named_places(self, names: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the positions of causes and of effects that are forbidden by name."""
        import numpy as np

        place = self._places(names)
        ends = [(place[one], place[other]) for one, other in self.forbid if ANY not in (one, other)]
        cause, effect = np.array(ends, dtype=np.intp).reshape(-1, 2).T
        return cause, effect

    def describe(self) -> dict[str, Any]:
        """Return what a result records; `of` accepts it."""
        pairs = {"forbid": self.forbid, "require": self.require}
        found: dict[str, Any] = {key: [list(pair) for pair in given] for key, given in pairs.items() if given}
        return found if self.regulators is None else {**found, "regulators": list(self.regulators)}

    def sentence(self, names: Sequence[str]) -> str:
        """Return the numbers of forbidden and required pairs as a sentence."""
        self.check(names)
        pairs, required = len(names) ** 2, len(set(self.require))
        forbidden = f"background knowledge: {pairs - self.count(names) - required} of {pairs} pairs are forbidden"
        return forbidden + (f", {required} required" if required else "")

    def _places(self, names: Sequence[str]) -> dict[str, int]:
        place = {name: number for number, name in enumerate(names)}
        edges = [name for pair in (*self.forbid, *self.require) for name in pair if name != ANY]
        for name in (*edges, *(self.regulators or ())):
            if name not in place:
                raise UnknownNameError(
                    f"unknown series {name!r} in the background knowledge", did_you_mean(name, names)
                )
        return place


def _pairs(given: Any) -> tuple[Pair, ...]:
    """Return edges written as ``"A->B"``, as pairs, or as a list of these."""
    if given is None:
        return ()
    names = isinstance(given, tuple) and len(given) == 2 and all(isinstance(part, str) for part in given)
    pair = names and not any(ARROW in part for part in given)
    edges: Any = [given] if isinstance(given, str) or pair else given
    if isinstance(edges, Mapping) or not isinstance(edges, Iterable):
        raise ParameterError(f"{given!r} is not a list of edges", f"write ['CAUSE{ARROW}EFFECT', ...]")
    return tuple(dict.fromkeys(_pair(edge) for edge in edges))


def _pair(edge: Any) -> Pair:
    parts = edge.split(ARROW) if isinstance(edge, str) else list(edge) if isinstance(edge, list | tuple) else []
    parts = [str(part).strip() for part in parts]
    if len(parts) != 2 or not all(parts):
        raise ParameterError(
            f"{edge!r} is not an edge",
            f"write 'CAUSE{ARROW}EFFECT', with * for every other series; in Python and TOML also a pair of names",
        )
    return parts[0], parts[1]


def _shown(pair: Pair) -> str:
    return f"{pair[0]} {ARROW} {pair[1]}"
