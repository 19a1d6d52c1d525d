"""Imports that libraries put off until they are first used."""

from __future__ import annotations

import contextlib
import importlib
import sys


def preload() -> None:
    """Import what the first fit of a process would import, so that it does not count as the time of a fit."""
    importlib.import_module("scipy.stats")
    if "torch" in sys.modules:  # torch's optimizers import this with their first step: 800 modules, 90 MiB
        with contextlib.suppress(ImportError):
            importlib.import_module("torch._dynamo")
