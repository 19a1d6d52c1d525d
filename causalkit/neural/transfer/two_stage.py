"""Training in two stages: learn on a source, go on from there on the target, read the graph off the target."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn

from causalkit.core.discovery import Discovery
from causalkit.core.order import discovery_in_order, panel_in_order
from causalkit.core.panel import Panel
from causalkit.core.plain import plain
from causalkit.core.run import Run
from causalkit.core.windows import Windows
from causalkit.errors import ParameterError, WrongUsageError
from causalkit.neural.interfaces import Stage
from causalkit.neural.method import NeuralMethod, Trained
from causalkit.neural.modules.head import body_weights
from causalkit.neural.modules.input_mask import mask_inputs
from causalkit.neural.modules.jacobian import mean_absolute_jacobian
from causalkit.neural.training.context import TrainingContext
from causalkit.neural.training.data import tensors
from causalkit.neural.training.divergence import repeated
from causalkit.neural.training.settings import Training
from causalkit.neural.transfer.matching import Match, joined, order_of
from causalkit.neural.transfer.pretrained import Pretrained
from causalkit.neural.transfer.sources import Source, load_source
from causalkit.neural.transfer.strengths import choose_strengths

Layers = Literal["all", "head"]

LEAST_OF_TARGET = 2
"""Windows that fine-tuning needs: the source has taught the network most of what it knows."""


class TwoStage(NeuralMethod):
    """A neural method that is pre-trained on sources and fine-tuned on the panel that it is asked about.

    Source and target are standardised each by its own mean and deviation, several sources each by its own; the target
    comes standardised to `fit`.

    Args:
        name: of the method.
        method: forecaster, regularizers and lag of both stages; its training settings are those of fine-tuning.
        sources: panels, data sets or files, or one forecaster that `Pretrained.save` wrote. With a forecaster, panels
            beside it are not learned from: they are what regularizers of two domains compare the target with.
        pretraining: training settings of the first stage.
        match: how series of source and target are matched.
        layers: what fine-tuning may change.

    Raises:
        ParameterError: an order of prewhitening is given.
    """

    needs_standardized = True

    def __init__(
        self,
        name: str,
        method: NeuralMethod,
        sources: Sequence[Source],
        pretraining: Training,
        *,
        match: Match = "auto",
        layers: Layers = "all",
    ) -> None:
        method, about_forecaster = _without_prewhitening(method).with_default_forecaster()
        self.method, about_strength = method.with_default_strength()
        self._not_chosen = (*about_forecaster, *about_strength)
        super().__init__(self.method.forecaster, self.method.regularizer, self.method.lag, self.method.training)
        self.name = name
        self.sources = tuple(sources)
        self.pretraining = pretraining
        self.match: Match = match
        self.layers: Layers = layers

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return the discovery of a standardised panel.

        Raises:
            DataError: series that cannot be matched, or no complete window.
            WrongUsageError: a forecaster of another shape, or regularizers that lack a source.
            TrainingError: training diverged.
        """
        panels, given = self._loaded(run.seed)
        self.regularizer.check_stages(("pretrain", "finetune") if given is None else ("finetune",))
        order, matched = (panel.names, ()) if given is None else order_of(panel, given.names, self.match)
        target = panel_in_order(panel, order)
        source = joined(panels, order, self.match, panel.source)
        windows = self.windows(target, run, LEAST_OF_TARGET)
        with run.isolated():
            if given is not None:
                start = given
                self._check(start)
            else:
                assert source is not None
                start = self._pretrain(source, run, windows)
                if run.expired:
                    # A checkpoint of what begins from half-trained weights would be of no use to a resumed run.
                    run = replace(run, checkpoint=None, resume=False)
            model = self.build(target.series, run)
            model.load_state_dict(start.weights)
            method, trained, notes = self._finetune(model, target, windows, source, start, run)
            found = method.read_off(model, target, windows, run, trained)
        about_source = source.notes if source else ()
        return replace(
            discovery_in_order(found, panel.names),
            config={
                **found.config,
                "pretrain": self._settings(start if given is None else None),
                "finetune": {"layers": self.layers},
            },
            pretraining=start.facts(),
            fitted=None if found.fitted is None else replace(found.fitted, method=self),
            notes=(*self._not_chosen, *start.notes, *matched, *about_source, *notes, *found.notes),
        )

    def with_lag(self, lag: int) -> Self:
        """Return the method with another lag of both stages."""
        return self._with(lag=lag, method=self.method.with_lag(lag))

    def with_sources(self, seed: int) -> tuple[Self, Panel]:
        """Return the method with its sources loaded, and all of them as one panel.

        Args:
            seed: of a data set that is simulated.

        Raises:
            WrongUsageError: a source is already a forecaster.
        """
        panels, given = self._loaded(seed)
        if given is not None:
            raise WrongUsageError("a source is already a pre-trained forecaster", "name files or data sets")
        source = joined(panels, panels[0].names, self.match, panels[0].source)
        assert source is not None
        return self._with(sources=tuple(panels)), source

    def pretrain(self, run: Run) -> Pretrained:
        """Learn from the sources alone, and return the forecaster.

        Raises:
            WrongUsageError: a source is already a forecaster, or a regularizer needs the target.
            DataError, TrainingError: as `fit`.
        """
        _, source = self.with_sources(run.seed)
        self.regularizer.check_stages(("pretrain",))
        with run.isolated():
            return self._pretrain(source, run, None)

    def _loaded(self, seed: int) -> tuple[list[Panel], Pretrained | None]:
        """Return the panels among the sources, and the forecaster."""
        loaded = [load_source(source, seed) for source in self.sources]
        given = [one for one in loaded if isinstance(one, Pretrained)]
        if len(given) > 1:
            raise WrongUsageError("two pre-trained forecasters are given", "go on from one of them")
        return [one for one in loaded if isinstance(one, Panel)], given[0] if given else None

    def _pretrain(self, source: Panel, run: Run, target: Windows | None) -> Pretrained:
        source.check(self.lag)
        # A source without a target may have other series than the background knowledge.
        windows = self.windows(source, run if target is not None else replace(run, knowledge=None))
        if run.checkpoint is not None:
            run = replace(run, checkpoint=run.checkpoint.with_suffix(".pretrain" + run.checkpoint.suffix))
        context = TrainingContext("pretrain", self._other("pretrain", target, run))
        if target is not None:
            context = context.with_knowledge(source, run)

        def learn(settings: Training, run: Run) -> tuple[NeuralMethod, nn.Module, Trained]:
            method = self.method.with_training(settings)
            model = method.build(source.series, run)
            fingerprint = self._fingerprint(method, source, run, context)
            return method, model, method.train(model, windows, run, fingerprint=fingerprint, context=context)

        (method, model, trained), notes = repeated(learn, self.pretraining, run)
        model.eval()
        return Pretrained(
            method=self.name,
            names=source.names,
            config=method.config(model, source.series),
            weights={name: value.detach().clone() for name, value in model.state_dict().items()},
            scores=mean_absolute_jacobian(mask_inputs(model, context.allowed), tensors(windows, run)[0]).cpu().numpy(),
            sources=(source.describe(),),
            history=trained.history,
            seed=run.seed,
            notes=(f"pre-trained on {source.source}: {len(windows)} windows", *notes, *trained.notes),
        )

    def _finetune(
        self, model: nn.Module, target: Panel, windows: Windows, source: Panel | None, start: Pretrained, run: Run
    ) -> tuple[NeuralMethod, Trained, tuple[str, ...]]:
        context = TrainingContext(
            stage="finetune",
            other=self._other("finetune", None if source is None else self.windows(source, run), run),
            reference=torch.tensor(start.scores, device=run.torch_device(), dtype=run.torch_dtype()),
        )
        context = context.with_knowledge(target, run)
        if self.layers == "head":
            for weight in body_weights(model, self.lag, target.series):
                weight.requires_grad_(False)

        def learn(settings: Training, run: Run) -> tuple[NeuralMethod, Trained, tuple[str, ...]]:
            model.load_state_dict(start.weights)
            method, choices, notes = choose_strengths(self.method.with_training(settings), model, windows, run, context)
            fingerprint = self._fingerprint(method, target, run, context, start.weights)
            trained = method.train(model, windows, run, fingerprint=fingerprint, context=context)
            return method, replace(trained, choices=(*trained.choices, *choices)), notes

        (method, trained, about_choice), notes = repeated(learn, self.training, run)
        return method, trained, (f"fine-tuned {_LAYERS[self.layers]} on {target.source}", *notes, *about_choice)

    def _other(self, stage: Stage, windows: Windows | None, run: Run) -> Tensor | None:
        """Return the windows of the other domain where a regularizer compares them with those that are learned from.

        Where none does, nothing is drawn from them, so that the same weights give the same result with and without
        the source at hand.

        Raises:
            WrongUsageError: a regularizer compares two domains where there is only one.
        """
        comparing = self.regularizer.comparing(stage)
        if not comparing:
            return None
        if windows is None:
            lacking = "the source" if stage == "finetune" else "the target"
            raise WrongUsageError(
                f"{' and '.join(comparing)} compares source and target, and {lacking} is not there",
                "name the source with a second --pretrain"
                if stage == "finetune"
                else "pre-train with causalkit discover TARGET --pretrain SOURCE",
            )
        if windows.inputs_complete is not None and windows.inputs_complete.all(axis=1).any():
            windows = windows.subset(np.flatnonzero(windows.inputs_complete.all(axis=1)))
        return tensors(windows, run)[0]

    def _fingerprint(
        self,
        method: NeuralMethod,
        panel: Panel,
        run: Run,
        context: TrainingContext,
        start: Mapping[str, Tensor] | None = None,
    ) -> str:
        """Digest all that a checkpoint of one stage must share with the run that goes on from it."""
        digest = hashlib.sha256(method.fingerprint(panel, run).encode())
        digest.update(f"{context.stage} {self.layers}".encode())
        values = {} if start is None else dict(start)
        if context.other is not None:
            values["other"] = context.other
        for name in sorted(values):
            digest.update(name.encode() + values[name].detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    def _check(self, start: Pretrained) -> None:
        """Refuse a forecaster of another shape than the method's."""
        mine = self.config()
        for key in ("lag", "forecaster"):
            if plain(mine[key]) != plain(start.config[key]):
                raise WrongUsageError(
                    f"the pre-trained forecaster has {key} {_words(start.config[key])}, and {_words(mine[key])} "
                    "is asked for",
                    "choose the same as in pre-training",
                )

    def _settings(self, learned: Pretrained | None) -> dict[str, Any]:
        """Return the configuration of the first stage, as it was where the forecaster was learned here."""
        settings = plain(self.pretraining.model_dump(exclude={"snapshots"}))  # pre-training keeps none
        if learned is not None:
            settings["learning_rate"] = learned.config["training"]["learning_rate"]
        return {"source": [_name(source) for source in self.sources], "match": self.match, **settings}


_LAYERS = {"all": "all layers", "head": "the last layer"}


def _name(source: Source) -> str:
    """Return what a result calls a source."""
    if isinstance(source, Panel):
        return source.source
    return source.file if isinstance(source, Pretrained) and source.file else str(source)


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={inner}" for key, inner in value.items())
    return str(value)


def _without_prewhitening(method: NeuralMethod) -> NeuralMethod:
    """Return a method that learns from the series themselves: source and target would need one autoregression.

    Raises:
        ParameterError: an order of prewhitening is given.
    """
    if method.prewhiten in (None, 0):
        return method
    if method.prewhiten != "auto":
        raise ParameterError(f"prewhiten={method.prewhiten} does not work with pre-training", "leave it out")
    return method.with_prewhiten(0)
