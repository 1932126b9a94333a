"""Periods, England's working days and due dates."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import calendar as cal
from ingest.contract import load_contracts

DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2040, 12, 31))
DAY = dt.date.fromisoformat


@pytest.mark.parametrize(
    ("kind", "day", "period", "start", "end"),
    [
        ("month", "2024-02-29", "2024-02", "2024-02-01", "2024-02-29"),
        ("month", "2025-12-31", "2025-12", "2025-12-01", "2025-12-31"),
        ("quarter", "2025-04-01", "2025-26-Q1", "2025-04-01", "2025-06-30"),
        ("quarter", "2025-03-31", "2024-25-Q4", "2025-01-01", "2025-03-31"),
        ("quarter", "2024-12-31", "2024-25-Q3", "2024-10-01", "2024-12-31"),
        ("financial_year", "2025-03-31", "2024-25", "2024-04-01", "2025-03-31"),
        ("financial_year", "2025-04-01", "2025-26", "2025-04-01", "2026-03-31"),
        ("financial_year", "1999-06-01", "1999-00", "1999-04-01", "2000-03-31"),
        ("academic_year", "2025-08-31", "2024-25", "2024-09-01", "2025-08-31"),
        ("academic_year", "2025-09-01", "2025-26", "2025-09-01", "2026-08-31"),
        ("term", "2024-12-20", "2024-25-T1", "2024-09-01", "2024-12-31"),
        ("term", "2025-02-10", "2024-25-T2", "2025-01-01", "2025-03-31"),
        ("term", "2025-07-20", "2024-25-T3", "2025-04-01", "2025-08-31"),
        ("vintage", "2025-11-20", "2025", "2025-01-01", "2025-12-31"),
    ],
)
def test_the_period_that_holds_a_day(kind: str, day: str, period: str, start: str, end: str) -> None:
    found = cal.period_of(kind, DAY(day))
    assert (found.id, found.start, found.end) == (period, DAY(start), DAY(end))


@settings(max_examples=200, deadline=None)
@given(kind=st.sampled_from(cal.KINDS), day=DAYS)
def test_periods_tile_time_and_their_ids_read_back(kind: str, day: dt.date) -> None:
    period = cal.period_of(kind, day)
    assert day in period
    assert cal.parse_period(kind, period.id) == period
    assert period.next.start == period.end + dt.timedelta(days=1)
    assert period.previous.next == period
    assert period.next.id > period.id, "ids sort as time does"


@pytest.mark.parametrize(
    ("kind", "text", "period"),
    [
        ("financial_year", "2024/25", "2024-25"),
        ("financial_year", "2024-2025", "2024-25"),
        ("academic_year", "2024/25", "2024-25"),
        ("academic_year", "202425", "2024-25"),
        ("financial_year", "2025", "2024-25"),
        ("financial_year", "2025-03-31", "2024-25"),
        ("vintage", "2025", "2025"),
        ("month", "2025-04-30T00:00:00", "2025-04"),
        ("quarter", " 2025-26-Q4 ", "2025-26-Q4"),
        ("quarter", "Q1 2025/26", "2025-26-Q1"),
        ("quarter", "q3 2024-25", "2024-25-Q3"),
        ("term", "Summer term 2024/25", "2024-25-T3"),
    ],
)
def test_ways_in_which_files_write_a_period(kind: str, text: str, period: str) -> None:
    assert cal.parse_period(kind, text).id == period


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("financial_year", "2024-26"),
        ("financial_year", "2024/2026"),
        ("month", "2025-13"),
        ("month", "April"),
        ("quarter", "2025-26-Q5"),
        ("quarter", "2025-27-Q1"),
        ("quarter", "Q5 2025/26"),
        ("term", "summer term 2024/26"),
        ("vintage", "20255"),
        ("financial_year", "1066"),
        ("academic_year", ""),
        ("month", "2025-02-30"),
    ],
)
def test_what_names_no_period_is_refused_without_repeating_it(kind: str, text: str) -> None:
    with pytest.raises(cal.PeriodError) as error:
        cal.parse_period(kind, text)
    assert not text or text not in str(error.value)


def test_periods_between_takes_whole_periods_only() -> None:
    found = cal.periods_between("quarter", DAY("2024-05-01"), DAY("2025-03-31"))
    assert [p.id for p in found] == ["2024-25-Q2", "2024-25-Q3", "2024-25-Q4"]


@pytest.mark.parametrize(
    "day",
    [
        "2022-06-02",
        "2022-06-03",
        "2022-09-19",
        "2023-05-08",
        "2025-04-18",
        "2025-04-21",
        "2025-12-25",
        "2021-12-27",
        "2021-12-28",  # Christmas on a weekend: the substitutes
        "2020-05-08",  # the early May holiday that moved to a Friday
    ],
)
def test_bank_holidays_of_england_are_not_working_days(day: str) -> None:
    assert not cal.is_working_day(DAY(day))


@pytest.mark.parametrize("day", ["2025-03-17", "2025-01-02", "2020-05-04", "2024-12-24"])
def test_holidays_of_other_nations_and_ordinary_days_are_working_days(day: str) -> None:
    assert cal.is_working_day(DAY(day))


def test_the_seed_has_eight_holidays_a_year_or_the_extra_ones_of_history() -> None:
    by_year: dict[int, int] = {}
    for day in cal.bank_holidays():
        assert day.weekday() < 5
        by_year[day.year] = by_year.get(day.year, 0) + 1
    assert set(by_year) == set(cal.SEED_YEARS)
    assert {y: n for y, n in by_year.items() if n != 8} == {2011: 9, 2012: 9, 2022: 10, 2023: 9}


def test_working_days_between_leaves_out_the_first_day_and_counts_the_last() -> None:
    assert cal.working_days_between(DAY("2025-04-17"), DAY("2025-04-22")) == 1  # Easter lies between
    assert cal.working_days_between(DAY("2025-04-22"), DAY("2025-04-22")) == 0
    assert cal.working_days_between(DAY("2025-04-22"), DAY("2025-04-17")) == -1
    assert cal.working_days_between(DAY("2025-01-06"), DAY("2025-03-10")) == 45


@settings(max_examples=200, deadline=None)
@given(start=DAYS, number=st.integers(1, 90))
def test_adding_working_days_is_the_inverse_of_counting_them(start: dt.date, number: int) -> None:
    end = cal.add_working_days(start, number)
    assert cal.is_working_day(end)
    assert cal.working_days_between(start, end) == number


@settings(max_examples=100, deadline=None)
@given(a=DAYS, b=DAYS, c=DAYS)
def test_working_days_add_up(a: dt.date, b: dt.date, c: dt.date) -> None:
    assert cal.working_days_between(a, b) + cal.working_days_between(b, c) == cal.working_days_between(a, c)


def test_a_date_outside_the_calendar_is_not_counted_from() -> None:
    with pytest.raises(ValueError, match="covers"):
        cal.working_days_between(DAY("1900-01-01"), DAY("2025-01-01"))


@pytest.mark.parametrize(
    ("key", "period", "due"),
    [
        (
            "police/missing_episodes",
            "2025-04",
            "2025-05-15",
        ),  # ten working days, the early May holiday left out
        ("council/cin_census", "2024-25", "2025-06-30"),
        ("council/missing_and_return_interviews", "2025-26-Q1", "2025-07-30"),
        ("school/safeguarding_return", "2024-25", "2025-04-30"),  # before the school year ends
        ("school/safeguarding_return", "2023-24", "2024-04-30"),
        ("partnership/board_attendance", "2024-25-Q4", "2025-04-20"),
    ],
)
def test_due_dates_of_the_extracts(key: str, period: str, due: str) -> None:
    delivery = load_contracts()[key].delivery
    assert cal.due_on(delivery, cal.parse_period(delivery.cadence, period)) == DAY(due)
    assert cal.grace_until(delivery, cal.parse_period(delivery.cadence, period)) >= DAY(due)
