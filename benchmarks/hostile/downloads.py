"""A server on this machine for ``causalkit fetch``: one published file by itself, and one in an archive, invented."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType

from whole import sealed

SERVED = ("netsim:sim1", "netsim:sim2")
"""What can be fetched: the second lies in an archive."""
CHUNK, PAUSE = 1 << 15, 0.004
"""Bytes that are sent at a time, and seconds between two such sends."""


def _contents() -> dict[str, bytes]:
    plain = sealed(b"".join(number.to_bytes(4, "big") for number in range(400_000)))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("sim2.mat"), sealed(plain[::-1]))
        for number in range(200):
            archive.writestr(zipfile.ZipInfo(f"more/{number}.mat"), sealed(plain[:10_000]))
    return {"netsim/sim1.mat": plain, "netsim/all.zip": packed.getvalue()}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    contents: dict[str, bytes]

    def do_GET(self) -> None:
        content = self.contents.get(self.path.strip("/"))
        if content is None:
            self.send_error(404)
            return
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        for place in range(start, len(content), CHUNK):
            self.wfile.write(content[place : place + CHUNK])
            time.sleep(PAUSE)

    def log_message(self, *arguments: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            return  # the client has been killed


@contextmanager
def served() -> Iterator[None]:
    """Serve `SERVED` from a process of its own within the block, and register it in this process and in its forks."""
    try:
        from causalkit_benchmarks import entries
    except ImportError:
        yield
        return
    _Handler.contents = _contents()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    process = os.fork()
    if not process:
        server.serve_forever()
    server.server_close()
    os.environ["CAUSALKIT_MIRROR"] = f"http://127.0.0.1:{server.server_port}"
    known = entries.registry()
    invented = dict(known.entries)
    for file, content in _Handler.contents.items():
        facts = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        invented[file] = replace(known.entries["netsim/sim1.mat"], file=file, urls=(), **facts)
    member = sealed(_Handler.contents["netsim/sim1.mat"][::-1])
    invented["netsim/sim2.mat"] = replace(
        known.entries["netsim/sim2.mat"],
        bytes=len(member),
        sha256=hashlib.sha256(member).hexdigest(),
        archive="netsim/all.zip",
        member="sim2.mat",
    )
    registry = entries.Registry(known.families, MappingProxyType(invented))
    original, entries.registry = entries.registry, lambda: registry  # type: ignore[assignment]
    try:
        yield
    finally:
        entries.registry = original
        os.kill(process, signal.SIGTERM)
        os.waitpid(process, 0)
