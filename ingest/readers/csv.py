"""CSV, one file or a set: declared encoding and separator first, every deviation reported, every physical row accounted for.

Lives here: what the bytes are, where the header stands, which lines are not data, which rows are not rows.
Add here: another way in which spreadsheets write text, if bytes or the contract's own column names prove it.
Must not live here: sniffing. Nothing is guessed from a sample of values; no row is padded, cut or merged.

The rows themselves are split by pyarrow's streaming reader with explicit names and strings only. A row that does not fit
the header comes back through its handler with its number, so header + titles + data + set aside + rejected is every row.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from ingest import headers
from ingest.contract import Extract, Severity, Table
from ingest.readers.base import (
    MAX_COLUMNS,
    Delivery,
    FileCode,
    FileProblem,
    ReadResult,
    Refused,
    SetAside,
    ShapeReject,
    TableRead,
    empty_table,
    human_size,
    problem,
    read_schema,
    rows_where,
)

CHUNK = 1 << 20
#: The largest row: pyarrow refuses a row that does not fit in a block and the next one.
BLOCK = 4 << 20
#: Bytes in which the header must stand.
HEAD_BYTES = 1 << 18
DELIMITERS = (",", ";", "\t", "|")
NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
ENCODING_NAMES = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8 with a byte order mark", "cp1252": "Windows-1252",
    "utf-16-le": "UTF-16", "utf-16-be": "UTF-16",
}
#: How files of other kinds begin.
_OTHER_KINDS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"PAR1", b"<?xml", b"<html", b"<!DOC", b"{\\rtf")

ROW_BLANK, ROW_HEADER, ROW_TITLE, ROW_FOOTER = "blank line", "column names again", "above the column names", "total or note"


def read(delivery: Delivery, extract: Extract) -> ReadResult:
    """Read one CSV file or a set of them. Raises Refused when a file cannot be read as this return."""
    result = ReadResult({})
    titles: list[str] = []
    for table, path in _assign(delivery, extract, result):
        if path is None:
            result.tables[table.name] = empty_table(table)
            continue
        one = read_file(path, table, extract)
        result.tables[table.name] = one.table
        result.problems += one.problems
        titles += one.titles
    if titles:
        result.stated["titles"] = titles
    return result


def table_of(name: str, extract: Extract) -> Table | None:
    """The table of a set that a file name belongs to, by the contract's patterns."""
    if extract.delivery.format == "csv":
        return extract.tables[0]
    return next((t for t in extract.tables if t.source.file and fnmatchcase(name.casefold(), t.source.file.casefold())), None)


def _assign(delivery: Delivery, extract: Extract, result: ReadResult) -> list[tuple[Table, Path | None]]:
    found: dict[str, Path] = {}
    shas = dict(zip(delivery.files, delivery.file_sha256, strict=False))
    for path in delivery.files:
        table = table_of(path.name, extract)
        if table is None:
            continue
        if table.name in found:
            if shas.get(path) and shas.get(path) == shas.get(found[table.name]):
                continue  # the same content twice is one file
            raise Refused(FileCode.FILE_TWICE, table=table.title)
        found[table.name] = path
    for table in extract.tables:
        if table.name not in found and not table.optional:
            result.problems.append(problem(FileCode.FILE_TABLE_MISSING, table=table.name))
            result.problems[-1] = replace(result.problems[-1], says=f"The file for {table.title} is missing.")
    return [(t, found.get(t.name)) for t in extract.tables]


# --- what the bytes are ---------------------------------------------------------------------------------------------------


@dataclass
class _Facts:
    """One pass over the bytes: what they are, with no guess from values."""

    size: int
    bom: int = 0
    encoding: str = "utf-8"
    quotes: int = 0
    crlf: int = 0
    cr: int = 0
    lf: int = 0
    ascii: bool = True
    problems: list[FileProblem] = field(default_factory=list[FileProblem])

    @property
    def plain(self) -> bool:
        """True when pyarrow can read the bytes as they lie."""
        return self.encoding == "utf-8" and not self.cr and not self.crlf


def open_regular(path: Path) -> io.BufferedReader:
    """Open a regular file and nothing else: no link, no pipe that would hang, no device."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        raise Refused(FileCode.FILE_NOT_REGULAR if path.is_symlink() else FileCode.FILE_UNREADABLE) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Refused(FileCode.FILE_NOT_REGULAR)
    return os.fdopen(descriptor, "rb")


def _facts(handle: io.BufferedReader, extract: Extract, table: str) -> _Facts:
    delivery = extract.delivery
    facts = _Facts(os.fstat(handle.fileno()).st_size)
    if facts.size == 0:
        raise Refused(FileCode.FILE_EMPTY)
    if facts.size > delivery.max_bytes:
        raise Refused(FileCode.FILE_LIMIT, limit=human_size(delivery.max_bytes))
    start = handle.read(4096)
    if start.startswith(_OTHER_KINDS):
        raise Refused(FileCode.FILE_FORMAT, expected="a CSV text file")
    declared = codecs.lookup(delivery.encoding).name
    wide = _wide(start)
    if wide:
        facts.encoding, facts.bom = wide
        facts.ascii = False
    elif start.startswith(codecs.BOM_UTF8):
        facts.bom = 3
    handle.seek(facts.bom)
    if wide:
        _scan_wide(handle, facts)
    else:
        _scan(handle, facts, declared)
    found = "utf-8-sig" if facts.bom == 3 and not wide else facts.encoding
    if found != declared and not (facts.ascii and not facts.bom):
        facts.problems.append(
            problem(FileCode.FILE_ENCODING, table=table, found=ENCODING_NAMES.get(found, found),
                    declared=ENCODING_NAMES.get(declared, declared))
        )
    if (facts.crlf > 0) + (facts.cr > 0) + (facts.lf > 0) > 1 and not facts.quotes:
        facts.problems.append(problem(FileCode.CSV_NEWLINES, table=table))
    return facts


def _wide(start: bytes) -> tuple[str, int] | None:
    """UTF-16 by its byte order mark, or by NUL in every second byte of an even run of Latin text. UTF-32 is refused."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise Refused(FileCode.FILE_FORMAT, expected="a CSV text file in UTF-8")
    if start.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le", 2
    if start.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be", 2
    sample = start[:256]
    if len(sample) >= 8:
        even, odd = sample[0::2], sample[1::2]
        if odd.count(0) > 0.9 * len(odd) and even.count(0) == 0:
            return "utf-16-le", 0
        if even.count(0) > 0.9 * len(even) and odd.count(0) == 0:
            return "utf-16-be", 0
    return None


def _scan(handle: io.BufferedReader, facts: _Facts, declared: str) -> None:
    """One pass over bytes of an ASCII-like encoding: NULs, quotes, line ends, and whether it is valid UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    utf8 = True
    previous = b""
    undefined = False
    while block := handle.read(CHUNK):
        if b"\0" in block:
            raise Refused(FileCode.CSV_NUL, f"line {facts.lf + facts.crlf + block[: block.find(0)].count(10) + 1}")
        _count(facts, block, previous)
        previous = block[-1:]
        if block.isascii() and utf8:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                utf8 = False
            continue
        if not block.isascii():
            facts.ascii = False
        undefined = undefined or any(b in block for b in (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d"))
        if utf8:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                utf8 = False
    if utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            utf8 = False
    if utf8:
        facts.encoding = "utf-8"  # text with letters beyond ASCII that is valid UTF-8 is UTF-8, whatever was declared
        return
    if facts.bom:
        raise Refused(FileCode.FILE_FORMAT, "bytes that are not UTF-8", expected="a CSV text file in one encoding")
    facts.encoding = declared if declared != "utf-8" else "cp1252"
    if facts.encoding == "cp1252" and undefined:
        raise Refused(FileCode.FILE_FORMAT, "bytes of no known encoding", expected="a CSV text file in UTF-8")


def _scan_wide(handle: io.BufferedReader, facts: _Facts) -> None:
    decoder = codecs.getincrementaldecoder(facts.encoding)("strict")
    previous = b""
    try:
        while block := handle.read(CHUNK):
            text = decoder.decode(block).encode("utf-8")
            if b"\0" in text:
                raise Refused(FileCode.CSV_NUL)
            _count(facts, text, previous)
            previous = text[-1:] or previous
        decoder.decode(b"", final=True)
    except UnicodeError:
        raise Refused(FileCode.FILE_FORMAT, "half a character", expected="a CSV text file in UTF-8") from None


def _count(facts: _Facts, block: bytes, previous: bytes) -> None:
    facts.quotes += block.count(b'"')
    lf, cr = block.count(b"\n"), block.count(b"\r")
    pairs = block.count(b"\r\n") if cr or previous == b"\r" else 0
    straddles = previous == b"\r" and block.startswith(b"\n")
    facts.crlf += pairs + straddles
    facts.lf += lf - pairs - straddles
    facts.cr += cr - pairs - straddles


class _Utf8(io.RawIOBase):
    """The file as UTF-8 with every line end a single \\n, whatever it was."""

    def __init__(self, handle: io.BufferedReader, encoding: str, skip: int = 0) -> None:
        super().__init__()
        self._handle = handle
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("strict")
        self._newlines = _Newlines()
        self._left = b""
        self._ended = False
        while skip:
            piece = self.read(skip)
            if not piece:
                break
            skip -= len(piece)

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = CHUNK if size is None or size < 0 else size
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(CHUNK), b""))
        while not self._left and not self._ended:
            block = self._handle.read(max(wanted, 4096))
            self._ended = not block
            if self._decoder is not None:
                block = self._decoder.decode(block, final=self._ended).encode("utf-8")
            self._left = self._newlines.feed(block, self._ended)
        out, self._left = self._left[:wanted], self._left[wanted:]
        return out


class _Newlines:
    """\\r\\n and lone \\r become \\n, across block ends."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, block: bytes, final: bool) -> bytes:
        block = self._held + block
        self._held = b""
        if not final and block.endswith(b"\r"):
            block, self._held = block[:-1], b"\r"
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return block


# --- where the header stands ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """The header, and how much of the text comes before the first row of data."""

    delimiter: str
    cells: tuple[str, ...]
    upper: tuple[str, ...] | None
    row: int  # of the header's lowest line, as a spreadsheet counts
    first: int  # row of the header's first line
    bytes: int  # of UTF-8 text up to the first row of data
    above: tuple[tuple[str, ...], ...]  # the rows above the header


def find_header(text: str, table: Table, declared: str) -> Found | None:
    """The row among the first 30 that names the contract's columns, by the declared separator or, failing that, another."""
    best: tuple[int, Found] | None = None
    for delimiter in (declared, *(d for d in DELIMITERS if d != declared)):
        here = _find(text, table, delimiter)
        if here is None:
            continue
        if delimiter == declared:
            return here[1]
        if best is None or here[0] > best[0]:
            best = here
    return best[1] if best else None


def _find(text: str, table: Table, delimiter: str) -> tuple[int, Found] | None:
    rows: list[tuple[tuple[str, ...], int]] = []  # cells, characters up to the row's end
    lines = text.split("\n")
    ends = list(np.cumsum([len(line) + 1 for line in lines]))
    reader = csv.reader((line + "\n" for line in lines), delimiter=delimiter)
    try:
        for cells in reader:
            rows.append((tuple(cells), int(min(ends[reader.line_num - 1], len(text)))))
            if len(rows) >= headers.HEADER_WITHIN:
                break
    except csv.Error:
        pass  # a cell longer than any header's; what was read so far is enough to look at
    scores = [headers.score(cells, table) for cells, _ in rows]
    if not scores or not headers.is_header(max(scores), table):
        return None
    at = scores.index(max(scores))
    cells, end = rows[at]
    depth = min(table.source.header_rows, at + 1)
    upper = rows[at - 1][0] if depth > 1 else None
    first = at + 1 - (depth - 1)
    found = Found(delimiter, cells, upper, at + 1, first, len(text[:end].encode("utf-8")), tuple(r for r, _ in rows[: first - 1]))
    return max(scores), found


# --- the rows ---------------------------------------------------------------------------------------------------------------


@dataclass
class OneFile:
    table: TableRead
    problems: list[FileProblem]
    titles: list[str]
    physical_rows: int  # every row that the file holds, header and titles included


def read_file(path: Path, table: Table, extract: Extract) -> OneFile:
    """Read one CSV file into one table."""
    with open_regular(path) as handle:
        facts = _facts(handle, extract, table.name)
        handle.seek(facts.bom)
        text = _head_text(handle, facts)
        declared = extract.delivery.delimiter
        found = find_header(text, table, declared)
        if found is None:
            raise Refused(FileCode.FILE_HEADER, rows=headers.HEADER_WITHIN)
        if len(found.cells) > MAX_COLUMNS:
            raise Refused(FileCode.FILE_LIMIT, limit=f"{MAX_COLUMNS} columns")
        problems = list(facts.problems)
        if found.delimiter != declared:
            problems.append(problem(FileCode.FILE_DELIMITER, table=table.name, found=NAMES[found.delimiter],
                                    declared=NAMES.get(declared, "the declared separator")))
        if facts.quotes % 2 and _ends_open(handle, facts, found.delimiter):
            raise Refused(FileCode.CSV_QUOTE, "the last row")
        handle.seek(facts.bom)
        with _refusing():
            body = _Body(table, found, extract.delivery.max_rows)
            if facts.plain:
                handle.seek(facts.bom + found.bytes)
                body.run(handle, facts)
            else:
                body.run(_Utf8(handle, facts.encoding, skip=found.bytes), facts)
    titles = [" ".join(c.strip() for c in row if c.strip()) for row in found.above]
    return body.finish(problems, [t for t in titles if t])


def _head_text(handle: io.BufferedReader, facts: _Facts) -> str:
    head = _Utf8(handle, facts.encoding)
    data = b""
    while len(data) < HEAD_BYTES and (piece := head.read(HEAD_BYTES - len(data))):
        data += piece
    return data.decode("utf-8", errors="ignore")  # only a character cut at the end of the head can be ignored: all was checked


def _ends_open(handle: io.BufferedReader, facts: _Facts, delimiter: str) -> bool:
    """True when the text ends inside quotes: a line added at the end does not come back as a row of its own."""
    handle.seek(facts.bom)
    mark = "end-of-file-mark"
    lines = io.TextIOWrapper(io.BufferedReader(_Readable(_Utf8(handle, facts.encoding))), encoding="utf-8", newline="\n")
    last: list[str] = []
    old = csv.field_size_limit(2 * BLOCK)
    try:
        for row in csv.reader(_then(lines, f"\n{mark}\n"), delimiter=delimiter):
            last = row
    except csv.Error:
        return True  # one cell has swallowed megabytes
    finally:
        csv.field_size_limit(old)
        lines.detach()
    return last != [mark]


def _then(lines: Iterator[str] | io.TextIOWrapper, last: str) -> Iterator[str]:
    yield from lines
    yield from last.splitlines(keepends=True)


class _Readable(io.RawIOBase):
    def __init__(self, source: _Utf8) -> None:
        super().__init__()
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        piece = self._source.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except pa.ArrowInvalid as error:
        message = str(error)
        if "straddl" in message or "too large" in message or "block" in message:
            raise Refused(FileCode.CSV_LIMIT) from None
        raise Refused(FileCode.CSV_QUOTE) from None
    except UnicodeError:
        raise Refused(FileCode.FILE_FORMAT, expected="a CSV text file in one encoding") from None


def footer_pattern(table: Table) -> str | None:
    """What the first cell of a total or a note begins with, as a regular expression for RE2 and for Python."""
    words = "|".join(re.escape(w).replace(r"\ ", " +") for w in table.source.footer if w)
    return rf"(?i)^\W*(grand +|sub[ -]?)?({words})s?(\W|$)" if words else None


def footer_row(cells: Sequence[str], keys: Sequence[int]) -> bool:
    """Of a row whose first cell begins with a footer's word: true when most of the rest, or a cell of the key, is empty."""
    rest = [c for c in cells[1:] if c and c.strip()]
    if len(rest) * 2 <= max(len(cells) - 1, 1):
        return True
    return any(k < len(cells) and not (cells[k] or "").strip() for k in keys if k != 0)


class _Body:
    """The rows below the header, batch by batch."""

    def __init__(self, table: Table, found: Found, max_rows: int) -> None:
        self.table, self.found, self.max_rows = table, found, max_rows
        self.layout = headers.layout(found.cells, table, found.upper)
        self.width = len(found.cells)
        self.names = [f"c{i}" for i in range(self.width)]
        self.schema = read_schema(table)
        self.keys = [self.layout.positions[g] for g in table.grain if g in self.layout.positions]
        self.footer = footer_pattern(table)
        self.footer_rx = re.compile(self.footer) if self.footer else None
        self.batches: list[pa.Table] = []
        self.kept: list[np.ndarray[Any, Any]] = []  # positions among the valid rows that are data
        self.valid = 0
        self.odd: list[int] = []  # row numbers (below the header) of rows that do not fit
        self.rejects: list[ShapeReject] = []
        self.asides: list[SetAside] = []
        self.aside_at: list[tuple[int, str]] = []  # position among valid rows, why
        self.swallowed: list[int] = []
        self.swallowed_at: list[int] = []
        self.extra_cells = dict.fromkeys(self.layout.extra, 0)
        self.embedded = False

    def run(self, source: Any, facts: _Facts) -> None:
        quoted = facts.quotes > 0
        self.embedded = quoted
        try:
            reader = pacsv.open_csv(
                source,
                read_options=pacsv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=self.names),
                parse_options=pacsv.ParseOptions(
                    delimiter=self.found.delimiter, newlines_in_values=quoted, ignore_empty_lines=False,
                    quote_char='"', double_quote=True, invalid_row_handler=self._odd_row,
                ),
                convert_options=pacsv.ConvertOptions(
                    check_utf8=False, strings_can_be_null=False, quoted_strings_can_be_null=False,
                    column_types={n: pa.string() for n in self.names},
                ),
            )
        except pa.ArrowInvalid as error:
            if "Empty CSV" in str(error):
                return
            raise
        for batch in reader:
            self._batch(batch)
            if self.valid + len(self.odd) > self.max_rows:
                raise Refused(FileCode.FILE_LIMIT, limit=f"{self.max_rows} rows")

    def _odd_row(self, row: Any) -> str:
        number = int(row.number)
        self.odd.append(number)
        at = self.found.row + number
        text: str = row.text or ""
        cells = text.split(self.found.delimiter)
        if not text.strip(f"{self.found.delimiter}\" \t\n"):
            self.asides.append(SetAside(at, ROW_BLANK))
        elif self._odd_footer(cells):
            self.asides.append(SetAside(at, ROW_FOOTER))
        else:
            self.rejects.append(ShapeReject(at, FileCode.CSV_RAGGED))
            if "\n" in text and self._runs_together(text):
                self.swallowed.append(at)
        return "skip"

    def _odd_footer(self, cells: list[str]) -> bool:
        if self.footer_rx is None or not self.footer_rx.match(cells[0].strip('" ')):
            return False
        return len([c for c in cells if c.strip()]) * 2 <= self.width

    def _runs_together(self, text: str) -> bool:
        """True when a line inside a cell has as many separators as a row: rows have run into one another."""
        return any(line.count(self.found.delimiter) >= max(self.width - 1, 1) for line in text.split("\n"))

    def _batch(self, batch: pa.RecordBatch) -> None:
        count = batch.num_rows
        start = self.valid
        self.valid += count
        if not count:
            return
        drop = np.zeros(count, dtype=bool)
        self._mark(batch, drop, start)
        for position in self.extra_cells:
            filled = pc.sum(pc.greater(pc.binary_length(pc.ascii_trim_whitespace(batch.column(position))), 0)).as_py()
            self.extra_cells[position] += int(filled or 0)
        if self.embedded:
            self._embedded(batch, start)
        arrays = [
            batch.column(self.layout.positions[f.name]) if f.name in self.layout.positions else pa.nulls(count, pa.string())
            for f in self.table.fields
        ]
        kept = pa.Table.from_arrays(arrays, names=[f.name for f in self.table.fields])
        positions = np.arange(start, start + count, dtype=np.int64)
        if drop.any():
            keep = ~drop
            kept = kept.filter(pa.array(keep))
            positions = positions[keep]
        self.batches.append(kept)
        self.kept.append(positions)

    def _mark(self, batch: pa.RecordBatch, drop: np.ndarray[Any, Any], start: int) -> None:
        """Find rows of full width that are not data: blank, the header again, totals and notes."""
        first = pc.ascii_trim_whitespace(batch.column(0))
        for why, mask in (
            (ROW_BLANK, self._blank(batch, first)),
            (ROW_HEADER, self._header_again(batch)),
            (ROW_FOOTER, self._footers(batch, first)),
        ):
            for at in mask:
                if not drop[at]:
                    drop[at] = True
                    self.aside_at.append((start + int(at), why))

    def _blank(self, batch: pa.RecordBatch, first: pa.Array) -> np.ndarray[Any, Any]:
        at = _where(pc.equal(pc.binary_length(first), 0))
        for position in range(1, self.width):
            if not len(at):
                break
            cells = pc.ascii_trim_whitespace(batch.column(position).take(pa.array(at)))
            at = at[_where(pc.equal(pc.binary_length(cells), 0))]
        return at

    def _header_again(self, batch: pa.RecordBatch) -> np.ndarray[Any, Any]:
        at: np.ndarray[Any, Any] | None = None
        for position in self.layout.positions.values():
            cells = batch.column(position) if at is None else batch.column(position).take(pa.array(at))
            same = _where(pc.equal(cells, self.found.cells[position]))
            at = same if at is None else at[same]
            if not len(at):
                break
        return at if at is not None else np.array([], dtype=np.int64)

    def _footers(self, batch: pa.RecordBatch, first: pa.Array) -> np.ndarray[Any, Any]:
        if self.footer is None:
            return np.array([], dtype=np.int64)
        at = _where(pc.match_substring_regex(first, self.footer))
        if not len(at):
            return at
        rows = zip(*(c.to_pylist() for c in batch.take(pa.array(at)).columns), strict=True)
        return at[np.fromiter((footer_row(r, self.keys) for r in rows), dtype=bool, count=len(at))]

    def _embedded(self, batch: pa.RecordBatch, start: int) -> None:
        for column in batch.columns:
            at = _where(pc.match_substring(column, "\n"))
            if len(at):
                cells = column.take(pa.array(at)).to_pylist()
                self.swallowed_at += [start + int(a) for a, c in zip(at, cells, strict=True) if self._runs_together(c)]

    def finish(self, problems: list[FileProblem], titles: list[str]) -> OneFile:
        found, table = self.found, self.table
        total = self.valid + len(self.odd)
        numbers = np.delete(np.arange(1, total + 1, dtype=np.int64), np.array(self.odd, dtype=np.int64) - 1) + found.row
        self.asides += [SetAside(int(numbers[at]), why) for at, why in self.aside_at]
        self.swallowed += [int(numbers[at]) for at in self.swallowed_at]
        data = self._data(numbers)
        problems += self._problems(data.num_rows, titles)
        above = [SetAside(i + 1, ROW_TITLE if any(c.strip() for c in row) else ROW_BLANK) for i, row in enumerate(found.above)]
        ignored = [replace(i, cells=self.extra_cells.get(i.position - 1, 0)) for i in self.layout.ignored]
        note = headers.ignored_problem(ignored, table)
        problems += [note] if note else []
        self.asides.sort(key=lambda a: a.row)
        read = TableRead(table.name, data, self.rejects, [*above, *self.asides], ignored, list(self.layout.missing))
        return OneFile(read, problems, titles, found.row + total)

    def _data(self, numbers: np.ndarray[Any, Any]) -> pa.Table:
        if not self.batches:
            return self.schema.empty_table()
        kept = pa.concat_tables(self.batches)
        rows = pa.array(numbers[np.concatenate(self.kept)])
        columns = [pa.chunked_array([rows]), pa.chunked_array([rows]), pa.chunked_array([pa.nulls(len(rows), pa.int64())])]
        return pa.Table.from_arrays([*columns, *kept.columns], schema=self.schema)

    def _problems(self, rows: int, titles: list[str]) -> list[FileProblem]:
        name = self.table.name
        out = headers.column_problems(self.layout, self.table)
        if titles:
            out.append(problem(FileCode.FILE_TITLES, table=name, where=f"rows 1 to {self.found.first - 1}"))
        if self.rejects:
            out.append(problem(FileCode.CSV_RAGGED, table=name, where=rows_where(r.row for r in self.rejects)))
        if self.swallowed:
            out.append(problem(FileCode.CSV_QUOTE, table=name, where=rows_where(sorted(set(self.swallowed)))))
        footers = sorted(a.row for a in self.asides if a.why == ROW_FOOTER)
        if footers:
            out.append(problem(FileCode.FILE_FOOTER, table=name, where=rows_where(footers)))
        if rows == 0 and not self.rejects:
            out.append(problem(FileCode.FILE_EMPTY, severity=Severity.warn, table=name))
        return out


def _where(mask: Any) -> np.ndarray[Any, Any]:
    return np.flatnonzero(np.asarray(mask.to_numpy(zero_copy_only=False), dtype=bool))


def peek_header(path: Path, table: Table, extract: Extract) -> tuple[str, ...]:
    """The header's cells from the first bytes only, to recognise a file; empty when no row is the table's header."""
    with open_regular(path) as handle:
        start = handle.read(4096)
        if not start or start.startswith(_OTHER_KINDS):
            return ()
        wide = _wide(start)
        handle.seek(0)
        data = handle.read(HEAD_BYTES)
    encoding = wide[0] if wide else "latin-1"  # column names are ASCII: enough to recognise, never used to read
    data = data[wide[1] :] if wide else data.removeprefix(codecs.BOM_UTF8)
    text = data.decode(encoding, errors="ignore").replace("\r\n", "\n").replace("\r", "\n")
    found = find_header(text, table, extract.delivery.delimiter)
    return found.cells if found else ()
