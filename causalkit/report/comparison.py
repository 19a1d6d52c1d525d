"""The report of a comparison, section by section."""

from __future__ import annotations

from causalkit.display.labels import name
from causalkit.display.words import count
from causalkit.report.blocks import Page
from causalkit.report.results import Results


def comparison_page(results: Results) -> Page:
    """Return the report of the records of a comparison."""
    from causalkit.plotting.method_looks import method_looks
    from causalkit.report.picture import Album
    from causalkit.report.sections.accuracy import accuracy
    from causalkit.report.sections.choices import choices
    from causalkit.report.sections.convergence import convergence
    from causalkit.report.sections.cost import cost
    from causalkit.report.sections.curves import curves
    from causalkit.report.sections.environment import environment
    from causalkit.report.sections.failures import failures
    from causalkit.report.sections.maps import maps
    from causalkit.report.sections.ranks import ranks
    from causalkit.report.sections.summary import summary
    from causalkit.report.sections.training import training

    looks, album = method_looks(results.methods), Album()
    sections = [
        summary(results),
        accuracy(results, looks),
        ranks(results, album),
        curves(results, looks, album),
        maps(results, album),
        cost(results, looks, album),
        convergence(results, looks, album),
        training(results, looks, album),
        failures(results),
        choices(results),
        environment(results),
    ]
    facts = [
        count(len(results.methods), "method"),
        count(len(results.data), "data set"),
        count(len(results.seeds), "seed"),
        f"{count(len(results.done), 'result')} of {count(len(results.records), 'cell')}",
    ]
    if results.folder:
        facts.append(f"records in {name(results.folder, 80)}")
    return Page(
        "Comparison of causal discovery methods", facts, [section for section in sections if section], album.letters
    )
