"""Contract rules -> expectations: for every rule kind, the expectation that says it and the columns that it looks at.

Lives here: one translator a rule kind, and the views of columns that expectations are given.
Add here: a rule kind, next to its SQL in ingest/rules.py.
Must not live here: running (run.py), comparing (verdict.py), conditions written by hand (custom/meaning.py).

Columns reach the judge as views, named `<column>` or `<column>@<view>`: `@sent` what was sent (cleaned text), `@day` a moment
as its day. A translator says which it needs; run.py makes them. A rule whose `needs` hold nothing at all in a
batch fails nowhere by the meaning of its kind (it speaks of present values only); run.py then does not ask.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from great_expectations.expectations.expectation import Expectation

from expectations.custom.counted import (
    ExpectCountedBetween,
    ExpectCountedLength,
    ExpectCountedNotInSet,
    ExpectCountedNotNull,
    ExpectCountedOrder,
    ExpectCountedRegex,
)
from expectations.custom.expression import ExpectContractCondition
from expectations.custom.meaning import ExpectContractRule, lower
from ingest import expressions
from ingest.contract import CodeList, FieldType, Rule, RuleKind, Table
from ingest.rules import PLACEHOLDERS, Scene, table_rules


@dataclass(frozen=True)
class Spoken:
    """A rule as an expectation."""

    rule: Rule
    expectation: Expectation
    columns: tuple[str, ...]  # views that the batch must hold
    needs: tuple[
        str, ...
    ] = ()  # views that must hold something for the rule to speak; none: it speaks of every row
    on: str | None = None  # an `expression` rule: the table or the contract's view whose rows it looks at


def speak(scene: Scene, rule: Rule, codelists: dict[str, CodeList]) -> Spoken:
    """The rule as an expectation. Raises KeyError for a kind that nobody has translated: never a silent pass."""
    return _SPEAKERS[rule.kind](scene, rule, codelists)


def conditions(scene: Scene) -> tuple[Spoken, ...]:
    """The table's `expression` rules, those on one table or view said in one breath so that they are worked out together."""
    told: dict[str, list[Rule]] = {}
    for rule in table_rules(scene.extract, scene.table):
        if rule.kind is RuleKind.expression:
            told.setdefault(rule.args.get("on", scene.table.name), []).append(rule)
    return tuple(s for on, rules in told.items() for s in _together(scene, on, rules))


def _together(scene: Scene, on: str, rules: list[Rule]) -> list[Spoken]:
    trees = [expressions.parse(text) for r in rules for text in r.conditions]
    kinds = scene.extract.kinds(scene.table, scene.extract.by_view.get(on))
    columns = sorted({n for t in trees for n in expressions.names(t)} - set(expressions.CONSTANTS))
    views = (
        *columns,
        *sorted({sent(scene.table, c) for t in trees for c in expressions.sent_names(t)} - set(columns)),
    )
    constants = {k: v.isoformat() if isinstance(v, dt.date) else v for k, v in scene.constants.items()}
    conditions_of = {r.id: list(r.conditions) for r in rules}
    told = json.dumps(
        {"conditions": conditions_of, "kinds": {c: kinds[c] for c in columns}, "constants": constants}
    )
    return [
        Spoken(
            r,
            ExpectContractCondition(rule_id=r.id, told=told, meta={"rule_id": r.id}),
            views,
            on=on,
        )
        for r in rules
    ]


def sent(table: Table, column: str) -> str:
    """The view of what was sent. Text is what was sent."""
    return column if table.by_name[column].type is FieldType.string else f"{column}@sent"


def _own(
    rule: Rule, views: tuple[str, ...], needs: tuple[str, ...], kind: str | None = None, /, **parameters: Any
) -> Spoken:
    expectation = ExpectContractRule(
        rule_kind=kind or rule.kind.value, parameters=parameters, meta={"rule_id": rule.id}
    )
    return Spoken(rule, expectation, views, needs)


def _built_in(
    rule: Rule,
    kind: Callable[..., Expectation],
    views: tuple[str, ...],
    needs: tuple[str, ...],
    /,
    **kwargs: Any,
) -> Spoken:
    return Spoken(rule, kind(**kwargs, meta={"rule_id": rule.id}), views, needs)


Lists = dict[str, CodeList]


def _required(s: Scene, r: Rule, _: Lists) -> Spoken:
    view = sent(s.table, r.args["column"])
    return _built_in(r, ExpectCountedNotNull, (view,), (), column=view)


def _readable(s: Scene, r: Rule, _: Lists) -> Spoken:
    column = r.args["column"]
    more = (f"{column}_symbol",) if s.spec(column).type is FieldType.figure else ()
    view = sent(s.table, column)
    return _own(r, (view, column, *more), (view,), column=column, sent=view, or_columns=list(more))


def _codelist(s: Scene, r: Rule, lists: Lists) -> Spoken:
    view, listed = sent(s.table, r.args["column"]), lists[r.args["codelist"]]
    if s.spec(r.args["column"]).split:
        return _several_codes(s, r, listed)
    if r.kind is RuleKind.codelist_year:
        this_year = {lower(c.code) for c in listed.codes if c.in_force(s.period.end.year)}
        return _own(
            r,
            (view,),
            (view,),
            sent=view,
            other_years=sorted({lower(c.code) for c in listed.codes} - this_year),
        )
    codes = {lower(c.code): c.maps_to or c.code for c in reversed(listed.codes)}
    stored = {lower(k): v for k, v in listed.stored().items()} | codes
    return _own(
        r, (view,), (view,), sent=view, stored=stored, codes=codes, exact=[c.code for c in listed.codes]
    )


def _several_codes(s: Scene, r: Rule, listed: CodeList) -> Spoken:
    view = sent(s.table, r.args["column"])
    codes = {lower(c.code): c.maps_to or c.code for c in reversed(listed.codes)}
    this_year = {lower(c.code) for c in listed.codes if c.in_force(s.period.end.year)}
    return _own(
        r,
        (view,),
        (view,),
        "several_codes",
        sent=view,
        split=s.spec(r.args["column"]).split,
        finds=r.kind.value,
        stored={lower(k): v for k, v in listed.stored().items()} | codes,
        codes=codes,
        exact=[c.code for c in listed.codes],
        other_years=sorted({lower(c.code) for c in listed.codes} - this_year),
    )


def _range(_: Scene, r: Rule, __: Lists) -> Spoken:
    column = r.args["column"]
    return _built_in(
        r,
        ExpectCountedBetween,
        (column,),
        (column,),
        column=column,
        min_value=r.args.get("min"),
        max_value=r.args.get("max"),
    )


def _pattern(_: Scene, r: Rule, __: Lists) -> Spoken:
    column = r.args["column"]
    return _built_in(r, ExpectCountedRegex, (column,), (column,), column=column, regex=r.args["pattern"])


def _max_length(_: Scene, r: Rule, __: Lists) -> Spoken:
    column = r.args["column"]
    return _built_in(
        r, ExpectCountedLength, (column,), (column,), column=column, max_value=r.args["max_length"]
    )


def _checksum(_: Scene, r: Rule, __: Lists) -> Spoken:
    column = r.args["column"]
    return _own(r, (column,), (column,), column=column, checksum=r.args["checksum"])


def _unique(s: Scene, r: Rule, _: Lists) -> Spoken:
    columns = list(r.args["columns"])
    grain = r.kind is RuleKind.unique
    required = [c for c in columns if s.table.by_name[c].required] if grain else columns
    within = ["_parent_row"] if grain and s.table.parent else []
    return _own(r, (*within, *columns), (), "unique", columns=columns, required=required, within=within)


def _order(s: Scene, r: Rule, _: Lists) -> Spoken:
    column, other = _same_grain(s, r.args["column"], r.args["other"])
    first, last = (other, column) if r.kind is RuleKind.not_before else (column, other)
    return _built_in(
        r,
        ExpectCountedOrder,
        (first, last),
        (first, last),
        column_A=last,
        column_B=first,
        or_equal=True,
        ignore_row_if="either_value_is_missing",
    )


def _same_grain(s: Scene, column: str, other: str) -> tuple[str, str]:
    """A day and a moment are compared as days."""
    if s.spec(column).type is s.spec(other).type:
        return column, other
    return _day(s, column), _day(s, other)


def _day(s: Scene, column: str) -> str:
    return f"{column}@day" if s.spec(column).type is FieldType.timestamp else column


def _moment(day: dt.date) -> pd.Timestamp:
    return pd.Timestamp(day)


def _not_future(s: Scene, r: Rule, _: Lists) -> Spoken:
    view = _day(s, r.args["column"])
    return _built_in(r, ExpectCountedBetween, (view,), (view,), column=view, max_value=_moment(s.last_day))


def _in_period(s: Scene, r: Rule, _: Lists) -> Spoken:
    view = _day(s, r.args["column"])
    room = dt.timedelta(days=int(r.args.get("tolerance_days", 0)))
    return _built_in(
        r,
        ExpectCountedBetween,
        (view,),
        (view,),
        column=view,
        min_value=_moment(s.period.start - room),
        max_value=_moment(s.period.end + room),
    )


def _not_placeholder(s: Scene, r: Rule, _: Lists) -> Spoken:
    view = _day(s, r.args["column"])
    return _built_in(
        r, ExpectCountedNotInSet, (view,), (view,), column=view, value_set=[_moment(d) for d in PLACEHOLDERS]
    )


def _when(s: Scene, r: Rule, _: Lists) -> Spoken:
    column, other = sent(s.table, r.args["column"]), r.args["other"]
    given = r.args.get("values") or []
    kind = s.spec(other).type
    values: list[Any] = [
        str(v).lower()
        if isinstance(v, bool)
        else v
        if kind in (FieldType.integer, FieldType.decimal)
        else str(v)
        for v in given
    ]
    asked = other if values else sent(s.table, other)
    return _own(r, (column, asked), (asked,), column=column, other=asked, values=values)


def _how_many(s: Scene, r: Rule, _: Lists) -> Spoken:
    views = [sent(s.table, c) for c in r.args["columns"]]
    return _own(r, tuple(views), (), columns=views)


def _within_days(s: Scene, r: Rule, _: Lists) -> Spoken:
    column, other = _same_grain(s, r.args["column"], r.args["other"])
    return _own(r, (column, other), (column, other), column=column, other=other, days=int(r.args["days"]))


def _matches_submitter(s: Scene, r: Rule, _: Lists) -> Spoken:
    column, who = r.args["column"], s.submitter
    names = {lower(n) for n in (who.name, *who.aliases)} | {
        lower(n) for n in (who.la_code, who.area_code) if n
    }
    return _own(r, (column,), (column,), column=column, names=sorted(names))


_SPEAKERS: dict[RuleKind, Callable[[Scene, Rule, Lists], Spoken]] = {
    RuleKind.readable: _readable,
    RuleKind.required: _required,
    RuleKind.codelist: _codelist,
    RuleKind.codelist_year: _codelist,
    RuleKind.codelist_spelling: _codelist,
    RuleKind.range: _range,
    RuleKind.pattern: _pattern,
    RuleKind.max_length: _max_length,
    RuleKind.checksum: _checksum,
    RuleKind.unique: _unique,
    RuleKind.unique_together: _unique,
    RuleKind.not_after: _order,
    RuleKind.not_before: _order,
    RuleKind.not_future: _not_future,
    RuleKind.required_if: _when,
    RuleKind.forbidden_if: _when,
    RuleKind.one_of: _how_many,
    RuleKind.at_least_one_of: _how_many,
    RuleKind.within_days: _within_days,
    RuleKind.in_period: _in_period,
    RuleKind.matches_submitter: _matches_submitter,
    RuleKind.not_placeholder: _not_placeholder,
}
