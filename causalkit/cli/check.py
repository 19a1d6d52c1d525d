"""``causalkit check``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from causalkit.cli.options import json_option, print_json, print_table
from causalkit.errors import PluginError

if TYPE_CHECKING:
    from causalkit.testing import CheckResult


@click.command(epilog="Example:  causalkit check grngc\n\nExit code 0 when every check passed, 3 otherwise.")
@click.argument("plugin")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Random seed.")
@json_option
def check(plugin: str, seed: int, as_json: bool) -> None:
    """Run the contract checks on everything that PLUGIN contributes.

    PLUGIN is the name of a plugin or of its package; see: causalkit plugins. Each part runs with the test_params of its
    record.
    """
    from causalkit.testing import check_plugin

    results = check_plugin(plugin, seed=seed)
    if as_json:
        print_json([asdict(result) for result in results])
    else:
        rows = [[_mark(result), result.subject, result.check, result.message] for result in results]
        print_table(["", "part", "check", "remark"], rows)
    failed = [result for result in results if not result.ok]
    if failed:
        raise PluginError(
            f"{len(failed)} of {len(results)} contract checks of {plugin} failed",
            f"first: {failed[0].subject}: {failed[0].check}: {failed[0].message}",
        )
    if not as_json:
        click.echo(f"all {len(results)} checks of {plugin} passed")


def _mark(result: CheckResult) -> str:
    """Return a word rather than a colour or symbol, which pipes, logs and old terminals may lose."""
    return "FAILED" if not result.ok else "-" if result.message else "ok"
