"""The experiment on images: its measures, its splits, the choice of weights, and one small run from end to end."""

from __future__ import annotations

import csv
import json
import math

import pytest
import torch
from causalkit_robust.distances import mmd
from click.testing import CliRunner
from torch import nn

from benchmarks.robust_images import data
from benchmarks.robust_images.__main__ import main
from benchmarks.robust_images.choice import Pretrained, best_weight
from benchmarks.robust_images.data import Images
from benchmarks.robust_images.measures import (
    accuracy,
    attacked_accuracy,
    drop_rate,
    feature_spread,
    interval,
    linear_cka,
    paired,
)
from benchmarks.robust_images.network import Network
from benchmarks.robust_images.report import as_markdown, by_setting, write
from benchmarks.robust_images.study import Plan, Study
from benchmarks.robust_images.training import Lengths, Mitigation, pretrain, train_all, train_head


class Threshold(nn.Module):
    """Class 1 where the first pixel is above a level, else class 0."""

    def __init__(self, level: float) -> None:
        super().__init__()
        self.level = level

    def forward(self, x):
        above = x[:, 0, 0, 0] - self.level
        return torch.stack([-above, above], dim=1)


def pixels(*values):
    """Images whose first pixel is given and whose class says whether it is above 0.5."""
    x = torch.full((len(values), 1, 8, 8), 0.5)
    x[:, 0, 0, 0] = torch.tensor(values)
    return Images(x, (x[:, 0, 0, 0] > 0.5).long())


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_attack_flips_exactly_the_images_whose_margin_it_reaches():
    images = pixels(0.52, 0.48, 0.58, 0.65, 0.3)
    network = Threshold(0.5)
    assert accuracy(network, images) == 1
    assert attacked_accuracy(network, images, 0.0) == 1
    assert attacked_accuracy(network, images, 0.04) == pytest.approx(3 / 5)
    assert attacked_accuracy(network, images, 0.1) == pytest.approx(2 / 5)
    assert attacked_accuracy(network, images, 0.25) == 0


def test_attack_keeps_pixels_between_0_and_1():
    dark = Images(torch.zeros(3, 1, 8, 8), torch.ones(3, dtype=torch.int64))
    assert attacked_accuracy(Threshold(-0.05), dark, 0.2) == 1


def test_drop_rate_is_the_share_that_is_lost():
    assert drop_rate(0.8, 0.2) == pytest.approx(0.75)
    assert drop_rate(0.9, 0.9) == 0
    assert drop_rate(0.5, 0.0) == 1
    assert math.isnan(drop_rate(0.0, 0.0))


def test_cka_ignores_rotation_scale_and_offset_but_not_the_mixing_of_scales():
    a = torch.randn(200, 6, generator=generator(), dtype=torch.float64)
    rotation = torch.linalg.qr(torch.randn(6, 6, generator=generator(1), dtype=torch.float64))[0]
    assert linear_cka(a, a @ rotation * 7 + 3) == pytest.approx(1)
    stretched = a * torch.tensor([10, 1, 1, 1, 1, 1])
    assert linear_cka(a, stretched) < 0.7
    assert linear_cka(a, stretched) == pytest.approx(linear_cka(stretched, a))


def test_cka_of_single_features_is_their_squared_correlation():
    a, b = torch.randn(2, 50, 1, generator=generator(), dtype=torch.float64)
    b = b + a
    correlation = torch.corrcoef(torch.cat([a, b], dim=1).T)[0, 1].item()
    assert linear_cka(a, b) == pytest.approx(correlation**2)


def test_cka_of_unrelated_features_is_near_0_and_of_constant_ones_no_number():
    a, b = torch.randn(2, 4000, 3, generator=generator())
    assert linear_cka(a, b) < 0.01
    assert math.isnan(linear_cka(a, torch.ones(4000, 3)))


def test_feature_spread_sees_collapse_and_not_scale():
    network, x = Network(0), data.target(0).unlabelled
    spread = feature_spread(network, x)
    assert 0 < spread < 1
    with torch.no_grad():
        network.body[-2].weight.mul_(50)
        network.body[-2].bias.mul_(50)
    assert feature_spread(network, x) == pytest.approx(spread, rel=1e-4)
    with torch.no_grad():
        network.body[-2].weight.zero_()
        network.body[-2].bias.fill_(1)
    assert feature_spread(network, x) == pytest.approx(0, abs=1e-9)


def test_interval_is_that_of_student():
    found = interval([1.0, 2.0, 3.0, 4.0])
    reach = 3.18245 * 1.2909944 / 2  # t of 3 degrees of freedom, standard deviation, root of 4
    assert (found.mean, found.seeds) == (2.5, 4)
    assert (found.low, found.high) == pytest.approx((2.5 - reach, 2.5 + reach), rel=1e-5)
    assert str(interval([0.25])) == "0.250"


def test_paired_interval_does_not_see_what_the_seeds_share():
    base = [0.1, 0.9, 0.4, 0.7]
    found = paired([value + 0.05 for value in base], base)
    assert found.low == pytest.approx(0.05)
    assert found.high == pytest.approx(0.05)
    with pytest.raises(ValueError, match="zip"):
        paired([1.0], [1.0, 2.0])


def test_parts_of_the_target_share_no_image_and_follow_the_seed():
    target = data.target(3)
    assert torch.bincount(target.labelled.y).tolist() == [10] * 5
    assert len(target.test) == 400
    parts = [target.labelled.x, target.unlabelled, target.test.x]
    every = torch.cat(parts).flatten(1)
    assert len(every) == 896  # the digits 5 to 9 of scikit-learn
    assert len(torch.unique(every, dim=0)) == 896
    assert torch.equal(data.target(3).test.x, target.test.x)
    assert not torch.equal(data.target(4).test.x, target.test.x)


@pytest.mark.parametrize("name", data.SOURCES)
def test_source_holds_images_like_the_target_and_none_of_it(name):
    source = data.source(name, 0)
    images = torch.cat([source.train.x, source.held_out.x])
    assert images.shape[1:] == (1, 8, 8)
    assert images.min() >= 0
    assert images.max() <= 1
    assert torch.bincount(source.train.y).min() > 100
    target = {tuple(image.tolist()) for image in data.digits(5, generator()).x.flatten(1)}
    assert not any(tuple(image.tolist()) in target for image in images.flatten(1))


def test_gratings_of_one_class_vary_along_its_direction_only():
    images = data.gratings(300, generator())
    across = images.x[images.y == 0][:, 0]  # the wave runs along a row, so that columns differ by noise alone
    assert across.std(1).mean() < 0.06 < across.std(2).mean()


def test_every_labelled_image_is_held_out_once_and_classes_stay_even():
    labelled = data.target(0).labelled
    held_out = []
    for learn, validate in data.folds(labelled):
        assert torch.bincount(learn.y).tolist() == torch.bincount(validate.y).tolist() == [5] * 5
        held_out.append(validate.x)
    assert torch.equal(torch.cat(held_out).sort(0)[0], labelled.x.sort(0)[0])


def test_weight_is_chosen_by_validation_and_the_smaller_one_between_equals():
    images = pixels(0.1, 0.9, 0.2, 0.8, 0.44, 0.56)
    bad, good, fragile = Threshold(2.0), Threshold(0.5), Threshold(0.45)
    assert best_weight(images, {1.0: lambda _: bad, 2.0: lambda _: good}) == 2.0
    assert best_weight(images, {1.0: lambda _: fragile, 2.0: lambda _: Threshold(0.5)}) == 1.0
    assert best_weight(images, {3.0: lambda _: good, 2.0: lambda _: good}) == 2.0


@pytest.mark.parametrize(
    ("accuracy", "spread", "collapsed"), [(0.97, 0.1, False), (0.6, 0.1, True), (0.97, 0.001, True)]
)
def test_collapse_is_seen_in_source_accuracy_or_in_features(accuracy, spread, collapsed):
    network = Network(0)
    assert Pretrained(network, accuracy, spread).collapsed(Pretrained(network, 0.99, 0.1)) is collapsed


def test_partial_fine_tuning_leaves_the_body_alone():
    labelled = data.target(0).labelled
    pretrained = Network(0)
    network = pretrained.with_new_head(1)
    before = [weight.clone() for weight in network.body.parameters()]
    train_head(network, labelled, 100)
    assert all(torch.equal(a, b) for a, b in zip(before, network.body.parameters(), strict=True))
    assert not torch.equal(network.head.weight, pretrained.with_new_head(1).head.weight)
    assert accuracy(network, labelled) > 0.5


def test_pretraining_with_a_distance_brings_the_features_of_both_domains_together():
    source, target = data.source("gratings", 0), data.target(0)
    apart = []
    for weight in (0.0, 1.0):
        network = Network(0)
        pretrain(
            network,
            source.train,
            steps=80,
            generator=generator(),
            distance=mmd if weight else None,
            weight=weight,
            other=target.unlabelled,
        )
        with torch.no_grad():
            apart.append(mmd(network.features(source.held_out.x), network.features(target.unlabelled)).item())
    assert apart[1] < 0.5 * apart[0]


def test_mitigation_raises_the_accuracy_under_attack():
    target = data.target(0)
    reached = []
    for mitigation in (None, Mitigation(20.0, steps=3)):
        network = Network(0)
        train_all(network, target.labelled, 80, mitigation, generator())
        reached.append(attacked_accuracy(network, target.test, 0.1))
    assert reached[1] > reached[0] + 0.1


@pytest.fixture(scope="module")
def rows():
    plan = Plan(
        distances=("mmd", "energy"),
        epsilons=(0.0, 0.1),
        weights={"mmd": (0.3, 1.0), "energy": (1e4,)},
        betas=(5.0,),
        lengths=Lengths(pretrain=40, head=30, full=10),
    )
    said = []
    found = Study(0, plan, say=said.append).run()
    return found, said


def test_small_run_holds_every_setting(rows):
    groups = by_setting(rows[0])
    expected = {("", "standard", ""), ("", "DM from scratch", "")}
    for source in data.SOURCES:
        expected |= {(source, setting, "") for setting in ("partial", "full", "DM")}
        expected |= {(source, setting, "mmd") for setting in ("robust, partial", "robust, full")}
    assert expected <= set(groups)
    assert groups["", "standard", ""][0].cka == pytest.approx(1)
    for row in rows[0]:
        assert 0 <= row.aai <= row.aoi <= 1
        assert row.dr == pytest.approx((row.aoi - row.aai) / row.aoi)


def test_collapsed_features_give_no_result_and_are_named(rows):
    found, said = rows
    assert not [row for row in found if row.distance == "energy"]
    assert [line for line in said if "energy: the features collapse" in line]


def test_results_are_written_as_table_file_and_picture(rows, tmp_path):
    for suffix in (".csv", ".json", ".png"):
        write(rows[0], tmp_path / f"images{suffix}")
    with (tmp_path / "images.csv").open() as file:
        read = list(csv.DictReader(file))
    assert [float(row["accuracy_0.1"]) for row in read] == [row.aai for row in rows[0]]
    assert [row["setting"] for row in json.loads((tmp_path / "images.json").read_text())] == [
        row.setting for row in rows[0]
    ]
    assert (tmp_path / "images.png").read_bytes().startswith(b"\x89PNG")
    table = as_markdown(rows[0])
    assert "robust, partial (mmd) - partial" in table


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seeds", "5"], "FIRST:END"),
        (["--seeds", "5:2"], "FIRST:END"),
        (["--distances", "mdm"], "unknown: mdm"),
        (["-o", "images.xlsx"], "expected one of"),
        (["-o", "nowhere/images.csv"], "no folder"),
    ],
)
def test_wrong_options_are_refused_before_any_work(arguments, message):
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert message in result.output
