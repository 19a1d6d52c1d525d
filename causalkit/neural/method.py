"""A neural method: a forecaster + a regularizer + training settings."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from causalkit.core.choice import Choice
from causalkit.core.discovery import Discovery
from causalkit.core.fitted import Fitted
from causalkit.core.memory import release
from causalkit.core.pairs import rows_of
from causalkit.core.panel import Panel
from causalkit.core.plain import plain
from causalkit.core.run import Run
from causalkit.core.windows import Windows
from causalkit.display.instantaneous import about_sampling
from causalkit.errors import ParameterError, TrainingError
from causalkit.model_selection.lag_candidates import Lag, known_lag
from causalkit.model_selection.screening import is_large
from causalkit.model_selection.splits import folds_of, hold_out_masks
from causalkit.model_selection.strength import STRENGTH
from causalkit.neural import ensemble
from causalkit.neural.effects import effects_of
from causalkit.neural.footprint import Work, check_memory, fits
from causalkit.neural.forecaster_choice import PARAMETER
from causalkit.neural.held_out_test import HeldOutMembers
from causalkit.neural.instantaneous import same_step_links
from causalkit.neural.modules.averaged import members_of
from causalkit.neural.modules.candidates import candidates_of
from causalkit.neural.modules.input_mask import hides_forbidden, mask_inputs
from causalkit.neural.network_choice import choose_network, first_models
from causalkit.neural.notes import about_candidates, about_knowledge, about_memory, about_training
from causalkit.neural.pair_arrays import pair_array
from causalkit.neural.parts import ForecasterPart
from causalkit.neural.prewhitening import Prewhiten
from causalkit.neural.prewhitening_choice import PARAMETER as PREWHITEN
from causalkit.neural.regularizers import PenaltySum
from causalkit.neural.training.context import PLAIN, TrainingContext
from causalkit.neural.training.data import TrainingData, inputs_complete, tensors
from causalkit.neural.training.divergence import about_explained, check_converged, repeated
from causalkit.neural.training.loop import train
from causalkit.neural.training.networks import Networks
from causalkit.neural.training.schedule import Schedule
from causalkit.neural.training.score_history import score_history
from causalkit.neural.training.settings import Training

LEAST_WINDOWS = 6
"""Windows that an effect needs. With five series, a ranking from 4 windows is a random one (AUROC .53 ± .04); 6 give
.62 ± .05, 10 give .79 ± .04 (ten linear systems)."""

REFITTED = 2
"""Members where lag, forecaster, prewhitening and strength are known, and many panels are to be fitted."""


@dataclass(frozen=True)
class Trained:
    """What training leaves beside the weights.

    Attributes:
        history: lists of equal length, one entry an epoch.
        notes: how it ended, in sentences.
        left_out: number of windows that were not learned from.
        scores: (cause, effect, lag) where training has already read them off, as `causalkit.Discovery.scores`;
            otherwise the regularizer does it.
        path: as `causalkit.Discovery.path`.
        choices: hyperparameters that training chose.
        data: of the members of an ensemble, with the windows that each was held away from.
        held_out: these members, as forecasters of the series; None where no window was held out.
    """

    history: Mapping[str, list[float]]
    notes: tuple[str, ...] = ()
    left_out: int = 0
    scores: Any = None
    path: Mapping[str, NDArray[np.float64]] | None = None
    choices: tuple[Choice, ...] = ()
    data: TrainingData | None = None
    held_out: HeldOutMembers | None = None


class NeuralMethod:
    """Train a forecaster under a penalty and read the scores off it.

    Args:
        forecaster, regularizer: resolved by causalkit from the user's ``forecaster.*`` and ``regularizer.*``.
        lag: K, steps of a window.
        training: settings of the training loop.
        prewhiten: order of the autoregression on its own past that is subtracted from every series before the network
            learns, at most the lag, see `causalkit.neural.prewhitening`; 0: nothing is subtracted; auto: by the data,
            where a strength is chosen; None: the method has no such parameter.

    Attributes:
        members: networks of an ensemble, each of which leaves another block of the recording out; 1: no ensemble.
        rivals: other forecasters that compete with ``forecaster`` by held-out error; () where it is given.

    Raises:
        WrongUsageError: the pair cannot work together.
    """

    needs_standardized: ClassVar[bool] = False
    """Does it need series of mean 0 and standard deviation 1?"""

    def __init__(
        self,
        forecaster: ForecasterPart,
        regularizer: PenaltySum,
        lag: Lag,
        training: Training,
        prewhiten: Prewhiten | None = None,
    ) -> None:
        regularizer.check_records(forecaster.record)
        self.forecaster = forecaster
        self.regularizer = regularizer
        self.lag = known_lag(lag)
        self.training = training
        self.prewhiten = prewhiten
        self.members = 1
        self.rivals: tuple[ForecasterPart, ...] = ()

    def fit(self, panel: Panel, run: Run) -> Discovery:
        """Return the discovery of a panel.

        Raises:
            DataError: no complete window is left.
            TrainingError: training diverged.
            WrongUsageError: a regularizer acts in training on two domains only.
        """
        self.regularizer.check_stages(("train",))
        if self._screens(panel.series) and self.rivals:
            narrow = next(part for part in self._parts if part.takes_candidates)
            return self.with_forecaster(narrow).fit(panel, run)
        windows = self.windows(panel, run)
        if type(self).train is NeuralMethod.train:  # not a training of its own
            with run.isolated():
                check_memory(self.work(self.forecaster, panel, windows, run), panel.hint)
                small = tuple(one for one in self.rivals if fits(self.work(one, panel, windows, run)))
            if len(small) < len(self.rivals):
                large = [one for one in self.rivals if one not in small]
                found = self.with_rivals(small).fit(panel, run)
                return replace(found, notes=(*found.notes, *map(about_memory, large)))
        found, notes = repeated(
            lambda training, run: self.with_training(training)._fit(panel, windows, run), self.training, run
        )
        return replace(found, notes=(*notes, *found.notes))

    def _fit(self, panel: Panel, windows: Windows, run: Run) -> Discovery:
        with run.isolated():
            self._check_prewhiten()
            if self.members > 1 or self.regularizer.strength_to_choose:
                return self.fit_ensemble(panel, windows, run)
            method, notes = self.with_default_forecaster()
            found = method.fit_one(panel, windows, run)
            return replace(found, notes=(*found.notes, *notes))

    def work(self, forecaster: ForecasterPart, panel: Panel, windows: Windows, run: Run) -> Work:
        """Return what a run with a forecaster trains on what."""
        screened, choosing = self._screens(panel.series), self.regularizer.strength_to_choose
        members, known = self.members, PLAIN.with_knowledge(panel, run)
        if members == 1 and choosing:
            members = ensemble.MEMBERS_OF_MANY_SERIES if screened else ensemble.MEMBERS
        return Work(
            forecaster,
            self.regularizer,
            self.training,
            panel.series,
            self.lag,
            len(windows),
            members,
            choosing,
            members > 1,
            screened,
            run.torch_dtype(),
            known.allowed,
            known.required,
        )

    def windows(self, panel: Panel, run: Run, least: int = LEAST_WINDOWS) -> Windows:
        """Return the windows from which each effect learns what it can, of which it needs a least number.

        Where the network cannot keep a forbidden cause from a target, a window in which that cause is missing is of no
        use to the target.

        Raises:
            DataError: there are fewer windows for one of the effects.
        """
        knowledge = run.knowledge
        if knowledge is not None and panel.missing:
            allowed = torch.as_tensor(knowledge.allowed(panel.names), device=run.torch_device())
            with run.isolated():
                if not self._screens(panel.series) and not hides_forbidden(self.build(panel.series, run), allowed):
                    knowledge = None
        return panel.windows(self.lag, by_effect=True, knowledge=knowledge, least=least)

    def fit_one(self, panel: Panel, windows: Windows, run: Run) -> Discovery:
        """Return the discovery of one network that learns from all windows, inside ``run.isolated()``."""
        context = PLAIN.with_knowledge(panel, run)
        candidates = None
        if self._screens(panel.series):
            data = self._split(TrainingData.of(windows, run), windows, run)[0]
            candidates = data.screened(context.allowed, context.required).candidates
        model = self.build(panel.series, run, None if candidates is None else candidates[0])
        trained = self.train(model, windows, run, fingerprint=self.fingerprint(panel, run), context=context)
        return self.read_off(model, panel, windows, run, trained)

    def fit_ensemble(self, panel: Panel, windows: Windows, run: Run) -> Discovery:
        """Return the discovery of an ensemble over blocked folds, at the strength that they choose.

        For an ensemble, and where a strength is to be chosen. Methods with a choice of their own override it; it is
        called inside ``run.isolated()``.
        """
        choosing = self.regularizer.strength_to_choose
        ensemble.check_settings(self.training, run, choosing=choosing)
        members = ensemble.MEMBERS_OF_MANY_SERIES if self._screens(panel.series) else ensemble.MEMBERS
        folds = folds_of(windows, self.members if self.members > 1 else members, run)
        if folds is None:
            method, about_strength = self.with_ensemble(1).with_default_strength()
            method, about_forecaster = method.with_default_forecaster()
            found = method.fit_one(panel, windows, run)
            note = f"{len(windows)} windows are too few to leave blocks of them out"
            return replace(found, notes=(*found.notes, note, *about_strength, *about_forecaster))
        data = TrainingData.of(windows, run).folded(folds, run.numpy_generator())
        context = PLAIN.with_knowledge(panel, run)
        if self._screens(panel.series):
            data = data.screened(context.allowed, context.required)
        if choosing:
            candidates = [self.with_forecaster(part) for part in (self.forecaster, *self.rivals)]
            best = choose_network(candidates, self._order(), panel, data, run, context)
            method, trained, choices = candidates[best.winner], best.trained, best.choices
            if best.order is not None:
                method = method.with_prewhiten(best.order)
        else:
            method, notes = self.with_default_forecaster()
            models = first_models(method, panel, data, run, context)
            trained = ensemble.train_ensemble(models, self.regularizer, data, self.training, run, context=context)
            trained, choices = replace(trained, notes=(*trained.notes, *notes)), ()
        single = method if trained.choice is None else method.with_strength(trained.choice.chosen)
        result = Trained(
            trained.history,
            trained.notes,
            scores=ensemble.scores_of(single.regularizer, trained, data),
            choices=(*choices[:1], *(() if trained.choice is None else (trained.choice,)), *choices[1:]),
            data=data,
            held_out=trained.held_away(data),
        )
        found = single.read_off(trained.model, panel, windows, run, result)
        config = {**found.config, "ensemble": len(trained.members)}
        errors = ensemble.errors_of_scores(single.regularizer, trained, data)
        return replace(found, config=config, standard_errors=errors, held_out=trained.held_out)

    @property
    def _parts(self) -> tuple[ForecasterPart, ...]:
        """The forecaster and those that compete with it."""
        return (self.forecaster, *self.rivals)

    def _screens(self, series: int) -> bool:
        """Are there so many series that targets see candidate causes only, and is there a forecaster that can?

        Not where the regularizer reads weights of all pairs.
        """
        if not is_large(series, self.lag) or any("input-weights" in one.record.needs for one in self.regularizer.terms):
            return False
        return any(part.takes_candidates for part in self._parts)

    def _check_prewhiten(self) -> None:
        """Refuse an order of prewhitening where nothing can be subtracted.

        Raises:
            ParameterError: with what to do instead.
        """
        if self.prewhiten is None or self.prewhiten in ("auto", 0):
            return
        if not self.regularizer.strength_to_choose:
            raise ParameterError(
                f"prewhiten={self.prewhiten} needs a strength that is chosen", "leave out regularizer.strength"
            )
        if self._reads_weights:
            name = self.regularizer.scoring.record.name
            raise ParameterError(f"prewhiten={self.prewhiten} does not work with {name}", "leave it out")

    @property
    def _reads_weights(self) -> bool:
        """Are scores read off first-layer weights, of which an autoregression has none?"""
        return "input-weights" in self.regularizer.scoring.record.needs

    def _order(self) -> int | None:
        """Return the order of the autoregression that is subtracted, None where it is to be chosen."""
        if self.prewhiten is None or self._reads_weights:
            return 0
        return None if self.prewhiten == "auto" else min(self.prewhiten, self.lag)

    @property
    def steps(self) -> int:
        """K; the former name of ``lag``."""
        return self.lag

    def with_lag(self, lag: int) -> Self:
        """Return the method with another lag."""
        return self._with(lag=lag)

    def with_ensemble(self, members: int) -> Self:
        """Return the method with so many members, each of which leaves another block of the recording out."""
        return self._with(members=members)

    def with_training(self, training: Any) -> Self:
        """Return the method with other training settings."""
        return self._with(training=training)

    def with_regularizer(self, regularizer: PenaltySum) -> Self:
        """Return the method with other regularizers."""
        return self._with(regularizer=regularizer)

    def with_forecaster(self, part: ForecasterPart) -> Self:
        """Return the method with another forecaster, and without rivals."""
        return self._with(forecaster=part, rivals=())

    def with_rivals(self, parts: tuple[ForecasterPart, ...]) -> Self:
        """Return the method with other forecasters that compete with its own."""
        return self._with(rivals=tuple(parts))

    def with_prewhiten(self, order: int) -> Self:
        """Return the method with a given order of prewhitening."""
        return self._with(prewhiten=order)

    def with_network_of(self, found: Discovery) -> Self:
        """Return the method with the forecaster and the prewhitening that a discovery of it chose."""
        used = {one.parameter: one.chosen_label for one in found.choices if not one.within}
        method = self if self.prewhiten != "auto" else self.with_prewhiten(int(used.get(PREWHITEN, 0)))
        parts = [part for part in (self.forecaster, *self.rivals) if part.record.name == used.get(PARAMETER)]
        return method.with_forecaster(parts[0]) if parts else method

    def with_choices_of(self, found: Discovery) -> Self:
        """Return the method with lag, forecaster, prewhitening and strength of a discovery of it, for many refits.

        The strength becomes the only candidate, and few blocks are left out: the path of strengths becomes a single
        training of few networks.
        """
        method = self.with_network_of(found)
        strengths = [one.chosen for one in found.choices if one.parameter == STRENGTH and not one.within]
        if not strengths or not self.regularizer.strength_to_choose:
            return method
        return method._at_chosen(strengths[0])

    def _at_chosen(self, strength: float) -> Self:
        """Return the method at a strength that was chosen, as cheap as its training allows."""
        return self.with_ensemble(REFITTED).with_regularizer(self.regularizer.with_candidate(strength))

    def with_default_forecaster(self) -> tuple[Self, tuple[str, ...]]:
        """Return the method with its first candidate where a forecaster is to be chosen, and a sentence on it.

        For training in which nothing can choose, as `with_default_strength`.
        """
        if not self.rivals:
            return self, ()
        return self.with_rivals(()), (f"the forecaster was not chosen: it is {self.forecaster.record.name}",)

    def with_strength(self, strength: float) -> Self:
        """Return the method with a fixed strength of the penalty that supplies the scores."""
        return self.with_regularizer(self.regularizer.with_strength(strength))

    def with_default_strength(self) -> tuple[Self, tuple[str, ...]]:
        """Return the method with the regularizer's default where its strength is to be chosen, and a sentence on it.

        For training in which nothing can choose: on two domains, or on too few windows to leave any out.
        """
        if not self.regularizer.strength_to_choose:
            return self, ()
        strength = self.regularizer.scoring.regularizer.default_strength
        return self.with_strength(strength), (f"the strength of the penalty was not chosen: it is {strength:g}",)

    def _with(self, **changed: Any) -> Self:
        other = copy.copy(self)
        for name, value in changed.items():
            setattr(other, name, value)
        return other

    def build(self, series: int, run: Run, candidates: Tensor | None = None) -> nn.Module:
        """Return a forecaster with first weights, on the run's device; inside ``run.isolated()``.

        Args:
            candidates: the only causes that each target sees, shape (P, M); None: it sees all series.

        Raises:
            WrongUsageError: a regularizer cannot act on it.
        """
        model = self.forecaster.build(series=series, lag=self.lag, candidates=candidates)
        model = model.to(device=run.torch_device(), dtype=run.torch_dtype())
        self.regularizer.check_model(model)
        return model

    def train(
        self,
        model: nn.Module,
        windows: Windows,
        run: Run,
        *,
        fingerprint: str = "",
        context: TrainingContext = PLAIN,
    ) -> Trained:
        """Train a forecaster on windows, from the weights that it has, and leave the found weights in it.

        Methods with a training of their own override this one step.
        """
        settings = self.training
        data, left_out = self._split(TrainingData.of(windows, run), windows, run)
        masked = mask_inputs(model, context.allowed)
        penalties = self.regularizer.for_stage(context.stage)
        networks = Networks([masked], penalties, data, settings, run, context=context)
        snapshots = None if context.stage == "pretrain" else settings.snapshots
        state = train(networks, Schedule(settings, context.stage), run, fingerprint=fingerprint, snapshots=snapshots)
        error = state.history["forecast"][-1]
        if state.best is not None:
            networks.load(state.best.weights)
            error = min(error, float(state.best.errors.mean()))
        check_converged(error, state.history["forecast"][0], data, settings, context.stage)
        notes = (*about_training(state, settings), *about_explained(error, data))
        return Trained(state.history, notes, left_out, path=score_history(state, candidates_of(masked)))

    def _split(self, data: TrainingData, windows: Windows, run: Run) -> tuple[TrainingData, int]:
        """Return the data of one network without what is held out of training, and how many windows these are."""
        if self.training.validation <= 0:
            return data, 0
        kept, held = hold_out_masks(windows, self.training.validation, run.numpy_generator())
        return data.split(kept, held), int((~kept).sum())

    def read_off(self, model: nn.Module, panel: Panel, windows: Windows, run: Run, trained: Trained) -> Discovery:
        """Return the discovery of a trained forecaster.

        Raises:
            TrainingError: the scores are not finite.
        """
        release()
        model = mask_inputs(model, PLAIN.with_knowledge(panel, run).allowed)
        model.eval()
        scores = trained.scores
        if scores is None:
            x, _ = tensors(windows, run)
            found = self.regularizer.scores(model, x, inputs_complete(windows, run))
            scores = pair_array(found, candidates_of(model))
        if not np.isfinite(rows_of(scores)).all():
            raise TrainingError(
                "training diverged: the scores are not finite",
                f"try --set training.learning_rate={self.training.learning_rate / 10:g}",
            )
        context = replace(run, observers=[], checkpoint=None, resume=False)
        data = trained.data or TrainingData.of(windows, run)
        held_away = () if trained.held_out is None else tuple(trained.held_out.members)
        effects = effects_of(model, data, panel, trained.held_out)
        links, left = same_step_links(held_away, data)
        return Discovery(
            names=panel.names,
            scores=scores,
            effects=effects,
            instantaneous=links,
            path=trained.path,
            choices=trained.choices,
            history=trained.history,
            config=self.config(model, panel.series),
            device=str(run.torch_device()),
            data={**windows.describe(panel.names), "windows_held_out": trained.left_out},
            notes=(
                *trained.notes,
                *about_candidates(model, panel, run),
                *about_knowledge(model, panel, run, self.regularizer),
                *about_sampling(links, left, effects),
            ),
            fitted=Fitted(model, self.lag, panel, self, context, held_away),
            held_out=trained.held_out,
        )

    def config(self, model: nn.Module | None = None, series: int = 0) -> dict[str, Any]:
        """Return the resolved configuration, with what regularizers chose by themselves where there is a model."""
        return {
            "lag": self.lag,
            "forecaster": self.forecaster.config(),
            "regularizer": self.regularizer.config(None if model is None else members_of(model)[0], series),
            "training": plain(self.training),
            **({} if self.prewhiten is None else {"prewhiten": self.prewhiten}),
        }

    def fingerprint(self, panel: Panel, run: Run) -> str:
        """Digest all that a checkpoint must share with the run that goes on from it."""
        shared: list[Any] = [self.config(), panel.sha256, run.seed, run.dtype]
        if self.rivals:
            shared.append([rival.config() for rival in self.rivals])
        if run.knowledge is not None:
            shared.append(run.knowledge.describe())
        digest = hashlib.sha256(json.dumps(shared, sort_keys=True).encode())
        for mask in panel.intervened or ():
            digest.update(mask.tobytes())
        if panel.lower_frequency:
            digest.update(json.dumps(panel.lower_frequency, sort_keys=True).encode())
        return digest.hexdigest()
