"""Files for every reader: valid ones, changed ones, and tables of binary formats."""

from __future__ import annotations

import random
from functools import cache

from hypothesis import strategies as st

from tests.hostile_files import SEEDS, File
from tests.mutations import mutator


@cache
def valid_files(reader: str) -> tuple[File, ...]:
    """Return the valid files of a reader of `tests.hostile.READERS`."""
    return tuple(make() for make in SEEDS[reader])


def changed_files(reader: str) -> st.SearchStrategy[File]:
    """Return a valid file with a few changes: of its bytes, of values in it, of members and of headers."""

    def changed(seed: int) -> File:
        draw = random.Random(seed)
        file = draw.choice(valid_files(reader))
        return File(file.suffix, mutator(file.suffix)(draw, file.content))

    return st.integers(0, 2**32).map(changed)
