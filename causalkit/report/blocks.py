"""What a report is made of, free of HTML: sections of texts, tables and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Size = Literal["wide", "medium", "third", "small"]


@dataclass(frozen=True)
class Block:
    """A part of a section."""

    @property
    def kind(self) -> str:
        """Name of the template's macro for it."""
        return type(self).__name__.lower()


@dataclass(frozen=True)
class Text(Block):
    """A paragraph; ``tone`` "note" is smaller, "warning" is highlighted."""

    words: str
    tone: Literal["plain", "note", "warning", "lead"] = "plain"


@dataclass(frozen=True)
class Bullets(Block):
    """A list of sentences."""

    items: Sequence[str]


@dataclass(frozen=True)
class Code(Block):
    """Something to type or copy, shown as it is."""

    words: str


@dataclass(frozen=True)
class Cell:
    """One cell of a table; ``strong`` marks the best of its kind, ``faint`` what is absent."""

    words: str
    strong: bool = False
    faint: bool = False
    swatch: str = ""


@dataclass(frozen=True)
class Table(Block):
    """A table whose first column has a header for each row; ``numbers`` are positions of columns aligned right."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    numbers: Sequence[int] = ()


@dataclass(frozen=True)
class Picture:
    """A drawing as markup, with its description for screen readers, and a caption."""

    markup: Any
    caption: str = ""


@dataclass(frozen=True)
class Figures(Block):
    """Pictures side by side as far as there is room."""

    pictures: Sequence[Picture]
    size: Size = "medium"


@dataclass(frozen=True)
class Sub(Block):
    """A subsection."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Fold(Block):
    """Blocks that a reader unfolds; all of them are printed."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Choice(Block):
    """Alternatives of which one is shown at a time; the first is shown at the beginning.

    Attributes:
        name: identifier of this choice within the page; letters and "-".
        label: what is chosen.
        options: title and blocks of each.
    """

    name: str
    label: str
    options: Sequence[tuple[str, Sequence[Block]]]


@dataclass(frozen=True)
class Section:
    """A chapter of the report; ``anchor`` is its address within the page."""

    anchor: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """A whole report.

    Attributes:
        title: heading and title of the window.
        facts: a few words below the heading.
        sections: in reading order.
        letters: markup with what the pictures share; see `causalkit.report.picture.Album`.
    """

    title: str
    facts: Sequence[str]
    sections: Sequence[Section] = field(default_factory=tuple)
    letters: Any = ""
