"""SOS, IRMA and yeast on the real files: order of genes, borders, edges."""

from __future__ import annotations

import numpy as np
import pytest
from causalkit_benchmarks.catalogue import facts
from causalkit_benchmarks.irma import irma, read_irma
from causalkit_benchmarks.sos import read_sos, sos
from causalkit_benchmarks.yeast import yeast
from scipy.io import loadmat, savemat

import causalkit
from causalkit.errors import DataError, ParameterError, UnknownNameError

pytestmark = pytest.mark.usefixtures("published")


def edges_of(truth):
    return {(edge["cause"], edge["effect"]) for edge in truth.edge_list()}


class TestSos:
    def test_shape_names_and_values(self, published):
        activity = loadmat(published / "sos" / "data_samples_SOS.mat")["sosPromoterAct"]
        panel, _ = sos()
        assert panel.names == ("uvrD", "lexA", "umuD", "recA", "uvrA", "uvrY", "ruvA", "polB")
        assert panel.lengths == (50,) * 4
        assert np.array_equal(np.stack(panel.realisations), activity.transpose(0, 2, 1))
        assert panel.realisations[0][1, 3] == pytest.approx(1696.68217763)
        assert panel.realisations[3][-1, 1] == pytest.approx(132.23732033)
        assert len(panel.windows(1)) == 4 * 49

    def test_seven_edges_of_the_repressor_and_its_sensor(self):
        _, truth = sos()
        targets = ("uvrD", "umuD", "uvrA", "uvrY", "ruvA", "polB")
        assert edges_of(truth) == {("lexA", target) for target in targets} | {("recA", "lexA")}
        assert truth.diagonal == "exclude"

    def test_order_of_genes_agrees_with_what_is_known_of_them(self):
        """The promoters of recA, lexA and uvrA are by far the most active ones, and rise within half an hour."""
        panel, _ = sos()
        for values in panel:
            strongest = np.argsort(values.max(axis=0))[-3:]
            assert {panel.names[gene] for gene in strongest} == {"recA", "lexA", "uvrA"}
            assert values[:, panel.names.index("recA")].argmax() <= 5

    def test_one_experiment_and_stacked_ones(self):
        everything, _ = sos()
        panel, _ = sos(experiment=3)
        assert np.array_equal(panel.realisations[0], everything.realisations[2])
        assert sos(protocol="stacked")[0].lengths == (200,)
        with pytest.raises(ParameterError, match="choose one of all, 1, 2, 3, 4"):
            sos(experiment=5)

    def test_other_shapes_and_times_are_refused(self, tmp_path):
        path = tmp_path / "sos.mat"
        savemat(path, {"sosPromoterAct": np.zeros((4, 7, 50)), "time": np.arange(0, 300, 6)})
        with pytest.raises(DataError, match=r"\(4, 7, 50\) instead of \(4, 8, 50\)"):
            read_sos(path, facts("sos"))
        savemat(path, {"sosPromoterAct": np.zeros((4, 8, 50)), "time": np.arange(50)})
        with pytest.raises(DataError, match="times"):
            read_sos(path, facts("sos"))


class TestIrma:
    def test_unequal_time_courses(self):
        on, truth = irma("on")
        off, same = irma("off")
        assert on.lengths == (11, 15, 10, 10, 16)
        assert off.lengths == (19, 19, 21, 21)
        assert on.names == off.names == truth.names == ("SWI5", "CBF1", "GAL4", "GAL80", "ASH1")
        assert on.realisations[0][0].tolist() == [7.775, 11.53, 7.09, 7.375, 6.62]
        assert on.realisations[-1][-1, 0] == pytest.approx(6.995)
        assert off.realisations[0][0].tolist() == [3.4, 4.465, 7.31, 6.34, 4.235]
        assert len(on.windows(1)) == 62 - 5
        assert edges_of(truth) == edges_of(same)
        assert edges_of(truth) == {
            ("SWI5", "CBF1"),
            ("SWI5", "GAL80"),
            ("SWI5", "ASH1"),
            ("CBF1", "GAL4"),
            ("GAL4", "SWI5"),
            ("ASH1", "CBF1"),
        }

    def test_the_data_support_order_and_orientation(self):
        """SWI5 switches GAL80 and ASH1 on; and a value is a cycle difference, which falls when SWI5 is switched on."""
        panel, _ = irma("on")
        found = causalkit.discover(panel, method="var", lag=1).edges(top=2, self_edges=False)
        assert set(zip(found["cause"], found["effect"], strict=True)) == {("SWI5", "ASH1"), ("SWI5", "GAL80")}
        assert all(values[4, 0] < values[0, 0] for values in panel)
        off, _ = irma("off")
        assert all(values[4, 0] > values[0, 0] for values in off)
        assert any("delta Ct" in note for note in panel.notes)

    def test_items_and_stacking(self):
        assert irma("on", protocol="stacked")[0].lengths == (62,)
        with pytest.raises(UnknownNameError, match="irma:off"):
            irma("of")

    def test_a_time_course_of_another_length_is_refused(self, tmp_path):
        path = tmp_path / "irma.mat"
        lengths = {"a1": 11, "a2": 15, "a3": 10, "a4": 10, "a5": 15}
        savemat(path, {name: np.zeros((steps, 5)) for name, steps in lengths.items()})
        with pytest.raises(DataError, match="shape of a5"):
            read_irma(path, facts("irma", "on"))


class TestYeast:
    def test_replicates_are_told_apart(self):
        panel, truth = yeast()
        assert panel.names == ("ACE2", "ASH1", "HCM1", "STB1", "SWI5", "WHI5", "YHP1", "YOX1")
        assert panel.lengths == (15, 15)
        first, second = panel.realisations
        assert first[0, 0] == 526.1310512
        assert second[0, 0] == 558.7166719
        assert second[-1, -1] == 2034.952734
        assert truth.diagonal == "exclude"
        # Neighbours in a pair are measurements of one time, pairs follow each other.
        assert np.abs(np.log(first / second)).mean() < 0.5 * np.abs(np.log(first[1:] / second[:-1])).mean()
        assert any("replicates" in note for note in panel.notes)

    def test_edges_point_from_regulator_to_target(self):
        _, truth = yeast()  # Hcm1 is known to activate YHP1 and YOX1, Swi5 to activate ASH1
        assert edges_of(truth) == {
            ("ACE2", "SWI5"),
            ("STB1", "HCM1"),
            ("HCM1", "YOX1"),
            ("HCM1", "YHP1"),
            ("SWI5", "ASH1"),
            ("YHP1", "YOX1"),
        }

    def test_the_order_of_the_file_on_request(self):
        panel, _ = yeast(protocol="file-order")
        apart, _ = yeast()
        assert panel.lengths == (30,)
        assert np.array_equal(panel.realisations[0][:2], np.stack([values[0] for values in apart]))
