"""Pretend that fake distributions are installed, in this process or in a child, without pip."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from unittest.mock import patch

import pytest

import causalkit.plugins.registry
from causalkit.plugins.registry import GROUP, PluginWarning, Registry, registry

FOLDER = Path(__file__).parent
REAL = tuple(causalkit.plugins.registry.entry_points(group=GROUP))


def points_of(*cases: str) -> list[EntryPoint]:
    """Return the entry points of fake distributions, each a folder beside this file."""
    found = distributions(path=[str(FOLDER / case) for case in cases])
    return [point for distribution in found for point in distribution.entry_points]


@contextmanager
def installed(
    *cases: str, beside: Iterable[EntryPoint] = REAL, strict: bool = False, warns: str = ""
) -> Iterator[Registry]:
    """Let the process see fake distributions beside others, and forget them afterwards.

    Args:
        cases: folders beside this file.
        beside: what else is installed; default: what really is.
        strict: set CAUSALKIT_STRICT.
        warns: the plugin that the block has to be warned about; "": warnings are the caller's business.
    """
    points = (*beside, *points_of(*cases))
    before, path = set(sys.modules), list(sys.path)
    sys.path[:0] = [str(FOLDER / case) for case in cases]
    registry.cache_clear()
    try:
        with (
            pytest.warns(PluginWarning, match=f"{warns}@") if warns else nullcontext(),
            patch.object(causalkit.plugins.registry, "entry_points", lambda group: points),
            patch.dict(os.environ, {"CAUSALKIT_STRICT": "1" if strict else "0"}),
        ):
            yield registry()
    finally:
        registry.cache_clear()
        sys.path[:] = path
        for module in set(sys.modules) - before:
            if module.startswith("fake_"):
                del sys.modules[module]


def command(*arguments: str, cases: Iterable[str] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m causalkit`` in a child process that sees fake distributions beside the real ones."""
    path = os.pathsep.join([*(str(FOLDER / case) for case in cases), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "causalkit", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**os.environ, "PYTHONPATH": path.rstrip(os.pathsep), **environment},
    )
