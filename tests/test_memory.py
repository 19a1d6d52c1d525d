"""Limits on memory: sizes as text, what is free, and chunks of work that follow from both."""

import pytest

import causalkit
from causalkit.core import memory
from causalkit.core.run import Run
from causalkit.errors import WrongUsageError

GIB = 2**30


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """A folder in the place of that of control groups."""
    monkeypatch.setattr(memory, "_CGROUPS", tmp_path)
    return tmp_path


def test_sizes_are_read_alike_everywhere():
    assert [memory.parse_bytes(text) for text in ("4GiB", "4G", "500MB", "1.5g", "1000")] == [
        4 * GIB, 4 * GIB, 500 * 2**20, 3 * GIB // 2, 1000,
    ]  # fmt: skip
    assert Run(memory="4GiB").memory_limit == Run(memory=4 * GIB).memory_limit == 4 * GIB


@pytest.mark.parametrize("wrong", ["much", "4 apples", "-1G", "", True, "10M", "9" * 400 + "G"])
def test_a_wrong_size_is_refused_in_one_sentence(wrong):
    with pytest.raises(WrongUsageError, match=r"not an amount of memory|the memory limit is 10 MiB") as refused:
        causalkit.discover([[0.0, 1.0]] * 20, memory=wrong)
    assert "\n" not in str(refused.value)


def test_the_limit_of_a_group_counts_also_where_a_parent_sets_it(groups):
    for kind, limit, used in (("memory", "limit_in_bytes", "usage_in_bytes"), ("", "max", "current")):
        folder = groups / kind  # of all groups, which contain the own one
        folder.mkdir(exist_ok=True)
        (folder / f"memory.{limit}").write_text(str(5 * 2**20))
        (folder / f"memory.{used}").write_text(str(2 * 2**20))
    assert memory.available() == 3 * 2**20


def test_a_chunk_is_smaller_where_memory_is_short_and_never_larger_than_wanted():
    assert memory.chunk(64 * 2**20) == 64 * 2**20
    with memory.limited_to(memory.resident() + 160 * 2**20):
        assert 5 * 2**20 < memory.chunk(64 * 2**20) <= 10 * 2**20
    with memory.limited_to(memory.resident()):
        assert memory.chunk(64 * 2**20) == memory.SMALLEST_CHUNK


def test_a_run_limits_the_chunks_of_its_method_and_nothing_after_it():
    with Run(memory=memory.resident() + 160 * 2**20).isolated():
        assert memory.chunk(GIB) < 11 * 2**20
    assert memory.chunk(2**21) == 2**21


def test_a_method_that_does_not_limit_its_memory_says_so():
    panel, _ = causalkit.simulate("var", seed=0, series=3, steps=100)
    found = causalkit.discover(panel, method="var", memory="4GiB")
    assert any("--memory has no effect" in note for note in found.notes)
    assert not any("--memory" in note for note in causalkit.discover(panel, method="var").notes)


@pytest.mark.plugins
def test_proximal_descent_says_that_it_does_not_limit_its_memory():
    panel, _ = causalkit.simulate("var", seed=0, series=3, steps=100)
    params = {"training.epochs": 3, "regularizer.strength": 0.1}
    found = causalkit.discover(panel, method="cmlp", lag=1, memory="4GiB", params=params)
    assert any("--memory has no effect" in note for note in found.notes)
