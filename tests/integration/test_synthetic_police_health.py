"""The police's and the NHS's synthetic extracts: one child is one child in all of them, and their events tell one story."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from ingest.contract import load_contracts
from ingest.synthetic import agencies, careers, others, population
from ingest.synthetic.extracts import health_children, health_counts, police_crime, police_incidents
from ingest.synthetic.people import patient
from ingest.synthetic.world import World
from ingest.synthetic.writers import Delivery

PERIODS = {"month": 36, "quarter": 12, "financial_year": 3}


@pytest.fixture(scope="module")
def world() -> World:
    pop = population.make(0.02, 2026)
    frames = {"schools": {a: others.schools(pop, a) for a in (0, 1)}}
    both = (careers.make(pop, 0), careers.make(pop, 1))
    return World(pop, both, agencies.missing(pop), frames, load_contracts())


@pytest.fixture(scope="module")
def sent(world: World) -> dict[str, list[Delivery]]:
    out: dict[str, list[Delivery]] = defaultdict(list)
    for module in (police_incidents, police_crime, health_children, health_counts):
        for delivery in module.deliveries(world):
            out[delivery.key].append(delivery)
    return out


def whole(deliveries: list[Delivery], table: str) -> pd.DataFrame:
    return pd.concat([d.tables[table] for d in deliveries], ignore_index=True)


def test_every_period_of_every_extract_has_a_delivery(world: World, sent: dict[str, list[Delivery]]) -> None:
    assert len(sent) == 16
    for key, deliveries in sent.items():
        assert len(deliveries) == PERIODS[world.contracts[key].delivery.cadence], key


def test_no_row_repeats_another_before_faults_are_planted(
    world: World, sent: dict[str, list[Delivery]]
) -> None:
    for key, deliveries in sent.items():
        for delivery in deliveries:
            for name, frame in delivery.tables.items():
                grain = list(world.contracts[key].by_table[name].grain)
                assert not frame.duplicated(grain).any(), (key, name, delivery.period)


def test_a_child_has_the_same_numbers_wherever_it_is_named(
    world: World, sent: dict[str, list[Delivery]]
) -> None:
    named = 0
    for key, deliveries in sent.items():
        for table in world.contracts[key].tables:
            if table.identity is None:
                continue
            frame = whole(deliveries, table.name)
            child = frame["_child"].to_numpy().astype(np.int64)
            known = (frame["nhs_number"] != "").to_numpy()
            assert (world.population.nhs(child)[known] == frame["nhs_number"].to_numpy()[known]).all(), key
            local = frame[table.identity.local_id].to_numpy()
            if key.startswith("police/"):
                own = [agencies.nominal(child, np.full(len(child), second)) for second in (False, True)]
            else:
                own = [patient(child), health_children.unborn_ref(child)]
            assert ((local == own[0]) | (local == own[1])).all(), key
            named += 1
    assert named == 13


def test_domestic_abuse_comes_before_referrals_by_the_police(
    world: World, sent: dict[str, list[Delivery]]
) -> None:
    rows = whole(sent["police/domestic_abuse"], "children")
    seen = pd.DataFrame(
        {
            "child": rows["_child"].astype("int64"),
            "at": pd.to_datetime(rows["occurred_at"], format="%d/%m/%Y %H:%M"),
        }
    )
    referred = pd.concat([c.episodes[c.episodes["source"] == "6"][["child", "ref"]] for c in world.careers])
    referred = referred[(referred["ref"] >= "2023-05-01") & (referred["ref"] <= "2026-03-31")]
    pairs = referred.merge(seen, on="child")
    days = (pairs["ref"] - pairs["at"].dt.normalize()).dt.days
    told = pairs[(days >= 0) & (days <= 5)][["child", "ref"]].drop_duplicates()
    assert len(told) > 0.25 * len(referred)


def test_an_encompass_notice_is_about_a_child_of_an_attended_incident(
    sent: dict[str, list[Delivery]],
) -> None:
    abuse = whole(sent["police/domestic_abuse"], "children")
    attended = set(
        zip(
            abuse.loc[abuse["attended"] == "Y", "incident_ref"],
            abuse.loc[abuse["attended"] == "Y", "_child"],
            strict=True,
        )
    )
    notices = whole(sent["police/operation_encompass"], "notices")
    assert set(zip(notices["incident_ref"], notices["_child"], strict=True)) <= attended


def test_a_crime_that_changes_is_sent_again_and_says_more(sent: dict[str, list[Delivery]]) -> None:
    rows = whole(sent["police/child_crime"], "victims")
    of_crime = rows.groupby(["crime_ref", "nominal_ref"], sort=False)
    assert of_crime.ngroups == rows["crime_ref"].nunique(), "the nominal of a crime changed"
    assert (of_crime.size() > 1).mean() > 0.3
    first, last = of_crime["outcome"].first(), of_crime["outcome"].last()
    assert ((first == "") & (last != "")).any()
    assert not ((first != "") & (last == "")).any()


def test_deaths_and_admissions_hide_small_counts(sent: dict[str, list[Delivery]]) -> None:
    for key, table, columns in (
        ("health/admissions", "counts", ["admissions"]),
        ("health/child_death_review", "counts", ["deaths_notified", "deaths_reviewed", "modifiable"]),
    ):
        shown = {v for c in columns for v in whole(sent[key], table)[c]} - {"", "*"}
        assert shown and all(int(v) == 0 or int(v) > 7 for v in shown)
