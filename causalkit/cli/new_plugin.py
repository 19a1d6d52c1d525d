"""``causalkit new-plugin``."""

from __future__ import annotations

from pathlib import Path

import click

from causalkit.scaffold.kinds import KINDS


@click.command("new-plugin", epilog="Example:  causalkit new-plugin lagged-correlation --kind method")
@click.argument("name")
@click.option(
    "--directory",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Where to create the folder causalkit-NAME.  [default: here]",
)
@click.option(
    "--kind", type=click.Choice(list(KINDS)), default="method", show_default=True, help="What the plugin contributes."
)
def new_plugin(name: str, directory: Path, kind: str) -> None:
    """Write a small, complete plugin to start from: package, entry point, README and tests.

    NAME is the name that users type: lower-case words joined by "-". The code works and passes its contract checks;
    replace its computation with yours.
    """
    from causalkit.scaffold import create

    created = create(name, kind=kind, directory=directory)
    click.echo(f"created {created.folder} with")
    for path in created.files:
        click.echo(f"  {path}")
    click.echo("next:")
    for command in created.commands:
        click.echo(f"  {command}")
