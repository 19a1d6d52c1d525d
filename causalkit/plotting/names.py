"""Names of series in pictures: wrapped over several lines between their words, not cut in the middle."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from causalkit.display.labels import cells, one_line
from causalkit.plotting.appearance import current

_PIECES = re.compile(
    r"\s+|[^\s_\-./:,;|()]+[_\-./:,;|)]*|[_\-./:,;|()]+"  # words keep the separators behind them
)
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d{3,})")
_MOST_LINES = 40
_MOST_CELLS = 400  # of a name written whole: a page has no room for more


def wrapped(names: Sequence[str], width: int, lines: int = 2, *, shown: Sequence[int] | None = None) -> list[str]:
    """Return one label for each name that is shown, in lines of about ``width`` cells; equal labels get a number.

    A name that needs more lines ends in "…", unless full names were asked for. A word longer than a line has a line of
    its own, or is broken where it is longer than one and a half. An empty name is shown by its number alone.

    Args:
        names: to write.
        width: of a line in character cells; East Asian letters fill two.
        lines: most lines of a name.
        shown: places of the names to write; default: all.
    """
    shown = range(len(names)) if shown is None else shown
    if current().full_names:
        lines, width = _MOST_LINES, max(width, 12)
    written = ["\n".join(_lines(names[position], width, lines)) for position in shown]
    times = Counter(written)
    result = []
    for position, label in zip(shown, written, strict=True):
        number = f"#{position + 1}"
        if not label:
            label = number
        elif times[label] > 1:
            label = "\n".join([*_lines(names[position], max(width - len(number), 1), lines)])
            label = f"{label.removesuffix('…')}…{number}" if label.endswith("…") else f"{label}{number}"
        result.append(label)
    return result


def columns(labels: Sequence[str]) -> int:
    """Return the cells of the longest line of all labels."""
    return max((cells(line) for label in labels for line in label.split("\n")), default=0)


def line_count(labels: Sequence[str]) -> int:
    """Return the lines of the label that has most."""
    return max((label.count("\n") + 1 for label in labels), default=0)


def _lines(name: str, width: int, most: int) -> list[str]:
    """Return a name in lines."""
    text = one_line(name)
    if cells(text) > _MOST_CELLS:
        text = _first_cells(text, _MOST_CELLS - 1) + "…"
    if cells(text) <= width:
        return [text] if text else []
    found = _greedy(text, width)
    if len(found) <= most:
        fewest = len(found)
        for narrower in range(-(-cells(text) // fewest), width):  # lines of like length
            found = _greedy(text, narrower)
            if len(found) <= fewest and max(map(cells, found)) <= width:
                return found
        return _greedy(text, width)
    return [*found[: most - 1], _shortened(found[most - 1], width)]


def _shortened(line: str, width: int) -> str:
    """Return the whole words of a line that have room before "…"."""
    cut = _first_cells(line, width - 1)
    if len(cut) < len(line):
        whole = re.match(r"(.*[\s_\-./:,;|()])", cut)
        cut = whole[1] if whole and len(whole[1]) > len(cut) // 3 else cut
    return cut.rstrip(" _-./:,;|(") + "…"


def _greedy(text: str, width: int) -> list[str]:
    """Fill lines one after the other."""
    found = [""]
    for piece in _pieces(text, width):
        if not piece.strip() and not found[-1]:
            continue
        if found[-1] and cells(found[-1]) + cells(piece.rstrip()) > width:
            found[-1] = found[-1].rstrip()
            found.append("")
            piece = piece.lstrip()
        found[-1] += piece
    return [line for line in (line.strip() for line in found) if line]


def _pieces(text: str, width: int) -> list[str]:
    """Return the parts of a text between which a line may end."""
    pieces: list[str] = []
    for word in _PIECES.findall(text):
        for part in _HUMPS.split(word):
            if cells(part) > len(part):  # East Asian: a line may end behind any letter
                pieces += _letters(part)
            elif cells(part) > 1.5 * width:
                pieces += [part[start : start + width] for start in range(0, len(part), width)]
            else:
                pieces.append(part)
    return pieces


def _letters(part: str) -> list[str]:
    """Return East Asian letters one by one, and runs of others whole."""
    return re.findall(r"[\x21-\x7e]+|.", part)


def _first_cells(text: str, width: int) -> str:
    taken, filled = "", 0
    for letter in text:
        filled += cells(letter)
        if filled > width:
            break
        taken += letter
    return taken
