"""The graph as one page to move, zoom, search and point at; it needs no network, since the page contains Bokeh."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalkit.core.discovery import Discovery
from causalkit.core.truth import Truth
from causalkit.display.effects import signed
from causalkit.display.formats import MISSING, p_value, score
from causalkit.display.labels import one_line
from causalkit.io.atomic import atomic_path
from causalkit.plotting import style
from causalkit.plotting.appearance import current
from causalkit.plotting.chosen import Chosen, Drawn, choose_edges
from causalkit.plotting.formats import check_interactive
from causalkit.plotting.geometry import Geometry, geometry_of
from causalkit.plotting.names import wrapped
from causalkit.plotting.part import MOST
from causalkit.plotting.signs import WORDS, color

if TYPE_CHECKING:
    from bokeh.model import Model

_WIDTH, _HEIGHT = 1000, 760
_VERDICTS = {"true": "a true edge", "false": "not in the truth", "missed": "a true edge that was not found"}
_PAGE = """
{% block preamble %}
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body { background: {{ paper }}; color: {{ ink }}; font-family: sans-serif; margin: 12px; }</style>
{% endblock %}
"""
_POLICY = (
    # Bokeh lies within the page, and makes functions of the code of its callbacks. Nothing comes from outside.
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; "
    "font-src data:; base-uri 'none'; form-action 'none'"
)
_FIND = """
const wanted = cb_obj.value_input !== undefined && cb_obj.value_input !== "" ? cb_obj.value_input : cb_obj.value;
const text = (wanted || "").trim().toLowerCase();
const found = new Set();
const names = Array.from(series.data["name"], (name) => name.toLowerCase());
const exact = names.includes(text);  // a whole name means this series, not all that begin like it
names.forEach((name, i) => { if (text && (exact ? name === text : name.includes(text))) found.add(i); });
const near = new Set(found);
const edge = edges.data;
edge["cause"].forEach((cause, i) => {
  const effect = edge["effect"][i];
  const joined = found.has(cause) || found.has(effect);
  if (joined) { near.add(cause); near.add(effect); }
  edge["shown"][i] = !text || joined ? edge["opacity"][i] : 0.06;
  heads.data["shown"][i] = edge["shown"][i];
  middles.data["shown"][i] = edge["shown"][i];
});
series.data["shown"] = names.map((_, i) => !text || near.has(i) ? 1.0 : 0.15);
series.data["border"] = names.map((_, i) => found.has(i) ? 3.5 : 1.2);
for (const one of [series, edges, heads, middles]) one.change.emit();
result.text = !text ? "" : found.size + " of " + names.length + " series found";
"""


class InteractiveGraph:
    """A graph to move, zoom, search and point at: notebooks show it, and a page contains it whole."""

    def __init__(self, page: str, height: int) -> None:
        self._page = page
        self._height = height

    def save(self, path: str | Path) -> Path:
        """Write an .html file.

        Raises:
            WrongUsageError: the folder cannot be written.
        """
        path = Path(path)
        with atomic_path(path) as temporary:
            # A name may contain half of a surrogate pair, which no encoding can write.
            temporary.write_text(self._page, encoding="utf-8", errors="replace")
        return path

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{html.escape(self._page)}" width="100%" height="{self._height + 120}" '
            'style="border: 0" title="Interactive graph"></iframe>'
        )

    def __repr__(self) -> str:
        return "<interactive graph; write it with .save(path)>"


def interactive_graph(
    discovery: Discovery,
    *,
    truth: Truth | None = None,
    top: int | None = None,
    self_edges: bool | None = None,
    layout: str = "auto",
) -> InteractiveGraph:
    """Draw the summary graph as a page.

    Pointing at a series shows its whole name and its numbers of causes and effects, pointing at an edge its lag, score,
    sign and p-value. The search field highlights series and their edges.

    Args:
        discovery: what to draw.
        truth: paints edges as true, false or missed.
        top: number of edges; default: as in the picture "graph".
        self_edges: list self-edges in the description of their series; default: only where one was selected.
        layout: one of `LAYOUTS`.

    Raises:
        WrongUsageError: bokeh is not installed.
    """
    check_interactive()
    from bokeh.embed import file_html
    from bokeh.resources import INLINE

    chosen = choose_edges(discovery, truth, top=top, self_edges=self_edges, lagged=False)
    shown = list(range(len(discovery.names)))
    if discovery.sparse:
        shown = sorted(chosen.series) or shown[:MOST]
    geometry = geometry_of(discovery.names, shown, chosen, layout)
    title = current().title
    heading = f"Summary graph: {chosen.title}" if title is None else one_line(title)
    width, height = _size()
    model = _model(discovery, chosen, geometry, heading, (width, height))
    look = {"paper": style.PAPER, "ink": style.INK, "policy": _POLICY}
    page = file_html(model, INLINE, title=heading or "Summary graph", template=_PAGE, template_variables=look)
    return InteractiveGraph(page, height)


def _size() -> tuple[int, int]:
    """Return width and height in pixels: 96 for an inch."""
    size = current().size
    return (_WIDTH, _HEIGHT) if size is None else (round(96 * size[0]), round(96 * size[1]))


def _model(discovery: Discovery, chosen: Chosen, geometry: Geometry, heading: str, size: tuple[int, int]) -> Model:
    from bokeh.layouts import column, row
    from bokeh.models import AutocompleteInput, ColumnDataSource, CustomJS, Div, HoverTool, Range1d
    from bokeh.plotting import figure

    left, right, low, high = geometry.limits
    plot = figure(
        width=size[0],
        height=size[1],
        x_range=Range1d(left, right),
        y_range=Range1d(low, high),
        match_aspect=True,
        tools="pan,wheel_zoom,box_zoom,reset,save",
        active_scroll="wheel_zoom",
        sizing_mode="scale_width",
        background_fill_color=style.PAPER,
        border_fill_color=style.PAPER,
        outline_line_color=style.FAINT,
    )
    plot.toolbar.logo = None
    plot.axis.visible = False
    plot.grid.visible = False
    edges, heads, middles = _edge_data(discovery, chosen, geometry)
    plot.multi_line(
        "xs", "ys", source=edges, line_width="width", line_color="color", line_alpha="shown", line_dash="dash"
    )  # fmt: skip
    lines = plot.multi_line(  # as wide as fingers and mice need; a shadow when it is pointed at
        "xs", "ys", source=edges, line_width=14, line_alpha=0.0, hover_line_color=style.INK, hover_line_alpha=0.25
    )
    plot.scatter(
        "x", "y", source=heads, marker="triangle", size="size", angle="angle", color="color", alpha="shown",
        line_color=None,
    )  # fmt: skip
    if discovery.lags > 1:
        plot.text(  # the patch below a number is larger than the number, else thick lines hide it
            "x", "y", text="lag", source=middles, text_font_size="10px", text_align="center",
            text_baseline="middle", text_color=style.INK, text_alpha="shown", background_fill_color=style.PAPER,
            background_fill_alpha="shown", padding=2, border_radius=4,
        )  # fmt: skip
    series = ColumnDataSource(_series_data(discovery, chosen, geometry))
    circles = plot.circle(
        "x", "y", source=series, radius="radius", fill_color=style.NODE, line_color=style.INK, line_width="border",
        fill_alpha="shown", line_alpha="shown", hover_fill_color=style.ORANGE,
    )  # fmt: skip
    plot.text(
        "name_x", "name_y", text="label", source=series, text_font_size="11px", text_color=style.INK,
        text_alpha="shown", text_align="align", text_baseline="middle", angle="angle",
    )  # fmt: skip
    about_series = [("series", "@name"), ("effects", "@effects"), ("causes", "@causes"), ("own past", "@own")]
    about_edge = [("edge", "@words"), ("lag", "@lags"), ("score", "@score"), ("sign", "@sign"), ("size", "@size")]
    about_edge += [("p-value", "@p")] if discovery.pair_p_values is not None else []
    about_edge += [("truth", "@verdict")] if any(edge.verdict != "unknown" for edge in chosen.drawn) else []
    plot.add_tools(
        HoverTool(renderers=[circles], tooltips=about_series, point_policy="snap_to_data"),
        HoverTool(renderers=[lines], tooltips=about_edge, line_policy="interp"),
    )
    result = Div(text="", styles={"color": style.MUTED, "padding-top": "6px"})
    field = AutocompleteInput(
        completions=[one_line(discovery.names[one]) for one in geometry.series],
        case_sensitive=False,
        search_strategy="includes",
        min_characters=1,
        restrict=False,
        placeholder="Search a series",
        width=260,
    )
    find = CustomJS(
        args={"series": series, "edges": edges, "heads": heads, "middles": middles, "result": result}, code=_FIND
    )
    field.js_on_change("value", find)
    field.js_on_change("value_input", find)
    words = Div(text=f"<b>{html.escape(heading)}</b><br>{_explained(chosen)}", styles={"color": style.INK})
    return column(words, row(field, result), plot, sizing_mode="stretch_width")


def _explained(chosen: Chosen) -> str:
    """Return what colours mean, as markup."""
    if chosen.signed:
        entries = [(color(sign), words) for sign, words in WORDS.items()]
    elif any(edge.verdict != "unknown" for edge in chosen.drawn):
        entries = [(style.BLUE, "true"), (style.VERMILLION, "false (dashed)"), (style.MUTED, "missed (dotted)")]
    else:
        entries = [(style.BLUE, "edge")]
    marks = [f'<span style="color:{shade}">&#9632;</span> {html.escape(words)}' for shade, words in entries]
    return " &nbsp; ".join([*marks, "wide: large score", "drag to move, scroll to zoom"])


def _edge_data(discovery: Discovery, chosen: Chosen, geometry: Geometry) -> tuple[Any, Any, Any]:
    """Return the lines, the heads and the middles of edges between different series."""
    from bokeh.models import ColumnDataSource

    numbers = {series: number for number, series in enumerate(geometry.series)}
    drawn = [edge for edge in chosen.drawn if edge.cause != edge.effect]
    curves = [geometry.curve(edge) for edge in drawn]
    opacity = [0.35 if edge.verdict == "missed" else 0.5 + 0.5 * edge.score / chosen.strongest for edge in drawn]
    looks = [_look(edge) for edge in drawn]
    common = {"color": [shade for shade, _ in looks], "shown": list(opacity)}
    facts = [_facts(discovery, edge) for edge in drawn]
    edges = ColumnDataSource(
        {
            **common,
            "xs": [curve[:, 0].tolist() for curve in curves],
            "ys": [curve[:, 1].tolist() for curve in curves],
            "width": [1.0 + 5.0 * edge.score / chosen.strongest for edge in drawn],
            "opacity": opacity,
            "dash": [dash for _, dash in looks],
            "cause": [numbers[edge.cause] for edge in drawn],
            "effect": [numbers[edge.effect] for edge in drawn],
            **{key: [one[key] for one in facts] for key in ("words", "lags", "score", "sign", "size", "p", "verdict")},
        }
    )
    heads = ColumnDataSource(
        {
            **common,
            "shown": list(opacity),
            "x": [float(curve[-1, 0]) for curve in curves],
            "y": [float(curve[-1, 1]) for curve in curves],
            "angle": [geometry.head_angle(curve) for curve in curves],
            "size": [8.0 + 7.0 * edge.score / chosen.strongest for edge in drawn],
        }
    )
    middles = ColumnDataSource(
        {
            "x": [float(curve[len(curve) // 2, 0]) for curve in curves],
            "y": [float(curve[len(curve) // 2, 1]) for curve in curves],
            "lag": [str(edge.lag) for edge in drawn],
            "shown": list(opacity),
        }
    )
    return edges, heads, middles


def _look(edge: Drawn) -> tuple[str, str]:
    """Return colour and dash of an edge."""
    if edge.sign is not None:
        return color(edge.sign), {"raises": "", "lowers": "9 5", "unclear": "2 5"}[edge.sign]
    return {"false": (style.VERMILLION, "9 5"), "missed": (style.MUTED, "2 5")}.get(edge.verdict, (style.BLUE, ""))


def _facts(discovery: Discovery, edge: Drawn) -> dict[str, str]:
    """Return what pointing at an edge shows."""
    place = edge.cause, edge.effect, edge.lag - 1
    effects, p_values = discovery.effects, discovery.pair_p_values
    return {
        "words": f"{one_line(discovery.names[edge.cause])} → {one_line(discovery.names[edge.effect])}",
        "lags": str(edge.lag),
        "score": score(edge.score),
        "sign": WORDS[edge.sign] if edge.sign is not None else MISSING,
        "size": MISSING if effects is None else signed(float(effects.mean[place])),
        "p": MISSING if p_values is None else p_value(float(p_values[place[:2]])),
        "verdict": _VERDICTS.get(edge.verdict, MISSING),
    }


def _series_data(discovery: Discovery, chosen: Chosen, geometry: Geometry) -> dict[str, list[Any]]:
    """Return the places of series, and what pointing at them shows."""
    apart = [edge for edge in chosen.edges if edge.cause != edge.effect]
    own = {edge.cause for edge in chosen.edges if edge.cause == edge.effect}
    places = [geometry.places[series] for series in geometry.series]
    names = [geometry.name(series) for series in geometry.series]
    size = len(places)
    return {
        "x": [x for x, _ in places],
        "y": [y for _, y in places],
        "name": [one_line(discovery.names[one]) or f"#{one + 1}" for one in geometry.series],
        "label": wrapped(discovery.names, 22, 3, shown=geometry.series),
        **{key: [one[place] for one in names] for place, key in enumerate(("name_x", "name_y", "angle", "align"))},
        "radius": [geometry.radii[series] for series in geometry.series],
        "effects": [sum(edge.cause == one for edge in apart) for one in geometry.series],
        "causes": [sum(edge.effect == one for edge in apart) for one in geometry.series],
        "own": ["acts on its own next steps" if one in own else MISSING for one in geometry.series],
        "shown": [1.0] * size,
        "border": [1.2] * size,
    }
