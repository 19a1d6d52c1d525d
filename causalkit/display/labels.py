"""Names of series, methods and metrics on one line, not too long, and distinct. Imports no matplotlib."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from rich.cells import cell_len

POLICIES = {"exclude": "without self-edges", "include": "with self-edges"}
METRICS = {"auroc": "AUROC", "auprc": "AUPRC", "f1": "F1", "shd": "SHD", "f1-oracle": "F1 (oracle)"} | {
    f"{metric}-oracle-epoch": f"{metric.upper()} (oracle epoch)" for metric in ("auroc", "auprc")
}


NOT_IN_XML = re.compile("[^\\t\\n\\r\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""What XML 1.0 does not allow, not even escaped. Names and error messages contain some, such as colours."""
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, those that turn round what stands beside them, and halves of characters; not tabs and lines."""

cells = cell_len
"""How many character cells a text fills in a terminal or a picture: East Asian letters fill two."""


def visible(text: str) -> str:
    r"""Return the text with control characters written out, such as ``\x1b``; lines and tabs stay.

    A name from a file could otherwise recolour a terminal, or hide or turn round what is printed after it. Half of a
    character, which a terminal cannot print, is written out as well.
    """
    return _CONTROLS.sub(lambda found: _escape(ord(found[0])), text)


def _escape(number: int) -> str:
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


def one_line(text: str) -> str:
    """Return the text on one line, without control characters and other invisible ones."""
    shown = "".join(
        letter if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") else " "
        for letter in str(text)
    )
    return " ".join(shown.split())


def shorten(text: str, width: int) -> str:
    """Return the text in at most ``width`` cells, its middle left out where it is longer.

    Names of sensors, genes and stations share their beginning more often than their end, so both ends stay.
    """
    text = one_line(text)
    if cells(text) <= width:
        return text
    head = _fit(text, (width - 1) - (width - 1) // 2)
    tail = _fit(text[::-1], (width - 1) // 2)[::-1]
    return f"{head}…{tail}"


def edge(cause: str, effect: str) -> str:
    """Return ``cause → effect``.

    Between names in Hebrew or Arabic letters, an arrow would be shown with the effect at its left, which reads as the
    opposite edge. Left-to-right marks keep the cause at the left.
    """
    mark = ""
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in cause + effect):
        mark = "\N{LEFT-TO-RIGHT MARK}"
    return f"{cause} {mark}→{mark} {effect}"


def labels(names: Sequence[str], width: int) -> list[str]:
    """Return one label for each name, shortened to ``width`` cells; labels that would be equal get a number.

    An empty name is shown by its number alone.
    """
    shown = [shorten(name, width) for name in names]
    times = Counter(shown)
    result = []
    for position, label in enumerate(shown):
        if not label:
            label = f"#{position + 1}"
        elif times[label] > 1:
            mark = f"#{position + 1}"
            label = f"{shorten(names[position], max(width - len(mark), 1))}{mark}"
        result.append(label)
    return result


def name(text: str, width: int = 60) -> str:
    """Return the name of a method, data set or file in at most ``width`` cells; an empty one is "(no name)"."""
    return shorten(text, width) or "(no name)"


def metric_name(metric: str) -> str:
    """Return a metric as papers write it."""
    return METRICS.get(metric, one_line(metric))


def _fit(text: str, width: int) -> str:
    taken, filled = [], 0
    for letter in text:
        filled += cells(letter)
        if filled > width:
            break
        taken.append(letter)
    return "".join(taken)
