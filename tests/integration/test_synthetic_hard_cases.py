"""The invented children who are hard to recognise: new identities, moves between the councils, twins with one number."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.contract import load_contracts
from ingest.synthetic import agencies, careers, hard_cases, others, population, truth
from ingest.synthetic import calibration as cal
from ingest.synthetic.extracts import school_census
from ingest.synthetic.world import World


@pytest.fixture(scope="module")
def world() -> World:
    pop = population.make(0.1, 2026)
    frames = {"health": others.health(pop), "schools": {a: others.schools(pop, a) for a in (0, 1)}}
    both = (careers.make(pop, 0), careers.make(pop, 1))
    return hard_cases.hardened(World(pop, both, agencies.missing(pop), frames, load_contracts()))


def test_an_adopted_child_is_another_child_from_that_day_on(world: World) -> None:
    pop = world.population
    origin = pop.children["origin"].to_numpy()
    new = np.flatnonzero(origin >= 0)
    old = origin[new]
    assert len(new) >= 3
    adopted = np.concatenate([c.people.loc[c.people["adopted"], "child"] for c in world.frames["care"]])
    assert set(adopted) <= set(old), "every adopted child has a new identity"
    for column in ("birth", "sex", "ethnicity"):
        assert (pop.children[column].to_numpy()[new] == pop.children[column].to_numpy()[old]).all()
    assert not set(pop.nhs(new)) & set(pop.nhs(old)) and not set(pop.upn(new)) & set(pop.upn(old))
    assert (pop.surname(new) != pop.surname(old)).mean() > 0.9
    kept = (pop.forename(new) == pop.forename(old)).mean()
    assert 0.3 <= kept < 1
    day = pop.children["since"].to_numpy()[new].astype("datetime64[D]")
    assert (pop.children["until"].to_numpy()[old].astype("datetime64[D]") == day).all()
    assert not pop.lives(new, day - 1).any() and pop.lives(old, day - 1).all()
    assert pop.lives(new, day).all() and not pop.lives(old, day).any()


def test_nothing_is_referred_of_an_identity_that_ended_or_has_not_begun(world: World) -> None:
    for c in world.careers:
        child, ref = c.episodes["child"].to_numpy(), c.episodes["ref"].to_numpy().astype("datetime64[D]")
        assert world.population.lives(child, ref).all()
    for delivery in school_census.deliveries(world):
        child = delivery.tables["pupil_on_roll"]["_child"].to_numpy().astype(np.int64)
        assert world.population.lives(child, truth.last_day(delivery)).all()


def test_names_of_the_others_stay_when_children_get_new_identities(world: World) -> None:
    before = population.make(0.1, 2026)
    n = len(before.children)
    assert (world.population.names.forename[:n] == before.names.forename).all()
    assert (world.population.names.surname[:n] == before.names.surname).all()


def test_a_child_who_moves_is_known_to_one_council_and_then_to_the_other(world: World) -> None:
    pop = world.population
    moved = np.flatnonzero(~np.isnat(pop.children["moved"].to_numpy()))
    assert len(moved) >= 6
    met = {c.area: c.episodes.groupby("child")["ref"].agg(["min", "max"]) for c in world.careers}
    both = [i for i in moved if all(i in met[a].index for a in (0, 1))]
    assert len(both) > 0.7 * len(moved)
    for i in both:
        home = int(pop.children["area"].iat[i])
        assert met[home].loc[i, "max"] < pop.children["moved"].iat[i] < met[1 - home].loc[i, "min"]
    listed: dict[int, set[str]] = {int(i): set() for i in both}
    for c in world.careers:
        for year in cal.CENSUS_YEARS:
            children = agencies.census(pop, c, year)["children"]
            known = children[children["_child"].isin(both)]
            own = pop.upn(known["_child"].to_numpy().astype(np.int64))
            assert ((known["upn"] == "") | (known["upn"] == own)).all()
            for i, local in zip(known["_child"], known["la_child_id"], strict=True):
                listed[i].add(local)
    assert np.mean([len(ids) >= 2 for ids in listed.values()]) > 0.7


def test_stoke_has_one_upn_for_some_twins(world: World) -> None:
    pop = world.population
    second = np.flatnonzero(pop.names.lead != np.arange(len(pop.children)))
    shared = agencies.council_upn(pop, 1, second) == pop.upn(pop.names.lead[second])
    assert 0.05 < shared.mean() < 0.4
    assert (agencies.council_upn(pop, 0, second) == pop.upn(second)).all()
