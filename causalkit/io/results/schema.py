"""The schema of a result file: its arrays, and the facts that summaries, reports and metrics rely on."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, PlainValidator, model_validator

from causalkit.io.schema import Count, Number, Schema, Settings, Text, Tree, Whole


def floats(values: Any) -> NDArray[np.float64]:
    """Return numbers as an array; None becomes NaN.

    Raises:
        ValueError: they are no numbers, or rows of unequal length.
    """
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError("an array of numbers") from error
    if not found.ndim or (isinstance(values, np.ndarray) and values.dtype.kind not in "fiu"):
        raise ValueError("an array of numbers")
    return found


def _shares(values: Any) -> NDArray[np.float64]:
    found = floats(values)
    if ((found < 0) | (found > 1)).any():
        raise ValueError("an array of numbers from 0 to 1")
    return found


def _sizes(values: Any) -> NDArray[np.float64]:
    found = floats(values)
    if (found < 0).any():
        raise ValueError("an array of numbers that are not negative")
    return found


def _flags(values: Any) -> NDArray[np.bool_]:
    try:
        found = np.asarray(values)
    except (ValueError, RecursionError) as error:
        raise ValueError("an array of true and false") from error
    if found.dtype.kind != "b" and found.size:
        raise ValueError("an array of true and false")
    return found.astype(bool)


def _positions(values: Any) -> NDArray[np.intp]:
    try:
        found = np.asarray(values)
    except (ValueError, OverflowError, RecursionError) as error:
        raise ValueError("a list of positions") from error
    if found.ndim != 1 or (found.dtype.kind not in "iu" and found.size):
        raise ValueError("a list of positions")
    return found.astype(np.intp)


Floats = Annotated[Any, PlainValidator(floats)]
Shares = Annotated[Any, PlainValidator(_shares)]
Sizes = Annotated[Any, PlainValidator(_sizes)]
Flags = Annotated[Any, PlainValidator(_flags)]
Positions = Annotated[Any, PlainValidator(_positions)]


class Sampling(Schema):
    """How time was read; see `causalkit.Sampling`."""

    time: list[Text] = Field(default_factory=list)
    first: Text | None = None
    last: Text | None = None
    step: Text | None = None
    seconds: Number = None
    calendar: Text | None = None
    gaps: Count = 0
    realisations: Text | None = None
    left_out: list[Text] = Field(default_factory=list)


class Finding(Schema):
    """A finding on the data."""

    kind: Text
    message: Text
    series: list[Text]
    severity: Text = ""
    options: list[Text] = Field(default_factory=list)


class SeriesFacts(Schema):
    """What was measured of one series."""

    name: Text
    kind: Text
    missing: Count
    smallest: Number
    largest: Number
    trend: float
    adf: Number
    period: Whole | None
    outliers: Count
    persistence: Number


class Health(Schema):
    """What was found in the data before they were used."""

    series: list[SeriesFacts] = Field(default_factory=list)
    findings: list[Finding]


class Windows(Schema):
    """Windows of one effect; see `causalkit.core.recordings.WindowCounts`."""

    learned: Count
    missing_inputs: Count
    missing_next_step: Count
    intervention: Count


class DataFacts(Settings):
    """What a result records of its data."""

    source: Text | None = None
    series: Count | None = None
    realisations: Count | None = None
    steps: list[Count] | None = None
    missing_cells: Count = 0
    sha256: Text | None = None
    sampling: Sampling | None = None
    standardized: bool | None = None
    health: Health | list[Finding] | None = None
    windows: Count | None = None
    dropped: Count = 0
    windows_by_effect: dict[str, Windows] | None = None
    preparation: Tree | Text | None = None


class Selection(Settings):
    """How edges were selected."""

    rule: Text = ""
    notes: list[Text] = Field(default_factory=list)


class ChoiceFacts(Schema):
    """See `causalkit.core.choice.Choice`, which checks how its lists belong together."""

    parameter: Text
    candidates: Annotated[list[float], Field(min_length=1)]
    held_out_error: list[Number]
    standard_error: list[Number]
    chosen: float
    rule: Text
    measured: Text = ""
    judge: Text = ""
    labels: list[Text] = Field(default_factory=list)
    within: Text = ""


class Regularizer(Schema):
    """A regularizer in a configuration."""

    name: Text


class Config(Settings):
    """A configuration."""

    forecaster: Tree | Text | None = None
    regularizer: list[Regularizer] | Tree | Text | None = None
    knowledge: Tree | None = None


class EffectArrays(Schema):
    """See `causalkit.Effects`."""

    mean: Floats
    units: Floats
    levels: Floats
    standard_errors: Sizes | None = None
    same_sign: Shares | None = None


class Links(Schema):
    """See `causalkit.Instantaneous`."""

    partial_correlations: Floats
    p_values: Shares
    steps: Count


class Curve(Schema):
    """See `causalkit.Response`."""

    cause: Text
    effect: Text
    lag: Annotated[int, Field(ge=1, le=2**31)]
    grid: Floats
    curve: Floats
    low: Floats | None = None
    high: Floats | None = None
    units: Annotated[list[float], Field(min_length=2, max_length=2)]


def _same_length(history: dict[str, list[Any]]) -> dict[str, list[Any]]:
    if len(set(map(len, history.values()))) > 1:
        raise ValueError("lists of one length")
    return history


class CandidatePairs(Schema):
    """Positions of the pairs that have scores; see `causalkit.Pairs`."""

    cause: Positions
    effect: Positions


class ResultFile(Schema):
    """A result as in JSON files; arrays become arrays."""

    names: Annotated[list[Text], Field(min_length=1)]
    scores: Floats
    pairs: CandidatePairs | None = None
    p_values: Shares | None = None
    standard_errors: Sizes | None = None
    joint_p_values: Shares | None = None
    effects: EffectArrays | None = None
    instantaneous: Links | None = None
    responses: list[Curve] | None = None
    selected: Flags | None = None
    selection: Selection | None = None
    path: dict[str, Floats] | None = None
    history: Annotated[dict[str, list[Number]], AfterValidator(_same_length)] | None = None
    pretraining: Tree | None = None
    choices: list[ChoiceFacts] | None = None
    method: Text | None = None
    config: Config | None = None
    seed: Whole | None = None
    device: Text | None = None
    versions: dict[str, Text | None] | None = None
    data: DataFacts | None = None
    seconds: Annotated[float, Field(ge=0)] | None = None
    notes: list[Text] | None = None

    @model_validator(mode="after")
    def _fit(self) -> ResultFile:
        """Check what belongs together, beyond what `causalkit.Discovery` checks."""
        size, lags = len(self.names), self.scores.shape[-1]
        if len(set(self.names)) < size:
            raise ValueError("a result whose names are all different")
        if self.path is not None:
            steps = {len(values) for values in self.path.values()}
            shape = (size, size, lags) if self.pairs is None else self.scores.shape
            if "scores" not in self.path or len(steps) > 1 or self.path["scores"].shape[1:] != shape:
                raise ValueError(f"a result whose path has scores (S, {str(shape)[1:]} and lists of S numbers")
        if any(
            curve.lag > lags or not {curve.cause, curve.effect} <= set(self.names) for curve in self.responses or ()
        ):
            raise ValueError("a result whose response curves are of its own series and lags")
        return self
