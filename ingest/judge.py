"""The first judge: one scan of DuckDB SQL a table that reads, checks and marks every row of a delivery, in memory.

Lives here: running parse.py's projection and rules.py's predicates; which rows are accepted; what propagates to nested rows.
Add here: a question about a judged delivery that needs its rows.
Must not live here: what a rule means (rules.py), the second judge (expectations), results and words (results.py, receipts.py).

The database lives in memory only: no file, no spilling, no extension, no file or network access. Arrow tables come in and
go out. A row is rejected when it fails a `reject_row` rule, when the row around it is rejected, or when it could not be read
as a row (shape). Received = accepted + rejected, for every table, by construction and checked once more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa

from ingest.calendar import Period
from ingest.contract import CodeList, Extract, Rule, RuleKind, Severity, Submitter, Table
from ingest.parse import BITS, Codes, Column, bit_words, columns, literal, name, projection, trimmed
from ingest.rules import RuleSql, Scene, compile_rules, live_views, parent_rule, view_sql

if TYPE_CHECKING:
    from ingest.readers.base import ReadResult

#: Rows found by a rule that only notes are listed up to this number; its count is always whole.
NOTED_ROWS = 1_000
BATCH_ROWS = 100_000
PARENT_KIND = "parent_rejected"


class Unbalanced(RuntimeError):
    """Received is not accepted + rejected: a fault of this program, so nothing of the delivery is promoted."""


@dataclass(frozen=True)
class Tally:
    """One rule's counts on one table."""

    rule: Rule
    kind: str
    checked: int
    failed: int


@dataclass(frozen=True)
class TableCount:
    table: str
    received: int
    accepted: int
    rejected: int
    set_aside: int


@dataclass
class JudgedTable:
    table: Table
    read: tuple[Column, ...]
    compiled: tuple[RuleSql, ...]
    scene: Scene
    rows: int = 0
    rejected_rows: int = 0
    shape: tuple[tuple[str, int], ...] = ()  # (code, rows): rows that could not be read as rows
    set_aside: int = 0
    tallies: list[Tally] = field(default_factory=list[Tally])
    unlisted_from: dict[int, int] = field(
        default_factory=dict[int, int]
    )  # rule number -> first row whose note is not listed

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule, in the order of its number in the marks; the engine's own `parent_rejected` is last."""
        return tuple(c.rule for c in self.compiled) + (
            (parent_rule(self.scene.extract, self.table),) if self.table.parent else ()
        )

    @property
    def typed(self) -> list[str]:
        return [column for c in self.read for column, _ in c.typed]

    @property
    def shape_rows(self) -> int:
        return sum(n for _, n in self.shape)


class Judged:
    """A delivery with every row judged. Holds the rows in memory until `close`."""

    def __init__(
        self,
        extract: Extract,
        period: Period,
        submitter: Submitter,
        read: ReadResult,
        con: duckdb.DuckDBPyConnection,
    ) -> None:
        self.extract, self.period, self.submitter, self.read, self.con = extract, period, submitter, read, con
        self.tables: dict[str, JudgedTable] = {}

    def accepted(self, table: str) -> pa.Table:
        """The accepted rows, typed: `_row`, `_line`, `_parent_row`, then every field of the year's layout."""
        return self._fetch(self._select(table, rejected=False))

    def accepted_batches(self, table: str, rows: int = BATCH_ROWS) -> pa.RecordBatchReader:
        """The accepted rows as a stream, for tables of millions."""
        return self.con.cursor().execute(self._select(table, rejected=False)).to_arrow_reader(rows)

    def rejected(self, table: str) -> pa.Table:
        """The rejected rows, typed, with `_failed`, the ids of the rules that each one fails."""
        return self._fetch(self._select(table, rejected=True)).append_column("_failed", self._failed(table))

    def received(self, table: str, wanted: list[str]) -> pa.Table:
        """Columns of every row that could be read as a row, accepted or not (for the second judge)."""
        return self._fetch(f"SELECT {', '.join(map(name, wanted))} FROM {name(table)}")

    def seen(
        self, table: str, view: str | None, wanted: list[str], rows: int, *, kept: bool = False
    ) -> Iterator[pa.Table]:
        """Columns of a table and of a view of it, in parts of so many rows: all rows received, or the accepted ones."""
        where = self._kept(table).replace("rowid", "t.rowid", 1) if kept else "true"
        sql = f"SELECT {', '.join(map(name, wanted))} FROM {relation(table, view)} WHERE {where}"
        for batch in self.con.cursor().execute(sql).to_arrow_reader(rows):
            yield pa.Table.from_batches([batch])

    def kept(self, table: str, wanted: list[str]) -> pa.Table:
        """The same columns of the accepted rows only."""
        return self._fetch(
            f"SELECT {', '.join(map(name, wanted))} FROM {name(table)} WHERE {self._kept(table)}"
        )

    def findings(self, table: str) -> pa.Table:
        """Rule ids and positions: table, row, line, column, rule_id, severity. Notes up to NOTED_ROWS a rule."""
        judged = self.tables[table]
        rules = judged.rules
        listed = " AND ".join(
            f"NOT (rule_no = {n} AND seq >= {seq})" for n, seq in judged.unlisted_from.items()
        )
        found = self._fetch(
            f"SELECT rule_no, t._row AS row, t._line AS line FROM {name(table + '__fails')} f JOIN {name(table)} t ON t.rowid = f.seq "
            f"WHERE {listed or 'true'} ORDER BY t.rowid, rule_no"
        )
        numbers = found["rule_no"].to_numpy()
        shape = self.read.tables[table].shape_rejects if table in self.read.tables else []
        spread = pa.table(
            {
                "table": pa.array([table], pa.string()).take(pa.array([0] * found.num_rows, pa.int64())),
                "row": found["row"],
                "line": found["line"],
                "column": pa.array([(r.columns or (None,))[0] for r in rules], pa.string()).take(
                    pa.array(numbers)
                ),
                "rule_id": pa.array([r.id for r in rules], pa.string()).take(pa.array(numbers)),
                "severity": pa.array([r.severity.value for r in rules], pa.string()).take(pa.array(numbers)),
            }
        )
        shaped = pa.table(
            {
                "table": pa.array([table] * len(shape), pa.string()),
                "row": pa.array([s.row for s in shape], pa.int64()),
                "line": pa.array([s.row for s in shape], pa.int64()),
                "column": pa.array([None] * len(shape), pa.string()),
                "rule_id": pa.array([str(s.code) for s in shape], pa.string()),
                "severity": pa.array([Severity.reject_row.value] * len(shape), pa.string()),
            }
        )
        return pa.concat_tables([shaped, spread])

    def where(self, table: str, rule_id: str, most: int) -> list[int]:
        """The first rows that fail a rule, as the sender counts them: rows of a file or sheet, lines of XML."""
        j = self.tables[table]
        number = next(n for n, r in enumerate(j.rules) if r.id == rule_id)
        place = "_line" if self.extract.delivery.format in ("xml", "json") else "_row"
        found = self.con.execute(
            f"SELECT coalesce(t.{place}, t._row) FROM {name(table + '__fails')} f JOIN {name(table)} t ON t.rowid = f.seq "
            f"WHERE f.rule_no = {number} ORDER BY f.seq LIMIT {int(most)}"
        ).fetchall()
        return [int(r[0]) for r in found]

    def results(self, table: str) -> list[Tally]:
        """One tally a rule of the table."""
        return self.tables[table].tallies

    def counts(self) -> list[TableCount]:
        """Received, accepted, rejected and set aside, for every table. Raises Unbalanced when they do not add up."""
        out: list[TableCount] = []
        for key, j in self.tables.items():
            received = j.rows + j.shape_rows
            accepted = int(self._scalar(f"SELECT count(*) FROM {name(key)} WHERE {self._kept(key)}"))
            rejected = j.rejected_rows + j.shape_rows
            if received != accepted + rejected:
                raise Unbalanced(
                    f"{self.extract.key}: table {key}: received {received}, accepted {accepted}, rejected {rejected}"
                )
            out.append(TableCount(key, received, accepted, rejected, j.set_aside))
        return out

    def blocked_by(self) -> list[str]:
        """The ids of `block_file` rules that fail: the delivery is refused as a whole."""
        return [
            t.rule.id
            for j in self.tables.values()
            for t in j.tallies
            if t.rule.severity is Severity.block_file and t.failed
        ]

    def close(self) -> None:
        """Forget every row."""
        self.con.close()

    def __enter__(self) -> Judged:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _kept(self, table: str) -> str:
        if not self.tables[table].rejected_rows:
            return "true"
        return f"rowid NOT IN (SELECT seq FROM {name(table + '__rejected')})"

    def _select(self, table: str, *, rejected: bool) -> str:
        wanted = ", ".join(["_row", "_line", "_parent_row", *map(name, self.tables[table].typed)])
        if not rejected:
            return f"SELECT {wanted} FROM {name(table)} WHERE {self._kept(table)}"
        return f"SELECT {wanted} FROM {name(table)} WHERE rowid IN (SELECT seq FROM {name(table + '__rejected')}) ORDER BY rowid"

    def _failed(self, table: str) -> pa.Array:
        """The ids of the rules that each rejected row fails, in the order of `rejected`."""
        ids = pa.array([r.id for r in self.tables[table].rules], pa.string())
        found = self._fetch(
            f"SELECT seq, rule_no FROM {name(table + '__fails')} WHERE seq IN (SELECT seq FROM {name(table + '__rejected')}) ORDER BY seq, rule_no"
        )
        rows = found["seq"].to_numpy()
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        offsets = pa.array(np.append(starts, len(rows)), pa.int32())
        return pa.ListArray.from_arrays(offsets, ids.take(pa.array(found["rule_no"].to_numpy())))

    def _fetch(self, sql: str) -> pa.Table:
        return self.con.execute(sql).to_arrow_table()

    def _scalar(self, sql: str) -> int:
        row = self.con.execute(sql).fetchone()
        return int(row[0]) if row and row[0] is not None else 0


def judge(
    extract: Extract,
    codelists: Mapping[str, CodeList],
    read: ReadResult,
    period: Period,
    submitter: Submitter,
) -> Judged:
    """Judge every row of a delivery. `extract` is the layout in force in the year in which the period ends."""
    judged = Judged(extract, period, submitter, read, _connect())
    codes = {k: Codes.of(v, period.end.year) for k, v in codelists.items() if k in _used(extract)}
    for table in nested_order(extract):
        _read_table(judged, table, codes)
    _make_views(judged)
    for out in judged.tables.values():
        _judge_table(judged, out)
    return judged


def nested_order(extract: Extract) -> Iterator[Table]:
    """Tables, each after the one around it."""
    done: set[str] = set()
    waiting = list(extract.tables)
    while waiting:
        ready = [
            t for t in waiting if t.parent is None or t.parent in done or t.parent not in extract.by_table
        ]
        if not ready:
            raise ValueError(f"{extract.key}: tables are nested in a circle")
        yield from ready
        done |= {t.name for t in ready}
        waiting = [t for t in waiting if t.name not in done]


def _used(extract: Extract) -> set[str]:
    return {f.codelist for t in extract.tables for f in t.fields if f.codelist}


def _connect() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(":memory:")
    con.execute(
        "SET temp_directory = ''; SET autoinstall_known_extensions = false; SET autoload_known_extensions = false; "
        f"SET memory_limit = {literal(os.environ.get('SCP_MEMORY_LIMIT', '1500MB'))}; SET python_enable_replacements = false; "
        # The optimiser makes a join of every list of codes, which costs a small file more than its reading.
        "SET disabled_optimizers = 'in_clause'; SET enable_external_access = false; SET lock_configuration = true"
    )
    return con


def _read_table(judged: Judged, table: Table, codes: dict[str, Codes]) -> None:
    scene = Scene(judged.extract, table, judged.period, judged.submitter, codes)
    read = columns(table, codes)
    out = JudgedTable(table, read, compile_rules(scene), scene)
    judged.tables[table.name] = out
    given = judged.read.tables.get(table.name)
    if given is not None:
        out.set_aside = len(given.set_aside)
        codes_seen = sorted({str(s.code) for s in given.shape_rejects})
        out.shape = tuple((c, sum(str(s.code) == c for s in given.shape_rejects)) for c in codes_seen)
    _read_rows(judged.con, table, read, given.data if given is not None else None)


def _make_views(judged: Judged) -> None:
    """Every view that a rule looks at, made once. One row a row of its base, or no count means anything."""
    for view in live_views(judged.extract):
        base, scene = name(view.base), judged.tables[view.base].scene
        judged.con.execute(
            f"CREATE TABLE {name(view.name)} AS SELECT _seq, {', '.join(map(name, view.columns))} FROM ({view_sql(scene, view)}) AS v"
        )
        row = judged.con.execute(
            f"SELECT (SELECT count(*) FROM {base}), count(*), count(DISTINCT _seq), count(t.rowid) "
            f"FROM {name(view.name)} v LEFT JOIN {base} t ON t.rowid = v._seq"
        ).fetchone()
        if row is None or len(set(row)) != 1:
            raise Unbalanced(f"{judged.extract.key}: view {view.name} has not one row a row of {view.base}")


def _judge_table(judged: Judged, out: JudgedTable) -> None:
    _mark(judged.con, out)
    _mark_views(judged.con, out)
    _mark_repeats(judged.con, out)
    if out.table.parent and out.table.parent in judged.tables:
        _mark_orphans(judged.con, out, out.table.parent)
    _settle(judged.con, out)


def relation(table: str, view: str | None) -> str:
    """What the predicates of a rule stand over: the table, or the table with the columns of one of its views."""
    return (
        f"{name(table)} AS t"
        if view is None
        else f"{name(table)} AS t JOIN {name(view)} AS v ON v._seq = t.rowid"
    )


def _read_rows(
    con: duckdb.DuckDBPyConnection, table: Table, read: tuple[Column, ...], data: pa.Table | None
) -> None:
    cells: pa.Table = pa.table({"_row": pa.array([], pa.int64())}) if data is None else data
    have = set(cells.column_names)
    cells = pa.table({c: cells[c] if c.startswith("_") else trimmed(cells[c]) for c in cells.column_names})
    wanted = [(c, "BIGINT") for c in ("_row", "_line", "_parent_row")] + [
        (c.spec.name, "VARCHAR") for c in read
    ]
    source = ", ".join(name(c) if c in have else f"NULL::{kind} AS {name(c)}" for c, kind in wanted)
    con.register("received", cells)
    con.execute(f"CREATE TABLE {name(table.name)} AS {projection(read, f'(SELECT {source} FROM received)')}")
    con.unregister("received")


def _mark(con: duckdb.DuckDBPyConnection, out: JudgedTable) -> None:
    """One scan: every row that fails anything, its verdicts as bits; then the numbers of the rules that it fails."""
    table, marks = out.table.name, name(out.table.name + "__marks")
    words = bit_words(["false" if c.view else c.fails for c in out.compiled])
    mends = range(-(-len(out.read) // BITS))
    columns_of = [f"{sql} AS w{n}" for n, sql in enumerate(words)] + [f"_mended{n} AS m{n}" for n in mends]
    names = [f"w{n}" for n in range(len(words))] + [f"m{n}" for n in mends]
    con.execute(
        f"CREATE TABLE {marks} AS SELECT * FROM (SELECT rowid AS seq, {', '.join(columns_of)} FROM {name(table)}) "
        f"WHERE ({' | '.join(names)}) <> 0"
    )
    field_at = {c.spec.name: n for n, c in enumerate(out.read)}
    places = [
        f"m{field_at[c.rule.args['column']] // BITS} & {1 << field_at[c.rule.args['column']] % BITS}::BIGINT"
        if c.rule.kind == RuleKind.mended
        else f"w{n // BITS} & {1 << n % BITS}::BIGINT"
        for n, c in enumerate(out.compiled)
    ]
    counted = (
        con.execute(
            f"SELECT {', '.join(f'count(*) FILTER (({p}) <> 0)' for p in places) or '0'} FROM {marks}"
        ).fetchone()
        or ()
    )
    found = [
        f"SELECT seq, {n}::USMALLINT FROM {marks} WHERE ({p}) <> 0"
        for n, (p, hits) in enumerate(zip(places, counted, strict=False))
        if hits
    ]
    con.execute(f"CREATE TABLE {name(table + '__fails')} (seq BIGINT, rule_no USMALLINT)")
    if found:
        con.execute(f"INSERT INTO {name(table + '__fails')} {' UNION ALL '.join(found)}")
    con.execute(f"DROP TABLE {marks}")


def _mark_views(con: duckdb.DuckDBPyConnection, out: JudgedTable) -> None:
    """One scan a view, however many rules look at it; only rows that fail one of them are looked at twice."""
    marks = name(out.table.name + "__view_marks")
    for view in dict.fromkeys(c.view for c in out.compiled if c.view):
        numbers = [n for n, c in enumerate(out.compiled) if c.view == view]
        words = bit_words([out.compiled[n].fails for n in numbers])
        columns_of = ", ".join(f"{sql} AS w{n}" for n, sql in enumerate(words))
        con.execute(
            f"CREATE TABLE {marks} AS SELECT * FROM (SELECT t.rowid AS seq, {columns_of} FROM {relation(out.table.name, view)}) "
            f"WHERE ({' | '.join(f'w{n}' for n in range(len(words)))}) <> 0"
        )
        places = [f"(w{i // BITS} & {1 << i % BITS}::BIGINT) <> 0" for i in range(len(numbers))]
        counted = con.execute(
            f"SELECT {', '.join(f'count(*) FILTER ({p})' for p in places)} FROM {marks}"
        ).fetchone()
        found = [
            f"SELECT seq, {n}::USMALLINT FROM {marks} WHERE {p}"
            for n, p, hits in zip(numbers, places, counted or (), strict=True)
            if hits
        ]
        if found:
            con.execute(f"INSERT INTO {name(out.table.name + '__fails')} {' UNION ALL '.join(found)}")
        con.execute(f"DROP TABLE {marks}")


def _mark_repeats(con: duckdb.DuckDBPyConnection, out: JudgedTable) -> None:
    """Rows that repeat another. The first is kept, but a row that falls for another reason is never the one kept."""
    table = out.table.name
    heavy = [n for n, c in enumerate(out.compiled) if c.rule.severity is Severity.reject_row]
    for number, c in enumerate(out.compiled):
        if not c.keys:
            continue
        keys = ", ".join(c.keys)
        same = " AND ".join(f"t.{k} IS NOT DISTINCT FROM d.{k}" for k in c.keys)
        fallen = f"t.rowid IN (SELECT seq FROM {name(table + '__fails')} WHERE rule_no IN ({', '.join(map(str, heavy)) or 'NULL'}))"
        con.execute(
            f"INSERT INTO {name(table + '__fails')} SELECT seq, {number}::USMALLINT FROM ("
            f"SELECT t.rowid AS seq, row_number() OVER (PARTITION BY {', '.join(f't.{k}' for k in c.keys)} ORDER BY {fallen}, t.rowid) AS nth "
            f"FROM {name(table)} t SEMI JOIN (SELECT {keys} FROM {name(table)} WHERE {c.checked} GROUP BY {keys} HAVING count(*) > 1) d ON {same} "
            f"WHERE {c.checked}) WHERE nth > 1"
        )


def _mark_orphans(con: duckdb.DuckDBPyConnection, out: JudgedTable, parent: str) -> None:
    """A row falls with the row around it; a row with nothing around it has lost its child, so it falls too."""
    table = out.table.name
    con.execute(
        f"INSERT INTO {name(table + '__fails')} SELECT rowid, {len(out.compiled)}::USMALLINT FROM {name(table)} t "
        f"ANTI JOIN (SELECT _row AS kept FROM {name(parent)} WHERE rowid NOT IN (SELECT seq FROM {name(parent + '__rejected')})) p ON p.kept = t._parent_row"
    )


def _settle(con: duckdb.DuckDBPyConnection, out: JudgedTable) -> None:
    """The rejected rows, the counts of every rule, and which noted rows are listed."""
    table, rules = out.table.name, out.rules
    fails = name(table + "__fails")
    heavy = ", ".join(str(n) for n, r in enumerate(rules) if r.severity is Severity.reject_row) or "NULL"
    con.execute(
        f"CREATE TABLE {name(table + '__rejected')} AS SELECT DISTINCT seq FROM {fails} WHERE rule_no IN ({heavy})"
    )
    failed = dict(con.execute(f"SELECT rule_no, count(*) FROM {fails} GROUP BY 1").fetchall())
    checked: dict[tuple[str | None, str], int] = {}
    for view in dict.fromkeys((None, *(c.view for c in out.compiled))):
        predicates = list(dict.fromkeys(c.checked for c in out.compiled if c.view == view))
        counted = con.execute(
            f"SELECT count(*), {', '.join(f'count(*) FILTER ({p})' for p in predicates) or '0'} FROM {relation(table, view)}"
        ).fetchone()
        if counted is None:
            raise Unbalanced(f"{table}: no count")
        out.rows = int(counted[0])
        checked |= {(view, p): int(n) for p, n in zip(predicates, counted[1:], strict=False)}
    row = con.execute(f"SELECT count(*) FROM {name(table + '__rejected')}").fetchone()
    out.rejected_rows = int(row[0]) if row else 0
    for number, rule in enumerate(rules):
        parent = number == len(out.compiled)
        c = None if parent else out.compiled[number]
        seen = out.rows if c is None else checked[c.view, c.checked]
        out.tallies.append(
            Tally(rule, PARENT_KIND if parent else rule.kind.value, seen, int(failed.get(number, 0)))
        )
    for number, rule in enumerate(rules):
        if rule.severity is Severity.note and failed.get(number, 0) > NOTED_ROWS:
            row = con.execute(
                f"SELECT seq FROM {fails} WHERE rule_no = {number} ORDER BY seq LIMIT 1 OFFSET {NOTED_ROWS}"
            ).fetchone()
            out.unlisted_from[number] = int(row[0]) if row else 0
