"""The items of data sets for listings, ``show`` and ``fetch``; nothing is loaded or downloaded."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

from causalkit.plugins.records import Dataset, DatasetItem
from causalkit.plugins.registry import PluginWarning, Provided


def items_of(provided: Provided[Dataset]) -> list[DatasetItem]:
    """Return the items of a family; one without a catalogue is its only item.

    A catalogue that fails becomes a warning about its plugin, so that the listing goes on.
    """
    record = provided.record
    if record.catalogue:
        try:
            return list(record.import_callable(record.catalogue)())
        except Exception as error:
            problem = " ".join(f"{type(error).__name__}: {error}".split())
            message = f"plugin {provided.plugin.key} cannot list the data set {record.name}: {problem}"
            warnings.warn(message, PluginWarning, stacklevel=2)
    return [DatasetItem(name=record.name, here=record.kind != "download")]


def licences(items: Iterable[DatasetItem]) -> str:
    """Return every licence once."""
    return ", ".join(dict.fromkeys(item.licence for item in items if item.licence))


def presence(items: Sequence[DatasetItem]) -> str:
    """Return how many of the items are on this machine: "yes", "no" or "12 of 20"."""
    here = sum(item.here for item in items)
    return {0: "no", len(items): "yes"}.get(here, f"{here} of {len(items)}")
