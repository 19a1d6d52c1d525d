"""Contract of a forecaster: a differentiable network ``(B, K, P) -> (B, P)`` that treats every window by itself."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from causalkit.neural.modules.forecaster import CAPABILITIES, as_forecaster
from causalkit.neural.parts import SUPPLIED
from causalkit.plugins.records import Forecaster
from causalkit.plugins.registry import Provided
from causalkit.testing.capabilities import check_features, check_input_weights
from causalkit.testing.checklist import Checks
from causalkit.testing.jacobian import check_chosen_targets, check_derivative, check_exactness, check_single_precision
from causalkit.testing.result import CheckResult, DoesNotApply, require
from causalkit.testing.subject import arguments_of, checked

SHAPES = ((1, 2), (2, 3), (5, 4))
"""(K, P): one lag, fewer lags than series, more lags than series."""
WINDOWS = 6
"""Capability -> the method that it promises."""
SAME = 1e-9


def check_forecaster(subject: str | Forecaster | Provided[Forecaster], seed: int = 0) -> list[CheckResult]:
    """Check a forecaster in double precision, where a wrong derivative cannot hide behind rounding.

    Args:
        subject: the name of an installed forecaster, or its record.
        seed: of first weights and windows.

    Returns:
        One result for each promise.
    """
    return checked(Forecaster, subject, lambda provided: _Trial(provided.record, seed).checks())


class _Trial:
    """Small models of one forecaster; ``model`` and ``x`` are those that most checks look at."""

    def __init__(self, record: Forecaster, seed: int) -> None:
        self.record = record
        self.seed = seed
        self.models: dict[tuple[int, int], nn.Module] = {}
        lag, series = SHAPES[1]
        self.x = self.windows(lag, series)

    def checks(self) -> Checks:
        if not (yield "can be built for several (K, P) with its test_params", self.build_all):
            return
        yield "forecasts (B, K, P) -> (B, P), finite, in both precisions", self.shapes
        yield "same seed gives identical first weights", self.same_seed_same_weights
        yield "windows do not influence each other", self.windows_are_independent
        yield "its capabilities are there", self.capabilities_are_there
        yield "input Jacobian is exact", lambda: check_exactness(self.model, self.x)
        yield "input Jacobian of chosen targets is exact", lambda: check_chosen_targets(self.model, self.x)
        if (yield "input Jacobian can be differentiated", lambda: check_derivative(self.model, self.x)):
            yield "input Jacobian can be differentiated in single precision", self.single_precision
        if self.record.layout == "component-wise":
            yield "no two targets share a weight", self.targets_are_apart
        if "features" in self.record.capabilities:
            yield "features are (B, D)", lambda: check_features(self.model, self.x)
        if "input-weights" in self.record.capabilities:
            yield "input weights are (target, hidden, K, P)", lambda: check_input_weights(self.model, self.x)

    @property
    def model(self) -> nn.Module:
        return self.models[SHAPES[1]]

    def build_all(self) -> None:
        self.parameters = arguments_of(self.record, supplied=SUPPLIED, prefix="forecaster.")
        for lag, series in SHAPES:
            self.models[lag, series] = self.build(lag, series)

    def build(self, lag: int, series: int) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            model = self.record.load()(series=series, lag=lag, **self.parameters)
        require(isinstance(model, nn.Module), f"the factory returned {type(model).__name__}, not a torch.nn.Module")
        built: nn.Module = model.double().eval()
        return built

    def windows(self, lag: int, series: int) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed + 1)
        return torch.randn(WINDOWS, lag, series, generator=generator, dtype=torch.float64)

    def shapes(self) -> None:
        for (lag, series), model in self.models.items():
            for kind in (torch.float64, torch.float32):
                y = model.to(kind)(self.windows(lag, series).to(kind))
                where = f"with K={lag}, P={series} and B={WINDOWS}"
                require(y.shape == (WINDOWS, series), f"{where} the forecast has the shape {tuple(y.shape)}")
                require(y.dtype == kind, f"{where} the forecast of {kind} windows is {y.dtype}")
                require(bool(y.isfinite().all()), f"{where} a forecast is not finite")
            model.double()

    def same_seed_same_weights(self) -> None:
        lag, series = SHAPES[1]
        first, second = self.build(lag, series).state_dict(), self.build(lag, series).state_dict()
        require(first.keys() == second.keys(), "two models of one seed have different weights by name")
        for name, value in first.items():
            require(
                torch.equal(value, second[name]),
                f"{name} differs between two models of one seed: draw first weights from torch only",
            )

    def windows_are_independent(self) -> None:
        """Change all windows but the first, also in training mode, where normalisation over the batch would act."""
        other = torch.cat([self.x[:1], 3 * self.x[1:] + 1])
        for training in (False, True):
            self.model.train(training)
            y, changed = self._forecast(self.x), self._forecast(other)
            self.model.eval()
            require(
                torch.allclose(y[0], changed[0], rtol=SAME, atol=SAME),
                f"in {'training' if training else 'evaluation'} mode the forecast of a window depends on the other "
                "windows of the batch: use no batch normalisation",
            )

    def capabilities_are_there(self) -> None:
        if not self.record.capabilities:
            raise DoesNotApply("it declares none")
        for capability in sorted(self.record.capabilities & CAPABILITIES.keys()):
            name = CAPABILITIES[capability]
            require(
                capability in as_forecaster(self.model).capabilities,
                f"it declares the capability {capability!r} and has no method {name}()",
            )

    def single_precision(self) -> None:
        """Fused kernels are chosen by precision and device; training uses single precision, and a GPU where one is."""
        try:
            for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
                check_single_precision(self.model.to("cpu", torch.float64), self.x, device)
        finally:
            self.model.to("cpu", torch.float64)

    def targets_are_apart(self) -> None:
        weights = [weight for weight in self.model.parameters() if weight.requires_grad]
        y = self.model(self.x).square().sum(0)
        users = [torch.zeros_like(weight, dtype=torch.int64) for weight in weights]
        for target in y:
            gradients = torch.autograd.grad(target, weights, retain_graph=True, allow_unused=True)
            for user, gradient in zip(users, gradients, strict=True):
                user += 0 if gradient is None else (gradient != 0).long()
        shared = sum(int((user > 1).sum()) for user in users)
        require(not shared, f"{shared} weights serve several targets: declare layout='joint', or keep targets apart")

    def _forecast(self, x: Tensor) -> Tensor:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(self.seed)  # the same dropout mask twice
            forecast: Tensor = self.model(x)
        return forecast
