"""What every reader gives back, and the closed list of what can be wrong with a file.

Lives here: the result types, the file problem codes with their plain sentences, the one exception that a bad file raises.
Add here: a new file problem (one line in CATALOGUE) or a new limit.
Must not live here: parsing of any format, rules on cells, anything that puts a cell's value in a message.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingest.contract import Severity, Table

#: Excel's own limits; a sheet that claims more is not a sheet.
MAX_COLUMNS = 16_384
#: Longest name of a column or an element that is repeated in a message.
MAX_NAME = 60
#: A sender that invents thousands of column or element names gets the first ones listed and the rest counted.
MAX_IGNORED = 500
#: Names of unread columns or elements in one note; every layout that we know has fewer, the rest are counted.
MAX_NAMED = 100
#: Row numbers shown in one problem; the rest are counted.
MAX_WHERE = 10


class FileCode(StrEnum):
    """Every problem that a file as a whole can have. Codes are stable: receipts and tests use them."""

    FILE_NOT_REGULAR = "FILE-NOT-REGULAR"
    FILE_UNREADABLE = "FILE-UNREADABLE"
    FILE_LIMIT = "FILE-LIMIT"
    FILE_EMPTY = "FILE-EMPTY"
    FILE_FORMAT = "FILE-FORMAT"
    FILE_ENCODING = "FILE-ENCODING"
    FILE_DELIMITER = "FILE-DELIMITER"
    FILE_HEADER = "FILE-HEADER"
    FILE_TITLES = "FILE-TITLES"
    FILE_COLUMN_MISSING = "FILE-COLUMN-MISSING"
    FILE_COLUMN_IGNORED = "FILE-COLUMN-IGNORED"
    FILE_FOOTER = "FILE-FOOTER"
    FILE_PERIOD = "FILE-PERIOD"
    FILE_SUBMITTER = "FILE-SUBMITTER"
    FILE_SHEET_MISSING = "FILE-SHEET-MISSING"
    FILE_TABLE_MISSING = "FILE-TABLE-MISSING"
    FILE_TWICE = "FILE-TWICE"
    FILE_CHECKSUM = "FILE-CHECKSUM"
    FILE_ROWS = "FILE-ROWS"
    FILE_INCOMPLETE = "FILE-INCOMPLETE"
    MANIFEST_MALFORMED = "MANIFEST-MALFORMED"
    XML_DTD = "XML-DTD"
    XML_MALFORMED = "XML-MALFORMED"
    XML_DEPTH = "XML-DEPTH"
    XML_LIMIT = "XML-LIMIT"
    XML_ROOT = "XML-ROOT"
    XML_NAMESPACE = "XML-NAMESPACE"
    XML_UNEXPECTED_TEXT = "XML-UNEXPECTED-TEXT"
    XML_UNEXPECTED_ELEMENT = "XML-UNEXPECTED-ELEMENT"
    XML_ATTRIBUTE = "XML-ATTRIBUTE"
    XML_REPEATED = "XML-REPEATED"
    JSON_MALFORMED = "JSON-MALFORMED"
    JSON_TRUNCATED = "JSON-TRUNCATED"
    JSON_NUMBER = "JSON-NUMBER"
    JSON_DEPTH = "JSON-DEPTH"
    JSON_LIMIT = "JSON-LIMIT"
    JSON_ROOT = "JSON-ROOT"
    JSON_DUPLICATE = "JSON-DUPLICATE"
    JSON_TYPE = "JSON-TYPE"
    XLSX_FORMAT = "XLSX-FORMAT"
    XLSX_LIMIT = "XLSX-LIMIT"
    XLSX_ENCRYPTED = "XLSX-ENCRYPTED"
    XLSX_MACRO = "XLSX-MACRO"
    XLSX_EXTERNAL = "XLSX-EXTERNAL"
    XLSX_DTD = "XLSX-DTD"
    XLSX_HIDDEN = "XLSX-HIDDEN"
    XLSX_FORMULA = "XLSX-FORMULA"
    CSV_RAGGED = "CSV-RAGGED"
    CSV_QUOTE = "CSV-QUOTE"
    CSV_NUL = "CSV-NUL"
    CSV_LIMIT = "CSV-LIMIT"
    CSV_NEWLINES = "CSV-NEWLINES"


_B, _W, _N = Severity.block_file, Severity.warn, Severity.note

#: code -> (severity unless the finder says otherwise, what is wrong, what the sender does). `{}` names are counts,
#: contract names or the sender's own column, sheet and element names; never a cell.
CATALOGUE: Mapping[FileCode, tuple[Severity, str, str]] = {
    FileCode.FILE_NOT_REGULAR: (
        _B,
        "The delivery is a link or a device, not a file.",
        "Send the file itself.",
    ),
    FileCode.FILE_UNREADABLE: (_B, "The file cannot be opened.", "Send the file again."),
    FileCode.FILE_LIMIT: (
        _B,
        "The file is larger than {limit}.",
        "Split the delivery, or ask the partnership to raise the limit.",
    ),
    FileCode.FILE_EMPTY: (
        _W,
        "There is no row of data.",
        "If there was nothing to report, nothing; otherwise send the file with its rows.",
    ),
    FileCode.FILE_FORMAT: (_B, "The file is not {expected}.", "Save it as {expected} and send it again."),
    FileCode.FILE_ENCODING: (
        _N,
        "The text is encoded as {found}, not as {declared}.",
        "Save the file as {declared}.",
    ),
    FileCode.FILE_DELIMITER: (
        _N,
        "The cells are separated by {found}, not by {declared}.",
        "Save the file with {declared} between cells.",
    ),
    FileCode.FILE_HEADER: (
        _B,
        "No row of the first {rows} holds the column names of this return.",
        "Put the column names of the specification in one row above the data.",
    ),
    FileCode.FILE_TITLES: (
        _N,
        "Lines stand above the column names; they were set aside.",
        "Start the file with the column names.",
    ),
    FileCode.FILE_COLUMN_MISSING: (
        _W,
        "The column for {label} ({headers}) is missing.",
        "Add the column {headers}.",
    ),
    FileCode.FILE_COLUMN_IGNORED: (
        _N,
        "Columns or elements that are not part of this return were not read: {names}.",
        "Leave them out.",
    ),
    FileCode.FILE_FOOTER: (
        _N,
        "Totals or notes stand among or below the rows; they were set aside.",
        "Leave totals and notes out.",
    ),
    FileCode.FILE_PERIOD: (
        _W,
        "The period is {first} by the {source} and {then} by the {other}; {first} was used.",
        "State one period everywhere.",
    ),
    FileCode.FILE_SUBMITTER: (
        _B,
        "The {source} names another sender than the {other}.",
        "Send each authority's file in its own folder.",
    ),
    FileCode.FILE_SHEET_MISSING: (
        _B,
        "The sheet {sheet} is missing.",
        "Add the sheet, with the name of the specification.",
    ),
    FileCode.FILE_TABLE_MISSING: (
        _B,
        "The file for {table} is missing.",
        "Send all files of the return together.",
    ),
    FileCode.FILE_TWICE: (
        _B,
        "Two different files are both for {table}.",
        "Send a correction in a delivery of its own.",
    ),
    FileCode.FILE_CHECKSUM: (
        _B,
        "The file is not the one that the manifest describes.",
        "Send the file and its manifest again.",
    ),
    FileCode.FILE_ROWS: (
        _B,
        "The file has {found} rows and the manifest says {stated}.",
        "Send the whole file again.",
    ),
    FileCode.FILE_INCOMPLETE: (
        _B,
        "A file that the manifest lists has not arrived.",
        "Send all files of the manifest.",
    ),
    FileCode.MANIFEST_MALFORMED: (
        _B,
        "The manifest cannot be read.",
        "Send the manifest again as plain JSON.",
    ),
    FileCode.XML_DTD: (
        _B,
        "The file holds a document type declaration, which is never read.",
        "Remove the DOCTYPE from the file.",
    ),
    FileCode.XML_MALFORMED: (
        _B,
        "The file is not well-formed XML, or it ends early.",
        "Export the file again and send it whole.",
    ),
    FileCode.XML_DEPTH: (
        _B,
        "Elements are nested deeper than any layout of this return.",
        "Export the file again in the return's own layout.",
    ),
    FileCode.XML_LIMIT: (
        _B,
        "One element is larger than a record can be.",
        "Export the file again in the return's own layout.",
    ),
    FileCode.XML_ROOT: (
        _B,
        "The file is not this return: its outermost element, or the mark that names the collection, is another.",
        "Send the return's own XML.",
    ),
    FileCode.XML_NAMESPACE: (
        _N,
        "Elements carry a namespace; it was left aside.",
        "Nothing, or export without the namespace.",
    ),
    FileCode.XML_UNEXPECTED_TEXT: (
        _N,
        "Loose text stands between elements; it was left aside.",
        "Remove the loose text; check that no value lost its element.",
    ),
    FileCode.XML_UNEXPECTED_ELEMENT: (
        _W,
        "A value holds an element of its own; the value was read and the element was not.",
        "Export the file again in the return's own layout.",
    ),
    FileCode.XML_ATTRIBUTE: (
        _N,
        "Elements carry attributes, which this return does not have; they were left aside.",
        "Nothing, if they hold no data.",
    ),
    FileCode.XML_REPEATED: (
        _W,
        "A value is given twice, differently, in one record; the first was read.",
        "Give the value once.",
    ),
    FileCode.JSON_MALFORMED: (
        _B,
        "The file is not well-formed JSON.",
        "Export the file again with the program that made it; do not edit it by hand.",
    ),
    FileCode.JSON_TRUNCATED: (
        _B,
        "The file ends in the middle.",
        "Send the file again, whole.",
    ),
    FileCode.JSON_NUMBER: (
        _B,
        "A number is NaN or Infinity, which JSON does not have.",
        "Leave the value out, or write null.",
    ),
    FileCode.JSON_DEPTH: (
        _B,
        "Objects are nested deeper than any layout of this return.",
        "Export the file again in the return's own layout.",
    ),
    FileCode.JSON_LIMIT: (
        _B,
        "One record, or a name in it, is larger than a record can be.",
        "Export the file again in the return's own layout.",
    ),
    FileCode.JSON_ROOT: (
        _B,
        "The file is not this return: it is neither a list of records nor an object that holds one.",
        "Send the return's own JSON.",
    ),
    FileCode.JSON_DUPLICATE: (
        _W,
        "A name is given twice in one object; the first value was read.",
        "Give every name once.",
    ),
    FileCode.JSON_TYPE: (
        _W,
        "A value is of another kind than the layout says (text where an object or a list belongs, or the other way round); it was not read.",
        "Export the file again in the return's own layout.",
    ),
    FileCode.XLSX_FORMAT: (
        _B,
        "The file is not a workbook of the kind .xlsx.",
        "Save it as an Excel workbook (.xlsx) and send it again.",
    ),
    FileCode.XLSX_LIMIT: (
        _B,
        "The workbook is larger inside than it may be, or took too long to open.",
        "Copy the cells that matter to a new workbook and send that.",
    ),
    FileCode.XLSX_ENCRYPTED: (
        _B,
        "The workbook is protected with a password, or is an old .xls file.",
        "Save it as .xlsx without a password; the transfer is already encrypted.",
    ),
    FileCode.XLSX_MACRO: (_B, "The workbook holds macros.", "Save it as .xlsx, which has no macros."),
    FileCode.XLSX_EXTERNAL: (
        _B,
        "The workbook holds links to other workbooks.",
        "Break the links (Data, Edit links) and save it again.",
    ),
    FileCode.XLSX_DTD: (
        _B,
        "A part of the workbook holds a document type declaration, which no spreadsheet program writes.",
        "Save it again with a spreadsheet program.",
    ),
    FileCode.XLSX_HIDDEN: (_N, "The workbook has hidden sheets.", "Delete hidden sheets before sending."),
    FileCode.XLSX_FORMULA: (
        _W,
        "Cells hold formulas without a stored result; they were read as unreadable.",
        "Open the workbook, recalculate, save and send it again; or paste values.",
    ),
    FileCode.CSV_RAGGED: (
        _W,
        "Rows have more or fewer cells than the header; they were rejected, not padded.",
        "Give every row one cell a column; quote text that holds a separator.",
    ),
    FileCode.CSV_QUOTE: (
        _B,
        "A quotation mark is opened and not closed, so rows run together.",
        "Close or double the quotation mark.",
    ),
    FileCode.CSV_NUL: (
        _B,
        "The file holds NUL bytes, so it is damaged or not text.",
        "Export the file again.",
    ),
    FileCode.CSV_LIMIT: (
        _B,
        "One row is larger than a row can be.",
        "Export the file again; check for an open quotation mark.",
    ),
    FileCode.CSV_NEWLINES: (
        _N,
        "Lines end in more than one way; every way was understood.",
        "Nothing, or export the file in one go.",
    ),
}


class Refused(Exception):
    """The file is not taken in at all. The only exception that a bad file raises; it names a code, never a value."""

    def __init__(
        self,
        code: FileCode,
        where: str | None = None,
        *,
        instead: tuple[str, str] | None = None,
        **names: object,
    ) -> None:
        """`instead`: another fixed sentence and remedy for a code whose usual sentence is about a lesser case."""
        _, says, fix = CATALOGUE[code]
        says, fix = instead or (says, fix)
        self.code, self.where = code, where
        self.says, self.fix = says.format_map(_Names(names)), fix.format_map(_Names(names))
        super().__init__(f"{code.value}: {self.says}" + (f" ({where})" if where else ""))


class _Names(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "the specification" if key in ("expected", "declared") else "?"


@dataclass(frozen=True)
class FileProblem:
    code: FileCode
    severity: Severity
    says: str
    fix: str
    table: str | None = None
    where: str | None = None


def problem(
    code: FileCode,
    *,
    severity: Severity | None = None,
    table: str | None = None,
    where: str | None = None,
    **names: object,
) -> FileProblem:
    """A file problem with its catalogue sentence."""
    default, says, fix = CATALOGUE[code]
    return FileProblem(
        code, severity or default, says.format_map(_Names(names)), fix.format_map(_Names(names)), table, where
    )


@dataclass(frozen=True)
class Delivery:
    """What one sender put down at one time for one extract (or one file that nothing recognises)."""

    key: str | None
    files: tuple[Path, ...]
    root: Path
    sha256: str
    bytes: int
    received_at: datetime
    manifest: Mapping[str, Any]
    path_submitter: str | None = None
    path_period: str | None = None
    why: str = ""  # why nothing recognises it
    refusal: FileCode | None = None  # known before reading; `read` raises it
    file_sha256: tuple[str, ...] = ()  # one a file, in the order of `files`


@dataclass(frozen=True)
class ShapeReject:
    """A row that cannot be read as a row. Received and rejected, never padded, never merged."""

    row: int
    code: FileCode


@dataclass(frozen=True)
class SetAside:
    """A line that is not data: title, blank, repeated header, total, note."""

    row: int
    why: str


@dataclass(frozen=True)
class Ignored:
    """A column or element that the contract does not have. Named, counted, not read."""

    position: int
    letter: str
    header: str
    why: str
    cells: int = 0  # how many cells (elements) of it hold something


def _no_rejects() -> list[ShapeReject]:
    return []


def _no_asides() -> list[SetAside]:
    return []


def _no_ignored() -> list[Ignored]:
    return []


def _no_names() -> list[str]:
    return []


def _no_problems() -> list[FileProblem]:
    return []


@dataclass
class TableRead:
    """One table as sent: strings, with the row number that the sender sees."""

    table: str
    data: pa.Table
    shape_rejects: list[ShapeReject] = field(default_factory=_no_rejects)
    set_aside: list[SetAside] = field(default_factory=_no_asides)
    ignored: list[Ignored] = field(default_factory=_no_ignored)
    missing: list[str] = field(default_factory=_no_names)

    @property
    def received(self) -> int:
        """Rows of data received, readable or not."""
        return self.data.num_rows + len(self.shape_rejects)


@dataclass
class ReadResult:
    tables: dict[str, TableRead]
    stated: dict[str, Any] = field(default_factory=dict[str, Any])
    problems: list[FileProblem] = field(default_factory=_no_problems)


SYSTEM_COLUMNS = (("_row", pa.int64()), ("_line", pa.int64()), ("_parent_row", pa.int64()))


def read_schema(table: Table) -> pa.Schema:
    """The schema of `TableRead.data`: three row numbers, then one string column a field."""
    return pa.schema([*SYSTEM_COLUMNS, *((f.name, pa.string()) for f in table.fields)])


def as_problem(refused: Refused, table: Table) -> FileProblem:
    """One table of several cannot be read: the delivery is blocked, and the others are still looked at, so that the
    sender learns everything at once."""
    return FileProblem(
        refused.code, Severity.block_file, refused.says, refused.fix, table.name, refused.where
    )


def empty_table(table: Table) -> TableRead:
    return TableRead(table.name, read_schema(table).empty_table())


def clean_name(text: object) -> str:
    """A sender's column, sheet, element or file name, safe to show: one line, no control or direction marks, capped."""
    shown = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in str(text)[: 4 * MAX_NAME])
    shown = re.sub(r" +", " ", shown).strip()
    return shown if len(shown) <= MAX_NAME else shown[: MAX_NAME - 1] + "…"


def letter(position: int) -> str:
    """Excel's letter of a 1-based column position: 1 -> A, 28 -> AB."""
    out = ""
    while position > 0:
        position, rest = divmod(position - 1, 26)
        out = chr(65 + rest) + out
    return out


def rows_where(rows: Iterable[int], noun: str = "row") -> str:
    """`rows 4, 9, 12 and 37 more`: positions only."""
    listed = list(rows)
    shown = ", ".join(str(r) for r in listed[:MAX_WHERE])
    more = f" and {len(listed) - MAX_WHERE} more" if len(listed) > MAX_WHERE else ""
    return f"{noun}{'s' if len(listed) != 1 else ''} {shown}{more}"


def human_size(size: int) -> str:
    return f"{size / 1_000_000_000:.1f} GB" if size >= 1_000_000_000 else f"{max(size // 1_000_000, 1)} MB"
