"""The CSV reader: deviations are found from bytes and names and are reported; every physical row is accounted for."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import readers
from ingest.contract import Severity
from ingest.readers import csv as csv_reader
from ingest.readers.base import FileCode, ReadResult, Refused
from tests.support.files import (
    CONTRACTS,
    POLICE,
    TRAINING,
    TRAINING_HEADER,
    TRAINING_ROW,
    delivery,
    read_bytes,
    training,
)

TABLE = CONTRACTS[TRAINING].tables[0]
WIDTH = len(TRAINING_HEADER.split(","))


def codes(result: ReadResult) -> set[str]:
    return {p.code.value for p in result.problems}


def bookings(result: ReadResult) -> list[str]:
    return result.tables["bookings"].data["booking_id"].to_pylist()


def test_cells_come_exactly_as_sent(tmp_path: Path) -> None:
    row = ' 00123 ,"nan, <NA>",12E3,NaT,,"say ""hi""",12345678901234567,-,N/A,inf'
    data = read_bytes(tmp_path, TRAINING, f"{TRAINING_HEADER}\n{row}\n").tables["bookings"].data
    sent = next(csv.reader([row]))
    assert [data[f.name].to_pylist()[0] for f in TABLE.fields if f.name != "delegate_email"] == sent
    assert data["delegate_email"].to_pylist() == [None], (
        "a column that is missing is null, an empty cell is not"
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", False),
        ("utf-8-sig", True),
        ("utf-16", True),
        ("utf-16-le", True),
        ("utf-16-be", True),
        ("cp1252", True),
    ],
)
def test_encodings_and_line_ends_are_understood_and_said(
    tmp_path: Path, encoding: str, note: bool, newline: str
) -> None:
    text = training(4, newline=newline).replace("Safer", "Sáfer")
    result = read_bytes(tmp_path, TRAINING, text.encode(encoding))
    data = result.tables["bookings"].data
    assert data["course"].to_pylist() == ["Sáfer together"] * 4
    assert data["_row"].to_pylist() == [2, 3, 4, 5]
    assert ("FILE-ENCODING" in codes(result)) is note


def test_a_declared_windows_file_in_utf8_is_not_turned_to_mojibake(tmp_path: Path) -> None:
    header = "EpisodeRef,NominalRef,HomeLA,StartDateTime,ReportedDateTime,LocatedDateTime,RiskGrade,Forename,Surname,DOB"
    row = "E1,N1,860,01/04/2025 10:00,01/04/2025 11:00,,HIGH,José,Núñez,01/02/2012"
    utf8 = read_bytes(tmp_path, POLICE, f"{header}\n{row}\n".encode())
    windows = read_bytes(tmp_path, POLICE, f"{header}\n{row}\n".encode("cp1252"))
    assert (
        utf8.tables["episodes"].data["forename"].to_pylist()
        == windows.tables["episodes"].data["forename"].to_pylist()
        == ["José"]
    )
    assert "FILE-ENCODING" in codes(utf8)
    assert "FILE-ENCODING" not in codes(windows)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_another_separator_is_found_from_the_contracts_names(tmp_path: Path, delimiter: str) -> None:
    result = read_bytes(tmp_path, TRAINING, training(3).replace(",", delimiter))
    assert bookings(result) == ["B1", "B2", "B3"]
    assert "FILE-DELIMITER" in codes(result)


def test_values_never_decide_the_separator(tmp_path: Path) -> None:
    text = (
        TRAINING_HEADER.replace("Course,", "Course,", 1)
        + "\n"
        + TRAINING_ROW.format(n=1).replace("Safer together", "a;b;c;d;e;f;g;h;i;j;k")
    )
    result = read_bytes(tmp_path, TRAINING, text)
    assert result.tables["bookings"].data["course"].to_pylist() == ["a;b;c;d;e;f;g;h;i;j;k"]


def test_titles_above_and_totals_and_notes_below_are_set_aside(tmp_path: Path) -> None:
    text = (
        "Training report,,,\nPrinted by the office\n\n" + training(3) + "Total,3,,,,,,,,\n,,,,,,,,,\n"
        "Notes: late bookings are left out\nof this list,,,,,,,,,\n"
    )
    result = read_bytes(tmp_path, TRAINING, text)
    read = result.tables["bookings"]
    assert bookings(result) == ["B1", "B2", "B3"]
    assert read.data["_row"].to_pylist() == [5, 6, 7]
    assert [a.row for a in read.set_aside] == [1, 2, 3, 8, 9, 10, 11]
    assert read.shape_rejects == []
    assert result.stated["titles"] == ["Training report", "Printed by the office"]
    assert {"FILE-TITLES", "FILE-FOOTER"} <= codes(result)


def test_a_row_of_data_that_begins_with_a_footers_word_stays(tmp_path: Path) -> None:
    row = TRAINING_ROW.format(n=9).replace("B9", "Total safety 1")
    result = read_bytes(tmp_path, TRAINING, training(1) + row + "\n")
    assert bookings(result) == ["B1", "Total safety 1"]


def test_ragged_rows_are_rejected_never_padded(tmp_path: Path) -> None:
    text = training(2) + "B3,short\n" + TRAINING_ROW.format(n=4) + ",extra\n" + TRAINING_ROW.format(n=5)
    result = read_bytes(tmp_path, TRAINING, text)
    assert bookings(result) == ["B1", "B2", "B5"]
    assert [(r.row, r.code) for r in result.tables["bookings"].shape_rejects] == [
        (4, FileCode.CSV_RAGGED),
        (5, FileCode.CSV_RAGGED),
    ]
    assert result.tables["bookings"].data["_row"].to_pylist() == [2, 3, 6]
    assert next(p for p in result.problems if p.code is FileCode.CSV_RAGGED).where == "rows 4, 5"


def test_line_ends_inside_quotes_keep_the_spreadsheets_row_numbers(tmp_path: Path) -> None:
    first = TRAINING_ROW.format(n=1).replace("Officer", '"Officer\nand\r\nmore"')
    result = read_bytes(tmp_path, TRAINING, f"{TRAINING_HEADER}\n{first}\n" + TRAINING_ROW.format(n=2) + "\n")
    assert result.tables["bookings"].data["_row"].to_pylist() == [2, 3]
    assert result.tables["bookings"].data["role"].to_pylist() == ["Officer\nand\nmore", "Officer"]
    assert "CSV-QUOTE" not in codes(result)


def test_an_open_quote_that_swallows_rows_is_named(tmp_path: Path) -> None:
    rows = [TRAINING_ROW.format(n=n) for n in range(1, 7)]
    rows[1] = rows[1].replace("Officer", '"Officer')
    rows[4] = rows[4].replace("A Person", '"A Person')
    result = read_bytes(tmp_path, TRAINING, "\n".join([TRAINING_HEADER, *rows]) + "\n")
    problem = next(p for p in result.problems if p.code is FileCode.CSV_QUOTE)
    assert problem.severity is Severity.block_file
    assert problem.where == "row 3"


@pytest.mark.parametrize("place", [1, 3, 5])
def test_a_quote_open_at_the_end_refuses(tmp_path: Path, place: int) -> None:
    rows = [TRAINING_ROW.format(n=n) for n in range(1, 6)]
    rows[place - 1] = rows[place - 1].replace("Officer", '"Officer')
    with pytest.raises(Refused) as refused:
        read_bytes(tmp_path, TRAINING, "\n".join([TRAINING_HEADER, *rows]) + "\n")
    assert refused.value.code is FileCode.CSV_QUOTE


def test_a_lone_quote_inside_a_cell_is_text(tmp_path: Path) -> None:
    result = read_bytes(
        tmp_path, TRAINING, training(2) + TRAINING_ROW.format(n=3).replace("Officer", '6" officer') + "\n"
    )
    assert result.tables["bookings"].data["role"].to_pylist()[2] == '6" officer'


def test_columns_not_in_the_contract_are_counted_and_not_read(tmp_path: Path) -> None:
    header = TRAINING_HEADER + ",Secret,,Empty"
    text = f"{header}\n" + "".join(
        TRAINING_ROW.format(n=n) + f",{'x' if n % 2 else ' '},,\n" for n in range(1, 6)
    )
    read = read_bytes(tmp_path, TRAINING, text).tables["bookings"]
    assert [(i.letter, i.header, i.cells) for i in read.ignored] == [("K", "Secret", 3), ("M", "Empty", 0)]
    assert "Secret" not in read.data.column_names


def test_one_column_less_does_not_refuse_the_file(tmp_path: Path) -> None:
    lines = [",".join(line.split(",")[:2] + line.split(",")[3:]) for line in training(2).split("\n") if line]
    result = read_bytes(tmp_path, TRAINING, "\n".join(lines))
    assert bookings(result) == ["B1", "B2"]
    assert result.tables["bookings"].missing == ["level", "delegate_email"]


def test_repeated_header_rows_are_set_aside(tmp_path: Path) -> None:
    read = read_bytes(tmp_path, TRAINING, training(2) + training(2)).tables["bookings"]
    assert read.data.num_rows == 4
    assert [(a.row, a.why) for a in read.set_aside] == [(4, "column names again")]


def test_a_header_without_rows_is_empty_not_broken(tmp_path: Path) -> None:
    for text in (TRAINING_HEADER, TRAINING_HEADER + "\n", TRAINING_HEADER + "\r\n\r\n"):
        result = read_bytes(tmp_path, TRAINING, text)
        assert result.tables["bookings"].data.num_rows == 0
        assert "FILE-EMPTY" in codes(result)


def test_manifest_counts_and_checksums_are_held(tmp_path: Path) -> None:
    result = read_bytes(tmp_path, TRAINING, training(3), manifest={"files": {"file.csv": {"rows": 3}}})
    assert "FILE-ROWS" not in codes(result)
    result = read_bytes(tmp_path, TRAINING, training(3), manifest={"files": {"file.csv": {"rows": 4}}})
    assert next(p for p in result.problems if p.code is FileCode.FILE_ROWS).severity is Severity.block_file
    with pytest.raises(Refused) as refused:
        read_bytes(tmp_path, TRAINING, training(3), manifest={"files": {"file.csv": {"sha256": "0" * 64}}})
    assert refused.value.code is FileCode.FILE_CHECKSUM


# --- conservation: an independent count of physical rows ----------------------------------------------------------------------

CELL = st.one_of(
    st.sampled_from(
        ["", " ", "x", "Total", "Notes", "a,b", 'q"q', "l1\nl2", "é", "\u2028", "00123", "=1+1", "'"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8),
)


@settings(max_examples=150)
@given(
    rows=st.lists(
        st.one_of(st.lists(CELL, min_size=WIDTH, max_size=WIDTH), st.lists(CELL, max_size=WIDTH + 2)),
        max_size=40,
    ),
    titles=st.lists(st.sampled_from(["", "A title", "Report,2025", '"quoted title"']), max_size=4),
    newline=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    last=st.booleans(),
)
def test_every_physical_row_is_somewhere(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    titles: list[str],
    newline: str,
    encoding: str,
    last: bool,
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=newline)
    for row in rows:
        writer.writerow(row or [""])
    text = newline.join([*titles, TRAINING_HEADER]) + newline + (out.getvalue() if rows else "")
    if not last:
        text = text.removesuffix(newline)
    path = tmp_path_factory.getbasetemp() / "conserve.csv"
    path.write_bytes(text.encode(encoding))
    old = csv_reader.BLOCK
    csv_reader.BLOCK = 4096  # many blocks, so that their ends fall everywhere
    try:
        read = readers.read(delivery(TRAINING, path), CONTRACTS[TRAINING]).tables["bookings"]
    finally:
        csv_reader.BLOCK = old
    physical = sum(1 for _ in csv.reader(io.StringIO(text, newline="")))
    asides, rejects = [a.row for a in read.set_aside], [r.row for r in read.shape_rejects]
    numbers = [*asides, *rejects, *read.data["_row"].to_pylist()]
    assert sorted([*numbers, len(titles) + 1]) == list(range(1, physical + 1))
    by_row = dict(enumerate(csv.reader(io.StringIO(text.replace("\r\n", "\n"), newline="")), start=1))
    for at, booking, status in zip(
        read.data["_row"].to_pylist(),
        read.data["booking_id"].to_pylist(),
        read.data["status"].to_pylist(),
        strict=True,
    ):
        assert (booking, status) == (by_row[at][0], by_row[at][9])
    assert all(len(by_row[r]) != WIDTH for r in rejects)


def test_row_numbers_hold_over_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "BLOCK", 1 << 16)
    lines = [TRAINING_HEADER]
    for n in range(2, 20_002):
        lines.append("B,short" if n % 997 == 0 else "" if n % 1009 == 0 else TRAINING_ROW.format(n=n))
    read = read_bytes(tmp_path, TRAINING, "\r\n".join(lines) + "\r\n").tables["bookings"]
    assert read.data["booking_id"].to_pylist() == [f"B{r}" for r in read.data["_row"].to_pylist()]
    assert [r.row for r in read.shape_rejects] == [n for n in range(2, 20_002) if n % 997 == 0]


def test_reading_time_grows_with_the_file_not_its_square(tmp_path: Path) -> None:
    import time

    def cost(rows: int) -> float:
        text = training(rows)
        start = time.process_time()
        read_bytes(tmp_path, TRAINING, text)
        return time.process_time() - start

    cost(1000)
    small, large = min(cost(20_000) for _ in range(3)), min(cost(160_000) for _ in range(2))
    assert large < 8 * small * 3
