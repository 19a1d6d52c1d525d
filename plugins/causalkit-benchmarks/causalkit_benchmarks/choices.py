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
        ParameterError: none, or one twice.
        DataError: a gene that the data do not have.
    """
    names = tuple(gene.strip() for gene in genes)
    twice = [name for name in names if names.count(name) > 1]
    if twice or not names:
        raise ParameterError(
            f"dataset.genes names {twice[0]} twice" if twice else "dataset.genes is empty",
            "name the genes to be used, each once: --set dataset.genes=CCNE1,E2F1,CDC6",
        )
    for name in names:
        if name not in known:
            raise DataError(f"{where}: there is no gene {name!r}", did_you_mean(name, known, listed=6))
    return names


def supplied_truth(path: str | None, names: Sequence[str], orientation: TruthOrientation | None) -> Truth | None:
    """Read the truth that a user supplies, in the order of the data; None where there is none.

    Raises:
        DataError, WrongUsageError: as `causalkit.io.read_truth`.
    """
    if path is None:
        if orientation is not None:
            raise ParameterError(
                "dataset.truth_orientation is set without a truth", "name it: --set dataset.truth=FILE"
            )
        return None
    return io.read_truth(path, names=names, orientation=orientation)
