"""Privacy: what of a row may be stored, and who the row is about without saying so.

Lives here: dropping what is not agreed, the keyed pseudonym, the treatments of a field, the counts of what was removed.
Add here: a treatment that `contract.Treatment` names.
Must not live here: which fields are agreed (agreement.py), which rows are good (judge.py), linkage, files.

Everything works on whole columns. A pseudonym is made once for each distinct local id, not once a row.
"""

# pyarrow.compute makes its functions while it is imported, so a type checker cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ingest.contract import Extract, IdentityEnd, Table, Treatment
from ingest.identity.keys import Key
from ingest.identity.store import SCHEMA as IDENTITY_SCHEMA
from ingest.identity.tombstones import Tombstones
from ingest.postcodes import district_of
from ingest.projections.arrow import CHILD_TOKEN, identity_table, raw_schema

#: Child and worker; the version of the key follows.
CHILD, WORKER = "c", "w"
_ELEMENT = re.compile(r"^[A-Za-z_][\w.\-]{0,59}(/[A-Za-z_][\w.\-]{0,59}){0,9}$")


class Allows(Protocol):
    """The part of a permission that this module asks: agreement.Permission."""

    def allows(self, table: str, field: str) -> bool: ...


@dataclass
class Minimised:
    """How many cells of which column met which fate. Names and counts only."""

    cells: Counter[tuple[str, str, str]] = field(default_factory=Counter[tuple[str, str, str]])

    def add(self, table: str, column: str, action: str, cells: int) -> None:
        if cells:
            self.cells[table, column, action] += cells

    def rows(self, submission_id: str) -> list[dict[str, Any]]:
        """Rows of the pipeline's table `minimisation`, in a fixed order."""
        return [
            {
                "submission_id": submission_id,
                "table": table,
                "column": column,
                "action": action,
                "cells": cells,
            }
            for (table, column, action), cells in sorted(self.cells.items())
        ]


def withhold(data: pa.Table, table: Table, permission: Allows, counts: Minimised) -> pa.Table:
    """Empty the columns that the agreement does not permit, before anything looks at them.

    The column stays, empty, so that every later step sees one shape whatever the agreement says.
    """
    for spec in table.fields:
        if spec.name in data.column_names and not permission.allows(table.name, spec.name):
            position = data.column_names.index(spec.name)
            column = data.column(position)
            action = "dropped" if spec.treatment is Treatment.drop else "not_agreed"
            counts.add(table.name, spec.name, action, _filled(column))
            data = data.set_column(position, data.field(position), pa.nulls(len(column), column.type))
    return data


def count_unknown(table: str, ignored: Iterable[Any], counts: Minimised) -> None:
    """Columns and elements that no contract knows.

    A column is named by its letter, not by its header: in a file without a header row, the headers are somebody's data.
    XML element names are the layout's, so they may be told.
    """
    for item in ignored:
        letter = str(getattr(item, "letter", "") or "")
        header = str(getattr(item, "header", "") or "")
        name = f"column {letter}" if letter else header if _ELEMENT.match(header) else "unknown element"
        counts.add(table, name, "not_in_contract", int(getattr(item, "cells", 0) or 0))


def count_outside(table: str, data: pa.Table, fields: Iterable[str], counts: Minimised) -> None:
    """Fields that the extract has in other years only: not read, and not silently."""
    for name in fields:
        if name in data.column_names:
            counts.add(table, name, "not_in_contract", _filled(data.column(name)))


def parents_first(extract: Extract) -> list[Table]:
    """The tables of an extract, each after the table that contains it."""

    def depth(table: Table) -> int:
        return 0 if table.parent is None else 1 + depth(extract.by_table[table.parent])

    return sorted(extract.tables, key=depth)


def child_token(submitter: str, local_id: str, key: Key) -> str:
    """The pseudonym of the child whom a submitter knows by that id. The one place that says how it is made."""
    return _pseudonym(submitter, local_id, key, CHILD)


def _pseudonym(whose: str, value: str, key: Key, kind: str) -> str:
    return f"{kind}{key.version}_{key.digest(f'{whose}|{value}').hex()[:32]}"


class Pseudonymiser:
    """Turns the typed rows of one submission to rows that may be stored. Tables come parents first."""

    def __init__(
        self,
        extract: Extract,
        submission_id: str,
        submitter: str,
        key: Key,
        erased: Tombstones | None = None,
        older: Sequence[Key] = (),
    ) -> None:
        """`key` makes the pseudonyms; `older` versions, the first one first, only recognise who is known already."""
        self._older = tuple(older)
        self._tombstones = erased or Tombstones()
        self.erased: Counter[tuple[str, str, str]] = Counter()  # (table, case, accepted or rejected) -> rows
        self._extract, self._submission_id, self._submitter, self._key = (
            extract,
            submission_id,
            submitter,
            key,
        )
        # Table -> row numbers, and each row's pseudonym under every version: the one in use, then the older ones.
        self._tokens: dict[str, tuple[np.ndarray, list[pa.Array]]] = {}
        self._identities: list[pa.Table] = []
        self.counts = Minimised()

    def learn(self, table: Table, typed: pa.Table) -> None:
        """Work out the pseudonym of every row of a table, accepted or not, so that nested rows can inherit it."""
        owner = identity_table(self._extract, table)
        if owner is None:
            return
        if table.identity is not None and table.identity.local_id:
            ids = typed.column(table.identity.local_id)
            tokens = [self._token(ids, key) for key in (self._key, *self._older)]
        elif table.parent is not None:
            versions = range(1 + len(self._older))
            tokens = [self._look_up(table.parent, typed.column("_parent_row"), v) for v in versions]
        else:
            tokens = [pa.nulls(typed.num_rows, pa.string())] * (1 + len(self._older))
        rows = typed.column("_row").to_numpy()
        order = np.argsort(rows, kind="stable")
        self._tokens[table.name] = (rows[order], [t.take(pa.array(order)) for t in tokens])

    def without_erased(self, table: Table, typed: pa.Table, *, accepted: bool) -> pa.Table:
        """The rows less those about persons who were erased, which are counted and go nowhere."""
        if not self._tombstones or table.name not in self._tokens:
            return typed
        rows, versions = typed.column("_row"), range(1 + len(self._older))
        cases = pc.coalesce(*(self._tombstones.cases(self._look_up(table.name, rows, v)) for v in versions))
        if cases.null_count == len(cases):
            return typed
        for case in cases.drop_null().value_counts().to_pylist():
            self.erased[table.name, case["values"], "accepted" if accepted else "rejected"] += case["counts"]
            self.counts.add(table.name, "child_token", "erased", case["counts"])
        return typed.filter(pc.is_null(cases))

    def erased_rows(self, submission_id: str) -> list[dict[str, Any]]:
        """Rows of the pipeline's table `erased_rows`, in a fixed order."""
        return [
            {
                "submission_id": submission_id,
                "table": table,
                "case_id": case,
                "accepted": self.erased[table, case, "accepted"],
                "rejected": self.erased[table, case, "rejected"],
                "erased_on": dt.date.fromisoformat(self._tombstones.day(case)),
            }
            for table, case in sorted({(t, c) for t, c, _ in self.erased})
        ]

    def raw(self, table: Table, typed: pa.Table, *, accepted: bool = True) -> pa.Table:
        """The rows as they are stored: raw schema, without identifiers. Identifiers of accepted rows are set aside."""
        schema = raw_schema(self._extract, table)
        columns: list[pa.Array | pa.ChunkedArray] = []
        for target in schema:
            if target.name == "_submission_id":
                columns.append(pa.repeat(pa.scalar(self._submission_id), typed.num_rows))
            elif target.name == CHILD_TOKEN.name:
                columns.append(self._look_up(table.name, typed.column("_row")))
            elif target.name not in typed.column_names:  # a field of another year's layout
                columns.append(pa.nulls(typed.num_rows, target.type))
            else:
                columns.append(self._treated(table, target, typed.column(target.name)))
        self._count(table, typed)
        if accepted:
            self._set_aside(table, typed)
        return pa.Table.from_arrays(columns, schema=schema)

    def identities(self, agency: str) -> pa.Table:
        """The identifiers of the accepted rows, each combination once, in the order of the rows."""
        known = {"submitter": self._submitter, "agency": agency}
        if not self._identities:
            return IDENTITY_SCHEMA.empty_table()
        together = pa.concat_tables(self._identities, promote_options="default")
        rows = together.filter(pa.array(_first_of_each(together)))
        columns = [
            rows.column(f.name) if f.name in rows.column_names
            else pa.repeat(pa.scalar(known[f.name], f.type), rows.num_rows) if f.name in known
            else pa.nulls(rows.num_rows, f.type)
            for f in IDENTITY_SCHEMA
        ]  # fmt: skip
        extra = [n for n in rows.column_names if n not in IDENTITY_SCHEMA.names]
        schema = pa.schema([*IDENTITY_SCHEMA, *(rows.schema.field(n) for n in extra)])
        return pa.Table.from_arrays([*columns, *(rows.column(n) for n in extra)], schema=schema)

    def _token(self, local_ids: pa.ChunkedArray, key: Key, kind: str = CHILD, who: str = "") -> pa.Array:
        """One keyed hash for each distinct id. No id, no pseudonym: nobody shares the pseudonym of the unknown.

        `who` keeps kinds of people apart: a worker whose number is a child's id is not that child.
        """
        encoded = pc.dictionary_encode(local_ids.combine_chunks().cast(pa.string()))
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        digests = [
            _pseudonym(f"{who}{self._submitter}", value, key, kind) if value else None
            for value in encoded.dictionary.to_pylist()
        ]
        return pa.array(digests, pa.string()).take(encoded.indices)

    def _look_up(self, table: str, rows: pa.ChunkedArray, version: int = 0) -> pa.Array:
        if table not in self._tokens:
            return pa.nulls(len(rows), pa.string())
        known, versions = self._tokens[table]
        wanted = rows.combine_chunks().fill_null(-1).to_numpy(zero_copy_only=False)
        if not len(known):
            return pa.nulls(len(rows), pa.string())
        place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        return versions[version].take(pa.array(place, mask=known[place] != wanted))

    def _treated(self, table: Table, target: pa.Field, column: pa.ChunkedArray) -> pa.ChunkedArray:
        spec = table.by_name.get(target.name)
        if spec is not None and spec.treatment is Treatment.month:
            column = pc.floor_temporal(column.cast(pa.date32()), unit="month")
        elif spec is not None and spec.treatment is Treatment.district:
            column = district_of(column)
        elif spec is not None and spec.treatment is Treatment.pseudonym:
            column = pa.chunked_array([self._token(column, self._key, WORKER, "staff|")])
        elif spec is not None and spec.pattern:
            # What does not look like the number that belongs here may be somebody's name. The finding says which row.
            fits = pc.match_substring_regex(column.cast(pa.string()), spec.pattern)
            column = pc.if_else(fits, column, pa.scalar(None, column.type))
        return column.cast(target.type)

    def _count(self, table: Table, typed: pa.Table) -> None:
        identifying = set(table.identity.fields.values()) if table.identity else set[str]()
        actions = {
            Treatment.keep: "kept",
            Treatment.month: "coarsened",
            Treatment.district: "district_only",
            Treatment.pseudonym: "pseudonymised",
            Treatment.drop: "dropped",
            Treatment.identity: "identity_store",
        }
        for spec in table.fields:
            if spec.name not in typed.column_names:
                continue
            sent = f"{spec.name}__sent"
            read = typed.column(sent if sent in typed.column_names else spec.name)
            cells = len(read) - read.null_count  # what was sent as blank has been read as nothing
            action = actions[spec.treatment]
            if spec.treatment is Treatment.identity and spec.name not in identifying:
                action = "dropped"  # read by the rules, and no part of who the child is: it goes nowhere
            self.counts.add(table.name, spec.name, action, cells)
            if spec.treatment is not Treatment.identity and (
                spec.name in identifying or spec.treatment is Treatment.month
            ):
                self.counts.add(table.name, spec.name, "identity_store", cells)

    def _set_aside(self, table: Table, typed: pa.Table) -> None:
        taken = dict(table.identity.fields) if table.identity else {}
        coarsened = {
            s.name: s.name
            for s in table.fields
            if s.treatment is Treatment.month and s.name not in taken.values()
        }
        wanted = {k: v for k, v in {**taken, **coarsened}.items() if v in typed.column_names}
        if not wanted or identity_table(self._extract, table) is None:
            return
        columns: dict[str, Any] = {"child_token": self._look_up(table.name, typed.column("_row"))}
        if self._older:
            columns["first_token"] = self._look_up(table.name, typed.column("_row"), 1)
        for name, source in wanted.items():
            kind = IDENTITY_SCHEMA.field(name).type if name in IDENTITY_SCHEMA.names else pa.date32()
            columns[name] = typed.column(source).cast(kind)
        if table.identity is not None and table.identity.ends is not None:
            columns["identity_ended_on"] = _ended(typed, table.identity.ends)
        rows = pa.table(columns)
        self._identities.append(rows.filter(pc.is_valid(rows.column("child_token"))))


def _ended(typed: pa.Table, ends: IdentityEnd) -> pa.ChunkedArray:
    """The date on which the row says that the child's identity ends, or null."""
    says = pc.is_in(typed.column(ends.field), value_set=pa.array(ends.codes, pa.string()))
    return pc.if_else(says, typed.column(ends.on).cast(pa.date32()), pa.scalar(None, pa.date32()))


def _first_of_each(rows: pa.Table) -> np.ndarray:
    """True for the first of alike rows. On numbers that stand for the values: half of what a group-by on texts costs."""
    columns = (column.combine_chunks() for column in rows.columns)
    numbers = {n: pc.fill_null(pc.dictionary_encode(c).indices, -1).to_numpy() for n, c in enumerate(columns)}
    return ~pd.DataFrame(numbers).duplicated().to_numpy()


def _filled(column: pa.ChunkedArray) -> int:
    """Cells that hold anything but blanks."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return int(pc.sum(pc.not_equal(pc.utf8_trim_whitespace(column), "")).as_py() or 0)
    return len(column) - column.null_count


def counts_of(reports: Iterable[Minimised]) -> Minimised:
    """Several counts as one."""
    total = Minimised()
    for one in reports:
        total.cells.update(one.cells)
    return total


def identifiers_of(tables: Mapping[str, Table] | Iterable[Table]) -> set[str]:
    """Names of the fields that must never leave the identity store (used by tests and by the marker scan)."""
    items = tables.values() if isinstance(tables, Mapping) else tables
    return {f.name for t in items for f in t.fields if f.treatment in (Treatment.identity, Treatment.drop)}
