"""E networks of one architecture that are trained as one computation; E = 1 is the plain case.

The weights of all networks are stacked, and the optimiser moves the stack. Adam works weight by weight, so each network
is trained exactly as it would be alone. Several networks take one vectorised forward and backward pass a step
(`torch.func.vmap`), which saves the overhead of a step; that dominates small networks. A single network, and networks
or penalties that cannot be vectorised, take their passes one after another. So do component-wise networks, whose
products are batched over targets already: one more batch makes them slower, by 1.2 to 2 times at 10 to 100 series.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from causalkit.core.run import Run
from causalkit.neural.interfaces import squared_error
from causalkit.neural.modules.forecaster import as_forecaster
from causalkit.neural.modules.weight_mask import WeightMask, has_own_input_weights
from causalkit.neural.regularizers import PenaltySum
from causalkit.neural.training.context import PLAIN, TrainingContext
from causalkit.neural.training.data import TrainingData
from causalkit.neural.training.optimizers import Adam, GradientDescent
from causalkit.neural.training.settings import Training
from causalkit.neural.training.share import Share

Stacked = dict[str, Tensor]
"""Weights or losses by name, first axis the network."""


@dataclass(frozen=True)
class Epoch:
    """What one pass over the windows is to do.

    Attributes:
        rate: step size.
        progress: share of the training that is over, from 0 to 1.
        strength: what the penalty that supplies the scores is multiplied by.
        most_windows: where there are more windows than this, the pass is one step on so many of them, drawn at random,
            unless the settings have a batch size; None: no limit.
    """

    rate: float
    progress: float
    strength: float = 1.0
    most_windows: int | None = None


class Networks:
    """E networks and the optimiser that moves all of them at once.

    Args:
        models: networks of one architecture with their first weights; they always hold the current weights.
        penalties: what is added to the forecast error.
        data: windows, and which of them each network sees.
        averaging: share that the mean of the weights over past steps keeps in every step; 0: no mean is kept. The
            steps of Adam under a penalty that is not smooth, or that is sampled, leave weights trembling about the
            point that they have found; their mean does not tremble.
    """

    def __init__(
        self,
        models: Sequence[nn.Module],
        penalties: PenaltySum,
        data: TrainingData,
        settings: Training,
        run: Run,
        *,
        context: TrainingContext = PLAIN,
        averaging: float = 0.0,
    ) -> None:
        self.models, self.penalties, self.settings, self.context = list(models), penalties, settings, context
        self.averaging = averaging
        self.weights = _stacked(models)
        self._bind()
        trained = [weight for weight in self.weights.values() if weight.requires_grad]
        self.optimizer = GradientDescent(trained) if settings.optimizer == "sgd" else Adam(trained)
        # The step size of adam differs by weight, so it has no proximal step; and that would move weights that stay.
        self.proximal = settings.optimizer == "sgd" and len(trained) == len(self.weights)
        self.generator = run.torch_generator()
        self._mask = WeightMask.of(models[0], context.allowed)
        self._mask.apply(self.weights.items())
        self.averaged = _copied(self.weights) if averaging else self.weights
        template = copy.deepcopy(models[0]) if len(models) > 1 else models[0]  # a single network needs no stand-in
        self._objective = Objective(template, penalties)
        # A single network draws its dropout for the forecast first, several for the penalties first: scores of a seed
        # depend on this order.
        alone = len(models) == 1
        self._in_turn = [Objective(model, penalties, proximal=self.proximal, forecast_first=alone) for model in models]
        self._parameters = [dict(model.named_parameters()) for model in models]
        in_turn = alone or has_own_input_weights(models[0], data.y.shape[1])
        self._vectorized: bool | None = False if in_turn else None  # not known before the first step
        self.learn_from(data)

    def learn_from(self, data: TrainingData) -> None:
        """Take other windows to learn from, for as many networks."""
        self.data = data
        self._inputs, self._targets = data.x[data.rows], data.y[data.rows]  # (E, B, K, P), (E, B, P)
        self._observed = None if data.observed is None else data.observed[data.rows]

    @torch.no_grad()
    def restart(self, weights: Mapping[str, Tensor]) -> None:
        """Go on from stacked weights, with a fresh optimiser."""
        self.load(weights)
        for name, value in weights.items():
            self.averaged[name].copy_(value)
        self.optimizer.restart()

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Undo all steps of the block, which come before any other: weights, optimiser and random draws."""
        before, drawn = _copied(self.weights), self.generator.get_state()
        try:
            yield
        finally:
            self.restart(before)
            self.generator.set_state(drawn)

    @property
    def windows(self) -> int:
        """Windows that each network learns from."""
        return int(self._inputs.shape[1])

    @torch.no_grad()
    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Give all networks other weights, stacked."""
        for name, value in weights.items():
            self.weights[name].copy_(value)

    def epoch(self, epoch: Epoch) -> dict[str, float]:
        """Pass over windows once; return the mean of each part of the loss over windows and networks."""
        size = self._inputs.shape[1]
        most = epoch.most_windows if self.settings.batch_size is None else None
        covered = size if most is None else min(size, most)
        sums: Stacked = {}
        for chosen in self._batches(size, most):
            for name, part in self._step(chosen, epoch).items():
                mean = part.detach() if chosen is None else part.detach() * (len(chosen) / covered)
                sums[name] = sums[name] + mean if name in sums else mean
        return {name: float(part.mean()) for name, part in sums.items()}

    def _batches(self, size: int, most: int | None) -> Iterator[Tensor | None]:
        """Yield positions of the windows of each step, the same for all networks; None stands for all at once."""
        wanted = self.settings.batch_size
        if most is not None and most < size:
            yield torch.randperm(size, generator=self.generator, device=self.generator.device)[:most]
            return
        if wanted is None or wanted >= size:
            yield None
            return
        order = torch.randperm(size, generator=self.generator, device=self.generator.device)
        yield from torch.split(order, wanted)

    def _step(self, chosen: Tensor | None, epoch: Epoch) -> Stacked:
        """Take one step on some of each network's windows, None: all; return the parts of the loss, each (E,)."""
        given: tuple[Tensor | None, ...] = (self._inputs, self._targets, self._observed)
        if chosen is not None:
            given = tuple(None if one is None else one[:, chosen] for one in given)
        share = Share.of(given)
        given = share.of_windows(given)
        self.optimizer.zero_grad()
        parts = self._vectorized_pass(given, epoch, share) or self._passes_in_turn(given, epoch, share)
        share.add_up([*parts.values(), *(weight.grad for weight in self.weights.values() if weight.grad is not None)])
        self.optimizer.step(epoch.rate)
        if self.proximal:
            for model in self.models:
                self.penalties.prox(model, epoch.rate)
        self._mask.apply(self.weights.items())
        if self.averaging:
            with torch.no_grad():
                for name, mean in self.averaged.items():
                    mean.lerp_(self.weights[name], 1 - self.averaging)
        return parts

    def _vectorized_pass(self, given: tuple[Tensor | None, ...], epoch: Epoch, share: Share) -> Stacked | None:
        """Leave gradients of all networks by one vectorised pass; return the parts, or None where it cannot be done.

        Random draws of a first pass that fails are undone.
        """
        if self._vectorized is False:
            return None

        def losses(state: Stacked, *mine: Tensor | None) -> Stacked:
            found: Stacked = functional_call(self._objective, state, (*mine, self.context, self.generator, epoch))
            return found

        before = self.generator.get_state()
        state = {f"model.{name}": weight for name, weight in self.weights.items()}
        dimensions = (0, *(None if one is None else 0 for one in given))
        self._objective.train()
        try:
            parts: Stacked = vmap(losses, in_dims=dimensions, randomness="different")(state, *given)
            parts = share.of_losses(parts)
            torch.stack([part.sum() for part in parts.values()]).sum().backward()  # type: ignore[no-untyped-call]
        except (RuntimeError, NotImplementedError):
            if self._vectorized:  # it could be done before, so something else is wrong
                raise
            self._vectorized = False
            self.generator.set_state(before)
            self.optimizer.zero_grad()
            return None
        self._vectorized = True
        return {name: part.detach() for name, part in parts.items()}

    def _passes_in_turn(self, given: tuple[Tensor | None, ...], epoch: Epoch, share: Share) -> Stacked:
        """Leave gradients of all networks by a pass for each; return the parts of the loss."""
        found: list[Stacked] = []
        for number, (objective, own) in enumerate(zip(self._in_turn, self._parameters, strict=True)):
            if not objective.model.training:
                objective.model.train()
            for parameter in own.values():
                parameter.grad = None
            mine = [None if one is None else one[number] for one in given]
            parts = share.of_losses(objective(*mine, self.context, self.generator, epoch), number)
            torch.stack(list(parts.values())).sum().backward()  # type: ignore[no-untyped-call]
            found.append({name: part.detach() for name, part in parts.items()})
        for name, weight in self.weights.items():
            weight.grad = _stacked_gradients([own[name] for own in self._parameters])
        return {name: torch.stack([parts[name] for parts in found]) for name in found[0]}

    @torch.no_grad()
    def validation_errors(self) -> Tensor:
        """Return the mean squared forecast error of each network's mean weights on its own held-out windows: (E,)."""
        data = self.data
        assert data.held is not None
        if not self._vectorized:
            return torch.stack([self._validation_error(number) for number in range(len(self.models))])
        self._objective.eval()

        def forecast(mine: Stacked) -> Tensor:
            made: Tensor = functional_call(self._objective.model, mine, (data.x,))
            return made

        squares = (vmap(forecast)(self.averaged) - data.y).square()  # (E, N, P)
        mask = data.held.to(squares.dtype)
        if data.observed is not None:
            cells = mask.unsqueeze(2) * data.observed
            return (squares * cells).sum((1, 2)) / cells.sum((1, 2)).clamp(min=1)
        errors: Tensor = (squares.mean(2) * mask).sum(1) / mask.sum(1)
        return errors

    def _validation_error(self, number: int) -> Tensor:
        """Return the validation error of one network."""
        data, model = self.data, self.models[number].eval()
        assert data.held is not None
        held = data.held[number]
        own = {name: value[number] for name, value in self.averaged.items()}
        forecast = functional_call(model, own, (data.x[held],)) if self.averaging else model(data.x[held])
        return squared_error(forecast, data.y[held], None if data.observed is None else data.observed[held])

    @torch.no_grad()
    def with_weights(self, weights: Mapping[str, Tensor]) -> list[nn.Module]:
        """Return copies of the networks with stacked weights, in evaluation mode."""
        copies = []
        for number, model in enumerate(self.models):
            member = copy.deepcopy(model).eval()
            for name, weight in member.named_parameters():
                weight.data = weights[name][number].clone()
            copies.append(member)
        return copies

    def state_dict(self) -> Stacked:
        """Return all weights, for a checkpoint."""
        state = {f"weights.{name}": value.detach() for name, value in self.weights.items()}
        if self.averaging:
            state |= {f"averaged.{name}": value for name, value in self.averaged.items()}
        return state

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take all weights from a checkpoint."""
        for name, mine in self.state_dict().items():
            mine.copy_(alike(state[name], mine))

    def _bind(self) -> None:
        """Let the parameters of each network be views of its place in the stack."""
        for number, model in enumerate(self.models):
            for name, weight in model.named_parameters():
                weight.data = self.weights[name].data[number]


def alike(given: Tensor, mine: Tensor) -> Tensor:
    """Return a tensor of a checkpoint that has the shape and the type of one that is here.

    Raises:
        ValueError: it has not; copying would stretch it.
    """
    if given.shape != mine.shape or given.dtype != mine.dtype:
        raise ValueError(f"a tensor of shape {tuple(given.shape)} in place of {tuple(mine.shape)}")
    return given


class Objective(nn.Module):
    """Forecast error and penalties as the output of a module, so that all weights can be replaced by stacked ones."""

    def __init__(
        self, model: nn.Module, penalties: PenaltySum, *, proximal: bool = False, forecast_first: bool = False
    ) -> None:
        super().__init__()
        # A forecaster with a Jacobian of its own draws nothing, and a penalty may make its forecast anyway.
        self.forecast_first = forecast_first and "jacobian" not in as_forecaster(model).capabilities
        self.model = model
        self.penalties = penalties
        self.proximal = proximal

    def forward(
        self,
        x: Tensor,
        y: Tensor,
        observed: Tensor | None,
        context: TrainingContext,
        generator: torch.Generator,
        epoch: Epoch,
    ) -> dict[str, Tensor]:
        """Return the parts of the loss of one network."""
        batch = context.batch(x, y, observed, generator, epoch.progress)
        first = self.model(x) if self.forecast_first else None
        losses, made = self.penalties.losses(self.model, batch, proximal=self.proximal)
        name = self.penalties.scoring.record.name
        if name in losses:
            losses[name] = epoch.strength * losses[name]
        forecast = next((one for one in (first, made) if one is not None), None)
        error = squared_error(self.model(x) if forecast is None else forecast, y, observed)
        return {"forecast": error, **losses}


def _stacked(models: Sequence[nn.Module]) -> Stacked:
    """Return the weights of all networks, each as one leaf that requires a gradient where the networks' weights do."""
    networks = [dict(model.named_parameters()) for model in models]
    return {
        name: torch.stack([network[name].detach() for network in networks]).requires_grad_(weight.requires_grad)
        for name, weight in networks[0].items()
    }


def _stacked_gradients(weights: Sequence[Tensor]) -> Tensor | None:
    """Return the gradients of one weight of all networks, None where none has any."""
    gradients = [weight.grad for weight in weights]
    if all(gradient is None for gradient in gradients):
        return None
    if len(gradients) == 1 and gradients[0] is not None:
        return gradients[0].unsqueeze(0)
    zero = torch.zeros_like(weights[0])
    return torch.stack([zero if gradient is None else gradient for gradient in gradients])


def _copied(weights: Mapping[str, Tensor]) -> Stacked:
    return {name: value.detach().clone() for name, value in weights.items()}
