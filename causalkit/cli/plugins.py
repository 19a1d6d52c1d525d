"""``causalkit plugins``."""

from __future__ import annotations

from dataclasses import asdict

import click

from causalkit.cli.options import json_option, print_json, print_table
from causalkit.plugins.registry import registry


@click.command(epilog="Disable plugins with  CAUSALKIT_DISABLE_PLUGINS=name,name  (names of plugins or packages).")
@json_option
def plugins(as_json: bool) -> None:
    """List plugins with their package, version and hooks, and the error of each broken one."""
    found = registry().plugins
    if as_json:
        summaries = {"active": "contributes to causalkit", "disabled": "disabled", "broken": "broken"}
        added = [{"summary": plugin.error or summaries[plugin.status], "plugin": plugin.name} for plugin in found]
        print_json([asdict(plugin) | more for plugin, more in zip(found, added, strict=True)])
        return
    rows = []
    for plugin in found:
        hooks = ", ".join(hook.removeprefix("causalkit_") for hook in plugin.hooks)
        rows.append([plugin.name, f"{plugin.distribution} {plugin.version}", plugin.status, hooks, plugin.error])
    columns = ["name", "package", "status", "hooks"]
    if any(plugin.error for plugin in found):
        columns.append("error")
    print_table(columns, [row[: len(columns)] for row in rows])
