"""The group ``causalkit``: finds commands and reports every error as one line with an exit code."""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
import warnings
from types import FrameType
from typing import Any

import click

from causalkit import __version__
from causalkit.cli.streams import ReaderLeftError, drop, left, prepare_streams, readers_may_leave
from causalkit.core.elsewhere import instead
from causalkit.core.interrupts import interruptible, redelivered
from causalkit.core.processes import started_by_torchrun
from causalkit.display.labels import visible
from causalkit.errors import CausalkitError, Interrupted, WrongUsageError, brief, did_you_mean
from causalkit.plugins.registry import DISABLED, EVERY, PluginWarning, registry
from causalkit.plugins.reserved import SUMMARIES

COMMANDS = {
    "inspect": "causalkit.cli.inspect:inspect",
    "discover": "causalkit.cli.discover:discover",
    "compare": "causalkit.cli.compare:compare",
    "evaluate": "causalkit.cli.evaluate:evaluate",
    "pretrain": "causalkit.cli.pretrain:pretrain",
    "simulate": "causalkit.cli.simulate:simulate",
    "fetch": "causalkit.cli.fetch:fetch",
    "explain": "causalkit.cli.explain:explain",
    "plot": "causalkit.cli.plot:plot",
    "report": "causalkit.cli.report:report",
    "methods": "causalkit.cli.listings:methods",
    "forecasters": "causalkit.cli.listings:forecasters",
    "regularizers": "causalkit.cli.listings:regularizers",
    "datasets": "causalkit.cli.listings:datasets",
    "metrics": "causalkit.cli.listings:metrics",
    "rules": "causalkit.cli.listings:rules",
    "show": "causalkit.cli.show:show",
    "plugins": "causalkit.cli.plugins:plugins",
    "check": "causalkit.cli.check:check",
    "new-plugin": "causalkit.cli.new_plugin:new_plugin",
    "doctor": "causalkit.cli.doctor:doctor",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called; plugins add theirs through a hook."""

    def make_context(self, *given: Any, **more: Any) -> click.Context:
        """Read the arguments of the program; ``--help`` prints here."""
        with readers_may_leave():
            return super().make_context(*given, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """Carry out a command."""
        with readers_may_leave():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return built-in commands in the order of use, then those of plugins."""
        self._ask_plugins()
        return [*COMMANDS, *sorted(set(self.commands) - set(COMMANDS))]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a built-in command, or return one that a plugin added."""
        if name in COMMANDS:
            module, attribute = COMMANDS[name].split(":")
            command: click.Command = getattr(importlib.import_module(module), attribute)
            return command
        self._ask_plugins()
        return super().get_command(ctx, name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for an unknown one."""
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            ctx.fail(f"there is no command {args[0]!r}; {did_you_mean(args[0], self.list_commands(ctx), listed=20)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        rows = []
        for name in self.list_commands(ctx):
            command = self.commands.get(name)
            rows.append((name, SUMMARIES.get(name) or (command.get_short_help_str() if command else "")))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _ask_plugins(self) -> None:
        if not self.context_settings.get("obj"):
            self.context_settings["obj"] = True  # once
            for _ in registry().call("causalkit_commands", cli=self):
                pass


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example:  causalkit discover --dataset lorenz96 --method grngc",
)
@click.version_option(__version__, prog_name="causalkit")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option("--no-plugins", is_flag=True, help="Load no plugins but those of causalkit itself.")
@click.pass_context
def cli(context: click.Context, debug: bool, no_plugins: bool) -> None:
    """Find Granger-causal graphs in multivariate time series.

    Start with:  causalkit discover --dataset lorenz96
    """
    command = context.invoked_subcommand
    if started_by_torchrun() and command != "discover":
        raise WrongUsageError("torchrun shares the work of discover only", f"run causalkit {command} without torchrun")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 a gate failed, 2 wrong usage, 3 bad data or plugin.

    An interrupt exits with 130 (Ctrl-C) or 143 (SIGTERM); what is finished is kept.
    """
    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given
    given = [argument for argument in given if argument != "--debug"]
    if "--no-plugins" in given:
        given = [argument for argument in given if argument != "--no-plugins"]
        os.environ[DISABLED] = EVERY  # workers are to leave them out as well
    warnings.showwarning = _show_warning
    prepare_streams()
    handler = signal.signal(signal.SIGTERM, _terminate)
    try:
        sys.exit(_printed(_run(given, debug)))
    finally:
        if arguments is None:
            _end_at_signals()
        else:
            signal.signal(signal.SIGTERM, handler)
        _terminated.clear()


def _run(given: list[str], debug: bool) -> int:
    try:
        # Without its standalone mode click returns the code of ctx.exit(); our commands return nothing.
        with redelivered(), interruptible():
            code = cli.main(args=given, prog_name="causalkit", standalone_mode=False)
    except click.NoSuchOption as error:
        return _say(_unknown_option(error), 2)
    except click.UsageError as error:
        where = f" (see: {error.ctx.command_path} --help)" if error.ctx else ""
        return _say(f"{brief(error.format_message().rstrip('.'))}{where}", 2)
    except (click.Abort, KeyboardInterrupt, Interrupted) as error:
        said = str(error) if isinstance(error, Interrupted) else "interrupted"
        return _say(said, 128 + (signal.SIGTERM if _terminated else signal.SIGINT))
    except (BrokenPipeError, ReaderLeftError):
        return left()
    except Exception as error:
        if debug:
            raise
        code = _say(*_reported(error))
        if isinstance(error, CausalkitError) and error.guide:
            click.echo(f"\n{visible(error.guide)}", err=True)
        return code
    return code if isinstance(code, int) else 0


def _printed(code: int) -> int:
    """Return the exit code once everything is printed; what cannot be printed is dropped, and said."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return left()
    except OSError as error:
        drop(sys.stdout)
        return code or _say(*_reported(error))
    return code


def _end_at_signals() -> None:
    """Let signals end the process at once: all is done, and Python would print tracebacks while it shuts down."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if callable(signal.getsignal(number)):  # a shell's background jobs ignore Ctrl-C
            signal.signal(number, signal.SIG_DFL)


_terminated: list[int] = []
"""SIGTERM, where it came."""


def _terminate(number: int, frame: FrameType | None) -> None:
    """Stop at SIGTERM as at Ctrl-C, which keeps what is finished."""
    _terminated.append(number)
    raise KeyboardInterrupt


def _unknown_option(error: click.NoSuchOption) -> str:
    """Return the message on an option that a command does not have, with the one that other packages call so."""
    if error.ctx is None:
        return brief(error.format_message())
    known = [parameter.name or "" for parameter in error.ctx.command.params]
    ours = instead(error.option_name.lstrip("-"), known, python=False)
    message = f"No such option {error.option_name!r}. Did you mean {ours}?" if ours else error.format_message()
    return f"{brief(message.rstrip('.'))} (see: {error.ctx.command_path} --help)"


def _reported(error: Exception) -> tuple[str, int]:
    """Return the message and the exit code of an error."""
    if isinstance(error, CausalkitError):
        return str(error), error.exit_code
    if _lacks_memory(error):
        return "out of memory; use fewer series (--drop NAME), or --set training.batch_size=256 for a neural method", 3
    if isinstance(error, OSError):
        return brief(f"{error.filename or _nameless(error)}: {error.strerror or error}"), 3
    what = brief(f"internal error: {type(error).__name__}: {error}")
    return f"{what}; please report it with the output of --debug", 3


def _lacks_memory(error: Exception) -> bool:
    """Did the system, torch or a device refuse memory?"""
    lacking = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return lacking or "can't allocate memory" in str(error)


def _nameless(error: OSError) -> str:
    """Return what an error of the system is about, where it names no file."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "standard output or a temporary file"
    return "the current folder" if error.errno == errno.ENOENT else "the system"


def _say(message: str, code: int) -> int:
    click.echo("causalkit: error: " + visible(" ".join(message.split())), err=True)
    return code


def _show_warning(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
    """Print a warning that concerns the user on one line; warnings of libraries are for developers."""
    if issubclass(category, PluginWarning | RuntimeWarning) or category.__module__.startswith("causalkit."):
        click.echo(f"causalkit: warning: {visible(str(message))}", err=True)
