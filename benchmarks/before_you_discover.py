"""The pictures and the numbers of docs/before-you-discover.md.

python -m benchmarks.before_you_discover docs/images
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import causalkit
from causalkit.plotting import plot_graph, save_figure, style

RUNS = 100


def draws(steps, series, seed):
    return np.random.default_rng(seed).standard_normal((steps, series))


def walks(seed):
    """Two random walks that know nothing of each other."""
    return pd.DataFrame(draws(200, 2, seed).cumsum(axis=0), columns=["x", "y"])


def seasons(seed=0):
    """Two series that know nothing of each other, each with a cycle of 12 steps."""
    noise, t = draws(120, 2, seed), np.arange(120)
    temperature = 10 * np.sin(2 * np.pi * t / 12) + 1.5 * noise[:, 0]
    icecream = 5 * np.sin(2 * np.pi * (t - 2) / 12) + noise[:, 1]
    return pd.DataFrame({"temperature": temperature, "ice cream": icecream})


def chain(seed=2, steps=200):
    """a -> b -> c, each one step later."""
    x = draws(steps, 3, seed)
    for t in range(1, steps):
        x[t] += 0.3 * x[t - 1]
        x[t, 1] += 0.8 * x[t - 1, 0]
        x[t, 2] -= 0.7 * x[t - 1, 1]
    return pd.DataFrame(x, columns=["a", "b", "c"])


def driven(seed=5, steps=300):
    """z -> x one step later and z -> y two steps later; x and y do nothing to each other."""
    x = draws(steps, 3, seed)
    for t in range(2, steps):
        x[t, 0] += 0.6 * x[t - 1, 0]
        x[t, 1] += 0.9 * x[t - 1, 0]
        x[t, 2] += 0.9 * x[t - 2, 0]
    return pd.DataFrame(x, columns=["z", "x", "y"])


def found(data, lag=2, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return causalkit.discover(data, method="var", lag=lag, select="fdr:0.05", **options)


def false_edge(data, **options):
    """Is any edge selected between different series?"""
    return len(found(data, **options).edges(self_edges=False, selected_only=True)) > 0


def lines(ax, frame, words):
    for column, name in enumerate(frame):
        ax.plot(frame[name].to_numpy(), color=style.LINES[column], linewidth=1.2, label=name)
    style.title(ax, words)
    style.label_axes(ax, "time step", "")
    style.legend(ax, loc="best")


def graph(ax, discovery, words):
    plot_graph(discovery, ax=ax)
    style.title(ax, words)


def verdict(discovery):
    edges = discovery.edges(self_edges=False, selected_only=True)
    if not len(edges):
        return "no edge"
    pairs = edges.drop_duplicates(["cause", "effect"])
    return "edges in both directions" if len(pairs) > 1 else f"{pairs.cause.iloc[0]} → {pairs.effect.iloc[0]}"


def two(draw_left, draw_right, path, height=3.1):
    figure = style.new_figure(9.6, height)
    left, right = figure.subplots(1, 2)
    draw_left(left)
    draw_right(right)
    save_figure(figure, path)


def random_walks(folder):
    change = {"difference": 1}
    # The picture shows the first pair with a false edge.
    data = next(data for data in map(walks, range(RUNS)) if false_edge(data))
    before, after = found(data), found(data, preparation=change)
    two(
        lambda ax: lines(ax, data, f"Two random walks: {verdict(before)}"),
        lambda ax: lines(ax, data.diff().dropna(), f"Their differences: {verdict(after)}"),
        folder / "before-walks.png",
    )
    counts = [sum(false_edge(walks(seed), **more) for seed in range(RUNS)) for more in ({}, {"preparation": change})]
    print(f"random walks: false edges in {counts[0]} of {RUNS} pairs, in {counts[1]} after --difference")


def common_season(folder):
    data = seasons()
    remove = {"detrend": "seasonal:12"}
    before, after = found(data), found(data, preparation=remove)
    left = data - data.groupby(np.arange(len(data)) % 12).transform("mean")
    two(
        lambda ax: lines(ax, data, f"With their season: {verdict(before)}"),
        lambda ax: lines(ax, left, f"Without it: {verdict(after)}"),
        folder / "before-season.png",
    )
    counts = [sum(false_edge(seasons(seed), **more) for seed in range(RUNS)) for more in ({}, {"preparation": remove})]
    print(f"common season: false edges in {counts[0]} of {RUNS} pairs, in {counts[1]} after --detrend seasonal:12")


def direction(folder):
    data = chain().to_numpy()
    names = ["a", "b", "c"]
    two(
        lambda ax: graph(ax, found(data, lag=1, names=names), "Oldest row first"),
        lambda ax: graph(ax, found(data[::-1].copy(), lag=1, names=names), "The same rows, newest first"),
        folder / "before-direction.png",
        3.6,
    )


def hidden_driver(folder):
    data = driven()
    two(
        lambda ax: graph(ax, found(data), "z is measured"),
        lambda ax: graph(ax, found(data[["x", "y"]]), "z is not measured"),
        folder / "before-hidden.png",
        3.6,
    )


def main(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for draw in (random_walks, common_season, direction, hidden_driver):
        draw(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
