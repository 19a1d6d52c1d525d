"""Training curves of the methods that train."""

from __future__ import annotations

from causalkit.display.labels import name
from causalkit.display.words import listed
from causalkit.plotting.method_looks import Look
from causalkit.report.blocks import Block, Figures, Picture, Section, Sub, Text
from causalkit.report.picture import Album
from causalkit.report.results import Results


def training(results: Results, looks: dict[str, Look], album: Album) -> Section | None:
    """Return for each neural method a picture a data set: forecast loss, validation loss and penalties."""
    from causalkit.plotting.style import root
    from causalkit.plotting.training_spread import plot_training_spread

    blocks: list[Block] = []
    without: list[str] = []
    for method in results.methods:
        pictures: list[Picture] = []
        for data in results.data:
            found = [results.discovery(record) for record in results.cells(method, data)]
            histories = [one.history for one in found if one is not None and any(one.history.values())]
            if not histories:
                continue
            ax = plot_training_spread(histories, title=data, color=looks[method].color)
            parts = ", ".join(key for key in histories[0] if key != "epoch")
            alt = f"Training of {name(method)} on {name(data)}: {parts}."
            pictures.append(album.picture(root(ax), alt))
        if pictures:
            blocks.append(Sub(name(method), [Figures(pictures, "third")]))
        elif results.cells(method):
            without.append(name(method))
    if not blocks:
        return None
    words = (
        "Mean over seeds; the band reaches from the lowest to the highest seed. Losses have the colour of the method, "
        "penalties are grey."
    )
    if without:
        who = "it does" if len(without) == 1 else "they do"
        words += f" No training history is recorded for {listed(without)}: {who} not train, or did not record it."
    return Section("training", "Training", [Text(words), *blocks])
