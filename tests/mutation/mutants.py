"""Which mutants a file has: the operators of cosmic-ray, and two of our own that leave something out."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator, operator_names
from parso.python.tree import Name
from parso.tree import search_ancestor

ARITHMETIC = {"Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow"}
IDENTITY = {"Is", "IsNot"}


class RemoveStatement(Operator):
    """Put ``pass`` in the place of an assignment or a call inside a function."""

    def mutation_positions(self, node):
        statement = node.type in ("expr_stmt", "atom_expr", "power") and node.parent.type == "simple_stmt"
        if statement and search_ancestor(node, "funcdef") is not None:
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        return Name("pass", node.start_pos, prefix=node.get_first_leaf().prefix)

    @classmethod
    def examples(cls):
        return (Example("def f():\n    g()\n", "def f():\n    pass\n"),)


class RemoveKeywordArgument(Operator):
    """Leave a keyword argument out of a call, so that its default takes its place."""

    def mutation_positions(self, node):
        for argument in self._arguments(node):
            yield argument.start_pos, argument.end_pos

    def mutate(self, node, index):
        argument = self._arguments(node)[index]
        place = node.children.index(argument)
        if node.type == "trailer":
            del node.children[place]
        else:  # with its comma: the one behind, or the one before where it comes last
            last = place + 1 == len(node.children)
            del node.children[place - 1 if last else place : place + 1 if last else place + 2]
        return node

    @staticmethod
    def _arguments(node):
        if node.type not in ("arglist", "trailer"):
            return []
        return [child for child in node.children if child.type == "argument" and child.children[1] == "="]

    @classmethod
    def examples(cls):
        return (Example("f(a, b=c)", "f(a)"), Example("f(b=c)", "f()"))


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    path: Path
    operator: str
    occurrence: int
    line: int

    def source(self) -> str:
        """Return the text of the changed file."""
        return mutate_code(self.path.read_text(encoding="utf-8"), operators()[self.operator](), self.occurrence)

    def change(self) -> tuple[str, str]:
        """Return the first line that differs, as it was and as it is now."""
        before, after = self.path.read_text(encoding="utf-8").splitlines(), self.source().splitlines()
        if not any(line != other for line, other in zip(before, after, strict=False)):
            return before[self.line - 1].strip(), ""
        return next((line.strip(), other.strip()) for line, other in zip(before, after, strict=False) if line != other)


@cache
def operators() -> dict[str, type[Operator]]:
    """Return the operators by name.

    Left out: arithmetic becoming operations on bits and ``==`` becoming ``is``, which no test could miss, and those
    that need arguments.
    """
    found: dict[str, type[Operator]] = {}
    for name in operator_names():
        short = name.removeprefix("core/")
        family, _, pair = short.partition("_")
        kinds = set(pair.split("_")) if pair else set()
        if short in ("VariableReplacer", "VariableInserter", "NoOp"):
            continue
        if family == "ReplaceBinaryOperator" and not kinds <= ARITHMETIC:
            continue
        if family == "ReplaceComparisonOperator" and kinds & IDENTITY and kinds != IDENTITY:
            continue
        found[short] = get_operator(name)
    return found | {operator.__name__: operator for operator in (RemoveStatement, RemoveKeywordArgument)}


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield all mutants of a file, those of annotations and of imports for type checkers left out."""
    text = path.read_text(encoding="utf-8")
    nodes, skipped = list(ast_nodes(get_ast(text))), list(_not_run(ast.parse(text)))
    for name, operator in operators().items():
        positions = (position for node in nodes for position in operator().mutation_positions(node))
        for occurrence, (start, _) in enumerate(positions):
            if not any(first <= start < last for first, last in skipped):
                yield Mutant(path, name, occurrence, start[0])


def _not_run(tree: ast.Module) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the spans of code that never runs."""
    for node in ast.walk(tree):
        idle: list[ast.AST | None] = []
        if isinstance(node, ast.FunctionDef):
            idle = [node.returns]
        elif isinstance(node, ast.arg | ast.AnnAssign):
            idle = [node.annotation]
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            idle = [node]
        for part in idle:
            if part is not None:
                yield (part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)


def sample(paths: list[Path], count: int | None, seed: int) -> list[Mutant]:
    """Return mutants in the order of the files: all of them, or ``count`` drawn at random.

    A place in the code is drawn first and one of its mutants after that. Otherwise comparisons and arithmetic, where
    many operators act on one place, would be most of the sample.
    """
    everything = [mutant for path in paths for mutant in mutants_of(path)]
    if count is None:
        return everything
    draw = random.Random(seed)
    places: dict[tuple[Path, int, str], list[Mutant]] = {}
    for mutant in everything:
        places.setdefault((mutant.path, mutant.line, mutant.operator.split("_")[0]), []).append(mutant)
    chosen = draw.sample(sorted(places, key=str), min(count, len(places)))
    return sorted((draw.choice(places[place]) for place in chosen), key=lambda m: (str(m.path), m.line))
