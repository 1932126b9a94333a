"""The hard cases of children's records, each as docs/linkage.md tells it."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.support.people_rows import child, keys, link, nhs, reasons, row, together, upn

N1, N2, N3 = nhs("999000001"), nhs("999000002"), nhs("999814732")
U1, U2 = upn("860123456789"), upn("860987654321")
BORN = dt.date(2012, 4, 3)


def test_same_name_birth_date_and_home_without_a_number_are_one_child() -> None:
    assert together(child("a"), child("b", "police"))


def test_a_name_alone_never_links() -> None:
    bare = {"birth_date": None, "postcode": None, "sex": None}
    assert not together(child("a", **bare), child("b", "police", **bare))
    assert not together(
        child("a", birth_date=None), child("b", "police", birth_date=None)
    )  # not with a home either


@pytest.mark.parametrize(
    ("forename", "surname"),
    [
        ("SIOBHÁN ", "Hollinshead"),  # capitals, accent, blank
        ("Shevaun", "Hollinshead"),  # another spelling of the same name
        ("Siobahn", "Hollinshead"),  # a slip
        ("Siobhan Marie", "Hollinshead"),  # the middle name with it
        ("Hollinshead", "Siobhan"),  # exchanged
        ("Siobhan", "Hollinshead-Khan"),  # one half of a double-barrelled name
        ("Siobhan", "Hollinshed"),
        ("Siobhan", "Hollins head"),
    ],
)
def test_ways_of_writing_one_name_link(forename: str, surname: str) -> None:
    assert together(child("a"), child("b", "police", forename=forename, surname=surname))


def test_transliterated_names_link() -> None:
    born = dt.date(2011, 11, 23)
    assert together(
        child("a", forename="Muhammad", surname="Yousaf", sex="M", birth_date=born),
        child("b", "police", forename="Mohammed", surname="Yousaf", sex="M", birth_date=born),
    )
    assert together(
        child("a", forename="Søren", surname="Müller"),
        child("b", "health", forename="Soren", surname="Muller"),
    )


@pytest.mark.parametrize("born", [dt.date(2012, 3, 4), dt.date(2012, 4, 8), dt.date(2012, 5, 3)])
def test_a_birth_date_with_a_slip_links(born: dt.date) -> None:
    """Day and month exchanged, or one digit wrong within nine months."""
    assert together(child("a"), child("b", "police", birth_date=born))


def test_a_placeholder_date_links_with_everything_else_and_not_without_a_home() -> None:
    first_of_january = dt.date(2012, 1, 1)
    assert together(child("a"), child("b", "police", birth_date=first_of_january))
    assert not together(child("a"), child("b", "police", birth_date=first_of_january, postcode="WS11 2BB"))
    assert not together(child("a"), child("b", "police", birth_date=dt.date(1900, 1, 1)))


def test_twins_stay_two_without_numbers() -> None:
    linked = link(child("a", forename="Siobhan"), child("b", "police", forename="Niamh"))
    assert linked.report.persons == 2
    assert reasons(linked) == {"forename_differs"}


def test_twins_with_one_upn_stay_two_and_wait_for_a_person() -> None:
    linked = link(
        child("a", forename="Siobhan", upn=U1),
        child("b", forename="Niamh", upn=U1),
        child("c", "school", forename="Niamh", upn=U1),
    )
    people = keys(linked)
    assert people["b"] == people["c"] != people["a"]
    assert "number_forename_differs" in reasons(linked)


def test_twins_whose_names_sound_alike_stay_two() -> None:
    """Two spellings that many children bear are two names, not one misheard."""
    linked = link(
        child("a", forename="Mia", nhs_number=N1),
        child("b", "health", forename="Mya", nhs_number=N2),
        child("c", "police", forename="Mya"),
    )
    people = keys(linked)
    assert people["a"] != people["b"] == people["c"]


def test_a_twin_with_the_others_nhs_number_waits_for_a_person() -> None:
    linked = link(
        child("a", "health", forename="Siobhan", nhs_number=N1),
        child("b", "health", forename="Niamh", nhs_number=N2),
        child("c", "police", forename="Niamh", nhs_number=N1),  # the clerk took the other's number
    )
    assert keys(linked)["c"] != keys(linked)["a"]


def test_same_name_siblings_stay_two() -> None:
    """A child named after a brother or sister: the same home, names and even half a birthday."""
    for born in (dt.date(2013, 4, 3), dt.date(2010, 4, 3), dt.date(2013, 3, 4), dt.date(2015, 1, 30)):
        linked = link(child("a"), child("b", "police", birth_date=born))
        assert linked.report.persons == 2, born


def test_two_children_with_one_upn_stay_two() -> None:
    linked = link(
        child("a", upn=U1),
        child(
            "b",
            upn=U1,
            forename="Marek",
            surname="Zieba",
            sex="M",
            birth_date=dt.date(2010, 9, 21),
            postcode="WS11 2BB",
        ),
    )
    assert linked.report.persons == 2


def test_a_upn_that_one_council_gave_twice_links_nobody_without_a_name() -> None:
    linked = link(
        row("a", upn=U1, birth_date=BORN), row("b", upn=U1, birth_date=BORN), child("c", "school", upn=U1)
    )
    assert linked.report.persons == 3
    assert reasons(linked) == {"number_contested"}


def test_one_child_with_two_local_ids_is_one_child() -> None:
    assert together(child("first", nhs_number=N1), child("second", nhs_number=N1))
    assert together(child("first"), child("second"))


def test_police_nominal_duplicates_are_one_child() -> None:
    people = keys(
        link(child("n1", "police"), child("n2", "police", forename="Shevaun"), child("c", nhs_number=N1))
    )
    assert len(set(people.values())) == 1


def test_an_unborn_child_is_nobodys_match_and_is_promoted_at_birth() -> None:
    """Before birth there is nothing to recognise a child by; the local id carries the history over the birth."""
    due = dt.date(2024, 3, 1)
    before = link(
        row("council", surname="Hollinshead", expected_birth_date=due, postcode="ST4 1AA"),
        row("maternity", "health", expected_birth_date=due),
    )
    assert before.report.persons == 2
    born = dt.date(2024, 2, 26)
    after = link(
        row("council", surname="Hollinshead", expected_birth_date=due, postcode="ST4 1AA"),
        child("council", submission="s3", forename="Ida", birth_date=born, nhs_number=N1),
        row("maternity", "health", expected_birth_date=due),
        row("maternity", "health", "s3", nhs_number=N1, birth_date=born),
    )
    assert len(set(keys(after).values())) == 1
    assert keys(after)["council"] in keys(before).values()


def test_an_adopted_childs_new_identity_is_never_linked_again() -> None:
    adopted = child("old", upn=U1, nhs_number=N1, identity_ended_on=dt.date(2024, 3, 15))
    known_before = child("health_old", "health", nhs_number=N1)
    new = child("new", "health", "s9", surname="Fairweather", nhs_number=N2, postcode="B21 9ZZ")
    by_mistake = child("leak", "police", "s9", nhs_number=N1)  # even the old number, seen only afterwards
    people = keys(link(adopted, known_before, new, by_mistake))
    assert people["old"] == people["health_old"]
    assert people["new"] != people["old"] and people["leak"] != people["old"]
    assert "identity_ended" not in reasons(link(adopted, new))  # nobody is asked about it either


def test_a_changed_surname_links_by_number_or_by_home() -> None:
    assert together(
        child("a", nhs_number=N1), child("b", "school", surname="Fairweather", nhs_number=N1, postcode=None)
    )
    assert together(child("a"), child("b", "police", surname="Fairweather"))
    assert not together(child("a"), child("b", "police", surname="Fairweather", postcode="WS11 2BB"))


def test_a_changed_forename_links_by_nhs_number_and_birth_date() -> None:
    assert together(child("a", nhs_number=N1), child("b", "health", forename="Alex", nhs_number=N1))


def test_a_child_who_moves_between_the_councils_is_one_child() -> None:
    moved = child("stoke", "stoke", "s5", postcode="ST4 9ZZ")
    assert together(
        child("staffs", postcode="ST16 1AA"), child("staffs", submission="s4", postcode="ST4 9ZZ"), moved
    )
    assert together(
        row("staffs", upn=U1, birth_date=BORN), row("stoke", "stoke", "s5", upn=U1, birth_date=BORN)
    )


def test_a_protected_address_links_by_name_and_birth_date() -> None:
    assert together(child("a", postcode=None), child("b", "police", postcode=None))


def test_common_names_need_more_than_rare_ones() -> None:
    """Term frequencies: the same evidence is enough for a rare name and not for a common one."""

    def weight(forename: str, surname: str) -> float:
        names = {"forename": forename, "surname": surname, "postcode": None}
        pairs = link(child("a", **names), child("b", "police", **names)).pairs
        return max(pairs["weight"].to_pylist())

    assert weight("Siobhan", "Hollinshead") > weight("Olivia", "Smith") + 3


def test_different_nhs_numbers_wait_for_a_person_unless_all_else_agrees() -> None:
    linked = link(child("a", nhs_number=N1), child("b", "police", nhs_number=N3, postcode="WS11 2BB"))
    assert linked.report.persons == 2
    assert reasons(linked) == {"numbers_differ"}
    assert together(child("a", nhs_number=N1), child("b", "police", nhs_number=N3))


def test_one_sender_with_two_numbers_means_two_children() -> None:
    assert not together(child("a", "health", nhs_number=N1), child("b", "health", nhs_number=N3))


def test_a_pet_name_of_both_twins_links_neither() -> None:
    """Alexander and Alexandra, both called Alex by the police."""
    linked = link(
        child("boy", "health", forename="Alexander", nhs_number=N1, sex=None),
        child("girl", "health", forename="Alexandra", nhs_number=N3, sex=None),
        child("alex", "police", forename="Alex", sex=None),
    )
    assert linked.report.persons == 3
    assert reasons(linked) >= {"twin"}


def test_namesakes_of_nearly_one_day_without_a_home_in_common_stay_two() -> None:
    names = {"forename": "Giorgian", "surname": "Dumitru", "sex": "M"}
    assert not together(
        child("a", birth_date=dt.date(2017, 9, 1), **names),
        child("b", "school", birth_date=dt.date(2017, 9, 6), postcode=None, **names),
    )


def test_a_chain_does_not_join_two_children_of_one_day() -> None:
    """A row without a forename fits both twins; it must not become the bridge between them."""
    linked = link(
        child("a", forename="Siobhan"),
        child("b", "health", forename="Niamh"),
        child("c", "police", forename=None),
    )
    assert len(set(keys(linked).values())) == 3


def test_upn_of_another_school_is_no_contradiction_when_names_home_and_birth_date_agree() -> None:
    assert together(child("a", upn=U1), child("b", "school", upn=U2))
