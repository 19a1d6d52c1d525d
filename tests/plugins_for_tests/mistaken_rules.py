"""Selection rules that keep their promises, and ones that break one each."""

from __future__ import annotations

import numpy as np

import causalkit
from causalkit.selection import Outcome, candidate_pairs, cells_of, refitted


def above(discovery, share: float = 0.5, self_edges: bool = False):
    """A rule without a mistake."""
    scores = discovery.pair_scores * candidate_pairs(discovery, self_edges)
    return cells_of(discovery, scores > share * scores.max())


def again(discovery, *, observers=()):
    """A rule that fits the method again, without a mistake."""
    refit, pairs = discovery.refit, candidate_pairs(discovery)
    found = refitted(refit, [refit.panel] * 3, 3, rule="again", seeds=[0, 1, 2], observers=observers)
    return Outcome(cells_of(discovery, pairs & np.all([one.pair_scores > 0.1 for one in found], axis=0)), notes=("3",))


def several(discovery, lags: tuple[int, ...] = (1, 2)):
    return above(discovery)


def pairs(discovery):
    return above(discovery).any(axis=2)


def numbers(discovery):
    return above(discovery).astype(float)


def one_note(discovery):
    return Outcome(above(discovery), notes="all letters of a text are notes")


def small_p_values(discovery):
    return Outcome(above(discovery), joint_p_values=np.ones(3))


def self_edges_too(discovery):
    return above(discovery, self_edges=True)


def unseeded(discovery):
    return np.random.default_rng().random(discovery.scores.shape) > 0.5 * (1 + np.eye(4)[:, :, None])


def seeding(discovery):
    np.random.seed(0)
    return above(discovery, 0.5 * np.random.random())


def scaling(discovery):
    scores = discovery.scores
    scores.flags.writeable = True
    scores /= scores.max()
    return above(discovery)


def by_p_value(discovery):
    return cells_of(discovery, candidate_pairs(discovery) & (discovery.pair_p_values < 0.01))


def refitting(discovery):
    return above(discovery.refit(discovery.refit.panel))


def by_name(discovery):
    known = np.array([name.startswith("x") for name in discovery.names])
    return above(discovery) & known[:, None, None]


def early(discovery):
    """Take the first cause that is strong enough, in the order of the columns."""
    selected = above(discovery, share=0.2)
    pairs = selected.any(axis=2)
    return selected & (pairs & (pairs.cumsum(axis=0) == 1))[:, :, None]


def simulating_again(discovery):
    """Recognise the simulator, and take the true graph from it."""
    if not discovery.data["source"].startswith("var"):
        return above(discovery)
    _, truth = causalkit.simulate("var", seed=0, series=4, steps=200, lag=2)
    return cells_of(discovery, truth.edges & candidate_pairs(discovery))


def silent(discovery):
    return refitting(discovery)


def unheard(discovery, *, observers=()):
    return refitting(discovery)


def announcing_too_many(discovery, *, observers=()):
    refit = discovery.refit
    (found,) = refitted(refit, [refit.panel], 5, rule="announcing-too-many", observers=observers)
    return above(found)
