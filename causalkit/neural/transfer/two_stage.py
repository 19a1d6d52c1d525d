"""Training in two stages: learn on a source, go on from there on the target, read the graph off the target."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from causalkit.core.discovery import Discovery
from causalkit.core.panel import Panel, Windows
from causalkit.core.plain import plain
from causalkit.core.run import Run
from causalkit.errors import WrongUsageError
from causalkit.model_selection.lag import Lag, chosen_lag
from causalkit.neural.interfaces import Stage
from causalkit.neural.method import Learned, NeuralMethod, known_domains, tensors
from causalkit.neural.modules.head import body_weights
from causalkit.neural.modules.input_mask import gate
from causalkit.neural.modules.jacobian import mean_absolute_jacobian
from causalkit.neural.training.loop import Domains, Training
from causalkit.neural.transfer.matching import Match, discovery_in_order, joined, order_of, panel_in_order
from causalkit.neural.transfer.pretrained import Pretrained
from causalkit.neural.transfer.sources import Source, load_source
from causalkit.neural.transfer.strengths import choose_strengths


class Transfer(BaseModel):
    """What is to be known of both stages beside their training settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    match: Match = Field(default="auto", description="series of source and target by name or position; auto: by name")
    layers: Literal["all", "head"] = Field(default="all", description="what fine-tuning may change")


class TwoStage:
    """A neural method that is pre-trained on sources and fine-tuned on the panel that it is asked about.

    Source and target are standardised each by its own mean and deviation, several sources each by its own; the target
    comes standardised to `fit`.

    Args:
        name: of the method.
        method: forecaster, regularizers and lag of both stages; its training settings are those of fine-tuning.
        sources: panels, data sets or files, or one forecaster that `Pretrained.save` wrote. With a forecaster, panels
            beside it are not learned from: they are what regularizers of two domains compare the target with.
        pretraining: training settings of the first stage.
        transfer: how series are matched, and which layers are fine-tuned.
        said: sentences for the notes of every result.
    """

    def __init__(
        self,
        name: str,
        method: NeuralMethod,
        sources: Sequence[Source],
        pretraining: Training,
        transfer: Transfer = Transfer(),  # noqa: B008 - a frozen value
        said: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.method = method
        self.sources = tuple(sources)
        self.pretraining = pretraining
        self.transfer = transfer
        self.said = said

    @property
    def lag(self) -> Lag:
        """K, steps of a window; "auto": a saved forecaster's, or chosen on the target."""
        return self.method.lag

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return the discovery of a standardised panel.

        Raises:
            DataError: series that cannot be matched, or no complete window.
            WrongUsageError: a forecaster of another shape, or regularizers that lack a source.
            TrainingError: training diverged.
        """
        loaded = [load_source(source, run.seed) for source in self.sources]
        given = [one for one in loaded if isinstance(one, Pretrained)]
        panels = [one for one in loaded if isinstance(one, Panel)]
        if len(given) > 1:
            raise WrongUsageError("two pre-trained forecasters are given", "go on from one of them")
        self.method.regularizer.check_stages(("finetune",) if given else ("pretrain", "finetune"))
        order, matched = order_of(panel, given[0].names, self.transfer.match) if given else (panel.names, ())
        target = panel_in_order(panel, order)
        source = joined(panels, order, self.transfer.match, panel.source)
        if self.lag == "auto":
            if given:
                return self.with_lag(given[0].lag).fit(panel, run)
            chosen = chosen_lag(target, run)
            return chosen.told(self.with_lag(chosen.lag).fit(panel, run))
        windows = target.windows(self.method.steps)
        with run.isolated():
            if given:
                start = given[0]
                self._check(start)
            else:
                assert source is not None
                start = self._pretrain(source, run, windows)
                if run.expired:
                    # A checkpoint of what begins from half-trained weights would be of no use to a resumed run.
                    run = replace(run, checkpoint=None, resume=False)
            model = self.method.build(target.series, run)
            model.load_state_dict(start.weights)
            method, learned, said = self._finetune(model, target, windows, source, start, run)
            found = method.read_off(model, target, windows, run, learned)
        notes = (*self.said, *start.notes, *matched, *(source.notes if source else ()), *said, *found.notes)
        return replace(
            discovery_in_order(found, panel.names),
            config={**found.config, "pretrain": self._settings(), "finetune": {"layers": self.transfer.layers}},
            pretraining=start.facts(),
            fitted=None if found.fitted is None else replace(found.fitted, method=self),
            notes=notes,
        )

    def with_lag(self, lag: Lag) -> TwoStage:
        """Return the method with another lag of both stages."""
        changed = copy.copy(self)
        changed.method = self.method.with_lag(lag)
        return changed

    def pretrain(self, run: Run) -> Pretrained:
        """Learn from the sources alone, which also choose the lag where it is open, and return the forecaster.

        Raises:
            WrongUsageError: a source is already a forecaster, or a regularizer needs the target.
            DataError, TrainingError: as `fit`.
        """
        loaded = [load_source(source, run.seed) for source in self.sources]
        panels = [one for one in loaded if isinstance(one, Panel)]
        if len(panels) < len(loaded):
            raise WrongUsageError("a source is already a pre-trained forecaster", "name files or data sets")
        self.method.regularizer.check_stages(("pretrain",))
        source = joined(panels, panels[0].names, self.transfer.match, panels[0].source)
        assert source is not None
        if self.lag == "auto":
            chosen = chosen_lag(source, run)
            said = chosen.notes if chosen.choice is None else (chosen.choice.sentence(),)
            found = self.with_lag(chosen.lag).pretrain(run)
            return replace(found, notes=(*said, *found.notes))
        with run.isolated():
            return self._pretrain(source, run, None)

    def _pretrain(self, source: Panel, run: Run, target: Windows | None) -> Pretrained:
        method = self.method.with_training(self.pretraining)
        source.check(method.steps)
        windows = source.windows(method.steps)
        if run.checkpoint is not None:
            run = replace(run, checkpoint=run.checkpoint.with_suffix(".pretrain" + run.checkpoint.suffix))
        # A source that is learned from by itself may have other series than the knowledge is about.
        domains = Domains("pretrain", self._other("pretrain", target, run))
        if target is not None:
            domains = known_domains(domains, source, run)
        model = method.build(source.series, run)
        fingerprint = self._fingerprint(method, source, run, domains)
        learned = method.learn(model, windows, run, fingerprint=fingerprint, domains=domains)
        model.eval()
        return Pretrained(
            method=self.name,
            names=source.names,
            config=method.config(model, source.series),
            weights={name: value.detach().clone() for name, value in model.state_dict().items()},
            scores=mean_absolute_jacobian(gate(model, domains.allowed), tensors(windows, run)[0]).cpu().numpy(),
            sources=(source.describe(),),
            history=learned.history,
            seed=run.seed,
            notes=(f"pre-trained on {source.source}: {len(windows)} windows", *learned.notes),
        )

    def _finetune(
        self, model: nn.Module, target: Panel, windows: Windows, source: Panel | None, start: Pretrained, run: Run
    ) -> tuple[NeuralMethod, Learned, tuple[str, ...]]:
        domains = Domains(
            stage="finetune",
            other=self._other("finetune", None if source is None else source.windows(self.method.steps), run),
            reference=torch.as_tensor(start.scores, device=run.torch_device(), dtype=run.torch_dtype()),
        )
        domains = known_domains(domains, target, run)
        if self.transfer.layers == "head":
            for weight in body_weights(model, self.method.steps, target.series):
                weight.requires_grad_(False)
        method, said = choose_strengths(self.method, model, windows, run, domains)
        fingerprint = self._fingerprint(method, target, run, domains, start.weights)
        learned = method.learn(model, windows, run, fingerprint=fingerprint, domains=domains)
        return method, learned, (f"fine-tuned {_LAYERS[self.transfer.layers]} on {target.source}", *said)

    def _other(self, stage: Stage, windows: Windows | None, run: Run) -> Tensor | None:
        """Return the windows of the other domain where a regularizer compares them with those that are learned from.

        Where none does, nothing is drawn from them, so that the same weights give the same result with and without
        the source at hand.

        Raises:
            WrongUsageError: a regularizer compares two domains where there is only one.
        """
        comparing = self.method.regularizer.comparing(stage)
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
        return tensors(windows, run)[0]

    def _fingerprint(
        self, method: NeuralMethod, panel: Panel, run: Run, domains: Domains, start: Mapping[str, Tensor] | None = None
    ) -> str:
        """Digest all that a checkpoint of one stage must share with the run that goes on from it."""
        digest = hashlib.sha256(method.fingerprint(panel, run).encode())
        digest.update(f"{domains.stage} {self.transfer.layers}".encode())
        values = {} if start is None else dict(start)
        if domains.other is not None:
            values["other"] = domains.other
        for name in sorted(values):
            digest.update(name.encode() + values[name].detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    def _check(self, start: Pretrained) -> None:
        """Refuse a forecaster of another shape than the method's."""
        mine = self.method.config()
        for key in ("lag", "forecaster"):
            if plain(mine[key]) != plain(start.config[key]):
                raise WrongUsageError(
                    f"the pre-trained forecaster has {key} {_words(start.config[key])}, and {_words(mine[key])} "
                    "is asked for",
                    "choose the same as in pre-training",
                )

    def _settings(self) -> dict[str, Any]:
        sources = [source.source if isinstance(source, Panel) else str(source) for source in self.sources]
        return {"source": sources, "match": self.transfer.match, **plain(self.pretraining)}


_LAYERS = {"all": "all layers", "head": "the last layer"}


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={inner}" for key, inner in value.items())
    return str(value)
