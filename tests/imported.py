"""What a module imports, read from its source."""

from __future__ import annotations

import ast


def imported(source: str) -> set[str]:
    """Return the dotted names that a module imports: at the top, lazily, and for type checkers."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found
