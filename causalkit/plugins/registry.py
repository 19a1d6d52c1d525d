"""Find plugins, isolate broken ones, list what they contribute, resolve names.

The registry loops over entry points itself instead of using pluggy's loader: one plugin that fails to import, names
a hook that does not exist or raises while it yields must never take the command down. What failed is recorded,
warned about once, listed by ``causalkit plugins`` and named when something cannot be found.

Environment:
    CAUSALKIT_DISABLE_PLUGINS: names of plugins or distributions to leave out, joined by commas; ``*``: all that are no
        part of causalkit itself.
    CAUSALKIT_STRICT: set to 1 to raise at the first broken plugin instead of isolating it.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

import pluggy

from causalkit.errors import ConflictError, PluginError, UnknownNameError, did_you_mean
from causalkit.plugins import hookspecs
from causalkit.plugins.records import (
    Contribution,
    Dataset,
    Forecaster,
    Method,
    Metric,
    Operation,
    Reader,
    Regularizer,
    SelectionRule,
    Writer,
)

GROUP = "causalkit"
OWN = "causalkit"
"""The distribution of the built-in parts."""
DISABLED, EVERY = "CAUSALKIT_DISABLE_PLUGINS", "*"
"""The environment variable, and its value for all plugins of other distributions."""
KINDS: tuple[type[Contribution], ...] = (
    Method,
    Forecaster,
    Regularizer,
    Dataset,
    Metric,
    SelectionRule,
    Reader,
    Writer,
    Operation,
)

R = TypeVar("R", bound=Contribution)


class PluginWarning(UserWarning):
    """A plugin is broken; the rest of causalkit works."""


@dataclass(frozen=True)
class Plugin:
    """One entry point in the group ``causalkit``.

    Attributes:
        name: of the entry point.
        distribution, version: of the package that declares it.
        status: "active", "disabled" or "broken".
        hooks: names of the hooks that it implements.
        error: what is wrong with a broken one.
    """

    name: str
    distribution: str
    version: str
    status: str = "active"
    hooks: tuple[str, ...] = ()
    error: str = ""

    @property
    def key(self) -> str:
        """``name@distribution``, unique."""
        return f"{self.name}@{self.distribution}"


@dataclass(frozen=True)
class Provided(Generic[R]):
    """A contribution together with the plugin that it comes from."""

    record: R
    plugin: Plugin

    @property
    def qualified(self) -> str:
        """``name@distribution``, which resolves even when two plugins share the name."""
        return f"{self.record.name}@{self.plugin.distribution}"


def hook_of(kind: type[Contribution]) -> str:
    """Return the name of the hook that yields records of this kind."""
    return f"causalkit_{kind.noun.replace(' ', '_')}s"


class Registry:
    """All plugins of this environment and what they contribute.

    Args:
        points: entry points to load; default: those of the group ``causalkit``.
        disabled: names of plugins or distributions to leave out, or ``*``; default: ``CAUSALKIT_DISABLE_PLUGINS``.
        strict: raise on the first broken plugin; default: ``CAUSALKIT_STRICT``.
    """

    def __init__(
        self,
        points: Iterable[EntryPoint] | None = None,
        disabled: Iterable[str] | None = None,
        strict: bool | None = None,
    ) -> None:
        self._points = tuple(entry_points(group=GROUP)) if points is None else tuple(points)
        if disabled is None:
            disabled = os.environ.get(DISABLED, "").split(",")
        self._disabled = {name.strip() for name in disabled if name.strip()}
        self._strict = os.environ.get("CAUSALKIT_STRICT") == "1" if strict is None else strict
        self._manager = pluggy.PluginManager("causalkit")
        self._manager.add_hookspecs(hookspecs)
        self._plugins: dict[str, Plugin] = {}
        self._found: dict[type[Contribution], list[Provided[Any]]] = {}
        for point in sorted(self._points, key=lambda point: point.name):
            self._load(point)

    @property
    def plugins(self) -> list[Plugin]:
        """Every plugin, active or not. Asks all of them for all contributions first, so that all faults are known."""
        for kind in KINDS:
            self.all(kind)
        return list(self._plugins.values())

    def all(self, kind: type[R]) -> list[Provided[R]]:
        """Return every contribution of a kind, by name. Each hook runs once."""
        if kind not in self._found:
            found = [Provided(record, plugin) for plugin, record in self._records(kind)]
            self._found[kind] = sorted(found, key=lambda provided: (provided.record.name, provided.plugin.key))
        return self._found[kind]

    def get(self, kind: type[R], name: str) -> Provided[R]:
        """Resolve a name: exact, then alias; ``name@distribution`` picks one of several.

        Raises:
            UnknownNameError: nobody contributes it; the error suggests near names and names broken plugins.
            ConflictError: several plugins contribute it; the error names all of them.
        """
        everything = self.all(kind)
        if not isinstance(name, str):
            raise UnknownNameError(f"{name!r} is not the name of a {kind.noun}", self._hint(kind, "", everything))
        wanted, _, distribution = name.partition("@")
        pool = [p for p in everything if not distribution or p.plugin.distribution == distribution]
        matches = [p for p in pool if p.record.name == wanted] or [p for p in pool if wanted in p.record.aliases]
        if len(matches) == 1:
            return matches[0]
        if matches:
            providers = ", ".join(f"{p.plugin.distribution} {p.plugin.version}" for p in matches)
            choices = list(dict.fromkeys(p.qualified for p in matches))
            hint = (
                "choose one: " + ", ".join(choices)
                if len(choices) > 1
                else f"that plugin names it twice; report this to its author or set CAUSALKIT_DISABLE_PLUGINS="
                f"{matches[0].plugin.name}"
            )
            raise ConflictError(f"{kind.noun} {name!r} is provided by more than one plugin: {providers}", hint)
        raise UnknownNameError(f"no {kind.noun} is called {name!r}", self._hint(kind, wanted, everything))

    def module_of(self, plugin: Plugin) -> str:
        """Return what the entry point of a plugin names, for example ``my_plugin``, or "" where that is not known."""
        for point in self._points:
            if point.name == plugin.name and (point.dist.name if point.dist else "unknown") == plugin.distribution:
                return str(getattr(point, "value", ""))
        return ""

    def call(self, hook: str, **arguments: Any) -> Iterator[tuple[Plugin, Any]]:
        """Call a hook that takes arguments; yield each result with its plugin, isolating the ones that raise."""
        yield from self._call(hook, **arguments)

    def _hint(self, kind: type[Contribution], wanted: str, everything: list[Provided[Any]]) -> str:
        known = [name for p in everything for name in (p.record.name, *p.record.aliases)]
        broken = [p for p in self._plugins.values() if p.status == "broken"]
        # Only the distribution can be wrong where the name itself is known.
        elsewhere = [p.qualified for p in everything if wanted in (p.record.name, *p.record.aliases)]
        said = "known: " + ", ".join(elsewhere) if elsewhere else did_you_mean(wanted, known)
        if broken:
            said += " " if said.endswith("?") else ". "
            said += "Broken plugins may have provided it: " + "; ".join(f"{p.key} ({p.error})" for p in broken)
        return said

    def _load(self, point: EntryPoint) -> None:
        distribution = point.dist.name if point.dist else "unknown"
        version = point.dist.version if point.dist else "0"
        plugin = Plugin(name=point.name, distribution=distribution, version=version)
        names = {plugin.name, plugin.distribution, plugin.key}
        if names & self._disabled or (EVERY in self._disabled and distribution != OWN):
            self._plugins[plugin.key] = replace(plugin, status="disabled")
            return
        self._plugins[plugin.key] = plugin
        try:
            self._manager.register(point.load(), name=plugin.key)
            callers = self._manager.get_hookcallers(self._manager.get_plugin(plugin.key)) or []
            unknown = [caller.name for caller in callers if not caller.spec]
            if unknown:
                hooks = [name for name in dir(hookspecs) if name.startswith("causalkit_")]
                raise PluginError(f"there is no hook {unknown[0]!r}", did_you_mean(unknown[0], hooks))
            self._plugins[plugin.key] = replace(plugin, hooks=tuple(sorted(caller.name for caller in callers)))
        except (Exception, SystemExit) as error:  # a plugin may raise anything on import
            if self._manager.has_plugin(plugin.key):
                self._manager.unregister(name=plugin.key)
            self._broken(plugin.key, error)

    def _call(self, hook: str, **arguments: Any) -> Iterator[tuple[Plugin, Any]]:
        """Yield what each implementation returns or yields, one implementation at a time."""
        caller = getattr(self._manager.hook, hook)
        for implementation in caller.get_hookimpls():
            key = implementation.plugin_name
            function: Callable[..., Any] = implementation.function
            try:
                result = function(**{name: arguments[name] for name in implementation.argnames})
                for item in result if result is not None else ():
                    yield self._plugins[key], item
            except (Exception, SystemExit) as error:
                self._broken(key, error, where=hook)

    def _records(self, kind: type[R]) -> Iterator[tuple[Plugin, R]]:
        """Yield the records of a kind; anything else that a hook yields makes its plugin a broken one."""
        hook = hook_of(kind)
        for plugin, item in self._call(hook):
            if isinstance(item, kind):
                yield plugin, item
            else:
                self._broken(plugin.key, PluginError(f"yields {item!r}, not a {kind.__name__}"), where=hook)

    def _broken(self, key: str, error: BaseException, where: str = "import") -> None:
        """Record the first fault of a plugin and warn about it; later ones would only repeat that it is broken."""
        said = str(error) if isinstance(error, PluginError) else f"{type(error).__name__}: {error}"
        described = " ".join((f"in {where}: {said}" if where != "import" else said).split())
        if self._strict:
            # Never the error itself: a plugin that calls sys.exit(0) would end a strict run as if all were well.
            raise PluginError(
                f"plugin {key} is broken: {described}", "CAUSALKIT_STRICT=1 turns broken plugins into errors"
            ) from error
        if self._plugins[key].status == "broken":
            return
        self._plugins[key] = replace(self._plugins[key], status="broken", error=described)
        warnings.warn(f"plugin {key} is broken: {described}", PluginWarning, stacklevel=2)


@cache
def registry() -> Registry:
    """Return the registry of this process."""
    return Registry()
