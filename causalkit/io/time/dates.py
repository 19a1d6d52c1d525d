"""Dates as people write them: text to moments in microseconds since 1970."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalkit.io.tables.cells import MISSING

DAY = 86_400_000_000
"""Microseconds."""
NOTHING = np.iinfo(np.int64).min
"""The moment of a cell without a time, as numpy has it."""
_MONTHS = (
    ("january januar janvier enero gennaio janeiro januari jaenner ian", 1),
    ("february februar fevrier febrero febbraio fevereiro februari feber", 2),
    ("march maerz marz mrz mars marzo marco maart mrt", 3),
    ("april avril abril aprile", 4),
    ("may mai mayo maggio maio mei maj", 5),
    ("june juni juin junio giugno junho", 6),
    ("july juli juillet julio luglio julho", 7),
    ("august aout agosto augusti augustus", 8),
    ("september septembre septiembre setiembre settembre setembro sept", 9),
    ("october oktober octobre octubre ottobre outubro", 10),
    ("november novembre noviembre novembro", 11),
    ("december dezember decembre diciembre dicembre dezembro", 12),
)
_NAME = r"(?P<mon>[^\W\d_]{3,12})\.?"
_YEAR = r"(?P<y>\d{4}|\d{2})"
_TIME = (
    r"(?P<H>\d{1,2})(?::(?P<M>\d{2}|\d(?=:))(?::(?P<S>\d{1,2})(?:[.,](?P<f>\d{1,9}))?)?|\.(?P<M2>\d{2})\.(?P<S2>\d{2}))"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)
_AFTER_DATE = (
    rf"(?:(?:[T ,_]\s*|:(?=\d{{2}}:)|\s+-\s+){_TIME}"
    r"|T(?P<H2>\d{2})(?P<M3>\d{2})(?P<S3>\d{2})?(?P<zone2>Z|[+-]\d{4})?"
    r"|[T ](?P<H3>\d{1,2})h?(?P<zone3>Z)?)?"
)
_WEEKDAY = r"(?:[^\W\d_]{2,10}\.?,?\s+)?"


@dataclass(frozen=True)
class Style:
    """One way of writing dates.

    Attributes:
        pattern: of the whole cell; its groups are the parts.
        unit: "day", "week", "month", "quarter", "half-year" or "year"; "": a moment or a time of day.
        orders: readings of the groups ``a`` and ``b``: "day-month", "month-day"; the first is usual. Empty: certain.
    """

    pattern: re.Pattern[str]
    unit: str
    orders: tuple[str, ...] = ()


def _style(
    pattern: str, unit: str, orders: tuple[str, ...] = (), *, clock: bool = False, weekday: bool = False
) -> Style:
    text = (_WEEKDAY if weekday else "") + pattern + (_AFTER_DATE if clock else "")
    return Style(re.compile(text, re.IGNORECASE), unit, orders)


@functools.cache
def styles() -> tuple[Style, ...]:
    """Return every known style; where a cell fits several, the first comes first."""
    either = ("day-month", "month-day")
    return (
        _style(r"(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})", "day", clock=True),
        _style(r"(?P<y>\d{4}) (?P<m>\d{1,2}) (?P<d>\d{1,2})", "day", clock=True),
        _style(r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日?", "day", clock=True),
        _style(r"(?P<y>\d{4})年(?P<m>\d{1,2})月", "month"),
        _style(rf"(?P<a>\d{{1,2}})\. ?(?P<b>\d{{1,2}})\. ?{_YEAR}", "day", either[:1], clock=True, weekday=True),
        _style(
            rf"(?P<a>\d{{1,2}})(?P<sep>[-/])(?P<b>\d{{1,2}})(?P=sep){_YEAR}", "day", either, clock=True, weekday=True
        ),
        _style(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})", "day", clock=True),
        _style(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2})?", ""),
        _style(rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?[-/ ]*{_NAME},?[-/ ]*{_YEAR}", "day", clock=True, weekday=True),
        _style(
            rf"{_NAME}[-/ ]*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,\s*|[-/ ]+)(?P<y>\d{{4}})",
            "day",
            clock=True,
            weekday=True,
        ),
        _style(rf"(?P<y>\d{{4}})[-/ ]*{_NAME}[-/ ]*(?P<d>\d{{1,2}})", "day", clock=True),
        _style(r"(?P<y>\d{4})[-/](?P<y2>\d{4}|\d{2})", "year"),
        _style(r"FY[- ']?(?P<y>\d{4}|\d{2})(?:[-/](?:\d{4}|\d{2}))?", "year"),
        _style(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})", "month"),
        _style(r"(?P<m>\d{1,2})[-/.](?P<y>\d{4})", "month"),
        _style(r"(?P<y>\d{4})[-_. ]?M(?P<m>\d{1,2})", "month"),
        _style(r"M(?P<m>\d{1,2})[-/_. ]?(?P<y>\d{4})", "month"),
        _style(rf"{_NAME}[-/', ]*{_YEAR}", "month"),
        _style(rf"{_YEAR}[-/ ]*{_NAME}", "month"),
        _style(r"(?P<y>\d{4})[-_/.: ]*[QKT](?P<q>[1-4])", "quarter"),
        _style(r"Q(?P<q>[1-4])[-_/.:,' ]*(?P<y>\d{4}|\d{2})", "quarter"),
        _style(r"(?P<q>[1-4])Q[-_/.' ]*(?P<y>\d{4}|\d{2})", "quarter"),
        _style(r"(?P<y>\d{4})[-_/. ]?[HS](?P<h>[12])", "half-year"),
        _style(r"[HS](?P<h>[12])[-_/. ]?(?P<y>\d{4})", "half-year"),
        _style(r"(?P<y>\d{4})[-_/ ]?(?:W|KW|CW|WK|WEEK) ?(?P<w>\d{1,2})", "week"),
        _style(r"(?P<y>\d{4})-?W(?P<w>\d{2})-?(?P<wd>[1-7])", "day"),
        _style(r"(?:W|KW|CW|WK|WEEK) ?(?P<w>\d{1,2})[-_/, ]*(?P<y>\d{4})", "week"),
        _style(r"(?P<y>\d{4})-(?P<doy>\d{3})", "day", clock=True),
        _style(r"(?P<y>\d{4}):(?P<n>\d{1,2})", "part"),
        _style(r"(?P<M>\d{1,2}):(?P<S>\d{2})[.,](?P<f>\d{1,9})", ""),
        _style(_TIME, ""),
    )


@dataclass(frozen=True, eq=False)
class Reading:
    """A column of dates in one reading.

    Attributes:
        moments: microseconds since 1970 in universal time where zones are written, `NOTHING` in a missing cell.
        local: the same by the clock on the wall where zones are written, else the same array.
        unit: as in `Style`.
        wrong: row of the first cell that does not fit, or None.
        order: "day-month", "month-day" or "".
        assumed: is the order usual rather than certain?
        short: two-digit years: shape (rows,) of years before a century was added; None: years are in full.
    """

    moments: NDArray[np.int64]
    local: NDArray[np.int64]
    unit: str
    wrong: int | None = None
    order: str = ""
    assumed: bool = False
    short: bool = False
    clock: bool = False


def texts_of(column: Any) -> tuple[Any, NDArray[np.bool_]]:
    """Return the cells of a column as stripped text, and True where there is none; of a period, its beginning."""
    missing = column.isna().to_numpy()
    texts = column.astype(str).str.strip()
    if len(texts) and _is_period(str(texts.iloc[0])):
        texts = texts.map(lambda text: re.split(_BETWEEN, text)[0] if _is_period(text) else text).astype(str)
    return texts, missing | texts.isin(MISSING).to_numpy()


_BETWEEN = r"\s+[-\u2013]\s+"


def _is_period(text: str) -> bool:
    """Return whether a text is two dates in the same form, such as ``05.06.2021 08:00 - 05.06.2021 09:00``."""
    ends = re.split(_BETWEEN, text)
    return len(ends) == 2 and len(ends[0]) > 5 and re.sub(r"\d+", "9", ends[0]) == re.sub(r"\d+", "9", ends[1])


_THREE_MONTHS = ["djf", "jfm", "fma", "mam", "amj", "mjj", "jja", "jas", "aso", "son", "ond", "ndj"]
"""Overlapping seasons of the climate; the month in the middle stands for each."""


def month_number(word: str) -> int | None:
    """Return the month that a name in English, German, French, Spanish, Italian, Portuguese or Dutch stands for."""
    text = "".join(s for s in unicodedata.normalize("NFKD", word.strip().rstrip(".").casefold()) if s.isalpha())
    if text in _THREE_MONTHS:
        return _THREE_MONTHS.index(text) + 1
    found = {number for names, number in _MONTHS for name in names.split() if len(text) >= 3 and name.startswith(text)}
    return found.pop() if len(found) == 1 else None


def readings_of(column: Any) -> list[Reading]:
    """Return every reading of a column of text as dates, of the style that fits most of it; empty: these are no dates.

    A reading that fits all cells comes alone or with other readings that fit all cells. Where none fits all cells, the
    one that fits most is returned, with the row at fault.
    """
    texts, missing = texts_of(column)
    filled = np.flatnonzero(~missing)
    if not len(filled):
        return []
    sample = [str(texts.iloc[row]) for row in filled[np.unique(np.linspace(0, len(filled) - 1, 30).astype(int))]]
    if not any(any(sign.isdecimal() for sign in text) for text in sample[:3]):
        return []
    if all(_DURATION.fullmatch(text) for text in sample):
        return [_durations(texts, missing)]
    best: list[Reading] = []
    for style in styles():
        fits = sum(_fits(style, text) for text in sample)
        if fits < 0.9 * len(sample):
            continue
        readings = _read(texts, missing, style)
        whole = [reading for reading in readings if reading.wrong is None]
        if whole:
            return whole
        best = best or readings[:1]
    return best


_DURATION = re.compile(r"-?\d+ days?,?( [+-]?\d{1,2}:\d{2}:\d{2}(\.\d+)?)?|-?P\d+DT(\d+H)?(\d+M)?(\d+(\.\d+)?S)?")


def _durations(texts: Any, missing: NDArray[np.bool_]) -> Reading:
    """Return durations as pandas writes them: ``0 days 00:00:00.004``, ``P0DT0H0M0.004S``."""
    import pandas as pd

    parsed = pd.to_timedelta(texts.where(~missing), errors="coerce").to_numpy().astype("timedelta64[us]")
    moments = np.where(np.isnat(parsed), NOTHING, parsed.astype(np.int64))
    wrong = np.flatnonzero((moments == NOTHING) & ~missing)
    return Reading(moments, moments, "", int(wrong[0]) if len(wrong) else None, clock=True)


def year_first(column: Any) -> Reading | None:
    """Return a column of dates such as ``21/03/31``, with two digits of the year first; None: these are none."""
    style = _style(r"(?P<y>\d{2})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})", "day", clock=True)
    (reading,) = _read(*texts_of(column), style)
    return reading if reading.wrong is None else None


def by_format(column: Any, layout: str) -> Reading:
    """Return a column of dates in a format of ``strptime``.

    Raises:
        ValueError: this is no format.
    """
    import pandas as pd

    texts, missing = texts_of(column)
    if pd.api.types.is_numeric_dtype(column.dtype):
        texts = texts.str.removesuffix(".0")
    parsed = pd.to_datetime(texts.where(~missing), format=layout, errors="coerce", utc="%z" in layout)
    moments = _microseconds(parsed)
    wrong = np.flatnonzero((moments == NOTHING) & ~missing)
    finest = "" if re.search(r"%[HIMSfcXTpsR]", layout) else "day" if re.search(r"%[dejxDFaAuw]", layout) else "month"
    unit = "year" if finest == "month" and not re.search(r"%[mbB]", layout) else finest
    return Reading(moments, moments, unit, int(wrong[0]) if len(wrong) else None)


def clock_of(column: Any) -> NDArray[np.int64] | None:
    """Return times of day in microseconds, of text such as ``18:00`` or ``18.00.00``, or None."""
    texts, missing = texts_of(column)
    filled = np.flatnonzero(~missing)
    if not len(filled) or not _TIME_OF_DAY.fullmatch(str(texts.iloc[int(filled[0])])):
        return None
    reading = _read(texts, missing, styles()[-1])[0]
    return None if reading.wrong is not None else reading.moments


_TIME_OF_DAY = re.compile(_TIME, re.IGNORECASE)


def _fits(style: Style, text: str) -> bool:
    found = style.pattern.fullmatch(text)
    return found is not None and ("mon" not in style.pattern.groupindex or month_number(found["mon"]) is not None)


def _microseconds(parsed: Any) -> NDArray[np.int64]:
    if getattr(parsed.dtype, "tz", None) is not None:
        parsed = parsed.dt.tz_convert("UTC").dt.tz_localize(None)
    return np.asarray(parsed.to_numpy().astype("datetime64[us]").astype(np.int64))


def _read(texts: Any, missing: NDArray[np.bool_], style: Style) -> list[Reading]:
    """Return the readings of one style."""
    import pandas as pd

    quick = _read_quickly(texts, missing, style)
    if quick:
        return quick
    groups = style.pattern.groupindex
    parts = texts.str.extract(re.compile(f"^(?:{style.pattern.pattern})$", re.IGNORECASE))
    fitting = parts.drop(columns=["sep"], errors="ignore").notna().any(axis=1).to_numpy().copy()

    def number(*names: str, default: float = 0.0) -> NDArray[np.float64]:
        found = np.full(len(texts), np.nan)
        for name in names:
            if name in groups and parts[name].notna().any():
                found = np.where(np.isnan(found), pd.to_numeric(parts[name], errors="coerce").to_numpy(float), found)
        return np.where(np.isnan(found), default, found)

    hours = number("H", "H2", "H3")
    clock = any(name in groups and parts[name].notna().any() for name in ("H", "H2", "H3"))
    minutes, seconds = number("M", "M2", "M3"), number("S", "S2", "S3")
    if "half" in groups and parts["half"].notna().any():
        half = parts["half"].fillna("").str.lower().str[0]
        fitting &= ((hours >= 1) & (hours <= 12)) | (half == "").to_numpy()
        hours = np.where(half == "p", hours % 12 + 12, np.where(half == "a", hours % 12, hours))
    fraction = np.zeros(len(texts))
    if "f" in groups and parts["f"].notna().any():
        fraction = pd.to_numeric("0." + parts["f"].fillna("0"), errors="coerce").to_numpy(float)
    ends = (hours == 24) & (minutes == 0) & (seconds == 0)
    fitting &= ((hours < 24) | ends) & (minutes < 60) & (seconds < 61)
    within = np.rint((hours * 3600 + minutes * 60 + seconds + fraction) * 1e6)
    shift = np.zeros(len(texts))
    for name in ("zone", "zone2", "zone3"):
        if name in groups and parts[name].notna().any():
            shift = shift + _offsets(parts[name])
    short = "y" in groups and bool((parts["y"].dropna().str.len() == 2).any())
    year = number("y", default=1970)
    unit = style.unit
    orders: Sequence[str] = style.orders or ("",)
    found = []
    if "a" in groups and style.orders == ("day-month",) and (number("b")[fitting & ~missing] > 12).any():
        orders = ("month-day",)  # dots, and yet there is no such month
    for order in orders:
        fits = fitting.copy()
        month = _month(parts, number, order, groups)
        day = number("b" if order == "month-day" else "a", default=1) if "a" in groups else number("d", default=1)
        years = _in_full(year, short)
        if "y2" in groups:
            second = number("y2")
            fits &= np.where(second < 100, (year + 1) % 100 == second, year + 1 == second)
        if unit == "part":
            unit, month, most = _numbered(number("n"), year)
            fits &= (number("n") >= 1) & (number("n") <= most)
        fits &= (month >= 1) & (month <= 12) & (day >= 1)
        safe = np.where(fits, month, 1)
        start = ((years - 1970) * 12 + safe - 1).astype(np.int64).astype("datetime64[M]")
        length = ((start + 1).astype("datetime64[D]") - start.astype("datetime64[D]")).astype(int)
        fits &= day <= length
        days = start.astype("datetime64[D]").astype(np.int64) + np.where(fits, day, 1).astype(np.int64) - 1
        if "w" in groups:
            week, of_week = number("w", default=1), number("wd", default=1)
            fits &= (week >= 1) & (week <= 53)
            fourth = (
                (years - 1970).astype(np.int64).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
            ) + 3
            days = fourth - (fourth + 3) % 7 + np.where(fits, (week - 1) * 7 + of_week - 1, 0).astype(np.int64)
        if "doy" in groups:
            fits &= (number("doy") >= 1) & (number("doy") <= 366)
            days = days + np.where(fits, number("doy") - 1, 0).astype(np.int64)
        local = days * DAY + np.where(fits, within, 0).astype(np.int64)
        local = np.where(fits & ~missing, local, NOTHING)
        moments = np.where(local == NOTHING, NOTHING, local - shift.astype(np.int64))
        wrong = np.flatnonzero(~fits & ~missing)
        found.append(
            Reading(
                moments,
                local,
                "" if clock else unit,
                int(wrong[0]) if len(wrong) else None,
                order,
                short=short,
                clock="y" not in groups,
            )
        )
    return found


def _read_quickly(texts: Any, missing: NDArray[np.bool_], style: Style) -> list[Reading]:
    """Return the readings of a common style that pandas parses, where all cells are written like the first one.

    pandas is ten times faster than `_read`, which gives the same moments. Empty: `_read` has to look at every cell.
    """
    import pandas as pd

    text = str(texts.iloc[int(np.argmin(missing))])
    found = style.pattern.fullmatch(text)
    parts = found.groupdict() if found is not None else {}
    if found is None or (not parts.get("sep") and "." not in text) or len(parts.get("y") or "") != 4:
        return []
    if any(parts.get(name) for name in ("half", "M2", "H2", "H3", "zone2", "zone3", "mon")) or not (
        {"a", "b"} <= set(parts) or {"m", "d"} <= set(parts)
    ):
        return []
    clock = bool(parts.get("H"))
    if clock and not parts.get("M"):
        return []
    last = "d" if "d" in parts else "y"
    tail = ""
    shift = 0
    if clock:
        tail = text[found.end(last) : found.start("H")] + "%H:%M"
        tail += (":%S" if parts.get("S") else "") + (".%f" if parts.get("f") else "")
        zone = parts.get("zone") or ""
        if zone:
            if "," in text or text[found.end("zone") :] or not texts[~missing].str.endswith(zone).all():
                return []
            tail += text[found.end("f" if parts.get("f") else "S" if parts.get("S") else "M") :]
            shift = int(_offsets(pd.Series([zone]))[0])
    if "%" in text or ",%f" in tail or (parts.get("f") and text[found.start("f") - 1] == ","):
        return []
    readings = []
    for order in style.orders or ("",):
        names = {"day-month": ("a", "b"), "month-day": ("b", "a"), "": ("d", "m")}[order]
        codes = {names[0]: "%d", names[1]: "%m", "y": "%Y"}
        spans = sorted((found.start(name), found.end(name), code) for name, code in codes.items())
        if spans[0][0] != 0:
            return []
        layout = (
            spans[0][2] + text[spans[0][1] : spans[1][0]] + spans[1][2] + text[spans[1][1] : spans[2][0]] + spans[2][2]
        )
        parsed = pd.to_datetime(texts.where(~missing), format=layout + tail, errors="coerce")
        local = _microseconds(parsed)
        wrong = np.flatnonzero((local == NOTHING) & ~missing)
        if len(wrong) and len(style.orders) < 2:
            return []
        moments = local if not shift else np.where(local == NOTHING, NOTHING, local - shift)
        unit = "" if clock else style.unit
        readings.append(Reading(moments, local, unit, int(wrong[0]) if len(wrong) else None, order))
    return readings if any(reading.wrong is None for reading in readings) else []


def _month(parts: Any, number: Any, order: str, groups: Any) -> NDArray[np.float64]:
    if "mon" in groups:
        words = parts["mon"].fillna("")
        known = {word: month_number(word) or 0 for word in words.unique()}
        return np.asarray(words.map(known), dtype=np.float64)
    if "a" in groups:
        return np.asarray(number("a" if order == "month-day" else "b"))
    if "q" in groups:
        return np.asarray(number("q", default=1) * 3 - 2)
    if "h" in groups:
        return np.asarray(number("h", default=1) * 6 - 5)
    return np.asarray(number("m", default=1))


def _numbered(numbers: NDArray[np.float64], years: NDArray[np.float64]) -> tuple[str, NDArray[np.float64], int]:
    """Return unit and months of ``1940:1``, where the largest number says whether it is a quarter or a month."""
    largest = numbers.max(initial=0)
    if largest == 2 and len(np.unique(years)) > 2:
        return "half-year", numbers * 6 - 5, 2
    if largest <= 4:
        return "quarter", numbers * 3 - 2, 4
    return "month", numbers, 12


def _in_full(years: NDArray[np.float64], short: bool) -> NDArray[np.float64]:
    """Return years of four digits.

    Years of two digits begin after the longest run of years that do not occur, in the latest century in which none of
    them is in the future.
    """
    if not short:
        return years
    two = years < 100
    known = np.unique(years[two])
    if not len(known):
        return years
    pauses = np.diff(np.append(known, known[0] + 100))
    first = known[(int(np.argmax(pauses)) + 1) % len(known)]
    since = (years - first) % 100
    century = (_this_year() + 1 - first - since[two].max()) // 100 * 100
    return np.where(two, first + since + century, years)


def _this_year() -> int:
    from datetime import UTC, datetime

    return datetime.now(UTC).year


def _offsets(zones: Any) -> NDArray[np.float64]:
    """Return offsets from universal time in microseconds."""
    known = {}
    for zone in zones.dropna().unique():
        digits = re.sub(r"\D", "", zone)
        sign = -1 if zone.startswith("-") else 1
        known[zone] = sign * (int(digits[:2] or 0) * 3600 + int(digits[2:4] or 0) * 60) * 1e6
    return np.asarray(zones.map(known).fillna(0.0), dtype=np.float64)
