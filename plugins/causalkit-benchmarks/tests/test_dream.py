"""DREAM3 and DREAM4 on the real files: borders, orientation, counts, and what a damaged file is answered with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from causalkit_benchmarks.catalogue import facts
from causalkit_benchmarks.dream import dream3, dream4, read_dream3, read_dream4
from causalkit_benchmarks.tables import gold_standard

import causalkit
from causalkit.errors import DataError, UnknownNameError, WrongUsageError

pytestmark = pytest.mark.usefixtures("published")

DREAM3 = [
    ("size10_Ecoli1", 4, 11),
    ("size10_Ecoli2", 4, 15),
    ("size10_Yeast1", 4, 10),
    ("size50_Ecoli1", 23, 62),
    ("size50_Ecoli2", 23, 82),
    ("size50_Yeast1", 23, 77),
    ("size100_Ecoli1", 46, 125),
    ("size100_Ecoli2", 46, 119),
    ("size100_Yeast1", 46, 166),
]
DREAM4 = [
    ("insilico_size10_1", 5, 15),
    ("insilico_size10_2", 5, 16),
    ("insilico_size10_3", 5, 15),
    ("insilico_size100_1", 10, 176),
    ("insilico_size100_2", 10, 249),
    ("insilico_size100_3", 10, 195),
]


@pytest.mark.parametrize(("load", "listed"), [(dream3, DREAM3), (dream4, DREAM4)], ids=["dream3", "dream4"])
def test_shapes_and_edges_are_the_published_ones(load, listed):
    for item, trajectories, edges in listed:
        panel, truth = load(item)
        size = int(item.removeprefix("insilico_").removeprefix("size").split("_")[0])
        assert panel.names == tuple(f"G{number}" for number in range(1, size + 1))
        assert panel.lengths == (21,) * trajectories
        assert (truth.names, truth.count, truth.diagonal) == (panel.names, edges, "exclude")
        assert not truth.edges.diagonal().any()
        assert item in panel.source


def test_first_and_last_values_are_those_of_the_files():
    panel, _ = dream3("size10_Ecoli1")
    assert panel.realisations[0][0, :2].tolist() == [0.22515668347880283, 0.53467265713658]
    assert panel.realisations[1][0, 0] == 0.13904255923755873
    panel, _ = dream4("insilico_size10_1")
    assert panel.realisations[0][0, :3].tolist() == [0.6665114, 0.1272186, 0.3550646]
    assert panel.realisations[-1][-1, -1] == 0.7405712


def test_columns_of_the_gold_standard_are_regulator_and_target():
    _, truth = dream3("size10_Ecoli1")  # the file begins with "G2 G1 1"
    assert {"cause": "G2", "effect": "G1"} in truth.edge_list()
    assert {"cause": "G1", "effect": "G2"} not in truth.edge_list()
    _, truth = dream4("insilico_size10_1")
    assert {edge["effect"] for edge in truth.edge_list() if edge["cause"] == "G1"} == {"G2", "G3", "G4", "G5"}


@pytest.mark.parametrize("item", ["insilico_size10_1", "insilico_size10_2", "insilico_size10_3", "insilico_size100_1"])
def test_the_data_themselves_support_the_orientation(item):
    panel, truth = dream4(item)
    found = causalkit.discover(panel, method="var", lag=1, preparation={"levels": "keep"})
    assert found.evaluate(truth)["auroc"] > found.evaluate(replace(truth, edges=truth.edges.T))["auroc"] + 0.08


def test_windows_never_cross_a_border():
    panel, _ = dream3("size10_Ecoli1")
    windows = panel.windows(3)
    assert len(windows) == 4 * (21 - 3)
    rows = {row.tobytes(): (run, step) for run, r in enumerate(panel) for step, row in enumerate(r)}
    for x, y, run in zip(windows.x, windows.y, windows.realisation, strict=True):
        places = [rows[row.tobytes()] for row in (*x, y)]
        assert [place[0] for place in places] == [run] * 4
        assert np.diff([place[1] for place in places]).tolist() == [1, 1, 1]


def test_trajectories_begin_where_the_borders_are():
    panel, _ = dream3("size10_Ecoli1")  # each starts from another perturbed state
    within = max(np.abs(np.diff(values, axis=0)).mean(axis=1).max() for values in panel)
    across = [np.abs(b[0] - a[-1]).mean() for a, b in zip(panel.realisations, panel.realisations[1:], strict=False)]
    assert min(across) > within
    panel, _ = dream4("insilico_size100_1")  # each starts from the same steady state and is perturbed from then on
    stacked = np.stack(panel.realisations)
    spread = stacked.std(axis=0).mean(axis=1)
    assert spread.argmin() == 0


def test_published_protocol_stacks_and_says_so():
    apart, _ = dream4("insilico_size100_2")
    panel, truth = dream4("insilico_size100_2", protocol="published")
    assert panel.lengths == (210,)
    assert np.array_equal(panel.realisations[0], np.concatenate(apart.realisations))
    assert len(panel.windows(1)) == 209
    assert len(apart.windows(1)) == 200
    assert any("stacked" in note for note in panel.notes)
    assert truth.diagonal == "exclude"


def test_unknown_items_are_answered_with_near_ones():
    with pytest.raises(UnknownNameError, match="dream3:size100_Ecoli1"):
        dream3("size100_Ecoli")
    with pytest.raises(WrongUsageError, match="dream4:insilico_size10_1"):
        dream4()


def test_damaged_tables_name_file_line_and_column(published, tmp_path):
    text = (published / "dream4" / "insilico_size10_1_timeseries.tsv").read_text()
    lines = text.splitlines()
    known = facts("dream4", "insilico_size10_1")

    def read(changed, said, name="table.tsv"):
        path = tmp_path / name
        path.write_text("\n".join(changed))
        with pytest.raises(DataError, match=said):
            read_dream4(path, known)

    read([*lines[:3], lines[3].replace("0.1775012", "nan"), *lines[4:]], r"table.tsv: line 4, column G1: 'nan'")
    read([*lines[:3], lines[3] + "\t1", *lines[4:]], r"line 4 has 11 cells where line 1 names 10")
    read(lines[:-1], "104 instead of 105")
    read([line.rsplit("\t", 1)[0] for line in lines], "number of genes: 9 instead of 10")
    read([], "does not name the columns")


def test_wrong_times_and_lengths_in_dream3_are_refused(published, tmp_path):
    text = (published / "dream3" / "dream3_10_0.tsv").read_text()
    path = tmp_path / "table.tsv"
    for changed, said in [
        (text.replace("\n10.0\t", "\n11.0\t", 1), "times of trajectory 1"),
        (text.replace("\n\n", "\n", 1), "number of trajectories: 3 instead of 4"),
        (text.replace('"Time"', '"Tame"'), "'?Tame'? instead of '?Time'?"),
    ]:
        assert changed != text
        path.write_text(changed)
        with pytest.raises(DataError, match=said):
            read_dream3(path, facts("dream3", "size10_Ecoli1"))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["a b 1", "b a 0", "a c 1"], "line 3: unknown series 'c'"),
        (["a b 1", "b a 2"], "line 2 is not"),
        (["a b 1", "a b 0"], "line 2: duplicate pair a -> b"),
        (["a b 1"], "no line for b -> a"),
    ],
)
def test_malformed_gold_standards_are_refused(tmp_path, lines, said):
    path = tmp_path / "gold.tsv"
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=said):
        gold_standard(path, ("a", "b"), "gold")
