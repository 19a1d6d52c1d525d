"""``causalkit doctor``."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from causalkit import __version__
from causalkit.cli.options import json_option, print_json
from causalkit.display.words import count
from causalkit.errors import CausalkitError, PluginError
from causalkit.plugins.records import Method
from causalkit.plugins.registry import registry

PACKAGES = (
    "torch",
    "numpy",
    "scipy",
    "pandas",
    "statsmodels",
    "scikit-learn",
    "networkx",
    "matplotlib",
    "pluggy",
    "click",
    "pydantic",
)
AUROC = 0.9
"""What the small discovery reaches where all is well; it reaches 1 on every machine that was tried."""


@click.command(
    epilog="""\b
Examples:
  causalkit doctor
  causalkit doctor --json > doctor.json
"""
)
@json_option
def doctor(as_json: bool) -> None:
    """Describe this installation and try a small discovery, for reports of faults.

    It names versions, plugins, processors, memory, devices and folders, and takes about ten seconds. It sends nothing
    anywhere.
    """
    found = {}
    for name, question in QUESTIONS.items():
        if not as_json:
            click.echo(name)  # before the question: where one hangs, it is the last line
        found[name] = answers = _asked(question)
        if not as_json:
            _print(answers)
    if as_json:
        print_json(found)
    trial = found["small discovery"]
    if "error" in trial:
        raise PluginError(f"the small discovery failed: {trial['error']}", "report it with all of the above")
    if trial["AUROC"] < AUROC:
        raise PluginError(
            f"the small discovery has an AUROC of {trial['AUROC']}, and {AUROC} or more where all is well",
            "report it with all of the above",
        )


def _print(answers: dict[str, Any]) -> None:
    width = max(map(len, answers), default=0)
    for key, answer in answers.items():
        click.echo(f"  {key:{width}}  {answer}")


def _asked(question: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the answers to a question, or why there are none: a sick installation has to be described, too."""
    try:
        return question()
    except Exception as error:
        said = str(error) if isinstance(error, CausalkitError) else f"{type(error).__name__}: {error}"
        return {"error": " ".join(said.split())}


def _versions() -> dict[str, Any]:
    found = {"causalkit": __version__, "python": f"{platform.python_version()} ({sys.executable})"}
    found["system"] = f"{platform.system()} {platform.release()} {platform.machine()}"
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def _plugins() -> dict[str, Any]:
    return {one.key: f"{one.version}, {one.status}{': ' if one.error else ''}{one.error}" for one in registry().plugins}


def _machine() -> dict[str, Any]:
    import torch
    from threadpoolctl import threadpool_info

    from causalkit.core.memory import available

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    libraries = {f"{one['internal_api']} {one['version']}, {one['num_threads']} threads" for one in threadpool_info()}
    found = {
        "processors": f"{usable} usable of {os.cpu_count()}",
        "threads of torch": torch.get_num_threads(),
        "numeric libraries": "; ".join(sorted(libraries)),
        "free memory": f"{available() / 2**30:.1f} GiB",
        "devices": "cpu",
    }
    if torch.cuda.is_available():
        names = (torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count()))
        found["devices"] = ", ".join(["cpu", *(f"cuda:{number} {name}" for number, name in enumerate(names))])
    return found


def _settings() -> dict[str, Any]:
    """Return the environment variables that change what causalkit does, and whether files can be written."""
    found: dict[str, Any] = {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith("CAUSALKIT_") or name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
    }
    try:
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"causalkit")
        found["temporary files"] = f"can be written in {tempfile.gettempdir()}"
    except OSError as error:
        found["temporary files"] = f"cannot be written: {error.strerror or error}; name another folder with TMPDIR"
    return found


def _downloads() -> dict[str, Any]:
    """Return where downloaded data sets are, whether more can be written there, and what they take."""
    given = os.environ.get("CAUSALKIT_CACHE")
    if given:
        folder = Path(given).expanduser().absolute()
    else:
        try:
            pooch = importlib.import_module("pooch")
        except ImportError:
            return {"folder": "none: causalkit-benchmarks is not installed"}
        folder = Path(pooch.os_cache("causalkit"))
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return {
        "folder": str(folder),
        "state": _state_of(folder),
        "content": f"{count(len(sizes), 'file')}, {sum(sizes) / 2**20:.1f} MiB",
    }


def _state_of(folder: Path) -> str:
    """Return whether files can be written into a folder, which is made when it is needed."""
    there = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    try:
        with tempfile.TemporaryFile(dir=there):
            return "can be written" if there == folder else "is made when something is downloaded"
    except OSError as error:
        what = "cannot be written" if there == folder else f"cannot be made in {there}"
        return f"{what}: {error.strerror or error}; name another one with CAUSALKIT_CACHE or --data-home"


def _trial() -> dict[str, Any]:
    from causalkit import api

    panel, truth = api.simulate("lorenz96", seed=0, series=5, steps=200)
    methods = [one.record.name for one in registry().all(Method)]
    method = api.DEFAULT_METHOD if api.DEFAULT_METHOD in methods else "var"
    start = time.monotonic()
    found = api.discover(panel, method=method, lag=1)
    seconds = time.monotonic() - start
    assert truth is not None
    return {"method": method, "AUROC": round(found.evaluate(truth)["auroc"], 4), "seconds": round(seconds, 1)}


QUESTIONS: dict[str, Callable[[], dict[str, Any]]] = {
    "versions": _versions,
    "plugins": _plugins,
    "machine": _machine,
    "settings": _settings,
    "downloads": _downloads,
    "small discovery": _trial,
}
