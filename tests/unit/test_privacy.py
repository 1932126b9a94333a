"""What of a row may be stored, and that the rest is not."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from ingest.contract import Extract, Severity, derived_rules, load_contracts
from ingest.identity.keys import Key
from ingest.privacy import Minimised, Pseudonymiser, count_unknown, counts_of, parents_first, withhold
from ingest.projections.arrow import TYPES, raw_schema
from ingest.readers.base import Ignored

KEY = Key("pseudonym-v1", b"k" * 32)
CENSUS = load_contracts()["council/cin_census"]
LA12 = load_contracts()["council/missing_and_return_interviews"]


class Allow:
    def __init__(self, *denied: str) -> None:
        self.denied = denied

    def allows(self, table: str, field: str) -> bool:
        return field not in self.denied


def typed(extract: Extract, table: str, *rows: dict[str, object]) -> pa.Table:
    system = [("_row", pa.int64()), ("_line", pa.int64()), ("_parent_row", pa.int64())]
    schema = pa.schema([*system, *((f.name, TYPES[f.type]) for f in extract.by_table[table].fields)])
    return pa.Table.from_pylist([{n: r.get(n) for n in schema.names} for r in rows], schema=schema)


def pseudonymiser(extract: Extract = CENSUS, submitter: str = "staffordshire") -> Pseudonymiser:
    return Pseudonymiser(extract, "s" * 16, submitter, KEY)


def children(*ids: str | None) -> pa.Table:
    rows = [
        {"_row": n, "la_child_id": i, "birth_date": dt.date(2012, 4, 27)} for n, i in enumerate(ids, start=1)
    ]
    return typed(CENSUS, "children", *rows)


def test_identifiers_leave_the_row_and_a_keyed_pseudonym_stays() -> None:
    made, table = pseudonymiser(), CENSUS.by_table["children"]
    rows = children("A1", "B2", "A1")
    made.learn(table, rows)
    raw = made.raw(table, rows)
    assert raw.schema.equals(raw_schema(CENSUS, table))
    assert {"la_child_id", "upn", "former_upn"}.isdisjoint(raw.column_names)
    first, second, again = raw["child_token"].to_pylist()
    assert first == again != second
    assert first.startswith("c1_") and len(first) == 35
    assert raw["birth_date"].to_pylist()[0] == dt.date(2012, 4, 1)


def test_pseudonym_depends_on_key_submitter_and_id() -> None:
    table, rows = CENSUS.by_table["children"], children("A1")

    def token(submitter: str, key: Key) -> str:
        made = Pseudonymiser(CENSUS, "s" * 16, submitter, key)
        made.learn(table, rows)
        return made.raw(table, rows)["child_token"][0].as_py()

    other = Key("pseudonym-v1", b"o" * 32)
    assert (
        len({token("staffordshire", KEY), token("stoke_on_trent", KEY), token("staffordshire", other)}) == 3
    )


def test_no_id_no_pseudonym() -> None:
    made, table = pseudonymiser(), CENSUS.by_table["children"]
    rows = children(None, "", "A1")
    made.learn(table, rows)
    tokens = made.raw(table, rows)["child_token"].to_pylist()
    assert tokens[:2] == [None, None] and tokens[2]
    assert made.identities("council").num_rows == 1


def test_nested_rows_inherit_through_every_level() -> None:
    made = pseudonymiser()
    tables = {
        "children": children("A1", "B2"),
        "cin_details": typed(
            CENSUS,
            "cin_details",
            {"_row": 1, "_parent_row": 2},
            {"_row": 2, "_parent_row": 1},
            {"_row": 3, "_parent_row": 9},
        ),
        "assessments": typed(
            CENSUS, "assessments", {"_row": 5, "_parent_row": 2}, {"_row": 6, "_parent_row": 1}, {"_row": 7}
        ),
    }
    out: dict[str, list[str | None]] = {}
    for table in parents_first(CENSUS):
        if table.name in tables:
            made.learn(table, tables[table.name])
            out[table.name] = made.raw(table, tables[table.name])["child_token"].to_pylist()
    a, b = out["children"]
    assert out["cin_details"] == [b, a, None]
    assert out["assessments"] == [a, b, None]


def test_whole_dates_and_numbers_go_to_the_identity_rows_once() -> None:
    made, table = pseudonymiser(), CENSUS.by_table["children"]
    row = {
        "la_child_id": "A1",
        "upn": "U",
        "birth_date": dt.date(2012, 4, 27),
        "death_date": dt.date(2025, 1, 9),
    }
    rows = typed(CENSUS, "children", {"_row": 1, **row}, {"_row": 2, **row})
    made.learn(table, rows)
    raw = made.raw(table, rows)
    assert raw["death_date"].to_pylist()[0] == dt.date(2025, 1, 1)
    (person,) = made.identities("council").to_pylist()
    assert person["birth_date"] == dt.date(2012, 4, 27) and person["death_date"] == dt.date(2025, 1, 9)
    assert (person["local_id"], person["upn"], person["agency"], person["submitter"]) == (
        "A1",
        "U",
        "council",
        "staffordshire",
    )


def test_rejected_rows_leave_no_identifiers_behind() -> None:
    made, table = pseudonymiser(), CENSUS.by_table["children"]
    rows = children("A1")
    made.learn(table, rows)
    made.raw(table, rows, accepted=False)
    assert made.identities("council").num_rows == 0


def test_what_is_not_agreed_is_emptied_and_counted() -> None:
    table, counts = LA12.by_table["episodes"], Minimised()
    data = pa.table(
        {
            "_row": [1, 2, 3],
            "upn": ["ZEBRA", " ", None],
            "notes": ["OKAPI", "x", ""],
            "theme": ["1", "2", None],
        }
    )
    out = withhold(data, table, Allow("upn", "notes"), counts)
    assert out["upn"].to_pylist() == out["notes"].to_pylist() == [None] * 3
    assert out["theme"].to_pylist() == ["1", "2", None]
    row = {"submission_id": "s", "table": "episodes"}
    assert counts.rows("s") == [
        {**row, "column": "notes", "action": "dropped", "cells": 2},
        {**row, "column": "upn", "action": "not_agreed", "cells": 1},
    ]


def test_an_unknown_column_is_named_by_its_letter_because_its_header_may_be_data() -> None:
    counts = Minimised()
    count_unknown(
        "episodes",
        [Ignored(3, "C", "ZEBRA Smith", "unknown", 4), Ignored(0, "", "Children/Child/New", "unknown", 2)],
        counts,
    )
    assert [r["column"] for r in counts.rows("s")] == ["Children/Child/New", "column C"]


def test_every_cell_is_accounted_for_by_what_became_of_it() -> None:
    made, table = pseudonymiser(), CENSUS.by_table["children"]
    rows = children("A1", "B2")
    made.learn(table, rows)
    made.raw(table, rows)
    counts = counts_of([Minimised(), made.counts])
    found = {(r["column"], r["action"]): r["cells"] for r in counts.rows("s")}
    assert found == {
        ("la_child_id", "identity_store"): 2,
        ("birth_date", "coarsened"): 2,
        ("birth_date", "identity_store"): 2,
    }


@pytest.mark.parametrize("key", sorted(load_contracts()))
def test_no_raw_table_has_a_column_for_an_identifier_or_free_text(key: str) -> None:
    extract = load_contracts()[key]
    for table in extract.tables:
        hidden = {f.name for f in table.fields if not f.stored}
        assert hidden.isdisjoint(raw_schema(extract, table).names)


def test_what_does_not_look_like_the_number_that_belongs_there_is_never_stored() -> None:
    """A name typed where a school's number belongs rejects the row, and is not kept in the rejected row either."""
    register = load_contracts()["school/school_register"]
    table = register.by_table["schools"]
    rule = next(r for r in derived_rules(register, table) if r.id.endswith("school_urn.pattern"))
    assert rule.severity is Severity.reject_row
    rows = typed(
        register, "schools", {"_row": 1, "school_urn": "124001"}, {"_row": 2, "school_urn": "A Pupil"}
    )
    for accepted in (True, False):
        raw = pseudonymiser(register, "staffordshire_education").raw(table, rows, accepted=accepted)
        assert raw["school_urn"].to_pylist() == ["124001", None]
