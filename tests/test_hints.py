"""Options that messages name: each exists, and names that follow it are quoted for the shell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from causalkit.cli.main import cli
from causalkit.core.shell import in_python, option_text
from causalkit.errors import ways_out

pytestmark = pytest.mark.plugins  # options of the plugins' commands count
ROOT = Path(__file__).parents[1]
SOURCES = [
    path
    for folder in ("causalkit", "plugins")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not {"tests", "benchmarks", "build"} & set(path.relative_to(ROOT).parts)
]
OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9-]*[a-z0-9])")
OF_OTHERS = {"upgrade", "nproc-per-node"}
"""Options of pip."""
TAKES_NAMES = re.compile(r"--(drop|panel-column|time-column|missing|long|table|forbid|checkpoint|date-format)[ =]$")


def options_of(command: click.Command) -> Iterator[str]:
    """Yield the long options of a command and of its subcommands."""
    for parameter in command.params:
        yield from (name for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("--"))
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from options_of(command.get_command(context, name))


KNOWN = {"--help", "--debug", "--version", *options_of(cli)}


def strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the texts of a module, f-strings in parts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def test_there_are_sources_and_options():
    assert len(SOURCES) > 200
    assert {"--drop", "--lag", "--missing", "--pretrain", "--timeout"} <= KNOWN


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_option_in_a_text_exists(path):
    unknown = {
        f"line {line}: --{name}"
        for line, text in strings(ast.parse(path.read_text(encoding="utf-8")))
        for name in OPTION.findall(text)
        if f"--{name}" not in KNOWN and name not in OF_OTHERS
    }
    assert not unknown


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_option_that_a_hint_builds_exists(path):
    """`hint("drop", name)` and `option_text("drop", name)`."""
    unknown = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            name = node.args[0].value
            if called in ("hint", "option_text") and f"--{str(name).replace('_', '-')}" not in KNOWN:
                unknown.add(f"line {node.lineno}: {name}")
    assert not unknown


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_follows_an_option_is_quoted(path):
    """Only numbers and texts that causalkit wrote follow an option as they are."""
    bare = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.JoinedStr):
            continue
        for before, value in zip(node.values, node.values[1:], strict=False):
            if not isinstance(before, ast.Constant) or not isinstance(value, ast.FormattedValue):
                continue
            quoted = isinstance(value.value, ast.Call) and getattr(value.value.func, "id", "") == "argument"
            if TAKES_NAMES.search(before.value) and not quoted:
                bare.add(f"line {node.lineno}: {ast.unparse(node)}")
    assert not bare


@pytest.mark.parametrize(
    ("option", "values", "shell", "python"),
    [
        ("drop", ("a",), "--drop a", 'drop="a"'),
        ("drop", ("a b", "it's"), "--drop 'a b' --drop 'it'\"'\"'s'", 'drop=("a b", "it\'s")'),
        ("time_column", ("none",), "--time-column none", 'time_column="none"'),
        ("long", ("key", "the value"), "--long key 'the value'", 'long=("key", "the value")'),
        ("missing", ("-999", "1e20"), "--missing -999,1e20", 'missing=("-999", "1e20")'),
        ("lag", (3,), "--lag 3", "lag=3"),
        ("resample", (), "--resample", "resample"),
    ],
)  # fmt: skip
def test_an_option_as_its_user_writes_it(option, values, shell, python):
    assert option_text(option, *values) == shell
    assert option_text(option, *values, python=True) == python


@pytest.mark.parametrize(
    ("shell", "python"),
    [
        ("--drop 'a b' --drop c", 'drop=("a b", "c")'),
        ("--missing -999,1e+20", 'missing=("-999", "1e+20")'),
        ("--detrend linear+seasonal:12", 'preparation="linear+seasonal:12"'),
        ("--difference", 'preparation={"difference": 1}'),
        ("--levels center --difference 2", 'preparation={"levels": "center", "difference": 2}'),
        ("--clip 3", 'preparation={"clip": 3}'),
        ("--difference --clip 2.5", 'preparation={"difference": 1, "clip": 2.5}'),
        ("--prepare auto", 'preparation="auto"'),
        ("--time-direction backward", 'time_direction="backward"'),
    ],
)  # fmt: skip
def test_an_option_of_a_command_in_python(shell, python):
    assert in_python(shell) == python
    assert eval(f"dict({python})")


@pytest.mark.parametrize(
    ("lag", "said"),
    [(1, "record more"), (2, "choose lag 1, or record more"), (9, "choose a smaller lag, or record more")],
)
def test_no_lag_below_1_is_proposed(lag, said):
    assert ways_out(lag, "record more") == said
