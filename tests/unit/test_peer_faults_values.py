"""Faults that the nearest comparable systems have with values and assurance: each one must not happen here.

Numbers are those of our list of peers' faults. A file's shape and encoding are tested with the readers.
"""

from __future__ import annotations

import json
import re

import pytest

from ingest.contract import load_contracts
from ingest.judge import judge
from ingest.projections.synthetic import maker
from ingest.readers.base import FileCode, ReadResult, ShapeReject
from ingest.results import findings_table, quality_table
from tests.support.judging import failures, judged, row, table_read
from tests.support.judging_rows import Rows

ROWS = Rows()
RIGHT = ROWS.add()
SURNAMES = {
    s: ROWS.add(surname=s) for s in ("Hernandez", "tenancy ended", "NaT Turner", "<NA>eem", "Nan", "nan")
}


@pytest.mark.parametrize("text", SURNAMES)
def test_1_letters_inside_a_text_are_never_taken_for_a_blank(text: str) -> None:
    assert SURNAMES[text].typed["surname"] == text


LONG_ID = ROWS.add(local_id="98765432109876543")


def test_2_ids_never_pass_through_a_number() -> None:
    ids = ["00123", "123", "12E3", "12345678901", "inf", "1e5", "0x1F", "١٢٣"]
    with judged([row(n, local_id=i) for n, i in enumerate(ids)]) as j:
        assert j.accepted("cases")["local_id"].to_pylist() == ids
    assert LONG_ID.typed["local_id"] == LONG_ID.changes["local_id"]


BLANKS = [None, "", "  ", "None", "nan", "NaN", "null", "N/A", "<NA>", "\u200b"]
WITHOUT_ID = {blank: ROWS.add(local_id=blank) for blank in BLANKS}


@pytest.mark.parametrize("blank", BLANKS)
def test_3_and_19_a_missing_or_empty_id_is_rejected_not_shared(blank: str | None) -> None:
    """Ten rows without an id stand in one file, and each falls for that alone."""
    found = WITHOUT_ID[blank]
    assert found.rejected
    assert {rule: n for rule, n in found.fails.items() if rule != "local_id.mended"} == {
        "local_id.required": 1
    }
    assert not RIGHT.rejected


def test_3_two_rows_without_an_id_are_two_findings_not_one_person() -> None:
    with judged([row(local_id=None), row(1, local_id="nan")]) as j:
        assert failures(j)["local_id.required"] == 2
        assert j.accepted("cases").num_rows == 0


def test_6_a_short_row_is_rejected_not_padded() -> None:
    with judged([row()], shape=[ShapeReject(3, FileCode.CSV_RAGGED)]) as j:
        count = j.counts()[0]
        assert (count.received, count.accepted, count.rejected) == (2, 1, 1)
        assert j.accepted("cases").num_rows + j.rejected("cases").num_rows == 1  # nothing was made up for it


ISO_DATE = ROWS.add(born_on="2015-01-02")


def test_7_an_iso_date_in_a_uk_column_is_read_and_noted() -> None:
    assert ISO_DATE.typed["born_on"].isoformat() == "2015-01-02"
    assert ISO_DATE.fails == {"born_on.mended": 1}


OTHER_YEARS = {code: ROWS.add(need=code) for code in ("OLD", "NEW")}


@pytest.mark.parametrize("code", OTHER_YEARS)
def test_8_a_code_of_another_year_is_kept_and_noted(code: str) -> None:
    assert OTHER_YEARS[code].typed["need"] is not None
    assert OTHER_YEARS[code].fails == {"need.codelist_year": 1}


def test_8_the_census_keeps_codes_of_every_year() -> None:
    contracts = load_contracts()
    made = maker(contracts["council/cin_census"])
    cin = made.extract.by_table["cin_details"]
    children = made.table(made.extract.by_table["children"], 40)
    rows = made.table(cin, 40, children)
    codes = [c.code for c in contracts.codelists["referral_source"].codes]
    for r, code in zip(rows, codes * 2, strict=False):
        r["referral_source"] = code
    reads = {
        "children": table_read(made.extract.by_table["children"], children),
        "cin_details": table_read(cin, rows),
    }
    early = contracts["council/cin_census"].at(2022)
    with judge(
        early, contracts.codelists, ReadResult(reads), made.period.previous.previous.previous, made.submitter
    ) as j:
        kept = [
            *j.accepted("cin_details")["referral_source"].to_pylist(),
            *j.rejected("cin_details")["referral_source"].to_pylist(),
        ]
        assert set(kept) == {r["referral_source"] for r in rows}


@pytest.mark.parametrize("place", [0, 165, 331])
def test_18_a_missing_id_is_found_wherever_it_stands_and_so_is_every_other(place: int) -> None:
    rows = [row(n, local_id=None if n in (place, 200) else f"C{n}") for n in range(332)]
    with judged(rows) as j:
        assert failures(j)["local_id.required"] == 2
        found = [
            f["row"] for f in j.findings("cases").to_pylist() if f["rule_id"].endswith("local_id.required")
        ]
        assert found == sorted({place + 2, 202})


def test_20_and_21_no_rows_to_look_at_is_not_the_same_as_passing() -> None:
    with judged([row(upn=None)]) as j:
        outcomes = {
            r["rule_id"].removeprefix("example.cases."): r["outcome"]
            for r in quality_table({"submission_id": "s"}, j, None).to_pylist()
        }
    assert outcomes["upn.checksum"] == "not_applicable"
    assert outcomes["nhs_number.checksum"] == "passed"


def test_no_value_of_a_row_is_in_results_or_findings() -> None:
    """Whatever a sender writes, wherever: only ids, counts and positions come out."""
    columns = [c for c in row() if c != "is_open"]
    with judged([row(n, **{c: f"MARKER{n}"}) for n, c in enumerate(columns)]) as j:
        told = json.dumps(quality_table({"submission_id": "s"}, j, None).to_pylist()) + json.dumps(
            findings_table({"submission_id": "s"}, j).to_pylist()
        )
    assert not re.search("marker", told, re.IGNORECASE)
