"""What users call from Python; the command line is a thin layer over it."""

from __future__ import annotations

import copy
import importlib.metadata
import platform
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from causalkit.core.interrupts import interruptible
from causalkit.core.memory import limited_to
from causalkit.core.options import DiscoverOptions, PartOptions, ReadingOptions, RunOptions, check_options, options_of
from causalkit.core.plain import plain
from causalkit.errors import DataError, ParameterError, PluginError, WrongUsageError
from causalkit.io.datasets import simulate as simulate
from causalkit.plugins.params import Tree, check_open, merge, nest, parse_settings, resolve, signature_of
from causalkit.plugins.records import AUTO, Method, Regularizer
from causalkit.plugins.registry import Provided, registry

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery
    from causalkit.core.interventions import Intervention
    from causalkit.core.panel import Panel
    from causalkit.core.preparation import Preparation
    from causalkit.core.run import Run
    from causalkit.neural.parts import ForecasterPart
    from causalkit.neural.transfer.pretrained import Pretrained

DEFAULT_METHOD = "grngc"
_NO_PARAMETERS = ("method", "standardize", "dtype", "threads", "time_limit", "knowledge")  # of a configuration


@interruptible()
def discover(
    data: Any,
    method: str = DEFAULT_METHOD,
    *,
    lag: int | str | None = None,
    params: Mapping[str, Any] | None = None,
    select: str | None = "auto",
    seed: int = 0,
    **options: Unpack[DiscoverOptions],
) -> Discovery:
    """Find the Granger-causal graph of a panel.

    Args:
        data: a DataFrame, an array (T, P) or (R, T, P), a list of these (one a realisation), a `Panel`, or the path
            of a file or folder.
        method: name of a method; ``causalkit methods`` lists them.
        lag: K, how many past steps may act; "auto": by held-out forecast error, up to a maximum from 5 to 12
            that grows with the panel; "auto:12": the same, up to 12; default: the method's own.
        params: parameters of the method, nested or with dotted keys: ``{"training.epochs": 400}``.
        select: a rule that turns scores into edges, such as ``"top-k:20"``; "auto": the test that the method has, at
            level .05: on held-out forecasts (``heldout``), else its own (``fdr``); "none" or None: scores only rank.
        seed: random seed; the same seed gives the same bytes on the same machine and build.
        forecaster, regularizer: other parts for a neural method.
        pretrain: for a neural method, what to learn from before: a file, the name of a data set (``"lorenz96"``,
            ``"lorenz96[forcing=8,steps=2000]"``), a `Panel`, a forecaster that ``causalkit pretrain`` wrote, or a list.
        standardize: give every series mean 0 and standard deviation 1 first; default: True.
        knowledge: which edges are forbidden and which are required: a `causalkit.Knowledge`, or a mapping
            such as ``{"forbid": ["A->B"], "require": ["C->D"], "regulators": ["A", "C"]}``.
        preparation: what to take out first: a `causalkit.Preparation`, a mapping such as
            ``{"detrend": "linear", "difference": 1, "levels": "keep"}``, or "auto" for what the findings propose.
        interventions: steps at which series were set from outside: a list of
            `causalkit.Intervention` or of mappings, or a file.
        names: of the series of a bare array.
        panel_column, time_column, drop: names of columns that identify realisations, that are time, and to leave out.
        orientation, long: "series-time" for a table whose rows are series; key and value columns of a long table.
        irregular, resample, calendar, time_direction, date_format: how times become steps.
        lower_frequency: "missing" does not carry values forward of a series with a value every so many steps only.
        missing, decimal, thousands: codes of missing cells and separators of numbers.
        header_rows, skip_rows, table, encoding: where and how a file contains the table. All of these are described
            at `causalkit.io.ReadOptions`.
        device: "cpu", "cuda" or "cuda:1"; default "auto": an accelerator where there is one.
        dtype: precision of neural methods, "float32" (the default) or "float64".
        threads: of the numeric libraries; default: one, and for large networks what a few steps are fastest with.
        time_limit: seconds after which training ends and its state is the result; default: no limit.
        memory: bytes of resident memory that this process may take, such as "4GiB"; a neural method that needs more is
            refused before training; default: nine tenths of what is free.
        checkpoint: a file that the state of training is written to.
        resume: continue from the checkpoint if it exists; default: False.
        progress: show a bar in terminals and notebooks while it runs; default: False.
        observers: objects that hear of the run; see `causalkit.Run`.

    Returns:
        A `Discovery` with ``scores[cause, effect, lag - 1]``.

    Raises:
        WrongUsageError: there is no such option.
        CausalkitError: whatever the user can mend; the message says what, where and how.

    Example:
        >>> import causalkit
        >>> panel, truth = causalkit.simulate("lorenz96", seed=0)
        >>> discovery = causalkit.discover(panel, method="grngc", params={"training.epochs": 200})
        >>> discovery.evaluate(truth)["auroc"]
        1.0
    """
    import numpy as np

    from causalkit.core.panel import Panel
    from causalkit.core.preparation import Preparation
    from causalkit.core.run import Run
    from causalkit.display.progress import progress_of
    from causalkit.io.background import interventions_of, knowledge_of

    check_options(options, DiscoverOptions, "causalkit.discover", ("method", "lag", "params", "select", "seed"))
    standardize = options.get("standardize", True)
    if not isinstance(standardize, bool):
        raise WrongUsageError(f"standardize={standardize!r} is not allowed", "choose True or False")
    from causalkit.selection.default import check_rule

    check_rule(select)
    run = Run.of(options, seed=seed, knowledge=knowledge_of(options.get("knowledge")))
    provided = registry().get(Method, method)  # a wrong name is reported before data are read
    reading = options_of(ReadingOptions, options)
    if isinstance(data, str | Path) and options.get("names") is not None:
        raise WrongUsageError("names are of arrays in memory, and a file is read", "write the names into the file")
    panel = (
        read(data, **reading) if isinstance(data, str | Path) else Panel.of(data, names=options.get("names"), **reading)
    )
    prepared = Preparation.of(options.get("preparation"))
    set_from_outside = interventions_of(options.get("interventions"))
    tree = parameter_tree(params, lag=lag, **options_of(PartOptions, options))
    if "pretrain" in tree and provided.record.neural:
        from causalkit.neural.transfer.settings import with_pretrained

        tree = with_pretrained(tree)
    acting, config = build_method(provided, tree)
    with np.errstate(), progress_of(run, options.get("progress")):  # as it was, also after an interrupt in a library
        discovery = fit(
            acting,
            provided,
            config,
            panel,
            run,
            standardize=standardize,
            preparation=prepared,
            interventions=set_from_outside,
        )
        if "lag" not in tree and isinstance(config.get("lag"), int):
            note = f"lag {config['lag']} is the default of {discovery.method}; choose another with {panel.hint('lag')}"
            discovery = replace(discovery, notes=(*discovery.notes, note))
        return finish(discovery, run, select)


def finish(discovery: Discovery, run: Run, select: str | None = None) -> Discovery:
    """Select edges by a rule, if there is one, and notify the observers of the result.

    Args:
        select: as for `discover`.

    Raises:
        CausalkitError: as `causalkit.selection.select`; observers have heard ``on_scores`` then, but not ``on_end``.
    """
    from causalkit.selection.default import rule_for

    rule = rule_for(discovery, select)
    if rule is not None:
        run.notify("on_scores", discovery)
        with limited_to(run.memory_limit):
            discovery = discovery.select(rule, observers=run.observers)
    run.notify("on_end", discovery)
    return discovery


def build_method(method: str | Provided[Method], tree: Mapping[str, Any]) -> tuple[Any, Tree]:
    """Return a method object with ``fit(panel, run)``, and its checked parameters as a result records them.

    A method whose lag is "auto" becomes a `causalkit.model_selection.AutoLag`, which hands it a number in every fit.

    Args:
        method: its name.
        tree: its parameters, nested; see `parameter_tree`.

    Raises:
        UnknownNameError: there is no such method.
        ParameterError: an unknown key or a bad value.
        WrongUsageError: a forecaster and a regularizer that cannot work together, or parts for a method without any.
    """
    provided = registry().get(Method, method) if isinstance(method, str) else method
    parts, rivals, arguments, shared = _checked(provided, tree)
    factory = provided.record.load()
    config = plain(arguments)

    def build(lag: int | None = None) -> Any:
        acting = factory(**parts, **({**arguments, "lag": lag} if lag else arguments))
        if rivals:
            acting = acting.with_rivals(rivals)
        if "ensemble" in shared:
            acting = acting.with_ensemble(shared["ensemble"])
        if "pretrain" in shared:
            from causalkit.neural.transfer.settings import two_stages

            acting = two_stages(provided.record.name, acting, shared["pretrain"], shared["finetune"])
        return acting

    lag = arguments.get("lag")
    if not isinstance(lag, str):
        return build(), config
    from causalkit.model_selection import AutoLag

    build(1)  # parts that cannot work together are refused before any work
    return AutoLag(build, lag), config


def resolved_params(provided: Provided[Method], tree: Mapping[str, Any]) -> Tree:
    """Return the parameters of a method with all defaults filled in, in a form that `build_method` takes again.

    Raises:
        ParameterError, WrongUsageError: as `build_method`.
    """
    parts, rivals, arguments, shared = _checked(provided, tree)
    resolved: Tree = {**plain(arguments), **{name: plain(tree[name]) for name in shared if name in tree}}
    if parts:
        resolved["forecaster"] = {"name": AUTO} if rivals else parts["forecaster"].config()
        terms = parts["regularizer"].terms
        resolved["regularizer"] = {"name": "+".join(term.record.name for term in terms)}
        for term in terms:
            own = plain(term.parameters)
            resolved["regularizer"] |= own if len(terms) == 1 else {term.record.name: own}
    return resolved


def parameter_tree(
    params: Mapping[str, Any] | None = None,
    *,
    lag: int | str | None = None,
    forecaster: str | None = None,
    regularizer: str | None = None,
    pretrain: Any = None,
    settings: Iterable[str] = (),
) -> Tree:
    """Return the parameters of a method as one nested mapping, which `build_method` takes.

    Args:
        params: nested, or with dotted keys.
        lag, forecaster, regularizer, pretrain: as for `discover`; they override ``params``.
        settings: ``KEY=VALUE`` as ``--set`` takes them; they override everything else.

    Raises:
        ParameterError: a setting is malformed.
    """
    if not isinstance(params, Mapping | None):
        raise ParameterError(
            f"params={params!r} are not parameters", 'give a mapping, such as {"training.epochs": 400}'
        )
    if isinstance(lag, bool):
        raise ParameterError(f"lag={lag} is not allowed", "a lag is a whole number of time steps, at least 1")
    given: Tree = {} if lag is None else {"lag": lag}
    given |= {key: {"name": name} for key, name in (("forecaster", forecaster), ("regularizer", regularizer)) if name}
    if pretrain is not None:
        given["pretrain"] = {"source": pretrain}
    return merge(merge(nest(params or {}), given), parse_settings(settings))


def parameters_of(discovery: Discovery) -> Tree:
    """Return the parameters of the method that made a result, as `build_method` takes them.

    Parameters that the method selected itself are "auto", so that it selects them again.

    Raises:
        DataError: the result does not record its parameters.
        UnknownNameError: a part of the method is not installed.
    """
    from causalkit.model_selection import open_lag

    tree: Tree = {key: copy.deepcopy(value) for key, value in discovery.config.items() if key not in _NO_PARAMETERS}
    if "forecaster" in tree:
        given = tree.pop("regularizer", None)
        if not isinstance(given, list) or not all(isinstance(part, Mapping) and "name" in part for part in given):
            raise DataError("the result does not record its regularizers", "write it again")
        tree["regularizer"] = {"name": "+".join(part["name"] for part in given)}
        for part in given:
            # What a regularizer selected itself is recorded beside its parameters.
            known = signature_of(registry().get(Regularizer, part["name"]).record.load())
            own = {key: value for key, value in part.items() if key in known}
            tree["regularizer"] |= own if len(given) == 1 else {part["name"]: own}
    for choice in discovery.choices:
        if choice.within:  # an alternative, which is no part of the method that made the result
            continue
        *above, last = choice.parameter.split(".")
        table = tree
        for key in above:
            table = table[key]
        names = str(table.get("name", "")).split("+")
        if above == ["regularizer"] and len(names) > 1:  # the one that reveals causes selected it
            table = next(table[name] for name in names if registry().get(Regularizer, name).record.reveals_causes)
        if last == "name":  # the parameters of the chosen part are no one's but its own
            table.clear()
        table[last] = open_lag(choice.candidates) if choice.parameter == "lag" else "auto"
    return tree


def _checked(
    provided: Provided[Method], tree: Mapping[str, Any]
) -> tuple[Tree, tuple[ForecasterPart, ...], Tree, Tree]:
    """Return the parts of a neural method, its other candidates for a forecaster, other arguments and shared settings.

    The latter are what neural methods share. Of them, only those that were given; both stages where one was.
    """
    record, what = provided.record, f"method {provided.record.name}"
    factory = record.load()
    given = dict(tree)
    parts: Tree = {}
    if not record.neural:
        for part, reason in _NEURAL_ONLY.items():
            if part in given:
                raise WrongUsageError(f"{what} {reason}", f"leave out {part}, or choose a neural method")
        check_open(factory, given, "lag", what=what)
        return parts, (), resolve(factory, given, what=what), {}
    from causalkit.neural.parts import fitting, forecaster_parts, penalty_sum, with_defaults
    from causalkit.neural.shared_settings import shared_settings
    from causalkit.neural.transfer.settings import check_pretrain, with_pretrained

    given = with_pretrained(given)
    check_pretrain(given.get("pretrain"))
    candidates = forecaster_parts(record, given.pop("forecaster", {}))
    penalties = with_defaults(record, "regularizer", given.pop("regularizer", {}))
    parts["regularizer"] = penalty_sum(record.regularizer, penalties)
    parts["forecaster"], *rivals = fitting(candidates, parts["regularizer"])
    check_open(factory, given, "lag", what=what)
    shared = shared_settings(factory)
    arguments = resolve(factory, given, what=what, supplied=parts, shared=shared)
    settings = {name: arguments.pop(name) for name in shared}
    wanted = {"ensemble"} & set(given)
    if {"pretrain", "finetune"} & set(given):
        wanted |= {"pretrain", "finetune"}
    return parts, tuple(rivals), arguments, {name: value for name, value in settings.items() if name in wanted}


_NEURAL_ONLY = {
    "forecaster": "has no forecaster to choose",
    "regularizer": "has no regularizer to choose",
    "ensemble": "has no ensemble",
    "pretrain": "cannot be pre-trained",
    "finetune": "cannot be pre-trained",
}


def fit(
    acting: Any,
    provided: Provided[Method],
    config: Tree,
    panel: Panel,
    run: Run,
    *,
    standardize: bool = True,
    preparation: Preparation | None = None,
    interventions: Sequence[Intervention] = (),
) -> Discovery:
    """Prepare and check the panel, fit a method to it and complete the result with all that is needed to repeat it.

    Raises:
        DataError: the panel cannot be used.
        PluginError: the method returns something else than a discovery of these series.
    """
    from causalkit.core.discovery import Discovery
    from causalkit.core.interventions import described, with_interventions
    from causalkit.core.magnitude import as_given, in_range
    from causalkit.core.order import InOneOrder
    from causalkit.core.refit import Refit, as_it_chose, with_its_choices
    from causalkit.display.candidates import about_candidates
    from causalkit.display.windows import few_windows
    from causalkit.health.preparing import prepared

    lag = config.get("lag", 1)
    if isinstance(lag, int) and lag < 1:
        raise ParameterError(f"the lag is {lag}", "a lag is a whole number of time steps, at least 1")
    if run.knowledge is not None:  # unknown names and contradictions show before the work
        run.knowledge.check(panel.names)
    given = with_interventions(panel, interventions)
    given.check(lag if isinstance(lag, int) else 1)
    moderate, exponents = in_range(given) if standardize else (given, None)
    ready = prepared(moderate, preparation)
    panel, preparation = ready.panel, ready.preparation
    panel.check(lag if isinstance(lag, int) else 1)
    run.observers.extend(observer for _, observer in registry().call("causalkit_observers", run=run))
    if not standardize and getattr(acting, "needs_standardized", False):
        raise WrongUsageError(
            "source and target are standardised each by itself where a forecaster carries over",
            "leave out --no-standardize",
        )
    learned, scaling = panel.standardized() if standardize else (panel, None)
    clock = time.monotonic()
    found = InOneOrder(acting).fit(learned, run)
    seconds = time.monotonic() - clock
    if not isinstance(found, Discovery) or found.names != panel.names:
        raise PluginError(
            f"method {provided.record.name} of {provided.plugin.key} returned no discovery of these series",
            "report this to the plugin's author",
        )
    facts = {**given.describe(), "standardized": standardize, "health": ready.health.describe()}  # digest as given
    if preparation is not None:
        facts["preparation"] = preparation.describe()
    if interventions:
        facts["interventions"] = described(interventions)
    said = [*panel.notes, *ready.notes, *_limits(provided, panel, run)]
    found = found.within(run.knowledge)
    said += about_candidates(found)
    if found.effects is not None and scaling is not None and exponents is not None:
        found = replace(found, effects=found.effects.before_scaling(as_given(scaling, exponents)))
    again, settled = as_it_chose(acting, found), with_its_choices(acting, found)
    found = replace(
        found,
        method=provided.record.name,
        config={"method": provided.record.name, **config, **found.config, **_circumstances(run, standardize)},
        seed=run.seed,
        data={**facts, **found.data},
        versions={**found.versions, **versions(provided)},
        seconds=run.seconds,
        notes=(*said, *found.notes, *few_windows(found.data)),
        refit=Refit.of(InOneOrder(again), panel, run, standardize, seconds, settled and InOneOrder(settled)),
    )
    return replace(found, responses=found.apply("responses"))


@interruptible()
def pretrain(
    sources: Any,
    *,
    method: str = DEFAULT_METHOD,
    lag: int | str | None = None,
    forecaster: str | None = None,
    regularizer: str | None = None,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
    **options: Unpack[RunOptions],
) -> Pretrained:
    """Train the forecaster of a neural method on a source, to go on from it elsewhere: ``discover(..., pretrain=...)``.

    Args:
        sources: a file, the name of a data set, a `Panel`, or a list of them.
        method, lag, forecaster, regularizer, params: as for `discover`.
        seed: random seed.
        device, dtype, threads, time_limit, memory, checkpoint, resume, progress, observers: as for `discover`.

    Raises:
        WrongUsageError: there is no such option.
        CausalkitError: whatever the user can mend.
    """
    from causalkit.core.run import Run
    from causalkit.display.progress import progress_of
    from causalkit.model_selection import AutoLag

    check_options(options, RunOptions, "causalkit.pretrain", ("method", "lag", "forecaster", "regularizer", "params"))
    provided = registry().get(Method, method)
    tree = parameter_tree(params, lag=lag, forecaster=forecaster, regularizer=regularizer, pretrain=sources)
    acting, _ = build_method(provided, tree)
    run = Run.of(options, seed=seed)
    with progress_of(run, options.get("progress")):
        if not isinstance(acting, AutoLag):
            found: Pretrained = acting.pretrain(run)
            return replace(found, versions=versions(provided))
        two_stage, source = acting.build(1).with_sources(seed)
        chosen = acting.chosen(source, run)
        found = two_stage.with_lag(chosen.lag).pretrain(run)
    about_lag = chosen.notes if chosen.choice is None else (chosen.choice.sentence(),)
    return replace(found, versions=versions(provided), notes=(*about_lag, *found.notes))


def read(paths: str | Path | Sequence[str | Path], **options: Any) -> Panel:
    """Read a file, several files or a folder as one panel; options as in `causalkit.io.ReadOptions`."""
    from causalkit import io

    return io.read(paths, io.ReadOptions.of(options))


def versions(provided: Provided[Any]) -> dict[str, str]:
    """Return the versions of whatever a result depends on."""
    found = {"python": platform.python_version(), provided.plugin.distribution: provided.plugin.version}
    for package in ("causalkit", "torch", "numpy", "statsmodels"):
        found[package] = importlib.metadata.version(package)
    return found


def _limits(provided: Provided[Method], panel: Panel, run: Run) -> list[str]:
    """Say what was known, and what the method does not do with it; neural methods say themselves what theirs do."""
    said = []
    if run.knowledge is not None:
        said.append(run.knowledge.sentence(panel.names))
        if provided.record.knowledge == "mask" and not provided.record.neural:
            said.append(
                f"{provided.record.name} takes no background knowledge: scores were masked after training, not in "
                "training"
            )
    if run.memory is not None and not provided.record.neural:
        said.append(f"{provided.record.name} does not limit its memory, so that --memory has no effect")
    if panel.intervened is not None and not provided.record.interventions and not provided.record.neural:
        said.append(f"{provided.record.name} cannot leave out steps under intervention: it learned from them too")
    return said


def _circumstances(run: Run, standardize: bool) -> Tree:
    return {"standardize": standardize, "dtype": run.dtype, "threads": run.threads_taken, "time_limit": run.time_limit}
