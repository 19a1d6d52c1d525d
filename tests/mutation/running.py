"""Run tests in forked children: once under coverage, then once for every mutant, which never touches a file."""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path

import pytest

# torch._dynamo is imported by the first derivative of torch.func; interrupted halfway, it would spoil all later tests.
HEAVY = (
    "numpy",
    "torch",
    "torch._dynamo",
    "pandas",
    "scipy.stats",
    "sklearn.metrics",
    "statsmodels.api",
    "networkx",
    "hypothesis",
)
OPTIONS = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:benchmark", "--no-header"]


@dataclass(frozen=True)
class Coverage:
    """Which tests run which lines, and how long each of them takes."""

    tests: dict[str, dict[int, set[str]]]
    seconds: dict[str, float]

    def of(self, path: Path, line: int, files: Iterable[str]) -> list[str]:
        """Return the tests of some files that run the statement of a line, the quickest first."""
        lines, found, files = _statement(path, line), set(), set(files)
        for number, tests in self.tests.get(str(path), {}).items():
            if number in lines:
                found |= tests
        found = {test for test in found & self.seconds.keys() if test.partition("::")[0] in files}
        return sorted(found, key=lambda test: (self.seconds[test], test))


def _statement(path: Path, line: int) -> set[int]:
    """Return the lines whose tests count for a line: of its statement; outside functions, all that is in functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inside = [node for node in functions if node.body[0].lineno <= line <= (node.end_lineno or line)]
    headers = [node for node in functions if node.lineno <= line < node.body[0].lineno]
    if headers:
        return _body(headers[-1])
    if not inside:
        return {number for node in functions for number in _body(node)}
    around = [
        node
        for node in ast.walk(inside[-1])
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or line)
    ]
    innermost = min(around, key=lambda node: (node.end_lineno or 0) - node.lineno)
    body = getattr(innermost, "body", None)
    last = body[0].lineno - 1 if body else innermost.end_lineno
    return set(range(innermost.lineno, max(last or line, innermost.lineno) + 1)) | {line}


def _body(function: ast.FunctionDef) -> set[int]:
    return set(range(function.body[0].lineno, (function.end_lineno or 0) + 1))


def prepare() -> None:
    """Import once what every child needs, but nothing of causalkit."""
    for name in HEAVY:
        importlib.import_module(name)
    import torch

    torch.set_num_threads(1)
    assert not any(name.startswith("causalkit") for name in sys.modules)


def fork(work: Callable[[], int], seconds: float, log: Path) -> int | None:
    """Return the exit status of work done in a child; None where it took too long."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            os.setpgid(0, 0)
            with log.open("w", encoding="utf-8") as stream:
                os.dup2(stream.fileno(), 1)
                os.dup2(stream.fileno(), 2)
            code = work()
        finally:
            os._exit(code)
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)


def measure(root: Path, sources: Iterable[Path], tests: list[str], seconds: float) -> Coverage:
    """Run tests under coverage; those that fail without any mutant, or take longer than this, are left out."""
    with tempfile.TemporaryDirectory() as folder:
        report, log = Path(folder) / "report.json", Path(folder) / "log"
        paths = [str(path) for path in sources]

        def work() -> int:
            import coverage

            tracer = coverage.Coverage(include=paths, data_file=None, messages=False)
            plugin = _Contexts(tracer, seconds)
            tracer.start()
            pytest.main([*tests, *(option for option in OPTIONS if option != "-x")], plugins=[plugin])
            tracer.stop()
            data = tracer.get_data()
            lines = {path: data.contexts_by_lineno(path) for path in paths}
            report.write_text(json.dumps({"lines": lines, "seconds": plugin.seconds, "failed": sorted(plugin.failed)}))
            return 0

        os.chdir(root)
        fork(work, 3600, log)
        if not report.exists():
            raise SystemExit(f"the tests did not run without any mutant:\n{log.read_text()[-4000:]}")
        found = json.loads(report.read_text())
        if found["failed"]:
            print(
                f"left out, as they fail or take too long without any mutant: {', '.join(found['failed'])}", flush=True
            )
    covered = {
        path: {int(line): set(contexts) - {""} for line, contexts in lines.items()}
        for path, lines in found["lines"].items()
    }
    return Coverage(covered, {test: took for test, took in found["seconds"].items() if test not in found["failed"]})


class _Contexts:
    """Tells coverage which test is running, takes its time and ends it where that grows too long."""

    def __init__(self, tracer, limit: float) -> None:
        self.tracer, self.limit, self.seconds, self.failed = tracer, limit, {}, set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        self.tracer.switch_context(item.nodeid)
        started = time.monotonic()
        signal.signal(signal.SIGALRM, lambda number, frame: pytest.fail("too long"))
        signal.setitimer(signal.ITIMER_REAL, self.limit)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self.seconds[item.nodeid] = time.monotonic() - started
            self.tracer.switch_context("")

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed.add(report.nodeid)


class _Only:
    """Runs these tests and no others, in this order."""

    def __init__(self, tests: list[str]) -> None:
        self.rank = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items):
        items[:] = sorted((item for item in items if item.nodeid in self.rank), key=lambda i: self.rank[i.nodeid])


class _Mutated(SourceFileLoader):
    """Loads a module from a text that is not in its file."""

    text = ""

    def get_code(self, fullname: str):
        return compile(self.text, self.path, "exec", dont_inherit=True)


class _Finder:
    """Finds one module in a text, and leaves all others to Python."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text

    def find_spec(self, name: str, path=None, target=None) -> ModuleSpec | None:
        if name.rpartition(".")[2] not in (self.path.stem, self.path.parent.name):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.origin is None or Path(spec.origin).resolve() != self.path:
            return None
        spec.loader = _Mutated(name, spec.origin)
        spec.loader.text = self.text
        return spec


def survives(root: Path, path: Path, text: str, tests: list[str], seconds: float) -> str:
    """Run tests with another text in the place of a file; return killed, survived or timeout."""

    def work() -> int:
        sys.meta_path.insert(0, _Finder(path, text))
        files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
        return int(pytest.main([*files, *OPTIONS], plugins=[_Only(tests)]))

    os.chdir(root)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        code = fork(work, seconds, log)
        if code == int(pytest.ExitCode.NO_TESTS_COLLECTED):
            raise SystemExit(f"no test was found again:\n{log.read_text()[-2000:]}")
    return {None: "timeout", 0: "survived"}.get(code, "killed")
