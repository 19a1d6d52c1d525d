"""Where published benchmark files are; without them tests skip, as on a user's machine, or fail where they must run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("CAUSALKIT_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


def real(name: str = "") -> Path:
    """Return a published file, or the folder of them all."""
    path = FOLDER / name
    if not path.exists():
        reason = f"{path} is not there; set CAUSALKIT_TEST_DATA to the folder of published benchmark files"
        if os.environ.get("CAUSALKIT_REQUIRE_DATA") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path
