"""Contract -> synthetic rows: valid ones, and ones that break one rule and as little else as can be.

Lives here: rows of strings as a sender would write them, for any contract, from nothing but the contract; writing them as a
delivery in the contract's own format.
Add here: how to break a new rule kind.
Must not live here: the synthetic partnership with its people and calibrated rates (ingest/synthetic); real data of any kind.

All values are invented. NHS numbers are from the range set aside for tests (999...), UPNs carry a sound check letter.
"""

# ruff: noqa: DTZ001, DTZ007 - senders write local times without a zone

from __future__ import annotations

import csv
import datetime as dt
import json
import random
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import xlsxwriter

from ingest.calendar import Period, period_of
from ingest.contract import (
    CODE_SEPARATOR,
    CodeList,
    Extract,
    FieldSpec,
    FieldType,
    Rule,
    RuleKind,
    Submitter,
    Table,
    derived_rules,
    load_contracts,
)
from ingest.judge import nested_order
from ingest.projections import stories
from ingest.projections.wording import title_line
from ingest.rules import PLACEHOLDERS
from ingest.validators import UPN_LETTERS

Row = dict[str, Any]  # `_row`, `_parent_row` (nested tables), then one string or None a field
Rows = list[Row]

#: Rules that a violation of the key brings along, because they say the same of another column or follow from it.
ALWAYS = frozenset({RuleKind.mended, RuleKind.codelist_year, RuleKind.codelist_spelling})


#: Rows a table in which one rule is broken.
AROUND = 3


class NoViolation(ValueError):
    """The rule cannot be broken by any row (a code list without a code of another year, say)."""


class Maker:
    """Makes rows of one extract in one period for one sender. The same seed gives the same rows."""

    def __init__(
        self,
        extract: Extract,
        codelists: Mapping[str, CodeList],
        period: Period,
        submitter: Submitter,
        seed: int = 1,
    ) -> None:
        self.extract, self.codelists, self.period, self.submitter = extract, codelists, period, submitter
        self.random = random.Random(seed)  # noqa: S311 - invented rows, not secrets

    def tables(self, n: int) -> stories.Tables:
        """A whole delivery that breaks nothing: `n` rows a table, or `n` times every story of the contract."""
        if self.extract.stories:
            told = [(s, copy) for copy in range(n) for s in self.extract.stories]
            children = [stories.child(self, s, at) for at, (s, _) in enumerate(told)]
            return stories.together(self.extract, children)[0]
        out: stories.Tables = {}
        for table in nested_order(self.extract):
            out[table.name] = self.table(table, n, out.get(table.parent or ""))
        return out

    def around(self, table: Table, rule: Rule, at: int = 0) -> stories.Tables:
        """Rows that break nothing, in which the rule can be broken: the table's with those around them, or a child's story."""
        if self.extract.stories:
            told = [stories.story_of(self, table, rule.breaks)] * 2
            parts = [stories.child(self, s, 2 * at + n) for n, s in enumerate(told)]
            return stories.together(self.extract, parts)[0]
        chain = [table]
        while chain[-1].parent:
            chain.append(self.extract.by_table[chain[-1].parent])
        out: stories.Tables = {}
        for t in reversed(chain):
            out[t.name] = self.table(t, AROUND, out.get(t.parent or ""), at * AROUND)
        return out

    def breaking(self, table: Table, rule: Rule, at: int = 0) -> stories.Tables:
        """`around`, with the rule broken. Raises NoViolation when no row can break it."""
        whole = self.around(table, rule, at)
        if rule.kind is RuleKind.expression and self.extract.stories:
            story = stories.story_of(self, table, rule.breaks)
            broken = stories.broken_child(self, story, rule.breaks, 2 * at)
            return stories.together(self.extract, [broken, stories.child(self, story, 2 * at + 1)])[0]
        if rule.kind is RuleKind.expression:
            return {**whole, **stories.changed(self, whole, rule.breaks)}
        if rule.kind not in _BREAKERS:
            raise NoViolation(rule.id)
        if rule.kind in _WANT_VALUES:
            for place, row in enumerate(whole[table.name][:2]):
                for column in rule.columns:
                    row[column] = row[column] or self.value(table, table.by_name[column], 2 * at + place)
        _BREAKERS[rule.kind](self, table, rule, whole[table.name])
        return whole

    def table(self, table: Table, n: int, parents: Rows | None = None, first: int = 0) -> Rows:
        """`n` rows that break nothing; nested rows hang under the parents in turn."""
        rows: Rows = []
        for i in range(n):
            parent = (
                (parents or [{"_row": None}])[i % max(len(parents or []), 1)]["_row"]
                if table.parent
                else None
            )
            rows.append({"_row": i + 2, "_parent_row": parent, **self._valid(table, first + i)})
        return rows

    def _valid(self, table: Table, i: int) -> Row:
        row = {f.name: self.value(table, f, i) for f in table.fields}
        for rule in table.rules:
            self._obey(table, rule, row, i)
        return row

    def _obey(self, table: Table, rule: Rule, row: Row, i: int) -> None:
        args = rule.args
        if rule.kind is RuleKind.one_of:
            for column in args["columns"][1:]:
                row[column] = None
        elif rule.kind is RuleKind.forbidden_if and speaks(rule, self._as_stored(table, row)):
            row[args["column"]] = None
        elif rule.kind is RuleKind.matches_submitter:
            row[args["column"]] = self.own_code(table.by_name[args["column"]])

    def _as_stored(self, table: Table, row: Row) -> Row:
        """The row with its codes as they are stored, which is how rules name them."""
        lists = {f.name: self.codelists[f.codelist].stored() for f in table.fields if f.codelist}
        return {k: lists[k].get(v.casefold(), v) if k in lists and v else v for k, v in row.items()}

    def own_code(self, spec: FieldSpec) -> str:
        return self.submitter.la_code or self.submitter.area_code or self.submitter.name

    def day(self, place: int) -> dt.date:
        """A day of the period, from its early part; later `place` is later in time, so that orders hold."""
        span = (self.period.end - self.period.start).days
        return self.period.start + dt.timedelta(days=min(place, span))

    def value(self, table: Table, spec: FieldSpec, i: int) -> str | None:
        """A right value of a field in row `i`. Fields that come later in a table get later moments."""
        place = [f.name for f in table.fields].index(spec.name)
        if spec.type is FieldType.code:
            codes = [c for c in self.codelists[spec.codelist or ""].codes if c.in_force(self.period.end.year)]
            picked = [
                codes[(i + n) % len(codes)].code for n in range(2 if spec.split and len(codes) > 1 else 1)
            ]
            return f"{CODE_SEPARATOR} ".join(picked)
        if spec.type is FieldType.boolean:
            return str((i + place) % 2)
        if spec.type in (FieldType.integer, FieldType.decimal):
            return str(int(self._low(spec) + i % max(self._room(spec), 1)))
        if spec.type is FieldType.figure:
            return ("c", "12.5", "1500")[i % 3]
        if spec.type in (FieldType.date, FieldType.timestamp):
            return self.written(spec, self._moment(table, spec, i))
        return self._text(table, spec, i)

    def _moment(self, table: Table, spec: FieldSpec, i: int) -> dt.datetime:
        born = table.identity and spec.name == table.identity.birth_date
        if born or "birth" in spec.name:
            return dt.datetime(self.period.start.year - 10, 1 + i % 12, 1 + i % 28)
        moments = [f.name for f in table.fields if f.type in (FieldType.date, FieldType.timestamp)]
        return dt.datetime.combine(self.day(i % 28), dt.time(8)) + dt.timedelta(
            hours=0 if spec.type is FieldType.date else moments.index(spec.name)
        )

    def written(self, spec: FieldSpec, moment: dt.datetime | dt.date) -> str:
        return moment.strftime(spec.formats[0])

    def _low(self, spec: FieldSpec) -> float:
        return (
            spec.min
            if spec.min is not None
            else (self.period.start.year if spec.name == "time_period" else 1)
        )

    def _room(self, spec: FieldSpec) -> int:
        if spec.name == "time_period":
            return 1
        return int((spec.max if spec.max is not None else self._low(spec) + 1000) - self._low(spec)) + 1

    def _text(self, table: Table, spec: FieldSpec, i: int) -> str | None:
        if spec.checksum == "nhs_number":
            return nhs_number(i)
        if spec.checksum == "upn":
            return upn(i + 500 * (spec.name != "upn"))
        if spec.name == "la_code":
            return self.own_code(spec)
        digits = re.fullmatch(r"\^\[0-9\]\{(\d+)\}\$", spec.pattern or "")
        if digits:
            return str(i + 10 ** (int(digits[1]) - 1))
        if spec.name == "postcode":
            return f"ZZ{1 + i % 99} 1AA"
        text = f"{spec.name[: max((spec.max_length or 30) - 8, 1)]}{i + 1:05d}"[
            : spec.max_length or 60
        ].replace(" ", "-")
        return text if not spec.pattern or re.search(spec.pattern, text) else of_pattern(spec.pattern, i)


#: One character, or a set of them, and how often it must stand there: the patterns of contracts are made of these.
_PIECE = re.compile(r"(\[[^\]]+\]|\\.|[^\\\[\]{}()|?*+^$])(?:\{(\d+)(?:,\d*)?\}|([?*+]))?")


def of_pattern(pattern: str, i: int) -> str:
    """The i-th text of a plain pattern, one without alternatives: digits count, all else is the first that may stand there."""
    places: list[str] = []
    for piece, times, mark in _PIECE.findall(pattern):
        allowed = piece[1:-1] if piece[0] == "[" else piece[-1]
        places += ["0" if "0-9" in allowed else allowed[0]] * (0 if mark in ("?", "*") else int(times or 1))
    digits = [n for n, c in enumerate(places) if c == "0"]
    for n, digit in zip(reversed(digits), reversed(str(i + 1)), strict=False):
        places[n] = digit
    return "".join(places)


def speaks(rule: Rule, row: Mapping[str, Any]) -> bool:
    """True when the condition of a `required_if` or `forbidden_if` rule may hold in a row as written."""
    other, values = row.get(rule.args["other"]), rule.args.get("values")
    if not values:
        return True  # sent at all: nearly every row
    if all(isinstance(v, bool) for v in values):
        return (other == "1") in values
    return other in {str(v) for v in values}


def nhs_number(i: int) -> str:
    """The i-th sound NHS number of the range that is never given to anyone."""
    stem = 999_000_000 + i
    while True:
        check = 11 - sum((10 - n) * int(d) for n, d in enumerate(str(stem))) % 11
        if check != 10:
            return f"{stem}{check % 11}"
        stem += 400_000


def upn(i: int) -> str:
    """The i-th sound UPN of an invented school."""
    stem = f"8609{i:08d}"
    return UPN_LETTERS[sum(n * int(d) for n, d in enumerate(stem, 2)) % 23] + stem


def maker(
    extract: Extract, seed: int = 1, period: Period | None = None, submitter: Submitter | None = None
) -> Maker:
    """A maker with the package's own code lists, a recent period and the first of the extract's senders."""
    contracts = load_contracts()
    when = period or period_of(extract.delivery.cadence, dt.date(2025, 6, 1))
    return Maker(
        extract.at(when.end.year),
        contracts.codelists,
        when,
        submitter or contracts.submitter(extract.submitters[0]),
        seed,
    )


def valid_rows(extract: Extract, table: str, n: int, seed: int = 1) -> Rows:
    """`n` rows of a table that break nothing."""
    made = maker(extract, seed)
    return made.table(made.extract.by_table[table], n)


def violating_rows(extract: Extract, table: str, rule_id: str, seed: int = 1) -> Rows:
    """Rows of a table of which one breaks the rule and as little else as can be."""
    made = maker(extract, seed)
    spec = made.extract.by_table[table]
    rule = next(r for r in derived_rules(made.extract, spec) if r.id == rule_id)
    return made.breaking(spec, rule)[table]


def _blank(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
    rows[0][r.args["column"]] = None


def _put(text: str) -> Callable[[Maker, Table, Rule, Rows], None]:
    def breaker(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
        rows[0][r.args["column"]] = text

    return breaker


def _other_year(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
    codes = [c for c in m.codelists[r.args["codelist"]].codes if not c.in_force(m.period.end.year)]
    if not codes:
        raise NoViolation(r.id)
    rows[0][r.args["column"]] = codes[0].code


def _spelling(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
    listed = m.codelists[r.args["codelist"]]
    code = next(c.code for c in listed.codes if c.in_force(m.period.end.year))
    rows[0][r.args["column"]] = next(iter(listed.fixable), f"{code} - {'label'}")


def _out_of_range(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
    top = r.args.get("max")
    rows[0][r.args["column"]] = str(int(top) + 1) if top is not None else str(int(r.args["min"]) - 1)


def _too_long(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
    column = r.args["column"]
    rows[0][column] = ((rows[0][column] or "x").replace(" ", "") * (r.args["max_length"] + 1))[
        : r.args["max_length"] + 1
    ]


def _wrong_check(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
    right = rows[0][r.args["column"]]
    rows[0][r.args["column"]] = right[:-1] + str((int(right[-1]) + 1) % 10)


def _repeat(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
    rows[1].update({c: rows[0][c] for c in r.args["columns"]})
    rows[1]["_parent_row"] = rows[0]["_parent_row"]


def _mended(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
    spec = t.by_name[r.args["column"]]
    if spec.required and spec.type in (FieldType.string, FieldType.code):
        raise NoViolation(r.id)
    if spec.type in (FieldType.date, FieldType.timestamp) and rows[0][spec.name]:
        moment = dt.datetime.strptime(rows[0][spec.name], spec.formats[0])
        rows[0][spec.name] = str((moment - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1))
    elif spec.required and spec.type is FieldType.decimal:
        rows[0][spec.name] = f"0,{int(float(rows[0][spec.name] or 1)):03d}"
    elif spec.type is FieldType.figure:
        rows[0][spec.name] = "1,500"
    elif spec.required:
        rows[0][spec.name] = f"{rows[0][spec.name]}.0"
    else:
        rows[0][spec.name] = "#N/A"


def _read_moment(m: Maker, t: Table, column: str, rows: Rows) -> dt.datetime:
    spec = t.by_name[column]
    return dt.datetime.strptime(rows[0][column], spec.formats[0])


def _shift(days: int) -> Callable[[Maker, Table, Rule, Rows], None]:
    """Put the column on the wrong side of the other one."""

    def breaker(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
        column, other = r.args["column"], r.args["other"]
        if not t.by_name[column].formats:  # numbers have an order too
            rows[0][other] = str(int(float(rows[0][column] or 0)) - days)
            return
        rows[0][other] = m.written(
            t.by_name[other], _read_moment(m, t, column, rows) - dt.timedelta(days=days)
        )

    return breaker


def _too_far(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
    column, other = r.args["column"], r.args["other"]
    rows[0][column] = m.written(
        t.by_name[column], _read_moment(m, t, other, rows) + dt.timedelta(days=int(r.args["days"]) + 1)
    )


def _next_decade(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
    column = r.args["column"]
    rows[0][column] = m.written(t.by_name[column], dt.datetime(m.period.end.year + 10, 3, 1, 9))


def _last_decade(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
    column = r.args["column"]
    rows[0][column] = m.written(t.by_name[column], dt.datetime(m.period.start.year - 9, 3, 1, 9))


def _placeholder(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
    rows[0][r.args["column"]] = m.written(
        t.by_name[r.args["column"]], dt.datetime.combine(PLACEHOLDERS[0], dt.time(0))
    )


def _condition_true(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
    other = r.args["other"]
    values = r.args.get("values")
    rows[0][other] = str(values[0]) if values else rows[0][other] or m.value(t, t.by_name[other], 0)


def _required_if(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
    _condition_true(m, t, r, rows)
    rows[0][r.args["column"]] = None


def _forbidden_if(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
    _condition_true(m, t, r, rows)
    rows[0][r.args["column"]] = m.value(t, t.by_name[r.args["column"]], 0)


def _none_of(m: Maker, t: Table, r: Rule, rows: Rows) -> None:
    rows[0].update(dict.fromkeys(r.args["columns"]))


#: Kinds that are broken by changing a value that is there.
_WANT_VALUES = frozenset(
    {
        RuleKind.checksum,
        RuleKind.max_length,
        RuleKind.unique,
        RuleKind.unique_together,
        RuleKind.not_after,
        RuleKind.not_before,
        RuleKind.within_days,
        RuleKind.mended,
    }
)

_BREAKERS: dict[RuleKind, Callable[[Maker, Table, Rule, Rows], None]] = {
    RuleKind.readable: _put("zz~unreadable"),
    RuleKind.required: _blank,
    RuleKind.codelist: _put("zz~nocode"),
    RuleKind.codelist_year: _other_year,
    RuleKind.codelist_spelling: _spelling,
    RuleKind.range: _out_of_range,
    RuleKind.pattern: _put("~"),
    RuleKind.max_length: _too_long,
    RuleKind.checksum: _wrong_check,
    RuleKind.unique: _repeat,
    RuleKind.unique_together: _repeat,
    RuleKind.mended: _mended,
    RuleKind.not_after: _shift(1),
    RuleKind.not_before: _shift(-1),
    RuleKind.not_future: _next_decade,
    RuleKind.required_if: _required_if,
    RuleKind.forbidden_if: _forbidden_if,
    RuleKind.one_of: _none_of,
    RuleKind.at_least_one_of: _none_of,
    RuleKind.within_days: _too_far,
    RuleKind.in_period: _last_decade,
    RuleKind.matches_submitter: _put("999"),
    RuleKind.not_placeholder: _placeholder,
}


def write_delivery(
    extract: Extract, tables: Mapping[str, Rows], folder: Path, period: Period, submitter: Submitter
) -> list[Path]:
    """Write rows as a delivery in the contract's own format. Gives the files."""
    folder.mkdir(parents=True, exist_ok=True)
    return _WRITERS[extract.delivery.format](extract, tables, folder, period, submitter)


def _header(spec: FieldSpec) -> str:
    return (spec.headers or (spec.name,))[0]


def _file_name(extract: Extract, pattern: str | None, suffix: str) -> str:
    name = (pattern or "*").replace("*", extract.extract)
    return name if name.endswith(suffix) else f"{name}{suffix}"


def _write_csv(
    extract: Extract, tables: Mapping[str, Rows], folder: Path, period: Period, submitter: Submitter
) -> list[Path]:
    paths: list[Path] = []
    for name, rows in tables.items():
        table = extract.by_table[name]
        path = folder / _file_name(
            extract, table.source.file or (extract.delivery.match or ("*",))[0], ".csv"
        )
        with path.open("w", encoding=extract.delivery.encoding, newline="") as handle:
            writer = csv.writer(handle, delimiter=extract.delivery.delimiter)
            writer.writerow([_header(f) for f in table.fields])
            writer.writerows([[row.get(f.name) or "" for f in table.fields] for row in rows])
        paths.append(path)
    return paths


def _write_xlsx(
    extract: Extract, tables: Mapping[str, Rows], folder: Path, period: Period, submitter: Submitter
) -> list[Path]:
    path = folder / _file_name(extract, (extract.delivery.match or ("*",))[0], ".xlsx")
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in tables.items():
            table = extract.by_table[name]
            sheet = book.add_worksheet(table.source.sheet or name)
            sheet.write_string(0, 0, title_line(extract, period))
            sheet.write_string(1, 0, "Synthetic rows")
            top = 2
            if table.source.header_rows > 1:
                for line in range(table.source.header_rows - 1):
                    sheet.merge_range(top + line, 0, top + line, max(len(table.fields) - 1, 1), table.title)
                top += table.source.header_rows - 1
            for column, f in enumerate(table.fields):
                sheet.write_string(top, column, _header(f))
            for line, row in enumerate(rows, top + 1):
                for column, f in enumerate(table.fields):
                    if row.get(f.name) is not None:
                        sheet.write_string(line, column, str(row[f.name]))
            sheet.write_string(top + len(rows) + 2, 0, "Notes: synthetic, of nobody")
    return [path]


def _write_xml(
    extract: Extract, tables: Mapping[str, Rows], folder: Path, period: Period, submitter: Submitter
) -> list[Path]:
    root = ET.Element(extract.delivery.xml_root or "Message")
    for path, text in {**extract.delivery.xml_marker, **_stated(extract, period, submitter)}.items():
        _reach(root, path).text = text
    made: dict[tuple[str, int], ET.Element] = {}
    for table in extract.tables:
        outer = extract.by_table[table.parent] if table.parent else None
        path = (table.source.element or "").split("/")
        inner = path[len((outer.source.element or "").split("/")) :] if outer else path
        for row in tables.get(table.name, []):
            above = made[outer.name, row["_parent_row"]] if outer else root
            for step in inner[:-1]:
                found = above.find(step)
                above = found if found is not None else ET.SubElement(above, step)
            element = ET.SubElement(above, inner[-1])
            made[table.name, row["_row"]] = element
            for f in table.fields:
                if row.get(f.name) is not None:
                    (element if _header(f) == "." else _reach(element, _header(f))).text = str(row[f.name])
    file = folder / f"{extract.extract}.xml"
    ET.ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)
    return [file]


def _write_json(
    extract: Extract, tables: Mapping[str, Rows], folder: Path, period: Period, submitter: Submitter
) -> list[Path]:
    outer: dict[str, Any] = _stated(extract, period, submitter)
    made: dict[tuple[str, int], dict[str, Any]] = {}
    for table in extract.tables:
        path = (table.source.element or "").split("/")
        above = extract.by_table[table.parent] if table.parent else None
        steps = path[len((above.source.element or "").split("/")) :] if above else path
        for row in tables.get(table.name, []):
            holder = made[above.name, row["_parent_row"]] if above else outer
            for step in steps[:-1]:
                holder = holder.setdefault(step, {})
            listed = holder.setdefault(steps[-1], [])
            if _header(table.fields[0]) == ".":
                listed.append(row.get(table.fields[0].name))
                continue
            record: dict[str, Any] = {}
            for f in table.fields:
                *inner, leaf = _header(f).split("/")
                target = record
                for step in inner:
                    target = target.setdefault(step, {})
                target[leaf] = row.get(f.name)
            listed.append(record)
            made[table.name, row["_row"]] = record
    file = folder / f"{extract.extract}_{period.id}.json"
    file.write_text(json.dumps(outer), encoding="utf-8")
    return [file]


def _stated(extract: Extract, period: Period, submitter: Submitter) -> dict[str, str]:
    out = {
        o.path: period.end.isoformat() if "Date" in o.path or o.kind == "json" else str(period.end.year)
        for o in extract.delivery.period_from
        if o.kind in ("xml", "json") and o.path
    }
    return out | {
        o.path: submitter.la_code or submitter.name
        for o in extract.delivery.submitter_from
        if o.kind in ("xml", "json") and o.path
    }


def _reach(element: ET.Element, path: str) -> ET.Element:
    for step in path.split("/"):
        found = element.find(step)
        element = found if found is not None else ET.SubElement(element, step)
    return element


_WRITERS: dict[str, Callable[[Extract, Mapping[str, Rows], Path, Period, Submitter], list[Path]]] = {
    "csv": _write_csv,
    "csv_set": _write_csv,
    "xlsx": _write_xlsx,
    "xml": _write_xml,
    "json": _write_json,
}
