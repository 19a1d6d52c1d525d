"""HeLa on the real files: genes, probes, irregular times, the user's truth."""

from __future__ import annotations

import numpy as np
import pytest
from causalkit_benchmarks.catalogue import facts
from causalkit_benchmarks.files import local_files
from causalkit_benchmarks.hela import hela, read_expression, read_sets, read_symbols
from causalkit_benchmarks.hela_genes import GUIDE, MARKERS

from causalkit.errors import DataError, ParameterError, WrongUsageError

pytestmark = pytest.mark.usefixtures("published")

HOURS = [0, 2, 4, 6, 10, 12, 14, 16, 24, 28, 36, 44]
GENES = ("CCNE1", "E2F1", "CCNB1")


def test_no_window_crosses_a_longer_step():
    panel, truth = hela(GENES)
    (values,) = panel.realisations
    assert truth is None
    assert panel.names == GENES
    assert values[~np.isnan(values[:, 0])].shape == (12, 3)
    assert np.isnan(values).all(axis=1).sum() == 5
    windows = panel.windows(1)
    assert len(windows) == 6  # 0-2, 2-4, 4-6, 10-12, 12-14, 14-16
    assert windows.x[:, -1, 0].tolist() == [0.804, 0.538, 0.395, 0.969, 1.609, 1.333]
    assert windows.y[-1, 0] == 0.474
    assert any("no window crosses" in note for note in panel.notes)


def test_irregular_times_are_accepted_or_resampled_only_on_request():
    panel, _ = hela(GENES, irregular="accept")
    assert panel.lengths == (12,)
    assert panel.realisations[0][-1, 0] == 0.977
    assert any("as requested" in note for note in panel.notes)
    resampled, _ = hela(GENES, resample=2)
    (values,) = resampled.realisations
    assert len(values) == 23
    assert np.array_equal(values[[0, 1, 2, 3, 5, 12, 22]], panel.realisations[0][[0, 1, 2, 3, 4, 8, 11]])
    assert values[4, 0] == pytest.approx((0.447 + 0.969) / 2)  # at 8 hours
    assert any("interpolated" in note for note in resampled.notes)


@pytest.mark.parametrize("settings", [{"resample": 0}, {"resample": 30}, {"resample": 2, "irregular": "accept"}])
def test_resampling_that_makes_no_sense(settings):
    with pytest.raises(WrongUsageError, match="resample"):
        hela(GENES, **settings)


def test_symbols_find_the_right_rows():
    """Cyclins E and E2F1 peak together in G1/S; cyclin B1 and aurora A (STK15) together in G2/M, in turn with them."""
    panel, _ = hela(("CCNE1", "E2F1", "CCNB1", "STK15"), irregular="accept")
    together = np.corrcoef(np.log(panel.realisations[0]).T)
    assert min(together[0, 1], together[2, 3]) > 0.5
    assert together[:2, 2:].max() < 0


def test_several_probes_of_a_gene():
    panel, _ = hela(("PCNA", "IMAGE:43229", "IMAGE:789182"), irregular="accept")
    mean, one, other = panel.realisations[0].T
    assert mean == pytest.approx(np.sqrt(one * other))
    assert any("geometric mean of its 2 probes" in note for note in panel.notes)
    with pytest.raises(DataError, match="IMAGE:43229, IMAGE:789182"):
        hela(("PCNA", "E2F1"), probes="refuse")


def test_genes_that_do_not_fit():
    with pytest.raises(DataError, match=r"unknown gene 'CCNE'.*CCNE1"):
        hela(("CCNE", "E2F1"))
    with pytest.raises(ParameterError, match="Duplicate gene 'E2F1'"):
        hela(("E2F1", "E2F1"))
    with pytest.raises(ParameterError, match="empty"):
        hela(())


def test_without_a_choice_the_genes_are_markers_that_the_file_marks_with_their_phase():
    panel, truth = hela()
    assert truth is None
    assert panel.names == tuple(gene for genes in MARKERS.values() for gene in genes)
    assert any("20 markers" in note and "--set dataset.genes=" in note for note in panel.notes)
    assert not any("markers" in note for note in hela(GENES)[0].notes)
    _, features, _ = local_files(facts("hela").files)
    sets = read_sets(features)
    for phase, genes in MARKERS.items():
        assert len(genes) == 4
        assert set(genes) <= set(sets[phase]), phase


def test_sets_of_genes_have_names():
    by_phase = [hela((phase,))[0].names for phase in MARKERS]
    everything = hela(("periodic",))[0]
    assert set(everything.names) == {gene for names in by_phase for gene in names}
    assert len(everything.names) == len(set(everything.names)) > 500
    assert len([note for note in everything.notes if "geometric mean" in note]) == 1  # not one for each gene
    both, _ = hela(("G1/S", "E2F1", "CCNB1"))
    assert both.names == (*by_phase[0], "CCNB1")  # E2F1 is one of the set
    for name in ("markers", "periodic", *MARKERS):
        assert name in GUIDE
    with pytest.raises(DataError, match=r"unknown gene 'marker'.*markers"):
        hela(("marker",))


def test_the_truth_is_the_users_own(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("cause,effect\nE2F1,CCNE1\n")
    _, truth = hela(GENES, truth=str(path))
    assert truth.names == GENES
    assert truth.edge_list() == [{"cause": "E2F1", "effect": "CCNE1"}]
    path.write_text("cause,effect\nE2F2,CCNE1\n")
    with pytest.raises(DataError, match="'E2F2' is not a series"):
        hela(GENES, truth=str(path))
    with pytest.raises(ParameterError, match=r"dataset\.truth=FILE"):
        hela(GENES, truth_orientation="cause-effect")


@pytest.mark.parametrize(
    ("samples", "expression", "said"),
    [
        ("x,Hour\na,0\n", "x,a\np,1\n", "no column 'Timepoint'"),
        ("x,Timepoint\na,0\nb,2\n", "x,a\np,1\n", "no column 'b'"),
        ("x,Timepoint\na,0\nb,0\n", "x,a,b\np,1,2\n", "different times: 1 instead of 2"),
        ("x,Timepoint\na,0\nb,2\n", "x,a,b\np,1,NA\n", "p, column b: 'NA'"),
        ("x,Timepoint\na,0\nb,2\n", "x,a,b\np,1,-2\n", "not positive"),
        ("x,Timepoint\na,0\nb,2\n", "x,a,b\np,1,2,3\n", "line 2 has 4 cells"),
        ("x,Timepoint\na,0\nb,2\n", "x,a,b\np,1,2\np,1,2\n", "different probes"),
    ],
)
def test_files_that_do_not_fit(tmp_path, samples, expression, said):
    (tmp_path / "s.csv").write_text(samples)
    (tmp_path / "e.csv").write_text(expression)
    with pytest.raises(DataError, match=said):
        read_expression(tmp_path / "e.csv", tmp_path / "s.csv")


def test_samples_are_put_in_the_order_of_time(tmp_path):
    (tmp_path / "s.csv").write_text("x,Timepoint\na,4\nb,0\n")
    (tmp_path / "e.csv").write_text("x,a,b\np,1,2\n")
    hours, table = read_expression(tmp_path / "e.csv", tmp_path / "s.csv")
    assert hours.tolist() == [0, 4]
    assert table["p"].tolist() == [2, 1]
    (tmp_path / "f.csv").write_text("x,Gene.symbol\nq,ABC\n")
    with pytest.raises(DataError, match="probe q"):
        read_symbols(tmp_path / "f.csv", table)
