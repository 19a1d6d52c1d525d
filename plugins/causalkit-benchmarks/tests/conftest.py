"""What the tests of downloads share: a cache of their own, a server, and a registry of invented files."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from causalkit_benchmarks import checks, entries, notices

from tests.data_files import real


@dataclass
class Request:
    path: str
    range: str
    if_range: str
    sent: int = 0


@dataclass
class Server:
    """Serves ``content`` under /good; other first folders misbehave: see the handler."""

    content: bytes
    tag: str = '"v1"'
    cut: int = 0  # under /cut, the first answer ends after so many bytes
    delay: float = 0.0
    requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.released = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/{path}"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def close(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()


def handler_of(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            asked = Request(self.path, self.headers.get("Range", ""), self.headers.get("If-Range", ""))
            server.requests.append(asked)
            time.sleep(server.delay)
            manner = self.path.split("/")[1]
            if manner == "missing":
                self.send_error(404)
                return
            start = 0
            unchanged = asked.if_range in ("", server.tag)
            if asked.range and manner != "norange" and unchanged:
                start = int(asked.range.removeprefix("bytes=").removesuffix("-"))
                if start >= len(server.content):
                    self.send_error(416)
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(server.content) - 1}/{len(server.content)}")
            else:
                self.send_response(200)
            body = server.content[start:]
            if manner == "wrong":
                body = bytes(reversed(body))
            if manner == "short":
                body = body[: len(body) // 2]
            if manner == "long":
                body += b"more"
            if manner == "unsized":
                self.send_header("Connection", "close")
                self.close_connection = True
            else:
                self.send_header("Content-Length", str(len(body)))
            if manner != "untagged":
                self.send_header("ETag", server.tag)
            self.end_headers()
            if manner in ("cut", "norange", "untagged", "stall") and server.cut:
                first = sum(request.path == self.path for request in server.requests) == 1
                if first or manner == "stall":
                    body = body[: server.cut]
                    self.close_connection = True
            asked.sent = len(body)  # before the client can have it all, and the test looks
            self.wfile.write(body)
            self.wfile.flush()
            if manner == "stall":
                server.released.wait(20)

        def log_message(self, *arguments):
            pass

    return Handler


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, no mirror, short timeouts."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CAUSALKIT_CACHE", str(folder))
    monkeypatch.setenv("CAUSALKIT_TIMEOUT", "0.5")
    for name in (
        "CAUSALKIT_MIRROR",
        "CAUSALKIT_ALLOW_UNVERIFIED",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(notices, "_shown", set())
    checks._sha256.cache_clear()
    return folder


@pytest.fixture
def server(loopback):
    """A server with some hundred kilobytes that are no repetition of each other."""
    one = Server(b"".join(number.to_bytes(4, "big") for number in range(60_000)))
    yield one
    one.close()


@pytest.fixture
def register(monkeypatch):
    """Return a function that replaces the registry by one file (or several), and returns its content."""

    def with_files(*files):
        family = {
            "title": "Invented data",
            "licence": "CC0",
            "notice": "Made for tests.",
            "citations": ["Nobody, 2020"],
        }
        content = {
            "schema": 1,
            "families": {"invented": family},
            "files": [{"dataset": "invented"} | one for one in files],
        }
        monkeypatch.setattr(entries, "registry", lambda: entries.Registry.of(content))
        return content

    return with_files


@pytest.fixture
def published(tmp_path, monkeypatch):
    """The folder of real published files as the only mirror, and an empty cache."""
    folder = real()
    monkeypatch.setenv("CAUSALKIT_MIRROR", str(folder))
    monkeypatch.setenv("CAUSALKIT_CACHE", str(tmp_path / "cache"))
    return folder
