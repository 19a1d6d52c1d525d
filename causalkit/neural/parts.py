"""Build the parts of a neural method from names and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from causalkit.core.plain import plain
from causalkit.errors import ParameterError, did_you_mean
from causalkit.neural.interfaces import as_regularizer
from causalkit.neural.modules.forecaster import ForecasterModule, as_forecaster
from causalkit.neural.regularizers import PenaltySum, Term
from causalkit.plugins.params import resolve, signature_of
from causalkit.plugins.records import Forecaster, Regularizer
from causalkit.plugins.registry import registry


@dataclass(frozen=True)
class ForecasterPart:
    """A forecaster by name with its checked parameters, not built yet."""

    record: Forecaster
    parameters: Mapping[str, Any]

    def build(self, series: int, lag: int) -> ForecasterModule:
        """Return the network for P series and K lags."""
        return as_forecaster(self.record.load()(series=series, lag=lag, **self.parameters))

    def config(self) -> dict[str, Any]:
        """Return name and parameters, for the result."""
        return {"name": self.record.name, **plain(self.parameters)}


def forecaster_part(default: str, given: Mapping[str, Any]) -> ForecasterPart:
    """Resolve ``forecaster.*`` parameters; ``name`` picks another forecaster than the method's own."""
    parameters = dict(given)
    record = registry().get(Forecaster, str(parameters.pop("name", None) or default)).record
    checked = resolve(
        record.load(), parameters, what=f"forecaster {record.name}", prefix="forecaster.", supplied=("series", "lag")
    )
    return ForecasterPart(record, checked)


def penalty_sum(default: str, given: Mapping[str, Any]) -> PenaltySum:
    """Resolve ``regularizer.*`` parameters; ``name`` is one regularizer, or several joined by "+".

    With several, ``regularizer.NAME.KEY`` belongs to one of them, and ``regularizer.KEY`` to the only one that knows
    the key.

    Raises:
        ParameterError: no regularizer knows a key, or several do.
    """
    parameters = dict(given)
    names = [name.strip() for name in str(parameters.pop("name", None) or default).split("+")]
    records = [registry().get(Regularizer, name).record for name in names]
    shares: list[dict[str, Any]] = [{} for _ in records]
    for key, value in parameters.items():
        if isinstance(value, Mapping) and key in names:
            shares[names.index(key)].update(value)
            continue
        knowing = [index for index, record in enumerate(records) if key in signature_of(record.load())]
        if len(knowing) > 1:
            raise ParameterError(
                f"regularizer.{key} could mean " + " or ".join(f"regularizer.{names[i]}.{key}" for i in knowing),
                "write one of these",
            )
        if not knowing and len(records) > 1:
            known = [name for record in records for name in signature_of(record.load())]
            raise ParameterError(f"none of {', '.join(names)} has a parameter {key!r}", did_you_mean(key, known))
        shares[knowing[0] if knowing else 0][key] = value
    terms = []
    for record, share in zip(records, shares, strict=True):
        prefix = "regularizer." if len(records) == 1 else f"regularizer.{record.name}."
        checked = resolve(record.load(), share, what=f"regularizer {record.name}", prefix=prefix)
        terms.append(Term(record, plain(checked), as_regularizer(record.load()(**checked))))
    return PenaltySum(terms)
