"""Data sets by name: those that plugins contribute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from causalkit.errors import WrongUsageError
from causalkit.plugins.params import Tree, resolve, signature_of
from causalkit.plugins.records import Dataset
from causalkit.plugins.registry import registry

if TYPE_CHECKING:
    from causalkit.core.panel import Panel
    from causalkit.core.truth import Truth


def simulate(dataset: str, *, seed: int = 0, **params: Any) -> tuple[Panel, Truth | None]:
    """Return a data set by name, ``family`` or ``family:item``, and its truth where one is known.

    Args:
        seed: random seed; data sets without random numbers ignore it.
        params: of the data set, for example ``series=20``.

    Raises:
        UnknownNameError, ParameterError: with the nearest known name.
    """
    family, _, item = dataset.partition(":")
    record = registry().get(Dataset, family).record
    factory = record.load()
    known = signature_of(factory)
    supplied: Tree = {}
    if "item" in known:
        supplied["item"] = item or None
    elif item:
        raise WrongUsageError(f"the data set {family!r} has no items", f"write {family} without ':{item}'")
    if "seed" in known and "seed" not in params:
        params = {**params, "seed": seed}
    arguments = resolve(factory, params, what=f"data set {record.name}", prefix="dataset.", supplied=supplied)
    panel, truth = factory(**supplied, **arguments)
    return panel, truth
