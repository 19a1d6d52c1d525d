"""What an attacker of a forecaster may do to series: to every window by itself, or once to every time step.

Attacks per window are what the literature reports, but windows overlap: two of them that hold the same time step get
different perturbations of it, which no sensor could show. An attack per step perturbs each time step once, and every
window that holds it sees the same; its gradients are summed over the windows.

Forecasts are always compared with the unperturbed next step: what the forecaster sees is false, what happens is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from causalkit import Panel, Windows
from causalkit.errors import WrongUsageError, did_you_mean
from causalkit_robust.attacks import STEPS, Attack, Loss, attacked

Per = Literal["window", "step"]
WINDOWS_AT_ONCE = 4096


@dataclass(frozen=True)
class Threat:
    """What the attacker may do, apart from epsilon.

    Attributes:
        attack: "pgd", "fgsm", or "noise", which has no aim.
        per: one perturbation for each window, or for each time step of the series.
        steps: of PGD.
        last: only the most recent so many steps of a window may be changed; None: all K. Per window only.
        series: names of those that may be changed; None: all P.

    Raises:
        WrongUsageError: settings that make no sense.
    """

    attack: Attack = "pgd"
    per: Per = "window"
    steps: int = STEPS
    last: int | None = None
    series: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise WrongUsageError(f"the number of steps of the attack is {self.steps}", "take at least one")
        if self.last is not None and self.last < 1:
            raise WrongUsageError(f"the last {self.last} steps are to be attacked", "choose at least one")
        if self.last is not None and self.per == "step":
            raise WrongUsageError(
                "an attack per time step of the series has no last steps: every step is the last of some window",
                "leave one of them out",
            )

    def mask(self, names: Sequence[str], lag: int, like: Tensor) -> Tensor | None:
        """Return the cells of a window (K, P) that may be changed, 1 or 0, or None for all.

        Raises:
            WrongUsageError: there is no such series, or the window has fewer steps.
        """
        if self.last is None and self.series is None:
            return None
        if self.last is not None and self.last > lag:
            raise WrongUsageError(f"the last {self.last} steps are to be attacked", f"a window has {lag}")
        mask = like.new_ones(lag, len(names))
        if self.last is not None:
            mask[: lag - self.last] = 0
        if self.series is not None:
            for name in self.series:
                if name not in names:
                    raise WrongUsageError(f"there is no series {name!r} to attack", did_you_mean(name, names))
            mask[:, [column for column, name in enumerate(names) if name not in self.series]] = 0
        return mask


def squared_error(model: nn.Module, y: Tensor) -> Loss:
    """Return the loss of an attack on prediction: of each window the mean squared error over series, (B,)."""
    return lambda x: (model(x) - y).square().mean(1)


def attack_windows(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    epsilon: float,
    threat: Threat,
    names: Sequence[str],
    generator: torch.Generator,
) -> Tensor:
    """Return windows x (N, K, P), each with its own perturbation against the forecast of y (N, P).

    The network must be in evaluation mode, see `causalkit_robust.attacks.frozen`.
    """
    mask = threat.mask(names, x.shape[1], x)
    parts = [
        attacked(threat.attack, squared_error(model, b), a, epsilon, generator, steps=threat.steps, mask=mask)
        for a, b in zip(x.split(WINDOWS_AT_ONCE), y.split(WINDOWS_AT_ONCE), strict=True)
    ]
    return torch.cat(parts)


def attack_series(
    model: nn.Module, panel: Panel, lag: int, epsilon: float, threat: Threat, generator: torch.Generator
) -> Panel:
    """Return a panel with one perturbation for each time step, against the mean squared error over all its windows.

    Missing cells stay missing, and the next steps are those of the panel itself.

    Args:
        model: in evaluation mode, for series in the order of the panel.
        panel: in the units of the network.
        lag: K.
    """
    weight = next(model.parameters())
    rows = torch.as_tensor(np.concatenate(panel.realisations), dtype=weight.dtype, device=weight.device)
    windows = panel.windows(lag)
    steps = torch.as_tensor(_rows_of(panel, windows), device=weight.device)
    series_of = torch.arange(panel.series, device=weight.device)

    def cut(series: Tensor) -> Tensor:
        """Return the windows (N, K, P) of series (T, P)."""
        return series[steps, series_of] if panel.lower_frequency else series[steps[:, :, 0]]

    y = torch.tensor(windows.y, dtype=weight.dtype, device=weight.device)
    error = squared_error(model, y)
    known = ~rows.isnan()
    mask = known.to(rows.dtype)
    chosen = threat.mask(panel.names, lag, rows)
    if chosen is not None:
        mask = mask * chosen[-1]  # whole series only: the same at every step
    moved = attacked(
        threat.attack,
        lambda series: error(cut(series[0])).mean().unsqueeze(0),  # (1, T, P) -> (N, K, P) -> (1,)
        torch.where(known, rows, 0)[None],
        epsilon,
        generator,
        steps=threat.steps,
        mask=mask,
    )[0]
    values = torch.where(known, moved, torch.nan).cpu().double().numpy()
    borders = np.cumsum(panel.lengths)[:-1]
    return replace(panel, realisations=tuple(np.split(values, borders)))


def _rows_of(panel: Panel, windows: Windows) -> np.ndarray:
    """Return which rows of all realisations, one below the other, each cell of a window comes from: (N, K, P).

    That is another row where a series of lower frequency is carried forward.
    """
    lag = windows.x.shape[1]
    begins = np.concatenate([[0], np.cumsum(panel.lengths)[:-1]])
    sources = np.concatenate([rows + begin for rows, begin in zip(panel.recordings.sources(), begins, strict=True)])
    first = begins[windows.realisation] + windows.step - lag
    return sources[first[:, None] + np.arange(lag)]
