"""The report of a single discovery, section by section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from causalkit.core.truth import checked_truth
from causalkit.display.formats import duration
from causalkit.display.labels import name
from causalkit.display.words import count
from causalkit.report.blocks import Page

if TYPE_CHECKING:
    from causalkit.core.discovery import Discovery
    from causalkit.core.truth import Truth


def discovery_page(discovery: Discovery, truth: Truth | None = None) -> Page:
    """Return the report of a discovery.

    Raises:
        DataError: the truth names series that the discovery does not have.
    """
    from causalkit.report.picture import Album
    from causalkit.report.sections.chosen import chosen
    from causalkit.report.sections.data import data
    from causalkit.report.sections.discovered import evaluation, found, pictures, settings, training
    from causalkit.report.sections.edges import edges
    from causalkit.report.sections.responses import responses
    from causalkit.report.sections.same_step import same_step

    if truth is not None:
        truth = checked_truth(truth).align(discovery.names)
    album = Album()
    sections = [
        found(discovery, truth),
        pictures(discovery, truth, album),
        edges(discovery, truth),
        same_step(discovery),
        responses(discovery, album),
        evaluation(discovery, truth, album),
        data(discovery),
        chosen(discovery, album),
        training(discovery, album),
        settings(discovery),
    ]
    facts = [
        f"method {name(discovery.method) if discovery.method else 'unknown'}",
        count(len(discovery.names), "series", "series"),
        count(discovery.lags, "lag"),
    ]
    if discovery.seed is not None:
        facts.append(f"seed {discovery.seed}")
    if discovery.seconds:
        facts.append(duration(discovery.seconds))
    return Page("Causal discovery", facts, [section for section in sections if section], album.letters)
