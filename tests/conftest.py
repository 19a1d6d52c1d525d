"""What all tests share: real files where they are, one thread, no colour."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of published benchmark files; tests that need it skip where it is absent, as on a user's machine."""
    folder = Path(os.environ.get("CAUSALKIT_TEST_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        reason = f"CAUSALKIT_TEST_DATA: there is no folder {folder} with the published benchmark files"
        if os.environ.get("CAUSALKIT_REQUIRE_DATA") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
