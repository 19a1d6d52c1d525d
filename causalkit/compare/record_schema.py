"""The schema of a record of a comparison."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from causalkit.core.truth import LONGEST_LAG, Diagonal
from causalkit.io.schema import Count, Number, Schema, Settings, Text, Tree, Whole

Status = Literal["ok", "failed", "timeout", "memory", "skipped"]


class CellFile(Settings):
    """See `causalkit.compare.record.Cell`."""

    method: Text
    data: Text
    seed: Whole
    method_name: Text
    method_params: Tree = Field(default_factory=dict)
    data_name: Text
    data_params: Tree = Field(default_factory=dict)
    settings: Tree = Field(default_factory=dict)


class TruthFile(Schema):
    """The truth in a record."""

    names: list[Text]
    edges: list[list[Text | Annotated[int, Field(ge=1, le=LONGEST_LAG)]]]
    source: Text = ""
    scope: list[Text] | None = None
    diagonal: Diagonal | None = None

    @field_validator("edges")
    @classmethod
    def _pairs(cls, edges: list[list[Any]]) -> list[list[Any]]:
        for edge in edges:
            texts = [isinstance(part, str) for part in edge]
            if texts not in ([True, True], [True, True, False]):
                raise ValueError("pairs of names, each perhaps with a lag")
        return edges


class CourseFile(Schema):
    """See `causalkit.compare.course.Course`; lists of equal length."""

    seconds: list[Number] = Field(default_factory=list)
    stage: list[Text] = Field(default_factory=list)
    epoch: list[Count] = Field(default_factory=list)
    forecast: list[Number | None] = Field(default_factory=list)
    validation: list[Number | None] = Field(default_factory=list)

    @model_validator(mode="after")
    def _equally_long(self) -> CourseFile:
        lengths = {len(getattr(self, name)) for name in CourseFile.model_fields}
        if len(lengths) > 1:
            raise ValueError("lists of equal length")
        return self


class RecordFile(Schema):
    """See `causalkit.compare.record.CellRecord`."""

    cell: CellFile
    status: Status
    reason: Text = ""
    metrics: dict[str, dict[str, Number]] = Field(default_factory=dict)
    discovery: dict[str, Any] | None = None
    truth: TruthFile | None = None
    data: Tree = Field(default_factory=dict)
    seconds: dict[str, Number] = Field(default_factory=dict)
    peak_bytes: Count | None = None
    versions: dict[str, Text | None] = Field(default_factory=dict)
    sources: dict[str, Text] = Field(default_factory=dict)
    course: CourseFile = Field(default_factory=CourseFile)
    environment: Tree = Field(default_factory=dict)
    started: Text = ""
