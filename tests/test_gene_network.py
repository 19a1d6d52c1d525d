"""The gene-network simulator: does it obey its equations, and do its data look like those of DREAM4?"""

from __future__ import annotations

import functools

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import causalkit
from causalkit.builtin.simulators import gene_network as module
from causalkit.builtin.simulators.gene_network import advance, gene_network, steady_state, trajectories
from causalkit.builtin.simulators.regulation import Regulation, draw_regulation, draw_topology
from tests.data_files import real

PUBLISHED = [f"insilico_size{size}_{network}" for size in (10, 100) for network in (1, 2, 3)]


def one_edge(activates: bool, cause_basal: float = 0.5) -> Regulation:
    """Gene 0 regulates gene 1; gene 2 is on its own."""
    return Regulation(
        cause=np.array([0]),
        effect=np.array([1]),
        activates=np.array([activates]),
        dissociation=np.array([0.3]),
        hill=np.array([2.0]),
        strength=np.array([0.9]),
        basal=np.array([cause_basal, 0.2 if activates else 0.9, 0.5]),
        mrna_decay=np.full(3, np.log(2) / 20),
        protein_decay=np.full(3, np.log(2) / 30),
    )


def draw(seed, series=30):
    return draw_regulation(series, 1.8, np.random.default_rng(seed))


class TestKinetics:
    def test_activation_is_the_hill_function_of_the_docstring(self):
        protein = np.array([[0.6, 0.1, 0.1]])
        occupied = 4.0 / 5.0  # (0.6 / 0.3)^2 = 4
        assert one_edge(True).activation(protein)[0] == pytest.approx([0.5, 1 - 0.8 * (1 - 0.9 * occupied), 0.5])
        assert one_edge(False).activation(protein)[0] == pytest.approx([0.5, 0.9 * (1 - 0.9 * occupied), 0.5])

    @pytest.mark.parametrize(("activates", "sign"), [(True, 1), (False, -1)])
    def test_forcing_a_regulator_up_moves_its_target_by_the_sign_of_the_edge(self, activates, sign):
        shift = np.array([[0.0, 0.0, 0.0], [0.4, 0.0, 0.0], [-0.4, 0.0, 0.0]])
        mrna = trajectories(one_edge(activates), shift, 21, 50.0, 0.0, np.random.default_rng(0))
        still, up, down = mrna[:, 10]
        assert sign * (up - still)[1] > 0.05
        assert sign * (down - still)[1] < -0.05
        assert up[2] == still[2]

    @given(st.integers(0, 10_000), st.integers(2, 12), st.floats(0.2, 4.0))
    @settings(max_examples=40)
    def test_activation_is_a_share_of_time_and_moves_by_the_sign_of_the_edge(self, seed, series, in_degree):
        generator = np.random.default_rng(seed)
        network = draw_regulation(series, in_degree, generator)
        protein = generator.uniform(0, 1.2, size=(1, series))
        base = network.activation(protein)
        assert (base >= 0).all()
        assert (base <= 1).all()
        for edge, cause in enumerate(network.cause):
            more = protein.copy()
            more[0, cause] += 0.1
            change = (network.activation(more) - base)[0, network.effect[edge]]
            assert change >= -1e-12 if network.activates[edge] else change <= 1e-12

    @pytest.mark.parametrize("seed", range(3))
    def test_truth_is_what_a_push_on_the_cause_moves(self, seed):
        network = draw(seed, series=12)
        protein = np.full((1, 12), 0.4)
        base = network.activation(protein)
        moved = np.array([network.activation(protein + 0.2 * unit)[0] - base[0] for unit in np.eye(12)])
        assert np.array_equal(np.abs(moved) > 0, network.graph)

    @pytest.mark.parametrize("seed", range(4))
    def test_only_descendants_of_a_perturbed_gene_react(self, seed):
        network = draw(seed, series=20)
        graph = nx.from_numpy_array(network.graph, create_using=nx.DiGraph)
        gene = int(np.bincount(network.cause, minlength=20).argmax())
        shift = np.zeros((2, 20))
        shift[1, gene] = 0.5 if network.basal[gene] < 0.5 else -0.5
        still, pushed = trajectories(network, shift, 21, 50.0, 0.0, np.random.default_rng(0))
        reacts = set(np.flatnonzero((still != pushed).any(axis=0)))
        assert gene in reacts
        assert reacts <= nx.descendants(graph, gene) | {gene}
        # A child on a saturated promoter may not move visibly; most do.
        children = set(graph.successors(gene))
        assert len(reacts & children) > 0.5 * len(children)


class TestIntegration:
    @pytest.mark.parametrize("seed", range(3))
    def test_rest_is_a_steady_state(self, seed):
        network = draw(seed)
        rest = steady_state(network)
        later = advance(network, rest, np.zeros((1, 30)), 500, 0.0, np.random.default_rng(0))
        assert np.abs(later - rest).max() < 0.01

    def test_without_noise_and_perturbation_nothing_happens(self):
        panel, _ = gene_network(perturbed=0.0, molecular_noise=0.0, noise=0.0, proportional_noise=0.0)
        values = np.array(panel.realisations)
        assert np.ptp(values, axis=(0, 1)).max() < 0.01

    def test_perturbation_lasts_for_the_first_half(self):
        shift = np.array([[0.4, 0.0, 0.0]])
        gene = trajectories(one_edge(True), shift, 21, 50.0, 0.0, np.random.default_rng(0))[0, :, 0]
        decay = np.exp(-np.log(2) / 20 * 50 * np.arange(11))
        assert gene[:11] == pytest.approx(0.5 + 0.4 * (1 - decay), abs=1e-3)
        assert gene[10:] == pytest.approx(0.5 + 0.4 * decay, abs=1e-3)

    @pytest.mark.parametrize("seed", range(2))
    def test_halving_the_step_changes_less_than_the_noise(self, seed, monkeypatch):
        network = draw(seed)
        shift = np.random.default_rng(seed).uniform(-0.5, 0.5, size=(4, 30))
        coarse = trajectories(network, shift, 6, 50.0, 0.0, np.random.default_rng(0))
        monkeypatch.setattr(module, "LONGEST_STEP", module.LONGEST_STEP / 2)
        fine = trajectories(network, shift, 6, 50.0, 0.0, np.random.default_rng(0))
        assert np.abs(coarse - fine).max() < 0.01

    def test_molecular_noise_has_the_stationary_variance_of_the_equation(self):
        # For constant production f: dx = m (f - x) dt + c sqrt(m (f + x)) dW has the variance c^2 f.
        network = one_edge(True)
        samples = trajectories(network, np.zeros((400, 3)), 11, 200.0, 0.05, np.random.default_rng(1))[:, :, 2]
        assert samples.mean() == pytest.approx(0.5, abs=0.003)
        assert samples.var() == pytest.approx(0.05**2 * 0.5, rel=0.1)

    def test_strong_noise_keeps_levels_positive_and_finite(self):
        samples = trajectories(draw(0), np.zeros((3, 30)), 21, 50.0, 0.5, np.random.default_rng(0))
        assert np.isfinite(samples).all()
        assert samples.min() >= 0

    def test_long_intervals_stay_stable(self, monkeypatch):
        monkeypatch.setattr(module, "LONGEST_STEP", 100.0)
        samples = trajectories(draw(0), np.zeros((3, 30)), 21, 1000.0, 0.05, np.random.default_rng(0))
        assert samples.max() < 2


class TestTopology:
    @pytest.mark.parametrize(("series", "in_degree"), [(2, 1.8), (2, 0.1), (10, 1.8), (100, 1.8), (100, 0.3), (5, 9)])
    def test_number_of_edges(self, series, in_degree):
        graph = draw_topology(series, in_degree, np.random.default_rng(0))
        assert graph.sum() == min(max(1, round(in_degree * series)), series * (series - 1))
        assert not graph.diagonal().any()

    @pytest.mark.parametrize("seed", range(5))
    def test_degrees_are_those_of_the_published_networks(self, seed):
        graph = draw_topology(100, 1.8, np.random.default_rng(seed))
        out, into = graph.sum(axis=1), graph.sum(axis=0)
        assert 28 <= (out > 0).sum() <= 44  # published: 36, 41 and 44
        assert 15 <= out.max() <= 45  # published: 15, 24 and 38
        assert into.max() <= 9  # published: 7
        assert 4 <= (into == 0).sum() <= 22  # published: 9, 10 and 14


class TestDataSet:
    def test_self_edges_change_the_truth_only(self):
        (one, with_self), (other, without) = (gene_network(self_edges=flag, seed=4) for flag in (True, False))
        assert np.array_equal(one.realisations, other.realisations)
        assert with_self.edges.diagonal().all()
        assert with_self.count - without.count == 10
        assert not without.edges.diagonal().any()

    def test_number_of_realisations_does_not_change_the_network(self):
        few, many = (gene_network(realisations=count, seed=2)[1] for count in (1, 6))
        assert np.array_equal(few.edges, many.edges)

    def test_another_seed_is_another_network(self):
        assert not np.array_equal(gene_network(seed=0)[1].edges, gene_network(seed=1)[1].edges)

    def test_values_are_scaled_to_one(self):
        values = np.array(gene_network(series=20)[0].realisations)
        assert values.max() == 1
        assert values.min() >= 0

    def test_a_linear_method_finds_more_than_chance(self):
        # Published networks of 100 genes: 0.56 to 0.60. Chance has a deviation of 0.01 for the mean of four.
        found = []
        for seed in range(4):
            values, graph = simulated(seed)
            discovery = causalkit.discover(values, method="var", lag=1, orientation="time-series")
            truth = causalkit.Truth.from_matrix(graph, orientation="cause-effect")
            found.append(discovery.evaluate(truth, diagonal="exclude")["auroc"])
        assert np.mean(found) > 0.54


@functools.cache
def published(name):
    """Trajectories (R, T, P) and graph (P, P) of a DREAM4 network."""
    values = pd.read_csv(real(f"dream4/{name}_timeseries.tsv"), sep="\t")
    gold = pd.read_csv(real(f"dream4/{name}_goldstandard.tsv"), sep="\t", header=None)
    edges = gold[gold[2] == 1].pivot_table(index=0, columns=1, values=2)
    graph = edges.reindex(index=values.columns, columns=values.columns).notna().to_numpy()
    return values.to_numpy().reshape(-1, 21, values.shape[1]), graph


@functools.cache
def simulated(seed, series=100, realisations=10, **options):
    panel, truth = gene_network(series=series, realisations=realisations, self_edges=False, seed=seed, **options)
    return np.array(panel.realisations), truth.edges


def statistics(values, graph):
    """Spectrum, lag structure, sizes of steps, and what correlation says about edges."""
    centred = values - values.mean(axis=1, keepdims=True)
    power = (np.abs(np.fft.rfft(centred, axis=1)) ** 2).sum(axis=(0, 2))
    found = {
        f"autocorrelation at lag {lag}": (centred[:, :-lag] * centred[:, lag:]).sum() / (centred**2).sum()
        for lag in (1, 2, 3, 4, 5)
    }
    found["power below 1 / 500 min"] = power[1:3].sum() / power[1:].sum()
    found["power above 1 / 140 min"] = power[8:].sum() / power[1:].sum()
    found["deviation within a trajectory"] = centred.std()
    found["step between samples"] = np.diff(values, axis=1).std()
    found["step when the perturbation is gone"] = np.diff(values[:, 15:], axis=1).std()
    found["step when the perturbation ends"] = (values[:, 11] - values[:, 10]).std()
    found["mean"] = values.mean()
    return found


def contrast(values, graph):
    """How much stronger connected pairs are correlated than unconnected ones."""
    correlation = np.abs(np.nan_to_num(np.corrcoef(values.reshape(-1, values.shape[2]).T)))
    connected = graph | graph.T
    return correlation[connected].mean() / correlation[~connected & ~np.eye(len(graph), dtype=bool)].mean()


@pytest.fixture(scope="module")
def bands():
    """For each statistic, the range of the six published files, widened on both sides by its own width.

    So a simulation may be as far from the nearest published file as the published files are from each other.
    """
    rows = [statistics(*published(name)) for name in PUBLISHED]
    bounds = {}
    for key in rows[0]:
        low, high = min(row[key] for row in rows), max(row[key] for row in rows)
        bounds[key] = (low - (high - low), high + (high - low))
    return bounds


def outside(found, bands):
    return [f"{key} {found[key]:.3f}" for key, (low, high) in bands.items() if not low <= found[key] <= high]


class TestLooksLikeDream4:
    @pytest.mark.parametrize("seed", range(4))
    def test_every_network_of_100_genes_is_within_the_bands(self, seed, bands):
        assert outside(statistics(*simulated(seed)), bands) == []

    def test_networks_of_10_genes_are_within_the_bands_on_average(self, bands):
        rows = [statistics(*simulated(seed, series=10, realisations=5)) for seed in range(12)]
        assert outside({key: np.mean([row[key] for row in rows]) for key in rows[0]}, bands) == []

    def test_connected_genes_are_more_correlated(self):
        # Published networks of 100 genes: 1.42, 1.95 and 2.02; a wrong graph gives 1.
        lowest = min(contrast(*published(name)) for name in PUBLISHED[3:])
        assert np.mean([contrast(*simulated(seed)) for seed in range(4)]) > lowest

    @pytest.mark.parametrize(
        "options", [{"perturbed": 0.0}, {"perturbed": 1.0}, {"interval": 5.0}, {"noise": 0.1}, {"molecular_noise": 0.2}]
    )
    def test_other_parameters_are_noticed(self, options, bands):
        assert outside(statistics(*simulated(0, **options)), bands)

    @pytest.mark.parametrize("kind", ["white noise", "random walk", "shuffled"])
    def test_wrong_simulators_are_noticed(self, kind, bands):
        generator = np.random.default_rng(0)
        values, graph = simulated(0)
        if kind == "white noise":
            values = 0.35 + 0.1 * generator.standard_normal(values.shape)
        elif kind == "random walk":
            values = 0.35 + 0.075 * generator.standard_normal(values.shape).cumsum(axis=1)
        else:
            values = generator.permuted(values, axis=1)
        assert outside(statistics(values, graph), bands)

    def test_a_wrong_graph_is_noticed(self):
        values, graph = simulated(0)
        order = np.random.default_rng(0).permutation(100)
        assert contrast(values, graph[np.ix_(order, order)]) < 1.2


def test_bad_parameters_are_named():
    for name, value in (("perturbed", 1.5), ("interval", 0.0), ("in_degree", 0.0), ("proportional_noise", -1.0)):
        with pytest.raises(causalkit.errors.ParameterError, match=name):
            gene_network(**{name: value})
