"""The synthetic looked-after returns: the published numbers, the health records' children, and one story over three years."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ingest.contract import load_contracts
from ingest.synthetic import agencies, careers, others, population
from ingest.synthetic import calibration as cal
from ingest.synthetic.extracts import looked_after
from ingest.synthetic.extracts.looked_after import STOCK, YEARS
from ingest.synthetic.world import World
from ingest.synthetic.writers import Delivery

SIZE = 0.1


@pytest.fixture(scope="module")
def world() -> World:
    pop = population.make(SIZE, 7)
    frames = {"health": others.health(pop)}
    both = (careers.make(pop, 0), careers.make(pop, 1))
    return World(pop, both, agencies.missing(pop), frames, load_contracts())


@pytest.fixture(scope="module")
def returns(world: World) -> dict[tuple[str, int], Delivery]:
    return {(d.submitter, d.year): d for d in looked_after.deliveries(world)}


def days(texts: pd.Series) -> pd.Series:
    return pd.to_datetime(texts.where(texts != "", None), format="%d/%m/%Y")


def test_every_council_returns_every_year_and_the_fields_of_the_contract(
    returns: dict[tuple[str, int], Delivery],
) -> None:
    assert set(returns) == {(c, y) for c in cal.COUNCILS for y in YEARS}
    extract = load_contracts()["council/ssda903"]
    for delivery in returns.values():
        assert {"header", "episodes", "oc2", "oc3", "reviews", "prev_perm", "missing", "sw_episodes"} <= set(
            delivery.tables
        )
        for name, frame in delivery.tables.items():
            sent = [c for c in frame.columns if not c.startswith("_")]
            assert sent == [f.name for f in extract.by_table[name].fields], name


@pytest.mark.parametrize("area", [0, 1])
@pytest.mark.parametrize("year", YEARS)
def test_children_in_care_on_31_march_are_the_published_number(
    returns: dict[tuple[str, int], Delivery], area: int, year: int
) -> None:
    episodes = returns[cal.COUNCILS[area], year].tables["episodes"]
    still = episodes[episodes["episode_ceased_on"] == ""]
    assert still["la_child_id"].nunique() == len(still)
    # A few who came in the last weeks of the year cannot have left again.
    assert abs(len(still) - STOCK[year][area] * SIZE) <= 3


def test_who_came_into_care_is_who_the_health_records_say(
    world: World, returns: dict[tuple[str, int], Delivery]
) -> None:
    health = world.frames["health"]
    for (council, _), delivery in returns.items():
        area = cal.COUNCILS.index(council)
        own = health[health["responsible_la"] == cal.LA[area]]
        entered = set(zip(own["_child"], own["entered_care_on"], strict=True))
        episodes = delivery.tables["episodes"]
        starts = episodes[episodes["reason_new_episode"] == "S"]
        recent = starts[days(starts["episode_started_on"]) >= "2023-04-01"]
        assert (
            len(recent) and set(zip(recent["_child"], recent["episode_started_on"], strict=True)) <= entered
        )


def test_an_episode_is_told_again_and_closed_by_the_next_return(
    returns: dict[tuple[str, int], Delivery],
) -> None:
    key = ["la_child_id", "episode_started_on"]
    for council in cal.COUNCILS:
        for year in YEARS[:-1]:
            before, after = (returns[council, y].tables["episodes"] for y in (year, year + 1))
            still = before[before["episode_ceased_on"] == ""]
            joined = still.merge(after, on=key, how="left", suffixes=("", "_after"))
            assert len(joined) == len(still) and not joined["legal_status_after"].isna().any()
            assert np.any(joined["episode_ceased_on_after"] != "")


def test_codes_are_those_of_the_years_list(returns: dict[tuple[str, int], Delivery]) -> None:
    contracts = load_contracts()
    for delivery in returns.values():
        for name, frame in delivery.tables.items():
            for field in contracts["council/ssda903"].by_table[name].fields:
                if field.codelist and field.name in frame:
                    live = {
                        c.code for c in contracts.codelists[field.codelist].codes if c.in_force(delivery.year)
                    }
                    assert set(frame[field.name]) <= live | {""}, (name, field.name, delivery.year)
