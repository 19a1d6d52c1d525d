"""What each published data set is, known without opening it. Imports neither numpy nor pandas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from causalkit import DatasetItem
from causalkit.errors import UnknownNameError, WrongUsageError, did_you_mean
from causalkit_benchmarks.bladder_example import EDGES, GENES, SAMPLES
from causalkit_benchmarks.entries import family as family_of
from causalkit_benchmarks.files import is_here, local_files
from causalkit_benchmarks.hela_genes import MARKERS


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One data set of a family; None where a number is not known.

    Attributes:
        item: the name after the colon, or "" if the family is one data set.
        files: names of the published files that it needs.
        series, realisations, steps, edges: as a `DatasetItem` has them, by default.
        licence: where it is not that of the family's files.
    """

    item: str = ""
    files: tuple[str, ...] = ()
    series: int | None = None
    realisations: int | None = None
    steps: int | None = None
    edges: int | None = None
    licence: str = ""


DREAM3_NETWORKS = ("Ecoli1", "Ecoli2", "Yeast1", "Yeast2", "Yeast3")
_DREAM3 = {  # size: (trajectories, edges of each network)
    10: (4, (11, 15, 10, 25, 22)),
    50: (23, (62, 82, 77, 160, 173)),
    100: (46, (125, 119, 166, 389, 551)),
}
_DREAM4 = {10: (5, (15, 16, 15, 13, 12)), 100: (10, (176, 249, 195, 211, 193))}
_NETSIM = {  # simulation: (nodes, scans, edges); only what was seen in the files or follows from their length
    1: (5, 200, 5),
    2: (10, 200, 11),
    3: (15, 200, 18),
    4: (50, 200, 61),
    5: (5, 1200, None),
    8: (5, 200, 5),
    10: (5, 200, 5),
    11: (10, 200, None),
    12: (10, 200, None),
    13: (5, 200, None),
    14: (5, 200, None),
    15: (5, 200, 5),
    16: (5, 200, None),
    17: (10, 200, None),
    18: (5, 200, None),
    21: (5, 200, None),
    22: (5, 200, None),
    23: (5, 200, None),
    24: (5, 200, None),
    25: (5, 100, None),
    26: (5, 50, None),
    27: (5, 50, None),
    28: (5, 100, None),
}
_CAUSALTIME = {  # item: (folder of its files, series, edges)
    "medical": ("medical", 20, 133),
    "traffic": ("traffic", 20, None),
    "aqi": ("pm25", 36, None),
}
_HELA = "hela/HeLaData_exp_DoubleThym_2"


def _dream3() -> Iterator[Facts]:
    for size, (trajectories, edges) in _DREAM3.items():
        for number, network in enumerate(DREAM3_NETWORKS):
            stem = f"dream3/dream3_{size}_{number}"
            yield Facts(
                item=f"size{size}_{network}",
                files=(f"{stem}.tsv", f"{stem}_true.txt"),
                series=size,
                realisations=trajectories,
                steps=21,
                edges=edges[number],
            )


def _dream4() -> Iterator[Facts]:
    for size, (trajectories, edges) in _DREAM4.items():
        for number in range(1, 6):
            item = f"insilico_size{size}_{number}"
            yield Facts(
                item=item,
                files=(f"dream4/{item}_timeseries.tsv", f"dream4/{item}_goldstandard.tsv"),
                series=size,
                realisations=trajectories,
                steps=21,
                edges=edges[number - 1],
            )


def _netsim() -> Iterator[Facts]:
    for number in range(1, 29):
        nodes, scans, edges = _NETSIM.get(number, (None, None, None))
        item = f"sim{number}"
        yield Facts(item=item, files=(f"netsim/{item}.mat",), series=nodes, realisations=50, steps=scans, edges=edges)


def _causaltime() -> Iterator[Facts]:
    for item, (folder, series, edges) in _CAUSALTIME.items():
        files = (f"causaltime/{folder}/gen_data.npy", f"causaltime/{folder}/graph.npy")
        yield Facts(item=item, files=files, series=series, realisations=480, steps=40, edges=edges)


FAMILIES: dict[str, tuple[Facts, ...]] = {
    "dream3": tuple(_dream3()),
    "dream4": tuple(_dream4()),
    "netsim": tuple(_netsim()),
    "causaltime": tuple(_causaltime()),
    "sos": (Facts(files=("sos/data_samples_SOS.mat",), series=8, realisations=4, steps=50, edges=7),),
    "irma": (
        Facts(item="on", files=("irma/data_samples_irma_SOnDct.mat",), series=5, realisations=5, steps=16, edges=6),
        Facts(item="off", files=("irma/data_samples_irma_SOffDct.mat",), series=5, realisations=4, steps=21, edges=6),
    ),
    "yeast": (
        Facts(
            files=("yeast/DDGni_Yeast.txt", "yeast/DDGni_Yeast_network.txt"),
            series=8,
            realisations=2,
            steps=15,
            edges=6,
        ),
    ),
    "hela": (
        Facts(
            files=(f"{_HELA}_exprs.csv", f"{_HELA}_features.csv", f"{_HELA}_samples.csv"),
            series=sum(map(len, MARKERS.values())),
            realisations=1,
            steps=12,
        ),
    ),
    "blca": (
        Facts(realisations=1, licence="your own data"),
        Facts(item="example", series=len(GENES), realisations=1, steps=SAMPLES, edges=len(EDGES), licence="made up"),
    ),
}


def facts(family: str, item: str | None = None) -> Facts:
    """Return what is known of a data set.

    Raises:
        WrongUsageError: the family has several and none is named.
        UnknownNameError: the family has none of that name; the error names the nearest.
    """
    known = {one.item: one for one in FAMILIES[family]}
    if item in known or (item is None and "" in known):
        return known[item or ""]
    names = [f"{family}:{name}" if name else family for name in known]
    if item is None:
        listed = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        raise WrongUsageError(f"{family} is a family of data sets", f"name one of {listed}")
    raise UnknownNameError(f"unknown data set {family}:{item}", did_you_mean(f"{family}:{item}", names))


def listed(family: str) -> Iterator[DatasetItem]:
    """Yield the data sets of a family as ``causalkit datasets`` lists them."""
    for one in FAMILIES[family]:
        yield DatasetItem(
            name=f"{family}:{one.item}" if one.item else family,
            series=one.series,
            realisations=one.realisations,
            steps=one.steps,
            edges=one.edges,
            licence=one.licence or family_of(family).licence,
            here=all(is_here(file) for file in one.files),
        )


def fetched(family: str, item: str | None = None) -> list[Path]:
    """Bring the files of one data set, or of a whole family where no item is named, to this machine."""
    chosen = FAMILIES[family] if item is None else (facts(family, item),)
    return local_files(file for one in chosen for file in one.files)
