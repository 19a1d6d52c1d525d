"""AUROC and AUPRC on Lorenz-96 at default settings, five seeds, self-edges counted.

python benchmarks/lorenz96_accuracy.py grngc 20 40      # method, series, forcing
"""

from __future__ import annotations

import sys

import numpy as np

import causalkit


def main(method: str, series: int, forcing: float, seeds: int = 5) -> None:
    """Print mean and standard deviation over seeds; a seed changes the data and the network."""
    found = []
    for seed in range(seeds):
        panel, truth = causalkit.simulate("lorenz96", series=series, forcing=forcing, seed=seed)
        discovery = causalkit.discover(panel, method=method, seed=seed)
        metrics = discovery.evaluate(truth, diagonal="include", metrics=["auroc", "auprc"])
        found.append((metrics["auroc"], metrics["auprc"], discovery.seconds))
    mean, deviation = np.mean(found, axis=0), np.std(found, axis=0, ddof=1)
    print(
        f"{method} P={series} F={forcing:g}  AUROC {mean[0]:.4f} +- {deviation[0]:.4f}  "
        f"AUPRC {mean[1]:.4f} +- {deviation[1]:.4f}  {mean[2]:.1f} s a fit"
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
