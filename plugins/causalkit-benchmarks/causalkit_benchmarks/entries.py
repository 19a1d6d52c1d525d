"""The registry of published files: where each one is, what it must contain, its licence and what to cite.

``registry.json`` holds ``families`` (title, licence, notice, citations) and ``files``. A file that is a member of an
archive names the archive, which is an entry of its own, in ``archive`` and its path within it in ``member``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, TypeVar

from causalkit.errors import PluginError, UnknownNameError, did_you_mean

SCHEMA = 1
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Family:
    """Facts about all files of one benchmark.

    Attributes:
        name: such as "dream4".
        title: what it is, in a few words.
        licence: in a word or two.
        notice: a sentence or two on the licence.
        citations: the papers that users of the data cite.
    """

    name: str
    title: str
    licence: str
    notice: str
    citations: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One published file.

    Attributes:
        file: its name in the cache and in mirrors, with "/" between folders.
        dataset: the family that it belongs to.
        urls: fixed addresses, tried in turn; empty where the file is not offered for download.
        bytes: its length; None if unknown.
        sha256: of its content; None if unknown.
        licence: in a word or two.
        source: repository, commit and path that it was taken from.
        archive: the entry of its archive, if it is part of one.
        member: its path within that archive.
    """

    file: str
    dataset: str
    urls: tuple[str, ...] = ()
    bytes: int | None = None
    sha256: str | None = None
    licence: str = ""
    source: str = ""
    archive: str = ""
    member: str = ""

    @property
    def expected(self) -> str:
        """What the file must be, in words."""
        size = "of unknown size" if self.bytes is None else f"{self.bytes} bytes"
        return f"{size}, sha256 {self.sha256}" if self.sha256 else f"{size}, sha256 not known"

    @property
    def origin(self) -> str:
        """The repository that it was taken from."""
        return f"github.com/{self.source.partition('@')[0]}" if self.source else ""

    @property
    def citation(self) -> str:
        """What to cite: the papers of the family, joined by "; "."""
        return "; ".join(family(self.dataset).citations)


@dataclass(frozen=True)
class Registry:
    """All families and all entries, by name."""

    families: Mapping[str, Family]
    entries: Mapping[str, Entry]

    @classmethod
    def of(cls, content: Mapping[str, Any], source: str = "registry") -> Registry:
        """Read the content of a registry file.

        Raises:
            PluginError: a field is missing or unknown, a name occurs twice, or an archive has no entry.
        """
        try:
            if content["schema"] != SCHEMA:
                raise ValueError(f"schema {content['schema']!r}")
            families = {
                name: Family(name=name, **{**given, "citations": tuple(given["citations"])})
                for name, given in content["families"].items()
            }
            listed = [Entry(**{**given, "urls": tuple(given.get("urls", ()))}) for given in content["files"]]
        except (KeyError, TypeError, ValueError) as error:
            raise PluginError(
                f"{source} is malformed: {type(error).__name__}: {error}", "reinstall the plugin"
            ) from error
        entries = {one.file: one for one in listed}
        wrong = [
            one.file for one in listed if one.dataset not in families or (one.archive and one.archive not in entries)
        ]
        if wrong or len(entries) != len(listed):
            wrongly = f"{wrong[0]} names an unknown family or archive" if wrong else "a name occurs twice"
            raise PluginError(f"{source} is malformed: {wrongly}", "reinstall the plugin")
        return cls(MappingProxyType(families), MappingProxyType(entries))


@cache
def registry() -> Registry:
    """Return the registry that comes with this plugin."""
    text = (files("causalkit_benchmarks") / "registry.json").read_text(encoding="utf-8")
    return Registry.of(json.loads(text), "registry.json")


def entry(name: str) -> Entry:
    """Return the entry of a file such as ``"dream4/insilico_size10_1_timeseries.tsv"``; see `family` for errors."""
    return _known(registry().entries, "file", name)


def family(name: str) -> Family:
    """Return the facts about a benchmark.

    Raises:
        UnknownNameError: there is none; the error suggests similar names.
    """
    return _known(registry().families, "benchmark", name)


def _known(facts: Mapping[str, T], what: str, name: str) -> T:
    if name not in facts:
        raise UnknownNameError(f"unknown {what} {name!r}", did_you_mean(name, facts))
    return facts[name]
