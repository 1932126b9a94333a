"""XML: one streaming walk of the repeating record, into one table of strings per contract table.

Lives here: the safe parser, the plan compiled from a contract's element paths, the walk, what was found and not asked for.
Add here: nothing for a new extract; a contract's element paths and headers are enough.
Must not live here: types, codes, rules, and any parser with entities, DTDs, network or recovery switched on.

A plan is a tree of dictionaries keyed by tag, so every element costs one look-up and the same name at two levels can
never mix: `CINdetails/DateOfInitialCPC` and `Section47/DateOfInitialCPC` live in different dictionaries.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute
from lxml import etree

from ingest.contract import Extract, Severity, Table
from ingest.readers.base import (
    MAX_IGNORED,
    MAX_NAMED,
    Delivery,
    FileCode,
    FileProblem,
    Ignored,
    ReadResult,
    Refused,
    SetAside,
    TableRead,
    clean_name,
    empty_table,
    human_size,
    problem,
    read_schema,
    rows_where,
)

#: Deeper than any return; libxml2's own limit is far above it.
MAX_DEPTH = 48
#: Bytes without a finished record: nothing that large is one child.
MAX_RECORD_BYTES = 16_000_000
#: Bytes in which the outermost element must appear, and in which the header must end.
MAX_PROLOG_BYTES = 100_000
MAX_HEADER_BYTES = 4_000_000
CHUNK = 1 << 20
#: Records held as Python objects before they become Arrow.
FLUSH = 20_000
#: libxml2 keeps a line number in 16 bits; above that the number is the text's, which ends lines later.
FAR_LINE = 65_535

pc: Any = pyarrow.compute  # its functions are made at run time, so no type checker knows them

#: lxml's stubs are years behind the library: an element is what the library gives.
Element = Any
_lxml: Any = etree

SAFE: Mapping[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "attribute_defaults": False,
    "huge_tree": False,
    "recover": False,
    "remove_comments": True,
    "remove_pis": True,
}

_DOCTYPES = tuple("<!DOCTYPE".encode(e) for e in ("ascii", "utf-16-le", "utf-16-be"))
_WITH_ATTRIBUTES = _lxml.XPath("descendant-or-self::*[@*]")

ROW_BLANK = "no value in the element"

#: libxml2's error numbers, which are stable, to our codes.
_ENCODING_ERRORS = {31, 32, 81, 6003}
_LIMIT_ERRORS = {111, 116}


def read(delivery: Delivery, extract: Extract) -> ReadResult:
    """Read one XML return. Raises Refused when it is not well formed, not safe, or another return."""
    path = delivery.files[0]
    if delivery.bytes > extract.delivery.max_bytes:
        raise Refused(FileCode.FILE_LIMIT, limit=human_size(extract.delivery.max_bytes))
    if delivery.bytes == 0:
        raise Refused(FileCode.FILE_EMPTY)
    head = peek(path)
    check_mark(head, extract)
    with _no_gc():
        return _Walk(extract).run(path)


# --- before the walk: the prolog and the header -----------------------------------------------------------------------


@dataclass(frozen=True)
class Head:
    """What stands before the first record: enough to recognise a return without reading it."""

    root: str
    values: Mapping[str, str]  # path below the root -> text, for elements without children
    namespaced: bool


def peek(path: Path, records: tuple[str, ...] = ()) -> Head:
    """The outermost element and the header's values, from the first bytes only.

    Refuses a DOCTYPE before anything that it declares could matter. Never reads a record: it stops at the first element
    below the root that holds more than the header's limit, or when the header has ended.
    """
    parser = _lxml.XMLPullParser(events=("start", "end"), **SAFE)
    stack: list[str] = []
    values: dict[str, str] = {}
    root: str | None = None
    namespaced = False
    done = 0
    seen = b""
    with path.open("rb") as handle, _refusing():
        while root is None or done < MAX_HEADER_BYTES:
            # Small pieces until the outermost element is known: what a DOCTYPE declares is refused before it is used.
            block = handle.read(256 if root is None else 16_384)
            if root is None:
                seen += block
                if any(mark in seen for mark in _DOCTYPES):
                    raise Refused(FileCode.XML_DTD)
            if not block:
                if root is None:
                    parser.close()
                break
            parser.feed(block)
            done += len(block)
            for event, element in parser.read_events():
                tag = element.tag
                if not isinstance(tag, str):
                    continue
                if event == "start":
                    if root is None:
                        _refuse_doctype(element)
                        root = _local(tag)
                        namespaced = "{" in tag
                    elif len(stack) >= MAX_DEPTH:
                        raise Refused(FileCode.XML_DEPTH, _line_of(element.sourceline))
                    stack.append(_local(tag))
                    continue
                if len(element) == 0 and len(values) < 200:
                    values.setdefault("/".join(stack[1:]), (element.text or "").strip())
                stack.pop()
                if (
                    len(stack) == 1
                ):  # one block below the root has ended: that is the header, or there is none
                    return Head(root or "", values, namespaced)
            if root is None and done > MAX_PROLOG_BYTES:
                raise Refused(FileCode.XML_LIMIT)
    return Head(root or "", values, namespaced)


def check_mark(head: Head, extract: Extract) -> None:
    """Refuse a file that is another return than the contract's. Content decides, not the name."""
    if not is_return(head, extract):
        raise Refused(FileCode.XML_ROOT)


def is_return(head: Head, extract: Extract) -> bool:
    """True when the outermost element and the marks are those of the extract."""
    wanted = extract.delivery
    if wanted.xml_root and head.root != wanted.xml_root:
        return False
    return all(head.values.get(p, "").casefold() == v.casefold() for p, v in wanted.xml_marker.items())


def mentions(path: Path, extract: Extract) -> bool:
    """True when the first bytes of a file that cannot be parsed hold every mark of the extract, as text."""
    with path.open("rb") as handle:
        start = handle.read(16_384).decode("utf-8", errors="ignore")
    marks = extract.delivery.xml_marker.items()
    return bool(marks) and all(f"<{p.rpartition('/')[2]}>{value}<" in start for p, value in marks)


def _refuse_doctype(element: Element) -> None:
    info = element.getroottree().docinfo
    if info.internalDTD is not None or info.externalDTD is not None or info.doctype:
        raise Refused(FileCode.XML_DTD)


@contextmanager
def _refusing() -> Generator[None]:
    """Turn every complaint of libxml2 into a code and a line. Its message is dropped: it may quote the file."""
    try:
        yield
    except etree.XMLSyntaxError as error:
        code, line = getattr(error, "code", None) or 0, error.lineno or 0
        message = str(error.msg or "").lower()
        where = _line_of(line) if line else None
        if "depth" in message:
            raise Refused(FileCode.XML_DEPTH, where) from None
        if code in _ENCODING_ERRORS or "encoding" in message or "not proper utf-8" in message:
            raise Refused(
                FileCode.XML_MALFORMED, f"{where or 'start'}, bytes that are not of the declared encoding"
            ) from None
        if code in _LIMIT_ERRORS or "huge" in message or "too long" in message or "amplification" in message:
            raise Refused(FileCode.XML_LIMIT, where) from None
        raise Refused(FileCode.XML_MALFORMED, where) from None
    except (etree.LxmlError, ValueError, LookupError, UnicodeError):
        raise Refused(FileCode.XML_MALFORMED) from None
    except OSError:
        raise Refused(FileCode.FILE_UNREADABLE) from None


def _line_of(line: int | None) -> str:
    return f"line {line or 0}"


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


# --- the plan -----------------------------------------------------------------------------------------------------------


class _Rows:
    """One contract table while it fills: rows as lists, then Arrow batches.

    Values that belong to other tables but stand in this table's element are read beside its own, as columns named by
    their path, and are given away when the walk has ended.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.schema = read_schema(table)
        self.width = len(self.schema)
        self.rows: list[list[Any]] = []
        self.batches: list[pa.RecordBatch] = []
        self.count = 0

    def lend(self, path: str) -> int:
        """The column for a value that another table takes from this table's element."""
        if path not in self.schema.names:
            self.schema = self.schema.append(pa.field(path, pa.string()))
            self.width += 1
        return self.schema.get_field_index(path)

    def flush(self) -> None:
        if self.rows:
            columns = zip(*self.rows, strict=True)
            arrays = [pa.array(c, type=f.type) for c, f in zip(columns, self.schema, strict=True)]
            self.batches.append(pa.RecordBatch.from_arrays(arrays, schema=self.schema))
            self.rows = []


class _Node:
    """One element of the plan: what each child tag means here."""

    __slots__ = ("children", "own_text", "path", "rows")

    def __init__(self, path: str) -> None:
        self.path = path
        self.children: dict[
            Any, Any
        ] = {}  # tag -> column of the current row | _Node of a group or table | None
        self.rows: _Rows | None = None  # set when the element is a row of a table
        self.own_text: int | None = None  # the column that takes the element's own text (header ".")


def _plan(extract: Extract) -> tuple[dict[str, _Node], dict[str, _Rows]]:
    """Compile the contract: the outermost repeating elements by path, and the tables in the contract's order."""
    nodes: dict[str, _Node] = {}
    units: dict[str, _Node] = {}
    tables: dict[str, _Rows] = {}
    for table in extract.tables:
        element = table.source.element
        if not element:
            continue
        rows = tables[table.name] = _Rows(table)
        inside = next((u for u in units if element == u or element.startswith(u + "/")), None)
        if inside is None:
            node = nodes[element] = units[element] = _Node(element)
        else:
            node = _grow(nodes, nodes[inside], element[len(inside) + 1 :])
        node.rows = node.rows or rows  # the first table of an element has its rows; the others take from them
    for table in extract.tables:
        if table.source.element:
            node = nodes[table.source.element]
            owner = node.rows
            assert owner is not None  # noqa: S101 - set above
            for column, field in enumerate(table.fields, start=3):
                for header in field.headers or (field.name,):
                    if header.startswith("/"):
                        continue  # the record's own value, taken when the walk has ended
                    if header == ".":
                        node.own_text = column
                    else:
                        group, _, leaf = header.rpartition("/")
                        mine = owner.table is table
                        _grow(nodes, node, group).children[leaf] = column if mine else owner.lend(header)
            for header in table.source.when:
                group, _, leaf = header.rpartition("/")
                _grow(nodes, node, group).children[leaf] = owner.lend(header)
    return units, tables


def _grow(nodes: dict[str, _Node], node: _Node, path: str) -> _Node:
    """The node at `path` below `node`, made where it is missing."""
    for tag in path.split("/") if path else ():
        below = node.children.get(tag)
        if not isinstance(below, _Node):
            below = node.children[tag] = nodes[f"{node.path}/{tag}"] = _Node(f"{node.path}/{tag}")
        node = below
    return node


# --- the walk -----------------------------------------------------------------------------------------------------------


class _Walk:
    """One reading of one file."""

    def __init__(self, extract: Extract) -> None:
        self.extract = extract
        self.units, self.tables = _plan(extract)
        self.unknown: Counter[tuple[str, str]] = Counter()  # (path of the parent, name) -> elements
        self.unknown_more = 0
        self.text_lines: list[int] = []
        self.attribute_lines: list[int] = []
        self.may_have_attributes = False
        self.containers: dict[Element, str] = {}
        self.container_paths = {u.rpartition("/")[0] for u in self.units}
        self.last: Element | None = None
        self.repeated: dict[str, list[int]] = {}
        self.inside_value: list[int] = []
        self.namespaced = False
        self.stated: dict[str, str] = {}
        self.total = 0

    def run(self, path: Path) -> ReadResult:
        tags = sorted({f"{{*}}{unit.rpartition('/')[2]}" for unit in self.units})
        parser = _lxml.XMLPullParser(events=("end",), tag=tags, **SAFE)
        since_record = 0
        held = 0
        with path.open("rb") as handle, _refusing():
            while block := handle.read(CHUNK):
                parser.feed(block)
                since_record += len(block)
                equals = b"=" in block
                self.may_have_attributes |= equals
                for _, element in parser.read_events():
                    node = self._unit_of(element)
                    if node is None:
                        continue  # the record's name inside a record: the record itself reports it
                    self._record(element, node)
                    self._release(element)
                    since_record = 0
                    held += 1
                    if held >= FLUSH:
                        held = 0
                        self._flush()
                self.may_have_attributes = equals
                if since_record > MAX_RECORD_BYTES:
                    raise Refused(FileCode.XML_LIMIT)
            self._rest(parser.close())
        self._flush()
        return self._result()

    def _unit_of(self, element: Element) -> _Node | None:
        """The plan of a record, or None when the element only bears a record's name."""
        parent = element.getparent()
        if parent is None:
            return None
        path = self.containers.get(parent)
        if path is None:
            path = _path_below_root(parent)
            if path is None or path not in self.container_paths:
                return None
            self.containers[parent] = path  # kept, so that the same element is the same object next time
        name = _local(str(element.tag))
        return self.units.get(f"{path}/{name}" if path else name)

    def _release(self, element: Element) -> None:
        """Forget what has been read. Strangers between records are reported before they go."""
        element.clear(keep_tail=True)  # loose text after it may have been parsed already
        while (before := element.getprevious()) is not None:
            if before is not self.last:
                self._between(before, element)
            self._loose_tail(before)
            parent = before.getparent()
            if parent is None:
                break
            parent.remove(before)
        self.last = element

    def _between(self, before: Element, record: Element) -> None:
        """What stands before a record: where records lie right below the root, the header; otherwise a stranger."""
        parent = record.getparent()
        if parent is not None and parent.getparent() is None:
            self._outside([(before, "", 1)])
        else:
            self._stranger(before, "")

    def _record(self, element: Element, node: _Node) -> None:
        if self.may_have_attributes:
            self._attributes(element)
        self._row(element, node, None)
        if self.total > self.extract.delivery.max_rows:
            raise Refused(FileCode.FILE_LIMIT, limit=f"{self.extract.delivery.max_rows} rows")

    def _attributes(self, element: Element) -> None:
        for bearer in _WITH_ATTRIBUTES(element):
            if len(self.attribute_lines) < MAX_IGNORED:
                self.attribute_lines.append(_line(bearer))

    def _row(self, element: Element, node: _Node, parent_row: int | None) -> None:
        rows = node.rows
        assert rows is not None  # noqa: S101 - a plan's invariant, not a check of data
        rows.count = ordinal = rows.count + 1
        self.total += 1
        values: list[Any] = [None] * rows.width
        text = element.text
        line = element.sourceline or 0
        if line >= FAR_LINE:
            line = line - text.count("\n") if text else _far_line(element)
        values[0], values[1], values[2] = ordinal, line, parent_row
        rows.rows.append(values)
        if node.own_text is not None:
            values[node.own_text] = text or ""
            if len(element):
                self._inside(element)
            return
        if text is not None and not text.isspace():
            self.text_lines.append(line)
        self._fill(element, node, values, ordinal)

    def _fill(self, element: Element, node: _Node, values: list[Any], ordinal: int) -> None:
        """Take every child of an element to where the plan says. The hot loop: one look-up an element."""
        meanings = node.children
        for child in element:
            tag = child.tag
            try:
                meaning = meanings[tag]
            except KeyError:
                meaning = self._learn(meanings, tag)
            if meaning.__class__ is int:
                text = child.text
                if len(child):
                    self._inside(child)
                if values[meaning] is None:
                    values[meaning] = "" if text is None else text
                elif values[meaning] != (text or ""):
                    self._repeat(node, tag, child)
            elif meaning is None:
                self._stranger(child, node.path)
            elif meaning.rows is None:
                text = child.text
                if text is not None and not text.isspace():
                    self.text_lines.append(_line(child))
                self._fill(child, meaning, values, ordinal)
            else:
                self._row(child, meaning, ordinal)
            tail = child.tail
            if tail is not None and not tail.isspace():
                self.text_lines.append(_line(child))

    def _learn(self, meanings: dict[Any, Any], tag: Any) -> Any:
        """A tag met for the first time here: known under its local name, or a stranger. Remembered either way."""
        meaning = None
        if isinstance(tag, str) and "{" in tag:
            meaning = meanings.get(_local(tag))
            if meaning is not None:
                self.namespaced = True
        if len(meanings) < 10_000:
            meanings[tag] = meaning
        return meaning

    def _repeat(self, node: _Node, tag: Any, child: Element) -> None:
        self.repeated.setdefault(f"{node.path}/{_local(str(tag))}", []).append(_line(child))

    def _inside(self, element: Element) -> None:
        if len(element):
            self.inside_value.append(_line(element))
        for below in element:
            self._stranger(below, _local(str(element.tag)))

    def _stranger(self, element: Element, parent: str) -> None:
        """An element that the contract does not have: it and all below it by name, with counts. Iterative, so depth cannot hurt."""
        stack = [(element, parent, 1)]
        while stack:
            current, path, depth = stack.pop()
            if depth > MAX_DEPTH:
                raise Refused(FileCode.XML_DEPTH, _line_of(_line(current)))
            tag = current.tag
            name = clean_name(_local(tag)) if isinstance(tag, str) else "entity"
            key = (path, name)
            if key in self.unknown or len(self.unknown) < MAX_IGNORED:
                self.unknown[key] += 1
            else:
                self.unknown_more += 1
            stack.extend((below, f"{path}/{name}", depth + 1) for below in current)

    def _rest(self, root: Element) -> None:
        """What is left once the records are gone: the header's values, and anything else by name."""
        if "{" in str(root.tag):
            self.namespaced = True
        self._loose(root)
        self._outside([(e, "", 1) for e in reversed(root)])

    def _outside(self, stack: list[tuple[Element, str, int]]) -> None:
        """Elements that are no record: the header's values are kept, anything else is named."""
        while stack:
            element, path, depth = stack.pop()
            if depth > MAX_DEPTH:
                raise Refused(FileCode.XML_DEPTH, _line_of(_line(element)))
            tag = element.tag
            here = f"{path}/{_local(tag)}".lstrip("/") if isinstance(tag, str) else path
            if here in self.units:
                self._loose_tail(element)
                continue
            self._loose_tail(element)
            if len(element):
                self._loose(element)
                stack.extend((e, here, depth + 1) for e in reversed(element))
            elif here in self.container_paths:
                self._loose(element)
            elif here.startswith("Header/") or self._is_stated(here):
                self.stated.setdefault(here, (element.text or "").strip())
            else:
                self._stranger(element, path)

    def _is_stated(self, path: str) -> bool:
        delivery = self.extract.delivery
        origins = (*delivery.period_from, *delivery.submitter_from)
        return path in delivery.xml_marker or any(o.path == path for o in origins)

    def _loose(self, element: Element) -> None:
        if element.text is not None and element.text.strip():
            self.text_lines.append(_line(element))

    def _loose_tail(self, element: Element) -> None:
        if element.tail is not None and element.tail.strip():
            self.text_lines.append(_line(element))

    def _flush(self) -> None:
        for rows in self.tables.values():
            rows.flush()

    def _result(self) -> ReadResult:
        result = ReadResult({}, dict(self.stated), self._problems())
        read = {n: pa.Table.from_batches(r.batches, schema=r.schema) for n, r in self.tables.items()}
        for name, rows in self.tables.items():
            rows.batches = []
            result.tables[name] = _flat(rows.table, read, self.extract)
        for table in self.extract.tables:  # a table that this form of the return does not have
            result.tables.setdefault(table.name, empty_table(table))
        for table, ignored in self._ignored().items():
            result.tables[table].ignored = ignored
        return result

    def _ignored(self) -> dict[str, list[Ignored]]:
        """Strangers by the table that they stand nearest to: the longest element path that holds them."""
        paths = sorted(
            ((r.table.source.element or "", n) for n, r in self.tables.items()), key=lambda p: -len(p[0])
        )
        first = next(iter(self.tables))
        out: dict[str, list[Ignored]] = {}
        for (parent, name), count in sorted(self.unknown.items()):
            whole = f"{parent}/{name}".lstrip("/")
            owner = next((n for p, n in paths if whole.startswith(p + "/")), first)
            listed = out.setdefault(owner, [])
            listed.append(
                Ignored(
                    len(listed) + 1,
                    "",
                    clean_name(name),
                    f"not in the contract: {clean_name(parent) or 'outside records'}",
                    count,
                )
            )
        if self.unknown_more:
            listed = out.setdefault(first, [])
            listed.append(
                Ignored(len(listed) + 1, "", "(more names)", "not in the contract", self.unknown_more)
            )
        return out

    def _problems(self) -> list[FileProblem]:
        found: list[FileProblem] = []
        if self.namespaced:
            found.append(problem(FileCode.XML_NAMESPACE))
        if self.text_lines:
            found.append(problem(FileCode.XML_UNEXPECTED_TEXT, where=rows_where(self.text_lines, "line")))
        if self.inside_value:
            found.append(
                problem(FileCode.XML_UNEXPECTED_ELEMENT, where=rows_where(self.inside_value, "line"))
            )
        if self.attribute_lines:
            found.append(problem(FileCode.XML_ATTRIBUTE, where=rows_where(self.attribute_lines, "line")))
        found += [
            problem(FileCode.XML_REPEATED, where=f"{clean_name(name)}, {rows_where(lines, 'line')}")
            for name, lines in sorted(self.repeated.items())
        ]
        if self.unknown:
            names = sorted({n for _, n in self.unknown})
            more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
            shown = ", ".join(names[:MAX_NAMED]) + more
            found.append(problem(FileCode.FILE_COLUMN_IGNORED, names=shown))
        first = next(iter(self.tables.values()))
        if first.count == 0:
            found.append(problem(FileCode.FILE_EMPTY, severity=Severity.warn, table=first.table.name))
        return found


def _flat(table: Table, read: Mapping[str, pa.Table], extract: Extract) -> TableRead:
    """A table as its fields say, from what the walk has read: its own rows, with what they take from the record.

    Of a return that comes as flat files too, a row of XML holds only its own values: whose it is stands in the record
    around it. Where a table has no element of its own, the record is its row, if it holds a value of the table.
    """
    wanted = read_schema(table)
    element = table.source.element or ""
    first = next(t for t in extract.tables if t.source.element == element)
    taken = {f.name: h for f in table.fields for h in f.headers if h.startswith("/")}
    if first.name == table.name and not taken:
        return TableRead(table.name, read[table.name].select(wanted.names))
    record = next(
        t for t in extract.tables if t.source.element and f"{element}/".startswith(f"{t.source.element}/")
    )
    rows, around = read[first.name], read[record.name]
    if rows.num_rows == 0:
        return empty_table(table)
    place = {h: f.name for f in record.fields for h in f.headers}
    columns: dict[str, Any] = {name: rows.column(name) for name in ("_row", "_line")}
    own: list[str] = []
    for field in table.fields:
        if field.name in taken:
            source = around.column(place[taken[field.name][1:]])
            parents = rows.column("_row" if first is record else "_parent_row")
            columns[field.name] = source.take(pc.subtract(parents, 1))
        elif first.name == table.name:
            columns[field.name] = rows.column(field.name)
            own.append(field.name)
        else:
            columns[field.name] = _first_given(
                [rows.column(h) for h in field.headers if h in rows.column_names]
            )
            own.append(field.name)
    data = pa.table({n: columns.get(n, pa.nulls(rows.num_rows, wanted.field(n).type)) for n in wanted.names})
    given = [_given(data.column(name)) for name in own]
    given += [
        pc.equal(pc.utf8_trim_whitespace(rows.column(path)), value)
        for path, value in table.source.when.items()
    ]
    holds = pa.chunked_array([pa.array([False] * rows.num_rows, pa.bool_())])
    for one in given:
        holds = pc.or_(holds, pc.fill_null(one, False))
    aside: list[SetAside] = []
    if first.name == table.name:  # an element without a value is a blank line
        aside = [SetAside(n, ROW_BLANK) for n in data.filter(pc.invert(holds)).column("_row").to_pylist()]
    return TableRead(table.name, data.filter(holds).cast(wanted), set_aside=aside)


def _given(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.not_equal(pc.utf8_trim_whitespace(column), "")


def _first_given(columns: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    return columns[0] if len(columns) == 1 else pc.coalesce(*columns)


def _path_below_root(element: Element) -> str | None:
    """`Children` for Message/Children; None when the element lies deeper than records can."""
    names: list[str] = []
    current: Element | None = element
    while current is not None:
        if len(names) > 6 or not isinstance(current.tag, str):
            return None
        names.append(_local(current.tag))
        current = current.getparent()
    return "/".join(reversed(names[:-1]))


def _line(element: Element) -> int:
    line = element.sourceline or 0
    return line if line < FAR_LINE else _far_line(element)


def _far_line(element: Element) -> int:
    """The line of a start tag beyond line 65,535.

    There libxml2 answers with the line on which the first text below the element ends, so the line breaks of that text
    are taken off again.
    """
    line = element.sourceline or 0
    current: Element | None = element
    while current is not None:
        text = current.text
        if text:
            return line - text.count("\n")
        current = next(iter(current), None)
    return line


@contextmanager
def _no_gc() -> Generator[None]:
    """Millions of short-lived lists make the cycle collector scan for nothing; nothing here makes cycles."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
