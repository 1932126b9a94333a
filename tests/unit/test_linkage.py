"""Who is linked to whom, and who never is."""

from __future__ import annotations

import datetime as dt
import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.identity.keys import Key
from ingest.identity.linkage import COLUMNS, LinkReport, link_people
from ingest.identity.store import SCHEMA

KEY = Key("pseudonym-v1", b"k" * 32)
NHS = ("9990000018", "9990000026", "9990000034")  # check digits right, from the range reserved for tests
UPN = "H801200001001"
LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
BORN, OTHER = dt.date(2012, 4, 3), dt.date(2012, 3, 4)


def upn(digits: str) -> str:
    total = sum(i * int(d) for i, d in enumerate(digits, start=2))
    return LETTERS[total % 23] + digits


def nhs(nine: str) -> str:
    check = (11 - sum((10 - i) * int(d) for i, d in enumerate(nine)) % 11) % 11
    return nine + str(check)


def row(
    token: str, submitter: str = "staffordshire", submission: str = "s1", **values: object
) -> dict[str, object]:
    return {
        "submission_id": submission,
        "child_token": token,
        "submitter": submitter,
        "agency": "council",
        **values,
    }


def run(*rows: dict[str, object]) -> tuple[dict[str, str], LinkReport]:
    names = ["submission_id", *COLUMNS]
    schema = pa.schema([pa.field("submission_id", pa.string()), *(SCHEMA.field(c) for c in COLUMNS)])
    table = pa.Table.from_pylist([{n: r.get(n) for n in names} for r in rows], schema=schema)
    ids = sorted({str(r["submission_id"]) for r in rows})
    submissions = pa.table(
        {
            "submission_id": ids,
            "period_start": pa.array([dt.date(2024, 1, int(i[1:])) for i in ids], pa.date32()),
        }
    )
    person_map, report = link_people(table, submissions, KEY)
    return dict(
        zip(person_map["child_token"].to_pylist(), person_map["person_key"].to_pylist(), strict=True)
    ), report


N1, N2 = nhs("999000001"), nhs("999000002")
U1 = upn("860123456789")


def same(people: dict[str, str], a: str, b: str) -> bool:
    return people[a] == people[b]


def test_same_nhs_number_across_agencies_is_one_person() -> None:
    people, report = run(
        row("a", nhs_number=N1, birth_date=BORN),
        row("b", "police", nhs_number=f"{N1[:3]} {N1[3:]}", birth_date=BORN),
    )
    assert same(people, "a", "b")
    assert report.persons == 1
    assert report.linked_tokens == {"nhs_number": 2, "upn": 0}


def test_a_number_with_a_wrong_check_digit_links_nobody() -> None:
    wrong = N1[:-1] + str((int(N1[-1]) + 1) % 10)
    people, _ = run(
        row("a", nhs_number=wrong, birth_date=BORN), row("b", "police", nhs_number=wrong, birth_date=BORN)
    )
    assert not same(people, "a", "b")


@pytest.mark.parametrize("number", ["0000000000", "1111111111"])
def test_a_repeated_digit_is_no_nhs_number(number: str) -> None:
    people, _ = run(
        row("a", nhs_number=number, birth_date=BORN), row("b", "police", nhs_number=number, birth_date=BORN)
    )
    assert not same(people, "a", "b")


def test_one_upn_on_two_birth_dates_links_only_equal_birth_dates() -> None:
    people, report = run(
        row("a", upn=U1, birth_date=BORN),
        row("b", upn=U1, birth_date=OTHER),
        row("c", "stoke", upn=U1, birth_date=BORN),
        row("d", "health", upn=U1),
    )
    assert same(people, "a", "c")
    assert not same(people, "a", "b")
    assert not same(people, "a", "d") and not same(people, "b", "d")
    assert report.numbers_in_conflict == {"upn": 1}


@pytest.mark.parametrize("stand_in", [dt.date(1900, 1, 1), dt.date(1970, 1, 1), None])
def test_a_stand_in_birth_date_neither_supports_nor_contradicts(stand_in: dt.date | None) -> None:
    people, report = run(row("a", upn=U1, birth_date=BORN), row("b", "police", upn=U1, birth_date=stand_in))
    assert same(people, "a", "b")
    assert report.numbers_in_conflict == {}


def test_stand_in_birth_dates_do_not_agree_when_the_number_is_in_conflict() -> None:
    people, _ = run(
        row("a", upn=U1, birth_date=dt.date(1900, 1, 1)),
        row("b", upn=U1, birth_date=dt.date(1900, 1, 1)),
        row("c", upn=U1, birth_date=BORN),
        row("d", upn=U1, birth_date=OTHER),
    )
    assert len(set(people.values())) == 4


def test_twins_stay_two() -> None:
    people, _ = run(row("a", nhs_number=N1, birth_date=BORN), row("b", nhs_number=N2, birth_date=BORN))
    assert not same(people, "a", "b")


def test_former_upn_links() -> None:
    other = upn("860987654321")
    people, _ = run(
        row("a", upn=U1, birth_date=BORN), row("b", "stoke", upn=other, former_upn=U1, birth_date=BORN)
    )
    assert same(people, "a", "b")


def test_a_temporary_upn_needs_an_equal_birth_date() -> None:
    body = "86012345678"
    temporary = LETTERS[(sum(i * int(d) for i, d in enumerate(body, start=2)) + 13 * 0) % 23] + body + "A"
    people, _ = run(
        row("a", upn=temporary, birth_date=BORN),
        row("b", "stoke", upn=temporary, birth_date=BORN),
        row("c", "health", upn=temporary),
    )
    assert same(people, "a", "b")
    assert not same(people, "a", "c")


def test_a_number_given_to_many_children_is_a_stand_in() -> None:
    people, report = run(*(row(f"t{i}", nhs_number=N1) for i in range(8)))
    assert len(set(people.values())) == 8
    assert report.stand_in_numbers == {"nhs_number": 1}


def test_a_chain_that_joins_two_birth_dates_is_undone() -> None:
    people, report = run(
        row("a", nhs_number=N1, birth_date=BORN),
        row("b", "health", nhs_number=N1, upn=U1),
        row("c", "stoke", upn=U1, birth_date=OTHER),
    )
    assert len(set(people.values())) == 3
    assert report.chains_undone == 1


def test_later_data_keeps_the_key() -> None:
    first, _ = run(row("m", nhs_number=N1, birth_date=BORN, submission="s1"))
    later, _ = run(
        row("m", nhs_number=N1, birth_date=BORN, submission="s1"),
        row("a", "police", nhs_number=N1, birth_date=BORN, submission="s2"),
    )
    assert first["m"] == later["m"] == later["a"]


def test_nobody_is_a_map_without_rows() -> None:
    people, report = run(row("x", submission="s1") | {"child_token": None})
    assert people == {} and report.persons == 0


people_rows = st.lists(
    st.builds(
        row,
        st.sampled_from("abcdef"),
        st.sampled_from(["staffordshire", "police"]),
        st.sampled_from(["s1", "s2"]),
        nhs_number=st.sampled_from([None, N1, N2]),
        upn=st.sampled_from([None, U1]),
        birth_date=st.sampled_from([None, BORN, OTHER]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(people_rows, st.randoms())
def test_order_of_rows_changes_nothing(rows: list[dict[str, object]], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert run(*rows)[0] == run(*shuffled, *rows)[0]


def test_hundred_thousand_pseudonyms_in_seconds() -> None:
    n = 100_000
    person = np.arange(n) // 2
    numbers = [nhs(f"{999000000 + p:09d}") for p in person[::2]]
    table = pa.table(
        {
            "submission_id": pa.array(["s1"] * n),
            "child_token": [f"c1_{i:032x}" for i in range(n)],
            "submitter": np.where(np.arange(n) % 2, "police", "council"),
            "agency": np.where(np.arange(n) % 2, "police", "council"),
            "nhs_number": [numbers[p] for p in person],
            "upn": pa.nulls(n, pa.string()),
            "former_upn": pa.nulls(n, pa.string()),
            "birth_date": pa.array(person % 6000 + 14000, pa.int32()).cast(pa.date32()),
        }
    )
    submissions = pa.table({"submission_id": ["s1"], "period_start": pa.array([BORN], pa.date32())})
    start = time.perf_counter()
    person_map, report = link_people(table, submissions, KEY)
    assert time.perf_counter() - start < 10  # about one second; the bound is for a busy machine
    assert person_map.num_rows == n
    valid = sum(len(x) == 10 for x in numbers)
    assert report.persons == n - valid
