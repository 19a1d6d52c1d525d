"""What all tests share, those of the plugins too: random examples without deadlines, and a mark by place."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent

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
