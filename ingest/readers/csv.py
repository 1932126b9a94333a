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
import stat
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from ingest import headers
from ingest.contract import Extract, Table
from ingest.readers.base import (
    MAX_COLUMNS,
    Delivery,
    FileCode,
    FileProblem,
    ReadResult,
    Refused,
    as_problem,
    empty_table,
    human_size,
    problem,
)
from ingest.readers.rows import Found, OneTable, Sorter

CHUNK = 1 << 20
#: The largest row: pyarrow refuses a row that does not fit in a block and the next one.
BLOCK = 4 << 20
#: Bytes in which the header must stand.
HEAD_BYTES = 1 << 18
DELIMITERS = (",", ";", "\t", "|")
NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
ENCODING_NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a byte order mark",
    "cp1252": "Windows-1252",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
}
_NO_ENCODING = (
    "The bytes are not text in any encoding that we read, or in more than one.",
    "Save the file as UTF-8 and send it again.",
)
#: How files of other kinds begin.
_OTHER_KINDS = (
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"%PDF",
    b"\x1f\x8b",
    b"PAR1",
    b"<?xml",
    b"<html",
    b"<!DOC",
    b"{\\rtf",
)


def read(delivery: Delivery, extract: Extract) -> ReadResult:
    """Read one CSV file or a set of them. Raises Refused when a file cannot be read as this return."""
    result = ReadResult({})
    titles: list[str] = []
    for table, path in _assign(delivery, extract, result):
        if path is None:
            result.tables[table.name] = empty_table(table)
            continue
        try:
            one, above = read_file(path, table, extract)
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


def table_of(name: str, extract: Extract) -> Table | None:
    """The table of a set that a file name belongs to, by the contract's patterns."""
    if extract.delivery.format == "csv":
        return extract.tables[0]
    name = name.casefold()
    fits = [(p, t) for t in extract.tables for p in t.source.files if fnmatchcase(name, p.casefold())]
    # sw_episodes.csv fits "*episodes*" too: the pattern that says most about the name is meant.
    return max(fits, key=lambda f: len(f[0]))[1] if fits else None


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
            problem(
                FileCode.FILE_ENCODING,
                table=table,
                found=ENCODING_NAMES.get(found, found),
                declared=ENCODING_NAMES.get(declared, declared),
            )
        )
    if (facts.crlf > 0) + (facts.cr > 0) + (facts.lf > 0) > 1 and not facts.quotes:
        facts.problems.append(problem(FileCode.CSV_NEWLINES, table=table))
    return facts


def _wide(start: bytes) -> tuple[str, int] | None:
    """UTF-16 by its byte order mark, or by NUL in every second byte of an even run of Latin text. UTF-32 is refused."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise Refused(FileCode.FILE_ENCODING, instead=_NO_ENCODING)
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
            raise Refused(
                FileCode.CSV_NUL, f"line {facts.lf + facts.crlf + block[: block.find(0)].count(10) + 1}"
            )
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
        facts.encoding = (
            "utf-8"  # text with letters beyond ASCII that is valid UTF-8 is UTF-8, whatever was declared
        )
        return
    if facts.bom:
        raise Refused(FileCode.FILE_ENCODING, instead=_NO_ENCODING)
    facts.encoding = declared if declared != "utf-8" else "cp1252"
    if facts.encoding == "cp1252" and undefined:
        raise Refused(FileCode.FILE_ENCODING, instead=_NO_ENCODING)


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
        raise Refused(FileCode.FILE_ENCODING, instead=_NO_ENCODING) from None


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
class Start:
    """The header, by which separator it was found, and how much text comes before the first row of data."""

    found: Found
    delimiter: str
    bytes: int  # of UTF-8 text


def find_header(text: str, table: Table, declared: str) -> Start | None:
    """The row among the first 30 that names the contract's columns, by the declared separator or, failing that, another."""
    best: tuple[int, Start] | None = None
    for delimiter in (declared, *(d for d in DELIMITERS if d != declared)):
        here = _find(text, table, delimiter)
        if here is None:
            continue
        if delimiter == declared:
            return here[1]
        if best is None or here[0] > best[0]:
            best = here
    return best[1] if best else None


def _find(text: str, table: Table, delimiter: str) -> tuple[int, Start] | None:
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
    upper = rows[at - 1][0] if table.source.header_rows > 1 and at > 0 else None
    found = Found(cells, at + 1, tuple(r for r, _ in rows[:at]), upper)
    return max(scores), Start(found, delimiter, len(text[:end].encode("utf-8")))


# --- the rows ---------------------------------------------------------------------------------------------------------------


def read_file(path: Path, table: Table, extract: Extract) -> tuple[OneTable, list[str]]:
    """Read one CSV file into one table; also the text of the lines above its header."""
    with open_regular(path) as handle:
        facts = _facts(handle, extract, table.name)
        handle.seek(facts.bom)
        declared = extract.delivery.delimiter
        with _refusing():
            start = find_header(_head_text(handle, facts), table, declared)
        if start is None:
            raise Refused(FileCode.FILE_HEADER, rows=headers.HEADER_WITHIN)
        if len(start.found.cells) > MAX_COLUMNS:
            raise Refused(FileCode.FILE_LIMIT, limit=f"{MAX_COLUMNS} columns")
        problems = list(facts.problems)
        if start.delimiter != declared:
            problems.append(
                problem(
                    FileCode.FILE_DELIMITER,
                    table=table.name,
                    found=NAMES[start.delimiter],
                    declared=NAMES.get(declared, "the declared separator"),
                )
            )
        if facts.quotes % 2 and _ends_open(handle, facts, start.delimiter):
            raise Refused(FileCode.CSV_QUOTE, "the last row")
        sorter = Sorter(table, start.found, extract.delivery.max_rows, start.delimiter)
        with _refusing():
            handle.seek(facts.bom + (start.bytes if facts.plain else 0))
            source = handle if facts.plain else _Utf8(handle, facts.encoding, skip=start.bytes)
            _Body(sorter, start.delimiter).run(source, facts.quotes > 0)
    return sorter.finish(problems), start.found.titles


def _head_text(handle: io.BufferedReader, facts: _Facts) -> str:
    head = _Utf8(handle, facts.encoding)
    data = b""
    while len(data) < HEAD_BYTES and (piece := head.read(HEAD_BYTES - len(data))):
        data += piece
    return data.decode(
        "utf-8", errors="ignore"
    )  # only a character cut at the end of the head can be ignored: all was checked


def _ends_open(handle: io.BufferedReader, facts: _Facts, delimiter: str) -> bool:
    """True when the text ends inside quotes: a line added at the end does not come back as a row of its own."""
    handle.seek(facts.bom)
    mark = "end-of-file-mark"
    lines = io.TextIOWrapper(
        io.BufferedReader(_Readable(_Utf8(handle, facts.encoding))), encoding="utf-8", newline="\n"
    )
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
def _refusing() -> Generator[None]:
    try:
        yield
    except pa.ArrowInvalid as error:
        message = str(error)
        if "straddl" in message or "too large" in message or "block" in message:
            raise Refused(FileCode.CSV_LIMIT) from None
        raise Refused(FileCode.CSV_QUOTE) from None
    except UnicodeError:
        raise Refused(FileCode.FILE_ENCODING, instead=_NO_ENCODING) from None


class _Body:
    """pyarrow's streaming reader over the rows below the header, into a Sorter."""

    def __init__(self, sorter: Sorter, delimiter: str) -> None:
        self.sorter, self.delimiter = sorter, delimiter

    def run(self, source: Any, quoted: bool) -> None:
        sorter = self.sorter
        sorter.embedded = quoted
        try:
            reader = pacsv.open_csv(
                source,
                read_options=pacsv.ReadOptions(
                    use_threads=False, block_size=BLOCK, column_names=sorter.names
                ),
                parse_options=pacsv.ParseOptions(
                    delimiter=self.delimiter,
                    newlines_in_values=quoted,
                    ignore_empty_lines=False,
                    quote_char='"',
                    double_quote=True,
                    invalid_row_handler=sorter.odd_row,
                ),
                convert_options=pacsv.ConvertOptions(
                    check_utf8=False,
                    strings_can_be_null=False,
                    quoted_strings_can_be_null=False,
                    column_types={n: pa.string() for n in sorter.names},
                ),
            )
        except pa.ArrowInvalid as error:
            if "Empty CSV" in str(error):
                return
            raise
        for batch in reader:
            sorter.add(batch)
            if sorter.valid + len(sorter.odd) > sorter.max_rows:
                raise Refused(FileCode.FILE_LIMIT, limit=f"{sorter.max_rows} rows")


def peek_header(path: Path, table: Table, extract: Extract) -> tuple[str, ...]:
    """The header's cells from the first bytes only, to recognise a file; empty when no row is the table's header."""
    with open_regular(path) as handle:
        start = handle.read(4096)
        if not start or start.startswith(_OTHER_KINDS):
            return ()
        wide = _wide(start)
        handle.seek(0)
        data = handle.read(HEAD_BYTES)
    encoding = (
        wide[0] if wide else "latin-1"
    )  # column names are ASCII: enough to recognise, never used to read
    data = data[wide[1] :] if wide else data.removeprefix(codecs.BOM_UTF8)
    text = data.decode(encoding, errors="ignore").replace("\r\n", "\n").replace("\r", "\n")
    start_of = find_header(text, table, extract.delivery.delimiter)
    return start_of.found.cells if start_of else ()
