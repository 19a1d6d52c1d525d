"""Pictures, one a module; each takes a discovery, or a panel for that of the series, and returns matplotlib axes.

```python
from causalkit.plotting import plot, plot_heatmap

discovery.plot("graph")                 # shows itself in a notebook
discovery.plot("graph", "graph.pdf", theme="grey", size="180x120mm")
plot(discovery, "graph.png", kind="graph", truth=truth)
axes = plot_heatmap(discovery, lag=2)
```

Nothing here touches pyplot or matplotlib's settings, and matplotlib is imported when the first picture is drawn.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from causalkit.display.labels import shorten
from causalkit.plotting.appearance import Appearance
from causalkit.plotting.draw import Picture, picture, picture_of_series, plot
from causalkit.plotting.formats import SUFFIXES, check_suffix
from causalkit.plotting.kinds import DRAWINGS, INTERACTIVE_KIND, KINDS, LAYOUTS
from causalkit.plotting.themes import THEMES

if TYPE_CHECKING:
    from causalkit.plotting import style as style
    from causalkit.plotting.choice_curve import plot_choice as plot_choice
    from causalkit.plotting.choice_curve import plot_choices as plot_choices
    from causalkit.plotting.convergence import Converging as Converging
    from causalkit.plotting.convergence import plot_convergence as plot_convergence
    from causalkit.plotting.cost import plot_accuracy_against_cost as plot_accuracy_against_cost
    from causalkit.plotting.heatmap import plot_heatmap as plot_heatmap
    from causalkit.plotting.lag_graph import plot_lags as plot_lags
    from causalkit.plotting.matrices import plot_scores as plot_scores
    from causalkit.plotting.matrices import plot_truth as plot_truth
    from causalkit.plotting.mean_curves import plot_precision_recall as plot_precision_recall
    from causalkit.plotting.mean_curves import plot_roc_curves as plot_roc_curves
    from causalkit.plotting.overview import plot_overview as plot_overview
    from causalkit.plotting.ranking import plot_ranking as plot_ranking
    from causalkit.plotting.response import plot_response as plot_response
    from causalkit.plotting.saving import save_figure as save_figure
    from causalkit.plotting.series import plot_series as plot_series
    from causalkit.plotting.summary_graph import plot_graph as plot_graph
    from causalkit.plotting.training import plot_training as plot_training
    from causalkit.plotting.training_spread import plot_training_spread as plot_training_spread

_MODULES = {
    **{name: module for module, name in (one.split(":") for one in DRAWINGS.values())},
    "plot_choice": "choice_curve",
    "plot_roc_curves": "mean_curves",
    "plot_precision_recall": "mean_curves",
    "plot_accuracy_against_cost": "cost",
    "plot_convergence": "convergence",
    "Converging": "convergence",
    "plot_truth": "matrices",
    "plot_scores": "matrices",
    "plot_training_spread": "training_spread",
    "plot_series": "series",
    "save_figure": "saving",
}

__all__ = [
    "INTERACTIVE_KIND",
    "KINDS",
    "LAYOUTS",
    "SUFFIXES",
    "THEMES",
    "Appearance",
    "Picture",
    "check_suffix",
    "picture",
    "picture_of_series",
    "plot",
    "shorten",
    "style",
    *_MODULES,
]


def __getattr__(name: str) -> Any:
    if name == "style":
        return importlib.import_module(f"{__name__}.style")
    if name in _MODULES:
        return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
