"""Build the wheels of core and plugins, install them away from the source tree and run one discovery.

    python tests/packaging/check_wheels.py
    python tests/packaging/check_wheels.py --sbom causalkit.cdx.json    # keep the list of all that is installed

Needs build, cyclonedx-bom and hatchling; makes a virtual environment in a temporary folder.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "examples" / "causalkit-ridge-granger"
EXPECTED = {
    "causalkit": ["causalkit/py.typed", "causalkit/plugins/hookspecs.py", "causalkit/cli/main.py"],
    "causalkit_grngc": ["causalkit_grngc/method.py"],
}


def main() -> None:
    """Raise at the first thing that is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sbom", type=Path, metavar="FILE", help="write the software bill of materials (CycloneDX) there"
    )
    kept = parser.parse_args().sbom
    projects = [ROOT, *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml")), TUTORIAL]
    with tempfile.TemporaryDirectory(prefix="causalkit-wheels-") as scratch:
        folder = Path(scratch)
        wheels = [build(project, folder / "dist") for project in projects]
        for wheel in wheels:
            inspect(wheel)
        programs = install(wheels, folder / "venv")
        bill = bill_of_materials(wheels, programs)
        if kept is not None:
            kept.write_text(json.dumps(bill, indent=2), encoding="utf-8")
        try_out(programs, folder / "work")
        try_tutorial(programs, folder / "tutorial")
    print(f"{len(wheels)} wheels work: " + ", ".join(wheel.name for wheel in wheels))


def build(project: Path, target: Path) -> Path:
    """Return the wheel of a project."""
    before = set(target.glob("*.whl"))
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(project)])
    (wheel,) = set(target.glob("*.whl")) - before
    return wheel


def inspect(wheel: Path) -> None:
    """Check that a wheel holds its package and its licence, and nothing else."""
    names = zipfile.ZipFile(wheel).namelist()
    package = wheel.name.split("-")[0]
    foreign = [name for name in names if not name.startswith((f"{package}/", f"{package}-"))]
    assert not foreign, f"{wheel.name} holds files outside of {package}: {foreign[:5]}"
    lacking = [name for name in EXPECTED.get(package, []) if name not in names]
    assert not lacking, f"{wheel.name} lacks {lacking}"
    waste = [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert not waste, f"{wheel.name} holds {waste[:5]}"
    home = TUTORIAL if (TUTORIAL / package).is_dir() else ROOT
    sources = {path.relative_to(home).as_posix() for path in (home / package).rglob("*") if path.is_file()}
    left_out = sorted(name for name in sources - set(names) if "__pycache__" not in name)
    assert not left_out, f"{wheel.name} leaves out {left_out[:5]}"


def install(wheels: list[Path], folder: Path) -> Path:
    """Install the wheels into a new environment by one pip call; return the folder of its programs."""
    venv.create(folder, with_pip=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    python = str(programs / "python")
    constraints = str(ROOT / "constraints.txt")
    run([python, "-m", "pip", "install", "--no-compile", "-q", "-c", constraints, *map(str, wheels)])
    run([python, "-m", "pip", "check"])
    return programs


def bill_of_materials(wheels: list[Path], programs: Path) -> dict[str, Any]:
    """Return what is installed with the wheels as a CycloneDX document, without the places where the wheels lay."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible", str(programs / "python")]
    bill: dict[str, Any] = json.loads(run(command))
    components = {component["name"].replace("-", "_"): component for component in bill["components"]}
    for wheel in wheels:
        name, version, *_ = wheel.name.split("-")
        component = components[name]
        assert component["version"] == version, component
        assert component.get("licenses") or (TUTORIAL / name).is_dir(), f"{name} names no licence"
        component.pop("externalReferences", None)
    used = set(components)
    assert {"torch", "numpy", "pluggy", "click", "networkx", "pandas", "statsmodels"} <= used, sorted(used)
    assert "file:" not in json.dumps(bill)
    return bill


def try_out(programs: Path, folder: Path) -> None:
    """Run the installed command line in an empty folder."""
    folder.mkdir()
    command = str(programs / "causalkit")
    plugins = json.loads(run([command, "plugins", "--json"], folder))
    assert {plugin["status"] for plugin in plugins} == {"active"}, plugins
    assert {"builtin", "grngc"} <= {plugin["name"] for plugin in plugins}, plugins
    options = ["-s", "training.epochs=50", "--select", "top-k:30", "-o", "edges.csv", "--plot", "graph.png"]
    shown = run([command, "discover", "--dataset", "lorenz96", *options], folder)
    print(shown)
    assert "30 edges selected by top-k:30" in shown
    with (folder / "edges.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0])[:6] == ["cause", "effect", "lag", "score", "p_value", "selected"], rows[0]
    assert (folder / "graph.png").stat().st_size > 10_000


def try_tutorial(programs: Path, folder: Path) -> None:
    """Check the method of the tutorial as an author does, and a new plugin of every kind, away from the source tree."""
    folder.mkdir()
    command, python = str(programs / "causalkit"), str(programs / "python")
    print(run([command, "check", "ridge-granger"], folder))
    shown = run(
        [command, "discover", "--dataset", "lagged-pair", "-m", "ridge-granger", "--select", "fdr:0.05"], folder
    )
    assert "1 edge selected by fdr" in shown, shown
    kinds = run([python, "-c", "import causalkit.scaffold as s; print(*s.KINDS)"], folder).split()
    each(lambda kind: run([command, "new-plugin", f"fresh-{kind}", "--kind", kind], folder), kinds)
    run([python, "-m", "pip", "install", "-q", "hatchling"], folder)
    made = [str(path) for path in sorted(folder.glob("causalkit-fresh-*"))]
    assert len(made) == len(kinds) >= 11, made
    run([python, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", *made], folder)
    each(lambda kind: run([command, "check", f"fresh-{kind}"], folder), kinds)


def each(task: Callable[[str], Any], kinds: list[str]) -> None:
    """Do a task for every kind of plugin, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(task, kinds))


def run(command: list[str], folder: Path | None = None) -> str:
    """Run a command without the source tree in reach; return what it printed, or show all of it and fail."""
    print("$", " ".join(command), flush=True)
    inherited = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        command, cwd=folder, env=inherited, text=True, encoding="utf-8", stdout=subprocess.PIPE, check=False
    )
    if done.returncode:
        raise SystemExit(f"{done.stdout}\n{' '.join(command)} ended with exit code {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    main()
