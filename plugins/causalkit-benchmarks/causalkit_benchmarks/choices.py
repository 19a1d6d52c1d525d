"""What data sets share that take a truth, or names of genes, from the user."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from causalkit import Truth, io
from causalkit.errors import DataError, ParameterError, did_you_mean

TruthOrientation = Literal["cause-effect", "effect-cause"]


def chosen_genes(genes: Sequence[str], known: Collection[str], where: str) -> tuple[str, ...]:
    """Check the genes that a user chose.

    Raises:
        ParameterError: no gene, or a duplicate.
        DataError: a gene that is not in the data.
    """
    names = tuple(gene.strip() for gene in genes)
    twice = [name for name in names if names.count(name) > 1]
    if twice or not names:
        raise ParameterError(
            f"Duplicate gene {twice[0]!r} in dataset.genes" if twice else "dataset.genes is empty",
            "name each gene once: --set dataset.genes=CCNE1,E2F1,CDC6",
        )
    for name in names:
        if name not in known:
            raise DataError(f"{where}: unknown gene {name!r}", did_you_mean(name, known, listed=6))
    return names


def supplied_truth(path: str | None, names: Sequence[str], orientation: TruthOrientation | None) -> Truth | None:
    """Read the truth that a user supplies, in the order of the data; None where there is none.

    Raises:
        DataError, WrongUsageError: as `causalkit.io.read_truth`.
    """
    if path is not None:
        return io.read_truth(path, names=names, orientation=orientation)
    if orientation is not None:
        raise ParameterError("dataset.truth_orientation is set without a truth", "name it: --set dataset.truth=FILE")
    return None
