"""Small files for the readers' tests: a delivery around bytes, and workbooks and CIN returns built in memory."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from ingest import readers
from ingest.contract import load_contracts
from ingest.readers.base import Delivery, ReadResult

CONTRACTS = load_contracts()
CIN = "council/cin_census"
LA12 = "council/missing_and_return_interviews"
POLICE = "police/missing_episodes"
TRAINING = "partnership/training_attendance"
BOARD = "partnership/board_attendance"
SCHOOLS = "school/safeguarding_return"

TRAINING_HEADER = "BookingID,Course,Level,CourseDate,Mode,Delegate,Agency,Role,Area,Status"
TRAINING_ROW = "B{n},Safer together,2,14/05/2025,ONLINE,A Person,POLICE,Officer,860,ATTENDED"


def delivery(key: str, *paths: Path, manifest: Mapping[str, Any] | None = None) -> Delivery:
    """A delivery of existing files, as discovery would have made it."""
    shas = tuple(hashlib.sha256(p.read_bytes()).hexdigest() for p in paths)
    return Delivery(
        key=key,
        files=paths,
        root=paths[0].parent,
        sha256=shas[0],
        bytes=sum(p.stat().st_size for p in paths),
        received_at=dt.datetime(2025, 5, 1, 9),
        manifest=manifest or {},
        file_sha256=shas,
    )


def read_bytes(folder: Path, key: str, data: bytes | str, name: str | None = None, **more: Any) -> ReadResult:
    """Read bytes as one file of an extract."""
    suffix = {"xml": "xml", "xlsx": "xlsx"}.get(CONTRACTS[key].delivery.format, "csv")
    path = folder / (name or f"file.{suffix}")
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return readers.read(delivery(key, path, **more), CONTRACTS[key], CONTRACTS)


def cin(children: str, header: str = "", root: str = "Message") -> str:
    """A CIN return around the text of its children."""
    head = header or (
        "<Header><CollectionDetails><Collection>CIN</Collection><Year>2025</Year>"
        "<ReferenceDate>2025-03-31</ReferenceDate></CollectionDetails><Source><LEA>860</LEA></Source></Header>"
    )
    return f"<{root}>\n{head}\n<Children>\n{children}\n</Children>\n</{root}>\n"


def child(number: int, inside: str = "", identifiers: str = "") -> str:
    return (
        f"<Child><ChildIdentifiers><LAchildID>C{number:06d}</LAchildID>{identifiers}<Sex>M</Sex></ChildIdentifiers>"
        f"<ChildCharacteristics><Ethnicity>WBRI</Ethnicity></ChildCharacteristics>{inside}</Child>"
    )


def training(rows: int = 3, header: str = TRAINING_HEADER, newline: str = "\n") -> str:
    """A training return of so many rows."""
    return newline.join([header, *(TRAINING_ROW.format(n=n) for n in range(1, rows + 1))]) + newline


def workbook(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """A plain workbook; dates and times keep their types."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd/mm/yyyy hh:mm"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if cell is not None:
                    sheet.write(r, c, cell)
    book.close()
    return out.getvalue()


BOARD_ROWS: list[list[object]] = [
    ["Group", "Date", "Seat", "Name", "Level", "Mode", "Apologies"],
    ["BOARD_STAFFS", dt.datetime(2025, 5, 14), "POLICE", "A Person", "LEAD", "ONLINE", "No"],
    ["BOARD_STAFFS", dt.datetime(2025, 5, 14), "ICB", "B Person", "DELEGATE", "ONLINE", "No"],
]


def rezip(data: bytes, change: Mapping[str, bytes | None], add: Mapping[str, bytes] | None = None) -> bytes:
    """The same zip with some members replaced (None: left out) and others added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            body = change.get(name, old.read(name))
            if body is not None:
                new.writestr(name, body)
        for name, body in (add or {}).items():
            new.writestr(name, body)
    return out.getvalue()


def member(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)
