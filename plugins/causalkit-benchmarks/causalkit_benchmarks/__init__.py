"""Published benchmark data sets, with correct borders of realisations and orientation of edges."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from causalkit import Dataset, hookimpl
from causalkit_benchmarks import bladder_example, hela_genes
from causalkit_benchmarks.catalogue import fetched, listed

_FAMILIES: dict[str, tuple[str, str, str, dict[str, Any]]] = {  # name: (module, summary, reference, test parameters)
    "dream3": (
        "dream",
        "DREAM3 in silico gene networks of 10, 50 or 100 genes",
        "Prill et al., PLoS ONE 5:e9202, 2010; Marbach et al., J. Comput. Biol. 16:229-239, 2009",
        {"item": "size10_Ecoli1"},
    ),
    "dream4": (
        "dream",
        "DREAM4 in silico gene networks of 10 or 100 genes",
        "Marbach et al., PNAS 107:6286-6291, 2010",
        {"item": "insilico_size10_1"},
    ),
    "netsim": (
        "netsim",
        "NetSim: simulated BOLD signals of 28 brain networks, 50 subjects each",
        "Smith et al., NeuroImage 54:875-891, 2011",
        {"item": "sim1", "subjects": "0:2"},
    ),
    "causaltime": (
        "causaltime",
        "CausalTime: series generated after real ones, by a network with a known graph",
        "Cheng et al., ICLR 2024",
        {"item": "medical"},
    ),
    "sos": (
        "sos",
        "SOS DNA repair of Escherichia coli: promoter activities of 8 genes",
        "Ronen et al., PNAS 99:10555-10560, 2002",
        {},
    ),
    "irma": (
        "irma",
        "IRMA: 5 genes of a synthetic network in yeast, switched on or off",
        "Cantone et al., Cell 137:172-181, 2009",
        {"item": "on"},
    ),
    "yeast": (
        "yeast",
        "Yeast cell cycle: 8 transcription factors, 2 replicates",
        "Yalamanchili et al., Bioinformatics 30:377-383, 2014",
        {},
    ),
    "hela": (
        "hela",
        "HeLa cell cycle: expression of marker genes, or of your choice, at irregular times",
        "Whitfield et al., Mol. Biol. Cell 13:1977-2000, 2002",
        {"genes": ["CCNE1", "E2F1", "CCNA2"]},
    ),
}

_GUIDES = {"hela": hela_genes.GUIDE}


@hookimpl
def causalkit_datasets() -> Iterable[Dataset]:
    """Contribute the benchmarks; files are fetched when they are used."""
    for name, (module, summary, reference, test_params) in _FAMILIES.items():
        yield Dataset(
            name=name,
            factory=f"causalkit_benchmarks.{module}:{name}",
            summary=summary,
            reference=reference,
            kind="download",
            test_params=test_params or {"protocol": "default"},
            catalogue=partial(listed, name),
            fetch=partial(fetched, name),
            guide=_GUIDES.get(name, ""),
        )
    yield Dataset(
        name="blca",
        factory="causalkit_benchmarks.bladder:blca",
        summary="Bladder carcinoma: your own expression table in the order of a pseudo-time",
        kind="file",
        test_params={"item": "example"},
        catalogue=partial(listed, "blca"),
        fetch=bladder_example.fetched,
        guide=bladder_example.GUIDE,
    )
