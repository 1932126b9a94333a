"""Linking a set of rows: who is linked by a number, what never depends on order, what training learns."""

from __future__ import annotations

import datetime as dt
import traceback
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.identity import outcomes, records, scored
from ingest.identity.linkage import LinkageFailed
from tests.benchmarks import data
from tests.support.people_cases import Cases, moved
from tests.support.people_rows import KEY, LETTERS, Row, child, keys, link, nhs, row, tables, upn

N1, N2 = nhs("999000001"), nhs("999000002")
U1 = upn("860123456789")
BORN, OTHER = dt.date(2012, 4, 3), dt.date(2010, 9, 21)

CASES = Cases()
case = CASES.add


def same(people: dict[str, str], a: str, b: str) -> bool:
    return people[a] == people[b]


def test_same_nhs_number_across_agencies_is_one_person() -> None:
    linked = link(
        row("a", nhs_number=N1, birth_date=BORN),
        row("b", "police", nhs_number=f"{N1[:3]} {N1[3:]}", birth_date=BORN),
    )
    assert same(keys(linked), "a", "b")
    assert linked.report.persons == 1
    assert linked.report.linked_tokens == {"nhs_number": 2}


WRONG = N1[:-1] + str((int(N1[-1]) + 1) % 10)
WITH_NUMBER = {
    number: case(
        row("a", nhs_number=number, birth_date=BORN), row("b", "police", nhs_number=number, birth_date=BORN)
    )
    for number in (N1, WRONG, "0000000000", "1111111111")
}


def test_a_number_with_a_wrong_check_digit_links_nobody() -> None:
    assert WITH_NUMBER[N1].together
    assert not WITH_NUMBER[WRONG].together


@pytest.mark.parametrize("number", ["0000000000", "1111111111"])
def test_a_repeated_digit_is_no_nhs_number(number: str) -> None:
    assert not WITH_NUMBER[number].together


ONE_UPN = case(
    row("a", upn=U1, birth_date=BORN),
    row("b", "school", upn=U1, birth_date=OTHER),
    row("c", "stoke", upn=U1, birth_date=BORN),
    row("d", "health", upn=U1),
)


def test_one_upn_on_two_birth_dates_links_only_equal_birth_dates() -> None:
    people = ONE_UPN.people
    assert same(people, "a", "c")
    assert not same(people, "a", "b")
    assert not same(people, "a", "d") and not same(people, "b", "d")


STAND_INS = [dt.date(1900, 1, 1), dt.date(1970, 1, 1), None]
WITH_STAND_IN = {
    day: case(row("a", upn=U1, birth_date=BORN), row("b", "police", upn=U1, birth_date=day))
    for day in STAND_INS
}


@pytest.mark.parametrize("stand_in", STAND_INS)
def test_a_stand_in_birth_date_neither_supports_nor_contradicts(stand_in: dt.date | None) -> None:
    assert WITH_STAND_IN[stand_in].together


FORMER = case(
    row("a", upn=U1, birth_date=BORN),
    row("b", "stoke", upn=upn("860987654321"), former_upn=U1, birth_date=BORN),
)


def test_former_upn_links() -> None:
    assert FORMER.together


BODY = "86012345678"
TEMPORARY_UPN = LETTERS[(sum(i * int(d) for i, d in enumerate(BODY, start=2)) + 13 * 0) % 23] + BODY + "A"
TEMPORARY = case(
    row("a", upn=TEMPORARY_UPN, birth_date=BORN),
    row("b", "stoke", upn=TEMPORARY_UPN, birth_date=BORN),
    row("c", "health", upn=TEMPORARY_UPN),
)


def test_a_temporary_upn_needs_an_equal_birth_date() -> None:
    people = TEMPORARY.people
    assert same(people, "a", "b")
    assert not same(people, "a", "c")


def test_a_number_given_to_many_children_is_a_stand_in() -> None:
    linked = link(*(row(f"t{i}", nhs_number=N1) for i in range(8)))
    assert len(set(keys(linked).values())) == 8
    assert linked.report.stand_in_numbers == {"nhs_number": 1}


def test_a_chain_that_joins_two_birth_dates_is_undone() -> None:
    linked = link(
        row("a", nhs_number=N1, birth_date=BORN),
        row("b", "health", nhs_number=N1, upn=U1),
        row("c", "stoke", upn=U1, birth_date=OTHER),
    )
    assert len(set(keys(linked).values())) == 3
    assert linked.report.chains_undone == 1


MAREK = child(
    "b", "police", nhs_number=N1, forename="Marek", surname="Zieba", birth_date=OTHER, sex="M", postcode=None
)
ON_ANOTHER = case(child("a", nhs_number=N1), MAREK)


def test_a_number_on_another_full_name_and_birth_date_waits_for_a_person() -> None:
    assert ON_ANOTHER.persons == 2
    assert [pair["reason"] for pair in ON_ANOTHER.queue] in (
        ["number_forename_differs"],
        ["number_birth_date_differs"],
    )


def test_nobody_is_a_map_without_rows() -> None:
    linked = link(row("x", submission="s1") | {"child_token": None})
    assert keys(linked) == {} and linked.report.persons == 0


rows_of_people = st.lists(
    st.builds(
        row,
        st.sampled_from("abcdef"),
        st.sampled_from(["staffordshire", "police"]),
        st.sampled_from(["s1", "s2"]),
        nhs_number=st.sampled_from([None, N1, N2]),
        upn=st.sampled_from([None, U1]),
        birth_date=st.sampled_from([None, BORN, OTHER, dt.date(2012, 3, 4)]),
        forename=st.sampled_from([None, "Siobhan", "Shevaun", "Marek"]),
        surname=st.sampled_from([None, "Hollinshead", "Hollinshed"]),
        postcode=st.sampled_from([None, "ST4 1AA", "WS11 2BB"]),
    ),
    min_size=1,
    max_size=10,
)


#: Several sets of rows that have nothing in common: a run costs the same for one as for eight.
several_sets = st.lists(rows_of_people, min_size=4, max_size=8).map(
    lambda sets: [moved(rows, number) for number, rows in enumerate(sets)]
)


@settings(max_examples=5, deadline=None)
@given(several_sets, st.randoms())
def test_order_of_rows_changes_nothing(sets: list[list[Row]], random: object) -> None:
    rows = [row for some in sets for row in some]
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = link(*rows), link(*shuffled, *rows)
    assert first.persons.person_map.equals(second.persons.person_map)
    assert first.queue.equals(second.queue)


@settings(max_examples=5, deadline=None)
@given(several_sets, st.integers(1, 9))
def test_linking_in_two_steps_is_linking_at_once(sets: list[list[Row]], cut: int) -> None:
    """Scores kept from an earlier run are what a run of everything would have computed."""
    rows = [row for some in sets for row in some]
    earlier = link(*(row for some in sets for row in some[:cut]))
    later = link(*rows, kept=(earlier.pairs, earlier.compared))
    whole = link(*rows)
    assert later.persons.person_map.equals(whole.persons.person_map)
    assert later.pairs.equals(whole.pairs) and later.queue.equals(whole.queue)


def test_only_pseudonyms_leave_in_map_queue_and_pairs() -> None:
    linked = link(
        child("a"), child("b", "police", forename="Shevon"), child("c", "school", surname="Hollins")
    )
    for table in (
        linked.persons.person_map,
        linked.persons.anchored,
        linked.queue,
        linked.pairs,
        linked.compared,
    ):
        text = str(table.to_pydict())
        assert "ollin" not in text.lower() and "2012" not in text and "ST4" not in text


def test_the_key_is_made_of_the_first_token() -> None:
    linked = link(child("later", "police", "s2"), child("first", submission="s1"))
    assert set(keys(linked).values()) == {f"p1_{KEY.digest('person|first').hex()[:32]}"}
    assert tables([child("first")])[1].num_rows == 1


def test_an_engine_that_fails_quotes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB and Splink put values and SQL into their messages; none of it may reach a log or Dagster."""

    def breaks(*_: object) -> None:
        raise ValueError("Could not convert string 'Hollinshead' to INT32")

    monkeypatch.setattr(outcomes, "decide", breaks)
    with pytest.raises(LinkageFailed) as failed:
        link(child("a"), child("b", "police"))
    told = "".join(traceback.format_exception(failed.value))
    assert "ValueError in linkage.py line" in told
    assert "ollinshead" not in told.replace(__file__, "").split("LinkageFailed", 1)[1]


def test_training_learns_about_every_attribute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Splink learns nothing of a comparison in a block on a column that it reads, and says so in its log only."""
    # The share of other pairs that agree by chance: a smaller sample changes its third decimal, and takes seconds.
    monkeypatch.setattr(scored, "RANDOM_PAIRS", 300_000)
    folder = data.linkage(tmp_path, people=3000, new=10)
    with records.connection() as con:
        records.prepare(con, *(pq.read_table(folder / f"{n}.parquet") for n in ("identities", "submissions")))
        learnt = {c["name"]: c["levels"] for c in scored.train(con, "invented children").comparisons}
    for name, levels in learnt.items():
        assert levels["same"]["m"] > 0.5 > levels["differ"]["m"] and levels["same"]["u"] < 0.55, name
    assert scored.bits(**learnt["forename"]["same"]) > 6 > 0 > scored.bits(**learnt["forename"]["differ"])
