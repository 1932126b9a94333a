"""JSON: one streaming walk of a list of records, into one table of strings per contract table.

Lives here: the walk over ijson's events, its limits, what was found and not asked for, what is not the kind of value it should be.
Add here: nothing for a new extract; a contract's element paths and headers are enough, as in XML.
Must not live here: types of values, codes, rules; a parser of our own.

The plan is XML's (`readers/xml.py`): an object's name is an element, a list is a repeated element, "." is a plain value of
a list. A file is `{"la_code": …, "children": [ … ]}` or the bare list. Every item of a list that is a table is a row or a
rejected row, so received = accepted + rejected whatever the file holds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ijson
import pyarrow as pa

from ingest.contract import Extract, Severity
from ingest.readers.base import (
    MAX_IGNORED,
    MAX_NAMED,
    Delivery,
    FileCode,
    FileProblem,
    Ignored,
    ReadResult,
    Refused,
    ShapeReject,
    TableRead,
    clean_name,
    human_size,
    problem,
    rows_where,
)
from ingest.readers.csv import open_regular
from ingest.readers.xml import FLUSH
from ingest.readers.xml import _Node as Node  # pyright: ignore[reportPrivateUsage] - the plan is the same
from ingest.readers.xml import _plan as plan  # pyright: ignore[reportPrivateUsage]
from ingest.readers.xml import _Rows as Rows  # pyright: ignore[reportPrivateUsage]

#: Deeper than any return.
MAX_DEPTH = 32
#: Bytes without a finished record: nothing that large is one child.
MAX_RECORD_BYTES = 16_000_000
#: Names in one object, and characters of a name: more is not a record.
MAX_KEYS = 2_000
MAX_KEY = 500
#: Bytes in which a file shows what it is.
PEEK_BYTES = 65_536
CHUNK = 1 << 16
_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00")
#: How the parser complains of a number that JSON does not have; its message is looked at and dropped, since it quotes the file.
_NO_NUMBER = re.compile(r"-?\b(NaN|Infinity)\b")

Event = tuple[str, Any]


def read(delivery: Delivery, extract: Extract) -> ReadResult:
    """Read one JSON delivery. Raises Refused when it is not JSON, not safe, or another return."""
    path = delivery.files[0]
    if delivery.bytes > extract.delivery.max_bytes:
        raise Refused(FileCode.FILE_LIMIT, limit=human_size(extract.delivery.max_bytes))
    if delivery.bytes == 0:
        raise Refused(FileCode.FILE_EMPTY)
    return _Walk(extract).run(path)


def share(path: Path, extract: Extract) -> float:
    """How well the first bytes of a file fit: the share of the first table's names that stand in its first records."""
    wanted = {part for f in extract.tables[0].fields for h in f.headers for part in h.split("/")}
    found: set[str] = set()
    try:
        for event, value in _events(_Source(path, PEEK_BYTES, stop=True)):
            if event == "map_key" and value in wanted:
                found.add(value)
    except Refused:
        pass  # cut off where looking stopped; what was seen is enough
    return len(found) / max(len(wanted), 1)


# --- the bytes ------------------------------------------------------------------------------------------------------------


class _Source:
    """The file for the parser, counted: a record, a name or a text that does not end is refused before it fills memory."""

    def __init__(self, path: Path, limit: int, *, stop: bool = False) -> None:
        self._handle = open_regular(path)
        self.bom = self._handle.read(3) == _BOM
        self._handle.seek(3 if self.bom else 0)
        if self._handle.peek(2)[:2].startswith(_WIDE):
            raise Refused(
                FileCode.FILE_ENCODING,
                instead=("The text is not UTF-8, as JSON is.", "Save the file as UTF-8."),
            )
        self._limit, self._stop = limit, stop
        self.done = 0
        self.mark = 0  # bytes read when the last record ended

    def read(self, size: int = CHUNK) -> bytes:
        if self.done - self.mark > self._limit:
            if self._stop:
                return b""
            raise Refused(FileCode.JSON_LIMIT)
        block = self._handle.read(size)
        self.done += len(block)
        return block

    def close(self) -> None:
        self._handle.close()


def _events(source: _Source) -> Iterator[Event]:
    """The parser's events. Every complaint becomes a code; its text is dropped."""
    try:
        yield from ijson.basic_parse(source, buf_size=CHUNK, use_float=False)
    except Refused:
        raise
    except ijson.JSONError as error:
        raise Refused(_complaint(str(error))) from None
    except (UnicodeError, ValueError, OverflowError, RecursionError):
        raise Refused(FileCode.JSON_MALFORMED) from None
    finally:
        source.close()


def _complaint(message: str) -> FileCode:
    if "premature EOF" in message or "ncomplete" in message:
        return FileCode.JSON_TRUNCATED
    return FileCode.JSON_NUMBER if _NO_NUMBER.search(message) else FileCode.JSON_MALFORMED


# --- the walk -------------------------------------------------------------------------------------------------------------


class _Frame:
    """One open object or list."""

    __slots__ = ("is_list", "key", "keys", "node", "parent_row", "path", "row", "values")

    def __init__(self, node: Node | None, path: str, *, is_list: bool) -> None:
        self.node = node  # None: a stranger, looked through for names only
        self.path = path
        self.is_list = is_list
        self.key = ""
        self.keys: set[str] = set()
        self.values: list[Any] | None = None  # of the row that the object belongs to
        self.row: int | None = None
        self.parent_row: int | None = None


class _Walk:
    """One reading of one file."""

    def __init__(self, extract: Extract) -> None:
        self.extract = extract
        self.units, self.tables = plan(extract)
        ((self.unit_path, self.unit),) = self.units.items()
        self.stack: list[_Frame] = []
        self.record = 0
        self.total = 0
        self.stated: dict[str, str] = {}
        self.unknown: Counter[tuple[str, str]] = Counter()
        self.unknown_more = 0
        self.rejects: dict[str, list[ShapeReject]] = {}
        self.wrong_kind: dict[str, list[int]] = {}
        self.twice: dict[str, list[int]] = {}
        self.found_list = False

    def run(self, path: Path) -> ReadResult:
        source = _Source(path, MAX_RECORD_BYTES)
        held = 0
        for event, value in _events(source):
            self._take(event, value)
            if len(self.stack) <= 2 and event in ("end_map", "string", "number", "boolean", "null"):
                source.mark = source.done
                held += 1
                if held >= FLUSH:
                    held = 0
                    self._flush()
            if self.total > self.extract.delivery.max_rows:
                raise Refused(FileCode.FILE_LIMIT, limit=f"{self.extract.delivery.max_rows} rows")
        if not self.found_list:
            raise Refused(FileCode.JSON_ROOT)
        self._flush()
        return self._result(bom=source.bom)

    def _take(self, event: str, value: Any) -> None:
        if event == "map_key":
            self._name(value)
        elif event in ("start_map", "start_array"):
            if len(self.stack) >= MAX_DEPTH:
                raise Refused(FileCode.JSON_DEPTH, self._where())
            self._open(is_list=event == "start_array")
        elif event in ("end_map", "end_array"):
            self.stack.pop()
        else:
            self._scalar(_text(event, value))

    def _name(self, name: str) -> None:
        frame = self.stack[-1]
        if len(name) > MAX_KEY or len(frame.keys) >= MAX_KEYS:
            raise Refused(FileCode.JSON_LIMIT, self._where())
        frame.key = name
        if name in frame.keys:
            self.twice.setdefault(f"{frame.path}/{clean_name(name)}".lstrip("/"), []).append(self.record)
        frame.keys.add(name)

    def _slot(self) -> tuple[Any, _Frame | None, str]:
        """What the next value is: a column, a node of the plan, or None for a stranger; the frame around it; its path."""
        frame = self.stack[-1]
        if frame.is_list:
            return frame.node, frame, frame.path
        path = f"{frame.path}/{frame.key}".lstrip("/")
        if frame.node is None:
            return None, frame, path
        return frame.node.children.get(frame.key), frame, path

    def _open(self, *, is_list: bool) -> None:
        if not self.stack:  # the outermost value: the list of records itself, or an object that holds it
            root = self.unit if is_list else None
            self.found_list |= is_list
            self.stack.append(_Frame(root, self.unit_path if is_list else "", is_list=is_list))
            return
        meaning, around, path = self._slot()
        assert around is not None  # noqa: S101 - the stack is not empty
        if len(self.stack) == 1 and not around.is_list and path == self.unit_path:
            meaning, self.found_list = self.unit, True
            self._no_object_for_list(is_list)
        frame = _Frame(None, path, is_list=is_list)
        if isinstance(meaning, Node):
            self._enter(frame, meaning, around, is_list)
        elif isinstance(meaning, int):
            self._wrong(path)
        elif not around.is_list:
            self._stranger(around.path, around.key)
        self.stack.append(frame)

    def _no_object_for_list(self, is_list: bool) -> None:
        if not is_list:
            raise Refused(FileCode.JSON_ROOT)

    def _enter(self, frame: _Frame, node: Node, around: _Frame, is_list: bool) -> None:
        """Open an object or list that the plan knows."""
        parent_row, values, row = around.row, around.values, around.row
        if around.is_list:
            parent_row = around.parent_row
        if is_list:
            if node.rows is None or around.is_list:
                self._wrong(frame.path)  # a list where one object belongs, or a list in a list
                if around.is_list and node.rows is not None:
                    self._reject(node.rows)
                return
            frame.node, frame.parent_row = node, parent_row
            return
        if node.rows is None:
            frame.node, frame.values, frame.row = node, values, row
            return
        if node.own_text is not None:
            self._wrong(frame.path)
            self._reject(node.rows)
            return
        frame.values = self._row(node.rows, parent_row)
        frame.row, frame.node = node.rows.count, node

    def _scalar(self, text: str | None) -> None:
        if not self.stack:
            raise Refused(FileCode.JSON_ROOT)
        meaning, around, path = self._slot()
        assert around is not None  # noqa: S101
        if len(self.stack) == 1 and not around.is_list:
            if text is not None and path != self.unit_path:
                self.stated.setdefault(around.key, text)
            return
        if isinstance(meaning, int) and around.values is not None:
            self._put(around, meaning, text)
        elif isinstance(meaning, Node):
            self._plain_value(meaning, around, path, text)
        elif around.node is None and around.is_list:
            return  # a plain value in a stranger's list: the list is named
        else:
            self._stranger(around.path, around.key)

    def _put(self, around: _Frame, column: int, text: str | None) -> None:
        assert around.values is not None  # noqa: S101 - asked before
        if around.values[column] is None:
            around.values[column] = text

    def _plain_value(self, node: Node, around: _Frame, path: str, text: str | None) -> None:
        """A text, number or null where a list, an object or an item of a list belongs."""
        if text is None and not around.is_list:
            return  # null: there is none
        if node.rows is None:
            self._wrong(path)
        elif node.own_text is not None:
            parent_row = around.parent_row if around.is_list else around.row
            self._row(node.rows, parent_row)[node.own_text] = text
        else:
            self._wrong(path)
            self._reject(node.rows)

    def _row(self, rows: Rows, parent_row: int | None) -> list[Any]:
        if rows.table.name == self.extract.tables[0].name:
            self.record += 1
        rows.count += 1
        self.total += 1
        values: list[Any] = [None] * rows.width
        values[0], values[1], values[2] = rows.count, self.record, parent_row
        rows.rows.append(values)
        return values

    def _reject(self, rows: Rows) -> None:
        """An item that cannot be a row: received and rejected."""
        if rows.table.name == self.extract.tables[0].name:
            self.record += 1
        rows.count += 1
        self.total += 1
        self.rejects.setdefault(rows.table.name, []).append(ShapeReject(rows.count, FileCode.JSON_TYPE))

    def _wrong(self, path: str) -> None:
        self.wrong_kind.setdefault(clean_name(path), []).append(self.record)

    def _stranger(self, parent: str, name: str) -> None:
        key = (clean_name(parent), clean_name(name))
        if key in self.unknown or len(self.unknown) < MAX_IGNORED:
            self.unknown[key] += 1
        else:
            self.unknown_more += 1

    def _where(self) -> str:
        return f"record {self.record}"

    def _flush(self) -> None:
        for rows in self.tables.values():
            rows.flush()

    # --- what it came to

    def _result(self, *, bom: bool) -> ReadResult:
        result = ReadResult({}, dict(self.stated), self._problems(bom=bom))
        for name, rows in self.tables.items():
            data = pa.Table.from_batches(rows.batches, schema=rows.schema)
            result.tables[name] = TableRead(name, data, self.rejects.get(name, []))
        paths = sorted(
            ((r.table.source.element or "", n) for n, r in self.tables.items()), key=lambda p: -len(p[0])
        )
        first = next(iter(self.tables))
        for (parent, name), count in sorted(self.unknown.items()):
            owner = next((n for p, n in paths if f"{parent}/".startswith(f"{p}/")), first)
            listed = result.tables[owner].ignored
            listed.append(
                Ignored(
                    len(listed) + 1, "", name, f"not in the contract: {parent or 'outside records'}", count
                )
            )
        if self.unknown_more:
            listed = result.tables[first].ignored
            listed.append(
                Ignored(len(listed) + 1, "", "(more names)", "not in the contract", self.unknown_more)
            )
        return result

    def _problems(self, *, bom: bool) -> list[FileProblem]:
        found: list[FileProblem] = []
        if bom:
            found.append(
                problem(FileCode.FILE_ENCODING, found="UTF-8 with a byte order mark", declared="UTF-8")
            )
        for code, places in ((FileCode.JSON_DUPLICATE, self.twice), (FileCode.JSON_TYPE, self.wrong_kind)):
            found += [
                problem(code, where=f"{name}, {rows_where(records, 'record')}")
                for name, records in sorted(places.items())
            ]
        if self.unknown:
            names = sorted({n for _, n in self.unknown})
            more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
            found.append(problem(FileCode.FILE_COLUMN_IGNORED, names=", ".join(names[:MAX_NAMED]) + more))
        first = next(iter(self.tables.values()))
        if first.count == 0:
            found.append(problem(FileCode.FILE_EMPTY, severity=Severity.warn, table=first.table.name))
        return found


def _text(event: str, value: Any) -> str | None:
    """A plain value as a sender of text would have written it."""
    if event == "null":
        return None
    if event == "boolean":
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)
