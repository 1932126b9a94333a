"""Ofsted's lists as councils send them: both column layouts, sheets under any name, cells as people fill them in."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from ingest import headers, pipeline
from ingest.agreement import load_agreements
from ingest.calendar import parse_period
from ingest.contract import Severity, load_contracts
from ingest.judge import Judged, judge
from ingest.lake import Home
from ingest.projections.arrow import raw_schema
from ingest.readers.base import FileCode, ReadResult, Refused
from ingest.results import GateVerdict
from tests.support.files import read_bytes, workbook
from tests.support.small_landing import place_keys, put

DATA = Path(__file__).parents[1] / "data" / "annex_a"
KEY = "council/annex_a"
CONTRACTS = load_contracts()
EXTRACT = CONTRACTS[KEY]
OLDER = (DATA / "Annex_A_older_layout.xlsx").read_bytes()
#: Rows of the older sample below its headers.
SAMPLE_ROWS = {
    "contacts": 5, "early_help": 5, "referrals": 6, "assessments": 5, "section47": 5, "children_in_need": 5,
    "child_protection": 7, "looked_after": 5, "care_leavers": 6, "adoption": 5, "adopters": 5,
}  # fmt: skip
#: What the sample holds that no list of codes knows, as a careful reader finds it.
NOT_A_CODE = {
    ("assessments", "needs_support"): 5,
    ("looked_after", "placement_la"): 5,
    ("children_in_need", "primary_need"): 1,
}
Rows = list[list[object]]


def layout() -> dict[str, list[str]]:
    """The current layout's columns by table of the contract."""
    out: dict[str, list[str]] = defaultdict(list)
    names = {headers.key(str(t.source.sheet)): t.name for t in EXTRACT.tables}
    with (DATA / "current_layout_fields.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            out[names[headers.key(row["list"])]].append(row["field"])
    return dict(out)


@cache
def _sample() -> dict[str, Rows]:
    book = openpyxl.load_workbook(io.BytesIO(OLDER), data_only=True)
    return {s.title: [list(r) for r in s.iter_rows(values_only=True)] for s in book.worksheets}


def older() -> dict[str, Rows]:
    """The older sample's sheets, for a test to change."""
    return {sheet: [list(row) for row in rows] for sheet, rows in _sample().items()}


def current() -> bytes:
    """The older sample's rows under the current layout's columns, with values where only the current one has a column."""
    sheets: dict[str, Rows] = {}
    fields = layout()
    for table in EXTRACT.tables:
        old = older()[str(table.source.sheet)]
        have = headers.layout([str(c) for c in old[0]], table).positions
        columns = fields[table.name]
        want = headers.layout(columns, table).positions
        by_position = {p: f for f, p in want.items()}
        rows = [
            [row[have[f]] if (f := by_position[p]) in have else "2021-03-01" for p in range(len(columns))]
            for row in old[1:]
        ]
        sheets[str(table.source.sheet)] = [list(columns), *rows]
    return workbook(sheets)


def judged(read: ReadResult, *only: str) -> Judged:
    """The rows read, judged; only some tables where a test looks at no other, for the long code lists take their time."""
    extract = EXTRACT.at(2021)
    tables = tuple(t for t in extract.tables if t.name in only or not only)
    return judge(
        extract.model_copy(update={"tables": tables}), CONTRACTS.codelists,
        ReadResult({t.name: read.tables[t.name] for t in tables}),
        parse_period("month", "2021-03"), CONTRACTS.submitter("sample_authority"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> ReadResult:
    """The older sample as it was read."""
    return read_bytes(tmp_path_factory.mktemp("sample"), KEY, OLDER)


@pytest.fixture(scope="module")
def sample_judged(sample: ReadResult) -> Iterator[Judged]:
    with judged(sample) as found:
        yield found


def test_the_sample_is_read_whole_and_every_row_is_accepted_or_rejected(
    sample: ReadResult, sample_judged: Judged
) -> None:
    assert {n: t.received for n, t in sample.tables.items()} == SAMPLE_ROWS
    assert not [p for p in sample.problems if p.severity in (Severity.block_file, Severity.warn)]
    for table in EXTRACT.tables:
        counted = sample_judged.accepted(table.name).num_rows + sample_judged.rejected(table.name).num_rows
        assert counted == SAMPLE_ROWS[table.name]


def test_every_spelling_of_the_sample_is_mended_and_what_is_no_code_is_said(sample_judged: Judged) -> None:
    unknown = {
        (t.name, str(r.rule.args["column"])): r.failed
        for t in EXTRACT.tables
        for r in sample_judged.results(t.name)
        if r.rule.kind.value == "codelist" and r.failed
    }
    assert unknown == NOT_A_CODE
    rows = sample_judged.accepted("contacts").to_pylist()
    assert [r["sex"] for r in rows] == ["F", "F", "M", "M", "F"]
    assert [r["ethnicity"] for r in rows] == ["WBRI", "APKN", "NOBT", "NOBT", "WBRI"]
    assert [r["contact_source"] for r in rows] == ["6", "6", "1B", "6", "9"]
    looked_after = sample_judged.accepted("looked_after").to_pylist()
    assert [r["legal_status"] for r in looked_after] == ["E1", "C2", "C2", "C2", "C1"]
    assert [r["placement_type"] for r in looked_after] == ["U6", "U1", "U4", "U6", "H5"]
    assert [r["placement_provider"] for r in looked_after] == ["PR4", "PR1", "PR5", "PR4", "PR4"]
    assert [r["reason_ceased"] for r in looked_after] == [None] * 4 + ["E47"]
    child_protection = sample_judged.accepted("child_protection").to_pylist()
    assert {r["initial_category"] for r in child_protection} == {"PHY", "EMO"}
    care_leavers = sample_judged.accepted("care_leavers").to_pylist()
    assert [r["accommodation"] for r in care_leavers][:3] == ["Y", "U", "Y"]


def test_both_layouts_give_the_same_raw_columns_and_rows(tmp_path: Path) -> None:
    kept: dict[str, dict[str, object]] = {}
    agreements = load_agreements()
    for name, content in (("older", OLDER), ("current", current())):
        home, landing = Home(tmp_path / name / "home"), tmp_path / name / "landing"
        place_keys(home)
        put(landing, KEY, "sample_authority", "2021-03", {"Annex_A.xlsx": content}, period="2021-03")
        (report,) = pipeline.take_in_all(
            landing, CONTRACTS, agreements, home, lambda _: GateVerdict()
        ).reports
        assert (report.rows_received, report.rows_received) == (
            sum(SAMPLE_ROWS.values()),
            report.rows_accepted + report.rows_rejected,
        )
        kept[name] = {}
        for table in EXTRACT.tables:
            raw = pq.read_table(next(home.raw(KEY, table.name).glob("2021-03*.parquet")))
            assert raw.schema.names == raw_schema(EXTRACT, table).names
            only_current = [f.name for f in table.fields if f.optional_column and f.name in raw.column_names]
            kept[name][table.name] = raw.drop_columns(["_submission_id", *only_current]).to_pylist()
    for table in EXTRACT.tables:
        mine, theirs = kept["older"][table.name], kept["current"][table.name]
        assert [{k: v for k, v in r.items() if k != "child_token"} for r in mine] == [
            {k: v for k, v in r.items() if k != "child_token"} for r in theirs
        ]


def test_columns_that_no_list_has_are_named(tmp_path: Path) -> None:
    sheets = older()
    for row in sheets["List 3"]:
        row.append("Locality" if row[0] == "Child Unique ID" else "North")
    result = read_bytes(tmp_path, KEY, workbook(sheets))
    (said,) = [p for p in result.problems if p.code is FileCode.FILE_COLUMN_IGNORED]
    assert (said.table, "L Locality" in said.says) == ("referrals", True)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("List_1", "contacts"), ("list 1", "contacts"), ("List 1 - Contacts", "contacts"), ("Contacts", "contacts"),
        ("List 10", "adoption"), ("List_10 Adoption", "adoption"), ("11. Adopters", "adopters"),
    ],
)  # fmt: skip
def test_a_list_is_found_under_the_names_that_councils_give_its_sheet(
    tmp_path: Path, name: str, table: str
) -> None:
    rows = older()[str(EXTRACT.by_table[table].source.sheet)]
    result = read_bytes(tmp_path, KEY, workbook({name: rows}))
    assert {n: t.received for n, t in result.tables.items() if t.received} == {table: SAMPLE_ROWS[table]}
    missing = {p.table for p in result.problems if p.code is FileCode.FILE_SHEET_MISSING}
    assert missing == set(SAMPLE_ROWS) - {table}
    assert {p.severity for p in result.problems if p.code is FileCode.FILE_SHEET_MISSING} == {Severity.note}


def test_two_sheets_for_one_list_are_not_chosen_between(tmp_path: Path) -> None:
    rows = older()["List 1"]
    result = read_bytes(tmp_path, KEY, workbook({"List 1 contacts": rows, "List 1 old": rows}))
    assert [p.severity for p in result.problems if p.code is FileCode.FILE_TWICE] == [Severity.block_file]


def test_a_workbook_without_any_of_the_lists_is_refused(tmp_path: Path) -> None:
    result = read_bytes(tmp_path, KEY, workbook({"Pivot": [["a", "b"], ["c", "d"]]}))
    assert {p.severity for p in result.problems if p.code is FileCode.FILE_SHEET_MISSING} == {
        Severity.block_file
    }


def test_hidden_merged_and_second_header_rows_are_tolerated(tmp_path: Path) -> None:
    """A title, a header whose first cells are merged downwards over two rows, and the header once more in the middle."""
    old = older()["List 3"]
    upper = [c if n < 5 else None for n, c in enumerate(old[0])]
    lower = [None if n < 5 else c for n, c in enumerate(old[0])]
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "List 3"
    for row in (["Referrals of the last months"], upper, lower, *old[1:4], old[0], *old[4:]):
        sheet.append(row)
    for column in range(1, 6):
        sheet.merge_cells(start_row=2, end_row=3, start_column=column, end_column=column)
    sheet.row_dimensions[5].hidden = True
    sheet.column_dimensions["B"].hidden = True
    out = io.BytesIO()
    book.save(out)
    read = read_bytes(tmp_path, KEY, out.getvalue()).tables["referrals"]
    assert read.missing == []
    assert read.data["_row"].to_pylist() == [4, 5, 6, 8, 9, 10]
    assert [a.row for a in read.set_aside] == [1, 2, 7]
    assert read.data["referral_nfa"].to_pylist() == ["No"] * 6


def test_dates_are_read_as_days_as_serial_numbers_and_as_text(tmp_path: Path) -> None:
    rows: Rows = [list(older()["List 1"][0])]
    for n, day in enumerate(["16/09/2020", "2020-09-16", 44090, "2020-09-16 00:00:00"]):
        rows.append([n + 1, "a) Male", "a) WBRI", "01/02/2012", 8.5, day, "q) 6: Police"])
    with judged(read_bytes(tmp_path, KEY, workbook({"List 1": rows})), "contacts") as j:
        assert {r["contact_date"].isoformat() for r in j.accepted("contacts").to_pylist()} == {"2020-09-16"}
        assert j.accepted("contacts").num_rows == 4


def test_an_encrypted_workbook_says_so(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        read_bytes(tmp_path, KEY, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000)
    assert refused.value.code is FileCode.XLSX_ENCRYPTED
