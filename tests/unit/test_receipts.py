"""Receipts: where, which rule, what to do, in order of weight, and never a value."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pytest

from ingest.privacy import Minimised
from ingest.readers.base import FileCode, ShapeReject, problem
from ingest.receipts import compressed, receipt
from tests.support.judging import judged, row


@dataclass
class Counted:
    received: int
    accepted: int
    rejected: int
    set_aside: int = 0


@dataclass
class Report:
    status: str = "partly_accepted"
    submission_id: str = "0123456789abcdef"
    key: str = "council/example"
    tables: dict[str, Any] = field(default_factory=dict[str, Any])
    row: dict[str, Any] = field(default_factory=lambda: {
        "submitter": "staffordshire", "period": "2025-26-Q1", "file_names": "<b>file</b>.csv", "received_at": dt.datetime(2025, 7, 1, 9),
        "due_on": dt.date(2025, 7, 30), "agreement_id": "AG1", "agreement_clause": "clause 4",
    })  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "total", "text"),
    [
        ([4, 7, 8, 9, 12], 5, "4, 7-9, 12"),
        ([4], 9, "4 and 8 more"),
        ([], 0, ""),
        (list(range(1, 100, 2)), 50, ", ".join(map(str, range(1, 41, 2))) + " and 30 more"),
    ],
)
def test_rows_are_compressed(rows: list[int], total: int, text: str) -> None:
    assert compressed(rows, total) == text


def told(status: str = "partly_accepted") -> tuple[str, str]:
    minimised = Minimised()
    minimised.add("cases", "notes", "dropped", 12)
    rows = [
        row(),
        row(1, la_code="MARKER1"),
        row(2, times="99"),
        row(3, born_on="2015-01-02", surname="MARKER2"),
        row(4, need="MARKER3"),
    ]
    with judged(rows, shape=[ShapeReject(9, FileCode.CSV_RAGGED)]) as j:
        counts = {c.table: Counted(c.received, c.accepted, c.rejected, c.set_aside) for c in j.counts()}
        return receipt(Report(status, tables=counts), None, j, [problem(FileCode.FILE_TITLES)], minimised)


def test_text_names_place_rule_row_and_remedy_in_order_of_weight() -> None:
    text, _ = told()
    for part in (
        "column LA_CODE; row 3",
        "[R-WHO]",
        "R-WHO fix.",
        "CSV-RAGGED",
        "[example.cases.times.range]",
        "cases, notes: not kept (12 cells)",
        "clause 4",
    ):
        assert part in text
    assert text.index("R-WHO") < text.index("times.range") < text.index("born_on.mended")
    line = next(x for x in text.splitlines() if x.strip().startswith("cases  "))
    assert line.split()[1:] == ["6", "3", "3", "0"]


def test_no_value_is_told() -> None:
    for body in told():
        assert "MARKER" not in body
        assert "2015-01-02" not in body


def test_html_is_accessible_escaped_and_has_no_script() -> None:
    _, html = told()
    assert '<html lang="en-GB">' in html
    assert "<caption>" in html and 'scope="col"' in html and 'scope="row"' in html
    assert "<script" not in html and "http" not in html
    assert "&lt;b&gt;file" in html


def test_a_refused_file_that_was_never_read_has_a_receipt() -> None:
    text, html = receipt(Report("refused"), None, None, [problem(FileCode.XML_DTD)])
    assert "XML-DTD" in text and "Refused" in html
