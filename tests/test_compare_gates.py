"""Gates: what they understand, what they refuse, and that a failed cell is never averaged away."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from causalkit.compare.config import read_comparison
from causalkit.compare.gates import Gate, check_gates, parse_gate
from causalkit.errors import UnknownNameError, WrongUsageError
from tests.comparisons import grid, made

RECORDS = grid(
    {
        ("grngc", "lorenz96"): [0.95, 0.97, 0.99, 0.96, 0.98],
        ("grngc", "var[series=20]"): [0.80, 0.82, 0.84, 0.86, 0.88],
        ("cmlp[regularizer.strength=0.1]", "lorenz96"): [0.90, 0.91, 0.92, 0.93, 0.94],
        ("cmlp[regularizer.strength=0.1]", "var[series=20]"): [0.80, 0.82, 0.84, 0.86, None],
    }
)


def checked(*texts, records=RECORDS, **options):
    return check_gates(records, [parse_gate(text) for text in texts], **options)


def holds(text, records=RECORDS, **options):
    (result,) = checked(text, records=records, **options)
    assert result.text == text
    assert result.sentence.startswith(f"{text} {'holds' if result.holds else 'fails'}: ")
    return result.holds


def why(text, records=RECORDS):
    (result,) = checked(text, records=records)
    return result.sentence


# What a gate says


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("auroc>=0.95", {"quantity": "auroc", "comparison": ">=", "bound": 0.95}),
        ("auroc>=.95@grngc", {"quantity": "auroc", "comparison": ">=", "bound": 0.95, "method": "grngc"}),
        (
            " auroc >= 0.95 @ grngc , lorenz96 ",
            {"quantity": "auroc", "comparison": ">=", "bound": 0.95, "method": "grngc", "data": ("lorenz96",)},
        ),
        (
            "auprc>1e-1@grngc[forecaster=kan,lag=2],var[series=20,steps=9],dream3:size10_Ecoli1",
            {
                "quantity": "auprc",
                "comparison": ">",
                "bound": 0.1,
                "method": "grngc[forecaster=kan,lag=2]",
                "data": ("var[series=20,steps=9]", "dream3:size10_Ecoli1"),
            },
        ),
        ("auroc>=0@,henon", {"quantity": "auroc", "comparison": ">=", "data": ("henon",)}),
        ("shd<12@var", {"quantity": "shd", "comparison": "<", "bound": 12, "method": "var"}),
        ("f1-oracle>=0.5@a@b", {"quantity": "f1-oracle", "comparison": ">=", "bound": 0.5, "method": "a@b"}),
        ("seconds<=60s@grngc", {"quantity": "seconds", "comparison": "<=", "bound": 60, "method": "grngc"}),
        ("memory<=2GB", {"quantity": "memory", "comparison": "<=", "bound": 2048}),
        ("memory<=512M", {"quantity": "memory", "comparison": "<=", "bound": 512}),
        ("failures<=0", {"quantity": "failures", "comparison": "<="}),
        ("grngc>cmlp:auprc", {"quantity": "auprc", "method": "grngc", "rival": "cmlp"}),
        (
            "grngc[a=1,b=x]>cmlp@causalkit-neuralgc:auprc@dream3:size10_Ecoli1,lorenz96",
            {
                "quantity": "auprc",
                "method": "grngc[a=1,b=x]",
                "rival": "cmlp@causalkit-neuralgc",
                "data": ("dream3:size10_Ecoli1", "lorenz96"),
            },
        ),
    ],
)
def test_what_is_understood(text, fields):
    assert parse_gate(text) == Gate(text=text, **fields)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "there is no >="),
        ("auroc=0.95", "there is no >="),
        ("auroc=>0.95", "the comparisons are >=, >, <= and <: auroc=⟨here⟩>0.95"),
        (">=0.95@grngc", "the metric is missing: ⟨here⟩>=0.95@grngc"),
        ("auroc>=high@grngc", "a number must follow: auroc>=⟨here⟩high@grngc"),
        ("auroc>=0.95GB", "a number must follow"),
        ("auroc>=", "a number must follow"),
        ("memory<=2 apples", "written like 600M or 2G"),
        ("memory<=512", "written like 600M or 2G"),
        ("auroc>=0.95@", "a name is missing: auroc>=0.95@⟨here⟩"),
        ("auroc>=0.95@grngc,", "a name is missing"),
        ("grngc<cmlp:auroc", "the better one first: grngc⟨here⟩<cmlp:auroc"),
        ("grngc>=cmlp:auroc", "the better one first"),
        ("grngc>:auroc", "the second method is missing"),
        ("grngc>cmlp:", "the metric is missing: grngc>cmlp:⟨here⟩"),
        ("grngc>cmlp:auroc@", "the name of a data set is missing"),
        ("grngc>cmlp:failures", "failures is a single number"),
    ],
)
def test_what_is_not_understood_is_refused_where_it_is_and_with_an_example(text, complaint):
    with pytest.raises(WrongUsageError) as refused:
        parse_gate(text)
    assert complaint in refused.value.message
    assert "auroc>=0.95@grngc,lorenz96" in refused.value.hint
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("text", ["aurok>=0.9@grngc", "grngc>cmlp:aurok"])
def test_an_unknown_metric_is_wrong_usage(text):
    with pytest.raises(UnknownNameError, match="did you mean auroc"):
        parse_gate(text)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("auroc>=0.9@gringc", "unknown method 'gringc'.*did you mean grngc"),
        ("auroc>=0.9@grngc,lorenz69", "unknown data set 'lorenz69'.*did you mean lorenz96"),
        ("grngc>clstm:auroc", "unknown method 'clstm'"),
        ("grngc>grngc:auroc", "compares grngc with itself"),
    ],
)
def test_a_name_that_is_not_in_the_comparison_is_wrong_usage_and_no_failed_gate(text, match):
    with pytest.raises(WrongUsageError, match=match):
        checked(text)


def test_names_can_be_checked_before_the_work():
    gate = parse_gate("auroc>=0.9@grngc,lorenz96")
    gate.check_names(["grngc"], ["lorenz96"])
    with pytest.raises(UnknownNameError, match="lorenz96"):
        gate.check_names(["grngc"], ["henon"])


def test_labels_are_found_by_name_or_beginning_unless_several_fit():
    labels = ["grngc[forecaster=kan]", "grngc[forecaster=mlp]", "cmlp[lag=2]", "var", "varlingam"]
    for name, found in {"cmlp": "cmlp[lag=2]", "cm": "cmlp[lag=2]", "var": "var", "varl": "varlingam"}.items():
        parse_gate(f"auroc>=0@{name}").check_names(labels, [])
        records = [made(label, "a", 0, 0.5) for label in labels]
        assert f"holds: {found} on a" in why(f"auroc>=0@{name}", records)
    with pytest.raises(WrongUsageError, match=r"may be any of grngc\[forecaster=kan\], grngc\[forecaster=mlp\]"):
        parse_gate("auroc>=0@grngc").check_names(labels, [])


PAGE = (Path(__file__).parents[1] / "docs" / "compare-ci.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", re.findall(r"^\| `([^`]*[<>][^`]*)` \|", PAGE, re.MULTILINE))
def test_the_gates_of_the_page_are_understood(text):
    parse_gate(text.replace("...", "auroc"))


def test_the_configuration_of_the_page_is_a_comparison(tmp_path):
    (found,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "bench.toml"
    path.write_text(found, encoding="utf-8")
    given = read_comparison(path, float_seconds)
    assert len(given["gates"]) == 3
    for text in given["gates"]:
        parse_gate(text).check_names(["grngc", "var"], ["lorenz96", "var"])


def float_seconds(text):
    return 60 * float(text.removesuffix("m"))


# Thresholds


def test_a_mean_is_compared_with_the_bound():
    assert holds("auroc>=0.97@grngc,lorenz96")  # exactly
    assert not holds("auroc>0.97@grngc,lorenz96")
    assert holds("auroc<=0.97@grngc,lorenz96")
    assert not holds("auroc<0.97@grngc,lorenz96")
    assert why("auroc>=0.98@grngc,lorenz96") == (
        "auroc>=0.98@grngc,lorenz96 fails: grngc on lorenz96: mean auroc 0.97 over 5 seeds"
    )


def test_a_mean_just_below_the_bound_is_not_shown_as_the_bound():
    records = grid({("m", "a"): [0.99999, 1.0]})
    assert "mean auroc 0.999995 over 2 seeds" in why("auroc>=1", records)


def test_without_a_data_set_every_one_must_do():
    assert not holds("auroc>=0.9@grngc")
    assert holds("auroc>=0.8@grngc")
    assert holds("auroc>=0.9@,lorenz96")


def test_the_policy_on_self_edges_decides_which_number_counts():
    assert holds("auroc>=0.5@grngc")
    assert holds("auroc<0.7@grngc", diagonal="include")


def test_a_failed_cell_fails_the_gate_however_good_the_others_are():
    assert not holds("auroc>=0.1@cmlp,var")
    assert "no result for 1 of 5 seeds (failed: it did not work)" in why("auroc>=0.1@cmlp,var")
    assert not holds("auroc<=1@cmlp")
    assert not holds("seconds<=999@cmlp")


def test_a_missing_record_fails_the_gate():
    records = [record for record in RECORDS if (record.cell.method, record.cell.seed) != ("grngc", 3)]
    assert "no record for 1 of 5 seeds" in why("auroc>=0.1@grngc,lorenz96", records)


def test_a_missing_number_fails_the_gate():
    assert "no f1 for 5 of 5 seeds" in why("f1>=0.1@grngc,lorenz96")


def test_a_skipped_pair_fails_only_a_gate_that_names_it():
    records = [*RECORDS, *(made("grngc", "oneseries", s, None, "skipped", reason="too few series") for s in range(5))]
    assert holds("auroc>=0.8@grngc", records)
    assert "grngc on oneseries was skipped" in why("auroc>=0.8@grngc", records)
    assert not holds("auroc>=0.8@grngc,oneseries", records)
    assert "too few series" in why("auroc>=0.8@grngc,oneseries", records)
    only = [record for record in records if record.cell.data == "oneseries"]
    assert not holds("auroc>=0.8@grngc", only)  # nothing shows that it holds


def test_time_memory_and_failures():
    assert holds("seconds<=2@grngc")
    assert not holds("seconds<2@grngc")
    assert holds("memory<=0.28G@grngc")
    assert not holds("memory<=286M@grngc")
    assert holds("failures<=1")
    assert holds("failures<=0@grngc")
    assert not holds("failures<=0")
    assert "1 of 20 cells failed, the first cmlp[regularizer.strength=0.1] on var[series=20] with seed 4" in why(
        "failures<=0"
    )


# Significantly better


def test_a_method_that_always_wins_is_significantly_better_from_five_pairs_on():
    assert holds("grngc>cmlp:auprc@lorenz96")
    assert why("grngc>cmlp:auroc@lorenz96") == (
        "grngc>cmlp:auroc@lorenz96 holds: mean auroc 0.97 against 0.92 over 5 pairs of data set and seed, "
        "one-sided p = 0.031"
    )
    assert not holds("cmlp>grngc:auroc@lorenz96")
    four = [record for record in RECORDS if record.cell.seed < 4]
    assert "p < .05 needs at least 5 pairs" in why("grngc>cmlp:auroc@lorenz96", four)


def test_equal_methods_are_not_better():
    records = grid({("x", "a"): [0.9] * 9, ("y", "a"): [0.9] * 9})
    assert not holds("x>y:auroc", records)


def test_pairs_run_over_data_sets_as_well_as_seeds():
    records = grid({(m, d): [level] * 2 for m, level in (("x", 0.9), ("y", 0.5)) for d in "abc"})
    assert holds("x>y:auroc", records)
    assert "over 6 pairs" in why("x>y:auroc", records)
    assert not holds("x>y:auroc@a,b", records)  # four pairs


def test_a_failed_cell_of_either_method_fails_the_comparison():
    assert "cmlp[regularizer.strength=0.1] on var[series=20] has no result" in why("grngc>cmlp:auroc")
    assert not holds("cmlp>grngc:auroc")


def test_less_is_better_where_it_is():
    records = [
        made(method, "a", seed, 0.5, seconds={"fit": seconds}, peak_bytes=int(seconds * 1e6))
        for method, seconds in (("fast", 1.0), ("slow", 3.0))
        for seed in range(5)
    ]
    assert holds("fast>slow:seconds", records)
    assert not holds("slow>fast:seconds", records)
    assert holds("fast>slow:memory", records)
