"""Imports that libraries put off until they are first used."""

from __future__ import annotations

import importlib


def preload() -> None:
    """Import what the first fit of a process would import, so that it does not count as the time of a fit."""
    importlib.import_module("scipy.stats")
