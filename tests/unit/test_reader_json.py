"""JSON: every item of a list is a row or a rejected row, whatever the file holds; limits and complaints are codes, never text of the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import landing, readers
from ingest.contract import load_contracts
from ingest.readers import json as reader
from ingest.readers.base import FileCode, ReadResult, Refused
from tests.support.files import delivery

CONTRACTS = load_contracts()
KEY = "council/csc_daily"
CHILD: dict[str, Any] = {
    "la_child_id": "C1",
    "child_details": {"first_name": "Marker", "sex": "M", "disabilities": ["HAND", "VIS"], "purge": False},
    "health_and_wellbeing": {"sdq_assessments": [{"date": "2025-06-14", "score": 20}], "purge": False},
    "social_care_episodes": [
        {
            "social_care_episode_id": "E1",
            "referral_date": "2025-06-14",
            "child_and_family_assessments": [
                {"child_and_family_assessment_id": "A1", "factors": ["1C", "4A"]}
            ],
            "adoption": {"matched_date": "2025-06-14", "purge": False},
            "purge": True,
        },
        {"social_care_episode_id": "E2", "referral_date": "2025-07-01", "closure_date": None},
    ],
    "purge": False,
}


def read(folder: Path, data: object, name: str = "csc.json") -> ReadResult:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    return readers.read(delivery(KEY, path), CONTRACTS[KEY], CONTRACTS)


def rows(result: ReadResult, table: str) -> list[dict[str, Any]]:
    return result.tables[table].data.to_pylist()


def codes(result: ReadResult) -> set[str]:
    return {str(p.code) for p in result.problems}


def test_nested_lists_become_tables_that_know_their_parents(tmp_path: Path) -> None:
    result = read(
        tmp_path, {"la_code": 860, "as_at": "2025-07-31", "children": [CHILD, {**CHILD, "la_child_id": "C2"}]}
    )
    assert result.stated == {"la_code": "860", "as_at": "2025-07-31"}
    assert [
        (r["la_child_id"], r["forename"], r["is_purged"], r["_line"]) for r in rows(result, "children")
    ] == [
        ("C1", "Marker", "false", 1),
        ("C2", "Marker", "false", 2),
    ]
    assert [(r["disability"], r["_parent_row"]) for r in rows(result, "disabilities")] == [
        ("HAND", 1), ("VIS", 1), ("HAND", 2), ("VIS", 2),
    ]  # fmt: skip
    assert [(r["episode_id"], r["_parent_row"], r["is_purged"], r["closure_date"]) for r in rows(result, "episodes")] == [
        ("E1", 1, "true", None), ("E2", 1, None, None), ("E1", 2, "true", None), ("E2", 2, None, None),
    ]  # fmt: skip
    assert [(r["factor"], r["_parent_row"]) for r in rows(result, "assessment_factors")] == [
        ("1C", 1), ("4A", 1), ("1C", 2), ("4A", 2),
    ]  # fmt: skip
    assert [(r["matched_date"], r["_parent_row"]) for r in rows(result, "adoptions")] == [
        ("2025-06-14", 1),
        ("2025-06-14", 3),
    ]
    assert [r["score"] for r in rows(result, "sdq_assessments")] == ["20", "20"]
    assert codes(result) == {"FILE-COLUMN-IGNORED"}, "health_and_wellbeing's own purge is not in the contract"


def test_a_bare_list_is_read_like_the_object_around_it(tmp_path: Path) -> None:
    bare, wrapped = read(tmp_path, [CHILD]), read(tmp_path, {"la_code": 860, "children": [CHILD]})
    assert {n: t.data.to_pylist() for n, t in bare.tables.items()} == {
        n: t.data.to_pylist() for n, t in wrapped.tables.items()
    }


def test_what_the_contract_does_not_have_is_named_and_counted(tmp_path: Path) -> None:
    result = read(
        tmp_path,
        [
            {
                **CHILD,
                "nickname": "Marker",
                "family": {"mother": {"name": "Marker"}},
                "tags": ["Marker", {"x": 1}],
            }
        ],
    )
    named = {i.header: i.cells for i in result.tables["children"].ignored}
    assert {"nickname", "family", "mother", "name", "tags", "x"} <= set(named)
    (note,) = [p for p in result.problems if p.code is FileCode.FILE_COLUMN_IGNORED]
    assert "nickname" in note.says and "Marker" not in note.says


@pytest.mark.parametrize("item", ["text", 5, None, True, ["list"], [[]]])
def test_an_item_that_is_no_record_is_received_and_rejected(tmp_path: Path, item: object) -> None:
    result = read(tmp_path, [CHILD, item, {**CHILD, "la_child_id": "C2"}])
    table = result.tables["children"]
    assert (table.received, table.data.num_rows) == (3, 2)
    assert [(s.row, str(s.code)) for s in table.shape_rejects] == [(2, "JSON-TYPE")]
    assert [r["_row"] for r in rows(result, "children")] == [1, 3]
    assert "JSON-TYPE" in codes(result)


def test_an_object_among_plain_values_is_received_and_rejected(tmp_path: Path) -> None:
    child = {"la_child_id": "C1", "child_details": {"disabilities": ["HAND", {"code": "VIS"}, ["LD"]]}}
    table = read(tmp_path, [child]).tables["disabilities"]
    assert (table.received, table.data.num_rows, len(table.shape_rejects)) == (3, 1, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"la_child_id": {"id": "C1"}},
        {"child_details": "text"},
        {"child_details": [{"sex": "M"}]},
        {"social_care_episodes": "none"},
    ],
)
def test_a_value_of_the_wrong_kind_is_a_finding_and_not_a_guess(
    tmp_path: Path, change: dict[str, object]
) -> None:
    result = read(tmp_path, [{**CHILD, **change}])
    found = next(p for p in result.problems if p.code is FileCode.JSON_TYPE)
    assert next(iter(change)) in str(found.where) and "record 1" in str(found.where)


def test_a_name_given_twice_is_a_finding_and_the_first_value_is_read(tmp_path: Path) -> None:
    text = b'[{"la_child_id": "C1", "la_child_id": "C9", "child_details": {"sex": "M", "sex": "F"}, "social_care_episodes": [{"social_care_episode_id": "E1"}], "social_care_episodes": [{"social_care_episode_id": "E2"}]}]'
    result = read(tmp_path, text)
    (child,) = rows(result, "children")
    assert (child["la_child_id"], child["sex"]) == ("C1", "M")
    assert [r["episode_id"] for r in rows(result, "episodes")] == ["E1", "E2"], (
        "no row of either list is lost"
    )
    twice = {str(p.where).split(",")[0] for p in result.problems if p.code is FileCode.JSON_DUPLICATE}
    assert twice == {"children/la_child_id", "children/child_details/sex", "children/social_care_episodes"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "FILE-EMPTY"),
        (b"   ", "JSON-TRUNCATED"),
        (b'[{"la_child_id": "MARKER"', "JSON-TRUNCATED"),
        (b'{"children": [{"la_child_id": "MARKER"}]', "JSON-TRUNCATED"),
        (b'[{"la_child_id": "MARKER", "score": NaN}]', "JSON-NUMBER"),
        (b'[{"la_child_id": "MARKER", "score": -Infinity}]', "JSON-NUMBER"),
        (b'[{"la_child_id": MARKER}]', "JSON-MALFORMED"),
        (b"[{'la_child_id': 'MARKER'}]", "JSON-MALFORMED"),
        (b'[{"la_child_id": "MARKER"},]', "JSON-MALFORMED"),
        (b'[{"la_child_id": "MARKER"}] trailing', "JSON-MALFORMED"),
        (b'[{"la_child_id": "\xff\xfe"}]', "JSON-MALFORMED"),
        ('[{"la_child_id": "MARKER"}]'.encode("utf-16"), "FILE-ENCODING"),
        (b'"MARKER"', "JSON-ROOT"),
        (b'{"pupils": [{"la_child_id": "MARKER"}]}', "JSON-ROOT"),
        (b'{"children": {"la_child_id": "MARKER"}}', "JSON-ROOT"),
        (b"[" * 200 + b"]" * 200, "JSON-DEPTH"),
        (b'[{"x":' * 200 + b"1" + b"}]" * 200, "JSON-DEPTH"),
        (b'[{"' + b"k" * 5000 + b'": 1}]', "JSON-LIMIT"),
        (b"[{" + b",".join(b'"k%d": 1' % n for n in range(5000)) + b"}]", "JSON-LIMIT"),
    ],
)
def test_a_bad_file_is_refused_with_a_code_and_none_of_its_text(
    tmp_path: Path, data: bytes, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        read(tmp_path, data)
    assert refused.value.code == code
    assert "MARKER" not in str(refused.value)


def test_a_text_that_does_not_end_is_refused_before_it_fills_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_RECORD_BYTES", 200_000)
    with pytest.raises(Refused) as refused:
        read(tmp_path, b'[{"la_child_id": "' + b"x" * 3_000_000)
    assert refused.value.code is FileCode.JSON_LIMIT
    many = read(tmp_path, [{"la_child_id": f"C{n}", "note": "x" * 500} for n in range(2_000)])
    assert many.tables["children"].received == 2_000, "many records together may be larger than one"


def test_a_byte_order_mark_is_noted_and_read(tmp_path: Path) -> None:
    result = read(tmp_path, b"\xef\xbb\xbf" + json.dumps([CHILD]).encode())
    assert result.tables["children"].received == 1 and "FILE-ENCODING" in codes(result)


def test_content_and_name_together_tell_a_feed_from_another_json(tmp_path: Path) -> None:
    (tmp_path / "csc_2025-07.json").write_text(json.dumps([CHILD]), encoding="utf-8")
    (tmp_path / "csc_settings.json").write_text(json.dumps({"colour": "blue"}), encoding="utf-8")
    (tmp_path / "notes.json").write_text(json.dumps([CHILD]), encoding="utf-8")
    found = {d.files[0].name: d.key for d in landing.discover(tmp_path, CONTRACTS)}
    assert found == {"csc_2025-07.json": KEY, "csc_settings.json": None, "notes.json": None}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["la_child_id", "child_details", "disabilities", "social_care_episodes", "social_care_episode_id", "purge", "factors",
                         "child_and_family_assessments", "health_and_wellbeing", "sdq_assessments", "date", "adoption", "other"]),
        inner, max_size=5),
    max_leaves=40,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VALUES, max_size=6))
def test_whatever_the_list_holds_every_item_is_counted(tmp_path: Path, items: list[object]) -> None:
    result = read(tmp_path, items)
    children = result.tables["children"]
    assert children.received == len(items)
    known = [i for i in items if isinstance(i, dict)]
    assert children.data.num_rows == len(known)
    episodes = [
        i["social_care_episodes"] for i in known if isinstance(i.get("social_care_episodes"), list | dict)
    ]
    assert result.tables["episodes"].received >= sum(len(e) for e in episodes if isinstance(e, list))
    for table in result.tables.values():
        parents = set(table.data["_parent_row"].to_pylist()) - {None}
        spec = CONTRACTS[KEY].by_table[table.table]
        if spec.parent:
            assert parents <= set(result.tables[spec.parent].data["_row"].to_pylist())
