"""Build the parts of a neural method from names and parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from causalkit.core.plain import plain
from causalkit.errors import ParameterError, PluginError, UnknownNameError, WrongUsageError, did_you_mean
from causalkit.neural.interfaces import as_regularizer
from causalkit.neural.modules.candidates import CAPABILITY as CANDIDATES
from causalkit.neural.modules.forecaster import ForecasterModule, as_forecaster
from causalkit.neural.regularizers import PenaltySum, Term
from causalkit.plugins.params import Tree, merge, nest, resolve, signature_of
from causalkit.plugins.records import AUTO, Forecaster, Method, Regularizer
from causalkit.plugins.registry import registry

SUPPLIED = ("series", "lag", CANDIDATES)
"""What causalkit itself passes to the factory of a forecaster."""


@dataclass(frozen=True)
class ForecasterPart:
    """A forecaster by name with its checked parameters, not built yet."""

    record: Forecaster
    parameters: Mapping[str, Any]

    @property
    def takes_candidates(self) -> bool:
        """Can each target see only some candidate causes?"""
        return CANDIDATES in self.record.capabilities

    def build(self, series: int, lag: int, candidates: Tensor | None = None) -> ForecasterModule:
        """Return the network for P series and K lags.

        Args:
            candidates: the only series that each target sees, shape (P, M); None: it sees all.
        """
        more = {} if candidates is None else {CANDIDATES: candidates}
        return as_forecaster(self.record.load()(series=series, lag=lag, **more, **self.parameters))

    def config(self) -> dict[str, Any]:
        """Return name and parameters, for the result."""
        return {"name": self.record.name, **plain(self.parameters)}


def forecaster_part(default: str, given: Mapping[str, Any]) -> ForecasterPart:
    """Resolve ``forecaster.*`` parameters; ``name`` picks another forecaster than the method's own."""
    parameters = dict(given)
    record = registry().get(Forecaster, str(parameters.pop("name", None) or default)).record
    checked = resolve(
        record.load(), parameters, what=f"forecaster {record.name}", prefix="forecaster.", supplied=SUPPLIED
    )
    return ForecasterPart(record, checked)


def forecaster_parts(method: Method, given: Any) -> tuple[ForecasterPart, ...]:
    """Resolve ``forecaster.*`` parameters of a method: one forecaster, or all candidates where the data choose.

    The data choose where the user asks for "auto", or where it is the default and the user gives nothing. A parameter
    without a name belongs to the method's first candidate, and thereby names it.

    Args:
        given: what the user gave: a table, or a bare name.

    Raises:
        ParameterError: "auto" beside a parameter, or for a method without candidates; or as `forecaster_part`.
        PluginError: a candidate is not installed.
        UnknownNameError: there is no forecaster of the name that the user gave.
    """
    table = _table(given)
    name = table.pop("name", None) or (AUTO if method.forecaster == AUTO and not table else None)
    if name == AUTO and not method.forecasters:
        raise ParameterError(
            f"method {method.name} has no candidates for forecaster={AUTO}",
            f"name a forecaster: --set forecaster.name={method.default_forecaster}",
        )
    if name == AUTO:
        candidates = tuple(_candidate(method, one) for one in method.forecasters)
        if table:
            key, names = next(iter(table)), ", ".join(method.forecasters)
            raise ParameterError(
                f"forecaster.{key} is a parameter of one forecaster, and forecaster={AUTO} chooses among {names}",
                f"name the forecaster as well: --set forecaster.name={_knowing(key, candidates)}",
            )
        return candidates
    named = with_defaults(method, "forecaster", {"name": name, **table})
    return (forecaster_part(method.default_forecaster, named),)


def _knowing(key: str, candidates: Sequence[ForecasterPart]) -> str:
    """Return the name of the first candidate that has a parameter, or of the first one."""
    knowing = (part for part in candidates if key in part.parameters)
    return next(knowing, candidates[0]).record.name


def _candidate(method: Method, name: str) -> ForecasterPart:
    try:
        return forecaster_part(name, with_defaults(method, "forecaster", {"name": name}))
    except UnknownNameError as error:
        raise PluginError(
            f"method {method.name} chooses among the forecasters {', '.join(method.forecasters)}, and {name} is not "
            "installed",
            "install the plugin that contributes it, or name an installed forecaster with --forecaster NAME",
        ) from error


def fitting(parts: Sequence[ForecasterPart], penalties: PenaltySum) -> tuple[ForecasterPart, ...]:
    """Return those forecasters that can work with the regularizers; all where none can, so that the error says why."""
    return tuple(part for part in parts if _fits(part, penalties)) or tuple(parts)


def _fits(part: ForecasterPart, penalties: PenaltySum) -> bool:
    try:
        penalties.check_records(part.record)
    except WrongUsageError:
        return False
    return True


def with_defaults(method: Method, part: str, given: Any) -> Tree:
    """Return what the user gave for a part, over the method's own defaults for it unless it is another part.

    Args:
        part: "forecaster" or "regularizer".
        given: a table, or a bare name: ``forecaster = "kan"`` and ``[forecaster] name = "kan"`` are the same.
    """
    table = _table(given)
    own = method.default_forecaster if part == "forecaster" else method.regularizer
    if table.get("name") not in (None, own):
        return table
    return merge(nest(method.defaults).get(part, {}), table)


def _table(given: Any) -> Tree:
    return dict(given) if isinstance(given, Mapping) else {"name": given}


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
