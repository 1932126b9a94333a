"""What rules find, which rows fall, and that nothing is lost."""

from __future__ import annotations

import random

import duckdb
import pyarrow as pa
import pytest
from stdnum.gb import nhs, upn

from ingest.contract import RuleKind, Severity
from ingest.judge import judge
from ingest.readers.base import FileCode, ReadResult, ShapeReject
from ingest.rules import _COMPILERS  # pyright: ignore[reportPrivateUsage]
from ingest.validators import UPN_LETTERS, checksum_sql, passes
from tests.support.judging import (
    CASES,
    EXAMPLE,
    LISTS,
    QUARTER,
    SENDER,
    extract_of,
    failures,
    judged,
    row,
)
from tests.support.judging_rows import OneRow, Rows

ROWS = Rows()
one = ROWS.add
RIGHT = one()


def test_a_right_row_fails_nothing() -> None:
    assert RIGHT.fails == {}


@pytest.mark.parametrize(
    ("found", "rule"),
    [
        (one(starts_on="03/04/2025", ends_on="02/04/2025", noted_at=None, other_need="N1"), "R-AFTER"),
        (one(seen_at="02/04/2025 23:59"), "R-AFTER-MIXED"),
        (one(noted_at="03/04/2025 10:29"), "R-BEFORE"),
        (one(is_open="0"), "R-IF"),
        (one(need="N2", score=None), "R-IF-CODE"),
        (one(times="4", score=None), "R-IF-NUMBER"),
        (one(upn="A861000000001"), "R-ONE"),
        (one(la_code="861"), "R-WHO"),
        (one(born_on="01/01/1970"), "R-STAND-IN"),
        (one(starts_on="30/03/2025", seen_at=None, noted_at=None), "R-PERIOD"),
        (one(times="21"), "times.range"),
        (one(ref="a b"), "ref.pattern"),
        (one(ref="ABCDEFGHI"), "ref.max_length"),
    ],
)
def test_rule_finds(found: OneRow, rule: str) -> None:
    assert found.fails.get(rule) == 1


@pytest.mark.parametrize(
    "found",
    [
        one(starts_on="31/03/2025", seen_at=None, noted_at=None),
        one(noted_at="03/04/2025 10:30", seen_at="03/04/2025 10:30"),
        one(la_code="e10000028", seen_at=None, noted_at=None),
        one(times="20", seen_at=None, noted_at=None),
    ],
)
def test_bounds_are_inside(found: OneRow) -> None:
    assert not {f for f in found.fails if f.startswith(("R-PERIOD", "R-BEFORE", "R-WHO", "times"))}


SEVERAL_CODES = [
    ("N1", "N1", None),
    ("N2;N1", "N1;N2", None),
    ("N1, N2 ; N1,", "N1;N2", None),
    ("Abuse; N2", "N1;N2", "needs.codelist_spelling"),
    ("N1 - Abuse, n2", "N1;N2", "needs.codelist_spelling"),
    ("N2; N7", "N2", "needs.codelist"),
    ("abuse; N7", "N1", "needs.codelist"),
    ("N7", None, "needs.codelist"),
    (" ; ,", None, "needs.codelist"),
    ("N2;OLD", "N1;N2", "needs.codelist_year"),
    ("Abuse;OLD", "N1", "needs.codelist_year"),
    ("N2\u00a0;\tN1", "N1;N2", None),
    ("N/A", None, "needs.mended"),
]
SEVERAL = {cell: one(needs=cell) for cell, _, _ in SEVERAL_CODES}


@pytest.mark.parametrize(("cell", "kept", "rule"), SEVERAL_CODES)
def test_a_cell_of_several_codes_keeps_those_it_knows_and_is_found_once(
    cell: str, kept: str | None, rule: str | None
) -> None:
    found = SEVERAL[cell]
    assert found.typed["needs"] == kept
    assert found.fails == ({rule: 1} if rule else {})


MISSING = one(starts_on=None, seen_at=None, noted_at=None)


def test_what_was_not_sent_is_only_missing() -> None:
    assert MISSING.fails == {"starts_on.required": 1}


def test_every_kind_is_compiled() -> None:
    assert set(_COMPILERS) == set(RuleKind) - {RuleKind.history}  # judged in the warehouse


def test_the_first_of_two_equal_rows_is_kept() -> None:
    with judged([row(), row(local_id="C2"), row(1, local_id="C3")]) as j:
        assert failures(j) == {"unique": 1}
        assert j.accepted("cases")["_row"].to_pylist() == [2, 4]


def test_a_row_that_falls_anyway_never_displaces_its_correction() -> None:
    with judged([row(la_code="861"), row(local_id="C2")]) as j:
        assert j.accepted("cases")["_row"].to_pylist() == [3]


def test_blank_parts_of_a_grain_are_equal() -> None:
    with judged([row(born_on=None), row(born_on=None, local_id="C2")]) as j:
        assert failures(j) == {"unique": 1}


def test_nested_rows_are_unique_in_their_parent_and_fall_with_it() -> None:
    steps = [
        {"_parent_row": 2, "step": "a"},
        {"_parent_row": 2, "step": "a"},
        {"_parent_row": 3, "step": "a"},
        {"_parent_row": 9, "step": "b"},
    ]
    with judged([row(), row(1, la_code="861")], steps) as j:
        assert failures(j, "steps") == {"unique": 1, "parent_rejected": 2}
        assert j.accepted("steps")["_row"].to_pylist() == [2]
        assert j.rejected("steps")["_failed"].to_pylist()[1] == ["example.steps.parent_rejected"]
        assert [(c.received, c.accepted, c.rejected) for c in j.counts()] == [(2, 1, 1), (4, 1, 3)]


def test_rows_that_are_no_rows_are_received_and_rejected() -> None:
    with judged([row()], shape=[ShapeReject(7, FileCode.CSV_RAGGED)]) as j:
        assert next((c.received, c.accepted, c.rejected) for c in j.counts()) == (2, 1, 1)
        assert j.findings("cases").to_pylist()[0]["rule_id"] == "CSV-RAGGED"


def test_findings_are_positions_and_ids() -> None:
    with judged([row(), row(1, times="99"), row(2, need="zz")]) as j:
        found = j.findings("cases").to_pylist()
    assert [(f["row"], f["column"], f["rule_id"], f["severity"]) for f in found] == [
        (3, "times", "example.cases.times.range", "warn"), (4, "need", "example.cases.need.codelist", "reject_row"),
    ]  # fmt: skip


def test_a_blocking_rule_is_named() -> None:
    rules = tuple(
        r.model_copy(update={"severity": Severity.block_file}) if r.id == "R-WHO" else r for r in CASES.rules
    )
    with judged([row(la_code="861")], extract=extract_of(CASES.model_copy(update={"rules": rules}))) as j:
        assert j.blocked_by() == ["R-WHO"]


def test_an_empty_delivery_is_judged_and_nothing_applies() -> None:
    with judge(EXAMPLE, LISTS, ReadResult({}), QUARTER, SENDER) as j:
        assert {t.failed for name in j.tables for t in j.results(name)} == {0}
        assert [c.received for c in j.counts()] == [0, 0]


def test_rows_never_leave_memory() -> None:
    with judged([row()]) as j:
        settings = dict(
            j.con.execute(
                "SELECT name, value FROM duckdb_settings() WHERE name IN ('temp_directory', 'enable_external_access', 'autoload_known_extensions')"
            ).fetchall()
        )
        assert settings == {
            "temp_directory": "",
            "enable_external_access": "false",
            "autoload_known_extensions": "false",
        }
        with pytest.raises(duckdb.Error):
            j.con.execute("COPY cases TO 'leak.csv'")


def test_noted_rows_are_capped_and_their_count_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.judge.NOTED_ROWS", 3)
    with judged([row(n, born_on="2015-01-02") for n in range(8)]) as j:
        assert failures(j) == {"born_on.mended": 8}
        assert j.findings("cases").num_rows == 3


def test_check_digits_agree_with_each_other_and_with_stdnum() -> None:
    chance = random.Random(7)
    numbers = ["".join(chance.choices("0123456789", k=10)) for _ in range(2000)]
    pupils = [
        upn.calc_check_digit(s) + s
        for s in (
            "860" + "".join(chance.choices("0123456789", k=8)) + chance.choice("0123456789ABKZ")
            for _ in range(500)
        )
    ]
    pupils += [chance.choice(UPN_LETTERS) + p[1:] for p in pupils]
    odd = ["", "1", "943476591", "94347659190", "94347é5919", "A86112345678X", "a861123456789", "9434765919 "]
    for kind, texts, oracle in (
        ("nhs_number", numbers + odd, nhs.is_valid),
        ("upn", pupils + odd, upn.is_valid),
    ):
        con = duckdb.connect()
        con.register("t", pa.table({"v": texts}))
        by_sql = [r[0] for r in con.execute(f"SELECT {checksum_sql(kind, 'v')} FROM t").fetchall()]
        assert by_sql == passes(kind, texts).tolist()
        strict = [t for t in texts if t not in odd]
        assert by_sql[: len(strict)] == [oracle(t) and len(set(t)) > 1 for t in strict]
