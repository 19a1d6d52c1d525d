"""Check everything that a plugin contributes."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from causalkit.core.discovery import Discovery
from causalkit.core.run import EVENTS, Run
from causalkit.errors import UnknownNameError, did_you_mean
from causalkit.plugins.registry import KINDS, Plugin, Provided, Registry, registry
from causalkit.plugins.reserved import SUMMARIES
from causalkit.testing.checklist import Checklist, in_words
from causalkit.testing.importing import imports_quietly
from causalkit.testing.result import CheckFailed, CheckResult, require


def check_plugin(name: str, seed: int = 0) -> list[CheckResult]:
    """Run every contract check that applies to a plugin.

    Args:
        name: of the plugin (its entry point) or of the distribution that it is installed with.
        seed: of whatever the checks draw.

    Returns:
        The results, in the order: the plugin itself, its contributions by kind and name, its commands and observers.

    Raises:
        UnknownNameError: no such plugin is installed; the error suggests near names.
    """
    results: list[CheckResult] = []
    for plugin in find_plugins(name):
        checklist = Checklist(f"plugin {plugin.name}")
        usable = checklist.run("can be used", lambda plugin=plugin: _usable(plugin))  # type: ignore[misc]
        if plugin.status == "active":
            checklist.run(
                "importing it prints nothing and changes no setting",
                lambda plugin=plugin: imports_quietly(plugin),  # type: ignore[misc]
            )
        results += checklist.results
        for kind in KINDS:
            for provided in registry().all(kind):
                if provided.plugin.key == plugin.key:
                    results += check_contribution(provided, seed)
        if usable:
            results += _check_hooks_with_arguments(plugin)
    return results


def find_plugins(name: str) -> list[Plugin]:
    """Return the plugins of that name, or all that a distribution of that name declares.

    Raises:
        UnknownNameError: no such plugin is installed.
    """
    plugins = registry().plugins
    found = [plugin for plugin in plugins if name in (plugin.name, plugin.key)]
    found = found or [plugin for plugin in plugins if plugin.distribution == name]
    if not found:
        known = [known for plugin in plugins for known in (plugin.name, plugin.distribution)]
        raise UnknownNameError(f"no plugin is called {name!r}", did_you_mean(name, known))
    return found


def check_contribution(provided: Provided[Any], seed: int = 0) -> list[CheckResult]:
    """Run the checks of whatever kind a contribution is.

    The module is imported here: those of neural parts need torch, which a plugin of metrics should not wait for.
    """
    noun = provided.record.noun.replace(" ", "_")
    check: Callable[..., list[CheckResult]] = getattr(
        importlib.import_module(f"causalkit.testing.{noun}"), f"check_{noun}"
    )
    return check(provided, seed=seed)


def _usable(plugin: Plugin) -> None:
    require(plugin.status != "broken", f"it is broken: {plugin.error}")
    require(plugin.status != "disabled", "it is switched off; unset CAUSALKIT_DISABLE_PLUGINS")
    require(plugin.hooks, "it implements no hook: mark functions with causalkit.hookimpl")
    owners = {provided.plugin.key for kind in KINDS for provided in registry().all(kind)}
    acting = {"causalkit_commands", "causalkit_observers"} & set(plugin.hooks)
    require(plugin.key in owners or acting, "its hooks yield nothing")


def _check_hooks_with_arguments(plugin: Plugin) -> list[CheckResult]:
    checklist = Checklist(f"plugin {plugin.name}")
    if "causalkit_commands" in plugin.hooks:
        checklist.run("commands are new and say what they do", lambda: _commands(plugin))
    if "causalkit_observers" in plugin.hooks and checklist.run(
        "observers watch at least one event", lambda: _observers(plugin)
    ):
        checklist.run("observers survive a run, and a run in stages", lambda: _whole_run(plugin))
    return checklist.finish()


def _commands(plugin: Plugin) -> None:
    import click
    from click.testing import CliRunner

    group = click.Group()
    _call_alone(plugin, "causalkit_commands", cli=group)
    require(group.commands, "the hook causalkit_commands added no command")
    for name, command in group.commands.items():
        require(name not in SUMMARIES, f"{name!r} is a command of causalkit itself")
        require(command.help, f"the command {name!r} has no help text: give its function a docstring")
        done = CliRunner().invoke(group, [name, "--help"])
        require(
            done.exit_code == 0,
            f"causalkit {name} --help ends with exit code {done.exit_code}: {_last_line(done.output)}",
        )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no output"])[-1]


def _observers(plugin: Plugin) -> None:
    for observer in _call_alone(plugin, "causalkit_observers", run=Run()):
        heard = [event for event in EVENTS if callable(getattr(observer, event, None))]
        require(heard, f"{type(observer).__name__} has none of {', '.join(EVENTS)}")


def _whole_run(plugin: Plugin) -> None:
    """Call observers as a training does, and a selection rule that fits again; in a folder of their own."""
    names, scores = ("a", "b"), np.array([[[0.0], [1.0]], [[0.2], [0.0]]])
    found = Discovery(names, scores, method="check", history={"epoch": [1], "forecast": [1.0]})
    events: list[tuple[Any, ...]] = [
        ("on_start", {"epochs": 2, "parameters": 10}),
        ("on_epoch", 1, {"forecast": 1.0, "gradient-l1": 0.1, "validation": 1.1}),
        ("on_epoch", 2, {"forecast": 0.9, "gradient-l1": 0.1}),
        ("on_scores", found),
        ("on_start", {"epochs": 1, "stage": "stability"}),
        ("on_epoch", 1, {}),
        ("on_end", replace(found, selected=scores > 0.5)),
    ]
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for observer in _call_alone(plugin, "causalkit_observers", run=Run()):
                for event, *arguments in events:
                    if callable(handler := getattr(observer, event, None)):
                        with in_its_words(f"{type(observer).__name__}.{event}({_shown(arguments)})"):
                            handler(*arguments)
        finally:
            os.chdir(before)


@contextmanager
def in_its_words(what: str) -> Iterator[None]:
    """Name what was called in front of whatever it raises."""
    try:
        yield
    except Exception as error:
        raise CheckFailed(f"{what} raised {in_words(error)}") from error


def _shown(arguments: list[Any]) -> str:
    return ", ".join("discovery" if isinstance(one, Discovery) else str(one) for one in arguments)


def _call_alone(plugin: Plugin, hook: str, **arguments: Any) -> list[Any]:
    """Call a hook of one plugin and of no other, so that what it adds is known to be its own."""
    others = {other.key for other in registry().plugins if other.key != plugin.key}
    alone = Registry(disabled=others, strict=False)
    items = [item for _, item in alone.call(hook, **arguments)]
    for now in alone.plugins:
        require(now.status != "broken", f"it is broken: {now.error}")
    return items
