"""Licence and citation of a benchmark, printed when its files are first used."""

from __future__ import annotations

import sys

from causalkit_benchmarks import entries
from causalkit_benchmarks.cache import data_home

_shown: set[str] = set()


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
    """Print the notice on stderr, once for each cache and process."""
    if name in _shown:
        return
    _shown.add(name)
    marker = data_home() / ".notices" / name
    try:
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.open("x").close()
    except FileExistsError:
        return
    except OSError:
        pass  # a read-only cache cannot remember it; its files can be used anyway
    print(f"{notice(name)}\n  (shown once; causalkit show {name} repeats source and licence)", file=sys.stderr)
