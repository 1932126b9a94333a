"""Stories: children of a contract who break no rule, and the same children with one rule broken.

Lives here: turning a contract's `stories` and a rule's `breaks` into rows of strings, and laying many children side by side
in one delivery.
Add here: another way in which an example may say a value.
Must not live here: rows of contracts without stories and how derived rules are broken (synthetic.py).

A story is one child across the tables of a return. `all` gives values for every table that has the field. A value is text as it
is sent, or `=start+40d`, `=end-12y`, `=start-4y+3d` (days of the period, moved by years, months, days), `=own` (the maker's value
for this copy of the child). A field that a story does not give is blank, but for what identifies the child and what is
required: the maker fills those. `breaks` says what is different: a table's rows in order, `null` to take a row or a table away;
a row beyond the last is a copy of the last, changed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ingest.contract import Extract, FieldSpec, Table

if TYPE_CHECKING:
    from ingest.projections.synthetic import Maker, Rows

#: Keys of a story and of `breaks` that are not tables.
ALL, STORY = "all", "story"
_DAY = re.compile(r"^=(start|end)((?:[+-]\d+[ymd])*)$")
_STEP = re.compile(r"([+-]\d+)([ymd])")

Tables = dict[str, "Rows"]


def story_of(maker: Maker, table: Table, breaks: Mapping[str, Any]) -> str:
    """The story that a rule is broken in: the one it names, else the first that has rows of its table."""
    stories = maker.extract.stories
    return str(breaks.get(STORY) or next(s for s, tables in stories.items() if table.name in tables))


def child(maker: Maker, story: str, copy: int) -> Tables:
    """The rows of one story, of every table of the layout, for the copy-th child."""
    return _rows(maker, _told(maker, story), copy)


def broken_child(maker: Maker, story: str, breaks: Mapping[str, Any], copy: int) -> Tables:
    """The same child with what breaks a rule."""
    told = _told(maker, story)
    common: dict[str, Any] = {**maker.extract.stories[story].get(ALL, {}), **(breaks.get(ALL) or {})}
    for table, rows in told.items():
        fields = maker.extract.by_table[table].by_name
        changed_ones = breaks.get(ALL) or {}
        told[table] = [{**r, **{k: v for k, v in changed_ones.items() if k in fields}} for r in rows]
    for table, changes in breaks.items():
        if table in (ALL, STORY):
            continue
        own = {k: v for k, v in common.items() if k in maker.extract.by_table[table].by_name}
        told[table] = [] if changes is None else _changed(told.get(table, []), changes, own)
    return _rows(maker, told, copy)


def changed(maker: Maker, tables: Tables, breaks: Mapping[str, Any]) -> Tables:
    """Rows of a contract without stories, changed as `breaks` says: its rows in order, `null` leaves one as it is."""
    out: Tables = {}
    for name, changes in breaks.items():
        spec, listed = maker.extract.by_table[name], changes if isinstance(changes, list) else [changes]
        rows = [dict(r) for r in tables[name]]
        for row, change in zip(rows, listed, strict=False):
            row.update({k: _cell(maker, spec, spec.by_name[k], change, 0) for k in change or {}})
        out[name] = rows
    return out


def _told(maker: Maker, story: str) -> dict[str, list[dict[str, Any]]]:
    """The story's rows as its tables have them, `all` spread over them."""
    given = maker.extract.stories[story]
    common: dict[str, Any] = given.get(ALL, {})
    out: dict[str, list[dict[str, Any]]] = {}
    for table in maker.extract.tables:
        rows: Any = given.get(table.name, [])
        rows = rows if isinstance(rows, list) else [rows]
        own = {k: v for k, v in common.items() if k in table.by_name}
        out[table.name] = [{**own, **{k: v for k, v in r.items() if k in table.by_name}} for r in rows]
    return out


def _changed(rows: list[dict[str, Any]], changes: Any, own: dict[str, Any]) -> list[dict[str, Any]]:
    listed: list[Any] = changes if isinstance(changes, list) else [changes]
    out: list[dict[str, Any]] = []
    for n, change in enumerate(listed):
        if change is not None:
            base = rows[n] if n < len(rows) else (out[-1] if out else own)
            out.append({**base, **change})
    return out + rows[len(listed) :]


def _rows(maker: Maker, told: Mapping[str, list[dict[str, Any]]], copy: int) -> Tables:
    out: Tables = {}
    for table in maker.extract.tables:
        rows: Rows = []
        for n, given in enumerate(told.get(table.name, [])):
            cells = {f.name: _cell(maker, table, f, given, copy) for f in table.fields}
            parent = (2 if out.get(table.parent) else None) if table.parent else None
            rows.append({"_row": n + 2, "_parent_row": parent, **cells})
        out[table.name] = rows
    return out


def _cell(maker: Maker, table: Table, spec: FieldSpec, given: Mapping[str, Any], copy: int) -> str | None:
    local_id = table.identity and spec.name == table.identity.local_id
    value = given.get(spec.name, "=own" if spec.required or local_id else None)
    if value is None or isinstance(value, bool):
        return None if value is None else str(int(value))
    text = str(value)
    if text == "=own":
        return maker.value(table, spec, copy)
    found = _DAY.match(text)
    if found is None:
        return text
    day = _moved(maker.period.start if found[1] == "start" else maker.period.end, found[2])
    return maker.written(spec, day) if spec.formats else day.strftime("%d/%m/%Y")


def _moved(day: dt.date, steps: str) -> dt.date:
    for number, unit in _STEP.findall(steps):
        n = int(number)
        if unit == "d":
            day += dt.timedelta(days=n)
        else:
            months = day.year * 12 + day.month - 1 + n * (12 if unit == "y" else 1)
            year, month = divmod(months, 12)
            longest = (dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
            day = dt.date(year, month + 1, min(day.day, longest))
    return day


def together(extract: Extract, parts: Iterable[Tables]) -> tuple[Tables, dict[tuple[str, int], int]]:
    """Many children in one delivery, rows numbered anew; and for every (table, row) the number of the part it came with."""
    tables: Tables = {t.name: [] for t in extract.tables}
    owner: dict[tuple[str, int], int] = {}
    for number, part in enumerate(parts):
        before = {name: len(rows) for name, rows in tables.items()}
        for name, rows in part.items():
            outer = extract.by_table[name].parent
            for row in rows:
                parent = row["_parent_row"]
                if parent is not None and outer is not None:
                    parent += before[outer]
                tables[name].append({**row, "_row": row["_row"] + before[name], "_parent_row": parent})
                owner[name, row["_row"] + before[name]] = number
    return tables, owner
