"""BLCA: the user's own files, in every form that is understood, and good errors for the rest."""

from __future__ import annotations

import gzip
import shlex

import pytest
from causalkit_benchmarks.bladder import blca
from causalkit_benchmarks.bladder_example import EDGES, GENES, GUIDE
from click.testing import CliRunner

import causalkit
from causalkit.cli.main import cli, main
from causalkit.errors import DataError, ParameterError, WrongUsageError

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


def test_a_packed_table(files, tmp_path):
    paths = files(expression=TABLE, order=ORDER)
    packed = tmp_path / "expression.csv.gz"
    packed.write_bytes(gzip.compress(TABLE.encode()))
    assert blca(expression=str(packed), order=paths["order"])[0].sha256 == blca(**paths)[0].sha256
    packed.write_bytes(gzip.compress(TABLE.encode())[:-12])
    with pytest.raises(DataError, match="not a readable table"):
        blca(expression=str(packed), order=paths["order"])


def test_the_example_is_called_made_and_has_its_truth(tmp_path):
    panel, truth = causalkit.simulate("blca:example")
    assert panel.names == GENES
    assert [(edge["cause"], edge["effect"]) for edge in truth.edge_list()] == sorted(EDGES)
    assert any("made up" in note for note in panel.notes)
    assert "tmp" not in panel.source + truth.source
    part, none = causalkit.simulate("blca:example", genes=["GENE1", "GENE2"])
    assert part.names == ("GENE1", "GENE2")
    assert none is None
    with pytest.raises(WrongUsageError, match="tables of its own"):
        causalkit.simulate("blca:example", order=str(tmp_path / "order.csv"))


def stop(arguments, capsys):
    """Run the command line as a process does, and return its exit code and what it prints."""
    with pytest.raises(SystemExit) as left:
        main(arguments)
    printed = capsys.readouterr()
    return left.value.code or 0, printed.out, printed.err


def test_without_tables_one_screen_says_which_and_its_commands_run(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    code, _, said = stop(["discover", "--dataset", "blca"], capsys)
    assert code == 2
    assert "not set: dataset.expression and dataset.order" in said
    assert GUIDE in said
    assert said.count("\n") < 30
    assert GUIDE in stop(["show", "blca"], capsys)[1]
    commands = [line.strip() for line in said.splitlines() if line.startswith("  causalkit ")]
    assert len(commands) == 3
    outputs = []
    for command in commands:
        code, printed, errors = stop(shlex.split(command)[1:], capsys)
        assert code == 0, errors
        outputs.append(printed)
    edges = [output[output.index("cause ") : output.index("Compared with")] for output in outputs[::2]]
    assert edges[0] == edges[1]
    assert sorted(path.name for path in (tmp_path / "blca").iterdir()) == ["expression.csv", "order.csv", "truth.csv"]


def test_fetching_the_example_leaves_files_of_the_user_alone(tmp_path):
    def fetch(name):
        return CliRunner().invoke(cli, ["fetch", name, "--data-home", str(tmp_path)])

    done = fetch("blca")
    assert done.exit_code == 0
    assert "skipped blca" in done.output
    assert "causalkit fetch blca" not in done.output  # it would skip it again
    order = tmp_path / "blca" / "order.csv"
    order.write_text(ORDER)
    assert "is not the example" in str(fetch("blca:example").exception)
    assert order.read_text() == ORDER
    assert "blca:exam" in str(fetch("blca:exam").exception)


def test_missing_files_and_parameters(files, tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        blca(expression=str(tmp_path / "none.csv"), order="x.csv")
    with pytest.raises(ParameterError, match=r"dataset\.expression"):
        causalkit.simulate("blca")
