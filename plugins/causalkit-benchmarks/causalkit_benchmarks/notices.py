"""Licence and citation of a benchmark, said once where its files are first used."""

from __future__ import annotations

import sys

from causalkit_benchmarks import entries
from causalkit_benchmarks.cache import data_home

_said: set[str] = set()


def notice(name: str) -> str:
    """Return title, origin, licence and citations of a benchmark in a few lines."""
    one = entries.family(name)
    origins = dict.fromkeys(entry.origin for entry in entries.registry().entries.values() if entry.dataset == name)
    lines = [
        f"{one.title}; files from {', '.join(filter(None, origins)) or 'an unnamed source'}",
        f"  licence: {one.licence}. {one.notice}",
    ]
    lines += [f"  please cite: {citation}" for citation in one.citations]
    return "\n".join(lines)


def say_once(name: str) -> None:
    """Print the notice on stderr, unless this was done before with the same cache or in the same process."""
    if name in _said:
        return
    _said.add(name)
    marker = data_home() / ".notices" / name
    try:
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.open("x").close()
    except FileExistsError:
        return
    except OSError:
        pass  # nothing can be remembered in a cache that is read-only; files in it are used all the same
    print(f"{notice(name)}\n  (said once; causalkit show {name} names source and licence again)", file=sys.stderr)
