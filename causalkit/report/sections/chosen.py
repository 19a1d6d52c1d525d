"""Parameters that a method selected by validation error, with the curve of errors."""

from __future__ import annotations

from causalkit.core.discovery import Discovery
from causalkit.display.labels import name, shorten
from causalkit.report.blocks import Block, Bullets, Figures, Picture, Section, Text
from causalkit.report.picture import Album


def chosen(discovery: Discovery, album: Album) -> Section | None:
    """Return a sentence and a picture for each parameter that the method selected; None where it selected none."""
    if not discovery.choices:
        return None
    from causalkit.plotting import plot_choice, style

    sentences = [shorten(f"{choice.sentence()}.", 600) for choice in discovery.choices]
    drawn: list[Picture] = []
    for choice in discovery.choices:
        ax = plot_choice(choice, ax=style.new_axes(None, (5.8, 3.9)))
        alt = f"Held-out error of each candidate for {name(choice.parameter)}; {choice.chosen:g} was chosen."
        drawn.append(album.picture(style.root(ax), alt, f"Set it with -s {name(choice.parameter)}=VALUE."))
    words = (
        "The method selected these parameters by its forecast error on held-out parts of the data, without a truth. A "
        "flat curve means that the parameter hardly matters for these data. Where the error bars of two candidates "
        "overlap widely, another recording could lead to the other candidate."
    )
    blocks: list[Block] = [Text(words), Bullets(sentences), Figures(drawn, "medium")]
    return Section("chosen", "Chosen by the method", blocks)
