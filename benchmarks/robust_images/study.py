"""One seed of the experiment: every setting on one split of the data and one draw of all weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from causalkit_robust.distances import DISTANCES

from benchmarks.robust_images import data
from benchmarks.robust_images.choice import EPSILON, Pretrained, best_weight
from benchmarks.robust_images.data import Images, Source, Target
from benchmarks.robust_images.measures import accuracy, attacked_accuracy, drop_rate, feature_spread, linear_cka
from benchmarks.robust_images.network import Network
from benchmarks.robust_images.training import Lengths, Mitigation, pretrain, train_all, train_head

EPSILONS = (0.0, 0.05, 0.1, 0.15, 0.2)
WEIGHTS: dict[str, tuple[float, ...]] = {
    "mmd": (0.1, 0.3, 1.0),
    "mean": (0.1, 0.3),
    "coral": (1.0, 3.0),
    "energy": (0.03, 0.1),
}
BETAS = (5.0, 20.0)


@dataclass(frozen=True)
class Plan:
    """What is computed; tests make it small.

    Attributes:
        distances: names in `WEIGHTS`. The first gets all settings, the others partial fine-tuning only.
        epsilons: sizes of the attack; 0 and 0.1 are always among them.
        unlabelled: how many unlabelled images of the target pre-training sees; None: all of them.
    """

    distances: tuple[str, ...] = ("mmd",)
    sources: tuple[str, ...] = data.SOURCES
    epsilons: tuple[float, ...] = EPSILONS
    weights: dict[str, tuple[float, ...]] = field(default_factory=lambda: dict(WEIGHTS))
    betas: tuple[float, ...] = BETAS
    lengths: Lengths = field(default_factory=Lengths)
    unlabelled: int | None = None


@dataclass(frozen=True)
class Row:
    """What one setting reached with one seed.

    Attributes:
        source: "" where nothing was pre-trained.
        weight: chosen by validation; 0 without a regularizer.
        accuracies: by epsilon; that at 0 is the AOI.
        cka: likeness of the features to those of the standard network, on the test images.
        source_accuracy: of the pre-trained network on held-out images of the source; None without one.
        spread: relative variance of the features on the test images.
        left_out: weights that were not considered because the features had collapsed.
    """

    seed: int
    setting: str
    source: str
    distance: str
    weight: float
    accuracies: dict[float, float]
    cka: float
    source_accuracy: float | None
    spread: float
    left_out: tuple[float, ...] = ()

    @property
    def aoi(self) -> float:
        """Accuracy on original images."""
        return self.accuracies[0.0]

    @property
    def aai(self) -> float:
        """Accuracy on images attacked at epsilon 0.1."""
        return self.accuracies[EPSILON]

    @property
    def dr(self) -> float:
        """Share of the accuracy that the attack takes."""
        return drop_rate(self.aoi, self.aai)


def setting_name(setting: str, distance: str) -> str:
    """Return what tables and pictures call a setting."""
    return f"{setting} ({distance})" if distance else setting


class Study:
    """Runs all settings for one seed and collects rows."""

    def __init__(self, seed: int, plan: Plan, say: Callable[[str], None] = lambda _: None) -> None:
        self.seed, self.plan, self.say = seed, plan, say
        self.target: Target = data.target(seed)
        self.rows: list[Row] = []
        self.standard = self.scratch(self.target.labelled)

    def run(self) -> list[Row]:
        """Return a row for every setting; the same seed gives the same rows on the same machine."""
        self.add("standard", self.standard)
        self.mitigated("DM from scratch", lambda: Network(self.seed))
        for name in self.plan.sources:
            self.from_source(name, data.source(name, self.seed))
        return self.rows

    def from_source(self, name: str, source: Source) -> None:
        """Pre-train without and with each regularizer, and fine-tune."""
        plain = self.pretrained(source)
        self.add("partial", self.partial(plain.network, self.target.labelled), name, pretrained=plain)
        self.add("full", self.full(plain.network, self.target.labelled), name, pretrained=plain)
        self.mitigated("DM", partial(plain.network.with_new_head, self.seed), name, plain)
        for place, distance in enumerate(self.plan.distances):
            by_weight = {weight: self.pretrained(source, distance, weight) for weight in self.plan.weights[distance]}
            left_out = tuple(weight for weight, found in by_weight.items() if found.collapsed(plain))
            sound = {weight: found for weight, found in by_weight.items() if weight not in left_out}
            if not sound:
                self.say(f"seed {self.seed}, {name}, {distance}: the features collapse at every weight; no result")
                continue
            tunings = {"robust, partial": self.partial} | ({"robust, full": self.full} if place == 0 else {})
            for setting, tune in tunings.items():
                fits = {weight: partial(tune, found.network) for weight, found in sound.items()}
                weight = best_weight(self.target.labelled, fits)
                network = fits[weight](self.target.labelled)
                self.add(setting, network, name, distance, weight, sound[weight], left_out)

    def pretrained(self, source: Source, distance: str = "", weight: float = 0.0) -> Pretrained:
        """Return a network that has learned the source; weights and batches depend on the seed alone."""
        network = Network(self.seed)
        pretrain(
            network,
            source.train,
            steps=self.plan.lengths.pretrain,
            generator=self.generator(),
            distance=DISTANCES[distance] if distance else None,
            weight=weight,
            other=self.target.unlabelled[: self.plan.unlabelled],
        )
        spread = feature_spread(network, self.target.unlabelled)
        return Pretrained(network, accuracy(network, source.held_out), spread)

    def scratch(self, images: Images) -> Network:
        """Train all weights from the start."""
        network = Network(self.seed)
        train_all(network, images, self.plan.lengths.full)
        return network

    def partial(self, pretrained: Network, images: Images) -> Network:
        """Fine-tune the head alone."""
        network = pretrained.with_new_head(self.seed)
        train_head(network, images, self.plan.lengths.head)
        return network

    def full(self, pretrained: Network, images: Images) -> Network:
        """Fine-tune all weights."""
        network = pretrained.with_new_head(self.seed)
        train_all(network, images, self.plan.lengths.full)
        return network

    def mitigated(
        self, setting: str, start: Callable[[], Network], source: str = "", pretrained: Pretrained | None = None
    ) -> None:
        """Train all weights with DM, its weight chosen by validation."""

        def fit(beta: float, images: Images) -> Network:
            network = start()
            train_all(network, images, self.plan.lengths.full, Mitigation(beta), self.generator())
            return network

        fits = {beta: partial(fit, beta) for beta in self.plan.betas}
        beta = best_weight(self.target.labelled, fits)
        self.add(setting, fits[beta](self.target.labelled), source, weight=beta, pretrained=pretrained)

    def add(
        self,
        setting: str,
        network: Network,
        source: str = "",
        distance: str = "",
        weight: float = 0.0,
        pretrained: Pretrained | None = None,
        left_out: Sequence[float] = (),
    ) -> None:
        """Measure a network on the test images."""
        test = self.target.test
        sizes = self.plan.epsilons if distance in ("", self.plan.distances[0]) else (0.0, EPSILON)
        accuracies = {size: attacked_accuracy(network, test, size) for size in sorted({0.0, EPSILON, *sizes})}
        with torch.no_grad():
            cka = linear_cka(network.features(test.x), self.standard.features(test.x))
        row = Row(
            seed=self.seed,
            setting=setting,
            source=source,
            distance=distance,
            weight=weight,
            accuracies=accuracies,
            cka=cka,
            source_accuracy=pretrained.accuracy if pretrained else None,
            spread=feature_spread(network, test.x),
            left_out=tuple(left_out),
        )
        self.rows.append(row)
        chosen = f"  weight {weight:g}" if weight else ""
        of = " ".join(word for word in (source, distance) if word)
        self.say(f"seed {self.seed:<3d} {setting:16s} {of:16s} AOI {row.aoi:.3f}  AAI {row.aai:.3f}{chosen}")

    def generator(self) -> torch.Generator:
        """Return the draws of one training, the same for every setting."""
        return torch.Generator().manual_seed(self.seed)
