"""JSON documents in files and in other files: numbers, depth and text are checked before anything uses them."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from causalkit.errors import DataError, brief
from causalkit.io.paths import existing_file

DEEPEST = 60
"""Lists and objects inside each other; a result has some ten."""
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"')
_OTHERS = bytes(set(range(256)) - set(b"[]{}"))


def read_json(file: str | Path, hint: str, encoding: str = "utf-8", path: str | Path | None = None) -> Any:
    """Return the content of a JSON file.

    Args:
        file: to read.
        hint: what to do where it is not one.
        encoding: of its text.
        path: of the file in errors, where that is another one.

    Raises:
        DataError: the file is missing or not JSON; the message names line and column.
    """
    file = existing_file(file)
    path = file if path is None else path
    try:
        text = file.read_text(encoding=encoding)
    except UnicodeError as error:
        raise DataError(f"{path} is not UTF-8 text", hint) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}", hint) from error
    return json_of(text, str(path), hint)


def json_of(text: str, source: str, hint: str) -> Any:
    """Return the content of a JSON document.

    Args:
        text: the document.
        source: where it is from, at the beginning of the message.
        hint: what to do where it is not one.

    Raises:
        DataError: it is not JSON, has a key twice or a number of thousands of digits, or is nested too deeply.
    """
    try:
        found = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_once)
    except _TwiceError as error:
        raise DataError(f"{source} cannot be read: one object has the key {brief(str(error))!r} twice", hint) from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise DataError(f"{source} cannot be read: {place} is not JSON", hint) from error
    except RecursionError as error:
        raise _too_deep(source, hint) from error
    except ValueError as error:  # Python converts no text of more than 4,300 digits
        raise DataError(f"{source} has a number of too many digits", hint) from error
    if _is_deep(text):
        raise _too_deep(source, hint)
    return found


class _TwiceError(Exception):
    """An object has a key twice; json would keep the last value without a word."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        ((key, _),) = Counter(key for key, _ in pairs).most_common(1)
        raise _TwiceError(key)
    return found


def _is_deep(text: str) -> bool:
    """Return whether lists and objects are nested too deeply in a document that is JSON.

    Brackets alone are looked at, level by level from inside: arrays of millions of numbers take no time.
    """
    brackets = _TEXT.sub("", text).encode("ascii", "ignore").translate(None, _OTHERS)
    for _ in range(DEEPEST):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return bool(brackets)


def _too_deep(source: str, hint: str) -> DataError:
    return DataError(f"{source} is nested too deeply: at most {DEEPEST} lists and objects inside each other", hint)
