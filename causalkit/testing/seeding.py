"""With which seeds does a plugin make generators of random numbers, and does a seed of its own decide its result?"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

_BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")


class Seeds:
    """Notes every seed that is given to a generator of Python, numpy or torch.

    Args:
        moved: seeds that are replaced by other ones.
    """

    def __init__(self, moved: frozenset[int] = frozenset()) -> None:
        self.moved = moved
        self.seen: set[int] = set()

    def note(self, seed: Any) -> Any:
        """Note a seed; return it, or another one in its place."""
        import numpy as np

        plain = int(seed) if isinstance(seed, np.integer) else seed
        if not isinstance(plain, int) or isinstance(plain, bool):
            return seed
        self.seen.add(plain)
        return plain + 1 if plain in self.moved else seed

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note the seeds of the block."""
        with ExitStack() as patched:
            patches = [*_of_python(self), *_of_numpy(self), *_of_torch(self)]
            for target, name, value in [*patches, *_imported(patches)]:
                patched.enter_context(patch.object(target, name, value))
            yield


Patch = tuple[Any, str, Any]


def _imported(patches: list[Patch]) -> list[Patch]:
    """Return the same for modules that imported these by name, as in ``from torch import Generator``."""
    changed = {id(vars(target)[name]): value for target, name, value in patches if isinstance(target, ModuleType)}
    done = {(id(target), name) for target, name, _ in patches}
    found: list[Patch] = []
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType) and not module.__name__.startswith(("torch.", "numpy.")):
            names = [name for name, value in list(vars(module).items()) if id(value) in changed]
            found += [
                (module, name, changed[id(vars(module)[name])]) for name in names if (id(module), name) not in done
            ]
    return found


def _of_python(seeds: Seeds) -> list[Patch]:
    seed = random.Random.seed

    def noted(self: random.Random, a: Any = None, version: int = 2) -> None:
        seed(self, seeds.note(a), version)

    return [(random.Random, "seed", noted), (random, "seed", _noting(seeds, random.seed))]


def _of_numpy(seeds: Seeds) -> list[Patch]:
    """Patch what `default_rng` and `RandomState` look up when they are called, whoever imported them before."""
    import numpy as np
    from numpy.random import _generator, mtrand

    classes = {name: _seeded(getattr(np.random, name), seeds) for name in _BIT_GENERATORS}
    patches: list[Patch] = [(np.random, name, made) for name, made in classes.items()]
    patches.append((np.random, "seed", _noting(seeds, np.random.seed)))
    if hasattr(_generator, "PCG64"):
        patches.append((_generator, "PCG64", classes["PCG64"]))
    if hasattr(mtrand, "_MT19937"):
        patches.append((mtrand, "_MT19937", classes["MT19937"]))
    return patches


def _seeded(base: Any, seeds: Seeds) -> Any:
    """Return a bit generator that notes its seed."""

    def start(self: Any, seed: Any = None) -> None:
        base.__init__(self, seeds.note(seed))

    def legacy(self: Any, seed: Any) -> None:
        base._legacy_seeding(self, seeds.note(seed))

    own: dict[str, Any] = {"__init__": start}
    if hasattr(base, "_legacy_seeding"):
        own["_legacy_seeding"] = legacy
    return _kin(base)(base.__name__, (base,), own)


def _kin(base: Any) -> Any:
    """Return a metaclass whose classes take everything of their base for an instance, also what was made before."""

    def instance(cls: type, one: object) -> bool:
        return isinstance(one, base)

    return type("Kin", (type(base),), {"__instancecheck__": instance})


def _of_torch(seeds: Seeds) -> list[Patch]:
    import torch

    base: Any = torch.Generator

    def manual_seed(self: Any, seed: int) -> Any:
        return base.manual_seed(self, seeds.note(seed))

    made = _kin(base)("Generator", (base,), {"manual_seed": manual_seed})
    noted = _noting(seeds, torch.manual_seed)
    return [(torch, "Generator", made), (torch, "manual_seed", noted), (torch.random, "manual_seed", noted)]


def _noting(seeds: Seeds, function: Callable[..., Any]) -> Callable[..., Any]:
    def noted(seed: Any = None, *arguments: Any, **others: Any) -> Any:
        return function(seeds.note(seed), *arguments, **others)

    return noted
