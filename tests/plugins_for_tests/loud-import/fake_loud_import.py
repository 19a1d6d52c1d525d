"""A plugin that changes the process when it is imported, whose observer and whose command fail when they are used."""

import click
import torch

from causalkit import hookimpl

torch.set_default_dtype(torch.float64)
print("loud plugin, version 1")


class Forecasting:
    """Expects that every epoch has a forecast error."""

    def on_epoch(self, epoch, losses):
        self.last = losses["forecast"]


@hookimpl
def causalkit_observers(run):
    yield Forecasting()


class Failing(click.Command):
    def format_help(self, ctx, formatter):
        raise ValueError("no help")


@hookimpl
def causalkit_commands(cli):
    cli.add_command(Failing("shout", help="Shout."))
