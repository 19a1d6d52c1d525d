"""Pictures, one a module; each takes a discovery, or a panel for that of the series, and returns matplotlib axes.

```python
from causalkit.plotting import plot, plot_heatmap

plot(discovery, "graph.png", kind="graph", truth=truth)
axes = plot_heatmap(discovery, lag=2)
```

Nothing here touches pyplot or matplotlib's settings, and matplotlib is imported when the first picture is drawn.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalkit.display.labels import shorten
from causalkit.errors import ParameterError, UnknownNameError, WrongUsageError, did_you_mean
from causalkit.plotting.formats import SUFFIXES, check_suffix

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery
    from causalkit.core.truth import Truth
    from causalkit.plotting import style as style
    from causalkit.plotting.choice_curve import plot_choice as plot_choice
    from causalkit.plotting.choice_curve import plot_choices as plot_choices
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
    "plot_overview": "overview",
    "plot_heatmap": "heatmap",
    "plot_graph": "summary_graph",
    "plot_lags": "lag_graph",
    "plot_training": "training",
    "plot_response": "response",
    "plot_choices": "choice_curve",
    "plot_choice": "choice_curve",
    "plot_ranking": "ranking",
    "plot_roc_curves": "mean_curves",
    "plot_precision_recall": "mean_curves",
    "plot_accuracy_against_cost": "cost",
    "plot_truth": "matrices",
    "plot_scores": "matrices",
    "plot_training_spread": "training_spread",
    "plot_series": "series",
    "save_figure": "saving",
}
KINDS = ("overview", "heatmap", "graph", "lags", "training", "choices", "response", "ranking")

__all__ = ["KINDS", "SUFFIXES", "check_suffix", "plot", "shorten", "style", *_MODULES]


def __getattr__(name: str) -> Any:
    if name == "style":
        return importlib.import_module(f"{__name__}.style")
    if name in _MODULES:
        return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def plot(
    discovery: Discovery, path: str | Path, kind: str = "overview", truth: Truth | None = None, **options: Any
) -> Path:
    """Draw one picture and write it to a .png, .svg or .pdf file.

    Args:
        kind: one of `KINDS`.
        truth: a known graph to compare with; "ranking" needs one, "training", "choices" and "response" ignore it.
        options: of the picture, for example ``top=20`` for "graph", ``lag=2`` for "heatmap", or
            ``cause="a", effect="b"`` for "response".

    Returns:
        The path.

    Raises:
        WrongUsageError: an unknown kind, suffix or option, a ranking without a truth, or choices where none was made.
    """
    if kind == "series":
        raise WrongUsageError(
            "the picture series shows measurements, not a result", "draw a panel with causalkit.plotting.plot_series"
        )
    if kind not in KINDS:
        raise UnknownNameError(f"there is no picture {kind!r}", did_you_mean(kind, KINDS))
    if kind == "ranking" and truth is None:
        raise WrongUsageError(
            "the picture ranking needs a truth to compare the scores with", "name the known graph with --truth FILE"
        )
    if kind == "choices" and not discovery.choices:
        raise WrongUsageError(
            "this result has no automatically selected parameter: each was given or has its default",
            "let a neural method select one, for example with -s regularizer.strength=auto",
        )
    from causalkit.io.atomic import check_writable
    from causalkit.plotting.response import plot_response as plot_response
    from causalkit.plotting.saving import save_figure
    from causalkit.plotting.style import root

    path = check_writable(check_suffix(path))
    draw: Callable[..., Any] = __getattr__(f"plot_{kind}")
    known = inspect.signature(draw).parameters
    for option in options:
        if option not in known or option in ("discovery", "ax", "axes"):
            offered = set(known) - {"discovery", "ax", "axes", "truth"}
            raise ParameterError(f"the picture {kind} has no option {option!r}", did_you_mean(option, offered))
    if "truth" in known:
        options["truth"] = truth
    drawn = draw(discovery, **options)
    figure = drawn if kind == "overview" else root(drawn[0] if isinstance(drawn, tuple) else drawn)
    return save_figure(figure, path)
