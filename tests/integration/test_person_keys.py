"""Person keys: the same for every order of arrival, pinned once published, and every later change an event with a reason."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.identity import decisions, linkage
from tests.support.identity_room import Room
from tests.support.people_rows import Row, child, nhs, row, upn

N1, N2, N3 = nhs("999000001"), nhs("999814732"), nhs("999000050")
U1, U2 = upn("860123456789"), upn("860987654321")
BORN = dt.date(2012, 4, 3)
#: Returns by id: who sent what. Twins, namesakes, an adopted child, a mover, an unborn child, a child under two ids, slips.
RETURNS: dict[str, list[Row]] = {
    "s1": [child("council1", nhs_number=N1), row("nameless", upn=U1, birth_date=BORN), row("unborn", expected_birth_date=dt.date(2024, 5, 1))],
    "s2": [child("police1", "police", forename="Shevaun"), child("police_twin", "police", forename="Niamh")],
    "s3": [child("health1", "health", nhs_number=N1, postcode="ST5 9ZZ"), child("health_twin", "health", forename="Niamh", nhs_number=N2)],
    "s4": [child("pupil", "school", upn=U1, postcode=None), child("pupil_twin", "school", forename="Niamh", upn=U2, postcode=None)],
    "s5": [child("council2", nhs_number=N1), child("adopted", forename="Ida", nhs_number=N3, identity_ended_on=dt.date(2024, 4, 20))],
    "s6": [child("police2", "police", birth_date=dt.date(2012, 3, 4)), child("new_identity", "police", forename="Ida", surname="Fairweather")],
    "s7": [child("stoke", "stoke", postcode="ST4 9ZZ", upn=U1), child("sibling", "stoke", birth_date=dt.date(2014, 8, 30))],
    "s8": [child("unborn", forename="Ada", birth_date=dt.date(2024, 5, 6)), child("health_ada", "health", forename="Ada", birth_date=dt.date(2024, 5, 6))],
    "s9": [child("police1", "police", postcode="ST5 9ZZ"), child("council1", surname="Fairweather", nhs_number=N1)],
}  # fmt: skip


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path / "home")


def arrive(room: Room, *submissions: str) -> None:
    for submission in submissions:
        room.arrive(submission, RETURNS[submission])


def linked_after_each(room: Room, submissions: Sequence[str]) -> Room:
    for submission in submissions:
        arrive(room, submission)
        room.link()
    return room


def test_twenty_orders_of_arrival_give_the_same_keys_byte_for_byte(tmp_path: Path) -> None:
    """Linked after every arrival, scores kept between; the last map is the same whichever return came when.

    Orders that begin alike share the room up to where they part: five beginnings, each with two middles, each with two ends.
    """
    found: list[bytes] = []
    chance = random.Random(0)
    for beginning in range(5):
        first = chance.sample(sorted(RETURNS), 4)
        begun = linked_after_each(Room(tmp_path / f"{beginning}"), first)
        for middle in range(2):
            second = chance.sample([r for r in RETURNS if r not in first], 3)
            half = linked_after_each(begun.copy(tmp_path / f"{beginning}{middle}"), second)
            rest = [r for r in RETURNS if r not in {*first, *second}]
            for end, last in enumerate(chance.sample(list(itertools.permutations(rest)), 2)):
                room = linked_after_each(half.copy(tmp_path / f"{beginning}{middle}{end}"), last)
                found.append(before := room.map_bytes)
                (room.home.identity / linkage.NOTE).unlink()  # as if nobody remembered having linked
                room.link()
                assert room.map_bytes == before
    assert len(found) == 20 and len(set(found)) == 1


def test_who_is_who_in_these_returns(room: Room) -> None:
    arrive(room, *RETURNS)
    people = room.link()
    one = {
        people[t]
        for t in ("council1", "council2", "police1", "police2", "health1", "pupil", "nameless", "stoke")
    }
    twin = {people[t] for t in ("police_twin", "health_twin", "pupil_twin")}
    assert len(one) == len(twin) == 1 and one != twin
    assert people["unborn"] == people["health_ada"]
    alone = [people[t] for t in ("adopted", "new_identity", "sibling")]
    assert len({*alone, *one, *twin, people["unborn"]}) == 6


def test_a_published_key_outlives_late_and_corrected_returns(room: Room) -> None:
    """A return of an older month would give the person another first token; a correction takes the first token away."""
    arrive(room, "s3", "s9")
    published = room.link()
    room.publish("r1")
    arrive(room, "s1", "s2", "s5")  # older months, and more of the same child
    later = room.link()
    assert {t: later[t] for t in published} == published
    assert later["council1"] == later["council2"] == published["health1"]
    room.publish("r2")
    room.link()
    room.arrive(
        "s30", number=2, of="s3", rows=[child("health_twin", "health", forename="Niamh", nhs_number=N2)]
    )  # without the child
    corrected = room.link()
    assert "health1" not in corrected and corrected["council1"] == later["council1"]
    assert not room.events


def test_two_persons_that_prove_to_be_one_are_a_merge_with_a_reason(room: Room) -> None:
    apart = [
        child("a", forename="Siobhan"),
        child("b", "health", forename="Siobhan", postcode=None, birth_date=None),
    ]
    room.arrive("s1", rows=apart)
    before = room.link()
    assert before["a"] != before["b"]
    room.publish("r1")
    room.arrive("s2", rows=[child("a", nhs_number=N1), child("b", "health", nhs_number=N1)])
    after = room.link()
    assert after["a"] == after["b"] == before["a"]
    (event,) = room.events
    assert (event["kind"], event["from_person_key"], event["to_person_key"]) == (
        "merge",
        before["b"],
        before["a"],
    )
    assert event["reason"] == "nhs_number" and event["release_id"] == "r1" and event["tokens"] == 1
    assert event["recorded_on"] == dt.date(2024, 2, 29)
    room.publish("r2")
    room.link()
    assert len(room.events) == 1  # history is told once


def test_a_wrong_link_that_is_put_right_is_a_split_and_the_old_key_returns(room: Room) -> None:
    room.arrive("s1", rows=[child("a"), child("b", "police", forename="Niamh")])
    first = room.link()
    room.publish("r1")
    room.arrive(
        "s2", rows=[child("a", nhs_number=N1), child("b", "police", nhs_number=N1)]
    )  # the police under a wrong name and number
    merged = room.link()
    assert merged["a"] == merged["b"]
    room.publish("r2")
    room.link()
    room.arrive(
        "s20",
        number=2,
        of="s2",
        rows=[child("a", nhs_number=N1), child("b", "police", forename="Niamh", nhs_number=N2)],
    )
    apart = room.link()
    assert apart == first
    assert [e["kind"] for e in room.events] == ["merge", "split"]


def test_peoples_decisions_survive_runs_and_later_returns(room: Room) -> None:
    room.arrive(
        "s1",
        rows=[
            child("a", nhs_number=N1),
            child("b", "police", forename="Niamh"),
            child("c", "health", nhs_number=N1),
        ],
    )
    before = room.link()
    assert before["a"] == before["c"] != before["b"]
    case = decisions.propose(room.home, "a", "b", decisions.SAME, "checked_source", "officer.one").case
    assert room.link() == before  # one person's word is not enough
    with pytest.raises(decisions.Refused):
        decisions.answer(room.home, case, "officer.one", confirm=True)
    decisions.answer(room.home, case, "officer.two", confirm=True)
    linked = room.link()
    assert linked["a"] == linked["b"]
    apart = decisions.propose(room.home, "a", "c", decisions.DIFFERENT, "number_error", "officer.two").case
    decisions.answer(room.home, apart, "officer.one", confirm=True)
    room.arrive(
        "s2", rows=[child("a", submission="s2", nhs_number=N1), child("c", "health", "s2", nhs_number=N1)]
    )
    later = room.link()
    assert later["a"] == later["b"] != later["c"]
    (room.home.identity / linkage.NOTE).unlink()
    assert room.link() == later


def test_a_decision_that_is_taken_back_after_publication_gives_the_old_key_back(room: Room) -> None:
    """People said "one child", it was published, and people find that it is two."""
    room.arrive("s1", rows=[child("a"), child("b", "police", forename="Niamh")])
    first = room.link()
    room.publish("r1")
    _decide(room, decisions.SAME)
    merged = room.link()
    assert merged["a"] == merged["b"] == first["a"]
    room.publish("r2")
    room.link()
    _decide(room, decisions.DIFFERENT)
    assert room.link() == first
    assert [(e["kind"], e["from_person_key"], e["to_person_key"], e["reason"]) for e in room.events] == [
        ("merge", first["b"], first["a"], "decision"),
        ("split", first["a"], first["b"], "decision"),
    ]


def _decide(room: Room, verdict: str) -> None:
    case = decisions.propose(room.home, "a", "b", verdict, "checked_source", "officer.one").case
    decisions.answer(room.home, case, "officer.two", confirm=True)
