"""A picture of a discovery that shows itself in notebooks and writes itself to files."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalkit.core.truth import Truth, checked_truth
from causalkit.errors import ParameterError, UnknownNameError, WrongUsageError, did_you_mean
from causalkit.plotting.appearance import Appearance, drawn_as
from causalkit.plotting.formats import check_suffix, is_interactive
from causalkit.plotting.kinds import INTERACTIVE_KIND, KINDS, drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalkit.core.discovery import Discovery
    from causalkit.core.panel import Panel
    from causalkit.plotting.interactive import InteractiveGraph

_GIVEN = ("discovery", "ax", "axes")
_WITHOUT_CHOICE = "this result has no automatically selected parameter: each was given or has its default"


class Picture:
    """What ``discovery.plot(kind)`` returns: notebooks (Jupyter, marimo, VS Code) show it as it is.

    Attributes:
        figure: of matplotlib, to change or add to.
        kind: one of `KINDS`.
        appearance: theme, size and so on.
    """

    def __init__(self, figure: Figure, kind: str, appearance: Appearance) -> None:
        self.figure = figure
        self.kind = kind
        self.appearance = appearance

    def save(self, path: str | Path) -> Path:
        """Write a .png, .svg or .pdf file.

        Raises:
            WrongUsageError: the suffix is not supported, or the folder cannot be written.
        """
        from causalkit.plotting.saving import save_figure

        return save_figure(self.figure, path, dpi=self.appearance.dpi)

    def _repr_png_(self) -> bytes:
        from causalkit.plotting.saving import figure_bytes

        return figure_bytes(self.figure, ".png", dpi=self.appearance.dpi)

    def _repr_svg_(self) -> str:
        from causalkit.plotting.saving import figure_bytes

        return figure_bytes(self.figure, ".svg").decode("utf-8")

    def __repr__(self) -> str:
        width, height = self.figure.get_size_inches()
        return f"<picture {self.kind}, {width:.3g} by {height:.3g} inches; write it with .save(path)>"


def picture(discovery: Discovery, kind: str = "overview", *, truth: Truth | None = None, **options: Any) -> Picture:
    """Draw one picture.

    Args:
        discovery: what to draw.
        kind: one of `KINDS`.
        truth: a known graph to compare with; "ranking" needs one, "training", "choices" and "response" ignore it.
        options: ``dpi``, ``size`` (inches, or a text such as "180x120mm"), ``title``, ``full_names`` and ``theme``
            ("light", "dark", "grey") for every kind, and those of the kind, for example ``top=20`` for "graph",
            ``lag=2`` for "heatmap", or ``cause="a", effect="b"`` for "response".

    Raises:
        WrongUsageError: an unknown kind or option, a ranking without a truth, or choices where none was made.
    """
    truth = truth if truth is None else checked_truth(truth)
    check_kind(discovery, kind, truth)
    appearance = Appearance.take(options)
    draw = drawing(kind)
    check_options(draw, kind, options)
    from causalkit.plotting.style import retitle, root

    with drawn_as(appearance):
        if "truth" in inspect.signature(draw).parameters:
            options["truth"] = truth
        drawn = draw(discovery, **options)
        figure = drawn if kind == "overview" else root(drawn[0] if isinstance(drawn, tuple) else drawn)
        if appearance.title is not None:
            retitle(figure, appearance.title)
    return Picture(figure, kind, appearance)


def picture_of_series(panel: Panel, **options: Any) -> Picture:
    """Draw the series of a panel.

    Args:
        panel: to draw.
        options: those of `picture` for every kind, and ``top``, the number of series.

    Raises:
        WrongUsageError: an unknown option.
    """
    from causalkit.plotting.series import plot_series

    appearance = Appearance.take(options)
    check_options(plot_series, "series", options, given=("panel",))
    with drawn_as(appearance):
        figure = plot_series(panel, **options)
        if appearance.title is not None:
            figure.axes[0].set_title(appearance.title)
    return Picture(figure, "series", appearance)


def plot(
    discovery: Discovery, path: str | Path, kind: str = "overview", truth: Truth | None = None, **options: Any
) -> Path:
    """Draw one picture and write it to a .png, .svg or .pdf file, or the graph to an interactive .html file.

    Args:
        discovery: what to draw.
        path: of the file; its suffix chooses the format. An .html file shows the interactive graph.
        kind: one of `KINDS`.
        truth: a known graph to compare with; "ranking" needs one, "training", "choices" and "response" ignore it.
        options: as `picture` takes them.

    Returns:
        The path.

    Raises:
        WrongUsageError: an unknown kind, suffix or option, a ranking without a truth, or choices where none was made.
    """
    show(discovery, kind, path, truth=truth, **options)
    return Path(path)


def show(
    discovery: Discovery,
    kind: str = "overview",
    path: str | Path | None = None,
    *,
    truth: Truth | None = None,
    **options: Any,
) -> Picture | InteractiveGraph:
    """Return a picture, and write it where a path is given; ``discovery.plot`` calls this."""
    from causalkit.io.atomic import check_writable

    interactive = kind == INTERACTIVE_KIND
    if path is not None:
        interactive |= is_interactive(check_writable(check_suffix(path, interactive=True)))
    drawn: Picture | InteractiveGraph
    if interactive:
        drawn = _interactive(discovery, kind, path, truth, options)
    else:
        drawn = picture(discovery, kind, truth=truth, **options)
    if path is not None:
        drawn.save(path)
    return drawn


def _interactive(
    discovery: Discovery, kind: str, path: str | Path | None, truth: Truth | None, options: dict[str, Any]
) -> InteractiveGraph:
    if kind not in ("overview", "graph", INTERACTIVE_KIND):
        raise WrongUsageError(f"the picture {kind} has no interactive form", "draw a graph, or end the name in .svg")
    if path is not None and not is_interactive(Path(path)):
        raise WrongUsageError(f"cannot draw {path}: an interactive graph is a page", "end the name in .html")
    from causalkit.plotting.interactive import interactive_graph

    truth = truth if truth is None else checked_truth(truth)
    appearance = Appearance.take(options)
    check_options(interactive_graph, "interactive", options, given=("discovery", "appearance"))
    with drawn_as(appearance):
        return interactive_graph(discovery, truth=truth, **options)


def check_kind(discovery: Discovery, kind: str, truth: Truth | None) -> None:
    """Refuse a picture that the discovery cannot have.

    Raises:
        WrongUsageError: an unknown kind, a ranking without a truth, or choices where none was made.
    """
    if kind == "series":
        raise WrongUsageError(
            "the picture series shows measurements, not a result", "draw a panel with causalkit.plotting.plot_series"
        )
    if kind not in KINDS:
        raise UnknownNameError(f"there is no picture {kind!r}", did_you_mean(kind, (*KINDS, INTERACTIVE_KIND)))
    if kind == "ranking" and truth is None:
        raise WrongUsageError(
            "the picture ranking needs a truth to compare the scores with",
            "name the known graph: --truth FILE, or truth=... in Python",
        )
    if kind == "choices" and not discovery.choices:
        raise WrongUsageError(
            _WITHOUT_CHOICE,
            "let a neural method select one: -s regularizer.strength=auto, "
            'or params={"regularizer.strength": "auto"} in Python',
        )


def check_options(
    draw: Callable[..., Any], kind: str, options: dict[str, Any], given: tuple[str, ...] = _GIVEN
) -> None:
    """Refuse options that a picture does not have.

    Raises:
        ParameterError: there is one.
    """
    known = set(inspect.signature(draw).parameters) - set(given) - {"truth"}
    offered = known | set(Appearance.__dataclass_fields__)
    for option in options:
        if option not in known:
            raise ParameterError(f"the picture {kind} has no option {option!r}", did_you_mean(option, offered))
