"""The order in which series and realisations come decides nothing."""

import numpy as np
import pandas as pd
import pytest

import causalkit
from causalkit.core.discovery import Discovery
from causalkit.core.held_out import HeldOutTest
from causalkit.core.instantaneous import Instantaneous
from causalkit.core.order import discovery_in_order, in_one_order
from causalkit.core.pairs import Pairs, SparseArray
from causalkit.core.panel import Panel

NAMES = ("b", "a10", "a2", "C", "é", "x 1")
ORDER = [3, 0, 5, 1, 4, 2]
SHORT = {"training.epochs": 30}


def _recordings() -> list[np.ndarray]:
    values = causalkit.simulate("lorenz96", seed=0, series=6, steps=200)[0].realisations[0]
    return [values[:70], values[70:150], values[150:]]


def _panels() -> tuple[Panel, Panel]:
    """Return a panel, and the same one with its series and its realisations in another order."""
    parts = _recordings()
    moved = [parts[place][:, ORDER] for place in (2, 0, 1)]
    return Panel.of(parts, names=NAMES), Panel.of(moved, names=[NAMES[place] for place in ORDER])


def _same(first: Discovery, other: Discovery) -> None:
    assert np.allclose(first.scores[ORDER][:, ORDER], other.scores, atol=1e-9)
    assert np.allclose(first.effects.mean[ORDER][:, ORDER], other.effects.mean, atol=1e-9)
    assert np.allclose(first.effects.units[ORDER], other.effects.units)
    edges = [{(row.cause, row.effect) for row in found.edges().itertuples()} for found in (first, other)]
    assert edges[0]
    assert edges[0] == edges[1]
    curves = [{(one.cause, one.effect, one.lag): one.curve for one in found.responses} for found in (first, other)]
    assert curves[0].keys() == curves[1].keys()
    for edge, values in curves[0].items():
        assert np.allclose(values, curves[1][edge], atol=1e-9)


def test_a_linear_method_gives_permuted_data_permuted_scores():
    _same(*(causalkit.discover(panel, method="var") for panel in _panels()))


@pytest.mark.plugins
@pytest.mark.parametrize(
    ("method", "params"),
    [("grngc", SHORT), ("jrngc", SHORT), ("cmlp", SHORT), ("clstm", {**SHORT, "regularizer.strength": 0.02})],
)
def test_networks_give_permuted_data_permuted_scores(method, params):
    _same(*(causalkit.discover(panel, method=method, params=params, lag=1) for panel in _panels()))


def _selected(found: Discovery) -> set[tuple[str, str]]:
    return {(found.names[cause], found.names[effect]) for cause, effect in np.argwhere(found.selected.any(axis=2))}


@pytest.mark.plugins
def test_selected_edges_and_same_step_links_move_with_their_series():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3))
    x[:, 1] += x[:, 2]
    for t in range(1, len(x)):
        x[t, 2] += 0.7 * x[t - 1, 0]
    for columns in ([0, 1, 2], [2, 0, 1]):
        panel = Panel.of(x[:, columns], names=["zyx"[place] for place in columns])
        found = causalkit.discover(panel, lag=1, params={"training.epochs": 60})
        assert _selected(found) == {("z", "x")}
        first, second = found.instantaneous.pairs(0.05)
        assert {frozenset((found.names[a], found.names[b])) for a, b in zip(first, second, strict=True)} == {
            frozenset(("y", "x"))
        }


@pytest.mark.plugins
def test_a_target_whose_columns_come_in_another_order_than_the_source_keeps_its_effects():
    values = np.concatenate(_recordings())
    signed = values * np.array([1, -1, 1, 1, -1, 1])
    source = Panel.of(signed, names=NAMES)
    params = {"pretrain.epochs": 30, "finetune.epochs": 30}
    targets = source, Panel.of(signed[:, ORDER], names=[NAMES[place] for place in ORDER])
    _same(*(causalkit.discover(one, method="grngc", lag=1, pretrain=source, params=params) for one in targets))


def test_series_are_in_natural_order_and_realisations_by_content():
    first, other = (in_one_order(panel) for panel in _panels())
    assert first.names == other.names == ("a2", "a10", "b", "C", "x 1", "é")
    for one, two in zip(first.realisations, other.realisations, strict=True):
        assert np.array_equal(one, two)


def test_masks_of_interventions_move_with_their_realisations():
    panel = _panels()[0]
    masks = tuple(np.zeros(values.shape, dtype=bool) for values in panel.realisations)
    masks[1][3, 2] = True  # series a2
    ordered = in_one_order(Panel(panel.realisations, panel.names, intervened=masks))
    (place,) = [number for number, mask in enumerate(ordered.intervened) if mask.any()]
    assert np.array_equal(np.argwhere(ordered.intervened[place]), [[3, 0]])
    assert ordered.realisations[place][3, 0] == panel.realisations[1][3, 2]


class _Tests:
    def test(self, least: float) -> HeldOutTest:
        each = np.arange(9.0).reshape(3, 3) / 9
        return HeldOutTest(each, each[:, :, None], each, np.array([10.0, 20.0, 30.0]), 5)


def test_everything_that_a_discovery_holds_moves():
    names, moved, places = ("a", "b", "c"), ("c", "a", "b"), [2, 0, 1]
    cells = np.arange(9.0).reshape(3, 3)
    links = np.array([[np.nan, 0.1, 0.2], [0.1, np.nan, 0.3], [0.2, 0.3, np.nan]])
    found = Discovery(
        names=names,
        scores=cells[:, :, None],
        p_values=cells[:, :, None] / 9,
        joint_p_values=cells / 9,
        standard_errors=cells[:, :, None],
        selected=cells[:, :, None] > 4,
        instantaneous=Instantaneous(np.nan_to_num(links), links, 50),
        path={"strengths": np.ones(2), "scores": np.stack([cells, 2 * cells])[:, :, :, None], "forecast": np.ones(2)},
        held_out=_Tests(),
        data={"windows_by_effect": {"a": 1, "b": 2, "c": 3}},
    )
    other = discovery_in_order(found, moved)
    expected = cells[places][:, places]
    for name in ("scores", "p_values", "standard_errors", "selected"):
        assert np.array_equal(getattr(other, name)[:, :, 0], getattr(found, name)[:, :, 0][places][:, places])
    assert np.array_equal(other.joint_p_values, expected / 9)
    assert np.array_equal(other.instantaneous.p_values, links[places][:, places], equal_nan=True)
    assert np.array_equal(other.path["scores"][1, :, :, 0], 2 * expected)
    assert np.allclose(other.held_out.test(0.0).joint_p_values, expected / 9)
    assert np.array_equal(other.held_out.test(0.0).windows, [30, 10, 20])
    assert list(other.data["windows_by_effect"]) == list(moved)
    back = discovery_in_order(other, names)
    assert np.array_equal(back.scores, found.scores)


def test_scores_of_candidate_pairs_move():
    pairs = Pairs(3, np.array([0, 0, 2]), np.array([0, 1, 1]))
    values = np.array([[1.0], [2.0], [3.0]])
    path = {"strengths": np.ones(1), "scores": values[None], "forecast": np.ones(1)}
    found = Discovery(names=("a", "b", "c"), scores=SparseArray(pairs, values), path=path)
    other = discovery_in_order(found, ("c", "b", "a"))
    assert np.array_equal(np.asarray(other.scores), np.asarray(found.scores)[::-1, ::-1])
    assert other.path["scores"][0, :, 0].tolist() == other.pairs.of(other.scores)[:, 0].tolist()


def test_parts_of_a_dated_panel_are_fitted():
    """A rule that fits halves of the data leaves the times of the whole in their description."""
    frame = pd.DataFrame(
        np.random.default_rng(0).standard_normal((80, 3)),
        columns=["b", "a", "c"],
        index=pd.date_range("2020", periods=80),
    )
    found = causalkit.discover(frame, method="var", lag=1, select="stability")
    assert found.selected is not None
