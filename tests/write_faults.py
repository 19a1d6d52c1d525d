"""Faults of the file system, for tests: a full disk, a read-only folder, a folder that vanishes."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from causalkit.io import temporary_names

_VERSION, _DAC_OVERRIDE, _DAC_READ_SEARCH = 0x20080522, 1, 2


@contextlib.contextmanager
def full(folder: Path) -> Iterator[None]:
    """Let no file grow, as on a full disk: files and folders can be created, and nothing can be written."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a folder and those in it read-only, for root as well."""
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    modes = [path.stat().st_mode for path in folders]
    with _bound_by_modes():
        for path in folders:
            path.chmod(0o555)
        try:
            yield
        finally:
            for path, mode in zip(folders, modes, strict=True):
                path.chmod(mode)


@contextlib.contextmanager
def vanishing(folder: Path) -> Iterator[None]:
    """Remove a folder at the moment when a file is to be written there."""
    prefix = temporary_names.prefix  # asked for just before a temporary file is made

    def removed(*arguments: Any) -> str:
        shutil.rmtree(folder, ignore_errors=True)
        return prefix(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(temporary_names, "prefix", removed)
        yield


Fault = Callable[[Path], AbstractContextManager[None]]
SAID: dict[Fault, str] = {
    full: "File too large|No space left",
    read_only: "read-only|Permission denied",
    vanishing: "No such file or directory|there is no folder|vanished",
}
"""What the sentence on a fault says."""


@contextlib.contextmanager
def _bound_by_modes() -> Iterator[None]:
    """Take away from root what lets it write into read-only folders."""
    if sys.platform != "linux":
        if os.geteuid() == 0:
            pytest.skip("root writes everywhere")
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)
    before = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, before) == 0
    less = (ctypes.c_uint32 * 6)(*before)
    less[0] &= ~(1 << _DAC_OVERRIDE | 1 << _DAC_READ_SEARCH)  # effective; it stays permitted
    assert libc.capset(header, less) == 0
    try:
        yield
    finally:
        assert libc.capset(header, before) == 0
