"""The invented people: right numbers, valid identifiers that can belong to nobody, dates that the truth can rest on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from stdnum.gb import nhs, upn

from ingest.synthetic import calibration as cal
from ingest.synthetic import careers, names, population, truth, written
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


# --- names


def test_names_are_of_the_list_and_most_are_rare(pop: population.Population) -> None:
    listed = names.listed()
    forenames = {n for (_, part, _), some in listed.items() if part == "forename" for n in some}
    surnames = {n for (_, part, _), some in listed.items() if part == "surname" for n in some}
    parts = {p for double in surnames if "-" in double for p in double.split("-")}
    assert set(pop.names.forename) <= forenames
    assert {
        p for n in pop.names.surname for p in ([n] if n in surnames else n.split("-"))
    } <= surnames | parts
    assert len(surnames) > 2000
    assert all(
        len({n for (_, p, s), some in listed.items() if (p, s) == ("forename", sex) for n in some}) > 400
        for sex in "FM"
    )
    for given, rare in ((pop.names.forename, 300), (pop.names.surname, 1000)):
        counts = pd.Series(given).value_counts()
        assert 0.005 < counts.iloc[0] / counts.sum() < 0.03
        assert (counts < 10).sum() > rare


def test_every_letter_of_a_name_is_latin() -> None:
    """The police's files are in Windows-1252: what it does not know must lose its accent and be known then."""
    for some in names.listed().values():
        assert all(written.plain(n).isascii() for n in some)


def test_families_share_a_surname_but_no_forename(pop: population.Population) -> None:
    known = pop.names
    frame = pop.children[["family"]].assign(
        forename=known.forename, surname=known.surname, one=known.one_name
    )
    several = frame[frame.groupby("family")["family"].transform("size") > 1]
    of_surname = several.groupby(["family", "surname"]).size().groupby("family").max()
    usual = of_surname / several.groupby("family").size()
    assert 0.8 < usual.mean() < 0.98
    twice = frame[frame.duplicated(["family", "forename"], keep=False)]
    assert len(twice) and twice["one"].all()
    assert 0.03 < np.mean(["-" in s for s in known.surname]) < 0.06
    assert 0.01 < (~np.isnat(known.changed)).mean() < 0.03


def test_brothers_and_sisters_of_one_name_are_a_year_apart(pop: population.Population) -> None:
    known = pop.names
    younger = np.flatnonzero(known.one_name)[1::2]
    assert len(younger) >= 4
    for i in younger:
        assert (known.forename[i], known.surname[i]) == (known.forename[i - 1], known.surname[i - 1])
        assert pop.children["family"].iat[i] == pop.children["family"].iat[i - 1]
        assert (pop.birth(np.array([i]))[0] - pop.birth(np.array([i - 1]))[0]).astype(int) > 365
    assert np.isnat(known.changed[known.one_name]).all()


def test_twins_share_birth_and_surname_and_some_names_look_alike(pop: population.Population) -> None:
    known = pop.names
    second = np.flatnonzero(known.lead != np.arange(len(known.lead)))
    first = known.lead[second]
    assert len(second) > 100
    assert (pop.birth(first) == pop.birth(second)).all() and (
        known.surname[first] == known.surname[second]
    ).all()
    assert (known.forename[first] != known.forename[second]).all()
    pairs = {p for by_group in names.TWINS.values() for some in by_group.values() for p in some}
    alike = [
        f"{a} {b}" in pairs or f"{b} {a}" in pairs
        for a, b in zip(known.forename[first], known.forename[second], strict=True)
    ]
    initial = [a[0] == b[0] for a, b in zip(known.forename[first], known.forename[second], strict=True)]
    assert 0.15 < np.mean(alike) < 0.45
    assert np.mean(initial) > np.mean(alike) + 0.1


# --- how agencies write


ON = np.datetime64("2023-04-01")  # nobody's name has changed yet


@pytest.mark.parametrize("agency", sorted(written.HABITS))
def test_agencies_write_most_children_down_as_they_are(pop: population.Population, agency: str) -> None:
    child = np.flatnonzero(pop.birth(np.arange(len(pop.children))) <= ON)
    wrote = written.person(pop, child, agency, ON)
    habit = written.HABITS[agency]

    def folded(texts: np.ndarray) -> np.ndarray:
        return np.array([written.plain(t).casefold().strip() for t in texts], dtype=object)

    differs = folded(wrote.forename) != folded(pop.forename(child))
    at_least = habit.nickname + habit.middle * names.MIDDLE + written.SPELLING["forename"]
    assert 0.6 * at_least < differs.mean() < at_least + 0.04
    turned = (wrote.forename == pop.surname(child)) & (wrote.surname == pop.forename(child))
    assert 0.001 < turned.mean() < 0.006
    true = pop.birth(child)
    rates = written.DAY_AND_MONTH + written.DAY_SLIP + written.WRONG_YEAR + habit.new_year + habit.stand_in
    assert abs((wrote.birth != true).mean() - (rates if habit.birth else 0)) < 0.005
    assert (wrote.birth <= ON).all()
    assert abs(np.isin(wrote.sex, ("", "U")).mean() - (written.NO_SEX if habit.birth else 0)) < 0.005
    assert (wrote.postcode[written.protected(pop, child)] == "").all()
    assert 0.002 < (wrote.postcode == "").mean() < 0.012
    for text in (*wrote.forename, *wrote.surname):
        assert text.encode(habit.encoding) and len(text) <= 80


def test_a_record_differs_in_the_same_way_in_every_file(pop: population.Population) -> None:
    child = np.arange(0, len(pop.children), 3)
    whole = written.person(pop, child, "police", ON)
    some = written.person(pop, child[::-5], "police", ON)
    assert (whole.forename[::-5] == some.forename).all() and (whole.birth[::-5] == some.birth).all()
    assert (whole.postcode[::-5] == some.postcode).all()
    second = written.person(pop, child, "police", ON, np.ones(len(child), bool))
    assert (second.forename != whole.forename).mean() > 0.05, "another record, other slips"


def test_what_is_written_never_changes_who_the_child_is(pop: population.Population) -> None:
    before = population.make(0.05, 7)
    everyone = np.arange(len(pop.children))
    for agency in written.HABITS:
        written.person(pop, everyone, agency, np.datetime64("2026-01-01"))
    pd.testing.assert_frame_equal(pop.children, before.children)
    for part in ("forename", "surname", "later", "middle"):
        assert (getattr(pop.names, part) == getattr(before.names, part)).all()


def test_agencies_hear_of_a_new_name_and_a_new_home_at_different_times(pop: population.Population) -> None:
    child = np.flatnonzero(~np.isnat(pop.names.changed))
    months = np.arange("2023-04", "2026-07", dtype="datetime64[M]").astype("datetime64[D]")
    new: dict[str, np.ndarray] = {}
    for agency in ("police", "school"):
        wrote = np.stack([written.person(pop, child, agency, m).surname for m in months])
        new[agency] = (wrote != wrote[0]).sum(0)
        assert ((wrote[1:] != wrote[:-1]).sum(0) <= 1).all(), "no going back"
    assert (new["police"] < new["school"]).mean() > 0.4
    everyone = np.arange(len(pop.children))
    homes = np.stack([written.homes(pop, everyone, m, "health") for m in months])
    assert (np.diff(homes, axis=0) >= 0).all()
    assert 0.15 < (homes[-1] > homes[0]).mean() < 0.35


def test_slips_are_one_edit_from_the_name() -> None:
    for luck in np.linspace(0, 0.999, 60):
        wrong = written.slip("Charlotte", float(luck))
        assert wrong[0] == "C" and abs(len(wrong) - 9) <= 1
    assert written.slip("Li", 0.5) == "Li"
