"""Members of an ensemble: networks of one architecture, trained side by side as one batched computation.

The weights of all members are stacked, and one step is one vectorised forward and backward pass (`torch.func.vmap`).
Adam works weight by weight, so each member is trained exactly as it would be alone; what is saved is the overhead of a
step, which dominates small networks. Networks and penalties that do not stand being vectorised take their passes one
after another, with the same result.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from causalkit.core.run import Run
from causalkit.errors import TrainingError
from causalkit.neural.interfaces import squared_error
from causalkit.neural.modules.weight_mask import Sieve
from causalkit.neural.regularizers import PenaltySum
from causalkit.neural.training.loop import ONE_DOMAIN, Domains, Training

Stacked = dict[str, Tensor]
"""Weights by name, first axis the member."""


@dataclass(frozen=True)
class Split:
    """Which windows each of E members learns from, and which it is judged by.

    Attributes:
        rows: indices of windows, shape (E, B): a member may see a window twice (bootstrap).
        held: shape (E, N), or None where nothing is held out.
    """

    rows: Tensor
    held: Tensor | None = None


class Members:
    """E networks and the optimiser that moves all of them at once.

    Args:
        models: networks of one architecture with their first weights.
        x, y: all windows (N, K, P) and next steps (N, P).
        split: which of them each member sees.
        averaging: share that the mean of the weights over past steps keeps in every step; 0: no mean is kept. The
            steps of Adam under a penalty that is not smooth, or that is sampled, leave weights trembling about the
            point that they have found; their mean does not tremble.
        observed: shape (N, P), which next steps are learned from and judged; None: all.
    """

    def __init__(
        self,
        models: Sequence[nn.Module],
        penalties: PenaltySum,
        x: Tensor,
        y: Tensor,
        split: Split,
        settings: Training,
        run: Run,
        *,
        averaging: float = 0.0,
        domains: Domains = ONE_DOMAIN,
        observed: Tensor | None = None,
    ) -> None:
        self.models = models
        self.x, self.y, self.observed, self.split = x, y, observed, split
        self.settings, self.domains, self.averaging = settings, domains, averaging
        self.weights = stack_module_state([_Objective(model, penalties) for model in models])[0]
        self._objective = _Objective(copy.deepcopy(models[0]), penalties)
        self.optimizer = torch.optim.Adam(self.weights.values(), lr=settings.learning_rate, fused=True)
        self.generator = run.torch_generator()
        closed = Sieve.of(models[0], domains.allowed).closed
        self._sieve = Sieve({f"model.{name}": mask for name, mask in closed.items()})
        self._sieve.apply(self.weights.items())
        self.averaged = self.weights if not averaging else _copied(self.weights)
        self._vectorised: bool | None = None  # not known before the first step
        self._show(split.rows)

    def _show(self, rows: Tensor) -> None:
        """Let members learn from some windows: rows (E, B)."""
        self._inputs, self._targets = self.x[rows], self.y[rows]  # (E, B, K, P), (E, B, P)
        self._seen = None if self.observed is None else self.observed[rows]

    @torch.no_grad()
    def restart(self, weights: Mapping[str, Tensor]) -> None:
        """Go on from stacked weights, with a fresh optimiser, and learn from all windows."""
        for name, value in weights.items():
            self.weights[name].copy_(value)
            self.averaged[name].copy_(value)
        self.optimizer.state.clear()
        self._show(torch.arange(len(self.x), device=self.x.device).expand(len(self.models), -1))

    def epoch(self, rate: float, done: float, scale: Tensor) -> tuple[dict[str, float], Tensor]:
        """Pass over the windows once.

        Args:
            rate: step size.
            done: share of the training that is over.
            scale: shape (E,), what the penalty that supplies the scores is multiplied by for each member.

        Returns:
            The mean of each loss part over members, and the forecast error of each (E,).

        Raises:
            TrainingError: a loss is no longer finite.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        zero = scale.new_zeros(())
        sums: dict[str, Tensor] = {}
        size = self._inputs.shape[1]
        for chosen in self._batches(size):
            parts = self._step(chosen, done, scale)
            share = 1.0 if chosen is None else len(chosen) / size
            for name, part in parts.items():
                sums[name] = sums.get(name, zero) + share * part.detach()
        losses = {name: float(part.mean()) for name, part in sums.items()}
        for name, value in losses.items():
            if not math.isfinite(value):
                raise TrainingError(
                    f"training diverged: the {name} loss is {value} (training.learning_rate={rate:g})",
                    f"try --set training.learning_rate={self.settings.learning_rate / 10:g}, or a weaker "
                    "regularizer.strength",
                )
        return losses, sums["forecast"]

    def _step(self, chosen: Tensor | None, done: float, scale: Tensor) -> dict[str, Tensor]:
        """Take one step on some of each member's windows, None: all; return the loss parts, each (E,)."""
        inputs, targets, seen = self._inputs, self._targets, self._seen
        if chosen is not None:
            inputs, targets, seen = inputs[:, chosen], targets[:, chosen], None if seen is None else seen[:, chosen]

        def losses(
            state: Stacked, mine: Tensor, next_step: Tensor, weight: Tensor, said: Tensor | None
        ) -> dict[str, Tensor]:
            arguments = (mine, next_step, weight, self.domains, self.generator, done, said)
            found: dict[str, Tensor] = functional_call(self._objective, state, arguments)
            return found

        self.optimizer.zero_grad(set_to_none=True)
        given = (inputs, targets, scale, seen)
        parts = self._together(losses, given) or self._one_by_one(losses, given)
        self.optimizer.step()
        self._sieve.apply(self.weights.items())
        if self.averaging:
            with torch.no_grad():
                for name, mean in self.averaged.items():
                    mean.lerp_(self.weights[name], 1 - self.averaging)
        return parts

    def _together(self, losses: Callable[..., Stacked], given: tuple[Tensor | None, ...]) -> Stacked | None:
        """Leave gradients of all members by one vectorised pass; return the loss parts, or None where it cannot be.

        Random draws of a first pass that fails are undone.
        """
        if self._vectorised is False:
            return None
        before = self.generator.get_state()
        dimensions = (0, *(None if argument is None else 0 for argument in given))
        try:
            parts: Stacked = vmap(losses, in_dims=dimensions, randomness="different")(self.weights, *given)
            torch.stack([part.sum() for part in parts.values()]).sum().backward()  # type: ignore[no-untyped-call]
        except (RuntimeError, NotImplementedError):
            if self._vectorised:  # it could be done before, so something else is wrong
                raise
            self._vectorised = False
            self.generator.set_state(before)
            self.optimizer.zero_grad(set_to_none=True)
            self._objective.train()
            return None
        self._vectorised = True
        return parts

    def _one_by_one(self, losses: Callable[..., Stacked], given: tuple[Tensor | None, ...]) -> Stacked:
        """Leave gradients of all members by a pass for each; return the loss parts."""
        for weight in self.weights.values():
            weight.grad = torch.zeros_like(weight)
        found: list[Stacked] = []
        for member in range(len(self.models)):
            own = {name: weight[member].detach().requires_grad_() for name, weight in self.weights.items()}
            parts = losses(own, *(None if argument is None else argument[member] for argument in given))
            torch.stack(list(parts.values())).sum().backward()  # type: ignore[no-untyped-call]
            for name, weight in own.items():
                total = self.weights[name].grad
                if weight.grad is not None and total is not None:
                    total[member] = weight.grad
            found.append(parts)
        return {name: torch.stack([parts[name].detach() for parts in found]) for name in found[0]}

    def _batches(self, size: int) -> Iterator[Tensor | None]:
        """Yield positions of the windows of each step, the same for all members; None stands for all at once."""
        wanted = self.settings.batch_size
        if wanted is None or wanted >= size:
            yield None
            return
        order = torch.randperm(size, generator=self.generator, device=self.generator.device)
        yield from torch.split(order, wanted)

    @torch.no_grad()
    def held_out_errors(self) -> Tensor:
        """Return the mean squared forecast error of each member's mean weights on its own held-out windows: (E,)."""
        assert self.split.held is not None
        self._objective.eval()
        prefix = "model."
        state = {name.removeprefix(prefix): value for name, value in self.averaged.items()}

        def forecast(mine: Stacked) -> Tensor:
            made: Tensor = functional_call(self._objective.model, mine, (self.x,))
            return made

        if self._vectorised:
            made = vmap(forecast, randomness="different")(state)
        else:
            every = range(len(self.models))
            made = torch.stack([forecast({name: value[e] for name, value in state.items()}) for e in every])
        squares = (made - self.y).square()  # (E, N, P)
        self._objective.train()
        mask = self.split.held.to(squares.dtype)
        if self.observed is not None:
            cells = mask.unsqueeze(2) * self.observed
            return (squares * cells).sum((1, 2)) / cells.sum((1, 2)).clamp(min=1)
        judged: Tensor = (squares.mean(2) * mask).sum(1) / mask.sum(1)
        return judged

    def with_weights(self, weights: Mapping[str, Tensor]) -> list[nn.Module]:
        """Return the networks with stacked weights, in evaluation mode."""
        members = []
        for index, model in enumerate(self.models):
            member = copy.deepcopy(model)
            with torch.no_grad():
                for name, weight in member.named_parameters():
                    weight.copy_(weights[f"model.{name}"][index])
            members.append(member.eval())
        return members

    def state_dict(self) -> Stacked:
        """Return all weights, for a checkpoint."""
        state = {f"weights.{name}": value.detach() for name, value in self.weights.items()}
        if self.averaging:
            state |= {f"averaged.{name}": value for name, value in self.averaged.items()}
        return state

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take all weights from a checkpoint."""
        for kind, mine in (("weights", self.weights), ("averaged", self.averaged)):
            for name, value in mine.items():
                if f"{kind}.{name}" in state:
                    value.copy_(state[f"{kind}.{name}"])


class Best:
    """The mean weights of each member where its held-out error was lowest."""

    def __init__(self, members: Members) -> None:
        count, x = len(members.models), members.x
        self.errors = torch.full((count,), math.inf, device=x.device, dtype=x.dtype)
        self.latest = torch.full_like(self.errors, math.nan)
        self.epochs = torch.zeros(count, dtype=torch.long, device=x.device)
        self.weights = _copied(members.averaged)

    def judge(self, errors: Tensor, weights: Mapping[str, Tensor], epoch: int) -> None:
        """Keep the weights of the members whose error is the lowest so far."""
        self.latest = errors
        better = errors < self.errors
        self.errors = torch.where(better, errors, self.errors)
        self.epochs[better] = epoch
        for name, value in weights.items():
            self.weights[name][better] = value.detach()[better]


class _Objective(nn.Module):
    """Forecast error and penalties as the output of a module, so that all weights can be replaced by stacked ones."""

    def __init__(self, model: nn.Module, penalties: PenaltySum) -> None:
        super().__init__()
        self.model = model
        self.penalties = penalties

    def forward(
        self,
        x: Tensor,
        y: Tensor,
        scale: Tensor,
        domains: Domains,
        generator: torch.Generator,
        done: float,
        observed: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Return the loss parts of one member."""
        losses = self.penalties.losses(self.model, domains.batch(x, y, generator, done, observed))
        name = self.penalties.scoring.record.name
        if name in losses:
            losses[name] = scale * losses[name]
        return {"forecast": squared_error(self.model(x), y, observed), **losses}


def _copied(weights: Mapping[str, Tensor]) -> Stacked:
    return {name: value.detach().clone() for name, value in weights.items()}
