"""Finding and restricting one person: everything is found, from whichever identifier, and nothing identifying comes out."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingest.identity import audit, restrictions, rights
from ingest.identity.rights import Asked, Found, NotAnIdentifier, NotPossible, Typed
from tests.support.small_landing import council_episode, la12, po01, police_episode
from tests.support.small_persons import (
    AGREEMENTS,
    ASKED,
    CHILD_UPN,
    CIN,
    CONTRACTS,
    LA12,
    LOCAL,
    NHS,
    OTHER_NHS,
    PO01,
    UNKNOWN_NHS,
    Persons,
    copy_of,
    make,
    release,
)

WHY = Asked("restriction_request", "RES-2026-3", "ig.officer")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("rights")
    make(root)
    return root


@pytest.fixture
def persons(made: Path, tmp_path: Path) -> Persons:
    return copy_of(made, tmp_path)


def places(found: Found) -> Counter[tuple[str, str, str, int | None, bool]]:
    return Counter(
        (r["what"], f"{r['agency']}/{r['extract']}", r["table"], r["row"], r["in_force"])
        for r in found.held.to_pylist()
    )


def test_every_row_file_and_agreement_is_found(persons: Persons) -> None:
    found = rights.find(persons.place, persons.by("nhs_number", NHS), ASKED)
    seen = places(found)
    for in_force in (True, False):  # the second file replaced the first; both are still there
        assert seen["accepted row", LA12, "episodes", 3, in_force] == 1
        assert seen["rejected row", LA12, "episodes", 6, in_force] == 1
        assert seen["file as sent", LA12, None, None, in_force] == 1
        assert seen["identifiers", LA12, None, None, in_force] == 1
    assert (
        seen["accepted row", PO01, "episodes", 3, True]
        == seen["accepted row", PO01, "episodes", 4, True]
        == 1
    )
    assert seen["accepted row", CIN, "children", 2, True] == 1
    assert seen["accepted row", CIN, "cin_details", 2, True] == 1  # a nested row is the child's too
    assert not [k for k in seen if k[0] == "accepted row" and k[1] == PO01 and k[3] == 2]
    assert found.who.seen_by == {"staffordshire": 1, "staffordshire_police": 1}
    assert len(found.who.persons) == 1 and found.who.birth_dates == 1 and not found.who.doubts()
    assert found.unread_files == 1
    police = next(r for r in found.held.to_pylist() if r["extract"] == "missing_episodes")
    agreement = AGREEMENTS[police["agreement_id"]]
    assert (police["agreement_version"], police["period"]) == (agreement.version, "2025-05")
    assert police["keep_until"] == dt.date(2025 + agreement.retention.raw_years, 5, 31)


def test_every_kind_of_identifier_leads_to_the_same_person(persons: Persons) -> None:
    first = rights.find(persons.place, persons.by("nhs_number", f" {NHS[:3]} {NHS[3:6]} {NHS[6:]}\n"), ASKED)
    for kind, text, sender in (
        ("upn", CHILD_UPN.lower(), None),
        ("local_id", f" {LOCAL} ", "staffordshire"),
        ("local_id", "N77", "staffordshire_police"),
        ("person_key", first.who.persons[0], None),
    ):
        assert rights.find(persons.place, persons.by(kind, text, sender), ASKED).held.equals(first.held), kind


def test_rows_under_a_pseudonym_that_only_a_replaced_file_had_are_found(persons: Persons) -> None:
    """The police sent May again and the child has another number there; the first file still lies in raw."""
    again = [police_episode(2, nominal_ref="N55", nhs_number=NHS, birth_date="09/03/2012")]
    po01(persons.landing, again, folder="d5", name="p5.csv", received_at="2025-07-10T09:00:00")
    persons.take_in()
    for typed in (persons.by("local_id", "N55", "staffordshire_police"), persons.by("upn", CHILD_UPN)):
        seen = places(rights.find(persons.place, typed, ASKED))
        assert seen["accepted row", PO01, "episodes", 2, True] == 1
        assert (
            seen["accepted row", PO01, "episodes", 3, False]
            == seen["accepted row", PO01, "episodes", 4, False]
            == 1
        )


def test_somebody_who_is_not_here_is_not_found(persons: Persons) -> None:
    for typed in (
        persons.by("nhs_number", UNKNOWN_NHS),
        persons.by("local_id", LOCAL, "stoke_on_trent"),
        persons.by("local_id", LOCAL.lower(), "staffordshire"),
        persons.by("person_key", "p1_" + "0" * 32),
    ):
        found = rights.find(persons.place, typed, ASKED)
        assert (found.held.num_rows, found.who.persons, found.releases) == (0, (), ())


def test_a_child_of_whom_every_row_was_rejected_is_found(persons: Persons) -> None:
    po01(persons.landing, [police_episode(9, nominal_ref="N99", missing_at="rubbish")], folder="d9", name="p9.csv",
         received_at="2025-07-10T09:00:00", period="2025-06")  # fmt: skip
    persons.take_in()
    found = rights.find(persons.place, persons.by("local_id", "N99", "staffordshire_police"), ASKED)
    assert found.counts()["rejected_rows"] == 1 and found.counts()["accepted_rows"] == 0
    assert found.who.persons == () and found.who.subject == "1 tokens"


def test_releases_are_found_by_key_and_by_row(persons: Persons) -> None:
    found = rights.find(persons.place, persons.by("nhs_number", NHS), ASKED)
    row = next(
        r
        for r in found.held.to_pylist()
        if r["what"] == "accepted row" and r["extract"] == "missing_episodes"
    )
    fact = (row["submission_id"], PO01 + "/episodes", row["row"])
    release(persons, "aaaa00000001", found.who.persons[0], [])
    release(persons, "aaaa00000002", "p1_" + "1" * 32, [fact, (fact[0], fact[1], 2)])
    release(persons, "aaaa00000003", "p1_" + "1" * 32, [(fact[0], fact[1], 2)])
    again = rights.find(persons.place, persons.by("nhs_number", NHS), ASKED)
    assert [(r.release, dict(r.tables)) for r in again.releases] == [
        ("aaaa00000001", {"dim_child": 1}), ("aaaa00000002", {"fct_x": 1}),
    ]  # fmt: skip
    listing = again.listing().to_pylist()
    assert [(r["release"], r["table"], r["rows"]) for r in listing if r["release"]] == [
        ("aaaa00000001", "dim_child", 1), ("aaaa00000002", "fct_x", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "text", "sender"),
    [
        ("nhs_number", NHS[:-1] + "9", None),
        ("nhs_number", "1111111111", None),
        ("nhs_number", LOCAL, None),
        ("nhs_number", "", None),
        ("upn", CHILD_UPN[:-1] + "X", None),
        ("local_id", LOCAL, None),
        ("local_id", LOCAL, "nobody"),
        ("local_id", "  ", "staffordshire"),
        ("person_key", NHS, None),
        ("name", "Zoe Kurz", None),
    ],
)
def test_what_cannot_be_an_identifier_is_refused_and_not_repeated(
    kind: str, text: str, sender: str | None
) -> None:
    with pytest.raises(NotAnIdentifier) as why:
        Typed.read(kind, text, CONTRACTS, sender)
    assert not text.strip() or text not in str(why.value)


def test_what_was_typed_does_not_show_itself(persons: Persons) -> None:
    assert LOCAL not in repr(persons.by("local_id", LOCAL, "staffordshire"))


def test_a_number_of_two_children_restricts_neither(persons: Persons) -> None:
    """Two council ids with one number and different birth dates are two persons, and one mark must not fall on both."""
    rows = [
        council_episode(n, la_child_id=f"T{n}", nhs_number=OTHER_NHS, birth_date=born)
        for n, born in ((1, "02/03/2012"), (2, "17/11/2014"))
    ]
    la12(
        persons.landing,
        rows,
        folder="d7",
        name="twins.csv",
        received_at="2025-11-01T09:00:00",
        period="2025-26-Q2",
    )
    persons.take_in()
    found = rights.find(persons.place, persons.by("nhs_number", OTHER_NHS), ASKED)
    assert found.counts()["accepted_rows"] == 2
    assert len(found.who.persons) == 2 and len(found.who.doubts()) == 2
    with pytest.raises(NotPossible):
        rights.restrict(persons.place, persons.by("nhs_number", OTHER_NHS), WHY)
    assert restrictions.all_of(persons.home) == []


def restricted(persons: Persons) -> set[str]:
    return set(pq.read_table(restrictions.tokens_path(persons.home))["child_token"].to_pylist())


def test_a_restriction_covers_the_person_and_ends_when_it_is_lifted(persons: Persons) -> None:
    assert restricted(persons) == set()
    found = rights.restrict(persons.place, persons.by("nhs_number", NHS), WHY)
    assert restricted(persons) == set(found.who.tokens) and len(found.who.tokens) == 2
    assert (
        rights.find(persons.place, persons.by("upn", CHILD_UPN), ASKED).restrictions[0].reference
        == "RES-2026-3"
    )
    rights.restrict(persons.place, persons.by("nhs_number", NHS), WHY)
    assert len(restrictions.all_of(persons.home)) == 1
    assert rights.lift(persons.place, persons.by("local_id", "N77", "staffordshire_police"), WHY) == 1
    assert restricted(persons) == set()
    assert rights.lift(persons.place, persons.by("nhs_number", NHS), WHY) == 0
    assert [e.action for e in audit.read(persons.home)] == [
        "restricted", "find", "restricted", "lift_restricted", "lift_restricted",
    ]  # fmt: skip
    assert audit.verify(persons.home).holds


def test_a_pseudonym_that_is_linked_later_is_restricted_without_asking_again(persons: Persons) -> None:
    rights.restrict(persons.place, persons.by("local_id", LOCAL, "staffordshire"), WHY)
    before = restricted(persons)
    june = {
        "missing_at": "06/06/2025 21:00",
        "reported_at": "06/06/2025 21:40",
        "located_at": "06/06/2025 23:00",
    }
    po01(persons.landing, [police_episode(5, nominal_ref="N55", nhs_number=NHS, birth_date="09/03/2012", **june)],
         folder="d5", name="p5.csv", received_at="2025-07-10T09:00:00")  # fmt: skip
    persons.take_in()
    later = rights.find(persons.place, persons.by("local_id", "N55", "staffordshire_police"), ASKED)
    assert len(before) == 2 and restricted(persons) == set(later.who.tokens) > before


def test_a_person_who_is_split_stays_restricted_in_all_parts(persons: Persons) -> None:
    rights.restrict(persons.place, persons.by("nhs_number", NHS), WHY)
    tokens = restricted(persons)
    alone = restrictions.person_map(persons.home)
    parts = [f"p1_{n:032x}" for n in range(alone.num_rows)]
    split = alone.set_column(1, "person_key", [parts])
    assert set(restrictions.restricted_tokens(persons.home, split)["child_token"].to_pylist()) == tokens


def test_a_legal_hold_restricts_nobody(persons: Persons) -> None:
    rights.restrict(
        persons.place, persons.by("nhs_number", NHS), Asked("legal_hold", "HOLD-2026-1"), "legal_hold"
    )
    assert restricted(persons) == set()
    assert [
        r.kind for r in rights.find(persons.place, persons.by("nhs_number", NHS), ASKED).restrictions
    ] == ["legal_hold"]


def test_a_run_with_nothing_new_keeps_the_restriction(persons: Persons) -> None:
    rights.restrict(persons.place, persons.by("nhs_number", NHS), WHY)
    tokens = restricted(persons)
    restrictions.tokens_path(persons.home).unlink()
    persons.take_in()
    assert restricted(persons) == tokens


def test_nobody_is_restricted_by_a_slip_of_the_keyboard(persons: Persons) -> None:
    with pytest.raises(NotPossible):
        rights.restrict(persons.place, persons.by("local_id", LOCAL + "1", "staffordshire"), WHY)
    assert restrictions.all_of(persons.home) == [] and audit.read(persons.home) == []


def test_without_a_reference_nothing_is_done(persons: Persons) -> None:
    with pytest.raises(audit.NotForTheLog):
        rights.find(persons.place, persons.by("nhs_number", NHS), Asked("subject_access", ""))
    assert audit.read(persons.home) == []
