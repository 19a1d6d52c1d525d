"""Messages between a supervisor and the process that computes its cells: one line of strict JSON each."""

from __future__ import annotations

import json
from typing import IO, Any


def send(stream: IO[bytes], message: Any) -> None:
    """Write one message.

    Raises:
        OSError: the other side no longer reads.
        ValueError: strict JSON cannot represent the message.
    """
    stream.write(json.dumps(message, allow_nan=False).encode() + b"\n")
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Return the next message.

    Raises:
        EOFError: the other side has closed the stream.
    """
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return json.loads(line)
