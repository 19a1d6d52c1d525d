"""causalkit: Granger-causal graphs from multivariate time series, with plugins.

```python
import causalkit

discovery = causalkit.discover(frame, method="grngc", lag=3)
print(discovery.summary())
```

Heavy parts are imported when they are first used, so that ``import causalkit`` is cheap and plugins can import the
names they need from here.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from causalkit.contributions import (
    Contribution,
    Dataset,
    DatasetItem,
    Forecaster,
    Method,
    Metric,
    Reader,
    Regularizer,
    Writer,
)
from causalkit.errors import CausalkitError
from causalkit.hookspecs import hookimpl

if TYPE_CHECKING:
    from causalkit.api import discover, pretrain, read, simulate
    from causalkit.choices import Choice
    from causalkit.discovery import Discovery
    from causalkit.interventions import Intervention
    from causalkit.knowledge import Knowledge
    from causalkit.panel import Panel
    from causalkit.preparation import Preparation
    from causalkit.run import Run
    from causalkit.truth import Truth

__version__ = "1.0.0"

_LAZY = {
    "Choice": "causalkit.choices",
    "Discovery": "causalkit.discovery",
    "Intervention": "causalkit.interventions",
    "Knowledge": "causalkit.knowledge",
    "Panel": "causalkit.panel",
    "Preparation": "causalkit.preparation",
    "Run": "causalkit.run",
    "Truth": "causalkit.truth",
    "discover": "causalkit.api",
    "pretrain": "causalkit.api",
    "read": "causalkit.api",
    "simulate": "causalkit.api",
}

__all__ = [
    "CausalkitError",
    "Choice",
    "Contribution",
    "Dataset",
    "DatasetItem",
    "Discovery",
    "Forecaster",
    "Intervention",
    "Knowledge",
    "Method",
    "Metric",
    "Panel",
    "Preparation",
    "Reader",
    "Regularizer",
    "Run",
    "Truth",
    "Writer",
    "__version__",
    "discover",
    "hookimpl",
    "pretrain",
    "read",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'causalkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
