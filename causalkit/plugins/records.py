"""The typed records that hooks yield: what a plugin contributes, described without importing what it describes.

A record is cheap. Its `factory` may be a callable, or a string ``"package.module:attribute"`` that is imported when
the contribution is first used, so that listing hundreds of contributions imports none of them.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from causalkit.errors import PluginError

AUTO = "auto"
"""Instead of the name of a forecaster: the data choose among the candidates of the method."""
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """One named thing that a plugin adds.

    Attributes:
        name: lower-case words joined by ``-``.
        factory: what makes the thing, a callable or ``"package.module:attribute"``.
        summary: one line for listings.
        aliases: other names under which it is found.
        reference: the paper or page that describes it; ``causalkit show`` prints it.
        test_params: small and fast parameters with which the contract checks run it; keys are dotted as in ``--set``.
            Users never get them.

    Raises:
        PluginError: a name, an alias or the factory is malformed.
    """

    noun: ClassVar[str] = "contribution"

    name: str
    factory: Callable[..., Any] | str
    summary: str
    aliases: tuple[str, ...] = ()
    reference: str = ""
    test_params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (self.name, *self.aliases):
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise PluginError(
                    f"{type(self).__name__} name {name!r} is not allowed",
                    'use lower-case words joined by "-", for example "gradient-l1"',
                )
        if isinstance(self.factory, str):
            if self.factory.count(":") != 1:
                raise PluginError(
                    f"factory {self.factory!r} of {self.name} is malformed", 'write "package.module:attribute"'
                )
        elif not callable(self.factory):
            raise PluginError(f"factory of {self.name} is neither callable nor a string", "pass a function or a class")

    def load(self) -> Callable[..., Any]:
        """Return the factory, importing it when it is given as a string.

        Raises:
            PluginError: the module or the attribute cannot be imported.
        """
        return self.import_callable(self.factory)

    def import_callable(self, target: Callable[..., Any] | str) -> Callable[..., Any]:
        """Return a callable, importing it when it is given as ``"package.module:attribute"``.

        Raises:
            PluginError: the module or the attribute cannot be imported.
        """
        if not isinstance(target, str):
            return target
        module, _, attribute = target.partition(":")
        try:
            found: Any = importlib.import_module(module)
            for part in attribute.split("."):
                found = getattr(found, part)
        except Exception as error:  # whatever a plugin's module raises on import is that plugin's fault
            raise PluginError(
                f"{self.noun} {self.name} cannot be loaded from {target!r}: {type(error).__name__}: {error}",
                "report this to the plugin's author, or reinstall the plugin",
            ) from error
        if not callable(found):
            raise PluginError(f"{target!r} of {self.noun} {self.name} is not callable", "point to a function")
        loaded: Callable[..., Any] = found
        return loaded


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ValueError:  # somebody has put a module without a specification, or None, in its place
        return sys.modules.get(module) is not None


@dataclass(frozen=True, kw_only=True)
class Method(Contribution):
    """Turns a panel into a discovery; the factory returns an object with ``fit(panel, run) -> Discovery``.

    Attributes:
        lagged: scores differ between lags. A method that has one score for a pair declares ``lagged=False`` and returns
            scores with one lag, or the same score for each.
        missing: learns from panels with missing cells, by ``panel.windows(lag, by_effect=True)`` or by itself. Without
            it, a method sees the complete windows of such a panel, and may refuse it by a `DataError`. With it,
            ``causalkit check`` requires that it finds an edge where one cell in fifty is missing.
        contemporaneous: also finds effects within one time step. They are no part of ``scores``, whose first lag is 1:
            it returns them as ``Discovery.instantaneous`` or in ``Discovery.data``. Listings show the field.
        device: computes on the accelerator that ``run.torch_device()`` names, so that ``--device cuda`` helps. Others
            compute on the CPU whatever the user asks for. Listings show the field; the checks run on the CPU.
        knowledge: what it does with background knowledge: "training" keeps to it while it learns; under "mask", scores
            of forbidden pairs are set to 0 afterwards. With other parts, a neural method may do only the latter.
        interventions: leaves steps of a series under intervention out of what it learns about that series; they are
            those where ``windows.observed`` is False. Results of other methods get a note that says so.
        neural: a forecaster + regularizer + training settings, whose parts can be exchanged. The factory then takes
            ``forecaster`` and ``regularizer``.
        forecaster: name of the default forecaster of a neural method; "auto" where the data choose one by default.
        forecasters: candidates for "auto", two or more. The first one is used where nothing can choose: at a given
            strength, in training on two domains, and on too few windows.
        regularizer: default regularizers of a neural method, joined by "+".
        defaults: parameters of these default parts that differ from the parts' own defaults, with dotted keys, such as
            ``{"regularizer.strength": 0.02}``. They hold as long as the user does not choose another part. Those of a
            forecaster belong to the first candidate. Parameters of the method itself have their defaults in its
            signature.
        packages: what it needs and what is not installed with its plugin: for each package, as pip calls it, its
            top-level module, such as ``{"causal-learn": "causallearn"}``. Listings say which are absent.

    Raises:
        PluginError: the forecaster is "auto" without candidates, or the candidates are not two or more different names.
    """

    noun: ClassVar[str] = "method"

    lagged: bool = True
    missing: bool = False
    contemporaneous: bool = False
    device: bool = False
    knowledge: Literal["training", "mask"] = "mask"
    interventions: bool = False
    neural: bool = False
    forecaster: str = ""
    forecasters: tuple[str, ...] = ()
    regularizer: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        names = self.forecasters
        if self.forecaster == AUTO and not names:
            raise PluginError(
                f"method {self.name} has forecaster={AUTO!r} and no candidates for it",
                'list them, for example forecasters=("mlp", "kan")',
            )
        if isinstance(names, str) or len(names) == 1 or len(set(names)) < len(names) or AUTO in names:
            raise PluginError(
                f"the candidates for the forecaster of method {self.name} are {names!r}",
                'list two or more different names, for example forecasters=("mlp", "kan")',
            )

    @property
    def default_forecaster(self) -> str:
        """Name of the forecaster that is used where neither the user nor the data choose one."""
        return self.forecasters[0] if self.forecaster == AUTO else self.forecaster

    @property
    def absent(self) -> tuple[str, ...]:
        """Those of `packages` that are not installed; none of them is imported."""
        return tuple(package for package, module in self.packages.items() if not _is_installed(module))


@dataclass(frozen=True, kw_only=True)
class Forecaster(Contribution):
    """A network ``(B, K, P) -> (B, P)``; the factory takes ``series`` and ``lag`` and its own parameters.

    Attributes:
        layout: one network for all targets ("joint") or one per target ("component-wise"), in which no two targets
            share a weight.
        capabilities: what regularizers may rely on: "jacobian", "features", "input-weights", "candidates". Each one
            promises a method of the network.
    """

    noun: ClassVar[str] = "forecaster"

    layout: Literal["joint", "component-wise"] = "joint"
    capabilities: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        super().__post_init__()
        if AUTO in (self.name, *self.aliases):
            raise PluginError(f"no forecaster can be called {AUTO!r}", "it asks for a choice among forecasters")


@dataclass(frozen=True, kw_only=True)
class Regularizer(Contribution):
    """A penalty on a forecaster, and the score that is read off it.

    Attributes:
        stage: when it acts: always ("train"), or in one stage of two-stage training ("pretrain", "finetune").
        needs: capabilities that the forecaster must have; others are refused before anything is built.
        reveals_causes: it has ``scores``; exactly one regularizer of a run supplies them.
    """

    noun: ClassVar[str] = "regularizer"

    stage: Literal["train", "pretrain", "finetune"] = "train"
    needs: frozenset[str] = frozenset()
    reveals_causes: bool = True


@dataclass(frozen=True, kw_only=True)
class DatasetItem:
    """One data set of a family, as ``causalkit datasets`` lists it; None where a number is not known.

    Attributes:
        name: ``family`` or ``family:item``, what ``--dataset`` takes.
        series: P.
        realisations: how many recordings.
        steps: of the longest realisation.
        edges: of the true graph under its default protocol.
        licence: of the data.
        here: nothing has to be downloaded any more.
    """

    name: str
    series: int | None = None
    realisations: int | None = None
    steps: int | None = None
    edges: int | None = None
    licence: str = ""
    here: bool = True


@dataclass(frozen=True, kw_only=True)
class Dataset(Contribution):
    """A data set; the factory returns ``(Panel, Truth | None)``.

    A factory with a parameter ``seed`` is given the run's seed unless the user sets ``dataset.seed``; one with a
    parameter ``item`` is given what stands behind the colon in ``family:item``.

    Attributes:
        kind: simulated here ("synthetic"), shipped or supplied as a file ("file"), or fetched ("download"). Only the
            last one is never loaded by checks without ``test_params``.
        lagged_truth: the truth says at which lag each edge acts.
        catalogue: lists the items of a family without loading them, ``() -> Iterable[DatasetItem]``; or
            ``"package.module:attribute"``.
        fetch: brings the files of an item to this machine, ``(item: str | None) -> Iterable[Path]``; or
            ``"package.module:attribute"``. Without it there is nothing to fetch.
        guide: what users must know or supply, lines of text that ``causalkit show`` prints.
        test_params: parameters of a small and quick one. The checks also simulate longer ones, with more ``steps``,
            where the factory has parameters ``steps`` and ``seed``. ``item`` names one of a family. One of kind
            "download" is loaded by checks only if it has them and its files are here.
    """

    noun: ClassVar[str] = "dataset"

    kind: Literal["synthetic", "file", "download"] = "synthetic"
    lagged_truth: bool = False
    catalogue: Callable[[], Iterable[DatasetItem]] | str = ""
    fetch: Callable[[str | None], Iterable[Path]] | str = ""
    guide: str = ""


@dataclass(frozen=True, kw_only=True)
class Metric(Contribution):
    """A number that compares a discovery with a truth; the factory is ``metric(evaluation) -> float``.

    Attributes:
        needs: what it reads: ranked scores, the selected graph, scores and a truth with lags, or scores that were read
            after several epochs of training; or the trained forecaster, and no truth. One of a forecaster may train it
            again: it is computed only when asked by name.
        greater_is_better: orientation, for gates and ranks.
        weighted: does it use ``evaluation.weights``? Others are not computed where only candidate pairs have scores.
    """

    noun: ClassVar[str] = "metric"

    needs: Literal["scores", "graph", "lags", "forecaster", "epochs"] = "scores"
    greater_is_better: bool = True
    weighted: bool = False

    @property
    def by_name_only(self) -> bool:
        """Is it left out where all metrics are computed, because of the work?"""
        return self.needs == "forecaster"


@dataclass(frozen=True, kw_only=True)
class SelectionRule(Contribution):
    """Turns scores into edges; the factory is ``rule(discovery, ...) -> selected``, shape (P, P, L), or an `Outcome`.

    See `causalkit.selection` for `Outcome` and for functions that rules can use.

    Attributes:
        needs: what it reads: "scores" alone, the "p-values" of the method, its "held-out" forecasts, or "refits" of it
            to other panels.
            causalkit refuses a discovery that lacks it before the rule is called.
        controls: the error that it limits, in a few words for listings; "" if none.
    """

    noun: ClassVar[str] = "selection rule"

    needs: Literal["scores", "p-values", "held-out", "refits"] = "scores"
    controls: str = ""


@dataclass(frozen=True, kw_only=True)
class Reader(Contribution):
    """Reads a file into realisations; the factory is ``reader(path, options) -> Panel``.

    Attributes:
        suffixes: of the files that it reads, in lower case with their dots, such as ``(".raw", ".raw.gz")``. The reader
            with the longest suffix that fits a file reads it.
        test_params: what the checks read: ``{"path": ...}`` names an example file of the package, as
            ``str(Path(__file__).with_name("example.raw"))``; ``{"example": ...}`` a function ``(path) -> None`` that
            writes one, or ``"package.module:attribute"``. A reader of formats that causalkit writes needs neither.
    """

    noun: ClassVar[str] = "reader"

    suffixes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Writer(Contribution):
    """Writes a discovery to a file; the factory is ``writer(discovery, path) -> None``.

    Attributes:
        suffixes: of the files that it writes, in lower case with their dots.
    """

    noun: ClassVar[str] = "writer"

    suffixes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Operation(Contribution):
    """Something that users do with a discovery or a panel; the factory is ``operation(discovery, ...) -> Any``.

    Users call it by name: ``discovery.apply("strongest", 3)``, ``panel.apply("health")``. The methods of
    `causalkit.Discovery` and `causalkit.Panel` that need more than arrays are operations of causalkit itself.
    """

    noun: ClassVar[str] = "operation"
