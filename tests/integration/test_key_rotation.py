"""A new version of the pseudonym key: new pseudonyms, the same persons, and nothing that was decided about them is lost."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingest.identity import decisions, erasure, keys, linkage, restrictions, review, rights
from ingest.identity.rights import Asked
from ingest.lake import Home, write_text
from tests.support.small_landing import council_episode, la12, po01, police_episode
from tests.support.small_persons import NHS, Persons, copy_of, make_empty

BORN = "09/03/2012"
COUNCIL, POLICE = (
    {"la_child_id": "ZqChild77", "nhs_number": NHS, "birth_date": BORN},
    {"nominal_ref": "N77", "nhs_number": NHS, "birth_date": BORN},
)
#: The council's number of a child whose birth date the police have otherwise: a case for people.
DOUBTFUL = "9990000026"
PO01 = "police/missing_episodes"


def rows(day: str = "") -> list[dict[str, str]]:
    """The police's rows of one month: a child whom the council knows, one in doubt, one of their own."""
    known = [
        police_episode(1, forename="Beatrice", surname="Otherwise", postcode="ST4 1AA"),
        police_episode(2, **POLICE),
        police_episode(
            3,
            nominal_ref="N78",
            nhs_number=DOUBTFUL,
            birth_date="14/07/2009",
            forename="Cleo",
            surname="Third",
            postcode="ST5 1AA",
        ),
    ]
    return [
        r if not day else {**r, "episode_ref": f"{r['episode_ref']}{n}", **moved(r, day)}
        for n, r in enumerate(known)
    ]


def moved(row: dict[str, str], month: str) -> dict[str, str]:
    return {k: row[k].replace("/05/2025", month) for k in ("missing_at", "reported_at", "located_at")}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first month, taken in once."""
    root = tmp_path_factory.mktemp("rotation")
    out = make_empty(root)
    la12(
        out.landing,
        [council_episode(1, **COUNCIL), council_episode(2, la_child_id="C78", nhs_number=DOUBTFUL)],
    )
    po01(out.landing, rows(), received_at="2025-06-10T09:00:00")
    out.take_in()
    return root


@pytest.fixture
def persons(made: Path, tmp_path: Path) -> Persons:
    return copy_of(made, tmp_path)


def publish(home: Home, name: str) -> None:
    """A release, as far as linkage looks at one: it pins the persons."""
    (home.releases / name).mkdir(parents=True)
    write_text(name, home.releases / "current")


def second_month(persons: Persons) -> None:
    po01(persons.landing, rows("/06/2025"), folder="d2", name="june.csv", received_at="2025-07-10T09:00:00")
    persons.take_in()


def sent_again(persons: Persons) -> None:
    """The first month, with another file in place of the first: its pseudonyms of before are in no submission in force."""
    po01(
        persons.landing,
        rows(),
        folder="d3",
        name="may.csv",
        extra=["x"],
        received_at="2025-08-10T09:00:00",
        submission_no=2,
    )
    la12(persons.landing, [council_episode(1, **COUNCIL), council_episode(2, la_child_id="C78", nhs_number=DOUBTFUL)],
         folder="d3", name="again.csv", extra=["x"], received_at="2025-08-20T09:00:00", submission_no=2)  # fmt: skip
    persons.take_in()


def person_map(home: Home) -> dict[str, str]:
    table = restrictions.person_map(home)
    return dict(zip(*(table[c].to_pylist() for c in ("child_token", "person_key")), strict=True))


def raw_tokens(home: Home) -> set[str]:
    folder = home.raw(PO01, "episodes")
    return {t for p in folder.glob("*.parquet") for t in pq.read_table(p)["child_token"].to_pylist() if t}


@pytest.mark.parametrize("published", [True, False])
def test_the_same_children_keep_their_persons_under_new_pseudonyms(persons: Persons, published: bool) -> None:
    home, before = persons.home, person_map(persons.home)
    if published:
        publish(home, "aaaa00000001")
    raw, old = raw_tokens(home), keys.newest_pseudonym(home.identity)
    assert keys.rotate(home.identity).version == old.version + 1 == 2
    second_month(persons)
    after = person_map(home)
    assert {t: after[t] for t in before} == before
    new = raw_tokens(home) - raw
    assert len(new) == 3 and all(t.startswith("c2_") for t in new)
    assert {after[t] for t in new} == {before[t] for t in raw}
    assert set(after) == set(before) | new


def test_persons_outlast_their_first_pseudonyms(persons: Persons) -> None:
    home, before = persons.home, person_map(persons.home)
    publish(home, "aaaa00000001")
    linkage.link(home)
    keys.rotate(home.identity)
    sent_again(persons)
    after = person_map(home)
    assert all(t.startswith("c2_") for t in after) and len(after) == len(before)
    assert sorted(after.values()) == sorted(before.values())
    publish(home, "aaaa00000002")
    keys.rotate(home.identity)
    second_month(persons)
    assert set(person_map(home).values()) == set(before.values())
    assert any(t.startswith("c3_") for t in person_map(home))


def test_two_versions_of_one_child_are_no_second_child_with_its_number(persons: Persons) -> None:
    waiting = {r["case"] for r in review.waiting(persons.home)}
    keys.rotate(persons.home.identity)
    second_month(persons)
    assert len(waiting) == 1 and {r["case"] for r in review.waiting(persons.home)} == waiting
    shown = review.show(persons.home, str(*waiting))
    assert {name: level for name, level, _, _ in shown.lines}["birth"] == "differ"


@pytest.mark.parametrize("verdict", ["same", "different"])
def test_decisions_hold_for_new_pseudonyms(persons: Persons, verdict: str) -> None:
    home = persons.home
    (row,) = review.waiting(home)
    step = decisions.propose(
        home, str(row["token_a"]), str(row["token_b"]), verdict, "agency_confirmed", "first"
    )
    decisions.answer(home, step.case, "second", confirm=True)
    people = linkage.link(home).persons
    keys.rotate(home.identity)
    sent_again(persons)
    assert all(t.startswith("c2_") for t in person_map(home))
    assert len(set(person_map(home).values())) == people and review.waiting(home) == []


def test_a_restricted_child_stays_restricted(persons: Persons) -> None:
    asked = Asked("restriction_request", "RES-2026-1", "ig.officer")
    rights.restrict(persons.place, persons.by("nhs_number", NHS), asked)
    keys.rotate(persons.home.identity)
    sent_again(persons)
    listed = set(pq.read_table(restrictions.tokens_path(persons.home))["child_token"].to_pylist())
    found = rights.find(persons.place, persons.by("local_id", "N77", "staffordshire_police"), asked)
    assert len(found.who.persons) == 1 and found.restrictions
    mine = {t for t, p in person_map(persons.home).items() if p == found.who.persons[0]}
    assert len(mine) == 2 and mine <= listed


def test_an_erased_child_is_kept_out_under_every_version(persons: Persons) -> None:
    home = persons.home
    keys.rotate(home.identity)
    case, _ = erasure.propose(
        persons.place, persons.by("nhs_number", NHS), Asked("erasure_request", "ERA-2026-1", "first.officer")
    )
    erasure.approve(persons.place, case.id, "second.officer")
    keys.rotate(home.identity)
    second_month(persons)
    found = rights.find(
        persons.place, persons.by("nhs_number", NHS), Asked("subject_access", "SAR-2026-1", "ig.officer")
    )
    assert found.counts()["accepted_rows"] == found.counts()["identifier_rows"] == 0
    assert len(raw_tokens(home)) == 4  # two other children, each under the first version and the third


def test_a_version_whose_key_was_lost_stops_everything(persons: Persons) -> None:
    keys.rotate(persons.home.identity)
    (persons.home.identity / "pseudonym-v2.key").unlink()
    with pytest.raises(keys.KeyProblem, match="pseudonym-v2"):
        keys.pseudonym_keys(persons.home.identity)
