"""What all tests share: real files where they are, one thread."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.data_files import real

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of published benchmark files."""
    return real()
