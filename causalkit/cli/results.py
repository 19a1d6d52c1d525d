"""A discovery and its evaluation on a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from causalkit.cli.console import RANKED, note, print_table
from causalkit.core.pairs import rows_of
from causalkit.core.shell import argument
from causalkit.display.candidates import selected_edges
from causalkit.display.discovery import standard_error_note
from causalkit.display.effects import explained, size
from causalkit.display.findings import pair_findings
from causalkit.display.formats import MISSING, duration, number
from causalkit.display.instantaneous import listing
from causalkit.display.labels import POLICIES
from causalkit.display.windows import fewest_windows
from causalkit.display.words import count, span

if TYPE_CHECKING:
    import pandas as pd

    from causalkit.core.discovery import Discovery
    from causalkit.core.truth import Truth

MOST_ROWS = 1000
"""Selected edges that a terminal shows, unless the user asks for more."""


def show_discovery(discovery: Discovery, top: int | None, *, quiet: bool = False) -> None:
    """Print what was done (stderr) and the edges between different series (stdout), ``top`` at most."""
    for line in facts(discovery):
        note(line, quiet=quiet)
    chosen = discovery.selected is not None
    found = discovery.selected is not None and bool(rows_of(discovery.selected).any())
    frame = discovery.edges(top or (MOST_ROWS if found else RANKED), selected_only=found)
    all_selected = int(rows_of(discovery.selected).sum()) if found else 0
    frame, columns = _with_confidence(discovery, frame)
    rows = [[_cell(value) for value in row] for row in frame[columns].itertuples(index=False)]
    rule = discovery.selection["rule"] if discovery.selection else ""
    edges = count(len(rows), "edge")
    strongest = "The strongest edge" if len(rows) == 1 else f"The strongest {edges}"
    title = f"{selected_edges(discovery)} selected by {rule}" if found else f"{strongest} between different series"
    if all_selected > len(rows):
        title = f"{strongest} of {all_selected:,} selected by {rule}"
        title += "" if top else "; a file has all of them: -o edges.csv"
    if chosen and not found:
        nothing = "No edge was tested" if _all_untested(discovery) else "No edge was selected"
        title = f"{nothing} by {rule}. {title}"
    print_table(columns, rows, title=title, numbers=columns[2:])
    for line in (*listing(discovery), *confidence(discovery)):
        note(line, quiet=quiet)


def _all_untested(discovery: Discovery) -> bool:
    """Did a rule test p-values and find none that it could test?"""
    import numpy as np

    return discovery.joint_p_values is not None and bool(np.isnan(rows_of(discovery.joint_p_values)).all())


def _with_confidence(discovery: Discovery, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return edges with their standard errors, p-values and frequencies, and the columns to show."""
    import numpy as np

    place = {name: position for position, name in enumerate(discovery.names)}
    cause = np.array([place[name] for name in frame["cause"]], dtype=np.intp)
    effect = np.array([place[name] for name in frame["effect"]], dtype=np.intp)
    known = _effects(discovery, cause, effect, frame["lag"].to_numpy() - 1)
    columns = ["cause", "effect", "lag", *known, "score"]
    shown = len(known)
    if discovery.standard_errors is not None:
        known["± se"] = discovery.standard_errors[cause, effect, frame["lag"].to_numpy() - 1]
    if discovery.p_values is not None:
        known["p_value"] = frame["p_value"]
    beside_lags = discovery.selected is not None and discovery.lags > 1
    if discovery.joint_p_values is not None and (discovery.p_values is None or beside_lags):
        known["p (all lags)"] = discovery.joint_p_values[cause, effect]  # selection rules use these
    known |= {title: values[cause, effect] for title, values in pair_findings(discovery).items()}
    return frame.assign(**known), [*columns, *list(known)[shown:]]


def _effects(discovery: Discovery, cause: Any, effect: Any, position: Any) -> dict[str, Any]:
    """Return the columns on sign and size of edges, given by their places."""
    effects = discovery.effects
    if effects is None:
        return {}
    places = zip(cause.tolist(), effect.tolist(), position.tolist(), strict=True)
    known: dict[str, Any] = {"effect size": [size(effects, place) for place in places]}
    if effects.same_sign is not None:
        known["same sign"] = [f"{share:.2f}" for share in effects.same_sign[cause, effect, position]]
    return known


def confidence(discovery: Discovery) -> list[str]:
    """Return sentences on the certainty of the edges: what was not tested, and which rules test it."""
    lines = list(filter(None, [standard_error_note(discovery), explained(discovery.effects)]))
    if discovery.selected is not None:
        return [*(discovery.selection or {}).get("notes", ()), *lines]
    if discovery.pair_p_values is None:
        return [*lines, *_untested(discovery)]
    pairs = int(discovery.pairs.apart.sum())
    tests = pairs if discovery.p_values is None else pairs * discovery.lags
    return [
        *lines,
        "No edge was selected. The p-values are not corrected for multiple tests: without any edge, about "
        f"{0.05 * tests:.3g} of {tests} are below 0.05. To limit the share of false edges: --select fdr:0.05, which "
        "relies on the method's own tests, or --select surrogate:0.05, which does not",
    ]


def _untested(discovery: Discovery) -> list[str]:
    """Explain that scores without a test only rank, and what a test costs."""
    from causalkit.selection import parse_rule

    surrogates = int(parse_rule("surrogate@causalkit:0.05").parameters["count"])
    halves = int(parse_rule("stability@causalkit").parameters["subsamples"])
    kept = discovery.refit is not None and discovery.refit.settled is not None
    return [
        "No edge was selected and nothing was tested: scores rank edges, and the strongest of them may be false",
        f"To test: --select surrogate:0.05 limits the share of false edges{_fits(discovery, surrogates, kept=kept)}; "
        f"--select stability limits their number{_fits(discovery, halves)}. "
        f"--select top-k:{2 * len(discovery.names)} takes the strongest pairs untested",
    ]


def _fits(discovery: Discovery, fits: int, *, kept: bool = False) -> str:
    """Return the number of fits of a rule, and their time if each takes as long as this one."""
    from causalkit.cli.refits import MIN_SECONDS

    if kept:
        return f" ({fits} fits that keep what this one chose, each shorter than it)"
    known = None if discovery.refit is None else discovery.refit.seconds
    seconds = fits * (discovery.seconds if known is None else known)
    time = f", about {duration(seconds, 2)} at the pace of this one" if seconds >= MIN_SECONDS else ""
    return f" ({fits} fits{time})"


def facts(discovery: Discovery) -> list[str]:
    """Return in sentences what was done."""
    data, config = discovery.data, discovery.config
    realisations = count(data["realisations"], "realisation")
    lines = [
        f"data     {data['source']}: {data['series']} series, {realisations} of {span(data['steps'])} steps"
        + (f", {count(data['missing_cells'], 'missing cell')}" if data["missing_cells"] else "")
    ]
    if "windows" in data:
        dropped = f"{data.get('dropped', 0)} dropped for missing cells"
        fewest = fewest_windows(data)
        lines.append(
            f"windows  {data['windows']} used, {dropped}; lag {discovery.lags}" + (f"; {fewest}" if fewest else "")
        )
    lines.append(f"method   {discovery.method}" + _parts(config))
    said = (choice.sentence() for choice in discovery.choices if not choice.within)
    lines += [f"chosen   {sentence}" for sentence in said if sentence not in discovery.notes]
    lines.append(f"run      device {discovery.device}, seed {discovery.seed}, {duration(discovery.seconds)}")
    lines += [f"note     {text}" for text in discovery.notes]
    return lines


def metrics_table(discovery: Discovery, truth: Truth) -> dict[str, dict[str, float]]:
    """Return all metrics that apply, with and without self-edges."""
    return {policy: discovery.evaluate(truth, diagonal=policy) for policy in POLICIES}  # type: ignore[arg-type]


def show_metrics(discovery: Discovery, truth: Truth, *, quiet: bool = False) -> None:
    """Print all metrics, with and without self-edges."""
    from causalkit.evaluation import Evaluation

    table = metrics_table(discovery, truth)
    names = list(dict.fromkeys(name for column in table.values() for name in column))
    rows = [[name, *(_cell(table[policy].get(name, "")) for policy in POLICIES)] for name in names]
    title = f"Compared with {truth.source}: {count(truth.count, 'edge')}"
    if truth.scope is not None:
        title += f" between {len(truth.scope)} of {len(truth.names)} series; other pairs are not counted"
    if truth.diagonal is not None:
        title += f"; count this truth {POLICIES[truth.diagonal]}"
    print_table(["metric", *POLICIES.values()], rows, title=title, numbers=tuple(POLICIES.values()))
    if discovery.selected is None:
        note("Metrics of a selected graph (f1, precision, ...) need --select.", quiet=quiet)
    elif discovery.selection and not discovery.selection.get("self_edges", discovery.selection.get("self-edges")):
        rule = str(discovery.selection["rule"])
        text = "The rule leaves self-edges out, so every true self-edge counts as missed in the last column."
        if "self_edges" in discovery.selection or "self-edges" in discovery.selection:
            whole = argument(f"{rule}{',' if ':' in rule else ':'}self-edges=true")
            text += f" Select them too with --select {whole}"
        note(text, quiet=quiet)
    if lost := Evaluation.of(discovery, truth, "include").lost_lags:
        verb = "has a lag" if lost == 1 else "have lags"
        note(f"{count(lost, 'true edge')} {verb} above {discovery.lags} and cannot be found.", quiet=quiet)


def _parts(config: Any) -> str:
    if "forecaster" not in config:
        return ""
    penalties = []
    for part in config["regularizer"]:
        details = [f"strength {part['strength']}"] if "strength" in part else []
        details += [part["estimator"]] if "estimator" in part else []
        penalties.append(part["name"] + (f" ({', '.join(details)})" if details else ""))
    return f": forecaster {config['forecaster']['name']}, regularizer {' + '.join(penalties)}"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return MISSING if math.isnan(value) else number(value)
    return str(value)
