"""The method that docs/write-a-method.md builds is installed by pip, passes the checks, its own tests, and is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "causalkit-ridge-granger"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder into which pip has installed the example."""
    folder = tmp_path_factory.mktemp("site")
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--no-compile", "--quiet", "--target", str(folder))
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(EXAMPLE)], check=True, timeout=600)
    return folder


def run(site, *arguments):
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    environment = {**os.environ, "PYTHONPATH": path, "CAUSALKIT_STRICT": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *arguments], capture_output=True, text=True, check=False, timeout=600, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_own_tests_with_the_contract_checks_pass(site):
    shown = run(site, "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", str(EXAMPLE / "tests"))
    assert "failed" not in shown


def test_the_only_edge_is_selected_by_its_p_value(site):
    options = ("--dataset", "lagged-pair", "-m", "ridge-granger", "--select", "fdr:0.05")
    assert "1 edge selected by fdr" in run(site, "causalkit", "discover", *options)
