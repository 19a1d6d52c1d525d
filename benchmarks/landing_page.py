"""The data and the picture of the first page of the documentation.

python benchmarks/landing_page.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import causalkit

DOCS = Path(__file__).resolve().parents[1] / "docs"


def catchment(days: int = 400, seed: int = 7) -> pd.DataFrame:
    """Simulate five daily series of a valley.

    Rain raises the river a day later, and warmth melts snow into it two days later. The river raises the groundwater
    a day later. Wind does nothing.
    """
    draw = np.random.default_rng(seed).standard_normal((days + 50, 5))
    rain, warmth, river, groundwater, wind = draw.T.copy()
    for t in range(2, len(draw)):
        rain[t] += 0.3 * rain[t - 1]
        warmth[t] += 0.5 * warmth[t - 1]
        wind[t] += 0.4 * wind[t - 1]
        river[t] = 0.4 * river[t - 1] + 1.2 * max(rain[t - 1], 0) + 0.5 * warmth[t - 2] + 0.6 * river[t]
        groundwater[t] = 0.5 * groundwater[t - 1] + 0.5 * river[t - 1] + 0.5 * groundwater[t]
    columns = {"rain": rain, "warmth": warmth, "river": river, "groundwater": groundwater, "wind": wind}
    return pd.DataFrame(columns)[50:].round(3)


if __name__ == "__main__":
    frame = catchment()
    frame.insert(0, "date", pd.date_range("2025-01-01", periods=len(frame)).strftime("%Y-%m-%d"))
    path = DOCS / "examples" / "valley.csv"
    frame.to_csv(path, index=False)
    discovery = causalkit.discover(path)
    discovery.plot("graph", DOCS / "images" / "valley.png", size="95x85mm", dpi=200)
    print(discovery.edges(selected_only=True, self_edges=False))
