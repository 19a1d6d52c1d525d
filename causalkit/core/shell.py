"""Names and paths in the commands that hints suggest."""

from __future__ import annotations

import shlex


def argument(value: object) -> str:
    """Return a name or a path as users type it: on one line, quoted where the shell needs it."""
    text = str(value)
    return shlex.quote(text if text.isprintable() else " ".join(text.split()))
