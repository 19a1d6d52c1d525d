"""Compare sizes of gradients in `grngc`: the mean absolute value, and the interaction-aware one of SRNGC.

```sh
OMP_NUM_THREADS=1 python benchmarks/gradient_measures.py
```

Everything else is the default of `grngc`, which chooses lag, forecaster, prewhitening and strength for each measure.
AUROC and AUPRC of pairs of different series: mean and standard deviation over seeds.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np

import causalkit
from causalkit import Panel, Truth

MEASURES = ("l1", "shapley")


def products(seed: int, series: int = 10, steps: int = 1000) -> tuple[Panel, Truth]:
    """Simulate series driven by a product (even ones) or by absolute values (odd ones) of two others, at lag 1."""
    generator = np.random.default_rng(seed)
    true = np.zeros((series, series), dtype=bool)
    causes = []
    for effect in range(series):
        pair = generator.choice(np.delete(np.arange(series), effect), 2, replace=False)
        true[pair, effect] = True
        causes.append(pair)
    x = generator.standard_normal((steps + 100, series))
    for t in range(1, len(x)):
        for effect, (one, other) in enumerate(causes):
            a, b = x[t - 1, one], x[t - 1, other]
            x[t, effect] += 1.5 * np.tanh(a * b) if effect % 2 == 0 else 0.8 * np.tanh(abs(a) + abs(b))
    panel = Panel.of(x[100:])
    return panel, Truth(panel.names, true)


SYSTEMS = {
    "VAR, P=10, T=500": lambda seed: causalkit.simulate("var", seed=seed),
    "products and absolute values, P=10, T=1000": products,
    "Lorenz-96, P=10, F=10, T=500": lambda seed: causalkit.simulate("lorenz96", seed=seed),
    "Hénon, P=5, T=500": lambda seed: causalkit.simulate("henon", seed=seed),
    "gene network, P=10, 5 x 21 steps": lambda seed: causalkit.simulate("gene-network", seed=seed),
}


def main() -> None:
    """Print a line of a Markdown table for each system and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    print("| system | measure | AUROC | AUPRC | strengths | processor seconds |\n|---|---|---|---|---|---|", flush=True)
    for name, simulated in SYSTEMS.items():
        for measure in MEASURES:
            found, strengths, seconds = [], [], []
            for seed in range(options.seeds):
                panel, truth = simulated(seed)
                began = time.process_time()
                result = causalkit.discover(panel, method="grngc", seed=seed, params={"regularizer.measure": measure})
                seconds.append(time.process_time() - began)
                measured = result.evaluate(truth, diagonal="exclude", metrics=["auroc", "auprc"])
                found.append((measured["auroc"], measured["auprc"]))
                strengths.append(result.config["regularizer"][0]["strength"])
            summary = zip(np.mean(found, 0), np.std(found, 0, ddof=1), strict=True)
            cells = [f"{mean:.3f} ± {spread:.3f}" for mean, spread in summary]
            used = ", ".join(f"{strength:g}" for strength in strengths)
            print(f"| {name} | {measure} | {' | '.join(cells)} | {used} | {np.median(seconds):.0f} |", flush=True)


if __name__ == "__main__":
    main()
