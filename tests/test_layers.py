"""No file of causalkit imports itself by way of others: lazy imports and those for type checkers count."""

from __future__ import annotations

from pathlib import Path

import networkx as nx

from tests.imported import imported

PACKAGE = Path(__file__).resolve().parents[1] / "causalkit"


def modules(package: Path) -> dict[str, Path]:
    """Return every module of a package by its dotted name."""
    found = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def graph_of(package: Path) -> nx.DiGraph:
    """Return the graph of files: an edge runs from the file that imports to the imported one."""
    known = modules(package)
    graph = nx.DiGraph()
    for name, path in known.items():
        for target in imported(path.read_text(encoding="utf-8")):
            while target and target not in known:
                target = target.rpartition(".")[0]
            if target and target != name:
                graph.add_edge(name, target)
    return graph


def circles(package: Path) -> list[list[str]]:
    return [sorted(part) for part in nx.strongly_connected_components(graph_of(package)) if len(part) > 1]


def test_there_is_no_circle():
    assert circles(PACKAGE) == []


def test_circles_of_lazy_imports_and_annotations_are_seen(tmp_path):
    package = tmp_path / "made"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text("def lazily():\n    from made import two\n")
    (package / "two.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from made.one import lazily\n"
    )
    assert circles(package) == [["made.one", "made.two"]]
