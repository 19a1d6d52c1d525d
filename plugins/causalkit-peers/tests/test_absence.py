"""Without the packages: everything is listed, nothing breaks, and a method says what to install."""

import json
import os
import shlex
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest

import causalkit
from causalkit.errors import WrongUsageError

pytest.importorskip("causalkit_peers", reason="the plugin causalkit-peers is not installed")

PEERS = [
    ("pcmci", "tigramite", "tigramite>=5.2.7"),
    ("pcmci-plus", "tigramite", "tigramite>=5.2.7"),
    ("varlingam", "lingam", "lingam>=1.8.3"),
    ("granger-lasso", "causallearn", "causal-learn>=0.1.3.8"),
    ("srngc", "shapneurgc", "shapneurgc>=0.1"),
    ("cedar", "causalts", "causalts>=0.27"),
    ("grace", "causalts", "causalts>=0.27"),
]
ONE_EACH = list({module: peer for peer in PEERS for module in peer[1:2]}.values())
MODULES = sorted({module for _, module, _ in PEERS})
BLOCKED = (
    "import sys\n"
    f"for name in {MODULES}: sys.modules[name] = None\n"
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


def kept():
    """The lower bounds that keep pip from downgrading what is installed."""
    return [f"{name}>={version(name).partition('+')[0]}" for name in ("numpy", "scipy")]


@pytest.mark.parametrize(("name", "module", "package"), PEERS)
def test_a_method_without_its_package_says_what_to_install(name, module, package, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(WrongUsageError) as refused:
        causalkit.discover(np.random.default_rng(0).standard_normal((50, 3)), method=name)
    bare = package.partition(">=")[0]
    assert refused.value.message == f"method {name} needs the package {bare}, which is not installed"
    command_line = refused.value.hint.removeprefix("install it: ")
    assert shlex.split(command_line) == ["python", "-m", "pip", "install", package, *kept()]


@pytest.mark.parametrize(
    ("test", "module", "needs"),
    [("cmi-knn", "numba", ["numba>=0.58"]), ("gpdc", "dcor", ["scikit-learn>=1.2", "dcor>=0.6"])],
)
def test_a_test_without_its_package_says_what_to_install(pcmci, test, module, needs, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    causalkit.discover(np.random.default_rng(0).standard_normal((50, 2)), method=pcmci)
    with pytest.raises(WrongUsageError) as refused:
        causalkit.discover(np.random.default_rng(0).standard_normal((50, 2)), method=pcmci, params={"test": test})
    assert refused.value.message == f"method pcmci with test={test} needs the package {module}, which is not installed"
    assert shlex.split(refused.value.hint)[-3:] == [needs[-1], *kept()]


@pytest.mark.parametrize("name", ["pcmci", "pcmci-plus"])
def test_the_package_and_what_its_test_needs_are_installed_by_one_command(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "tigramite", None)
    with pytest.raises(WrongUsageError) as refused:
        causalkit.discover(np.zeros((50, 2)), method=name, params={"test": "cmi-knn"})
    assert '"tigramite>=5.2.7" "numba>=0.58"' in refused.value.hint


def test_methods_are_listed_without_the_packages():
    listed = command("methods")
    assert listed.returncode == 0, listed.stderr
    assert all(name in listed.stdout for name, _, _ in PEERS)
    assert "broken" not in listed.stderr
    rows = {line.split()[0]: line.split() for line in listed.stdout.splitlines()[2:]}
    for name, _, package in PEERS:
        assert rows[name][1:3] == ["needs", package.partition(">=")[0]]
    assert rows["var"][1] == "yes"
    described = {one["name"]: one["here"] for one in json.loads(command("methods", "--json").stdout)}
    assert not any(described[name] for name, _, _ in PEERS)
    assert described["var"]
    assert "needs causal-learn, not installed" in command("show", "granger-lasso").stdout


@pytest.mark.parametrize(("name", "module", "package"), ONE_EACH)
def test_a_method_is_shown_and_refused_on_the_command_line(name, module, package):
    shown = command("show", name)
    assert shown.returncode == 0, shown.stderr
    assert "lag" in shown.stdout
    refused = command("discover", "--dataset", "henon", "--method", name)
    assert refused.returncode == 2
    assert f'python -m pip install "{package}"' in refused.stderr
    assert "Traceback" not in refused.stderr


def test_listing_imports_none_of_the_packages():
    code = (
        "import sys\n"
        "from causalkit.plugins.records import Method\n"
        "from causalkit.plugins.registry import registry\n"
        "names = {p.record.name for p in registry().all(Method)}\n"
        "assert {'pcmci', 'pcmci-plus', 'varlingam', 'granger-lasso', 'srngc', 'cedar', 'grace'} <= names\n"
        f"print(*sorted({{*{MODULES}, 'torch', 'numpy'}} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600)
    assert done.stdout.strip() == ""


def test_an_installed_package_that_cannot_be_imported_is_named(monkeypatch):
    from causalkit_peers.package import Package

    broken = Package("pcmci", "pytest", "pytest")
    with pytest.raises(WrongUsageError, match="cannot use the package pytest [0-9].*has no attribute 'absent'"):
        broken.load("pytest:absent")
