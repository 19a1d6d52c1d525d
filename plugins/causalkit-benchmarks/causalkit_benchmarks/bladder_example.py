"""A made example of the tables that `blca` reads, and what to say about them. Listings need no numpy to use it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from causalkit.errors import DataError, NotOfferedError, UnknownNameError
from causalkit.io import atomic_path
from causalkit_benchmarks.cache import data_home, prepare, unwritable

GENES = ("GENE1", "GENE2", "GENE3", "GENE4", "GENE5")
EDGES = (("GENE1", "GENE2"), ("GENE2", "GENE3"), ("GENE1", "GENE4"), ("GENE4", "GENE5"))
SAMPLES = 200
EXPRESSION, ORDER, TRUTH = "expression.csv", "order.csv", "truth.csv"
_FOLDER = "blca"
_SETTINGS = " ".join(
    f"--set dataset.{key}={_FOLDER}/{file}"
    for key, file in (("expression", EXPRESSION), ("order", ORDER), ("truth", TRUTH))
)

GUIDE = f"""\
blca reads two tables of your own, csv or tsv, also as .gz:
  dataset.expression   one row for each sample and one column for each gene, or the reverse; the first row and the first
                       column hold the names; every other cell is a number, for example log2 of a normalised count + 1
  dataset.order        a header, then one row for each sample: its name and its pseudo-time (a column pseudotime),
                       from a trajectory tool of your choice; or only the names, in order
  dataset.truth        optional: a known graph of the genes, for example a csv with the columns cause and effect
Choose some dozens of genes with --set dataset.genes=TP63,FOXA1,GATA3; 20,000 are too many.

Where people get expression: TCGA-BLCA, about 400 tumours, from https://portal.gdc.cancer.gov/projects/TCGA-BLCA, from
https://xenabrowser.net, or from the Bioconductor package curatedTCGAData. Expression tables are open access; the
TCGA publication guidelines apply. No pseudo-time comes with them. causalkit passes none of these data on.

A made example that runs:
  causalkit discover --dataset blca:example --method var --lag 1

Its tables, to see the form, in a folder {_FOLDER}, and the same result from these files:
  causalkit fetch blca:example --data-home .
  causalkit discover --dataset blca {_SETTINGS} --method var --lag 1"""


def tables() -> dict[str, str]:
    """Return the files of the example by name: a linear system with lag 1 seen at shuffled samples."""
    import numpy as np

    random = np.random.default_rng(0)
    weights = np.diag(np.full(len(GENES), 0.5))  # effect, cause
    for cause, effect in EDGES:
        weights[GENES.index(effect), GENES.index(cause)] = 0.4
    values = np.zeros((SAMPLES, len(GENES)))
    for step in range(1, SAMPLES):
        values[step] = weights @ values[step - 1] + random.standard_normal(len(GENES))
    samples = [f"SAMPLE{number:03d}" for number in range(1, SAMPLES + 1)]
    ranks = random.permutation(SAMPLES)  # the time of each sample
    placed = list(zip(samples, ranks, strict=True))
    return {
        EXPRESSION: _csv(
            ("sample", *GENES),
            ((name, *(f"{8 + value:.3f}" for value in values[rank])) for name, rank in placed),
        ),
        ORDER: _csv(
            ("sample", "pseudotime"),
            ((name, f"{rank / (SAMPLES - 1):.4f}") for name, rank in placed),
        ),
        TRUTH: _csv(("cause", "effect"), EDGES),
    }


def write_tables(folder: Path) -> list[Path]:
    """Write the files of the example into a folder that exists, and return their paths.

    Raises:
        DataError: a file is there with another content; it is not touched.
        OSError: the folder cannot be written.
    """
    paths = []
    for name, text in tables().items():
        path = folder / name
        if path.is_file() and path.read_bytes() != text.encode():
            raise DataError(f"{path} is not the example", "move it away, or choose another folder with --data-home")
        if not path.is_file():
            with atomic_path(path) as temporary:
                temporary.write_bytes(text.encode())
        paths.append(path)
    return paths


def fetched(item: str | None = None) -> list[Path]:
    """Write the example into the folder of downloaded files; see `write_tables`.

    Raises:
        NotOfferedError: the item is not the example but the user's own data.
        UnknownNameError: there is no such item.
        DataError: a file cannot be written.
    """
    if item is None:
        raise NotOfferedError(
            "blca reads your own tables; there is nothing to fetch", "see which tables with: causalkit show blca"
        )
    if item != "example":
        raise UnknownNameError(f"unknown data set blca:{item}", "the only item is blca:example")
    folder = data_home() / _FOLDER
    prepare(folder)
    try:
        return write_tables(folder)
    except OSError as error:
        raise unwritable(error, folder) from error


def _csv(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    return "".join(",".join(row) + "\n" for row in (header, *rows))
