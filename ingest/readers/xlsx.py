"""Workbooks: .xlsx by content only, looked over as a zip first, opened in a child process with limits.

Lives here: the look at the zip's parts, the child's guard, finding the header on a sheet, merged header cells.
Add here: another thing that a workbook may not hold.
Must not live here: opening a workbook in this process. A bomb ends the child, never the parent.

Two things that a spreadsheet library gets wrong are mended from the sheet's own XML, because they would change a value
silently: numbers too long for a float (ids) and cells whose formula or error has no value.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from lxml import etree

from ingest import headers
from ingest.contract import Extract, Severity, Table
from ingest.readers.base import (
    MAX_COLUMNS,
    Delivery,
    FileCode,
    FileProblem,
    ReadResult,
    Refused,
    as_problem,
    clean_name,
    empty_table,
    human_size,
    problem,
    rows_where,
)
from ingest.readers.csv import open_regular
from ingest.readers.rows import Found, OneTable, Sorter
from ingest.readers.xml import SAFE

MAX_MEMBERS = 1_000
#: Eleven lists of 50,000 rows are 390 MB of XML with short cells (`make bench`, annex_a); they are read as a stream.
MAX_INFLATED = 1_000_000_000
#: Honest sheets compress to a twentieth; a bomb to a thousandth. Small parts are left alone.
MAX_RATIO, RATIO_FROM = 250, 4_000_000
MAX_ROW = 1_048_576
MAX_CELLS = 8_000_000
MAX_WORKBOOK_XML = 2_000_000
CHILD_MEMORY = 1_500_000_000
CHILD_SECONDS = 60
CHILD_WALL_SECONDS = 120
BATCH = 50_000
#: The longest first line of a block that the child writes: the sizes of Excel's 16,384 columns.
MAX_HEAD = 400_000

OLE = b"\xd0\xcf\x11\xe0"
UNREADABLE_FORMULA = "#FORMULA!"
_ONE_SHEET = "Leave one sheet a list in the workbook."

pc: Any = pyarrow.compute  # its functions are made at run time, so no type checker knows them

_CHILD = Path(__file__).with_name("xlsx_child.py")
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

_ROW_REF = re.compile(rb'row\s[^>]{0,200}?r="(\d{1,12})"')
_FAR_CELL = re.compile(rb' r="([A-Z]{2,4})(\d{1,12})"')
_LONG_VALUE = re.compile(rb"<v>\s{0,8}-?\d{16}")
_LONG_NUMBER = re.compile(
    rb'<c\s[^>]{0,200}?\br="([A-Z]{1,3}\d{1,7})"(?![^>]{0,200}\bt="(?:s|str|inlineStr|b|e|d)")[^>]{0,200}>'
    rb"\s{0,8}<v>\s{0,8}(-?\d{16,40})\s{0,8}</v>"
)
_ERROR_CELL = re.compile(
    rb'<c\s[^>]{0,200}?\br="([A-Z]{1,3}\d{1,7})"[^>]{0,200}\bt="e"[^>]{0,200}>(?:<f[^>]{0,200}>[^<]{0,8192}</f>)?<v>([#A-Z0-9/!?_]{2,20})</v>'
)
_EMPTY_FORMULA = re.compile(
    rb'<c\s[^>]{0,200}?\br="([A-Z]{1,3}\d{1,7})"[^>]{0,200}>\s{0,8}<f(?:\s[^>]{0,200})?(?:/>|>[^<]{0,8192}</f>)\s{0,8}'
    rb"(?:<v\s{0,8}/>|<v>\s{0,8}</v>)?\s{0,8}</c>"
)


@dataclass
class _Part:
    """What the look-over found in one sheet."""

    max_row: int = 0
    max_column: int = 26
    cells: dict[tuple[int, int], str] = field(
        default_factory=dict[tuple[int, int], str]
    )  # (row, column), 1-based -> text
    formulas: list[int] = field(default_factory=list[int])  # rows of formulas without a result


@dataclass(frozen=True)
class _Sheet:
    name: str
    part: str
    hidden: bool


def read(delivery: Delivery, extract: Extract) -> ReadResult:
    """Read one workbook. Raises Refused when it is not an .xlsx, not safe, or too large inside."""
    if delivery.bytes > extract.delivery.max_bytes:
        raise Refused(FileCode.FILE_LIMIT, limit=human_size(extract.delivery.max_bytes))
    with open_regular(delivery.files[0]) as handle:
        with _zip(handle) as archive:
            sheets = _look_over(archive)
            chosen, problems = _choose(sheets, extract)
            parts = {s.name: _scan(archive, s.part) for s in chosen.values()}
        handle.seek(0)
        with _child(handle, [s.name for s in chosen.values()]) as child:
            return _tables(child, chosen, parts, extract, problems)


def _tables(
    child: _Child,
    chosen: dict[str, _Sheet],
    parts: dict[str, _Part],
    extract: Extract,
    problems: list[FileProblem],
) -> ReadResult:
    """A sheet at a time, as the child opens it: no more than one is held besides the rows that were read of the others."""
    result = ReadResult({}, {}, problems)
    titles: list[str] = []
    for table in extract.tables:
        sheet = chosen.get(table.name)
        if sheet is None:
            result.tables[table.name] = empty_table(table)
            continue
        cells = child.sheet()
        try:
            one, above = _table(cells, parts[sheet.name], table, extract)
        except Refused as refused:
            if len(extract.tables) == 1:
                raise
            result.tables[table.name] = empty_table(table)
            found = as_problem(refused, table)
            if refused.code is FileCode.FILE_EMPTY and table.optional:
                found = replace(found, severity=Severity.warn)  # an empty sheet says what a missing one says
            result.problems.append(found)
            continue
        result.tables[table.name] = one.table
        result.problems += one.problems
        titles += above
    child.finish()
    if titles:
        result.stated["titles"] = titles
    return result


# --- looking over the zip -------------------------------------------------------------------------------------------------


@contextmanager
def _zip(handle: IO[bytes]) -> Generator[zipfile.ZipFile]:
    start = handle.read(4)
    handle.seek(0)
    if not start:
        raise Refused(FileCode.FILE_EMPTY)
    if start == OLE:
        raise Refused(FileCode.XLSX_ENCRYPTED)
    if start[:2] != b"PK":
        raise Refused(FileCode.XLSX_FORMAT)
    try:
        with zipfile.ZipFile(handle) as archive:
            yield archive
    except Refused:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        KeyError,
        etree.LxmlError,
        UnicodeError,
        OverflowError,
    ):
        # zipfile's own words may quote member names; a damaged zip is one answer
        raise Refused(FileCode.XLSX_FORMAT) from None


def _look_over(archive: zipfile.ZipFile) -> list[_Sheet]:
    """Refuse what a plain workbook does not hold, then the sheets by name."""
    members = archive.infolist()
    names = [m.filename for m in members]
    lower = {n.casefold() for n in names}
    if len(members) > MAX_MEMBERS:
        raise Refused(FileCode.XLSX_LIMIT)
    if len(lower) != len(names) or any(
        n.startswith(("/", "\\")) or ".." in n.replace("\\", "/").split("/") for n in names
    ):
        raise Refused(FileCode.XLSX_FORMAT)
    if any(m.flag_bits & 0x1 for m in members):
        raise Refused(FileCode.XLSX_ENCRYPTED)
    if any(n.endswith("vbaproject.bin") or "/macrosheets/" in n for n in lower):
        raise Refused(FileCode.XLSX_MACRO)
    if "xl/workbook.xml" not in lower or "[content_types].xml" not in lower:
        raise Refused(FileCode.XLSX_FORMAT)
    if any(n.startswith("xl/externallinks/") for n in lower):
        raise Refused(FileCode.XLSX_EXTERNAL)
    if sum(m.file_size for m in members) > MAX_INFLATED:
        raise Refused(FileCode.XLSX_LIMIT)
    if any(m.file_size > RATIO_FROM and m.file_size > MAX_RATIO * max(m.compress_size, 1) for m in members):
        raise Refused(FileCode.XLSX_LIMIT)
    total = 0
    for member in members:
        total += _inspect(archive, member)
        if total > MAX_INFLATED:
            raise Refused(FileCode.XLSX_LIMIT)
    return _sheets(archive)


def _inspect(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    """Inflate one part in pieces, counting what really comes out, and refuse a DOCTYPE anywhere in it."""
    is_xml = member.filename.casefold().endswith((".xml", ".rels", ".vml"))
    size = 0
    tail = b""
    for piece in _pieces(archive, member):
        if is_xml:
            if size == 0 and piece[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise Refused(
                    FileCode.XLSX_FORMAT
                )  # no spreadsheet program writes UTF-16; it would hide a DOCTYPE from us
            window = tail + piece
            if b"<!DOCTYPE" in window or b"<!ENTITY" in window:
                raise Refused(FileCode.XLSX_DTD)
            if b"macroEnabled" in window and member.filename.casefold() == "[content_types].xml":
                raise Refused(FileCode.XLSX_MACRO)
            tail = piece[-16:]
        size += len(piece)
        if size > MAX_INFLATED:
            raise Refused(FileCode.XLSX_LIMIT)
    return size


def _pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo | str) -> Iterator[bytes]:
    with archive.open(member) as handle:
        while piece := handle.read(1 << 20):
            yield piece


def _sheets(archive: zipfile.ZipFile) -> list[_Sheet]:
    targets = {
        r.get("Id"): (r.get("Target") or "") for r in _small_xml(archive, "xl/_rels/workbook.xml.rels")
    }
    out: list[_Sheet] = []
    for sheet in _small_xml(archive, "xl/workbook.xml").iter("{*}sheet"):
        relation = next((v for k, v in sheet.attrib.items() if str(k).endswith("}id")), None)
        target = targets.get(relation, "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        out.append(_Sheet(sheet.get("name") or "", part, sheet.get("state", "visible") != "visible"))
    return out


def _small_xml(archive: zipfile.ZipFile, name: str) -> Any:
    real = next((n for n in archive.namelist() if n.casefold() == name.casefold()), None)
    if real is None:
        raise Refused(FileCode.XLSX_FORMAT)
    if archive.getinfo(real).file_size > MAX_WORKBOOK_XML:
        raise Refused(FileCode.XLSX_LIMIT)
    try:
        return etree.fromstring(archive.read(real), etree.XMLParser(**SAFE))
    except (etree.XMLSyntaxError, ValueError):
        raise Refused(FileCode.XLSX_FORMAT) from None


def _choose(sheets: Sequence[_Sheet], extract: Extract) -> tuple[dict[str, _Sheet], list[FileProblem]]:
    """Which sheet is which table. One sheet with another name is taken for the only table, and said."""
    problems: list[FileProblem] = []
    chosen: dict[str, _Sheet] = {}
    visible = [s for s in sheets if not s.hidden]
    for table in extract.tables:
        wanted = table.source.sheet or table.title
        found = _called(sheets, wanted, table.source.sheet_also)
        if not found and len(extract.tables) == 1 and len(visible) == 1:
            found = visible
            said = problem(
                FileCode.FILE_SHEET_MISSING, severity=Severity.note, table=table.name, sheet=wanted
            )
            problems.append(replace(said, says=f"No sheet is called {wanted}; the only sheet was read."))
        if len(found) > 1:
            said = problem(FileCode.FILE_TWICE, table=table.name)
            problems.append(replace(said, says=f"Two sheets could both be {wanted}.", fix=_ONE_SHEET))
        if found:
            chosen[table.name] = found[0]
        else:
            severity = Severity.note if table.optional else None
            problems.append(
                problem(FileCode.FILE_SHEET_MISSING, severity=severity, table=table.name, sheet=wanted)
            )
    if not chosen:  # nothing of the return is there, however optional each sheet may be
        problems = [replace(p, severity=Severity.block_file) for p in problems]
    hidden = [clean_name(s.name) for s in sheets if s.hidden]
    if hidden:
        problems.append(problem(FileCode.XLSX_HIDDEN, where=", ".join(hidden[:10])))
    used = {s.name for s in chosen.values()}
    others = [clean_name(s.name) for s in sheets if s.name not in used and not s.hidden]
    if others and chosen:
        problems.append(problem(FileCode.FILE_COLUMN_IGNORED, names="sheets " + ", ".join(others[:10])))
    return chosen, problems


def _called(sheets: Sequence[_Sheet], wanted: str, also: Sequence[str]) -> list[_Sheet]:
    """The sheets of that name; where there is none, those of another name that the contract allows.

    `List 1*` stands for `List 1 - Contacts` and not for `List 10`: a number is never cut in two.
    """
    exact = [s for s in sheets if headers.key(s.name) == headers.key(wanted)]
    if exact:
        return exact[:1]
    names = {headers.key(a) for a in also if not a.endswith("*")}
    starts = [headers.key(a) for a in also if a.endswith("*")]
    out: list[_Sheet] = []
    for sheet in sheets:
        own = headers.key(sheet.name)
        if own in names or any(own.startswith(b) and not own[len(b) : len(b) + 1].isdigit() for b in starts):
            out.append(sheet)
    return out


def _scan(archive: zipfile.ZipFile, part: str) -> _Part:
    """The sheet's extent and the cells that a float or a missing result would change. Linear: bounded patterns, overlapped."""
    found = _Part()
    real = next((n for n in archive.namelist() if n.casefold() == part.casefold()), None)
    if real is None:
        raise Refused(FileCode.XLSX_FORMAT)
    tail = b""
    rows = 0  # rows may lie without numbers
    for piece in _pieces(archive, real):
        window = tail + piece
        rows += piece.count(b"<row")
        found.max_row = max(found.max_row, rows, *map(int, _ROW_REF.findall(window)))
        for letters, row in set(_FAR_CELL.findall(window)):
            found.max_column = max(found.max_column, _column(letters))
            found.max_row = max(found.max_row, int(row))
        _mend(window, found)
        if (
            found.max_row > MAX_ROW
            or found.max_column > MAX_COLUMNS
            or found.max_row * found.max_column > MAX_CELLS
        ):
            raise Refused(FileCode.XLSX_LIMIT)
        tail = window[-12_000:]
    return found


def _mend(window: bytes, found: _Part) -> None:
    if _LONG_VALUE.search(window):
        for match in _LONG_NUMBER.finditer(window):
            found.cells[_position(match[1])] = match[2].decode()
    if b't="e"' in window:
        for match in _ERROR_CELL.finditer(window):
            found.cells[_position(match[1])] = match[2].decode()
    if b"<f" in window:
        for match in _EMPTY_FORMULA.finditer(window):
            position = _position(match[1])
            if position not in found.cells:
                found.formulas.append(position[0])
            found.cells[position] = UNREADABLE_FORMULA


def _position(reference: bytes) -> tuple[int, int]:
    letters = reference.rstrip(b"0123456789")
    return int(reference[len(letters) :]), _column(letters)


def _column(letters: bytes) -> int:
    out = 0
    for letter in letters:
        out = out * 26 + letter - 64
    return out


# --- opening it in a child ------------------------------------------------------------------------------------------------


class _Child:
    """The child at work. Its sheets come in the order asked; its words are never read."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        self.out: IO[bytes] = process.stdout

    def sheet(self) -> pa.Table:
        """The next sheet: every cell as text, one column of strings a column of the sheet."""
        blocks: list[pa.Table] = []
        while True:
            head = self._head()
            if not head["rows"]:
                break
            blocks.append(self._block(**head))
        width = max((b.num_columns for b in blocks), default=0)
        return pa.concat_tables([_widened(b, width) for b in blocks]) if blocks else pa.table({})

    def _head(self) -> dict[str, Any]:
        line = self.out.readline(MAX_HEAD)
        if not line.endswith(b"\n"):
            raise self.failure()
        try:
            head = json.loads(line)
            if head["rows"]:
                return {
                    "rows": int(head["rows"]),
                    "left": int(head["left"]),
                    "sizes": [*map(int, head["bytes"])],
                }
            return {"rows": 0}
        except (ValueError, KeyError, TypeError):
            raise Refused(FileCode.XLSX_FORMAT) from None

    def _block(self, rows: int, left: int, sizes: list[int]) -> pa.Table:
        columns: list[Any] = [_blank(rows)] * left
        for size in sizes:
            offsets, whole = self._exactly(4 * (rows + 1)), self._exactly(size)
            try:
                column: Any = pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(whole))
                column.validate(full=True)
            except pa.ArrowInvalid:
                raise Refused(FileCode.XLSX_FORMAT) from None
            columns.append(column)
        return _named(columns)

    def _exactly(self, size: int) -> bytes:
        found = self.out.read(size)
        if len(found) != size:
            raise self.failure()
        return found

    def finish(self) -> None:
        """Raises Refused when the child did not end well or has more to say."""
        if self.out.read(1) or self.process.wait(CHILD_WALL_SECONDS) != 0:
            raise self.failure()

    def failure(self) -> Refused:
        """Why the child stopped before the end, by its exit code alone."""
        self.out.close()
        code = self.process.wait(CHILD_WALL_SECONDS)
        if code == 3:
            return Refused(FileCode.XLSX_ENCRYPTED)
        if code < 0 or code in (4, 134, 137, 152):
            return Refused(FileCode.XLSX_LIMIT)
        return Refused(FileCode.XLSX_FORMAT)


@contextmanager
def _child(handle: IO[bytes], names: Sequence[str]) -> Generator[_Child]:
    """The child gets the open file, an empty environment and limits, and is ended when its time is over."""
    asked = json.dumps({"memory": CHILD_MEMORY, "seconds": CHILD_SECONDS, "sheets": list(names)})
    process = subprocess.Popen(  # noqa: S603 - our own script, no shell, arguments are JSON
        [sys.executable, "-I", str(_CHILD), asked],
        stdin=handle,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"LANG": "C.UTF-8"},
    )
    clock = threading.Timer(CHILD_WALL_SECONDS, process.kill)
    clock.daemon = True
    clock.start()
    try:
        yield _Child(process)
    finally:
        clock.cancel()
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _blank(rows: int) -> Any:
    return pa.repeat(pa.scalar("", pa.string()), rows)


def _named(columns: Sequence[Any]) -> pa.Table:
    return pa.Table.from_arrays(list(columns), names=[f"c{i}" for i in range(len(columns))])


def _widened(cells: pa.Table, width: int) -> pa.Table:
    more = [_blank(cells.num_rows)] * (width - cells.num_columns)
    return _named([*cells.columns, *more]) if more else cells


# --- from cells to a table --------------------------------------------------------------------------------------------------


def _table(cells: pa.Table, part: _Part, table: Table, extract: Extract) -> tuple[OneTable, list[str]]:
    cells = _mended(cells, part.cells)
    top: list[tuple[str, ...]] = _rows(cells.slice(0, headers.HEADER_WITHIN))
    found = find_header(top, table)
    if found is None:
        if not any(c.strip() for row in top for c in row):
            if part.max_row > headers.HEADER_WITHIN:
                raise Refused(FileCode.FILE_HEADER, rows=headers.HEADER_WITHIN)
            raise Refused(FileCode.FILE_EMPTY)
        raise Refused(FileCode.FILE_HEADER, rows=headers.HEADER_WITHIN)
    sorter = Sorter(table, found, extract.delivery.max_rows)
    body = cells.slice(found.row)
    if body.num_rows > extract.delivery.max_rows:
        raise Refused(FileCode.FILE_LIMIT, limit=f"{extract.delivery.max_rows} rows")
    for batch in body.to_batches(max_chunksize=BATCH):
        sorter.add(batch.rename_columns(sorter.names))
    problems: list[FileProblem] = []
    if part.formulas:
        problems.append(
            problem(FileCode.XLSX_FORMULA, table=table.name, where=rows_where(sorted(set(part.formulas))))
        )
    return sorter.finish(problems), found.titles


def _rows(cells: pa.Table) -> list[tuple[str, ...]]:
    """A few rows as Python cells."""
    return list(zip(*(c.to_pylist() for c in cells.columns), strict=True))


def _mended(cells: pa.Table, mended: dict[tuple[int, int], str]) -> pa.Table:
    """The cells that the look-over mended, put in their places; the sheet grows where such a cell lies outside the rest."""
    if not mended:
        return cells
    by_column: dict[int, dict[int, str]] = {}
    for (row, column), text in mended.items():
        by_column.setdefault(column - 1, {})[row - 1] = text
    rows = max(cells.num_rows, 1 + max(r for places in by_column.values() for r in places))
    cells = _widened(cells, 1 + max(by_column))
    if rows > cells.num_rows:
        below = _named([_blank(rows - cells.num_rows)] * cells.num_columns)
        cells = pa.concat_tables([cells, below]) if cells.num_rows else below
    columns = list(cells.columns)
    for at, places in by_column.items():
        numbers = pa.array(sorted(places), pa.int64())
        mask = np.zeros(rows, dtype=bool)
        mask[numbers.to_numpy()] = True
        texts = pa.array([places[n] for n in sorted(places)], pa.string())
        columns[at] = pc.replace_with_mask(columns[at].combine_chunks(), pa.array(mask), texts)
    return _named(columns)


def find_header(grid: Sequence[Sequence[str]], table: Table) -> Found | None:
    """The row among the first 30 that names most of the contract's columns, with the row above it where there are two."""
    best: tuple[int, Found] | None = None
    for at, row in enumerate(grid[: headers.HEADER_WITHIN]):
        above = tuple(tuple(r) for r in grid[:at])
        # Alone first: a row above only helps where names are merged downwards, whatever the contract expects.
        tries = [Found(tuple(row), at + 1, above)] if table.source.header_rows == 1 else []
        if at > 0:
            tries.append(Found(tuple(row), at + 1, above, *_fill_right(grid[at - 1])))
        for found in tries or [Found(tuple(row), at + 1, above)]:
            named = len(headers.layout(found.cells, table, found.upper, found.upper_own).positions)
            if best is None or named > best[0]:
                best = named, found
    if best is None or not headers.is_header(best[0], table):
        return None
    return best[1]


def _fill_right(row: Sequence[str]) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """A merged cell shows its text in its first column only; the others take it from the left."""
    out: list[str] = []
    last = ""
    for cell in row:
        last = cell if cell.strip() else last
        out.append(last)
    return tuple(out), tuple(bool(c.strip()) for c in row)
