"""Write a discovery in the format that the suffix names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from causalkit.errors import CausalkitError, PluginError
from causalkit.io.atomic import atomic_path
from causalkit.io.paths import by_suffix
from causalkit.plugins.records import Writer
from causalkit.plugins.registry import Provided

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery


def writer_for(path: str | Path) -> Provided[Writer]:
    """Return the writer for a path; to be called before any work.

    Raises:
        WrongUsageError: no installed writer knows the suffix.
    """
    return by_suffix(Writer, path)


def write(discovery: Discovery, path: str | Path) -> None:
    """Write a discovery; the suffix chooses the format. The file appears whole or not at all.

    Raises:
        WrongUsageError: the suffix is unknown, or the file cannot be created.
        WriteError: the disk is full, or the system refuses.
        DataError: the format cannot represent the discovery.
        PluginError: the writer of a plugin fails.
    """
    provided = writer_for(path)
    write_one = provided.record.load()
    with atomic_path(path) as temporary:
        try:
            write_one(discovery, temporary)
        except (CausalkitError, OSError):
            raise
        except Exception as error:  # a writer of a plugin may fail in any way; its user still gets one line
            raise PluginError(
                f"the writer {provided.qualified} failed: {type(error).__name__}: {' '.join(str(error).split())}",
                "choose another suffix, and report this to the author of the writer",
            ) from error
