"""Genes of the HeLa data that have a name as a set. Imports nothing, so that listings can use it."""

from __future__ import annotations

MARKERS: dict[str, tuple[str, ...]] = {
    "G1/S": ("CCNE1", "E2F1", "CDC6", "PCNA"),
    "S": ("RFC4", "DHFR", "RRM2", "RAD51"),
    "G2": ("CDC2", "TOP2A", "CCNF", "CCNA2"),
    "G2/M": ("STK15", "BUB1", "CCNB1", "PLK"),
    "M/G1": ("PTTG1", "RAD21", "VEGFC", "CDKN3"),
}
"""Four genes of each phase of the cell cycle, by the symbols of 2002 that the file has.

That each one is periodic, and its phase, is what Whitfield et al. found and the file says; which four of a phase is a
choice of causalkit.
"""

GUIDE = f"""\
dataset.genes takes symbols (CCNE1), probes (IMAGE:68950) and these names of sets:
  markers (default)          {sum(map(len, MARKERS.values()))} well-known genes, four of each phase
  G1/S, S, G2, G2/M, M/G1    all genes that the file marks with that phase
  periodic                   all genes that it marks with a phase, as Whitfield et al. found them
The samples leave 6 windows at lag 1. A method without regularisation can use two or three genes:
  causalkit discover --dataset hela --method var --lag 1 --set dataset.genes=CCNE1,CCNA2,CCNB1"""
