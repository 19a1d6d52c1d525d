"""What does importing a plugin do? Asked in a new process, because this one has imported it already."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from causalkit.plugins.registry import KINDS, Plugin, registry
from causalkit.testing.result import CheckFailed, DoesNotApply, require

_SECONDS = 300
_LONGEST = 300
_SCRIPT = """
import importlib, json, sys
from causalkit.testing.result import CheckFailed
from causalkit.testing.watching import Watch

watch = Watch()
with watch.watching():
    for module in json.loads(sys.argv[1]):
        importlib.import_module(module)
found = []
for ask in (watch.require_silence, watch.require_settings):
    try:
        ask()
    except CheckFailed as failure:
        found.append(str(failure))
print(json.dumps(found))
"""


def imports_quietly(plugin: Plugin) -> None:
    """Import the module of a plugin, and those of its factories; fail if that printed or changed a setting."""
    module = registry().module_of(plugin).partition(":")[0]
    if not module:
        raise DoesNotApply("its module is not known")
    records = [provided.record for kind in KINDS for provided in registry().all(kind) if provided.plugin == plugin]
    named = [one.factory.partition(":")[0] for one in records if isinstance(one.factory, str)]
    modules = json.dumps(list(dict.fromkeys([module, *named])))
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, modules],
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise CheckFailed(f"in a new process, it cannot be imported: {said[:_LONGEST]}")
    found = json.loads(done.stdout.splitlines()[-1])
    require(not found, f"on import, {'; '.join(found)}: do this in the function that needs it")
