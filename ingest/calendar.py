"""Time as the partnership counts it: periods, England's working days, and when a return is due.

Lives here: periods and their ids, working days, due dates. Pure functions of dates.
Add here: another kind of period.
Must not live here: what a contract or an agreement says; reading files. dbt's dim_date is built from the seed
`bank_holidays.csv`, which is generated from this module, so both sides count the same days.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

import holidays

if TYPE_CHECKING:
    from ingest.contract import Delivery

Kind = Literal["month", "quarter", "term", "financial_year", "academic_year", "workforce_year", "vintage"]
KINDS: tuple[str, ...] = get_args(Kind)

#: Working days are known for these years. A date outside them is a defect of the data, not a date to count from.
FIRST_YEAR, LAST_YEAR = 1990, 2045
#: The years that the warehouse's own calendar covers.
SEED_YEARS = range(2010, 2036)

_MONTH = re.compile(r"^(\d{4})-(\d{2})$")
_QUARTER = re.compile(r"^(\d{4})-(\d{2})-Q([1-4])$")
_TERM = re.compile(r"^(\d{4})-(\d{2})-T([1-3])$")
_NAMED_TERM = re.compile(
    r"^(\d{4})[ _-](autumn|spring|summer)$|^(autumn|spring|summer)[ _-](\d{4})$", re.IGNORECASE
)
_QUARTER_SAID = re.compile(r"^Q([1-4]) (\d{4})[-/](\d{2})$", re.IGNORECASE)
_TERM_SAID = re.compile(r"^(autumn|spring|summer) term (\d{4})[-/](\d{2})$", re.IGNORECASE)
_SPLIT_YEAR = re.compile(r"^(\d{4})\s*[-/]\s*(\d{2}|\d{4})$")
_JOINED_YEAR = re.compile(r"^(20\d{2})(\d{2})$")  # 202425, as the DfE writes it in some files
_YEAR = re.compile(r"^\d{4}$")
_ISO = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:[T ].*)?$")
#: Years of two calendar years -> the month in which they start. The workforce year ends with the count of 30 September.
_YEARS = {"financial_year": 4, "academic_year": 9, "workforce_year": 10}
_TERMS = (("autumn", 9, 12), ("spring", 1, 3), ("summer", 4, 8))


class PeriodError(ValueError):
    """The text names no period of that kind. The message never repeats the text: it may come from a file."""


@dataclass(frozen=True, order=True)
class Period:
    """One period. `end` is the last day, inclusive. Sorts by kind, then time."""

    kind: str
    id: str
    start: dt.date
    end: dt.date
    label: str

    @property
    def year(self) -> int:
        """The year in which the period ends: the year by which layouts and code lists are dated."""
        return self.end.year

    def __contains__(self, day: dt.date) -> bool:
        return self.start <= day <= self.end

    @property
    def next(self) -> Period:
        return period_of(self.kind, self.end + dt.timedelta(days=1))

    @property
    def previous(self) -> Period:
        return period_of(self.kind, self.start - dt.timedelta(days=1))


def period_of(kind: str, day: dt.date) -> Period:
    """The period of that kind that holds the day."""
    if isinstance(day, dt.datetime):
        day = day.date()
    if kind == "month":
        start = day.replace(day=1)
        return Period(kind, f"{start:%Y-%m}", start, _add_months(start, 1, -1), f"{start:%B %Y}")
    if kind == "vintage":
        return Period(
            kind,
            str(day.year),
            dt.date(day.year, 1, 1),
            dt.date(day.year, 12, 31),
            f"published in {day.year}",
        )
    if kind in _YEARS:
        month = _YEARS[kind]
        return _year(kind, day.year if day.month >= month else day.year - 1, month)
    if kind == "quarter":
        year = period_of("financial_year", day)
        number = ((day.month - 4) % 12) // 3
        start = _add_months(year.start, 3 * number)
        end = _add_months(start, 3, -1)
        label = f"Q{number + 1} {year.id.replace('-', '/')} ({start:%B} to {end:%B %Y})"
        return Period(kind, f"{year.id}-Q{number + 1}", start, end, label)
    if kind == "term":
        year = period_of("academic_year", day)
        number, (name, first_month, last_month) = next(
            (n, t) for n, t in enumerate(_TERMS, start=1) if t[1] <= day.month <= t[2]
        )
        start = dt.date(day.year, first_month, 1)
        end = _add_months(dt.date(day.year, last_month, 1), 1, -1)
        return Period(kind, f"{year.id}-T{number}", start, end, f"{name} term {year.id.replace('-', '/')}")
    raise PeriodError(f"no such kind of period: {kind}")


def parse_period(kind: str, text: str) -> Period:
    """The period that the text names: its id, or a way in which files write it.

    Understood besides ids: "Q1 2024/25" and "summer term 2024/25", as workbooks head their sheets; "2024_autumn" for a
    term, by the calendar year that it lies in; "2024/25", "2024-2025", "202425" for years of two calendar years; a bare
    year, which for those years means the year in which it ends, as the DfE's collections number them;
    and an ISO date, which means the period that holds it. Raises PeriodError.
    """
    text = text.strip()
    if iso := _ISO.match(text):
        return period_of(kind, _date(iso[1]))
    if kind == "quarter" and (m := _QUARTER_SAID.match(text)):
        text = f"{m[2]}-{m[3]}-Q{m[1]}"
    if kind == "term" and (m := _TERM_SAID.match(text)):
        number = next(n for n, t in enumerate(_TERMS, start=1) if t[0] == m[1].lower())
        text = f"{m[2]}-{m[3]}-T{number}"
    if kind == "month" and (m := _MONTH.match(text)):
        return period_of(kind, _date(f"{m[1]}-{m[2]}-01"))
    if kind == "quarter" and (m := _QUARTER.match(text)):
        return period_of(kind, _add_months(_pair(m[1], m[2], 4), 3 * (int(m[3]) - 1)))
    if kind == "term" and (m := _TERM.match(text)):
        first = _pair(m[1], m[2], 9)
        month = _TERMS[int(m[3]) - 1][1]
        return period_of(kind, dt.date(first.year + (month < 9), month, 1))
    if kind == "term" and (m := _NAMED_TERM.match(text)):
        month = next(first for name, first, _ in _TERMS if name == (m[2] or m[3]).lower())
        return period_of(kind, dt.date(_in_range(int(m[1] or m[4])), month, 1))
    if kind in _YEARS:
        first_month = _YEARS[kind]
        if m := _SPLIT_YEAR.match(text) or _JOINED_YEAR.match(text):
            return period_of(kind, _pair(m[1], m[2], first_month))
        if _YEAR.match(text):
            return period_of(kind, dt.date(_in_range(int(text)) - 1, first_month, 1))
    if kind == "vintage" and _YEAR.match(text):
        return period_of(kind, dt.date(_in_range(int(text)), 1, 1))
    raise PeriodError(f"the text names no {kind.replace('_', ' ')}")


def periods_between(kind: str, first: dt.date, last: dt.date) -> Iterator[Period]:
    """Every period of that kind that lies wholly within the two days, both included, in order."""
    period = period_of(kind, first)
    if period.start < first:
        period = period.next
    while period.end <= last:
        yield period
        period = period.next


def bank_holidays(years: range = SEED_YEARS) -> dict[dt.date, str]:
    """England's bank holidays that take a working day away, in order: one that falls on a weekend counts by its substitute."""
    found = holidays.country_holidays("GB", subdiv="ENG", years=years, language="en_GB")
    return {day: name for day, name in sorted(found.items()) if day.weekday() < 5 and day.year in years}


@lru_cache(maxsize=1)
def _working_days() -> tuple[dt.date, ...]:
    off = bank_holidays(range(FIRST_YEAR, LAST_YEAR + 1))
    first = dt.date(FIRST_YEAR, 1, 1)
    span = (dt.date(LAST_YEAR, 12, 31) - first).days + 1
    days = (first + dt.timedelta(days=n) for n in range(span))
    return tuple(d for d in days if d.weekday() < 5 and d not in off)


def is_working_day(day: dt.date) -> bool:
    """True from Monday to Friday, except on England's bank holidays."""
    days = _working_days()
    at = bisect_right(days, _covered(day))
    return at > 0 and days[at - 1] == day


def working_days_between(start: dt.date, end: dt.date) -> int:
    """Working days after `start`, up to and including `end`. Negative when `end` is the earlier."""
    days = _working_days()
    return bisect_right(days, _covered(end)) - bisect_right(days, _covered(start))


def add_working_days(start: dt.date, number: int) -> dt.date:
    """The day on which the given number of working days has passed since `start`."""
    if number < 0:
        raise ValueError("only forward")
    if number == 0:
        return start
    days = _working_days()
    return days[bisect_right(days, _covered(start)) + number - 1]


def due_on(delivery: Delivery, period: Period) -> dt.date:
    """The day by which the agreement wants the return of a period, before any days of grace."""
    if delivery.due_working_days is not None:
        return add_working_days(period.end, delivery.due_working_days)
    return period.end + dt.timedelta(days=delivery.due_days)


def grace_until(delivery: Delivery, period: Period) -> dt.date:
    """The last day on which the return still counts as in time for the office's reminders."""
    return due_on(delivery, period) + dt.timedelta(days=delivery.grace_days)


def _year(kind: str, first: int, month: int) -> Period:
    start = dt.date(first, month, 1)
    short = f"{first}-{(first + 1) % 100:02d}"
    end = _add_months(start, 12, -1)
    noun = "school year" if kind == "academic_year" else "year"
    return Period(kind, short, start, end, f"{noun} to {end.day} {end:%B} {first + 1}")


def _add_months(start: dt.date, months: int, days: int = 0) -> dt.date:
    index = start.year * 12 + start.month - 1 + months
    return dt.date(index // 12, index % 12 + 1, start.day) + dt.timedelta(days=days)


def _pair(first: str, second: str, month: int) -> dt.date:
    """The first day of a year written as two years; the second must follow the first."""
    year = _in_range(int(first))
    if int(second) % 100 != (year + 1) % 100 or (len(second) == 4 and int(second) != year + 1):
        raise PeriodError("the second year does not follow the first")
    return dt.date(year, month, 1)


def _date(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError as error:
        raise PeriodError("not a date") from error
    _in_range(day.year)
    return day


def _in_range(year: int) -> int:
    if not FIRST_YEAR < year < LAST_YEAR:
        raise PeriodError("a year outside the calendar")
    return year


def _covered(day: dt.date) -> dt.date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"the calendar covers {FIRST_YEAR} to {LAST_YEAR}")
    return day
