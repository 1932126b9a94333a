"""Dates and working days for the synthetic partnership, in numpy, apart from the pipeline's own calendar.

Lives here: vectorised date arithmetic that the truth file rests on.
Add here: another piece of date arithmetic.
Must not live here: anything imported from ingest.calendar: the truth must not share its mistakes.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import holidays
import numpy as np

from ingest.synthetic.population import Array

NEVER: Final = np.datetime64("NaT", "D")
BUSDAYS: Final = np.busdaycalendar(
    holidays=[
        np.datetime64(d)
        for d in sorted(holidays.country_holidays("GB", subdiv="ENG", years=range(2010, 2031)))
    ]
)


def days(n: int) -> Array:
    """n empty dates."""
    return np.full(n, NEVER, "datetime64[D]")


def fy_start(year: int) -> np.datetime64:
    """The first day of the financial year that ends in March of `year`."""
    return np.datetime64(f"{year - 1}-04-01")


def fy_end(year: int) -> np.datetime64:
    return np.datetime64(f"{year}-03-31")


def plus(date: Array | np.datetime64, count: Array) -> Array:
    """Dates plus whole days; NaT stays NaT."""
    return np.asarray(date) + np.asarray(count).astype("timedelta64[D]")


def add_working_days(date: Array, count: Array) -> Array:
    """The day by which exactly `count` working days have passed: the count of working days in (date, result]."""
    known = ~np.isnat(date)
    out = np.full(date.shape, NEVER, "datetime64[D]")
    moved = np.busday_offset(
        date[known], np.broadcast_to(count, date.shape)[known], roll="backward", busdaycal=BUSDAYS
    )
    out[known] = np.maximum(moved, date[known])
    return out


def working_days(a: Array, b: Array) -> Array:
    """Working days in (a, b], as floats with NaN where either is unknown."""
    known = ~np.isnat(a) & ~np.isnat(b)
    out = np.full(a.shape, np.nan)
    one = np.timedelta64(1, "D")
    out[known] = np.busday_count(a[known] + one, b[known] + one, busdaycal=BUSDAYS)
    return out


def after_months(date: Array, months: int) -> Array:
    """The same day `months` later (or earlier), or the month's last day where it has no such day."""
    month = date.astype("datetime64[M]")
    moved = month + np.timedelta64(months, "M")
    last = (moved + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    return np.minimum(moved.astype("datetime64[D]") + (date - month.astype("datetime64[D]")), last)


def py(date: np.datetime64) -> dt.date:
    """A numpy day as a plain date."""
    return date.astype("datetime64[D]").item()
