"""Workbooks: cells as the sender means them, two header rows, merged cells, titles, notes, hidden sheets."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import MAC_EPOCH

from ingest.contract import Severity
from ingest.readers import xlsx
from ingest.readers.base import FileCode, ReadResult, Refused
from tests.support.files import BOARD, BOARD_ROWS, SCHOOLS, member, read_bytes, rezip, workbook

RETURNS: list[list[object]] = [
    ["Section 175/157 return: academic year 2024/25"],
    [None],
    ["School", None, None, "Return", None, None, None, "Gap identified", "Sign-off", None],
    ["URN", "DfE number", "LA", "Role", "Name", "Submitted", "Version", None, "Head", "Governor"],
    [123456, 8604000, "860", "DSL", "A", dt.datetime(2025, 3, 4, 9, 30), 1, True, "Yes", "No"],
    ["012345", 8604001, "860", "DSL", "B", "04/03/2025 09:31", 2, False, "Yes", "No"],
    ["Total", 2],
    [None],
    ["Notes: schools that closed are left out"],
    ["Source: the survey form"],
]
RESPONSES: list[list[object]] = [
    [
        "URN",
        "Version",
        "1.1 Staff training",
        "1.2 Code of conduct",
        "2.1 Policy published",
        "2.2 Lead and deputies",
        "2.3 Filtering and monitoring",
        "2.4 Record transfer",
        "3.1 Single central record",
        "3.2 Online checks",
    ],
    [123456, 1, 1, "NA", 2, 3, 4, "2", None, 0.5],
]


def codes(result: ReadResult) -> set[str]:
    return {p.code.value for p in result.problems}


def test_the_workbook_that_schools_really_send(tmp_path: Path) -> None:
    result = read_bytes(tmp_path, SCHOOLS, workbook({"RETURNS ": RETURNS, "responses": RESPONSES}))
    read = result.tables["returns"]
    assert read.data["school_urn"].to_pylist() == ["123456", "012345"]
    assert read.data["submitted_at"].to_pylist() == ["2025-03-04 09:30:00", "04/03/2025 09:31"]
    assert read.data["version"].to_pylist() == ["1", "2"]
    assert read.data["self_identified"].to_pylist() == ["TRUE", "FALSE"]
    assert read.data["signed_by_head"].to_pylist() == ["Yes", "Yes"]
    assert read.data["_row"].to_pylist() == [5, 6]
    assert read.missing == []
    assert [a.row for a in read.set_aside] == [1, 2, 3, 7, 8, 9, 10]
    assert result.stated["titles"][0] == "Section 175/157 return: academic year 2024/25"
    answers = result.tables["responses"].data
    assert answers.slice(0, 1).to_pylist()[0]["code_of_conduct"] == "NA"
    assert answers["online_checks"].to_pylist() == ["0.5"]


def test_every_row_of_the_sheet_is_somewhere(tmp_path: Path) -> None:
    read = read_bytes(tmp_path, SCHOOLS, workbook({"Returns": RETURNS, "Responses": RESPONSES})).tables[
        "returns"
    ]
    numbers = sorted([4, *(a.row for a in read.set_aside), *read.data["_row"].to_pylist()])
    assert numbers == list(range(1, len(RETURNS) + 1))


def test_a_group_row_may_be_merged_over_the_names(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Attendance"
    sheet.append(["Meeting", None, "Seat", None])
    sheet.merge_cells("A1:B1")
    for row in BOARD_ROWS:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    read = read_bytes(tmp_path, BOARD, out.getvalue()).tables["seats"]
    assert read.data["meeting_date"].to_pylist() == ["2025-05-14"] * 2
    assert read.data["_row"].to_pylist() == [3, 4]


@pytest.mark.parametrize("epoch", [None, MAC_EPOCH], ids=["1900", "1904"])
def test_dates_are_days_whatever_the_workbooks_epoch(tmp_path: Path, epoch: dt.datetime | None) -> None:
    book = openpyxl.Workbook()
    if epoch:
        book.epoch = epoch
    sheet = book.active
    assert sheet is not None
    sheet.title = "Attendance"
    for row in BOARD_ROWS:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    assert (
        read_bytes(tmp_path, BOARD, out.getvalue()).tables["seats"].data["meeting_date"].to_pylist()
        == ["2025-05-14"] * 2
    )


def test_ids_never_pass_through_a_float(tmp_path: Path) -> None:
    rows = [
        BOARD_ROWS[0],
        *[
            [n, "14/05/2025", "POLICE", n, "LEAD", "ONLINE", "No"]
            for n in ("00123", 123, 12.0, "12E3", 123456789012345)
        ],
    ]
    data = workbook({"Attendance": rows})
    sheet = member(data, "xl/worksheets/sheet1.xml").replace(b"123456789012345</v>", b"12345678901234567</v>")
    read = read_bytes(tmp_path, BOARD, rezip(data, {"xl/worksheets/sheet1.xml": sheet})).tables["seats"]
    assert read.data["attendee_name"].to_pylist() == ["00123", "123", "12", "12E3", "12345678901234567"]


def test_errors_and_formulas_without_a_result_are_never_blank(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Attendance"
    sheet.append(BOARD_ROWS[0])
    sheet.append(["=A1", dt.date(2025, 5, 14), "POLICE", "#N/A", "LEAD", "ONLINE", "=1+1"])
    out = io.BytesIO()
    book.save(out)
    result = read_bytes(tmp_path, BOARD, out.getvalue())
    row = result.tables["seats"].data.to_pylist()[0]
    assert (row["meeting_group"], row["apologies"], row["attendee_name"]) == (
        "#FORMULA!",
        "#FORMULA!",
        "#N/A",
    )
    assert next(p for p in result.problems if p.code is FileCode.XLSX_FORMULA).where == "row 2"


def test_hidden_and_other_sheets_are_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Attendance"
    for row in BOARD_ROWS:
        sheet.append(row)
    book.create_sheet("Old list").sheet_state = "hidden"
    book.create_sheet("Pivot")
    out = io.BytesIO()
    book.save(out)
    result = read_bytes(tmp_path, BOARD, out.getvalue())
    assert next(p for p in result.problems if p.code is FileCode.XLSX_HIDDEN).where == "Old list"
    assert "Pivot" in next(p for p in result.problems if p.code is FileCode.FILE_COLUMN_IGNORED).says


def test_a_missing_sheet_is_named_and_the_other_is_read(tmp_path: Path) -> None:
    result = read_bytes(tmp_path, SCHOOLS, workbook({"Returns": RETURNS, "Sheet2": [["x"]]}))
    missing = next(p for p in result.problems if p.code is FileCode.FILE_SHEET_MISSING)
    assert (missing.table, missing.severity) == ("responses", Severity.block_file)
    assert result.tables["returns"].data.num_rows == 2
    assert result.tables["responses"].data.num_rows == 0


def test_the_only_sheet_is_taken_for_the_only_table_and_said(tmp_path: Path) -> None:
    result = read_bytes(tmp_path, BOARD, workbook({"Sheet1": BOARD_ROWS}))
    assert result.tables["seats"].data.num_rows == 2
    assert next(p for p in result.problems if p.code is FileCode.FILE_SHEET_MISSING).severity is Severity.note


def test_an_empty_result_from_a_sheet_with_something_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        read_bytes(tmp_path, BOARD, workbook({"Attendance": [["something"], ["else"]]}))
    assert refused.value.code is FileCode.FILE_HEADER


def test_true_and_one_are_different_and_text_of_any_script_keeps_its_row(tmp_path: Path) -> None:
    rows: list[list[object]] = [BOARD_ROWS[0]]
    names: list[object] = [True, 1.0, "1", "Zoë", "李", "", "x" * 30_000, False, 0]
    rows += [[n, "14/05/2025", "POLICE", n, "LEAD", "ONLINE", "No"] for n in names]
    read = read_bytes(tmp_path, BOARD, workbook({"Attendance": rows})).tables["seats"]
    assert read.data["attendee_name"].to_pylist() == [
        "TRUE", "1", "1", "Zoë", "李", "", "x" * 30_000, "FALSE", "0",
    ]  # fmt: skip


def test_a_sheet_longer_than_a_block_and_away_from_the_corner_is_read_whole(tmp_path: Path) -> None:
    """The child writes blocks of 10,000 rows, and tells how many columns on the left are empty."""
    rows: list[list[object]] = [[None, None, *BOARD_ROWS[0]]]
    rows += [[None, None, n, "14/05/2025", "POLICE", n, "LEAD", "ONLINE", "No"] for n in range(20_001)]
    read = read_bytes(tmp_path, BOARD, workbook({"Attendance": rows})).tables["seats"]
    assert read.data["attendee_name"].to_pylist() == [str(n) for n in range(20_001)]
    assert read.data["_row"].to_pylist() == list(range(2, 20_003))


@pytest.mark.parametrize(
    "says",
    [
        b"no JSON\n",
        b'{"rows": 1, "left": 0}\n',
        b'{"rows": 2, "left": 0, "bytes": [4]}\n',
        b'{"rows": 1, "left": 0, "bytes": [2]}\n\x00\x00\x00\x00\xff\x00\x00\x00ab{"rows": 0}\n',
        b'{"rows": 1, "left": 0, "bytes": [2]}\n\x00\x00\x00\x00\x02\x00\x00\x00\xff\xfe{"rows": 0}\n',
        b'{"rows": 0}\n{"rows": 0}\n',
    ],
)
def test_what_a_broken_child_says_is_never_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: bytes
) -> None:
    script = tmp_path / "child.py"
    script.write_text(f"import sys\nsys.stdout.buffer.write({says!r})\n", encoding="utf-8")
    monkeypatch.setattr(xlsx, "_CHILD", script)
    with pytest.raises(Refused) as refused:
        read_bytes(tmp_path, BOARD, workbook({"Attendance": BOARD_ROWS}))
    assert refused.value.code in (FileCode.XLSX_FORMAT, FileCode.FILE_EMPTY)
