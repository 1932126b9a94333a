"""The hard cases of children's records, each as docs/linkage.md tells it. All are linked in one run, each in a world of its own."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.support.people_cases import Case, Cases
from tests.support.people_rows import Row, child, keys, link, nhs, reasons, row, upn

N1, N2, N3 = nhs("999000001"), nhs("999000002"), nhs("999814732")
U1, U2 = upn("860123456789"), upn("860987654321")
BORN = dt.date(2012, 4, 3)

CASES = Cases()
case = CASES.add


def two(*, a: dict[str, object] | None = None, **b: object) -> Case:
    """A council's child, and the police's record that differs from it in what is given."""
    return case(child("a", **(a or {})), child("b", "police", **b))


ALIKE = two()


def test_same_name_birth_date_and_home_without_a_number_are_one_child() -> None:
    assert ALIKE.together


BARE: dict[str, object] = {"birth_date": None, "postcode": None, "sex": None}
NAME_ALONE = two(a=BARE, **BARE)
NAME_AND_HOME = two(a={"birth_date": None}, birth_date=None)


def test_a_name_alone_never_links() -> None:
    assert not NAME_ALONE.together
    assert not NAME_AND_HOME.together  # not with a home either


WRITTEN = [
    ("SIOBHÁN ", "Hollinshead"),  # capitals, accent, blank
    ("Shevaun", "Hollinshead"),  # another spelling of the same name
    ("Siobahn", "Hollinshead"),  # a slip
    ("Siobhan Marie", "Hollinshead"),  # the middle name with it
    ("Hollinshead", "Siobhan"),  # exchanged
    ("Siobhan", "Hollinshead-Khan"),  # one half of a double-barrelled name
    ("Siobhan", "Hollinshed"),
    ("Siobhan", "Hollins head"),
]
NAMED = {names: two(forename=names[0], surname=names[1]) for names in WRITTEN}


@pytest.mark.parametrize(("forename", "surname"), WRITTEN)
def test_ways_of_writing_one_name_link(forename: str, surname: str) -> None:
    assert NAMED[forename, surname].together


YOUSAF = {"surname": "Yousaf", "sex": "M", "birth_date": dt.date(2011, 11, 23)}
MUHAMMAD = two(a={"forename": "Muhammad", **YOUSAF}, forename="Mohammed", **YOUSAF)
SOREN = case(
    child("a", forename="Søren", surname="Müller"), child("b", "health", forename="Soren", surname="Muller")
)


def test_transliterated_names_link() -> None:
    assert MUHAMMAD.together
    assert SOREN.together


SLIPS = [dt.date(2012, 3, 4), dt.date(2012, 4, 8), dt.date(2012, 5, 3)]
SLIPPED = {born: two(birth_date=born) for born in SLIPS}


@pytest.mark.parametrize("born", SLIPS)
def test_a_birth_date_with_a_slip_links(born: dt.date) -> None:
    """Day and month exchanged, or one digit wrong within nine months."""
    assert SLIPPED[born].together


FIRST_OF_JANUARY = dt.date(2012, 1, 1)
PLACEHOLDER = two(birth_date=FIRST_OF_JANUARY)
PLACEHOLDER_ELSEWHERE = two(birth_date=FIRST_OF_JANUARY, postcode="WS11 2BB")
NO_DATE = two(birth_date=dt.date(1900, 1, 1))


def test_a_placeholder_date_links_with_everything_else_and_not_without_a_home() -> None:
    assert PLACEHOLDER.together
    assert not PLACEHOLDER_ELSEWHERE.together
    assert not NO_DATE.together


TWINS = case(child("a", forename="Siobhan"), child("b", "police", forename="Niamh"))


def test_twins_stay_two_without_numbers() -> None:
    assert TWINS.persons == 2
    assert TWINS.reasons == {"forename_differs"}


TWINS_ONE_UPN = case(
    child("a", forename="Siobhan", upn=U1),
    child("b", forename="Niamh", upn=U1),
    child("c", "school", forename="Niamh", upn=U1),
)


def test_twins_with_one_upn_stay_two_and_wait_for_a_person() -> None:
    people = TWINS_ONE_UPN.people
    assert people["b"] == people["c"] != people["a"]
    assert "number_forename_differs" in TWINS_ONE_UPN.reasons


TWINS_ALIKE = case(
    child("a", forename="Mia", nhs_number=N1),
    child("b", "health", forename="Mya", nhs_number=N2),
    child("c", "police", forename="Mya"),
)


def test_twins_whose_names_sound_alike_stay_two() -> None:
    """Two spellings that many children bear are two names, not one misheard."""
    people = TWINS_ALIKE.people
    assert people["a"] != people["b"] == people["c"]


TWIN_WITH_THE_OTHERS = case(
    child("a", "health", forename="Siobhan", nhs_number=N1),
    child("b", "health", forename="Niamh", nhs_number=N2),
    child("c", "police", forename="Niamh", nhs_number=N1),  # the clerk took the other's number
)


def test_a_twin_with_the_others_nhs_number_waits_for_a_person() -> None:
    people = TWIN_WITH_THE_OTHERS.people
    assert people["c"] != people["a"]


SIBLINGS = {
    born: two(birth_date=born)
    for born in (dt.date(2013, 4, 3), dt.date(2010, 4, 3), dt.date(2013, 3, 4), dt.date(2015, 1, 30))
}


def test_same_name_siblings_stay_two() -> None:
    """A child named after a brother or sister: the same home, names and even half a birthday."""
    for born, siblings in SIBLINGS.items():
        assert siblings.persons == 2, born


MAREK: dict[str, object] = {
    "forename": "Marek", "surname": "Zieba", "sex": "M", "birth_date": dt.date(2010, 9, 21), "postcode": "WS11 2BB",
}  # fmt: skip
TWO_WITH_ONE_UPN = case(child("a", upn=U1), child("b", upn=U1, **MAREK))


def test_two_children_with_one_upn_stay_two() -> None:
    assert TWO_WITH_ONE_UPN.persons == 2


UPN_GIVEN_TWICE = case(
    row("a", upn=U1, birth_date=BORN), row("b", upn=U1, birth_date=BORN), child("c", "school", upn=U1)
)


def test_a_upn_that_one_council_gave_twice_links_nobody_without_a_name() -> None:
    assert UPN_GIVEN_TWICE.persons == 3
    assert UPN_GIVEN_TWICE.reasons == {"number_contested"}


TWO_IDS_ONE_NUMBER = case(child("first", nhs_number=N1), child("second", nhs_number=N1))
TWO_IDS = case(child("first"), child("second"))


def test_one_child_with_two_local_ids_is_one_child() -> None:
    assert TWO_IDS_ONE_NUMBER.together
    assert TWO_IDS.together


NOMINALS = case(child("n1", "police"), child("n2", "police", forename="Shevaun"), child("c", nhs_number=N1))


def test_police_nominal_duplicates_are_one_child() -> None:
    assert NOMINALS.together


def test_an_unborn_child_is_nobodys_match_and_is_promoted_at_birth() -> None:
    """Before birth there is nothing to recognise a child by; the local id carries the history over the birth."""
    due = dt.date(2024, 3, 1)
    unborn = [
        row("council", surname="Hollinshead", expected_birth_date=due, postcode="ST4 1AA"),
        row("maternity", "health", expected_birth_date=due),
    ]
    # The two runs are one after the other: what must come out is that the key stays.
    before = link(*unborn)
    assert before.report.persons == 2
    born = dt.date(2024, 2, 26)
    after = link(
        *unborn,
        child("council", submission="s3", forename="Ida", birth_date=born, nhs_number=N1),
        row("maternity", "health", "s3", nhs_number=N1, birth_date=born),
    )
    assert len(set(keys(after).values())) == 1
    assert keys(after)["council"] in keys(before).values()


OLD = child("old", upn=U1, nhs_number=N1, identity_ended_on=dt.date(2024, 3, 15))
NEW = child("new", "health", "s9", surname="Fairweather", nhs_number=N2, postcode="B21 9ZZ")
ADOPTED = case(
    OLD,
    child("health_old", "health", nhs_number=N1),  # known before
    NEW,
    child("leak", "police", "s9", nhs_number=N1),  # by mistake even the old number, seen only afterwards
)
OLD_AND_NEW = case(OLD, NEW)


def test_an_adopted_childs_new_identity_is_never_linked_again() -> None:
    people = ADOPTED.people
    assert people["old"] == people["health_old"]
    assert people["new"] != people["old"] and people["leak"] != people["old"]
    assert "identity_ended" not in OLD_AND_NEW.reasons  # nobody is asked about it either


RENAMED_BY_NUMBER = case(
    child("a", nhs_number=N1), child("b", "school", surname="Fairweather", nhs_number=N1, postcode=None)
)
RENAMED_AT_HOME = two(surname="Fairweather")
RENAMED_ELSEWHERE = two(surname="Fairweather", postcode="WS11 2BB")


def test_a_changed_surname_links_by_number_or_by_home() -> None:
    assert RENAMED_BY_NUMBER.together
    assert RENAMED_AT_HOME.together
    assert not RENAMED_ELSEWHERE.together


ANOTHER_FORENAME = case(child("a", nhs_number=N1), child("b", "health", forename="Alex", nhs_number=N1))


def test_a_changed_forename_links_by_nhs_number_and_birth_date() -> None:
    assert ANOTHER_FORENAME.together


MOVED = case(
    child("staffs", postcode="ST16 1AA"),
    child("staffs", submission="s4", postcode="ST4 9ZZ"),
    child("stoke", "stoke", "s5", postcode="ST4 9ZZ"),
)
MOVED_BY_UPN = case(
    row("staffs", upn=U1, birth_date=BORN), row("stoke", "stoke", "s5", upn=U1, birth_date=BORN)
)


def test_a_child_who_moves_between_the_councils_is_one_child() -> None:
    assert MOVED.together
    assert MOVED_BY_UPN.together


PROTECTED = two(a={"postcode": None}, postcode=None)


def test_a_protected_address_links_by_name_and_birth_date() -> None:
    assert PROTECTED.together


def test_common_names_need_more_than_rare_ones() -> None:
    """Term frequencies: the same evidence is enough for a rare name and not for a common one."""

    def weight(forename: str, surname: str) -> float:
        names: Row = {"forename": forename, "surname": surname, "postcode": None}
        # A run each: pairs are kept by the records' hashes, so of two the weights could not be told apart.
        pairs = link(child("a", **names), child("b", "police", **names)).pairs
        return max(pairs["weight"].to_pylist())

    assert weight("Siobhan", "Hollinshead") > weight("Olivia", "Smith") + 3


OTHER_NUMBER_ELSEWHERE = two(a={"nhs_number": N1}, nhs_number=N3, postcode="WS11 2BB")
OTHER_NUMBER = two(a={"nhs_number": N1}, nhs_number=N3)


def test_different_nhs_numbers_wait_for_a_person_unless_all_else_agrees() -> None:
    assert OTHER_NUMBER_ELSEWHERE.persons == 2
    assert OTHER_NUMBER_ELSEWHERE.reasons == {"numbers_differ"}
    assert OTHER_NUMBER.together


TWO_NUMBERS_ONE_SENDER = case(child("a", "health", nhs_number=N1), child("b", "health", nhs_number=N3))


def test_one_sender_with_two_numbers_means_two_children() -> None:
    assert not TWO_NUMBERS_ONE_SENDER.together


PET_NAME = case(
    child("boy", "health", forename="Alexander", nhs_number=N1, sex=None),
    child("girl", "health", forename="Alexandra", nhs_number=N3, sex=None),
    child("alex", "police", forename="Alex", sex=None),
)


def test_a_pet_name_of_both_twins_links_neither() -> None:
    """Alexander and Alexandra, both called Alex by the police."""
    assert PET_NAME.persons == 3
    assert PET_NAME.reasons >= {"twin"}


DUMITRU: dict[str, object] = {"forename": "Giorgian", "surname": "Dumitru", "sex": "M"}
NAMESAKES = case(
    child("a", birth_date=dt.date(2017, 9, 1), **DUMITRU),
    child("b", "school", birth_date=dt.date(2017, 9, 6), postcode=None, **DUMITRU),
)


def test_namesakes_of_nearly_one_day_without_a_home_in_common_stay_two() -> None:
    assert not NAMESAKES.together


CHAIN = case(
    child("a", forename="Siobhan"), child("b", "health", forename="Niamh"), child("c", "police", forename=None)
)  # fmt: skip


def test_a_chain_does_not_join_two_children_of_one_day() -> None:
    """A row without a forename fits both twins; it must not become the bridge between them."""
    assert CHAIN.persons == 3


OTHER_SCHOOL = case(child("a", upn=U1), child("b", "school", upn=U2))


def test_upn_of_another_school_is_no_contradiction_when_names_home_and_birth_date_agree() -> None:
    assert OTHER_SCHOOL.together


@pytest.mark.parametrize("alone", [PET_NAME, ADOPTED, TWINS_ONE_UPN])
def test_a_case_comes_out_alone_as_it_does_among_the_others(alone: Case) -> None:
    """What makes one run for all of them fair."""
    linked = link(*alone.rows)
    people = keys(linked)
    assert {(a, b) for a in people for b in people if people[a] == people[b]} == {
        (a, b) for a in alone.people for b in alone.people if alone.people[a] == alone.people[b]
    }
    assert (linked.queue.num_rows, reasons(linked)) == (len(alone.queue), alone.reasons)
