"""The check that readers and writers share: can their suffixes be found?"""

from __future__ import annotations

from collections.abc import Sequence

from causalkit.testing.result import require


def require_suffixes(suffixes: Sequence[str]) -> None:
    """Fail unless there is a suffix and each is one that a path can be matched with."""
    require(not isinstance(suffixes, str) and len(suffixes) > 0, 'no suffix is declared: suffixes=(".abc",)')
    for suffix in suffixes:
        require(
            suffix.startswith(".") and len(suffix) > 1 and suffix == suffix.lower(),
            f"the suffix {suffix!r} matches no file: write it in lower case with its dot",
        )
