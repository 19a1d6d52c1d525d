"""``causalkit new-plugin`` writes plugins that build, pass their own tests and the contract checks, and are tidy."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from causalkit.cli.new_plugin import new_plugin
from causalkit.errors import WrongUsageError
from causalkit.plugins import hookspecs
from causalkit.scaffold import KINDS, create
from causalkit.scaffold.naming import MAX_LENGTH, names_for
from tests.plugins_for_tests.installing import command, installed

# A name that is as long as it may be, where lines would be the first to grow too long; and an ordinary one.
NAMES = {kind: f"trial-{kind}" for kind in KINDS} | {"method": "m" * MAX_LENGTH}


def run(*arguments: str, site: Path | None = None, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    if site is not None:
        environment["PYTHONPATH"] = os.pathsep.join([str(site), os.environ["PYTHONPATH"]])
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture(scope="module")
def created(tmp_path_factory) -> Path:
    """One plugin of every kind, as users get them."""
    folder = tmp_path_factory.mktemp("created")
    for kind, name in NAMES.items():
        create(name, kind=kind, directory=folder)
    return folder


@pytest.fixture(scope="module")
def site(created, tmp_path_factory) -> Path:
    """The same, built by their own build system and unpacked where Python finds them: installed, but for pip."""
    pytest.importorskip("hatchling", reason="hatchling builds the plugins; it is a development dependency")
    wheels, site = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    for folder in sorted(created.iterdir()):
        done = run("hatchling", "build", "--target", "wheel", "--directory", str(wheels), folder=folder)
        assert done.returncode == 0, done.stderr
    for wheel in wheels.glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(site)
    return site


def test_generated_plugins_pass_their_own_tests(created, site):
    """Their tests include the contract checks of `causalkit.testing`."""
    done = run("pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", str(created), site=site)
    assert done.returncode == 0, done.stdout
    for kind in KINDS:
        assert (created / f"causalkit-{NAMES[kind]}" / "tests" / f"test_{kind.replace('-', '_')}.py").is_file()
    assert "failed" not in done.stdout


def test_a_generated_plugin_passes_causalkit_check(site):
    done = command("check", NAMES["reader"], PYTHONPATH=os.pathsep.join([str(site), os.environ["PYTHONPATH"]]))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"checks of {NAMES['reader']} passed" in done.stdout


def test_there_is_a_template_for_every_hook():
    assert {f"causalkit_{kind.replace('-', '_')}s" for kind in KINDS} == {
        name for name in vars(hookspecs) if name.startswith("causalkit_")
    }


@pytest.mark.parametrize("kind", ["reader", "writer", "command", "operation", "selection-rule"])
def test_the_example_of_a_generated_plugin_works_as_it_is_printed(kind, created, site, tmp_path):
    folder = created / f"causalkit-{NAMES[kind]}"
    line = names_for(NAMES[kind]).put_into(KINDS[kind].example)
    words = [sys.executable if word == "python" else word for word in shlex.split(line)]
    words = [
        *((sys.executable, "-m", "causalkit") if words[0] == "causalkit" else ()),
        *words[words[0] == "causalkit" :],
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), os.environ["PYTHONPATH"]])}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


def test_generated_code_is_tidy(created):
    pytest.importorskip("ruff", reason="ruff judges the code; it is a development dependency")
    for arguments in (("check",), ("format", "--check", "--diff")):
        done = run("ruff", *arguments, "--no-cache", str(created))
        assert done.returncode == 0, done.stdout + done.stderr


def test_generated_metadata_asks_for_the_right_causalkit(created):
    for name in NAMES.values():
        project = tomllib.loads((created / f"causalkit-{name}" / "pyproject.toml").read_text(encoding="utf-8"))[
            "project"
        ]
        assert project["name"] == f"causalkit-{name}"
        assert "causalkit>=1.0,<2" in project["dependencies"]
        assert list(project["entry-points"]["causalkit"]) == [name]


def test_the_command_says_what_it_wrote_and_what_comes_next(tmp_path):
    done = CliRunner().invoke(new_plugin, ["my-method", "--directory", str(tmp_path)], catch_exceptions=False)
    assert done.exit_code == 0
    lines = [line.strip() for line in done.output.splitlines()]
    assert lines[0] == f"created {tmp_path / 'causalkit-my-method'} with"
    listed = lines[1 : lines.index("next:")]
    written = [path for path in (tmp_path / "causalkit-my-method").rglob("*") if path.is_file()]
    assert sorted(listed) == sorted(str(path.relative_to(tmp_path / "causalkit-my-method")) for path in written)
    assert f"cd {tmp_path / 'causalkit-my-method'}" in lines
    assert "causalkit check my-method" in lines
    assert "causalkit discover --dataset lagged-pair --method my-method" in lines
    assert [path.name for path in tmp_path.iterdir()] == ["causalkit-my-method"]


def test_the_prefix_of_distributions_is_not_doubled():
    assert names_for("causalkit-echo") == names_for("echo")


def test_nothing_is_overwritten(tmp_path):
    mine = tmp_path / "causalkit-echo" / "precious.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(WrongUsageError, match="exists already; nothing was written"):
        create("echo", directory=tmp_path)
    assert [path.name for path in mine.parent.iterdir()] == ["precious.txt"]


@pytest.mark.parametrize(
    ("name", "proposed"),
    [
        ("My_Method", "my-method"),
        ("two words", "two-words"),
        ("9lives", "lives"),
        ("-x-", "x"),
        ("", "my-method"),
        ("causalkit-", "my-method"),
        ("../../etc/passwd", "etc-passwd"),
        ("größe", "gr-e"),
        ("m" * (MAX_LENGTH + 1), "m" * MAX_LENGTH),
    ],
)
def test_a_malformed_name_is_refused_with_one_that_would_do(name, proposed, tmp_path):
    with pytest.raises(WrongUsageError) as caught:
        create(name, directory=tmp_path)
    assert caught.value.hint.endswith(f": {proposed}")
    assert names_for(proposed).plugin == proposed
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("builtin", "method", "a plugin 'builtin' already, in causalkit"),
        ("var", "method", "a method 'var' already, from causalkit"),
        ("linear-var", "method", "a method 'linear-var' already"),
        ("lorenz96", "dataset", "a dataset 'lorenz96' already"),
        ("constant", "method", "a method 'constant' already, from fake-healthy"),
        ("plot", "command", "'plot' is a command of causalkit itself"),
    ],
)
def test_a_name_that_is_taken_is_refused(name, kind, said, tmp_path):
    with installed("healthy"), pytest.raises(WrongUsageError) as caught:
        create(name, kind=kind, directory=tmp_path)
    assert said in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_another_kind_is_free(tmp_path):
    assert create("var", kind="metric", directory=tmp_path).folder.is_dir()


def test_a_package_that_python_finds_already_is_not_shadowed(tmp_path, monkeypatch):
    (tmp_path / "causalkit_present.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(WrongUsageError, match="a package 'causalkit_present' already"):
        create("present", directory=tmp_path)


def test_a_missing_directory_and_an_unknown_kind_are_refused(tmp_path):
    with pytest.raises(WrongUsageError, match="mkdir -p"):
        create("echo", directory=tmp_path / "nowhere")
    with pytest.raises(WrongUsageError, match="did you mean metric"):
        create("echo", kind="metrics", directory=tmp_path)


def test_errors_reach_the_user_as_one_line(tmp_path):
    done = command("new-plugin", "Not A Name", "--directory", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("causalkit: error: 'Not A Name' cannot be the name of a plugin")
    assert len(done.stderr.splitlines()) == 1
