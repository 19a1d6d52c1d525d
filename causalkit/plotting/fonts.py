"""Fonts for names in any script: which installed font has which letter, and what to show where none has it."""

from __future__ import annotations

import logging
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontEntry, findSystemFonts, fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

BASE = "DejaVu Sans"
"""The font that comes with matplotlib: Latin, Greek, Cyrillic, Arabic, Hebrew and some others."""
_PREFERRED = (
    "Noto Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Noto Sans JP",
    "Noto Sans KR",
    "Source Han Sans SC",
    "PingFang SC",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "IPAGothic",
    "TakaoGothic",
    "Droid Sans Fallback",
    "Arial Unicode MS",
    "Noto Sans Arabic",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Nirmala UI",
    "Leelawadee UI",
    "Segoe UI",
    "Noto Emoji",
    "Segoe UI Emoji",
    "Segoe UI Symbol",
    "Symbola",
)
_SUGGESTED = {
    "CJK": ("Chinese or Japanese", "Noto Sans CJK"),
    "HIRAGANA": ("Japanese", "Noto Sans CJK"),
    "KATAKANA": ("Japanese", "Noto Sans CJK"),
    "KATAKANA-HIRAGANA": ("Japanese", "Noto Sans CJK"),
    "HANGUL": ("Korean", "Noto Sans CJK"),
    "FULLWIDTH": ("Chinese or Japanese", "Noto Sans CJK"),
    "HALFWIDTH": ("Japanese", "Noto Sans CJK"),
    "IDEOGRAPHIC": ("Chinese or Japanese", "Noto Sans CJK"),
}
_LISTED = 6
_UNPRINTED = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")
_SELECTORS = range(0xFE00, 0xFE10)  # of the look of the letter before


class MissingLettersWarning(UserWarning):
    """No installed font has some letters of a picture."""


@cache
def families() -> list[str]:
    """Return matplotlib's own font and the installed ones that most often have letters that it lacks."""
    installed = set(fontManager.get_font_names())
    return [BASE, *(name for name in _PREFERRED if name in installed)]


@dataclass(frozen=True)
class Letters:
    """How the letters of a figure are drawn.

    Attributes:
        truetype: all fonts in use have TrueType outlines. Others cannot be embedded as Type 42.
        marks: what stands in the place of letters that no font has.
    """

    truetype: bool
    marks: _Marks

    @property
    def explanation(self) -> str:
        """What numbers in brackets mean, and which font to install; "" without any."""
        return self.marks.explained() if self.marks.seen else ""


@contextmanager
def readable(figure: Figure, suffix: str) -> Iterator[Letters]:
    """Give every text of a figure fonts with all its letters while the block saves it in a format.

    Where no installed font has a letter, .png and .pdf files show a number in brackets in its place. An .svg file
    contains the text itself: its viewer has fonts of its own.
    """
    axes = [axis for ax in figure.findobj(Axes) for axis in (ax.xaxis, ax.yaxis)]
    for axis in axes:
        axis.get_ticklabels()  # without this, the labels are written when the figure is drawn
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    letters = {letter for text in texts for letter in text.get_text()}
    found, missing = _search(frozenset(letter for letter in letters if ord(letter) > 126 and _printed(letter)))
    marks = _Marks(missing if suffix != ".svg" else ())
    family = [*dict.fromkeys([*families(), *found]), *(["sans-serif"] if suffix == ".svg" else [])]
    before = [(text, text.get_text(), text.get_fontfamily()) for text in texts]
    formatters = [axis.get_major_formatter() for axis in axes]
    quiet = _Quiet()
    try:
        logging.getLogger("matplotlib.font_manager").addFilter(quiet)
        for text in texts if found or missing else ():
            text.set_fontfamily(family)
            text.set_text(marks.put_into(text.get_text()))
        for formatter in formatters if marks.missing else ():  # labels of ticks are written whenever a figure is drawn
            vars(formatter)["format_ticks"] = _marked(type(formatter).format_ticks, formatter, marks)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "(?s)Glyph .* missing from", UserWarning)
            yield Letters(not any(map(_postscript, found)), marks)
    finally:
        logging.getLogger("matplotlib.font_manager").removeFilter(quiet)
        for formatter in formatters:
            vars(formatter).pop("format_ticks", None)
        for text, words, names in before:
            text.set_text(words)
            text.set_fontfamily(names)


def _marked(write: Callable[..., list[str]], formatter: Any, marks: _Marks) -> Callable[[Any], list[str]]:
    return lambda values: [marks.put_into(words) for words in write(formatter, values)]


class _Quiet(logging.Filter):
    """Leaves out that a font with rare letters has no bold ones."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "findfont" not in record.getMessage()


class _Marks:
    """Replaces runs of letters that cannot be drawn by numbers in brackets."""

    def __init__(self, missing: Iterable[str]) -> None:
        self.missing = sorted(missing)
        letters = "".join(map(re.escape, self.missing)) + ("\ufe00-\ufe0f" if self.missing else "")
        self._run = re.compile(f"[{letters}]+(?:[{letters}\\s]*[{letters}])?") if letters else None
        self.seen: dict[str, str] = {}

    def put_into(self, words: str) -> str:
        """Return the words with a mark for each run of missing letters."""
        if self._run is None:
            return words
        return self._run.sub(
            lambda run: self.seen.setdefault(" ".join(run[0].split()), f"[{len(self.seen) + 1}]"), words
        )

    def explained(self) -> str:
        """Return what the marks mean, and which font to install."""
        shown = [f"{mark} is {words}" for words, mark in list(self.seen.items())[:_LISTED]]
        if len(self.seen) > _LISTED:
            shown.append(f"and {len(self.seen) - _LISTED} more")
        scripts, fonts = zip(*map(_script, self.missing), strict=True)
        return (
            f"No installed font has these letters ({', '.join(dict.fromkeys(scripts))}), so the picture has numbers in "
            f"their place: {', '.join(shown)}. Install {' and '.join(dict.fromkeys(fonts))}, or draw an .svg file, "
            "which keeps the names."
        )


def _printed(letter: str) -> bool:
    return unicodedata.category(letter) not in _UNPRINTED and ord(letter) not in _SELECTORS


def _script(letter: str) -> tuple[str, str]:
    """Return the script of a letter in English, and a font that has it."""
    name = unicodedata.name(letter, "SYMBOL")
    word = name.split()[0]
    if word in _SUGGESTED:
        return _SUGGESTED[word]
    if unicodedata.category(letter).startswith("S"):
        return "symbols", "Noto Emoji"
    return word.capitalize(), f"Noto Sans {word.capitalize()}"


@cache
def _search(letters: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the families, beyond the base, that have these letters, and the letters that no installed font has."""
    left = set(letters) - _having(BASE, letters)
    found: list[str] = []
    for again in (False, True):
        if left and again and not _add_new_fonts():
            break
        for family in (*families()[1:], *_others()) if left else ():
            if has := _having(family, left):
                found.append(family)
                left -= has
    return tuple(found), tuple(sorted(left))


def _others() -> list[str]:
    """Return the installed families that are not preferred, upright and of normal weight."""
    entries = fontManager.ttflist
    regular = {one.name for one in entries if one.style == "normal" and one.weight in (400, "normal", "regular")}
    return sorted(name for name in regular if name not in _PREFERRED and not name.startswith(("Last", "cm", "STIX")))


def _entry(family: str) -> FontEntry | None:
    entries = [one for one in fontManager.ttflist if one.name == family]
    regular = [one for one in entries if one.style == "normal" and one.weight in (400, "normal", "regular")]
    return next(iter(regular or entries), None)


@cache
def _font(family: str) -> FT2Font | None:
    entry = _entry(family)
    try:
        return None if entry is None else FT2Font(entry.fname)
    except (OSError, RuntimeError):  # removed since matplotlib listed it, or damaged
        return None


def _having(family: str, letters: Iterable[str]) -> set[str]:
    """Return the letters that a font has."""
    font = _font(family)
    return set() if font is None else {letter for letter in letters if font.get_char_index(ord(letter))}


def _postscript(family: str) -> bool:
    """Has the font PostScript outlines?"""
    entry = _entry(family)
    if entry is None:
        return False
    with open(entry.fname, "rb") as file:
        start = file.read(4)
        if start == b"ttcf":
            file.seek(12)
            file.seek(int.from_bytes(file.read(4), "big"))
            start = file.read(4)
    return start == b"OTTO"


@cache
def _add_new_fonts() -> bool:
    """Tell matplotlib of fonts that were installed after it made its list; return whether there are any."""
    known = {one.fname for one in fontManager.ttflist}
    before = len(known)
    for path in findSystemFonts():
        if path not in known:
            try:
                fontManager.addfont(path)
            except Exception:
                continue
    families.cache_clear()
    return len(fontManager.ttflist) > before
