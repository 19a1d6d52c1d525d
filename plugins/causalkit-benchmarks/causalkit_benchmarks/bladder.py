"""Bladder carcinoma (BLCA): the user's own expression table, put in the order of a pseudo-time."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from causalkit import Panel, Truth
from causalkit.errors import DataError, ParameterError, WrongUsageError, did_you_mean
from causalkit_benchmarks.bladder_example import GUIDE, write_tables
from causalkit_benchmarks.catalogue import facts
from causalkit_benchmarks.choices import TruthOrientation, chosen_genes, supplied_truth

if TYPE_CHECKING:
    import pandas as pd

_TIMES = ("pseudotime", "pseudo-time", "pseudo_time", "dpt_pseudotime", "time", "order", "rank")


def blca(
    item: str | None = None,
    expression: str | None = None,
    order: str | None = None,
    truth: str | None = None,
    truth_orientation: TruthOrientation | None = None,
    genes: tuple[str, ...] = (),
    layout: Literal["auto", "samples-in-rows", "genes-in-rows"] = "auto",
) -> tuple[Panel, Truth | None]:
    """Return samples in the order of their pseudo-time as one realisation; all files are the user's own.

    Args:
        item: "example" for made tables.
        expression: table (csv or tsv) of samples and genes, with names in the first row and the first column.
        order: table (csv or tsv) with a header, of samples and their pseudo-times; or of samples only, in order.
        truth: file with a known graph of the genes.
        truth_orientation: what the rows of a bare matrix in that file are.
        genes: those to use; default: all of the table.
        layout: what the rows of the expression table are; "auto" goes by the names of the samples.

    Raises:
        ParameterError: a table is not named; the error says which tables are needed.
        DataError: a file is missing or malformed, or the files do not fit together; the error names the place.
    """
    facts("blca", item)  # a wrong item is an error
    if item is not None:
        if expression or order or truth:
            raise WrongUsageError(f"blca:{item} has tables of its own", "use --dataset blca for your tables")
        return _example(genes)
    if expression is None or order is None:
        missing = [f"dataset.{key}" for key, path in (("expression", expression), ("order", order)) if path is None]
        raise ParameterError(
            f"blca reads tables of your own; not set: {' and '.join(missing)}",
            "see which tables with: causalkit show blca",
            GUIDE,
        )
    table = _table(Path(expression))
    samples, times = _order(Path(order))
    rows, columns = set(table.index), set(table.columns)
    if layout == "genes-in-rows" or (layout == "auto" and samples[0] not in rows and samples[0] in columns):
        table = table.T
    absent = [sample for sample in samples if sample not in set(table.index)]
    if absent:
        raise DataError(
            f"{order}: {len(absent)} of {len(samples)} samples are not in {expression}, first {absent[0]!r}",
            did_you_mean(absent[0], table.index, listed=6),
        )
    names = chosen_genes(genes or tuple(table.columns), set(table.columns), expression)
    chosen = table.loc[samples, list(names)]
    notes = [f"{len(samples)} samples in the order of their pseudo-time count as equally spaced in time"]
    if len(samples) < len(table):
        notes.append(f"{len(table) - len(samples)} samples without a pseudo-time are left out")
    if times is not None and len(set(times)) < len(times):
        notes.append("some samples share a pseudo-time; they keep the order of the file")
    panel = Panel((_numbers(chosen, expression),), names, f"BLCA, {expression}", tuple(notes))
    return panel, supplied_truth(truth, names, truth_orientation)


def _example(genes: tuple[str, ...]) -> tuple[Panel, Truth | None]:
    """Return the made example, read from files like tables of the user; it has no truth of chosen genes."""
    with TemporaryDirectory() as folder:
        expression, order, truth = map(str, write_tables(Path(folder)))
        panel, graph = blca(expression=expression, order=order, truth=None if genes else truth, genes=genes)
    notes = ("this example is made up: it shows the form of the tables, and nothing about tumours", *panel.notes)
    made = "BLCA, made example"
    return replace(panel, source=made, notes=notes), graph and replace(graph, source=made)


def _table(path: Path) -> pd.DataFrame:
    """Return a table of text with unique names of rows and columns."""
    table = _text(path)
    table = table.set_index(table.columns[0])
    for what, labels in (("row", table.index), ("column", table.columns)):
        if labels.has_duplicates:
            name = labels[labels.duplicated()][0]
            raise DataError(f"{path}: duplicate {what} {name!r}", "remove or merge the duplicates")
    if not table.shape[1]:
        raise DataError(f"{path} has a single column", "write the names of samples or genes, then their values")
    return table


def _order(path: Path) -> tuple[list[str], list[float] | None]:
    """Return the samples in order, and their pseudo-times where the file has them."""
    table = _text(path)
    samples = [str(name) for name in table.iloc[:, 0]]
    twice = {name for name in samples if samples.count(name) > 1} if len(set(samples)) < len(samples) else set()
    if twice or not samples:
        raise DataError(
            f"{path}: duplicate sample {sorted(twice)[0]!r}" if twice else f"{path} names no sample",
            "list every sample once, with its pseudo-time",
        )
    others = list(table.columns[1:])
    if not others:
        return samples, None
    named = [name for name in others if name.lower() in _TIMES]
    if len(named) != 1 and len(others) != 1:
        raise DataError(
            f"{path}: several columns may be the pseudo-time: {', '.join(others)}",
            "keep the samples and one column called pseudotime",
        )
    column = named[0] if named else others[0]
    times = _numbers(table[[column]].set_axis(samples), str(path))[:, 0]
    ranked = np.argsort(times, kind="stable")
    return [samples[position] for position in ranked], times[ranked].tolist()


def _text(path: Path) -> pd.DataFrame:
    """Return a file as text; the delimiter is whichever of tab, comma and semicolon its first line has most of."""
    import pandas as pd

    tabular = (pd.errors.ParserError, pd.errors.EmptyDataError)
    try:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8-sig") as stream:
            first = stream.readline()
        delimiter = max("\t,;", key=first.count)
        return pd.read_csv(path, sep=delimiter, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist", "name a csv or tsv file of your own") from error
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, *tabular) as error:
        raise DataError(f"{path}: not a readable table ({' '.join(str(error).split())})", "give csv or tsv") from error


def _numbers(table: pd.DataFrame, source: str) -> NDArray[np.float64]:
    """Return cells as finite numbers, naming the first that is none."""
    import pandas as pd

    values: NDArray[np.float64] = table.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        row, column = wrong[0]
        raise DataError(
            f"{source}: {table.index[row]}, {table.columns[column]}: {table.iat[row, column]!r} is not a finite number",
            "fill in the value, or leave the sample or the gene out",
        )
    return values
