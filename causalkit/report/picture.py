"""Figures as markup inside a page: SVG, or PNG where an SVG would be large."""

from __future__ import annotations

import base64
import io
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from causalkit.report.blocks import Picture

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from matplotlib.figure import Figure

PNG_DPI = 130
_SETTINGS = {"svg.hashsalt": "causalkit", "svg.fonttype": "path"}  # so that the same figure gives the same bytes
_DECIMALS = re.compile(r"-?\d+\.\d+")
_AROUND_LETTERS = re.compile(r"\s*([A-Za-z])\s*")
_LOCAL = re.compile(r"url\(#([^)]+)\)")
_KEPT = ("svg", "g", "path", "use", "defs", "clipPath", "rect", "image", "circle", "pattern", "text", "tspan")


class Album:
    """Makes the pictures of one page.

    Each picture has identifiers of its own. Pictures share only the shapes of letters, which would be most of the file:
    the page contains `letters` once.
    """

    def __init__(self) -> None:
        self._made = 0
        self._letters: dict[tuple[str, str], str] = {}

    def picture(
        self, figure: Figure, alt: str, caption: str = "", *, raster: bool = False, tight: bool = False
    ) -> Picture:
        """Return a figure as a picture.

        Args:
            alt: description for screen readers.
            raster: make a PNG.
            tight: cut off the white margin.
        """
        import matplotlib
        from markupsafe import Markup

        from causalkit.plotting.saving import prepared

        self._made += 1
        buffer = io.BytesIO()
        box: dict[str, Any] = {"bbox_inches": "tight", "pad_inches": 0.06} if tight else {}
        # Letters are shapes here, so those without a font have a mark as in a .png file.
        with prepared(figure, ".png") as letters, matplotlib.rc_context(_SETTINGS):  # type: ignore[arg-type, unused-ignore]
            if raster:
                figure.savefig(buffer, format="png", dpi=PNG_DPI, facecolor="white", metadata={"Software": None}, **box)
            else:
                figure.savefig(buffer, format="svg", facecolor="white", metadata={"Date": None}, **box)
        caption = " ".join(filter(None, [caption, letters.explanation]))
        if raster:
            data = base64.b64encode(buffer.getvalue()).decode("ascii")
            return Picture(Markup('<img src="data:image/png;base64,{}" alt="{}">').format(data, alt), caption)
        return Picture(Markup(self._inline(buffer.getvalue(), alt)), caption)

    @property
    def letters(self) -> Any:
        """Markup with the shapes of all letters of the pictures, itself invisible; empty without pictures."""
        from markupsafe import Markup

        paths = [
            Markup('<path id="{}" d="{}" transform="{}"/>').format(known, shape, turn)
            for (shape, turn), known in self._letters.items()
        ]
        if not paths:
            return Markup("")
        return Markup('<svg class="letters" aria-hidden="true" width="0" height="0"><defs>{}</defs></svg>').format(
            Markup("").join(paths)
        )

    def _inline(self, document: bytes, alt: str) -> str:
        """Return an SVG file as an element of a page: no prolog, metadata, styles or comments, short numbers."""
        root = ElementTree.fromstring(document)
        renamed: dict[str, str] = {}
        for parent in list(root.iter()):
            for child in list(parent):
                if _plain(child.tag) not in _KEPT:
                    parent.remove(child)
                elif _plain(parent.tag) == "defs" and _is_letter(child):
                    renamed[child.attrib["id"]] = self._letter(child)
                    parent.remove(child)
        for element in root.iter():
            element.tag = _plain(element.tag)
            element.text, element.tail = _kept_text(element.text), _kept_text(element.tail)
            attributes = {_plain(key): value for key, value in element.attrib.items()}
            element.attrib = {key: self._value(key, value, renamed) for key, value in attributes.items()}
        root.attrib = {
            "viewBox": root.attrib["viewBox"],
            "width": root.attrib["width"],
            "role": "img",
            "aria-label": alt,
        }
        return ElementTree.tostring(root, encoding="unicode")

    def _letter(self, path: Element) -> str:
        """Return the identifier of a letter's shape, which is stored once for all pictures."""
        key = (_short(path.attrib.get("d", "")), path.attrib.get("transform", ""))
        return self._letters.setdefault(key, f"l{len(self._letters)}")

    def _value(self, key: str, value: str, renamed: dict[str, str]) -> str:
        own = f"f{self._made}-"
        if key == "id":
            return own + value
        if key == "href" and value.startswith("#"):
            return "#" + renamed.get(value[1:], own + value[1:])
        if key == "d":
            return _short(value)
        if key in ("x", "y"):
            return _DECIMALS.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), value)
        if key == "style":
            value = value.replace(": ", ":").replace("; ", ";")
        return _LOCAL.sub(lambda found: f"url(#{own}{found[1]})", value)


def _plain(name: Any) -> str:
    return str(name).rpartition("}")[2]


def _is_letter(element: Element) -> bool:
    """Is this the shape of a letter? Markers are paths in defs as well; their identifiers are digests."""
    return _plain(element.tag) == "path" and "-" in element.attrib.get("id", "") and "style" not in element.attrib


def _kept_text(text: str | None) -> str | None:
    return text if text and text.strip() else None


def _short(path: str) -> str:
    """Return the data of a path with one decimal, a tenth of a point, and without needless blanks."""
    path = _DECIMALS.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), path)
    return _AROUND_LETTERS.sub(r"\1", " ".join(path.split()))
