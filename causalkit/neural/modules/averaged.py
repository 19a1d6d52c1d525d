"""The forecaster whose forecast is the mean of several forecasts."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from causalkit.neural.modules.candidates import candidates_of, narrow_jacobian, union
from causalkit.neural.modules.forecaster import ForecasterModule, as_forecaster, input_jacobian


class AveragedForecaster(ForecasterModule):
    """Mean forecast of members of one architecture.

    Its input Jacobian is the mean of the members' Jacobians, window by window and with signs: what members have learned
    in common adds up, and what each has made of noise cancels. Scores read off it are steadier than the mean of the
    members' scores, in which noise adds up as well.

    Args:
        members: forecasters (B, K, P) -> (B, P).

    Attributes:
        candidates: those that any member has, shape (P, U), where members have candidates of their own; else None.
    """

    candidates: Tensor | None

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        own = [one for one in map(candidates_of, members) if one is not None]
        found, self._places = union(own, len(own[0])) if own else (None, [])
        self.register_buffer("candidates", found, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast: (B, K, P) -> (B, P)."""
        return torch.stack([member(x) for member in self.members]).mean(0)

    def forecast_of(self, x: Tensor, targets: Tensor) -> Tensor:
        """Return the forecasts (B, m) of some targets (m,)."""
        return torch.stack([as_forecaster(member).forecast_of(x, targets) for member in self.members]).mean(0)

    def jacobian(self, x: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return forecast (B, P) and input Jacobian (B, m, K, P); see `causalkit.neural.input_jacobian`."""
        forecast, jacobian = x.new_zeros(()), x.new_zeros(())
        for member in self.members:  # one after the other: these tensors are large
            its_forecast, its_jacobian = input_jacobian(member, x, targets)
            forecast, jacobian = forecast + its_forecast, jacobian + its_jacobian
        return forecast / len(self.members), jacobian / len(self.members)

    def candidate_jacobian(self, x: Tensor, targets: Tensor | None = None) -> Tensor:
        """Return the Jacobian (B, m, K, U) with respect to the candidates of all members."""
        assert self.candidates is not None
        total = x.new_zeros(())
        for member, places in zip(self.members, self._places, strict=True):
            jacobian = narrow_jacobian(member, x, targets)
            mine = places if targets is None else places[targets]
            wide = jacobian.new_zeros(*jacobian.shape[:-1], self.candidates.shape[1])
            total = total + wide.scatter_add_(-1, mine.unsqueeze(-2).expand(jacobian.shape), jacobian)
        return total / len(self.members)


def members_of(model: nn.Module) -> list[nn.Module]:
    """Return the members of a mean forecast, or the forecaster itself."""
    return list(model.members) if isinstance(model, AveragedForecaster) else [model]
