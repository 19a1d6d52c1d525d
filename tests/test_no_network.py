"""Tests use no network: neither they nor the programs that they start, also where errors are caught."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OUTSIDE = ("192.0.2.1", 80)  # reserved for documentation: nobody has this address


@pytest.fixture
def attempts(monkeypatch, tmp_path):
    """What was tried, in a file of its own, so that this test does not fail."""
    log = tmp_path / "connections"
    log.touch()
    monkeypatch.setenv("TESTS_CONNECTIONS", str(log))
    return log


@pytest.mark.parametrize(
    "use",
    [
        lambda: socket.create_connection(OUTSIDE, timeout=1),
        lambda: socket.getaddrinfo("example.org", 443),
        lambda: socket.gethostbyname("example.org"),
        lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", OUTSIDE),
        lambda: socket.socket().bind(("0.0.0.0", 0)),
    ],
)
def test_a_socket_is_refused_and_noted(attempts, use):
    with pytest.raises(OSError, match="tests may not use the network"):
        use()
    assert attempts.read_text().startswith("socket.")


def test_programs_that_tests_start_have_none_either(attempts):
    code = f"import socket\ntry: socket.create_connection({OUTSIDE}, timeout=1)\nexcept OSError as e: print(e)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "tests may not use the network" in done.stdout
    assert OUTSIDE[0] in attempts.read_text()


def test_whoever_asks_may_use_this_machine_and_no_other(loopback, attempts):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
    with pytest.raises(OSError, match="tests may not use the network"):
        socket.create_connection(OUTSIDE, timeout=1)
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("no.such.host.invalid", 80)
    assert "127.0.0.1" not in attempts.read_text()


CAUGHT = f"""
import socket

def test_that_catches_its_error():
    try:
        socket.create_connection({OUTSIDE}, timeout=1)
    except OSError:
        pass
"""


def test_a_caught_error_fails_a_test_all_the_same(file):
    options = ["-q", "-p", "conftest", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(file(CAUGHT, "test_it.py"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert f"1 attempts to use a socket; the first is socket.getaddrinfo {OUTSIDE[0]!r}" in done.stdout
    assert "test_it.py:6" in done.stdout
