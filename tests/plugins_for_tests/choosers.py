"""Methods with candidates for their forecaster, among which the data choose."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

from causalkit import Method, hookimpl
from causalkit.plugins.registry import GROUP
from tests.plugins_for_tests.installing import REAL, installed


def chooser(**changes: Any) -> Method:
    """Return the record of a method that chooses between mlp and kan."""
    fields: dict[str, Any] = {
        "name": "chooser",
        "factory": "causalkit_grngc.method:grngc",
        "summary": "A method whose forecaster the data choose",
        "neural": True,
        "forecaster": "auto",
        "forecasters": ("mlp", "kan"),
        "regularizer": "gradient-l1",
        "defaults": {"forecaster.hidden": 12},
    }
    return Method(**fields | changes)


@contextmanager
def choosers() -> Iterator[None]:
    """Install them: one in order, others with a default, a missing candidate or a regularizer with needs."""
    module = ModuleType("fake_chooser")
    records = [
        chooser(),
        chooser(name="settled", forecaster="mlp"),
        chooser(name="lacking", forecasters=("mlp", "nowhere")),
        chooser(name="needy", forecasters=("kan", "mlp", "lstm"), regularizer="group-lasso"),
    ]
    module.causalkit_methods = hookimpl(lambda: records, specname="causalkit_methods")  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    try:
        with installed(beside=[*REAL, EntryPoint("fake-chooser", module.__name__, GROUP)], strict=True):
            yield
    finally:
        sys.modules.pop(module.__name__, None)
