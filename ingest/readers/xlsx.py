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
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
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
MAX_INFLATED = 400_000_000
#: Honest sheets compress to a twentieth; a bomb to a thousandth. Small parts are left alone.
MAX_RATIO, RATIO_FROM = 250, 4_000_000
MAX_ROW = 1_048_576
MAX_CELLS = 8_000_000
MAX_WORKBOOK_XML = 2_000_000
CHILD_MEMORY = 1_500_000_000
CHILD_SECONDS = 60
CHILD_WALL_SECONDS = 120
BATCH = 50_000

OLE = b"\xd0\xcf\x11\xe0"
UNREADABLE_FORMULA = "#FORMULA!"

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
        grids = _open_in_child(handle, [s.name for s in chosen.values()])
    result = ReadResult({}, {}, problems)
    titles: list[str] = []
    for table in extract.tables:
        sheet = chosen.get(table.name)
        if sheet is None:
            result.tables[table.name] = empty_table(table)
            continue
        try:
            one, above = _table(grids[sheet.name], parts[sheet.name], table, extract)
        except Refused as refused:
            if len(extract.tables) == 1:
                raise
            result.tables[table.name] = empty_table(table)
            result.problems.append(as_problem(refused, table))
            continue
        result.tables[table.name] = one.table
        result.problems += one.problems
        titles += above
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
    by_key: dict[str, _Sheet] = {}
    for sheet in sheets:
        by_key.setdefault(headers.key(sheet.name), sheet)
    chosen: dict[str, _Sheet] = {}
    visible = [s for s in sheets if not s.hidden]
    for table in extract.tables:
        wanted = table.source.sheet or table.title
        sheet = by_key.get(headers.key(wanted))
        if sheet is None and len(extract.tables) == 1 and len(visible) == 1:
            sheet = visible[0]
            found = problem(
                FileCode.FILE_SHEET_MISSING, severity=Severity.note, table=table.name, sheet=wanted
            )
            problems.append(replace(found, says=f"No sheet is called {wanted}; the only sheet was read."))
        if sheet is not None:
            chosen[table.name] = sheet
        elif not table.optional:
            problems.append(problem(FileCode.FILE_SHEET_MISSING, table=table.name, sheet=wanted))
    hidden = [clean_name(s.name) for s in sheets if s.hidden]
    if hidden:
        problems.append(problem(FileCode.XLSX_HIDDEN, where=", ".join(hidden[:10])))
    used = {s.name for s in chosen.values()}
    others = [clean_name(s.name) for s in sheets if s.name not in used and not s.hidden]
    if others and chosen:
        problems.append(problem(FileCode.FILE_COLUMN_IGNORED, names="sheets " + ", ".join(others[:10])))
    return chosen, problems


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


def _open_in_child(handle: IO[bytes], names: Sequence[str]) -> dict[str, list[list[str]]]:
    """The sheets' cells as text. The child gets the open file, an empty environment and limits; its words are never read."""
    asked = json.dumps({"memory": CHILD_MEMORY, "seconds": CHILD_SECONDS, "sheets": list(names)})
    command = [sys.executable, "-I", str(_CHILD), asked]
    try:
        done = subprocess.run(  # noqa: S603 - our own script, no shell, arguments are JSON
            command,
            stdin=handle,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=CHILD_WALL_SECONDS,
            env={"LANG": "C.UTF-8"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Refused(FileCode.XLSX_LIMIT) from None
    if done.returncode == 3:
        raise Refused(FileCode.XLSX_ENCRYPTED)
    if done.returncode < 0 or done.returncode in (4, 134, 137, 152):
        raise Refused(FileCode.XLSX_LIMIT)
    lines = done.stdout.split(b"\n")
    if done.returncode != 0 or len(lines) != len(names) + 1:
        raise Refused(FileCode.XLSX_FORMAT)
    try:
        return {name: json.loads(line) for name, line in zip(names, lines, strict=False)}
    except ValueError:
        raise Refused(FileCode.XLSX_FORMAT) from None


# --- from cells to a table --------------------------------------------------------------------------------------------------


def _table(grid: list[list[str]], part: _Part, table: Table, extract: Extract) -> tuple[OneTable, list[str]]:
    for (row, column), text in part.cells.items():
        _put(grid, row, column, text)
    found = find_header(grid, table)
    if found is None:
        if not any(c.strip() for row in grid[: headers.HEADER_WITHIN] for c in row):
            if part.max_row > headers.HEADER_WITHIN:
                raise Refused(FileCode.FILE_HEADER, rows=headers.HEADER_WITHIN)
            raise Refused(FileCode.FILE_EMPTY)
        raise Refused(FileCode.FILE_HEADER, rows=headers.HEADER_WITHIN)
    sorter = Sorter(table, found, extract.delivery.max_rows)
    body = grid[found.row :]
    if len(body) > extract.delivery.max_rows:
        raise Refused(FileCode.FILE_LIMIT, limit=f"{extract.delivery.max_rows} rows")
    for at in range(0, len(body), BATCH):
        columns: Any = zip(*body[at : at + BATCH], strict=True)
        sorter.add(
            pa.RecordBatch.from_arrays([pa.array(c, pa.string()) for c in columns], names=sorter.names)
        )
    problems: list[FileProblem] = []
    if part.formulas:
        problems.append(
            problem(FileCode.XLSX_FORMULA, table=table.name, where=rows_where(sorted(set(part.formulas))))
        )
    return sorter.finish(problems), found.titles


def _put(grid: list[list[str]], row: int, column: int, text: str) -> None:
    """Write one cell, growing the grid where the cell's emptiness kept it out of the used range."""
    width = max(len(grid[0]) if grid else 0, column)
    if grid and width > len(grid[0]):
        for line in grid:
            line.extend([""] * (width - len(line)))
    while len(grid) < row:
        grid.append([""] * width)
    grid[row - 1][column - 1] = text


def find_header(grid: Sequence[Sequence[str]], table: Table) -> Found | None:
    """The row among the first 30 that names most of the contract's columns, with the row above it where there are two."""
    best: tuple[int, Found] | None = None
    for at, row in enumerate(grid[: headers.HEADER_WITHIN]):
        upper: tuple[str, ...] | None = None
        own: tuple[bool, ...] | None = None
        if table.source.header_rows > 1 and at > 0:
            upper, own = _fill_right(grid[at - 1])
        named = len(headers.layout(row, table, upper, own).positions)
        if best is None or named > best[0]:
            above = tuple(tuple(r) for r in grid[:at])
            best = named, Found(tuple(row), at + 1, above, upper, own)
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
