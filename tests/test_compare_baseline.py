"""A comparison against an earlier one: regressions are caught, and what cannot be compared is said."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from causalkit.compare.baseline import compare_with_baseline, load_baseline
from causalkit.compare.formats import render
from causalkit.errors import DataError, UnknownNameError, WrongUsageError
from tests.comparisons import grid, made

OLD = grid({("grngc", "lorenz96"): [0.95, 0.97], ("var", "lorenz96"): [0.80, 0.90]})


def failed(records, baseline=OLD, tolerance=0.0, metrics=("auroc",), **options):
    results = compare_with_baseline(records, baseline, tolerance, metrics, **options)
    return [result.sentence for result in results if not result.holds]


def said(records, baseline=OLD):
    return [result.sentence for result in compare_with_baseline(records, baseline, 0.0, ("auroc",)) if result.holds]


def test_the_same_comparison_has_no_regression():
    assert failed(OLD) == []
    assert said(OLD)[0] == "no regression: the mean auroc of grngc on lorenz96 was 0.96 and is 0.96 over 2 seeds"


def test_a_mean_that_fell_by_more_than_the_tolerance_is_a_regression():
    new = grid({("grngc", "lorenz96"): [0.93, 0.97], ("var", "lorenz96"): [0.95, 0.95]})
    assert failed(new, tolerance=0.01) == []  # exactly the tolerance
    assert failed(new, tolerance=0.009) == [
        "regression: the mean auroc of grngc on lorenz96 was 0.96 and is 0.95 over 2 seeds, worse by 0.01, "
        "more than the tolerance of 0.009"
    ]


def test_a_distance_that_rose_is_a_regression():
    old, new = ([made("m", "a", 0, metrics={"exclude": {"shd": value}})] for value in (3.0, 5.0))
    assert len(failed(new, old, 1.0, ("shd",))) == 1
    assert failed(old, new, 1.0, ("shd",)) == []


def test_only_shared_seeds_are_compared():
    new = grid({("grngc", "lorenz96"): [0.95, 0.97, 0.1]})
    assert failed(new) == []
    notes = said(new)
    assert "1 cell not in the baseline, not compared: grngc on lorenz96 with seed 2" in notes
    assert (
        "2 cells of the baseline not in this comparison: var on lorenz96 with seed 0 and var on lorenz96 with seed 1"
        in notes
    )


def test_a_cell_that_fails_now_is_a_regression():
    (sentence,) = failed(grid({("grngc", "lorenz96"): [0.99, None]}))
    assert sentence == (
        "regression: grngc on lorenz96 had a result for seed 1 and has none now (failed: it did not work)"
    )


def test_a_cell_that_failed_before_may_fail_again_or_heal():
    old = grid({("grngc", "lorenz96"): [0.9, None, None]})
    assert failed(grid({("grngc", "lorenz96"): [0.9, None, 0.2]}), old) == []


def test_a_number_that_is_gone_is_a_regression():
    new = [made("grngc", "lorenz96", 0, metrics={"exclude": {"auprc": 0.5}})]
    assert failed(new) == ["regression: grngc on lorenz96 no longer has a result for auroc (seed 0)"]


@pytest.mark.parametrize("new", [[], grid({("other", "lorenz96"): [0.9]}), grid({("grngc", "henon"): [0.9]})])
def test_a_baseline_that_can_be_compared_with_nothing_does_not_pass(new):
    assert failed(new) == ["nothing can be compared with the baseline: they share no cell with a result"]


def test_other_data_or_settings_are_said():
    new = [
        replace(record, data={"sha256": "other"}, cell=replace(record.cell, settings={"threads": 2})) for record in OLD
    ]
    notes = said(new)
    assert "the data differ from the baseline: grngc on lorenz96 and var on lorenz96" in notes
    assert "parameters or settings differ from the baseline: grngc on lorenz96 and var on lorenz96" in notes


def test_the_policy_on_self_edges_is_that_of_the_comparison():
    new = [replace(record, metrics={**record.metrics, "include": {"auroc": 0.0}}) for record in OLD]
    assert failed(new) == []
    assert len(failed(new, diagonal="include")) == 2


def test_nonsense_is_refused():
    with pytest.raises(WrongUsageError, match="tolerance is -1"):
        compare_with_baseline(OLD, OLD, -1)
    with pytest.raises(WrongUsageError, match="tolerance is nan"):
        compare_with_baseline(OLD, OLD, float("nan"))
    with pytest.raises(UnknownNameError, match="auroc"):
        compare_with_baseline(OLD, OLD, 0.0, ("aurok",))


# Files


def test_a_folder_of_records_is_a_baseline(tmp_path):
    for record in OLD:
        record.save(tmp_path)
    (tmp_path / "notes.json").write_text("{}")
    assert sorted(load_baseline(tmp_path), key=str) == sorted(OLD, key=str)


def test_what_format_json_wrote_is_a_baseline(tmp_path):
    path = tmp_path / "old.json"
    path.write_text(render(OLD, "json"), encoding="utf-8")
    assert failed(OLD, load_baseline(path)) == []
    assert len(failed(grid({("grngc", "lorenz96"): [0.5, 0.5]}), load_baseline(path))) == 1


def test_failed_cells_survive_the_file(tmp_path):
    path = tmp_path / "old.json"
    path.write_text(render(grid({("grngc", "lorenz96"): [0.9, None]}), "json"), encoding="utf-8")
    assert [record.status for record in load_baseline(path)] == ["ok", "failed"]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("{", "cannot be read"),
        ("[]", "is not a comparison"),
        ('{"kind": "causalkit-cell"}', "is not a comparison"),
        ('{"kind": "causalkit-comparison", "schema": 99, "records": []}', "newer causalkit"),
        ('{"kind": "causalkit-comparison", "schema": 1, "records": [{"kind": "x"}]}', "record 1 of .* is not a record"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused(text, match, tmp_path):
    path = tmp_path / "old.json"
    path.write_text(text)
    with pytest.raises(DataError, match=match):
        load_baseline(path)


def test_nothing_there_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        load_baseline(tmp_path / "old.json")
    with pytest.raises(DataError, match="contains no records"):
        load_baseline(tmp_path)


def test_a_damaged_record_is_not_overlooked(tmp_path):
    path = OLD[0].save(tmp_path)
    path.write_text(json.dumps({"kind": "causalkit-cell", "schema": 1}))
    with pytest.raises(DataError, match="damaged"):
        load_baseline(tmp_path)
