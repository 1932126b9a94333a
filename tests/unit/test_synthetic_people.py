"""The invented people: right numbers, valid identifiers that can belong to nobody, dates that the truth can rest on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from stdnum.gb import nhs, upn

from ingest.synthetic import calibration as cal
from ingest.synthetic import careers, population, truth
from ingest.synthetic.days import after_months, working_days


@pytest.fixture(scope="module")
def pop() -> population.Population:
    return population.make(0.05, 7)


def test_as_many_children_as_the_areas_have(pop: population.Population) -> None:
    born = pop.children["birth"].to_numpy().astype("datetime64[D]")
    now = (born <= np.datetime64("2024-06-30")) & (born > np.datetime64("2006-06-30"))
    for area in (0, 1):
        assert (now & (pop.children["area"] == area)).sum() == round(cal.POPULATION[2024][area] * 0.05)


def test_numbers_are_valid_distinct_and_nobodys(pop: population.Population) -> None:
    everyone = np.arange(len(pop.children))
    numbers = pop.nhs(everyone)
    assert len(set(numbers)) == len(numbers)
    assert all(n.startswith("999") and nhs.is_valid(n) for n in numbers[:500])
    pupils = pop.upn(everyone)
    assert len(set(pupils)) == len(pupils)
    assert all(upn.is_valid(n) for n in pupils[:500])
    assert any(n[-1].isalpha() for n in pupils), "temporary numbers exist"


def test_families_have_brothers_sisters_and_twins(pop: population.Population) -> None:
    sizes = pop.children.groupby("family").size()
    assert (sizes > 1).mean() > 0.3
    assert pop.children.duplicated(["family", "birth"]).sum() > 5


def test_nobody_is_referred_twice_on_a_day_or_starts_two_plans_on_one(pop: population.Population) -> None:
    for area in (0, 1):
        c = careers.make(pop, area)
        assert not c.episodes.duplicated(["child", "ref"]).any()
        plans = c.plans.assign(child=c.episodes["child"].to_numpy()[c.plans["episode"]])
        assert not plans.duplicated(["child", "start"]).any()
        plans = plans.sort_values(["child", "start"])
        same = plans["child"].eq(plans["child"].shift())
        assert (plans["end"].shift()[same] <= plans["start"][same]).all(), (
            "plans of one child follow each other"
        )
        ref = c.episodes["ref"].to_numpy()[c.plans["episode"]]
        assert (ref <= plans.sort_index()["start"].to_numpy()).all()


def test_later_plans_are_numbered_on(pop: population.Population) -> None:
    c = careers.make(pop, 0)
    plans = c.plans.assign(child=c.episodes["child"].to_numpy()[c.plans["episode"]]).sort_values(
        ["child", "start"]
    )
    same = plans["child"].eq(plans["child"].shift())
    assert same.any()
    assert (plans["previous"][same] == plans["previous"].shift()[same] + 1).all()


def test_dates_of_the_truth() -> None:
    d = np.array(["2024-02-29", "2025-03-31"], "datetime64[D]")
    assert list(after_months(d, -12).astype(str)) == ["2023-02-28", "2024-03-31"]
    assert list(after_months(d, 24).astype(str)) == ["2026-02-28", "2027-03-31"]
    # Thursday before Easter 2025 to the Tuesday after: Good Friday and Easter Monday do not count.
    assert (
        working_days(np.array(["2025-04-17"], "datetime64[D]"), np.array(["2025-04-22"], "datetime64[D]"))[0]
        == 1
    )


def _label(rows: list[tuple[int, str, str, str]]) -> list[int]:
    facts = pd.DataFrame(rows, columns=["node", "nhs", "upn", "birth"])
    return list(truth._link(facts, int(facts["node"].max()) + 1))


def test_perfect_linkage_of_the_truth() -> None:
    a, b = population.nhs_numbers(np.array([1, 2])).astype(str)
    assert (
        len(set(_label([(0, a, "", "2010-01-01"), (1, a, "", "2010-01-01"), (2, b, "", "2010-01-01")]))) == 2
    )
    assert len(set(_label([(0, a, "", "2010-01-01"), (1, a, "", "2011-01-01")]))) == 2, (
        "one number, two birth dates"
    )
    assert len(set(_label([(0, a, "", "2010-01-01"), (1, a, "", "")]))) == 1, (
        "a missing birth date does not contradict"
    )
    assert (
        len(
            set(
                _label(
                    [(0, a[:-1] + str((int(a[-1]) + 1) % 10), "", "2010-01-01")] * 2
                    + [(1, a, "", "2010-01-01")]
                )
            )
        )
        == 2
    ), "invalid"
