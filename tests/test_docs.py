"""The documentation keeps its promises: hooks, commands, examples and links."""

from __future__ import annotations

import dataclasses
import importlib.util
import inspect
import json
import re
import shlex
import types
from pathlib import Path

import click
import numpy as np
import pytest

import causalkit
from causalkit.cli.main import COMMANDS, cli
from causalkit.plugins import hookspecs
from causalkit.plugins.records import Contribution
from causalkit.plugins.registry import KINDS, Registry, hook_of
from tests.plugins_for_tests.installing import REAL, installed

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("plugins/*/README.md"), *ROOT.glob("docs/**/*.md")])
NOTEBOOKS = sorted(ROOT.glob("docs/notebooks/*.ipynb"))
HOOKS = sorted(name for name in dir(hookspecs) if name.startswith("causalkit_"))
FENCE = re.compile(r"^(?:<!-- (?P<mark>run(?:: \w+)?) -->\n)?```(?P<language>\w+)\n(?P<code>.*?)^```$", re.M | re.S)
SHELL_WORDS = ("&&", "||", ";", "|", ">")


def page_id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[re.Match[str]]:
    found = FENCE.finditer(page.read_text(encoding="utf-8"))
    return [block for block in found if block["language"] == language]


def section(hook: str) -> str:
    """Return what stands under the heading of a hook."""
    text = (ROOT / "docs/plugins.md").read_text(encoding="utf-8")
    arguments = ", ".join(inspect.signature(getattr(hookspecs, hook)).parameters)
    heading = f"\n### `{hook}({arguments})`\n"
    assert text.count(heading) == 1, f"docs/plugins.md has no section {heading.strip()!r}"
    return re.split(r"\n#{1,3} ", text.partition(heading)[2])[0]


def example(text: str) -> str:
    found = re.search(r"```python\n(.*?)```", text, re.S)
    assert found, "there is no example"
    return found[1].rstrip()


def commands() -> list[tuple[str, list[str]]]:
    """Return every causalkit command of the documentation as (page, arguments)."""
    found = []
    for page in PAGES:
        for block in blocks(page, "sh"):
            for line in block["code"].replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                while "causalkit" in words:
                    words = words[words.index("causalkit") + 1 :]
                    end = next((at for at, word in enumerate(words) if word in SHELL_WORDS), len(words))
                    found.append((page_id(page), words[:end]))
    return found


def test_there_are_commands_to_check():
    assert len(commands()) > 30


def known_where() -> list[object]:
    """Return every command, those that a plugin contributes marked as such: the core alone does not know them."""
    return [
        pytest.param(page, arguments, marks=() if is_of_the_core(arguments) else pytest.mark.plugins)
        for page, arguments in commands()
    ]


def is_of_the_core(arguments: list[str]) -> bool:
    first = next((word for word in arguments if word != "--debug"), "")
    return first in COMMANDS or first.startswith("-")


@pytest.mark.parametrize(("page", "arguments"), known_where(), ids=lambda value: " ".join(value) if value else "-")
def test_command_is_understood(page, arguments):
    arguments = [word for word in arguments if word != "--debug"]
    if arguments == ["--version"]:
        return
    context = click.Context(cli, info_name="causalkit")
    command = cli.get_command(context, arguments[0])
    assert command is not None, f"{page}: there is no command {arguments[0]}"
    command.make_context(arguments[0], list(arguments[1:]), parent=context)


@pytest.mark.parametrize("hook", HOOKS)
def test_hook_has_a_section_with_the_example_of_its_docstring(hook):
    assert example(section(hook)) == example(inspect.getdoc(getattr(hookspecs, hook)))


def hook_reference() -> types.ModuleType:
    specification = importlib.util.spec_from_file_location("hook_reference", ROOT / "docs/hook_reference.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_reference_of_hooks_is_what_the_code_says():
    written = (ROOT / "docs/hooks.md").read_text(encoding="utf-8")
    assert written == hook_reference().page(), "run python docs/hook_reference.py"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.noun)
def test_every_field_of_a_record_is_explained(kind):
    fields = {field.name for field in dataclasses.fields(kind)}
    meanings = hook_reference().explained(kind)
    assert fields == set(meanings)
    assert all(len(words) >= 4 for words in meanings.values())


@pytest.mark.parametrize("hook", HOOKS)
def test_example_of_hook_is_a_working_plugin(hook):
    plugin = types.ModuleType("example")
    exec(compile(example(section(hook)), f"example of {hook}", "exec"), plugin.__dict__)
    entry = types.SimpleNamespace(name="example", dist=None, load=lambda: plugin)
    registry = Registry(points=[entry], disabled=(), strict=True)
    assert registry.plugins[0].hooks == (hook,)
    kinds = [kind for kind in KINDS if hook_of(kind) == hook]
    if kinds:
        (provided,) = registry.all(kinds[0])
        assert isinstance(provided.record, Contribution)
        assert callable(provided.record.load())
    elif hook == "causalkit_commands":
        group = click.Group()
        list(registry.call(hook, cli=group))
        assert list(group.commands) == ["hello"]
    else:
        assert [observer for _, observer in registry.call(hook, run=None)]


@pytest.mark.plugins
def test_the_example_of_a_neural_method_discovers_with_changed_settings():
    (code,) = (
        block["code"] for block in blocks(ROOT / "docs/plugins.md", "python") if "NeuralMethod(" in block["code"]
    )
    plugin = types.ModuleType("example")
    exec(compile(code, "example of a neural method", "exec"), plugin.__dict__)
    with installed(beside=[*REAL, types.SimpleNamespace(name="example", dist=None, load=lambda: plugin)], strict=True):
        series = np.random.default_rng(0).standard_normal((60, 3))
        settings = {"training.epochs": 4, "regularizer.strength": 0.1}
        found = causalkit.discover(series, method="short-training", lag="auto:2", params=settings)
    assert found.config["training"]["epochs"] == 4
    assert found.config["training"]["learning_rate"] == 0.01
    assert found.lags in (1, 2)


def run_page(page, marks, folder, monkeypatch):
    """Execute the marked examples of a page one after the other, in one namespace."""
    monkeypatch.chdir(folder)
    namespace = {"__name__": "example"}
    for block in blocks(page, "python"):
        if block["mark"] in marks:
            exec(compile(block["code"], page_id(page), "exec"), namespace)


def pages_with(mark: str) -> list[Path]:
    return [page for page in PAGES if any(block["mark"] == mark for block in blocks(page, "python"))]


@pytest.mark.parametrize("page", pages_with("run"), ids=page_id)
def test_python_examples_run(page, tmp_path, monkeypatch, capsys):
    run_page(page, ("run",), tmp_path, monkeypatch)


@pytest.mark.plugins
@pytest.mark.parametrize("page", pages_with("run: plugins"), ids=page_id)
def test_python_examples_with_plugins_run(page, tmp_path, monkeypatch, capsys):
    run_page(page, ("run", "run: plugins"), tmp_path, monkeypatch)


@pytest.mark.parametrize("page", pages_with("run: optuna"), ids=page_id)
def test_python_examples_with_optuna_run(page, tmp_path, monkeypatch, capsys):
    pytest.importorskip("optuna").logging.set_verbosity(30)
    run_page(page, ("run", "run: optuna"), tmp_path, monkeypatch)


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_python_examples_compile(page):
    for block in blocks(page, "python"):
        compile(block["code"], page_id(page), "exec")


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_relative_links_resolve(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        linked = (page.parent / file) if file else page
        assert linked.exists(), f"{page_id(page)} links to {target}, which is not there"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", FENCE.sub("", linked.read_text(encoding="utf-8")), re.M)
            anchors = {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
            assert anchor in anchors, f"{page_id(page)} links to {target}, a heading that is not there"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=page_id)
def test_notebooks_are_committed_without_outputs(notebook):
    """Each build of the documentation runs them, so that their outputs are those of the present code."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)
    assert max(len(line) for cell in code for line in "".join(cell["source"]).splitlines()) <= 85
    assert f"notebooks/{notebook.name}" in (ROOT / "docs/notebooks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=page_id)
def test_notebooks_on_published_data_are_run_where_the_data_are(notebook):
    """A build of the documentation must not download."""
    configuration = (ROOT / "docs/conf.py").read_text(encoding="utf-8")
    listed = re.search(r"^PUBLISHED = \((.*)\)$", configuration, re.M)
    assert listed
    names = re.findall(r'simulate\(\s*\\?"([\w-]+)', notebook.read_text(encoding="utf-8"))
    published = {name for name in names if name in ("sos", "netsim", "causaltime", "dream3", "dream4", "yeast", "irma")}
    assert (f'"notebooks/{notebook.stem}"' in listed[1]) == bool(published)


def test_continuous_integration_runs_the_test_command_of_the_readme():
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    command = re.search(r"^readme_command='(.*)'$", script, re.M)
    assert command, ".ci/run names no readme_command"
    readme = ROOT / "README.md"
    assert any(block["code"].strip() == command[1] for block in blocks(readme, "sh"))


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=page_id)
def test_page_names_no_folder_of_some_machine(page):
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"(/home/|/root/|/tmp/|/work/|\.\./shared)", text)
