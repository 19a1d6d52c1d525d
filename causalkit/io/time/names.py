"""Names of columns: what they say about time."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Literal

Kind = Literal["time", "counter", "cycle", "past", "age", ""]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


_TIME = _words(
    "t time times date dates datetime timestamp timestep timepoint when clock period year years yr yrs epoch "
    "elapsed datenum juldate seconds second secs sec milliseconds millisecond ms microseconds us nanoseconds ns "
    "zeit uhrzeit zeitpunkt zeitstempel datum zeitraum jahr jahre temps heure annee an tiempo fecha hora ano "
    "anos periodo tempo data anno tid dato aika vuosi czas rok cas "
    "дата время год 日期 时间 時間 日付 日時 年 年份 날짜 시간 연도"
)
_PHRASES = _phrases(
    "date time|time stamp|time step|time point|time period|time index|decimal date|decimal year|decimal time|"
    "dec date|dec year|year frac|unix time|posix time|epoch time|unix timestamp|epoch ms|elapsed time|"
    "serial date|excel date|matlab date|ref date|obs time|observation date|date stamp|trade date|trading day|"
    "date local|local time|fiscal year|date of year|julian date|julian day number|mjd|jd|x time|time of day|"
    "reporting date"
)
_COUNTERS = _words(
    "no nr num number sample samples frame frames step steps row rows id idx index i n record records obs "
    "observation tick ticks scan scans seq sequence volume tr rownames ix instant lfd messung muestra point 序号 "
    "номер"
) | {"unnamed: 0", "row id", "row number", "sample number", "frame number", "sample index", "row names", "#", "lfd nr"}
_IDENTIFYING = _words("no nr id idx index row rows record frame frames sample samples") | {
    "row id",
    "unnamed: 0",
}
_LOOSE = _words("t period data an ms us ns sec secs epoch when clock times tempo tid tr heure hora elapsed")
"""Names of times that measurements have as well."""
_CYCLES = _words(
    "hour hours hr hrs minute minutes min mins day days week weeks month months mon quarter quarters qtr weekday "
    "dow doy jday julian yday halfyear tag monat quartal woche stunde mois jour mes dia trimestre semana mese "
    "giorno 月 日 月份"
) | {"day of year", "day of week", "day of month", "julian day", "week of year", "hour of day"}
_UNIT_SECONDS = {
    **dict.fromkeys(("ns", "nanoseconds", "nanosecond"), 1e-9),
    **dict.fromkeys(("us", "µs", "microseconds", "microsecond"), 1e-6),
    **dict.fromkeys(("ms", "msec", "millisec", "milliseconds", "millisecond"), 1e-3),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sekunden"), 1.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
    **dict.fromkeys(("week", "weeks", "wk"), 604800.0),
}
_SUFFIXES = frozenset(_UNIT_SECONDS) | _words(
    "utc gmt local cet est lst iso idx index no nr month months year years yr"
)
_PAST = _words(
    "bp b2k ka kyr kyrs kya ma mya myr ga gyr ago lookback bp1950 bp2000 before countdown until remaining rul"
)
_OF_PAST = _words(
    "age ages time t year years yr yrs cal calibrated date depth k 14c c14 interval gas ice model mean median thousand "
    "thousands million millions of in from the before present y a day days hour hours minute minutes second seconds s "
    "cycle cycles step steps week weeks month months to left event onset start end failure death stimulus trial"
)
_AGE = re.compile(r"\bages?\b|\balter\b|\bdepth\b")
_PARTS: dict[str, str] = {
    **dict.fromkeys(_words("year years yr yyyy yy jahr ano anno annee 年 год rok iyear"), "year"),
    **dict.fromkeys(_words("quarter qtr quarters quartal trimestre q"), "quarter"),
    **dict.fromkeys(_words("month months mon mo monat mois mes mese mnth mth 月 imonth seas"), "month"),
    **dict.fromkeys(_words("week weeks wk woche semaine semana weekofyear isoweek kw"), "week"),
    **dict.fromkeys(_words("day days dd dy tag jour dia giorno mday dom 日 iday"), "day"),
    **dict.fromkeys(_words("weekday dow dayofweek wochentag"), "weekday"),
    **dict.fromkeys(_words("doy yday jday julian dayofyear julday"), "doy"),
    **dict.fromkeys(_words("hour hours hr hrs hh stunde heure hora h"), "hour"),
    **dict.fromkeys(_words("minute minutes min mins mi mn"), "minute"),
    **dict.fromkeys(_words("second seconds sec secs ss"), "second"),
    **dict.fromkeys(
        _words("time uhrzeit anfang beginn von tod hhmm hour_minute timeofday clock heure hora hora_local"), "time"
    ),
    **dict.fromkeys(_words("date datum fecha data day_date dato 日期 дата yyyymmdd dteday obsdate"), "date"),
    "day of year": "doy",
    "julian day": "doy",
    "week of year": "week",
    "time of day": "time",
    "day of month": "day",
}


@functools.lru_cache(maxsize=1 << 16)  # a wide table asks for every name several times
def kind_of(name: str) -> Kind:
    """Return what a name says.

    Returns:
        "time": a time or a date; "counter": a number of a row or a sample; "cycle": a part of a date that repeats,
        such as an hour; "past": a time that is counted back from the present; "age": an age, of a layer or of a
        subject; "": nothing.
    """
    words = _plain(name)
    bare = _plain(_without_brackets(name))
    if not bare:
        return "time" if words and kind_of(words) == "time" else ""
    if _is_past(words) and not (bare == "ma" and "Ma" not in name):  # a moving average is MA
        return "past"
    if _AGE.search(bare) and len(bare.split()) <= 3:
        return "age"
    inside = re.search(r"[(\[]([^)\]]*)[)\]]", name)
    if inside and bare in _LOOSE and not set(_plain(inside.group(1)).split()) & _SUFFIXES:
        return ""  # a temperature is "T (degC)"
    for text in (bare, _without_suffix(bare)):
        if text in _TIME or text in _PHRASES:
            return "time"
        if text in _COUNTERS:
            return "counter"
        if text in _CYCLES:
            return "cycle"
    return ""


def is_time_name(name: str) -> bool:
    """Return whether this is a common name of a time column. An age may be one of a subject."""
    return kind_of(name) not in ("", "age")


def is_certain(name: str) -> bool:
    """Return whether a column of this name is hardly anything but time, as ``date`` in contrast to ``t``."""
    return kind_of(name) == "time" and _plain(_without_brackets(name)) not in _LOOSE


def identifies_rows(name: str) -> bool:
    """Return whether a column of this name is a number of a row, even where it does not count evenly."""
    return _plain(_without_brackets(name)) in _IDENTIFYING


@functools.lru_cache(maxsize=1 << 16)
def part_of(name: str) -> str:
    """Return the part of a date that a column of this name contains, such as "year", or "".

    ``MM`` and ``mm`` differ: month and minute.
    """
    bare = _without_brackets(name).strip().lstrip("#").strip()
    if bare in ("MM", "mm"):
        return "month" if bare == "MM" else "minute"
    plain = _plain(bare)
    return _PARTS.get(plain) or _PARTS.get(plain.replace(" ", "_")) or _PARTS.get(plain.replace(" ", ""), "")


def seconds_of(name: str) -> float | None:
    """Return the unit of the numbers in a time column in seconds, where its name says it, as ``time (ms)`` does."""
    inside = re.search(r"[(\[]([^)\]]*)[)\]]", name)
    plain = _plain(name if inside is None else inside.group(1)).split()
    return _UNIT_SECONDS.get(plain[-1]) if plain and (len(plain) > 1 or inside or plain[0] in _UNIT_SECONDS) else None


def _is_past(words: str) -> bool:
    own = set(words.split())
    return own <= _PAST | _OF_PAST and bool(own & _PAST or {"before", "present"} <= own)


def _without_brackets(name: str) -> str:
    return re.sub(r"[(\[].*?[)\]]", " ", name)


def _without_suffix(words: str) -> str:
    """Return the words without a unit or a zone at the end: ``elapsed s`` is ``elapsed``."""
    *first, last = words.split()
    return " ".join(first) if first and last in _SUFFIXES else words


_COMMENT_MARK = re.compile(r"^\s*(?:[#%!;]|//)+\s*(?=\w)")
"""In front of the names of a table whose header is written as a comment."""


def _plain(name: str) -> str:
    """Return the words of a name without accents, in lower case, separated by one space."""
    text = _COMMENT_MARK.sub("", unicodedata.normalize("NFKD", name).casefold())
    text = "".join(sign for sign in text if not unicodedata.combining(sign))
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"(?<=[a-z])(?=\d+$)|[_\-./,;()\[\]<>°²]+", " ", text)
    return " ".join(text.split())
