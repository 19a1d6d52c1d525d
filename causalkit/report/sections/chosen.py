"""What a method selected by validation error, with the curve of errors."""

from __future__ import annotations

from causalkit.core.discovery import Discovery
from causalkit.display.labels import name, shorten
from causalkit.display.words import listed
from causalkit.report.blocks import Block, Bullets, Figures, Picture, Section, Text
from causalkit.report.picture import Album


def chosen(discovery: Discovery, album: Album) -> Section | None:
    """Return a sentence and a picture for each parameter that the method selected; None where it selected none.

    What alternatives would have selected follows in a list of its own.
    """
    if not discovery.choices:
        return None
    from causalkit.plotting import plot_choice, style
    from causalkit.plotting.choice_curve import panels

    used, unused = (
        [shorten(f"{choice.sentence()}.", 600) for choice in discovery.choices if bool(choice.within) == within]
        for within in (False, True)
    )
    drawn: list[Picture] = []
    for choice, alternatives in panels(discovery.choices):
        ax = plot_choice(choice, alternatives=alternatives, ax=style.new_axes(None, (5.8, 3.9)))
        how = "was chosen" if len(choice.candidates) > 1 else "was the only candidate"
        what = f"{name(choice.chosen_label)} {how}" if not choice.within else f"{name(choice.within)} was not used"
        alt = f"Held-out error of each candidate for {name(choice.parameter)}; {what}."
        if alternatives:
            alt += f" Grey: {listed([name(other.within) for other in alternatives])}, not used."
        value = "NAME" if choice.labels else "VALUE"
        drawn.append(album.picture(style.root(ax), alt, f"Set it with -s {name(choice.parameter)}={value}."))
    words = (
        "The method selected these parameters by its forecast error on held-out parts of the data, without a truth. A "
        "flat curve means that the forecast hardly depends on the parameter. All candidates forecast the same parts, "
        "so error bars that overlap do not mean that two candidates forecast equally well."
    )
    blocks: list[Block] = [Text(words), Bullets(used)]
    if unused:
        blocks += [Text("What was compared but not used:", "note"), Bullets(unused)]
    blocks.append(Figures(drawn, "medium"))
    return Section("chosen", "Chosen by the method", blocks)
