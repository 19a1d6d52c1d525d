"""Contract checks that plugin authors run on their own plugin.

```python
from causalkit.testing import assert_ok, check_plugin

def test_contract():
    assert_ok(check_plugin("my-plugin"))
```

``causalkit check my-plugin`` prints the same on the command line. Every check uses the ``test_params`` of the record,
so that authors decide what is small and fast. A contribution that cannot be loaded is a failed check, never a
traceback.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from causalkit.testing.dataset import check_dataset
    from causalkit.testing.forecaster import check_forecaster
    from causalkit.testing.method import check_method
    from causalkit.testing.metric import check_metric
    from causalkit.testing.operation import check_operation
    from causalkit.testing.plugin import check_plugin
    from causalkit.testing.reader import check_reader
    from causalkit.testing.regularizer import check_regularizer
    from causalkit.testing.result import CheckResult, assert_ok
    from causalkit.testing.selection_rule import check_selection_rule
    from causalkit.testing.writer import check_writer

_LAZY = {
    "CheckResult": "causalkit.testing.result",
    "assert_ok": "causalkit.testing.result",
    "check_dataset": "causalkit.testing.dataset",
    "check_forecaster": "causalkit.testing.forecaster",
    "check_method": "causalkit.testing.method",
    "check_metric": "causalkit.testing.metric",
    "check_operation": "causalkit.testing.operation",
    "check_plugin": "causalkit.testing.plugin",
    "check_reader": "causalkit.testing.reader",
    "check_regularizer": "causalkit.testing.regularizer",
    "check_selection_rule": "causalkit.testing.selection_rule",
    "check_writer": "causalkit.testing.writer",
}

__all__ = [
    "CheckResult",
    "assert_ok",
    "check_dataset",
    "check_forecaster",
    "check_method",
    "check_metric",
    "check_operation",
    "check_plugin",
    "check_reader",
    "check_regularizer",
    "check_selection_rule",
    "check_writer",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'causalkit.testing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
