"""Every option and argument of every command, beside a call that works, and what became of a call."""

from __future__ import annotations

import contextlib
import io
import re
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from tests.hostile import Hang, Verdict, alarm

SECONDS = 20.0
LONGEST = 1400
"""Characters of a refusal: a message, a hint, and the command."""
CODES = (0, 2, 3)

_READ = ("data.csv",)
VALID: dict[str, tuple[str, ...]] = {
    "inspect": _READ,
    "discover": ("data.csv", "-m", "var", "--lag", "1", "-q"),
    "compare": ("-m", "var", "-d", "var", "--seeds", "0:1", "--dry-run", "-q"),
    "compare merge": ("records", "others", "--out", "merged", "-q"),
    "compare publish": ("records", "-o", "site", "-q"),
    "compare curves": ("records", "-o", "curves.svg"),
    "evaluate": ("result.json", "--truth", "truth.csv"),
    "pretrain": ("data.csv", "-m", "grngc", "-s", "training.epochs=1", "--lag", "1", "-o", "model.safetensors", "-q"),
    "simulate": ("var", "-o", "simulated.csv"),
    "fetch": ("dream3-nothing", "-q"),
    "explain": ("result.json", "x0", "x1"),
    "plot": ("result.json", "-o", "plot.svg"),
    "report": ("result.json", "-o", "page.html"),
    "datasets": (),
    "show": ("var",),
    "check": ("nothing",),
    "new-plugin": ("something", "--directory", "made"),
    "robustness": (
        *("data.csv", "-m", "grngc", "-s", "training.epochs=1", "-s", "ensemble=1", "--lag", "1"),
        *("--steps", "1", "-q"),
    ),
}
"""A call of each command that takes values: quick, and right or refused."""
INSTEAD = {"discover --checkpoint": ("--resume",)}
UNTRIED = {"robustness --steps", "check --seed", "compare --jobs", "compare --scheduler"}
"""What may take as long as it is told to, or reaches other machines."""


@dataclass(frozen=True)
class Place:
    """Where a value goes.

    Attributes:
        command: its words.
        name: of the option; of an argument, in capitals.
        values: how many it takes.
        position: of an argument among the words of the valid call.
    """

    command: str
    name: str
    values: int = 1
    position: int | None = None

    def __str__(self) -> str:
        return f"{self.command} {self.name}"

    def call(self, value: str) -> list[str]:
        """Return the words of the call with a value."""
        valid = list(VALID[self.command])
        if self.position is None:
            given = [f"{self.name}={value}"] if self.values == 1 and self.name.startswith("--") else [self.name]
            given += [value] * self.values if len(given) == 1 and given[0] == self.name else []
            return [*self.command.split(), *valid, *given, *INSTEAD.get(str(self), ())]
        words = [*valid[: self.position], value, *valid[self.position + 1 :]]
        # After "--" nothing is an option; before it stand those of the valid call.
        arguments = [word for number, word in enumerate(words) if number == self.position or number < self.position]
        rest = words[self.position + 1 :]
        split = next((number for number, word in enumerate(rest) if word.startswith("-")), len(rest))
        return [*self.command.split(), *rest[split:], "--", *arguments, *rest[:split]]


def places() -> list[Place]:
    """Return every option and argument that takes a value, except choices and what is `UNTRIED`."""
    from causalkit.cli.main import cli

    found = list(_places(cli, "", click.Context(cli)))
    return [place for place in found if str(place) not in UNTRIED]


def _places(command: click.Command, words: str, context: click.Context) -> Iterator[Place]:
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            one = command.get_command(context, name)
            assert one is not None
            yield from _places(one, f"{words} {name}".strip(), click.Context(one, parent=context, info_name=name))
    arguments = 0
    for parameter in command.params:
        if not words or getattr(parameter, "is_flag", False):
            continue
        if isinstance(parameter, click.Argument):
            yield Place(words, (parameter.name or "").upper(), position=arguments)
            arguments += 1
        else:
            yield Place(words, max(parameter.opts, key=len), parameter.nargs)


def prepare(folder: Path) -> None:
    """Write the files that the valid calls name."""
    from tests.hostile_files import SEEDS

    for name, reader, number in (
        *(("result.json", "result", 0), ("truth.csv", "truth", 2), ("data.csv", "data", 0)),
        *((f"records/{'0' * 20}.json", "record", 0), (f"others/{'1' * 20}.json", "record", 0)),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(SEEDS[reader][number]().content)
    (folder / "made").mkdir(exist_ok=True)


def outcome(place: Place, value: str) -> Verdict:
    """Call a command with a value, in the present folder, and say what became of it."""
    from causalkit.cli.main import _run

    said, printed, started = io.StringIO(), io.StringIO(), time.perf_counter()
    with alarm(SECONDS), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with contextlib.redirect_stderr(said), contextlib.redirect_stdout(printed):
                code = _run(place.call(value), debug=False)
        except Hang:
            return Verdict("slow", f"{place} {value[:80]!r}: more than {SECONDS:g} s", SECONDS)
        except BaseException as error:
            return Verdict("raw", f"{place} {value[:80]!r}: {type(error).__name__}: {str(error)[:300]}", 0.0)
    text, took = said.getvalue(), time.perf_counter() - started
    lines = [line for line in text.splitlines() if line.startswith("causalkit: error: ")]
    kind = "read" if code == 0 else "refused"
    if code not in CODES or "internal error" in text or "Traceback" in text or (code and len(lines) != 1):
        kind = "raw"
    elif code and re.search(r"\b[A-Z]\w*(Error|Exception)\b", lines[0].replace(value, "")):
        kind = "wrapped"
    elif code and len(lines[0]) > LONGEST:
        kind = "long"
    return Verdict(kind, f"{place} {value[:80]!r}: exit {code}: {text[-600:]}", took)
