"""Tables for people are formula-safe and explained; the analysts' file carries only what is allowed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from publish.audiences import analyst_columns, analyst_may_have, restricted_extracts
from publish.exports import FORMULA_STARTS, fingerprint, to_csv, write_analyst, write_table

DANGEROUS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    '"=1',
    "x;=1+1",
    "a,=cmd|' /C calc'!A0",
    " =1",
]


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_cell_that_would_run_gets_an_apostrophe(text):
    cell = next(csv.reader(io.StringIO(to_csv(pd.DataFrame({"a": [text]})).split("\n", 1)[1])))[0]
    assert cell.startswith("'")


@given(st.text(max_size=30))
def test_no_text_cell_starts_a_formula(text):
    rows = list(csv.reader(io.StringIO(to_csv(pd.DataFrame({"a": [text], "b": ["x"]})), newline="")))
    assert not any(cell.startswith(FORMULA_STARTS) for row in rows[1:] for cell in row)


def test_true_negative_numbers_stay_numbers():
    assert to_csv(pd.DataFrame({"a": [-1.5, 2.0]})) == "a\n-1.5\n2\n"


def test_ordinary_text_is_left_alone():
    assert (
        to_csv(pd.DataFrame({"a": ["Stoke-on-Trent", "2025-26", "16+ years", None]}))
        == 'a\nStoke-on-Trent\n2025-26\n16+ years\n""\n'
    )


def test_a_column_without_a_description_does_not_leave(tmp_path: Path):
    with pytest.raises(KeyError):
        write_table(tmp_path, "t", "T", pd.DataFrame({"secret": [1]}), {}, "")


@pytest.mark.parametrize(
    "table",
    ["bridge_child_token", "stg_council__cin_census__children", "int_x", "person_map", "dim_identity"],
)
def test_tables_are_denied_unless_allowed(table):
    assert not analyst_may_have(table)


def test_columns_that_lead_back_are_dropped():
    assert analyst_columns(
        ["person_key", "child_token", "nhs_number", "upn", "birth_date", "birth_month"]
    ) == ["person_key", "birth_month"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "w.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create schema conformed; create schema staging")
        con.execute(
            "create table conformed.fct_a as select i as n, i / 7.0 as v, 'c1_x' as child_token from range(1000) t(i)"
        )
        con.execute(
            "create table conformed.bridge_child_token as select 'c1_x' as child_token, 'p1' as person_key"
        )
        con.execute("create table staging.stg_a as select 1 as a")
    return path


def test_analysts_get_the_permitted_tables_without_tokens(source: Path, tmp_path: Path):
    counts = write_analyst(source, tmp_path / "out")
    assert counts == {"fct_a": 1000}
    with duckdb.connect(str(tmp_path / "out" / "warehouse.duckdb"), read_only=True) as con:
        found = con.execute(
            "select table_name, column_name from information_schema.columns order by all"
        ).fetchall()
    assert found == [("fct_a", "n"), ("fct_a", "v")]
    assert [p.name for p in (tmp_path / "out" / "parquet").iterdir()] == ["fct_a.parquet"]
    assert b"c1_x" not in (tmp_path / "out" / "parquet" / "fct_a.parquet").read_bytes()


def test_rows_of_a_restricted_agreement_leave_with_no_release(source: Path, tmp_path: Path):
    assert {"partnership/incident_reviews", "partnership/restraint"} <= restricted_extracts()
    with duckdb.connect(str(source)) as con:
        con.execute(
            """create table conformed.fct_learning_theme as
               select * from (values ('r1', 'partnership/incident_reviews/reviews'), ('a1', 'partnership/audits/audits'),
                                     ('x1', null)) t(learning_key, source_table)"""
        )
    write_analyst(source, tmp_path / "out")
    for place in ("warehouse.duckdb", "parquet/fct_learning_theme.parquet"):
        with duckdb.connect() as con:
            if place.endswith("duckdb"):
                con.execute(f"attach '{tmp_path / 'out' / place}' as o (read_only)")
            name = (
                "o.conformed.fct_learning_theme"
                if place.endswith("duckdb")
                else f"'{tmp_path / 'out' / place}'"
            )
            found = con.execute(f"select learning_key from {name} order by all").fetchall()
        assert found == [("a1",), ("x1",)]


def test_the_fingerprint_sees_content_and_not_the_order_of_rows(source: Path):
    with duckdb.connect(str(source)) as con:
        con.execute("create table conformed.fct_b as select n, v from conformed.fct_a order by n desc")
        con.execute("create or replace table conformed.fct_a as select n, v from conformed.fct_a")
        a, b = (fingerprint(con, "conformed", t, ["n", "v"]) for t in ("fct_a", "fct_b"))
        assert a != b  # another table, another name
        con.execute("drop table conformed.fct_a; alter table conformed.fct_b rename to fct_a")
        assert fingerprint(con, "conformed", "fct_a", ["n", "v"]) == a
        con.execute("update conformed.fct_a set n = n + 1 where n = 5")
        assert fingerprint(con, "conformed", "fct_a", ["n", "v"]) != a
