"""Forbids sockets in this process: the tests import it, and the Python programs that they start do so by PYTHONPATH.

A test that needs a server on this machine asks for the fixture ``loopback``. Nothing may leave the machine. A library
may catch what is raised here, so every attempt is also noted in a file, and the fixture ``no_sockets`` looks at it.

Environment:
    TESTS_MAY_CONNECT: "loopback" allows sockets that stay on this machine.
    TESTS_CONNECTIONS: the file for attempts.
"""

import ipaddress
import os
import socket
import sys
import traceback

WATCHED = {
    f"socket.{event}"
    for event in ("bind", "connect", "sendto", "sendmsg", "getaddrinfo", "gethostbyname", "gethostbyaddr")
}


def forbid(event: str, arguments: tuple[object, ...], watched: set[str] = WATCHED) -> None:
    """Raise OSError where a socket may not be used; an audit hook, which outlives the names of this module."""
    if event not in watched:
        return
    named = event.startswith("socket.get")
    address = arguments[0] if named else arguments[1]
    if address is None:  # sendmsg on a connected socket
        return
    host = address[0] if isinstance(address, tuple) else address
    if event == "socket.bind" and _is_here(host):  # urllib3 looks so whether there is IPv6; nobody outside sees it
        return
    if os.environ.get("TESTS_MAY_CONNECT") == "loopback":
        # Abstract and named sockets of Unix stay on this machine; their address is one text, or bytes.
        if not (named or isinstance(address, tuple)) or _is_here(host):
            return
        if str(host).endswith(".invalid"):  # no such name exists, so that nobody has to be asked
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if log := os.environ.get("TESTS_CONNECTIONS"):
        where = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(traceback.extract_stack(limit=8)))
        with open(log, "a", encoding="utf-8") as stream:
            stream.write(f"{event} {address!r} by {' '.join(sys.orig_argv)[:80]!r} at {where}\n")
    raise OSError(f"tests may not use the network: {event} {address!r}; a test that has to asks for loopback")


def _is_here(host: object) -> bool:
    if host in ("localhost", socket.gethostname()):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


sys.addaudithook(forbid)
