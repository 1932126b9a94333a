"""Rows: what stands below a header, sorted into data, lines that are not data, and rows that cannot be read.

Lives here: the sorting that CSV and workbooks share, batch by batch, on Arrow columns; the count that proves nothing is lost.
Add here: another kind of line that spreadsheets carry and that is provably not data.
Must not live here: splitting bytes or cells (the readers do), types, rules.

Every physical row is the header, or in `set_aside`, or in `shape_rejects`, or in `data`: 1 + set aside + rejected + data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from ingest import headers
from ingest.contract import Severity, Table
from ingest.readers.base import (
    FileCode,
    FileProblem,
    SetAside,
    ShapeReject,
    TableRead,
    problem,
    read_schema,
    rows_where,
)

pc: Any = pyarrow.compute  # its functions are made at run time, so no type checker knows them

ROW_BLANK, ROW_HEADER, ROW_TITLE, ROW_FOOTER = (
    "blank line",
    "column names again",
    "above the column names",
    "total or note",
)


@dataclass(frozen=True)
class Found:
    """The header of a file or sheet, and the rows above it."""

    cells: tuple[str, ...]
    row: int  # of the header's lowest line, as a spreadsheet counts
    above: tuple[tuple[str, ...], ...] = ()
    upper: tuple[str, ...] | None = None  # the header's upper line, merged cells filled
    upper_own: tuple[bool, ...] | None = None  # where the upper line's cell is the column's own

    @property
    def titles(self) -> list[str]:
        lines = (" ".join(c.strip() for c in row if c.strip()) for row in self.above)
        return [line for line in lines if line]


@dataclass
class OneTable:
    """One table of one file, and every row that the file or sheet holds, header and titles included."""

    table: TableRead
    problems: list[FileProblem]
    physical_rows: int


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


class Sorter:
    """The rows below one header, batch by batch."""

    def __init__(self, table: Table, found: Found, max_rows: int, delimiter: str = "\t") -> None:
        self.table, self.found, self.max_rows, self.delimiter = table, found, max_rows, delimiter
        self.layout = headers.layout(found.cells, table, found.upper, found.upper_own)
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
        self.embedded = False  # set when cells may hold line ends
        self.below_notes = False  # a total or note has been seen: lone lines below it are notes too

    def odd_row(self, row: Any) -> str:
        number = int(row.number)
        self.odd.append(number)
        at = self.found.row + number
        text: str = row.text or ""
        cells = text.split(self.delimiter)
        if not text.strip(f'{self.delimiter}" \t\n'):
            self.asides.append(SetAside(at, ROW_BLANK))
        elif self._odd_footer(cells):
            self.asides.append(SetAside(at, ROW_FOOTER))
        else:
            self.rejects.append(ShapeReject(at, FileCode.CSV_RAGGED))
            if "\n" in text and self._whole_lines(text) > 1:
                self.swallowed.append(at)
        return "skip"

    def _odd_footer(self, cells: list[str]) -> bool:
        filled = len([c for c in cells if c.strip()])
        if self.below_notes and filled <= 1:
            return True
        if (
            self.footer_rx is None
            or not self.footer_rx.match(cells[0].strip('" '))
            or filled * 2 > self.width
        ):
            return False
        self.below_notes = True
        return True

    def _whole_lines(self, text: str) -> int:
        """How many lines inside a cell have as many separators as a row: rows that have run into one another."""
        needed = max(self.width - 1, 1)
        return sum(line.count(self.delimiter) >= needed for line in text.split("\n"))

    def add(self, batch: pa.RecordBatch) -> None:
        count = batch.num_rows
        start = self.valid
        self.valid += count
        if not count:
            return
        drop = np.zeros(count, dtype=bool)
        self._mark(batch, drop, start)
        for position in self.extra_cells:
            filled = pc.sum(_filled(batch.column(position))).as_py()
            self.extra_cells[position] += int(filled or 0)
        if self.embedded:
            self._embedded(batch, start)
        arrays = [
            batch.column(self.layout.positions[f.name])
            if f.name in self.layout.positions
            else pa.nulls(count, pa.string())
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
        first = self._first_cells(batch)
        for why, mask in (
            (ROW_BLANK, self._blank(batch, first)),
            (ROW_HEADER, self._header_again(batch)),
            (ROW_FOOTER, self._footers(batch, first)),
        ):
            for at in mask:
                if not drop[at]:
                    drop[at] = True
                    self.aside_at.append((start + int(at), why))

    def _first_cells(self, batch: pa.RecordBatch) -> pa.Array:
        """The row's first cell, or where that is empty the next, up to the first column that the contract knows."""
        first = pc.ascii_trim_whitespace(batch.column(0))
        for position in range(1, min(self.layout.positions.values(), default=0) + 1):
            empty = pc.equal(pc.binary_length(first), 0)
            first = pc.if_else(empty, pc.ascii_trim_whitespace(batch.column(position)), first)
        return first

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
            same = _where(pc.equal(cells, self._name(position)))
            at = same if at is None else at[same]
            if not len(at):
                break
        return at if at is not None else np.array([], dtype=np.int64)

    def _name(self, position: int) -> str:
        """A column's name as one row would hold it: where names are merged downwards, the row above has it."""
        own, upper = self.found.cells[position], self.found.upper
        return upper[position] if upper is not None and not own.strip() else own

    def _footers(self, batch: pa.RecordBatch, first: pa.Array) -> np.ndarray[Any, Any]:
        if self.footer is None:
            return np.array([], dtype=np.int64)
        at = _where(pc.match_substring_regex(first, self.footer))
        if len(at):
            at = at[[footer_row(row, self.keys) for row in _cells(batch, at)]]
        if not self.below_notes and not len(at):
            return at
        start = 0 if self.below_notes else int(at[0])
        self.below_notes = True
        if self.width < 3:
            return at
        filled = np.zeros(batch.num_rows, dtype=np.int32)
        for column in batch.columns:
            filled += np.asarray(_filled(column).to_numpy(zero_copy_only=False), dtype=np.int32)
        lone = np.flatnonzero(filled == 1)
        return np.union1d(at, lone[lone > start])

    def _embedded(self, batch: pa.RecordBatch, start: int) -> None:
        for column in batch.columns:
            at = _where(pc.match_substring(column, "\n"))
            if len(at):
                cells = column.take(pa.array(at)).to_pylist()
                self.swallowed_at += [
                    start + int(a) for a, c in zip(at, cells, strict=True) if self._whole_lines(c)
                ]

    def finish(self, problems: list[FileProblem]) -> OneTable:
        """The table, its problems after those found before, and the count of all rows."""
        found, table = self.found, self.table
        total = self.valid + len(self.odd)
        numbers = (
            np.delete(np.arange(1, total + 1, dtype=np.int64), np.array(self.odd, dtype=np.int64) - 1)
            + found.row
        )
        self.asides += [SetAside(int(numbers[at]), why) for at, why in self.aside_at]
        self.swallowed += [int(numbers[at]) for at in self.swallowed_at]
        data = self._data(numbers)
        problems = [*problems, *self._problems(data.num_rows)]
        above = [
            SetAside(i + 1, ROW_TITLE if any(c.strip() for c in row) else ROW_BLANK)
            for i, row in enumerate(found.above)
        ]
        ignored = [replace(i, cells=self.extra_cells.get(i.position - 1, 0)) for i in self.layout.ignored]
        ignored = [i for i in ignored if i.header or i.cells]  # an empty column without a name is nothing
        note = headers.ignored_problem(ignored, table)
        problems += [note] if note else []
        self.asides.sort(key=lambda a: a.row)
        read = TableRead(
            table.name, data, self.rejects, [*above, *self.asides], ignored, list(self.layout.missing)
        )
        return OneTable(read, problems, found.row + total)

    def _data(self, numbers: np.ndarray[Any, Any]) -> pa.Table:
        if not self.batches:
            return self.schema.empty_table()
        kept = pa.concat_tables(self.batches)
        rows = pa.array(numbers[np.concatenate(self.kept)])
        columns = [
            pa.chunked_array([rows]),
            pa.chunked_array([rows]),
            pa.chunked_array([pa.nulls(len(rows), pa.int64())]),
        ]
        return pa.Table.from_arrays([*columns, *kept.columns], schema=self.schema)

    def _problems(self, rows: int) -> list[FileProblem]:
        name = self.table.name
        out = headers.column_problems(self.layout, self.table)
        above = len(self.found.above) - (self.found.upper is not None)
        if above > 0 and self.found.titles:
            out.append(problem(FileCode.FILE_TITLES, table=name, where=f"rows 1 to {above}"))
        if self.rejects:
            out.append(
                problem(FileCode.CSV_RAGGED, table=name, where=rows_where(r.row for r in self.rejects))
            )
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


def _filled(column: Any) -> Any:
    return pc.greater(pc.binary_length(pc.ascii_trim_whitespace(column)), 0)


def _cells(batch: pa.RecordBatch, at: np.ndarray[Any, Any]) -> list[tuple[str, ...]]:
    """A few rows as Python cells."""
    return list(zip(*(c.to_pylist() for c in batch.take(pa.array(at)).columns), strict=True))
