"""Headers: tolerant where two names can only mean one field, strict where they could mean two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import headers
from ingest.contract import Severity
from ingest.readers.base import FileCode, clean_name, letter
from tests.support.files import CONTRACTS, LA12, POLICE, SCHOOLS, TRAINING

TABLE = CONTRACTS[TRAINING].tables[0]
CANONICAL = [f.headers[0] for f in TABLE.fields]


@given(
    st.permutations(CANONICAL),
    st.sampled_from([str.lower, str.upper, str.title, lambda s: f" {s} ", lambda s: "_".join(s)]),
)
def test_order_case_and_punctuation_do_not_matter(names: list[str], spell: object) -> None:
    found = headers.layout([spell(n) for n in names], TABLE)  # type: ignore[operator]
    assert found.missing == ()
    assert {names[p] for p in found.positions.values()} == set(names)
    assert all(
        CANONICAL[[f.name for f in TABLE.fields].index(field)] == names[p]
        for field, p in found.positions.items()
    )


def test_synonyms_and_field_names_match() -> None:
    found = headers.layout(["Booking Ref", "course_title", "council_area"], TABLE)
    assert found.positions == {"booking_id": 0, "course": 1, "council_area": 2}


def test_a_header_of_one_field_is_never_taken_by_the_name_of_another() -> None:
    # In the police file URN is a synonym of the episode's reference; in a school's it is the school's number.
    assert headers.layout(["URN"], CONTRACTS[POLICE].tables[0]).positions == {"episode_ref": 0}
    assert headers.layout(["URN"], CONTRACTS[SCHOOLS].tables[0]).positions == {"school_urn": 0}


def test_extra_columns_are_named_with_their_letter() -> None:
    found = headers.layout([*CANONICAL, "Shoe size", ""], TABLE)
    assert [(i.letter, i.header, i.why) for i in found.ignored] == [
        ("L", "Shoe size", "not in the contract"),
        ("M", "", "no name"),
    ]


def test_the_first_of_two_columns_for_one_field_wins_and_the_second_is_named() -> None:
    found = headers.layout(["Course", "Course Title"], TABLE)
    assert found.positions == {"course": 0}
    assert found.ignored[0].why == "column A was read for course"


def test_missing_columns_block_only_when_required() -> None:
    table = CONTRACTS[LA12].tables[0]
    found = headers.layout(
        [f.headers[0] for f in table.fields if f.name not in ("missing_id", "theme", "notes", "rhi_offered")],
        table,
    )
    problems = {p.says: p.severity for p in headers.column_problems(found, table)}
    assert sorted(problems.values()) == [Severity.block_file, Severity.warn, Severity.warn]
    assert problems["The column for the episode's id (MissingID) is missing."] is Severity.block_file
    assert all(p.code is FileCode.FILE_COLUMN_MISSING for p in headers.column_problems(found, table))


def test_two_header_rows_match_lowest_first_then_joined_then_upper() -> None:
    table = CONTRACTS[SCHOOLS].tables[0]
    found = headers.layout(
        ["URN", "", "signed", "signed", "Role"],
        table,
        upper=["School", "Version", "Head", "Governor", "Governor"],
        upper_own=[True, True, True, True, False],
    )
    assert found.positions == {
        "school_urn": 0,
        "version": 1,
        "signed_by_head": 2,
        "signed_by_governor": 3,
        "respondent_role": 4,
    }


@pytest.mark.parametrize(
    ("position", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (703, "AAA"), (16384, "XFD")]
)
def test_letters_are_excels(position: int, letters: str) -> None:
    assert letter(position) == letters


@given(st.text(max_size=300))
def test_a_senders_name_is_safe_to_show(name: str) -> None:
    shown = clean_name(name)
    assert len(shown) <= 60
    assert shown.isprintable() or not shown
