"""Schemas of files: what fields have to be before anything uses them, and one sentence where they are something else.

A schema only checks. What was checked stays as it is in the file, so that reading and writing give the same bytes.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from causalkit.errors import DataError
from causalkit.plugins.params import plain_tree

LONGEST = 100_000
"""Characters of a text."""

Count = Annotated[int, Field(ge=0, le=2**53)]
Whole = Annotated[int, Field(ge=-(2**63), le=2**64)]
Number = float | Literal["inf", "-inf"] | None
"""A number as `causalkit.core.plain.plain` writes it: NaN is None."""
_BRANCH = re.compile(
    r"(list|dict|tuple|function-\w+|literal|constrained-\w+|nullable)\[|(float|int|str|bool|none)$|[A-Z]\w+$"
)
"""What pydantic adds to a place where several types are allowed."""
M = TypeVar("M", bound="Schema")


def _text(value: Any) -> Any:
    """Check a text; pydantic's own would refuse names with half a surrogate pair, which files can have."""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise ValueError(f"text of at most {LONGEST:,} characters")
    return value


Text = Annotated[Any, AfterValidator(_text)]


Tree = Annotated[dict[str, Any], AfterValidator(plain_tree)]
"""Settings with any keys, as JSON and TOML have them."""


class Schema(BaseModel):
    """Base of schemas: nothing is converted, and other keys are settings of any kind."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False, protected_namespaces=())
    __pydantic_extra__: dict[str, Any]

    @classmethod
    def check(cls: type[M], record: Any, source: str, hint: str = "write it again") -> M:
        """Check a record.

        Args:
            record: from a file.
            source: the file, at the beginning of the message.
            hint: what to do where it does not fit.

        Raises:
            DataError: it does not fit; the message names the field and what it should be.
        """
        try:
            return cls.model_validate(record)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            raise DataError(f"{source} is damaged: {sentence(first)}", hint) from error


class Settings(Schema):
    """Base of tables that have settings of any kind beside the fields that are known."""

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, record: Any) -> Any:
        return plain_tree(record)


def sentence(error: Any) -> str:
    """Return what is wrong with which field, of an entry of ``ValidationError.errors()``."""
    places = [str(part) for part in error["loc"] if not _BRANCH.match(str(part))]
    place = ".".join(part if len(part) <= 40 else f"{part[:37]}..." for part in places[:8]) or "the record"
    if error["type"] == "missing":
        return f"{place} is missing"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{place} should be {message.removeprefix('Input should be ')}"
