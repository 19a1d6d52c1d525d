"""What users type: every data set by name, listings that import nothing heavy, files that come back the same."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from causalkit_benchmarks.catalogue import FAMILIES, fetched, listed
from click.testing import CliRunner

import causalkit
from causalkit import io
from causalkit.cli.main import cli
from causalkit.plugins.registry import registry
from causalkit.testing import assert_ok
from causalkit.testing.dataset import check_dataset

pytestmark = pytest.mark.usefixtures("published")

RUNS = [
    ("dream3:size10_Ecoli1", ["--lag", "1"]),
    ("dream3:size50_Ecoli1", ["--lag", "1"]),
    ("dream3:size100_Ecoli1", ["--lag", "1"]),
    ("dream4:insilico_size10_1", ["--lag", "1"]),
    ("dream4:insilico_size100_1", ["--lag", "1"]),
    ("dream4:insilico_size100_1", ["--lag", "1", "-s", "dataset.protocol=published"]),
    ("netsim:sim3", ["-s", "dataset.subjects=0:5"]),
    ("netsim:sim3", ["-s", "dataset.subjects=3", "-s", "dataset.protocol=published-reversed"]),
    ("causaltime:medical", ["--lag", "1"]),
    ("causaltime:medical", ["--lag", "1", "-s", "dataset.protocol=published"]),
    ("sos", ["--lag", "1"]),
    ("irma:on", ["--lag", "1"]),
    ("irma:off", ["--lag", "1"]),
    ("yeast", ["--lag", "1"]),
    ("blca:example", ["--lag", "1"]),
]


def run(*arguments):
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize(("name", "options"), RUNS, ids=lambda value: value if isinstance(value, str) else "")
def test_discover_finds_edges_and_judges_them(name, options):
    said = run("discover", "--dataset", name, "--method", "var", "--top", "3", *options)
    assert "auroc" in said
    assert "Compared with" in said


def test_hela_answers_without_a_choice_of_genes():
    said = run("discover", "--dataset", "hela", "-s", "training.epochs=3", "--lag", "1", "--top", "3")
    assert "20 series" in said
    assert "The strongest 3 edges" in said
    assert "STK15" in run("inspect", "--dataset", "hela")
    assert "CCNA2" in run(
        "discover", "--dataset", "hela", "-m", "var", "--lag", "1", "-s", "dataset.genes=CCNE1,CCNA2,CCNB1"
    )


def test_discover_with_the_users_own_truth(tmp_path):
    truth = tmp_path / "truth.csv"
    truth.write_text("cause,effect\nE2F1,CCNE1\n")
    said = run(
        "discover", "--dataset", "hela", "-m", "var", "--lag", "1", "-s", "dataset.genes=CCNE1,E2F1",
        "-s", f"dataset.truth={truth}",
    )  # fmt: skip
    assert "auroc" in said


def test_discover_with_the_users_own_table(tmp_path):
    generator = np.random.default_rng(0)
    rows = [f"s{step}," + ",".join(map(str, generator.standard_normal(3))) for step in range(30)]
    (tmp_path / "cells.csv").write_text("\n".join(["sample,A,B,C", *rows]))
    (tmp_path / "order.csv").write_text("\n".join(["sample,pseudotime", *(f"s{step},{step}" for step in range(30))]))
    (tmp_path / "truth.csv").write_text("cause,effect\nA,B\n")
    settings = {"expression": "cells.csv", "order": "order.csv", "truth": "truth.csv"}
    options = [part for key, file in settings.items() for part in ("-s", f"dataset.{key}={tmp_path / file}")]
    assert "auroc" in run("discover", "--dataset", "blca", "-m", "var", "--lag", "1", *options)


def test_a_neural_method_on_the_largest_panel():
    said = run(
        "discover", "--dataset", "dream4:insilico_size100_1", "-m", "grngc", "-s", "training.epochs=3",
        "-s", "forecaster.hidden=8", "--top", "3",
    )  # fmt: skip
    assert "auroc" in said


@pytest.mark.parametrize("protocol", ["default", "published"])
def test_reports_say_which_way_of_counting_is_meant(protocol):
    options = ("-m", "var", "--lag", "1", "-s", f"dataset.protocol={protocol}")
    said = run("discover", "--dataset", "causaltime:medical", *options)
    if protocol == "default":
        assert "133 edges; count this truth without self-edges" in said
    else:
        assert "153 edges between 20 of 40 series; other pairs are not counted" in said
        assert "count this truth with self-edges" in said


@pytest.mark.parametrize("suffix", ["csv", "tsv", "npz"])
@pytest.mark.parametrize(
    "name", ["dream3:size10_Ecoli1", "dream4:insilico_size10_1", "causaltime:medical", "sos", "irma:off", "yeast"]
)
def test_simulate_writes_what_reads_back_as_the_same_panel(tmp_path, name, suffix):
    data, edges = tmp_path / f"x.{suffix}", tmp_path / "t.csv"
    run("simulate", name, "-o", data, "--truth", edges)
    panel, truth = causalkit.simulate(name)
    again = io.read(data)
    assert again.sha256 == panel.sha256  # names, borders and values
    assert np.array_equal(io.read_truth(edges, names=again.names).edges, truth.edges)


def test_discover_sees_the_same_in_files_as_in_the_data_set(tmp_path):
    data, edges = tmp_path / "x.csv", tmp_path / "t.csv"
    run("simulate", "dream4:insilico_size10_1", "-o", data, "--truth", edges)
    run("discover", data, "--truth", edges, "-m", "var", "--lag", "1", "-o", tmp_path / "a.json")
    run("discover", "--dataset", "dream4:insilico_size10_1", "-m", "var", "--lag", "1", "-o", tmp_path / "b.json")
    one, other = (causalkit.Discovery.load(tmp_path / name) for name in ("a.json", "b.json"))
    assert one.data["sha256"] == other.data["sha256"]
    assert np.array_equal(one.scores, other.scores)


def test_simulate_says_what_a_list_of_edges_cannot_hold(tmp_path):
    arguments = ("-o", tmp_path / "x.npz", "--truth", tmp_path / "t.csv", "-s", "protocol=published")
    assert "this truth covers only pairs of 20 of the 40 series" in run("simulate", "causaltime:medical", *arguments)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_contract(family):
    """Here the files are at hand, so every promise is checked and not only those that need none."""
    results = check_dataset(family)
    assert_ok(results)
    skipped = [one.check for one in results if "does not apply" in one.message]
    assert "returns a panel and its truth" not in skipped


def test_listed_facts_are_those_of_the_files():
    for family in FAMILIES:
        for item in listed(family):
            if not item.here or item.name in ("hela", "blca"):
                continue
            panel, truth = causalkit.simulate(item.name)
            assert (item.series, item.realisations) == (panel.series, len(panel.realisations)), item
            assert (item.steps, item.edges) == (max(panel.lengths), truth.count), item
    (item,) = listed("hela")  # no truth, and rows without values at the longer steps
    assert (item.series, item.realisations) == (causalkit.simulate("hela")[0].series, 1)


def test_the_catalogue_says_what_is_here(monkeypatch, tmp_path):
    here = {item.name: item.here for item in listed("dream3")}
    assert here["dream3:size100_Yeast1"]
    assert not here["dream3:size100_Yeast2"]
    assert len(list(listed("netsim"))) == 28
    monkeypatch.setenv("CAUSALKIT_MIRROR", str(tmp_path))
    assert not any(item.here for item in listed("dream3"))


def test_fetch_brings_all_files_of_an_item(published):
    assert [path.name for path in fetched("irma", "on")] == ["data_samples_irma_SOnDct.mat"]
    assert len(fetched("hela")) == 3
    assert all(path.is_file() for path in fetched("dream4", "insilico_size10_1"))


def test_every_record_is_listed_with_a_catalogue_and_a_way_to_fetch():
    records = [p.record for p in registry().all(causalkit.Dataset) if p.plugin.distribution == "causalkit-benchmarks"]
    assert {record.name for record in records} >= set(FAMILIES)
    assert all(record.catalogue and record.fetch for record in records)


def test_listing_imports_nothing_heavy():
    heavy = "('numpy', 'torch', 'pandas', 'scipy', 'statsmodels', 'matplotlib', 'pooch', 'requests')"
    code = f"""
import sys
from causalkit.plugins.records import Dataset
from causalkit.plugins.registry import registry
for provided in registry().all(Dataset):
    record = provided.record
    if record.catalogue:
        assert list(record.import_callable(record.catalogue)())
print([module for module in {heavy} if module in sys.modules])"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", done.stderr
