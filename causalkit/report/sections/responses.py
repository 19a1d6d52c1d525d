"""The response curves of the strongest edges."""

from __future__ import annotations

from causalkit.core.discovery import Discovery
from causalkit.display.labels import edge, name
from causalkit.report.blocks import Figures, Section, Text
from causalkit.report.picture import Album

WORDS = (
    "How the forecast of the effect changes with the cause, all else as it was, in the units of the data. The mean "
    "over all windows is 0. A curve averages over the states of the other series. Where these switch the sign of the "
    "effect, it is flat, although the effect is there."
)
BAND = "Bands are two standard errors wide on either side."


def responses(discovery: Discovery, album: Album) -> Section | None:
    """Return the curves that are part of the result; None where there are none."""
    if not discovery.responses:
        return None
    from causalkit.plotting import plot_response, style

    banded = any(response.low is not None for response in discovery.responses)
    pictures = []
    for one in discovery.responses:
        ax = plot_response(discovery, cause=one.cause, effect=one.effect)
        pictures.append(album.picture(style.root(ax), f"Response curve of {edge(name(one.cause), name(one.effect))}."))
    words = f"{WORDS} {BAND}" if banded else WORDS
    return Section("responses", "Response curves", [Text(words), Figures(pictures, "third")])
