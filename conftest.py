"""What all tests share, those of the plugins too: no network, random examples without deadlines, a mark by place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.without_network import sitecustomize  # noqa: F401 - importing it forbids sockets

ROOT = Path(__file__).parent

# Python imports sitecustomize at its start, so that programs that tests start have no sockets either.
WITHOUT_NETWORK = str(ROOT / "tests" / "without_network")
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [WITHOUT_NETWORK, os.environ.get("PYTHONPATH", "")]))
_CONNECTIONS = tempfile.NamedTemporaryFile(prefix="causalkit-connections-", mode="r", encoding="utf-8")  # noqa: SIM115
os.environ["TESTS_CONNECTIONS"] = _CONNECTIONS.name

if find_spec("hypothesis"):  # the environment of causalkit-peers has none
    from hypothesis import HealthCheck, settings

    # A busy machine takes longer; that says nothing about the code.
    settings.register_profile("causalkit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("causalkit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that live beside a plugin, and integration tests: they need the plugins."""
    for item in items:
        if item.path.is_relative_to(ROOT / "plugins") or item.path.is_relative_to(ROOT / "tests" / "integration"):
            item.add_marker("plugins")


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test, and the programs that it starts, use sockets that stay on this machine."""
    monkeypatch.setenv("TESTS_MAY_CONNECT", "loopback")


@pytest.fixture(autouse=True)
def no_sockets() -> Iterator[None]:
    """Fail a test that used a socket without asking, also where the code under test caught the error."""
    yield
    if attempts := _CONNECTIONS.readlines():
        pytest.fail(f"{len(attempts)} attempts to use a socket; the first is {attempts[0]}", pytrace=False)
