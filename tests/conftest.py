"""What all tests share: real files where they are, one thread, a command in this process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.data_files import real

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of published benchmark files."""
    return real()


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """Write text or bytes to a file, and return its path."""

    def write(text: str | bytes, name: str = "data.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def chooser() -> Iterator[None]:
    """Install methods with candidates for their forecaster."""
    from tests.plugins_for_tests.choosers import choosers

    with choosers():
        yield


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Let this process, and the programs that it starts, receive an interrupt.

    A shell starts its background jobs with interrupts ignored, and their children inherit that.
    """
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command in this process; return exit code, stdout and stderr."""
    from causalkit.cli.main import _run

    def call(*arguments: object) -> tuple[int, str, str]:
        code = _run([str(argument) for argument in arguments], debug=False)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call
