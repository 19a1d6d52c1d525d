"""What readers of binary formats share: files compressed with gzip, and libraries that may be missing."""

from __future__ import annotations

import gzip
import importlib
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from causalkit.errors import CausalkitError, DataError
from causalkit.io.paths import existing_file
from causalkit.io.tables.unpacking import unpacked_bytes


def needed(module: str, path: str | Path, package: str = "") -> Any:
    """Import a library that reads a format.

    Args:
        module: name of the module.
        path: of the file, for the error.
        package: its name for pip, where it differs.

    Raises:
        DataError: it is not installed; the hint installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = package or module.partition(".")[0]
        raise DataError(f"{path} needs {package}, which is not installed", f"run: pip install {package}") from error


@contextmanager
def opened(path: str | Path, form: str) -> Iterator[Path]:
    """Yield a file that a library can read: the file itself, or a temporary copy that is not compressed.

    What the library raises becomes one line.

    Args:
        path: given by the user; ``.gz`` at its end means that it is compressed.
        form: of the file, such as "a MATLAB file".

    Raises:
        DataError: the file is missing, damaged or not of this form, or unpacks to too much.
    """
    path = existing_file(path)
    try:
        if path.suffix.lower() != ".gz":
            yield path
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / path.stem
            with unpacked_bytes(path) as compressed, copy.open("wb") as plain:
                shutil.copyfileobj(compressed, plain)
            yield existing_file(copy)
    except CausalkitError:
        raise
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path} cannot be decompressed", "the file may be damaged or cut off; download it again"
        ) from error
    except OSError as error:
        if not error.strerror:  # libraries raise it where a file is damaged
            raise _unreadable(path, form) from error
        raise DataError(f"{path} cannot be read: {error.strerror}", "check the file and its folder") from error
    except Exception as error:  # libraries raise errors of their own, and any other where a file is damaged
        raise _unreadable(path, form) from error


def _unreadable(path: Path, form: str) -> DataError:
    return DataError(f"{path} cannot be read as {form}", "write or download it again, or correct its suffix")
