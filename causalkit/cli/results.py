"""How a discovery and its evaluation look on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from causalkit.cli.console import note, print_table

if TYPE_CHECKING:
    from causalkit.discovery import Discovery
    from causalkit.truth import Truth

POLICIES = {"exclude": "without self-edges", "include": "with self-edges"}


def show_discovery(discovery: Discovery, top: int, *, quiet: bool = False) -> None:
    """Print what was done (stderr) and the edges between different series (stdout)."""
    for line in facts(discovery):
        note(line, quiet=quiet)
    chosen = discovery.selected is not None
    frame = discovery.edges(None if chosen else top, self_edges=chosen, selected_only=chosen)
    columns = ["cause", "effect", "lag", "score"]
    if discovery.p_values is not None:
        columns.append("p_value")
    frequencies = (discovery.selection or {}).get("frequencies")
    if chosen and frequencies is not None:
        place = {name: position for position, name in enumerate(discovery.names)}
        pairs = zip(frame["cause"], frame["effect"], strict=True)
        frame = frame.assign(frequency=[float(frequencies[place[cause]][place[effect]]) for cause, effect in pairs])
        columns.append("frequency")
    rows = [[_cell(value) for value in row] for row in frame[columns].itertuples(index=False)]
    rule = discovery.selection["rule"] if discovery.selection else ""
    edges = "1 edge" if len(rows) == 1 else f"{len(rows)} edges"
    title = f"{edges} selected by {rule}" if chosen else f"The strongest {edges} between different series"
    print_table(columns, rows, title=title, numbers=("lag", "score", "p_value", "frequency"))
    for line in confidence(discovery):
        note(line, quiet=quiet)


def confidence(discovery: Discovery) -> list[str]:
    """Return in sentences what is known of how sure the edges are, and what was not tested."""
    if discovery.selected is not None:
        return list((discovery.selection or {}).get("notes", ()))
    size = len(discovery.names)
    if discovery.pair_p_values is not None:
        return [
            f"Each p-value is of one test; among {size * (size - 1)} pairs of different series some are small by "
            "chance. No edge was selected. To limit the share of false edges: --select fdr:0.05"
        ]
    return [
        "Scores rank edges; none was selected and nothing was tested. Choose edges with --select, for example "
        f"--select top-k:{2 * size}; to test them, --select surrogate:0.05 or --select stability, which fit the method "
        "again many times"
    ]


def facts(discovery: Discovery) -> list[str]:
    """Return in sentences what was done."""
    data, config = discovery.data, discovery.config
    lengths = data["steps"]
    span = f"{min(lengths)}" if min(lengths) == max(lengths) else f"{min(lengths)} to {max(lengths)}"
    count = data["realisations"]
    realisations = "1 realisation" if count == 1 else f"{count} realisations"
    lines = [
        f"data     {data['source']}: {data['series']} series, {realisations} of {span} steps"
        + (f", {data['missing_cells']} missing cells" if data["missing_cells"] else "")
    ]
    if "windows" in data:
        dropped = f"{data.get('dropped', 0)} dropped for missing cells"
        lines.append(f"windows  {data['windows']} used, {dropped}; lag {discovery.lags}")
    lines.append(f"method   {discovery.method}" + _parts(config))
    lines.append(f"run      device {discovery.device}, seed {discovery.seed}, {discovery.seconds:.1f} s")
    lines += [f"note     {text}" for text in discovery.notes]
    return lines


def metrics_table(discovery: Discovery, truth: Truth) -> dict[str, dict[str, float]]:
    """Return every metric that applies, by diagonal policy."""
    return {policy: discovery.evaluate(truth, diagonal=policy) for policy in POLICIES}  # type: ignore[arg-type]


def show_metrics(discovery: Discovery, truth: Truth, *, quiet: bool = False) -> None:
    """Print all metrics under both policies for self-edges."""
    from causalkit.evaluation import Evaluation

    table = metrics_table(discovery, truth)
    names = list(dict.fromkeys(name for column in table.values() for name in column))
    rows = [[name, *(_cell(table[policy].get(name, "")) for policy in POLICIES)] for name in names]
    title = f"Compared with {truth.source}: {truth.count} edges"
    if truth.scope is not None:
        title += f" between {len(truth.scope)} of {len(truth.names)} series; no other pair is judged"
    if truth.diagonal is not None:
        title += f"; this truth is meant to be judged {POLICIES[truth.diagonal]}"
    print_table(["metric", *POLICIES.values()], rows, title=title, numbers=tuple(POLICIES.values()))
    evaluation = Evaluation.of(discovery, truth, "include")
    if discovery.selected is None:
        note("Metrics of a selected graph (f1, precision, ...) need --select.", quiet=quiet)
    elif discovery.selection and not discovery.selection.get("self_edges", discovery.selection.get("self-edges")):
        rule = str(discovery.selection["rule"])
        said = "The rule leaves self-edges out; counted with them, each true self-edge is a missed one."
        if "self_edges" in discovery.selection or "self-edges" in discovery.selection:
            said += f" Select them too with --select {rule}{',' if ':' in rule else ':'}self-edges=true"
        note(said, quiet=quiet)
    if evaluation.lost_lags:
        note(f"{evaluation.lost_lags} true edges act at lags above {discovery.lags} and cannot be found.", quiet=quiet)


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
    return f"{value:.4g}" if isinstance(value, float) else str(value)
