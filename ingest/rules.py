"""Contract rules -> SQL: for every rule, the rows it looks at and the rows that fail it.

Lives here: one compiler a rule kind. The expressions stand over the table that parse.py projects.
Add here: a rule kind, next to its meaning in Great Expectations (expectations/vocabulary.py), which must not copy this one.
Must not live here: reading cells (parse.py), running SQL (judge.py), words for people (contracts, receipts.py).

A rule looks at a row only where it can say something: `checked` is that predicate. What was not sent is the business of
`required`, what was sent and cannot be read of `readable`, so one slip gives one finding.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from ingest import expressions
from ingest.calendar import Period, due_on
from ingest.contract import (
    Extract,
    FieldSpec,
    FieldType,
    Rule,
    RuleKind,
    Severity,
    Submitter,
    Table,
    View,
    derived_rules,
)
from ingest.expression_sql import Value, sql, with_constants
from ingest.parse import Codes, among, code_of, fold, folded, literal, name, several
from ingest.validators import checksum_sql

#: Dates that a system puts where nobody knew one.
PLACEHOLDERS = (dt.date(1900, 1, 1), dt.date(1970, 1, 1))
#: Kinds that need more than the row itself: judge.py runs them as grouped queries.
GROUPED = (RuleKind.unique, RuleKind.unique_together)


@dataclass(frozen=True)
class RuleSql:
    rule: Rule
    checked: str
    fails: str  # "false" for grouped and mended rules, which judge.py finds otherwise
    keys: tuple[str, ...] = ()  # grouped rules: the quoted columns that must be unique together
    view: str | None = None  # the view that the predicates stand over; None: the table itself


@dataclass(frozen=True)
class Scene:
    """What a rule may ask about besides the row: the table, the delivery's period and its sender."""

    extract: Extract
    table: Table
    period: Period
    submitter: Submitter
    codes: dict[str, Codes]

    def spec(self, column: str) -> FieldSpec:
        return self.table.by_name[column]

    @property
    def last_day(self) -> dt.date:
        """The last day that a delivery can know of: the day it is due, or the period's end if that is later."""
        return max(self.period.end, due_on(self.extract.delivery, self.period))

    @property
    def constants(self) -> dict[str, Value]:
        """What a condition or a view may ask about besides rows."""
        return {
            "period_start": self.period.start,
            "period_end": self.period.end,
            "last_day": self.last_day,
            "period_year": self.period.end.year,
            "submitter_code": self.submitter.la_code or self.submitter.name,
        }

    @property
    def submitter_names(self) -> tuple[str, ...]:
        """How a row may name its own sender, folded."""
        s = self.submitter
        return tuple(sorted({folded(n) for n in (s.name, s.la_code, s.area_code, *s.aliases) if n}))


def table_rules(extract: Extract, table: Table) -> tuple[Rule, ...]:
    """The rules of a table that a delivery is judged by, in the order of its fields, the declared ones last."""
    return tuple(r for r in derived_rules(extract, table) if r.kind is not RuleKind.history)


def live_views(extract: Extract) -> tuple[View, ...]:
    """The views that a rule of the layout looks at."""
    used = {r.args.get("on") for t in extract.tables for r in t.rules if r.kind is RuleKind.expression}
    for view in reversed(extract.views):  # a view may stand on one declared before it
        if view.name in used:
            used |= view.words & set(extract.by_view)
    return tuple(v for v in extract.views if v.name in used)


def view_sql(scene: Scene, view: View) -> str:
    """The view's own SQL, the constants of the delivery filled in."""
    return with_constants(view.sql, scene.constants)


def parent_rule(extract: Extract, table: Table) -> Rule:
    """The rule that a row falls with the row around it. Kept by the engine, not declared: its kind is `parent_rejected`."""
    return Rule(
        id=f"{extract.extract}.{table.name}.parent_rejected",
        kind=RuleKind.required,
        args={"columns": []},
        severity=Severity.reject_row,
        says="The record around this one was rejected, so this one was too.",
        fix="Mend the record around it.",
    )


def compile_rules(scene: Scene) -> tuple[RuleSql, ...]:
    """Every rule of the scene's table as SQL."""
    return tuple(_COMPILERS[r.kind](scene, r) for r in table_rules(scene.extract, scene.table))


def sent(spec: FieldSpec) -> str:
    """The quoted column that holds what was sent."""
    return name(_sent_column(spec))


def _is_sent(scene: Scene, column: str) -> str:
    return f"{sent(scene.spec(column))} IS NOT NULL"


def _is_read(scene: Scene, column: str) -> str:
    return f"{name(column)} IS NOT NULL"


def _rule(rule: Rule, checked: str, fails: str) -> RuleSql:
    return RuleSql(rule, checked, f"({checked}) AND ({fails})" if checked != "true" else fails)


def _readable(s: Scene, r: Rule) -> RuleSql:
    column = r.args["column"]
    unread = f"{name(column)} IS NULL"
    if s.spec(column).type is FieldType.figure:
        unread += f" AND {name(column + '_symbol')} IS NULL"
    return _rule(r, _is_sent(s, column), unread)


def _required(s: Scene, r: Rule) -> RuleSql:
    return _rule(r, "true", f"{sent(s.spec(r.args['column']))} IS NULL")


def _codelist(s: Scene, r: Rule) -> RuleSql:
    spec = s.spec(r.args["column"])
    if spec.split:  # one unknown code among several is found, and the others are kept
        return _rule(r, _is_sent(s, spec.name), _some_unknown(s, spec))
    return _rule(r, _is_sent(s, spec.name), f"{name(spec.name)} IS NULL")


def _codelist_year(s: Scene, r: Rule) -> RuleSql:
    spec, others = s.spec(r.args["column"]), s.codes[r.args["codelist"]].other_years
    if spec.split:
        fails = f"NOT ({_some_unknown(s, spec)}) AND {_some(spec, among(fold('x'), others))}"
        return _rule(r, _is_sent(s, spec.name), fails)
    return _rule(r, _is_sent(s, spec.name), among(fold(sent(spec)), others))


def _codelist_spelling(s: Scene, r: Rule) -> RuleSql:
    spec, codes = s.spec(r.args["column"]), s.codes[r.args["codelist"]]
    if spec.split:
        graver = f"{_some_unknown(s, spec)} OR {_some(spec, among(fold('x'), codes.other_years))}"
        another_way = _some(spec, "NOT " + among("x", codes.exact))
        fails = f"NOT ({graver}) AND {another_way}"
        return _rule(r, _is_sent(s, spec.name), fails)
    exact = among(sent(spec), codes.exact)
    return _rule(r, _is_sent(s, spec.name), f"{name(spec.name)} IS NOT NULL AND NOT {exact}")


def _some(spec: FieldSpec, condition: str) -> str:
    """True when a code of the cell, `x`, meets the condition."""
    return f"len(list_filter({several(spec)}, lambda x: {condition})) > 0"


def _some_unknown(s: Scene, spec: FieldSpec) -> str:
    """True when a code of the cell is none, or the cell holds separators only."""
    unknown = _some(spec, code_of("x", s.codes[spec.codelist or ""]) + " IS NULL")
    return f"(len({several(spec)}) = 0 OR {unknown})"


def _range(s: Scene, r: Rule) -> RuleSql:
    column = name(r.args["column"])
    low, high = r.args.get("min"), r.args.get("max")
    sides = [
        f"{column} < {literal(low)}" if low is not None else "",
        f"{column} > {literal(high)}" if high is not None else "",
    ]
    return _rule(r, f"{column} IS NOT NULL", " OR ".join(x for x in sides if x))


def _pattern(s: Scene, r: Rule) -> RuleSql:
    column = name(r.args["column"])
    return _rule(r, f"{column} IS NOT NULL", f"NOT regexp_matches({column}, {literal(r.args['pattern'])})")


def _max_length(s: Scene, r: Rule) -> RuleSql:
    column = name(r.args["column"])
    return _rule(r, f"{column} IS NOT NULL", f"length({column}) > {int(r.args['max_length'])}")


def _checksum(s: Scene, r: Rule) -> RuleSql:
    column = name(r.args["column"])
    return _rule(r, f"{column} IS NOT NULL", f"NOT {checksum_sql(r.args['checksum'], column)}")


def _unique(s: Scene, r: Rule) -> RuleSql:
    """Blank parts of a grain compare equal, so a repeated open episode is found; required parts must be there."""
    columns = r.args["columns"]
    musts = [c for c in columns if s.spec(c).required] if r.kind is RuleKind.unique else list(columns)
    present = [_is_read(s, c) for c in (musts or columns)]
    checked = (" AND " if musts else " OR ").join(present)
    keys = [name(c) for c in columns]
    if s.table.parent and r.kind is RuleKind.unique:
        keys.insert(0, "_parent_row")
    return RuleSql(r, f"({checked})", "false", tuple(keys))


def _mended(s: Scene, r: Rule) -> RuleSql:
    return RuleSql(r, "true", "false")


def pair(s: Scene, first: str, second: str) -> tuple[str, str]:
    """Two moments made comparable: if either is a date, both are taken as days."""
    kinds = {s.spec(first).type, s.spec(second).type}
    if kinds == {FieldType.date, FieldType.timestamp}:
        return f"CAST({name(first)} AS DATE)", f"CAST({name(second)} AS DATE)"
    return name(first), name(second)


def _ordered(operator: str) -> Callable[[Scene, Rule], RuleSql]:
    def compiled(s: Scene, r: Rule) -> RuleSql:
        column, other = r.args["column"], r.args["other"]
        a, b = pair(s, column, other)
        return _rule(r, f"{_is_read(s, column)} AND {_is_read(s, other)}", f"{a} {operator} {b}")

    return compiled


def _not_future(s: Scene, r: Rule) -> RuleSql:
    column = r.args["column"]
    return _rule(r, _is_read(s, column), f"CAST({name(column)} AS DATE) > DATE '{s.last_day.isoformat()}'")


def condition(s: Scene, r: Rule) -> str:
    """When `required_if` and `forbidden_if` speak: the other field is one of the values, or was sent at all."""
    other = r.args["other"]
    values = r.args.get("values")
    if not values:
        return _is_sent(s, other)
    return (
        f"{_is_read(s, other)} AND {among(f'CAST({name(other)} AS VARCHAR)', [as_text(v) for v in values])}"
    )


def as_text(value: object) -> str:
    """A value of a rule as SQL writes it: booleans in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _required_if(s: Scene, r: Rule) -> RuleSql:
    return _rule(r, condition(s, r), f"{sent(s.spec(r.args['column']))} IS NULL")


def _forbidden_if(s: Scene, r: Rule) -> RuleSql:
    return _rule(r, condition(s, r), _is_sent(s, r.args["column"]))


def _how_many(s: Scene, r: Rule) -> str:
    return " + ".join(f"({_is_sent(s, c)})::INT" for c in r.args["columns"])


def _one_of(s: Scene, r: Rule) -> RuleSql:
    return _rule(r, "true", f"({_how_many(s, r)}) <> 1")


def _at_least_one_of(s: Scene, r: Rule) -> RuleSql:
    return _rule(r, "true", f"({_how_many(s, r)}) = 0")


def _within_days(s: Scene, r: Rule) -> RuleSql:
    column, other, days = r.args["column"], r.args["other"], int(r.args["days"])
    both = f"{_is_read(s, column)} AND {_is_read(s, other)}"
    a, b = pair(s, column, other)
    return _rule(r, both, f"NOT ({a} >= {b} AND {a} <= {b} + to_days({days}))")


def _in_period(s: Scene, r: Rule) -> RuleSql:
    column = r.args["column"]
    room = dt.timedelta(days=int(r.args.get("tolerance_days", 0)))
    first, last = s.period.start - room, s.period.end + room
    return _rule(
        r,
        _is_read(s, column),
        f"CAST({name(column)} AS DATE) NOT BETWEEN DATE '{first.isoformat()}' AND DATE '{last.isoformat()}'",
    )


def _matches_submitter(s: Scene, r: Rule) -> RuleSql:
    column = name(r.args["column"])
    return _rule(r, f"{column} IS NOT NULL", f"NOT {among(fold(column), s.submitter_names)}")


def _not_placeholder(s: Scene, r: Rule) -> RuleSql:
    column = r.args["column"]
    days = ", ".join(f"DATE '{d.isoformat()}'" for d in PLACEHOLDERS)
    return _rule(r, _is_read(s, column), f"CAST({name(column)} AS DATE) IN ({days})")


def _expression(s: Scene, r: Rule) -> RuleSql:
    view = s.extract.view_of(s.table, r)

    def compiled(text: str) -> str:
        return sql(expressions.parse(text), s.constants, lambda c: _sent_column(s.spec(c)))

    made = _rule(r, compiled(r.args["checked"]) if "checked" in r.args else "true", compiled(r.args["fails"]))
    return RuleSql(r, made.checked, made.fails, view=view.name if view else None)


def _sent_column(spec: FieldSpec) -> str:
    return spec.name if spec.type is FieldType.string else f"{spec.name}__sent"


_COMPILERS: dict[RuleKind, Callable[[Scene, Rule], RuleSql]] = {
    RuleKind.readable: _readable,
    RuleKind.required: _required,
    RuleKind.codelist: _codelist,
    RuleKind.codelist_year: _codelist_year,
    RuleKind.codelist_spelling: _codelist_spelling,
    RuleKind.range: _range,
    RuleKind.pattern: _pattern,
    RuleKind.max_length: _max_length,
    RuleKind.checksum: _checksum,
    RuleKind.unique: _unique,
    RuleKind.mended: _mended,
    RuleKind.not_after: _ordered(">"),
    RuleKind.not_before: _ordered("<"),
    RuleKind.not_future: _not_future,
    RuleKind.required_if: _required_if,
    RuleKind.forbidden_if: _forbidden_if,
    RuleKind.one_of: _one_of,
    RuleKind.at_least_one_of: _at_least_one_of,
    RuleKind.unique_together: _unique,
    RuleKind.within_days: _within_days,
    RuleKind.in_period: _in_period,
    RuleKind.matches_submitter: _matches_submitter,
    RuleKind.not_placeholder: _not_placeholder,
    RuleKind.expression: _expression,
}
