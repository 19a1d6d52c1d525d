"""Without the packages: everything is listed, nothing breaks, and a method says what to install."""

import os
import subprocess
import sys

import numpy as np
import pytest

import causalkit
from causalkit.errors import WrongUsageError

pytest.importorskip("causalkit_peers", reason="the plugin causalkit-peers is not installed")

PEERS = [
    ("pcmci", "tigramite", "tigramite"),
    ("varlingam", "lingam", "lingam"),
    ("granger-lasso", "causallearn", "causal-learn"),
]
BLOCKED = (
    "import sys\n"
    "for name in ('tigramite', 'lingam', 'causallearn'): sys.modules[name] = None\n"
    "from causalkit.cli.main import main\n"
    "sys.exit(main())\n"
)


def command(*arguments):
    """Run causalkit in a process in which none of the packages can be imported."""
    return subprocess.run(
        [sys.executable, "-c", BLOCKED, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**os.environ, "COLUMNS": "200"},
    )


@pytest.mark.parametrize(("name", "module", "package"), PEERS)
def test_a_method_without_its_package_says_what_to_install(name, module, package, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(WrongUsageError) as refused:
        causalkit.discover(np.random.default_rng(0).standard_normal((50, 3)), method=name)
    assert refused.value.message == f"method {name} needs the package {package}, which is not installed"
    assert refused.value.hint == f"install it: python -m pip install {package}"


def test_methods_are_listed_without_the_packages():
    listed = command("methods")
    assert listed.returncode == 0, listed.stderr
    assert all(name in listed.stdout for name, _, _ in PEERS)
    assert "broken" not in listed.stderr


@pytest.mark.parametrize(("name", "module", "package"), PEERS)
def test_a_method_is_shown_and_refused_on_the_command_line(name, module, package):
    shown = command("show", name)
    assert shown.returncode == 0, shown.stderr
    assert "lag" in shown.stdout
    refused = command("discover", "--dataset", "henon", "--method", name)
    assert refused.returncode == 2
    assert f"python -m pip install {package}" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_listing_imports_none_of_the_packages():
    code = (
        "import sys\n"
        "from causalkit.plugins.records import Method\n"
        "from causalkit.plugins.registry import registry\n"
        "names = {p.record.name for p in registry().all(Method)}\n"
        "assert {'pcmci', 'varlingam', 'granger-lasso'} <= names\n"
        "print(*sorted({'tigramite', 'lingam', 'causallearn', 'torch', 'numpy'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600)
    assert done.stdout.strip() == ""


def test_an_installed_package_that_cannot_be_imported_is_named(monkeypatch):
    from causalkit_peers.package import Package

    broken = Package(method="pcmci", name="pytest", module="pytest")
    with pytest.raises(WrongUsageError, match="cannot use the package pytest [0-9].*has no attribute 'absent'"):
        broken.load("pytest:absent")
