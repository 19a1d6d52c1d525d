"""The registry of published files: complete, consistent, at fixed addresses."""

from __future__ import annotations

import json
import re

import pytest
from causalkit_benchmarks.entries import Registry, entry, family, registry
from causalkit_benchmarks.notices import notice

from causalkit.errors import PluginError, UnknownNameError
from tests.data_files import real

FAMILIES = {"dream3": 30, "dream4": 20, "netsim": 28, "causaltime": 6, "sos": 1, "irma": 2, "yeast": 2, "hela": 3}


def test_every_benchmark_is_registered():
    counts = dict.fromkeys(FAMILIES, 0)
    for one in registry().entries.values():
        counts[one.dataset] += 1
    assert counts == FAMILIES
    assert set(registry().families) == set(FAMILIES)


def test_addresses_are_fixed_and_hashes_are_hashes():
    for one in registry().entries.values():
        assert one.file.startswith(f"{one.dataset}/")
        assert one.licence
        assert one.source
        for url in one.urls:
            assert url.startswith("https://")
            assert re.search("/[0-9a-f]{40}/", url), f"{url} may change"
        if one.sha256 is None:
            assert one.bytes is None
            assert one.urls
        else:
            assert re.fullmatch("[0-9a-f]{64}", one.sha256)
            assert one.bytes


def test_files_that_nobody_has_seen_and_files_without_an_address_are_known():
    unseen = {one.file for one in registry().entries.values() if one.sha256 is None}
    assert unseen == {f"netsim/sim{number}.mat" for number in (6, 7, 9, 19, 20)} | {"causaltime/pm25/gen_data.npy"}
    assert {one.dataset for one in registry().entries.values() if not one.urls} == {"hela"}


def test_registry_says_what_the_manifest_of_the_published_files_says():
    for one in json.loads(real("manifest.json").read_text()):
        known = entry(one["file"])
        assert (known.bytes, known.sha256, known.dataset) == (one["bytes"], one["sha256"], one["dataset"])
        assert known.urls == ((one["url"],) if one["url"] else ())


def test_every_benchmark_has_a_licence_note_and_citations():
    for name in FAMILIES:
        one = family(name)
        assert one.citations
        assert one.licence in notice(name)
        assert all(citation in notice(name) for citation in one.citations)
        assert {entry(file).licence for file in registry().entries if entry(file).dataset == name} == {one.licence}


def test_unknown_names_are_answered_with_near_ones():
    with pytest.raises(UnknownNameError, match="netsim/sim3.mat"):
        entry("netsim/sim_3.mat")
    with pytest.raises(UnknownNameError, match="dream4"):
        family("dream5")


FAMILY = {"title": "t", "licence": "l", "notice": "n", "citations": []}
FILE = {"file": "f", "dataset": "d"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"schema": 2, "families": {}, "files": []}, "schema 2"),
        ({"schema": 1, "files": []}, "families"),
        ({"schema": 1, "families": {"d": FAMILY}, "files": [{**FILE, "size": 3}]}, "size"),
        ({"schema": 1, "families": {"d": FAMILY}, "files": [FILE, FILE]}, "twice"),
        ({"schema": 1, "families": {}, "files": [FILE]}, "unknown family"),
        ({"schema": 1, "families": {"d": FAMILY}, "files": [{**FILE, "archive": "g", "member": "h"}]}, "archive"),
    ],
)
def test_a_malformed_registry_is_refused(content, said):
    with pytest.raises(PluginError, match=said):
        Registry.of(content)
