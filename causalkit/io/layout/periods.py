"""Headings that are the parts of a period: months of a year, quarters of a year, hours of a day, days of a week."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_MONTHS = (
    "jan(uary|uar|vier)?|ene(ro)?|gen(naio)?|janeiro",
    "feb(ruary|ruar|rero|braio)?|f[ée]v(rier|ereiro)?",
    "mar(ch|zo|[çc]o|s)?|m[äa]r(z)?|mrz",
    "apr(il|ile)?|abr(il)?|avr(il)?",
    "may|mai|mayo|mag(gio)?|maio",
    "june?|juni?|juin|giu(gno)?|junio|junho",
    "july?|juli?|juil(let)?|lug(lio)?|julio|julho",
    "aug(ust)?|ago(sto)?|ao[uû]t",
    "sept?(ember|embre)?|set(tembre|embro)?|septiembre",
    "o[ck]t(ober|obre|ubre)?|ott(obre)?|out(ubro)?",
    "nov(ember|embre|iembre|embro)?",
    "de[cz](ember|iembre|embro)?|d[ée]c(embre)?|dic(embre|iembre)?",
)
_DAYS = (
    "mon(day)?|mo(ntag)?|lun(di|es|ed[iì])?",
    "tue?s?(day)?|di(enstag)?|mar(di|tes|ted[iì])?",
    "wed(nesday)?|mi(ttwoch)?|mer(credi|coled[iì])?|mi[ée](rcoles)?",
    "thu?r?s?(day)?|do(nnerstag)?|jeu(di)?|jue(ves)?|gio(ved[iì])?",
    "fri(day)?|fr(eitag)?|ven(dredi|erd[iì])?|vie(rnes)?",
    "sat(urday)?|sa(mstag)?|sam(edi)?|s[áa]b(ado|ato)?",
    "sun(day)?|so(nntag)?|dim(anche)?|dom(ingo|enica)?",
)
_QUARTER = re.compile(r"(?:q|qtr|quarter|quartal|trim)[ _.]?([1-4])|([1-4])[ _.]?q", re.IGNORECASE)
_HOUR = re.compile(r"(?:h|hr|he|hour)[ _.]?(\d{1,2})|(\d{1,2}) ?(?:h|uhr)", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00)?")
SUMMARY = re.compile(
    r"(annual|year|yearly|ann|anual|jahr|total|sum|mean|avg|average|metann|j-d|d-n|djf|mam|jja|son|winter|spring|summer|"
    r"autumn|fall|ytd|daily|day|weekly|week|max|min)([ _-]?(mean|avg|average|total|sum|value))?",
    re.IGNORECASE,
)
"""Headings of columns that summarise the others of their row."""


@dataclass(frozen=True)
class Cycle:
    """Columns that are the parts of a period, in their order.

    Attributes:
        part: name of a part, such as "month".
        period: name of the period, such as "year".
        columns: names of the columns, the earliest part first.
        offsets: of the parts from the beginning of the period: months for a year, else minutes.
        certain: is it certain that the headings are parts of a period? Plain numbers may also be names of series.
    """

    part: str
    period: str
    columns: tuple[str, ...]
    offsets: tuple[int, ...]
    certain: bool = True


def cycle_in(names: Sequence[str]) -> Cycle | None:
    """Return the columns that together are all parts of a period, or None."""
    months = _all_of(names, _by_words(_MONTHS), 12)
    if months:
        return Cycle("month", "year", months, tuple(range(12)))
    quarters = _all_of(names, _quarter, 4)
    if quarters:
        return Cycle("quarter", "year", quarters, (0, 3, 6, 9))
    days = _all_of(names, _by_words(_DAYS), 7)
    if days:
        first = min(range(7), key=lambda day: names.index(days[day]))
        days = (*days[first:], *days[:first])
        return Cycle("day", "week", days, tuple(1440 * day for day in range(7)))
    return _hours(names) or _numbers(names)


def _all_of(names: Sequence[str], part: Callable[[str], int | None], parts: int) -> tuple[str, ...]:
    """Return the one column of every part 0, 1, ...; empty where a part has none or two."""
    found: dict[int, str] = {}
    for name in names:
        number = part(name.strip().rstrip("."))
        if number is not None:
            if number in found:
                return ()
            found[number] = name
    return tuple(found[number] for number in range(parts)) if len(found) == parts else ()


def _by_words(words: Sequence[str]) -> Callable[[str], int | None]:
    patterns = [re.compile(word, re.IGNORECASE) for word in words]
    return lambda name: next((n for n, pattern in enumerate(patterns) if pattern.fullmatch(name)), None)


def _quarter(name: str) -> int | None:
    match = _QUARTER.fullmatch(name)
    return None if match is None else int(match[1] or match[2]) - 1


def _hours(names: Sequence[str]) -> Cycle | None:
    """Return the parts of a day: H1 to H24, or times of day at equal steps."""
    for pattern in (_HOUR, _CLOCK):
        found: Mapping[int, str] = {}
        for name in names:
            match = pattern.fullmatch(name.strip())
            if match is not None:
                minutes = 60 * int(match[1] or match[2]) if pattern is _HOUR else 60 * int(match[1]) + int(match[2])
                found = {**found, minutes: name}
        starts = sorted(found)
        if len(starts) < 4:
            continue
        step = starts[1] - starts[0]
        equal = all(later - earlier == step for earlier, later in itertools.pairwise(starts))
        if equal and step * len(starts) == 1440:
            part = "hour" if step == 60 else f"{step} minutes"
            return Cycle(part, "day", tuple(found[start] for start in starts), tuple(starts))
    return None


def _numbers(names: Sequence[str]) -> Cycle | None:
    """Return the parts where they are numbers, such as 1 to 12 for months beside one other column."""
    numbers = [name for name in names if name.strip().isdecimal()]
    values = [int(name) for name in numbers]
    if values == list(range(1, 13)):
        return Cycle("month", "year", tuple(numbers), tuple(range(12)), certain=False)
    if values in (list(range(24)), list(range(1, 25))):
        return Cycle("hour", "day", tuple(numbers), tuple(60 * value for value in values), certain=False)
    return None
