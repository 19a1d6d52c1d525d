"""A neural method: a forecaster + a regularizer + training settings."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from causalkit.core.choice import Choice
from causalkit.core.discovery import Discovery
from causalkit.core.fitted import Fitted
from causalkit.core.panel import Panel, Windows
from causalkit.core.plain import plain
from causalkit.core.run import Run
from causalkit.errors import TrainingError, WrongUsageError
from causalkit.model_selection.lag import Lag, chosen_lag
from causalkit.model_selection.splits import folds_of, hold_out
from causalkit.neural.modules.averaged import Averaged
from causalkit.neural.modules.input_mask import gate, is_gated
from causalkit.neural.modules.weight_mask import closes
from causalkit.neural.parts import ForecasterPart
from causalkit.neural.regularizers import PenaltySum
from causalkit.neural.training.checkpoint import Progress
from causalkit.neural.training.loop import ONE_DOMAIN, Domains, Held, Training, train
from causalkit.neural.training.score_history import snapshots_path


@dataclass(frozen=True)
class Learned:
    """What training leaves beside the weights.

    Attributes:
        history: lists of equal length, one entry an epoch.
        notes: how it ended, in sentences.
        held_out: number of windows that were not learned from.
        scores: (cause, effect, lag) where training has already read them off; otherwise the regularizer does it.
        path: as `causalkit.Discovery.path`.
        choices: what training chose by itself.
    """

    history: Mapping[str, list[float]]
    notes: tuple[str, ...] = ()
    held_out: int = 0
    scores: NDArray[np.float64] | None = None
    path: Mapping[str, NDArray[np.float64]] | None = None
    choices: tuple[Choice, ...] = ()


class NeuralMethod:
    """Train a forecaster under a penalty and read the scores off it.

    Args:
        forecaster, regularizer: resolved by causalkit from the user's ``forecaster.*`` and ``regularizer.*``.
        lag: K, steps of a window; "auto": chosen anew in every fit, see `causalkit.model_selection.lag.choose_lag`.
        training: settings of the training loop.

    Raises:
        WrongUsageError: the pair cannot work together.
    """

    def __init__(self, forecaster: ForecasterPart, regularizer: PenaltySum, lag: Lag, training: Training) -> None:
        regularizer.check_records(forecaster.record)
        self.forecaster = forecaster
        self.regularizer = regularizer
        self.lag = lag
        self.training = training
        self.ensemble = 1

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return the discovery of a panel.

        Raises:
            DataError: no complete window is left.
            TrainingError: training diverged.
            WrongUsageError: a regularizer acts in training on two domains only.
        """
        self.regularizer.check_stages(("train",))
        if self.lag == "auto":
            chosen = chosen_lag(panel, run)
            return chosen.told(self.with_lag(chosen.lag).fit(panel, run))
        windows = panel.windows(self.lag)
        with run.isolated():
            if self.ensemble > 1 or self.regularizer.open_strength:
                return self.fit_ensemble(panel, windows, run)
            return self._fit_one(panel, windows, run)

    def _fit_one(self, panel: Panel, windows: Windows, run: Run) -> Discovery:
        """Return the discovery of one network that learns from all windows."""
        model = self.build(panel.series, run)
        domains = known_domains(ONE_DOMAIN, panel, run)
        learned = self.learn(model, windows, run, fingerprint=self.fingerprint(panel, run), domains=domains)
        return self.read_off(model, panel, windows, run, learned)

    def fit_ensemble(self, panel: Panel, windows: Windows, run: Run) -> Discovery:
        """Return the discovery of an ensemble over blocked folds, at the strength that they choose.

        For an ensemble, and where a strength is left open. Methods with a choice of their own replace it; it is called
        inside ``run.isolated()``.
        """
        from causalkit.neural import ensemble, strength

        ensemble.check_settings(self, run)
        folds = folds_of(windows, self.ensemble if self.ensemble > 1 else ensemble.MEMBERS, run)
        if folds is None:
            method, notes = strength.settled(self.with_ensemble(1))
            found = method._fit_one(panel, windows, run)
            said = f"{len(windows)} windows are too few to leave blocks of them out"
            return replace(found, notes=(*found.notes, said, *notes))
        x, y = tensors(windows, run)
        domains = known_domains(ONE_DOMAIN, panel, run)
        if self.regularizer.open_strength:
            digest = self.fingerprint(panel, run)
            learned = ensemble.learn_path(self, x, y, windows, run, folds, domains, digest)
        else:
            learned = ensemble.learn_ensemble(self, x, y, windows, run, folds, domains)
        choices = () if learned.choice is None else (learned.choice,)
        single = self if learned.choice is None else strength.fixed(self, learned.choice.chosen)
        scores = ensemble.scores_of(single.regularizer, learned, x)
        told = Learned(learned.history, learned.notes, scores=scores, choices=choices)
        found = single.read_off(learned.model, panel, windows, run, told)
        spread = ensemble.jackknife_errors(
            ensemble.each_scores(single.regularizer, learned.apart or learned.members, x)
        )
        return replace(found, config={**found.config, "ensemble": len(learned.members)}, standard_errors=spread)

    def with_lag(self, lag: Lag) -> NeuralMethod:
        """Return the method with another lag."""
        changed = copy.copy(self)
        changed.lag = lag
        return changed

    @property
    def steps(self) -> int:
        """K, steps of a window, of a method whose lag is no longer open.

        Raises:
            WrongUsageError: it is still to be chosen.
        """
        if self.lag == "auto":
            raise WrongUsageError("the lag is still to be chosen", "fit the method, or give it a lag by with_lag")
        return self.lag

    def with_ensemble(self, members: int) -> NeuralMethod:
        """Return the method with so many members, each of which leaves another block of the recording out."""
        changed = copy.copy(self)
        changed.ensemble = members
        return changed

    def with_training(self, training: Any) -> NeuralMethod:
        """Return the method with other training settings."""
        changed = copy.copy(self)
        changed.training = training
        return changed

    def build(self, series: int, run: Run) -> nn.Module:
        """Return a forecaster with first weights, on the run's device; inside ``run.isolated()``.

        Raises:
            WrongUsageError: a regularizer cannot act on it.
        """
        model = self.forecaster.build(series=series, lag=self.steps)
        model = model.to(device=run.torch_device(), dtype=run.torch_dtype())
        self.regularizer.check_model(model)
        return model

    def learn(
        self,
        model: nn.Module,
        windows: Windows,
        run: Run,
        *,
        fingerprint: str = "",
        domains: Domains = ONE_DOMAIN,
    ) -> Learned:
        """Train a forecaster on windows, from the weights that it has, and leave the found weights in it.

        This is the one step that methods with a training of their own replace.
        """
        learning, held = windows, None
        if self.training.validation > 0:
            learning, aside = hold_out(windows, self.training.validation, run.numpy_generator())
            held = Held(*tensors(aside, run), observed=observed(aside, run))
        progress = train(
            gate(model, domains.allowed),
            self.regularizer.for_stage(domains.stage),
            *tensors(learning, run),
            self.training,
            run,
            held=held,
            fingerprint=fingerprint,
            domains=domains,
            observed=observed(learning, run),
            everything=tensors(windows, run)[0] if held is not None and self.training.snapshots else None,
        )
        held_out = len(windows) - len(learning)
        return Learned(progress.history, _notes(progress, self.training), held_out, path=snapshots_path(progress))

    def read_off(self, model: nn.Module, panel: Panel, windows: Windows, run: Run, learned: Learned) -> Discovery:
        """Return the discovery of a trained forecaster.

        Raises:
            TrainingError: the scores are not finite.
        """
        model = gate(model, known_domains(ONE_DOMAIN, panel, run).allowed)
        model.eval()
        x, _ = tensors(windows, run)
        scores = learned.scores if learned.scores is not None else self.regularizer.scores(model, x).cpu().numpy()
        if not bool((abs(scores) < float("inf")).all()):
            raise TrainingError(
                "training diverged: the scores are not finite",
                f"try --set training.learning_rate={self.training.learning_rate / 10:g}",
            )
        return Discovery(
            names=panel.names,
            scores=scores,
            path=learned.path,
            choices=learned.choices,
            history=learned.history,
            config=self.config(model, panel.series),
            device=str(run.torch_device()),
            data={"windows": len(windows), "dropped": windows.dropped, "windows_held_out": learned.held_out},
            notes=(*learned.notes, *self._about_knowledge(model, panel, run)),
            fitted=Fitted(model, self.steps, panel, self, replace(run, observers=[], checkpoint=None, resume=False)),
        )

    def config(self, model: nn.Module | None = None, series: int = 0) -> dict[str, Any]:
        """Return the resolved configuration, with what regularizers chose by themselves where there is a model."""
        if isinstance(model, Averaged):
            model = model.members[0]
        chosen = self.regularizer.config(model, series) if model is not None else self.regularizer.settings()
        return {
            "lag": self.lag,
            "forecaster": self.forecaster.config(),
            "regularizer": chosen,
            "training": plain(self.training),
        }

    def fingerprint(self, panel: Panel, run: Run) -> str:
        """Digest all that a checkpoint must share with the run that goes on from it."""
        shared: list[Any] = [self.config(), panel.sha256, run.seed, run.dtype]
        if run.knowledge is not None:
            shared.append(run.knowledge.describe())
        digest = hashlib.sha256(json.dumps(shared, sort_keys=True).encode())
        for mask in panel.intervened or ():
            digest.update(mask.tobytes())
        return digest.hexdigest()

    def _about_knowledge(self, model: nn.Module, panel: Panel, run: Run) -> tuple[str, ...]:
        """Say how training kept to what is forbidden."""
        if run.knowledge is None or bool(run.knowledge.allowed(panel.names).all()):
            return ()
        if closes(model, panel.series):
            return ("first-layer weights of forbidden pairs were exactly zero throughout training",)
        if is_gated(model):
            return ("in training, every target saw only the series that may act on it",)
        keeping = [p for p in self.regularizer.penalties if getattr(p.acting, "keeps_to_knowledge", False)]
        if keeping:
            names = " and ".join(p.record.name for p in keeping)
            return (f"{names} made forbidden pairs expensive in training; their scores were then set to 0",)
        return ("scores of forbidden pairs were masked after training, not in training",)


def tensors(windows: Windows, run: Run) -> tuple[Tensor, Tensor]:
    """Return windows (B, K, P) and next steps (B, P) on the device and in the precision of a run."""
    kind: dict[str, Any] = {"device": run.torch_device(), "dtype": run.torch_dtype()}
    return torch.as_tensor(windows.x, **kind), torch.as_tensor(windows.y, **kind)


def observed(windows: Windows, run: Run) -> Tensor | None:
    """Return which next steps (B, P) are to be learned from, as 0 and 1, or None: all."""
    if windows.observed is None:
        return None
    return torch.as_tensor(windows.observed, device=run.torch_device()).to(run.torch_dtype())


def known_domains(domains: Domains, panel: Panel, run: Run) -> Domains:
    """Return domains with the background knowledge of a run about the series of a panel."""
    if run.knowledge is None:
        return domains
    device = run.torch_device()
    return replace(
        domains,
        allowed=torch.as_tensor(run.knowledge.allowed(panel.names), device=device),
        required=torch.as_tensor(run.knowledge.required(panel.names), device=device),
    )


def _notes(progress: Progress, settings: Training) -> tuple[str, ...]:
    """Say what a user should know about how training ended."""
    notes = []
    if progress.stopped == "time limit":
        notes.append(f"the time limit ended training after {progress.epoch} of {settings.epochs} epochs")
    if progress.best:
        notes.append(f"weights are from epoch {progress.best_epoch}, where the held-out forecast error was lowest")
    return tuple(notes)
