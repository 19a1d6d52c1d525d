"""The memory that a run of a neural method takes at its peak, foreseen before anything is trained.

A step of training is carried out on tensors without values (`causalkit.neural.modules.peak`), with the networks, the
penalties and the windows of the run: so the estimate holds for any forecaster and any regularizer. What stays between
steps is counted by its shapes: windows, weights with the states of the optimiser, and arrays of all pairs. Read-out and
tests work in chunks of bounded size. The peak is that of the largest stage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from causalkit.core.memory import RESERVE, available, chunk, left, limited_to, resident
from causalkit.display.formats import memory
from causalkit.errors import WrongUsageError
from causalkit.model_selection.screening import is_large, number_of_candidates, number_required
from causalkit.neural.average_derivative import BYTES
from causalkit.neural.modules.candidates import narrow_jacobian
from causalkit.neural.modules.forecaster import as_forecaster
from causalkit.neural.modules.peak import FORECAST_BYTES, forecast_bytes, peak_bytes
from causalkit.neural.modules.weight_mask import has_own_input_weights
from causalkit.neural.parts import ForecasterPart
from causalkit.neural.regularization_path import (
    MOST_WINDOWS,
    MOST_WINDOWS_BY_TARGET,
    MOST_WINDOWS_OF_CANDIDATES,
)
from causalkit.neural.regularizers import PenaltySum
from causalkit.neural.training.context import PLAIN
from causalkit.neural.training.networks import Epoch, Objective
from causalkit.neural.training.settings import Training

OVERHEAD, OF_MANY, OF_A_PATH = 1.2, 1.9, 1.35
"""What the process takes for each byte that is held, as the allocator keeps what was freed and products copy what they
multiply: of one pass; of vectorised ones of several networks or rows of a Jacobian; and again where many stages follow
each other, as on a path; with screening and its arrays of candidates as much as `OF_MANY`. Measured by
``benchmarks/memory_estimate.py``.
"""
LEAST = 4 * 2**20
"""What any run takes."""
WIDTHS = ("hidden", "channels")
"""Parameters of forecasters that say how wide their layers are."""
POINTS = 8
"""Strengths of a path that are typically left, each with its weights."""


@dataclass(frozen=True)
class Work:
    """What a run trains on what.

    Attributes:
        forecaster, regularizer, training: parts of the method and its settings.
        series, lag: P and K.
        windows: N.
        members: E.
        choosing: is a strength chosen, along a path?
        held_out: are windows held out, so that edges are tested?
        screened: do targets see candidate causes only?
        dtype: of networks.
        allowed, required: background knowledge, shape (cause, effect), or None.
    """

    forecaster: ForecasterPart
    regularizer: PenaltySum
    training: Training
    series: int
    lag: int
    windows: int
    members: int
    choosing: bool
    held_out: bool
    screened: bool
    dtype: torch.dtype
    allowed: Tensor | None = None
    required: Tensor | None = None

    @property
    def number(self) -> int:
        """Bytes of a number."""
        return torch.empty((), dtype=self.dtype, device="meta").element_size()

    @cached_property
    def columns(self) -> int:
        """Causes that a target sees."""
        if not self.screened:
            return self.series
        known = (None if one is None else one.cpu().numpy() for one in (self.allowed, self.required))
        allowed, required = known
        return max(number_of_candidates(self.windows, self.series, allowed), number_required(required))

    @property
    def learned(self) -> int:
        """Windows that one network learns from."""
        return self.windows if self.members == 1 else -(-self.windows * (self.members - 1) // self.members)


def stages(work: Work) -> dict[str, int]:
    """Return the bytes that each stage of a run holds at its peak."""
    model = _network(work)
    weights = sum(weight.numel() for weight in model.parameters()) * work.number
    by_target = has_own_input_weights(model, work.series)
    in_turn = work.members == 1 or by_target
    cells, many = work.lag * work.series, work.members
    windows = work.windows * (cells + work.series) * (8 + work.number)  # as numbers of NumPy and of torch
    seen = many * work.learned * (cells + work.series) * work.number
    pairs = work.series * work.lag * work.columns
    # weights, two moments, gradients, best weights; on a path their mean and those of each strength
    kept = many * weights * (5 + in_turn + (1 + POINTS if work.choosing else 0))
    base = windows + seen + kept
    by_layers = "jacobian" in as_forecaster(model).capabilities
    of_step, of_rows = (OVERHEAD if one else OF_MANY for one in (in_turn, by_layers))
    step = of_step * _step(work, model, in_turn, _windows_of_step(work, by_target, final=False))
    found: dict[str, float] = {"training": base + step}
    held = -(-work.windows // many) if many > 1 else 0
    x = torch.empty(max(held, 1), work.lag, work.series, dtype=work.dtype, device="meta")
    if held:
        forecasts = forecast_bytes(model, x) + 2 * held * work.series * work.number
        found["validation"] = base + (forecasts if in_turn else many * many * forecasts)
    if work.choosing:
        final = of_step * _step(work, model, in_turn, _windows_of_step(work, by_target, final=True))
        found["training on all windows"] = base + seen + final
    output = min(chunk(BYTES), work.windows * pairs * work.number)
    members = 2 * many * weights
    regression = min(work.windows, cells) ** 2 * 8 * 3 + 3 * work.windows * cells * 8
    test = many * (work.learned * cells * 8 + (min(work.learned, cells) ** 2 * 8 if not work.screened else 0))
    each = forecast_bytes(model, x)
    test += 2 * min(chunk(FORECAST_BYTES), each * work.columns) + 6 * work.series * work.columns * 8
    if work.choosing or work.held_out:
        found["test"] = base + members + test
    jacobian = of_rows * _jacobian(work, model, work.windows) + 3 * output
    derivatives = of_rows * _jacobian(work, model, held or work.windows) + 5.5 * output
    found["scores"] = base + members + jacobian + (many + 2) * pairs * 8
    found["effects"] = base + members + derivatives + regression + 12 * pairs * 8
    found["standard errors"] = base + members + (3 * many + 8) * pairs * 8
    again = 1.0 if not work.choosing else OF_MANY if work.screened else OF_A_PATH
    return {name: int(again * size) + LEAST for name, size in found.items()}


def check_memory(work: Work, option: Callable[..., str]) -> None:
    """Refuse a run that does not fit into the memory that it may take.

    Args:
        option: writes an option as the user of the panel does, see `causalkit.core.panel.Panel.hint`.

    Raises:
        WrongUsageError: with what would fit.
    """
    if fits(work):
        return
    needed, free = _known(work) or 0, left()
    ways = list(_that_fit(work, free, option))
    lead = "choose one of these: " if len(ways) > 1 else "use "
    way_out = lead + "; ".join(ways) if ways else "leave series out"
    raise WrongUsageError(
        f"{work.forecaster.record.name} on {work.series} series at lag {work.lag} needs about {memory(needed)} of "
        f"memory, and {memory(free)} may be used beside what is loaded",
        way_out,
    )


def fits(work: Work) -> bool:
    """Tell whether a run fits into the memory that it may take, as far as that can be foreseen."""
    if _surely_at_most(work) <= left():
        return True
    needed = _known(work)
    return needed is None or needed <= left()


def _surely_at_most(work: Work) -> int:
    """Return more than a run takes, by the number of weights, in no time.

    Operations without values import a part of torch that takes seconds and 90 MiB.
    """
    model = _network(work)
    weights = sum(weight.numel() for weight in model.parameters())
    by_layers = "jacobian" in as_forecaster(model).capabilities
    alone = has_own_input_weights(model, work.series)
    of_step = weights * max(_windows_of_step(work, alone, final=final) for final in (False, True))
    of_step *= (1 if alone else work.members) * (1 if by_layers else work.lag)
    pairs = work.series**2 * work.lag * work.members
    cells = work.windows * work.lag * work.series * work.members
    return 2 * work.number * (of_step + 10 * work.members * weights + 4 * cells) + 40 * pairs + 2**29


def _known(work: Work) -> int | None:
    """Return the peak of a run; None where a part of it does not work on tensors without values."""
    try:
        return max(stages(work).values())
    except Exception:  # whatever a plugin's network raises there; the run itself tells
        return None


def _that_fit(work: Work, free: int, option: Callable[..., str]) -> Iterator[str]:
    """Yield settings each of which would fit, other things being equal."""
    larger = 1.1 * (resident() + (_known(work) or 0))
    while free < larger - resident() <= RESERVE * available():  # the limit is what is too small
        with limited_to(int(larger)):  # where more may be taken, chunks are larger
            if fits(work):
                yield option("memory", f"{ceil(larger / 2**20)}MiB")
                break
        larger *= 1.2

    def enough(other: Work) -> bool:
        needed = _known(other)
        return needed is not None and needed <= free

    shorter = next((lag for lag in range(work.lag - 1, 0, -1) if enough(replace(work, lag=lag))), None)
    if shorter is not None:
        yield option("lag", shorter)
    for name in WIDTHS:
        width = work.forecaster.parameters.get(name)
        widths = width if isinstance(width, tuple | list) else () if width is None else (width,)
        for halved in (tuple(max(1, one >> times) for one in widths) for times in range(1, 8 if widths else 1)):
            value = halved if isinstance(width, tuple | list) else halved[0]
            part = replace(work.forecaster, parameters={**work.forecaster.parameters, name: value})
            if enough(replace(work, forecaster=part)):
                named = f"--set forecaster.name={work.forecaster.record.name}"  # it may be one of several that compete
                yield f"{named} --set forecaster.{name}={','.join(map(str, halved))}"
                break
    for batch in (work.windows >> times for times in range(1, 8)):
        if batch and enough(replace(work, training=work.training.model_copy(update={"batch_size": batch}))):
            yield f"--set training.batch_size={batch}"
            break
    for series in (round(work.series * share) for share in (0.75, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05)):
        screened = work.screened and is_large(series, work.lag)
        fewer = replace(work, series=series, screened=screened, allowed=None, required=None)
        if series and enough(fewer):
            yield f"at most {series} series"
            break


def _network(work: Work) -> nn.Module:
    """Return a network without values."""
    with torch.device("meta"):
        candidates = torch.zeros(work.series, work.columns, dtype=torch.long) if work.screened else None
        model = work.forecaster.build(series=work.series, lag=work.lag, candidates=candidates)
    return model.to(work.dtype)


def _windows_of_step(work: Work, by_target: bool, *, final: bool) -> int:
    """Return how many windows a step takes."""
    if work.training.batch_size is not None:
        return min(work.training.batch_size, work.windows)
    if not work.choosing:
        return work.learned
    most = MOST_WINDOWS_BY_TARGET if by_target and not final else MOST_WINDOWS
    return min(MOST_WINDOWS_OF_CANDIDATES if work.screened else most, work.windows if final else work.learned)


def _jacobian(work: Work, model: nn.Module, windows: int) -> int:
    """Return the bytes that one chunk of the input Jacobian of so many windows holds, as read-out and tests take it."""
    cell = work.lag * work.columns * work.number
    targets = max(1, min(work.series, chunk(BYTES) // (cell * windows)))
    x = torch.empty(min(windows, max(1, chunk(BYTES) // (cell * targets))), work.lag, work.series, dtype=work.dtype)
    some = None if targets == work.series else torch.zeros(targets, dtype=torch.long, device="meta")
    return peak_bytes(torch.no_grad()(lambda: narrow_jacobian(model, x.to("meta"), some)))


def _step(work: Work, model: nn.Module, in_turn: bool, windows: int) -> int:
    """Return the bytes that the passes of one step of training hold."""
    penalties = work.regularizer.with_strength(1.0) if work.choosing else work.regularizer
    objective = Objective(model, penalties.for_stage("train"), forecast_first=work.members == 1)
    knowledge = None if work.allowed is None else work.allowed.to("meta")
    context = replace(PLAIN, allowed=knowledge)
    nothing: Any = None  # nothing is drawn
    epoch = Epoch(0.0, 0.0)
    many = 1 if in_turn else work.members
    of_step: dict[str, Any] = {"dtype": work.dtype, "device": "meta"}
    x = torch.empty(many, windows, work.lag, work.series, **of_step)
    y = torch.empty(many, windows, work.series, **of_step)
    given = x.nbytes + y.nbytes if windows < work.learned else 0

    def losses(state: dict[str, Tensor], x: Tensor, y: Tensor) -> dict[str, Tensor]:
        found: dict[str, Tensor] = functional_call(objective, state, (x, y, None, context, nothing, epoch))
        return found

    def backward(parts: dict[str, Tensor]) -> None:
        torch.stack([part.sum() for part in parts.values()]).sum().backward()  # type: ignore[no-untyped-call]

    def alone() -> None:
        backward(objective(x[0], y[0], None, context, nothing, epoch))

    def together() -> None:
        state = {
            f"model.{name}": torch.empty((many, *weight.shape), **of_step).requires_grad_()
            for name, weight in model.named_parameters()
        }
        backward(vmap(losses, randomness="different")(state, x, y))

    return given + _peak(alone if in_turn else together, alone)


def _peak(compute: Callable[[], None], instead: Callable[[], None]) -> int:
    """Return the peak of a computation, or of another where it cannot be done."""
    try:
        return peak_bytes(compute)
    except (RuntimeError, NotImplementedError):
        return peak_bytes(instead)
