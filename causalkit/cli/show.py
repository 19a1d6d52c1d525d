"""``causalkit show``."""

from __future__ import annotations

import inspect
from dataclasses import asdict
from typing import Any

import click

from causalkit.cli.catalogue import items_of, licences, presence
from causalkit.cli.console import print_json, print_table
from causalkit.cli.listings import describe
from causalkit.cli.options import data_home_option
from causalkit.display.words import span
from causalkit.errors import UnknownNameError, WrongUsageError, did_you_mean
from causalkit.plugins.records import AUTO, Dataset, DatasetItem, Forecaster, Method, Regularizer, SelectionRule
from causalkit.plugins.registry import KINDS, Provided, registry

# Arguments that causalkit supplies; --set cannot.
SUPPLIED = {
    "forecaster": {"series", "lag", "candidates"},
    "regularizer": {"series", "lag"},
    "dataset": {"item"},
}


@click.command(epilog="Examples:  causalkit show grngc    causalkit show lorenz96    causalkit show top-k")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_home_option
def show(name: str, as_json: bool) -> None:
    """Describe NAME: its parameters and defaults, compatible parts, source and licence."""
    found = _find(name)
    items = {one.qualified: _items(one, name) for one in found if isinstance(one.record, Dataset)}
    if as_json:
        print_json(
            [
                {
                    "kind_of_part": one.record.noun,
                    **describe(one),
                    "parameters": parameters(one),
                    **({"items": [asdict(item) for item in items[one.qualified]]} if _is_dataset(one) else {}),
                }
                for one in found
            ]
        )
        return
    for one in found:
        record = one.record
        click.echo(f"{record.noun} {record.name}: {record.summary}")
        click.echo(f"from {one.plugin.distribution} {one.plugin.version}")
        if record.aliases:
            click.echo(f"also called {', '.join(record.aliases)}")
        if record.reference:
            click.echo(f"source: {record.reference}")
        for line in _fits(one):
            click.echo(line)
        if _is_dataset(one):
            for line in _contents(one, name, items[one.qualified]):
                click.echo(line)
        rows = [[p["key"], p["type"], p["default"], p["description"]] for p in parameters(one)]
        if rows:
            print_table(["parameter", "type", "default", "meaning"], rows)
        if isinstance(record, Dataset) and record.guide:
            click.echo(f"\n{record.guide}")


def parameters(provided: Provided[Any]) -> list[dict[str, str]]:
    """Return the keys that users can set for a part, with type, default and meaning."""
    import pydantic

    from causalkit.plugins.params import argument_docs, signature_of

    record = provided.record
    if isinstance(record, SelectionRule):
        return _rule_parameters(record)
    if record.noun not in ("method", "forecaster", "regularizer", "dataset"):
        return []
    factory = record.load()
    prefix = "" if record.noun == "method" else f"{record.noun}."
    meanings = argument_docs(inspect.getdoc(factory) or "")
    known = dict(signature_of(factory))
    neural = isinstance(record, Method) and record.neural
    if neural:
        from causalkit.neural.shared_settings import shared_settings

        known |= shared_settings(factory)
    rows = []
    for name, parameter in known.items():
        if name in SUPPLIED.get(record.noun, ()):
            continue
        if neural and name in ("forecaster", "regularizer"):
            default = getattr(record, name)
            first = record.default_forecaster if name == "forecaster" else default.split("+")[0]
            kind = 'name or "auto"' if name == "forecaster" and record.forecasters else "name"
            rows.append(_row(f"{name}.name", kind, default, f"see: causalkit show {first}"))
        elif isinstance(parameter.default, pydantic.BaseModel):
            for key, field in type(parameter.default).model_fields.items():
                default = getattr(parameter.default, key)
                if default is None and isinstance(field.json_schema_extra, dict):  # the default of another setting
                    default = field.json_schema_extra.get("default")
                kind = _type_name(field.annotation)
                rows.append(_row(f"{prefix}{name}.{key}", kind, default, field.description or ""))
        else:
            rows.append(_parameter_row(prefix + name, parameter, meanings.get(name, "")))
    return rows


def _rule_parameters(record: SelectionRule) -> list[dict[str, str]]:
    from causalkit.plugins.params import argument_docs
    from causalkit.selection.rule import spelled, user_parameters

    meanings = argument_docs(inspect.getdoc(record.load()) or "")
    found = user_parameters(record).items()
    return [_parameter_row(spelled(key), parameter, meanings.get(key, "")) for key, parameter in found]


def _parameter_row(key: str, parameter: inspect.Parameter, description: str) -> dict[str, str]:
    default = "required" if parameter.default is inspect.Parameter.empty else parameter.default
    described = (getattr(one, "description", None) for one in getattr(parameter.annotation, "__metadata__", ()))
    return _row(key, _type_name(parameter.annotation), default, description or next(filter(None, described), ""))


def _row(key: str, kind: str, default: Any, description: str) -> dict[str, str]:
    shown = ",".join(map(str, default)) if isinstance(default, tuple | list) else str(default)
    return {"key": key, "type": kind, "default": shown, "description": description}


def _type_name(annotation: Any) -> str:
    import types
    from typing import Annotated, Literal, Union, get_args, get_origin

    if get_origin(annotation) in (Union, types.UnionType):
        options = "|".join(_type_name(option) for option in get_args(annotation)).split("|")
        return "|".join(dict.fromkeys(options))  # unions may be nested
    if annotation is type(None):
        return "none"
    if get_origin(annotation) is Annotated:
        titles = [title for one in get_args(annotation)[1:] if (title := getattr(one, "title", None))]
        if titles and isinstance(titles[0], str):
            return titles[0]
        return _type_name(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return "|".join(map(str, get_args(annotation)))
    if get_origin(annotation) is tuple:
        return f"{_type_name(get_args(annotation)[0])},..."
    return inspect.formatannotation(annotation).removeprefix("typing.")


def _find(name: str) -> list[Provided[Any]]:
    """Return everything of that name, of whatever kind."""
    found, known = [], []
    for kind in KINDS:
        known += [one.record.name for one in registry().all(kind)]
        try:
            # Only data sets have items, which are named behind a colon.
            found.append(registry().get(kind, name.partition(":")[0] if kind is Dataset else name))
        except UnknownNameError:
            continue
    if not found:
        raise UnknownNameError(f"there is nothing called {name!r}", did_you_mean(name, known))
    return found


def _is_dataset(provided: Provided[Any]) -> bool:
    return isinstance(provided.record, Dataset)


def _items(provided: Provided[Any], name: str) -> list[DatasetItem]:
    """Return all items of a data set, or the one that the user named.

    Raises:
        UnknownNameError: the family has no such item.
    """
    items = items_of(provided)
    if ":" not in name:
        return items
    known = [item.name.partition(":")[2] for item in items]
    wanted = name.partition(":")[2]
    if known == [""]:
        raise WrongUsageError(
            f"the data set {provided.record.name} has no items", f"causalkit show {provided.record.name}"
        )
    if wanted not in known:
        raise UnknownNameError(
            f"the data set {provided.record.name} has no item {wanted!r}", did_you_mean(wanted, known)
        )
    return [items[known.index(wanted)]]


def _contents(provided: Provided[Any], name: str, items: list[DatasetItem]) -> list[str]:
    """Return size, licence and presence of a data set as lines."""
    family = provided.record.name
    many = f"{len(items)} items (causalkit datasets {family}), " if len(items) > 1 else ""
    numbers = [
        (noun, span((getattr(item, noun) for item in items), "-"))
        for noun in ("series", "realisations", "steps", "edges")
    ]
    size = ", ".join(f"{noun} {number}" for noun, number in numbers if number)
    lines = [f"size: {many}{size}"] if size else []
    if provided.record.kind != "synthetic":
        lines.append(f"licence: {licences(items) or 'not known'}")
        here = presence(items)
        offered = provided.record.fetch and here != "yes"
        lines.append(f"here: {here}" + (f" (get it with causalkit fetch {name})" if offered else ""))
    return lines


def _default_parts(record: Method) -> list[str]:
    """Return which parts a neural method uses, as lines."""
    candidates = ", ".join(record.forecasters)
    if record.forecaster == AUTO:
        first = record.default_forecaster
        return [
            f"chooses its forecaster by held-out forecast error among {candidates}; --forecaster NAME sets it",
            f"uses {first} where nothing can choose (fixed strength, pre-training, few windows), and where "
            "forecaster.KEY is set without a name",
            f"uses the regularizer {record.regularizer}, which can be replaced",
        ]
    both = f"the forecaster {record.forecaster} and the regularizer {record.regularizer}"
    lines = [f"uses {both}; both can be replaced"]
    if candidates:
        lines.append(f"with --forecaster auto, chooses its forecaster by held-out forecast error among {candidates}")
    return lines


def _fits(provided: Provided[Any]) -> list[str]:
    """Return what a part is compatible with, as lines."""
    record = provided.record
    if isinstance(record, SelectionRule):
        from causalkit.selection.rule import written_form

        reads = {
            "refits": "fits the method again",
            "p-values": "needs p-values of the method",
            "held-out": "needs a neural method whose networks left blocks of the recording out",
        }
        lines = [f"written as --select {written_form(record)}"]
        lines += [reads[record.needs]] if record.needs in reads else []
        return [*lines, f"controls: {record.controls or 'no error'}"]
    if isinstance(record, Regularizer):
        fitting = [p.record.name for p in registry().all(Forecaster) if record.needs <= p.record.capabilities]
        return ["works with the forecasters " + (", ".join(fitting) or "(none installed)")]
    if isinstance(record, Forecaster):
        fitting = [p.record.name for p in registry().all(Regularizer) if p.record.needs <= record.capabilities]
        return ["works with the regularizers " + (", ".join(fitting) or "(none installed)")]
    if isinstance(record, Method):
        lines = []
        if record.absent:
            missing = ", ".join(record.absent)
            lines.append(f"needs {missing}, not installed; causalkit discover --method {record.name} says what to do")
        if record.neural:
            lines += _default_parts(record)
        kept = "used in training" if record.knowledge == "training" else "scores are masked after training"
        lines.append(f"background knowledge: {kept}")
        left = "excluded as effects" if record.interventions else "used like other steps"
        lines.append(f"steps under intervention: {left}")
        return lines
    return []
