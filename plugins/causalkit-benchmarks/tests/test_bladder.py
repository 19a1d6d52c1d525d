"""BLCA: the user's own files, in every form that is understood, and good errors for the rest."""

from __future__ import annotations

import pytest
from causalkit_benchmarks.bladder import blca

from causalkit.errors import DataError, ParameterError

TABLE = "sample,TP53,EGFR,MYC\ns1,1,2,3\ns2,4,5,6\ns3,7,8,9\n"
TURNED = "gene\ts1\ts2\ts3\nTP53\t1\t4\t7\nEGFR\t2\t5\t8\nMYC\t3\t6\t9\n"
ORDER = "sample,pseudotime\ns1,0.9\ns2,0.1\ns3,0.5\n"


@pytest.fixture
def files(tmp_path):
    def write(**contents):
        for name, text in contents.items():
            (tmp_path / name).write_text(text)
        return {name: str(tmp_path / name) for name in contents}

    return write


@pytest.mark.parametrize("table", [TABLE, TURNED, TABLE.replace(",", ";")], ids=["rows", "columns", "semicolons"])
@pytest.mark.parametrize(
    "order",
    [ORDER, "sample\ns2\ns3\ns1\n", "id\tbatch\tdpt_pseudotime\ns1\tA\t3\ns2\tA\t1\ns3\tB\t2\n"],
    ids=["times", "list", "more columns"],
)
def test_samples_come_in_the_order_of_pseudotime(files, table, order):
    panel, truth = blca(**files(expression=table, order=order))
    assert panel.names == ("TP53", "EGFR", "MYC")
    assert panel.realisations[0].tolist() == [[4, 5, 6], [7, 8, 9], [1, 2, 3]]
    assert truth is None
    assert any("equally spaced" in note for note in panel.notes)


def test_genes_and_truth_of_the_user(files):
    paths = files(expression=TABLE, order=ORDER, truth="cause,effect\nMYC,TP53\n")
    panel, truth = blca(**paths, genes=("MYC", "TP53"))
    assert panel.realisations[0].tolist() == [[6, 4], [9, 7], [3, 1]]
    assert truth.edges.tolist() == [[False, True], [False, False]]
    with pytest.raises(DataError, match=r"unknown gene 'MYK'.*MYC"):
        blca(**paths, genes=("MYK",))


def test_samples_without_a_pseudotime_and_ties_are_said_aloud(files):
    panel, _ = blca(**files(expression=TABLE, order="sample,t\ns1,2\ns3,2\n"))
    assert panel.realisations[0].tolist() == [[1, 2, 3], [7, 8, 9]]
    assert any("1 samples without a pseudo-time" in note for note in panel.notes)
    assert any("share a pseudo-time" in note for note in panel.notes)


@pytest.mark.parametrize(
    ("expression", "order", "said"),
    [
        (TABLE, ORDER.replace("s3", "s4"), "1 of 3 samples are not in .*first 's4'"),
        (TABLE.replace("5", "five"), ORDER, "s2, EGFR: 'five' is not a finite number"),
        (TABLE.replace("5", ""), ORDER, "s2, EGFR: '' is not"),
        (TABLE.replace("s2", "s1"), ORDER, "duplicate row 's1'"),
        (TABLE, ORDER.replace("s2", "s1"), "duplicate sample 's1'"),
        (TABLE, ORDER.replace("0.1", "early"), "s2, pseudotime: 'early'"),
        (TABLE, "sample,a,b\ns1,1,2\n", "several columns may be the pseudo-time: a, b"),
        (TABLE, "sample,pseudotime\n", "names no sample"),
        (TABLE, "", "not a readable table"),
        ("sample\ns1\n", ORDER, "single column"),
    ],
)
def test_files_that_do_not_fit(files, expression, order, said):
    with pytest.raises(DataError, match=said):
        blca(**files(expression=expression, order=order))


def test_missing_files_and_parameters(files, tmp_path):
    import causalkit

    with pytest.raises(DataError, match="does not exist"):
        blca(expression=str(tmp_path / "none.csv"), order="x.csv")
    with pytest.raises(ParameterError, match=r"dataset\.expression"):
        causalkit.simulate("blca")
