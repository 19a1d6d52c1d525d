"""Writers of discoveries; each gets a path that becomes the user's file only when it is complete."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from causalkit.core.pairs import rows_of
from causalkit.display.labels import NOT_IN_XML
from causalkit.errors import DataError
from causalkit.io.results.record import ARRAYS_OF, to_record
from causalkit.io.tables.cells import spreadsheet_text

if TYPE_CHECKING:
    import networkx as nx

    from causalkit.core.discovery import Discovery

_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters, which have no encoding."""
_NOT_IN_DOT = re.compile(f"{NOT_IN_XML.pattern}|\r")
_ARRAYS = ("scores", "standard_errors", "p_values", "joint_p_values", "selected")


def write_json(discovery: Discovery, path: Path) -> None:
    """Write everything as strict JSON, one key a line; `causalkit.io.load` reads it back, bit for bit."""
    halves = any(map(_HALVES.search, discovery.names))
    with path.open("w", encoding="utf-8") as stream:
        stream.write("{\n")
        lines = (
            # Half of a character can only be written as an escape.
            f"  {json.dumps(key)}: {json.dumps(value, allow_nan=False, ensure_ascii=halves)}"
            for key, value in to_record(discovery).items()
        )
        stream.write(",\n".join(lines))
        stream.write("\n}\n")


def write_csv(discovery: Discovery, path: Path) -> None:
    """Write one row for each cause, effect and lag with a score, strongest first; see `causalkit.Discovery.edges`.

    A name that a spreadsheet would compute, such as ``=1+1``, gets an apostrophe in front, which makes it text there.
    """
    _check_names(discovery, "csv", _HALVES)
    edges = discovery.edges(self_edges=True)
    for column in ("cause", "effect"):
        edges[column] = edges[column].map(spreadsheet_text)
    # Python before 3.13 leaves a lone carriage return without quotation marks: what follows would be a new row.
    quoting = csv.QUOTE_NONNUMERIC if any("\r" in name for name in discovery.names) else csv.QUOTE_MINIMAL
    edges.to_csv(path, index=False, encoding="utf-8", lineterminator="\n", quoting=quoting)


def write_npz(discovery: Discovery, path: Path) -> None:
    """Write arrays as they are and everything else as JSON in the scalar ``metadata``; nothing is pickled."""
    metadata = to_record(discovery, without=(*_ARRAYS, *ARRAYS_OF, "pairs"))
    arrays: dict[str, Any] = {key: getattr(discovery, key) for key in _ARRAYS} | _parts(discovery)
    if discovery.sparse:
        arrays |= {"pairs.cause": discovery.pairs.cause, "pairs.effect": discovery.pairs.effect}
    present = {key: rows_of(array) for key, array in arrays.items() if array is not None}
    with path.open("wb") as stream:
        np.savez_compressed(stream, metadata=np.array(json.dumps(metadata, allow_nan=False)), **present)


def _parts(discovery: Discovery) -> dict[str, Any]:
    """Return the arrays of effects and same-step links, as ``effects.mean`` and so on."""
    arrays: dict[str, Any] = {}
    for part in ARRAYS_OF:
        if (record := getattr(discovery, part)) is not None:
            arrays |= {f"{part}.{field.name}": getattr(record, field.name) for field in dataclasses.fields(record)}
    return arrays


def write_graphml(discovery: Discovery, path: Path) -> None:
    """Write the summary graph as GraphML, for networkx, igraph, Cytoscape and yEd."""
    import networkx as nx

    nx.write_graphml_xml(_xml_graph(discovery, "graphml"), path)


def write_gexf(discovery: Discovery, path: Path) -> None:
    """Write the summary graph as GEXF, for Gephi."""
    import networkx as nx

    nx.write_gexf(_xml_graph(discovery, "gexf"), path)


def write_dot(discovery: Discovery, path: Path) -> None:
    """Write the summary graph for Graphviz; edges are labelled with the lag at which they are strongest."""
    _check_names(discovery, "dot", _NOT_IN_DOT)
    graph = discovery.graph()
    lines = ["digraph causalkit {"]
    # Graphviz takes & for the beginning of a letter, as HTML does, in labels only.
    labels = {name: f" [label={_quoted(name.replace('&', '&amp;'))}]" if "&" in name else "" for name in graph.nodes}
    lines.extend(f"  {_quoted(name)}{label};" for name, label in labels.items())
    for cause, effect, facts in graph.edges(data=True):
        attributes = {"label": f"lag {facts['lag']}", **facts}
        listed = ", ".join(f"{key}={_quoted(_text(value))}" for key, value in attributes.items())
        lines.append(f"  {_quoted(cause)} -> {_quoted(effect)} [{listed}];")
    path.write_text("\n".join([*lines, "}", ""]), encoding="utf-8")


def _check_names(discovery: Discovery, kind: str, forbidden: re.Pattern[str]) -> None:
    """Raise a `DataError` for a name that a file cannot hold."""
    for name in discovery.names:
        if forbidden.search(name):
            raise DataError(
                f"the series name {name!r} has a character that {kind} files cannot hold, such as a control character",
                "rename the series, or write a json file",
            )


def _quoted(text: str) -> str:
    """Return a quoted identifier; a backslash at its end would otherwise swallow the quotation mark."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _xml_graph(discovery: Discovery, kind: str) -> nx.DiGraph:
    """Return the summary graph, or raise a `DataError` for a name with a character that XML cannot represent."""
    _check_names(discovery, kind, NOT_IN_XML)
    return discovery.graph()
