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

from causalkit._moved import install
from causalkit.errors import CausalkitError
from causalkit.plugins.hookspecs import hookimpl
from causalkit.plugins.records import (
    Contribution,
    Dataset,
    DatasetItem,
    Forecaster,
    Method,
    Metric,
    Operation,
    Reader,
    Regularizer,
    SelectionRule,
    Writer,
)

if TYPE_CHECKING:
    from causalkit.api import build_method, discover, parameter_tree, parameters_of, pretrain, read, simulate
    from causalkit.core.choice import Choice
    from causalkit.core.discovery import Discovery
    from causalkit.core.effects import Effects
    from causalkit.core.instantaneous import Instantaneous
    from causalkit.core.interventions import Intervention
    from causalkit.core.knowledge import Knowledge
    from causalkit.core.pairs import Pairs
    from causalkit.core.panel import Panel
    from causalkit.core.preparation import Preparation
    from causalkit.core.refit import Refit
    from causalkit.core.response import Response
    from causalkit.core.run import Run
    from causalkit.core.truth import Truth
    from causalkit.core.windows import Windows
    from causalkit.estimator import CausalDiscovery

__version__ = "1.0.0"

install()

_LAZY = {
    "CausalDiscovery": "causalkit.estimator",
    "Choice": "causalkit.core.choice",
    "Discovery": "causalkit.core.discovery",
    "Effects": "causalkit.core.effects",
    "Instantaneous": "causalkit.core.instantaneous",
    "Intervention": "causalkit.core.interventions",
    "Knowledge": "causalkit.core.knowledge",
    "Pairs": "causalkit.core.pairs",
    "Panel": "causalkit.core.panel",
    "Preparation": "causalkit.core.preparation",
    "Refit": "causalkit.core.refit",
    "Response": "causalkit.core.response",
    "Run": "causalkit.core.run",
    "Truth": "causalkit.core.truth",
    "Windows": "causalkit.core.windows",
    "build_method": "causalkit.api",
    "discover": "causalkit.api",
    "parameter_tree": "causalkit.api",
    "parameters_of": "causalkit.api",
    "pretrain": "causalkit.api",
    "read": "causalkit.api",
    "simulate": "causalkit.api",
}

__all__ = [
    "CausalDiscovery",
    "CausalkitError",
    "Choice",
    "Contribution",
    "Dataset",
    "DatasetItem",
    "Discovery",
    "Effects",
    "Forecaster",
    "Instantaneous",
    "Intervention",
    "Knowledge",
    "Method",
    "Metric",
    "Operation",
    "Pairs",
    "Panel",
    "Preparation",
    "Reader",
    "Refit",
    "Regularizer",
    "Response",
    "Run",
    "SelectionRule",
    "Truth",
    "Windows",
    "Writer",
    "__version__",
    "build_method",
    "discover",
    "hookimpl",
    "parameter_tree",
    "parameters_of",
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
