"""The language of `expression` rules: a small, checked subset of SQL conditions (docs/rules.md says it for people).

Lives here: reading a condition into a tree of our own, its types, and what it may name; everything else is refused.
Add here: a function of the language, next to its SQL (expression_sql.py) and its second meaning (expectations/custom/expression.py).
Must not live here: SQL, pandas, contracts. Both judges read the tree that this module gives, and share nothing else.

A condition has three answers: true, false, and unknown where a value is missing. Only true makes a row fail.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

Kind = Literal["date", "moment", "text", "number", "boolean"]

#: What a rule may ask about besides the row. Filled in from the delivery's period and sender.
CONSTANTS: dict[str, Kind] = {
    "period_start": "date",
    "period_end": "date",
    "last_day": "date",  # the last day that the delivery can know of
    "period_year": "number",  # the year in which the period ends
    "submitter_code": "text",  # the DfE's number of the authority that sends
}


@dataclass(frozen=True)
class Signature:
    takes: tuple[str, ...]  # a kind; `any`; `int`, `words` or `regex` for literals; `...` repeats the last
    gives: Kind | Literal["same"]  # a kind, or that of the arguments


FUNCTIONS: dict[str, Signature] = {
    "age": Signature(("date", "date"), "number"),  # whole years from the first day to the second
    "add_years": Signature(("date", "int"), "date"),
    "add_months": Signature(("date", "int"), "date"),
    "year": Signature(("date",), "number"),
    "month": Signature(("date",), "number"),
    "day": Signature(("date",), "number"),
    "weekday": Signature(("date",), "number"),  # 1 Monday to 7 Sunday
    "as_day": Signature(("moment",), "date"),
    "left": Signature(("text", "int"), "text"),
    "upper": Signature(("text",), "text"),
    "length": Signature(("text",), "number"),
    "starts_with": Signature(("text", "words"), "boolean"),
    "matches": Signature(("text", "regex"), "boolean"),
    "coalesce": Signature(("any", "..."), "same"),
    "filled": Signature(("any", "..."), "number"),  # how many of its arguments have a value
    "sent": Signature(("field",), "boolean"),  # something stood in the cell, readable or not
}


class ExpressionError(ValueError):
    """A condition is outside the language. The message quotes the condition, which is contract text, never data."""


@dataclass(frozen=True)
class Name:
    """A field of the table, a column of the view, or a constant."""

    name: str


@dataclass(frozen=True)
class Const:
    value: str | int | float | bool | dt.date


@dataclass(frozen=True)
class Compare:
    op: Literal["=", "<>", "<", "<=", ">", ">="]
    left: Node
    right: Node


@dataclass(frozen=True)
class Logic:
    op: Literal["and", "or"]
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Negation:
    of: Node


@dataclass(frozen=True)
class Among:
    of: Node
    values: tuple[Const, ...]


@dataclass(frozen=True)
class Missing:
    of: Node


@dataclass(frozen=True)
class Sum:
    sign: Literal[1, -1]
    left: Node
    right: Node


@dataclass(frozen=True)
class Call:
    function: str
    args: tuple[Node, ...]


Node = Name | Const | Compare | Logic | Negation | Among | Missing | Sum | Call

_CALL = re.compile(r"\b(?!(?:in|and|or|not|between)\b)([a-z_]+)\s*\(", re.IGNORECASE)
_MARK = "rule_fn_"


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """The condition as a tree. Raises ExpressionError for anything outside the language."""
    import sqlglot  # takes a tenth of a second, so only programs that have such rules pay for it
    from sqlglot.errors import SqlglotError

    # Marked, so that no function of ours is taken for one that the library knows under other rules.
    marked = _CALL.sub(rf"{_MARK}\1(", text)
    try:
        tree = sqlglot.parse_one(marked)
    except SqlglotError as error:
        raise ExpressionError(f"cannot be read: {text}") from error
    return _read(tree, text)


def _read(tree: Any, text: str) -> Node:
    from sqlglot import exp

    def down(node: Any) -> Node:
        return _read(node, text)

    operators = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
    kind = type(tree)
    if kind is exp.Paren:
        return down(tree.this)
    if kind in (exp.And, exp.Or):
        op: Literal["and", "or"] = "and" if kind is exp.And else "or"
        parts: list[Node] = []
        for side in (down(tree.this), down(tree.expression)):
            parts += side.parts if isinstance(side, Logic) and side.op == op else [side]
        return Logic(op, tuple(parts))
    if kind is exp.Not:
        return Negation(down(tree.this))
    if kind in operators:
        return Compare(operators[kind], down(tree.this), down(tree.expression))  # type: ignore[arg-type]
    if kind is exp.In and tree.expressions and not tree.args.get("query"):
        values = tuple(down(v) for v in tree.expressions)
        if all(isinstance(v, Const) for v in values):
            return Among(down(tree.this), tuple(v for v in values if isinstance(v, Const)))
    if kind is exp.Is and isinstance(tree.expression, exp.Null):
        return Missing(down(tree.this))
    if kind is exp.Between:
        of = down(tree.this)
        low, high = Compare(">=", of, down(tree.args["low"])), Compare("<=", of, down(tree.args["high"]))
        return Logic("and", (low, high))
    if kind in (exp.Add, exp.Sub):
        return Sum(1 if kind is exp.Add else -1, down(tree.this), down(tree.expression))
    if kind is exp.Anonymous and str(tree.this).startswith(_MARK):
        function = str(tree.this)[len(_MARK) :].lower()
        if function in FUNCTIONS:
            return Call(function, tuple(down(a) for a in tree.expressions))
        raise ExpressionError(f"no function {function} in the language: {text}")
    if kind is exp.Column and not tree.args.get("table") and not tree.this.args.get("quoted"):
        return Name(str(tree.name))
    if kind is exp.Boolean:
        return Const(bool(tree.this))
    if kind is exp.Literal:
        return _literal(tree)
    if kind is exp.Neg and isinstance(tree.this, exp.Literal) and not tree.this.is_string:
        value = _literal(tree.this).value
        return Const(-value) if isinstance(value, int | float) else Const(value)
    if kind is exp.Cast and isinstance(tree.this, exp.Literal) and tree.to.this == exp.DataType.Type.DATE:
        try:
            return Const(dt.date.fromisoformat(str(tree.this.this)))
        except ValueError:
            raise ExpressionError(f"no such day: {text}") from None
    raise ExpressionError(f"outside the language of rules ({kind.__name__}): {text}")


def _literal(tree: Any) -> Const:
    text = str(tree.this)
    if tree.is_string:
        return Const(text.replace(_MARK, ""))
    return Const(float(text) if "." in text else int(text))


def names(node: Node) -> Iterator[str]:
    """Every field, column and constant that the condition names."""
    match node:
        case Name(name):
            yield name
        case Const():
            return
        case Compare(_, left, right) | Sum(_, left, right):
            yield from names(left)
            yield from names(right)
        case Logic(_, parts) | Call(_, parts):
            for part in parts:
                yield from names(part)
        case Negation(of) | Among(of, _) | Missing(of):
            yield from names(of)


def sent_names(node: Node) -> Iterator[str]:
    """The fields whose cells the condition asks about with `sent`."""
    match node:
        case Call("sent", (Name(name),)):
            yield name
        case Compare(_, left, right) | Sum(_, left, right):
            yield from sent_names(left)
            yield from sent_names(right)
        case Logic(_, parts) | Call(_, parts):
            for part in parts:
                yield from sent_names(part)
        case Negation(of) | Among(of, _) | Missing(of):
            yield from sent_names(of)
        case _:
            return


def kind_of(value: str | int | float | bool | dt.date) -> Kind:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, dt.date):
        return "date"
    return "text" if isinstance(value, str) else "number"


def check(text: str, known: Mapping[str, Kind], fields: frozenset[str]) -> Node:
    """The condition's tree, when it is a condition over these columns. Raises ExpressionError otherwise.

    `known` has every column that may be named, with its kind; `fields` those that are cells of the row itself.
    """
    tree = parse(text)
    if _kind(tree, {**CONSTANTS, **known}, fields, text) != "boolean":
        raise ExpressionError(f"a rule is a condition, and this is none: {text}")
    return tree


def _kind(node: Node, known: Mapping[str, Kind], fields: frozenset[str], text: str) -> Kind:
    def down(part: Node) -> Kind:
        return _kind(part, known, fields, text)

    def same(*parts: Node) -> Kind:
        kinds: set[Kind] = {down(p) for p in parts}
        if len(kinds) != 1:
            raise ExpressionError(f"{' and '.join(sorted(kinds))} do not compare: {text}")
        return kinds.pop()

    def want(kind: Kind, part: Node) -> None:
        if down(part) != kind:
            raise ExpressionError(f"{kind} wanted, {down(part)} given: {text}")

    match node:
        case Name(name):
            if name not in known:
                raise ExpressionError(f"no column {name}: {text}")
            return known[name]
        case Const(value):
            return kind_of(value)
        case Compare(op, left, right):
            kind = same(left, right)
            if kind in ("text", "boolean") and op not in ("=", "<>"):
                raise ExpressionError(f"{kind} has no order: {text}")
        case Logic(_, parts):
            for part in parts:
                want("boolean", part)
        case Negation(of):
            want("boolean", of)
        case Among(of, values):
            same(of, *values)
        case Missing(of):
            down(of)
        case Sum(sign, left, right):
            kinds = (down(left), down(right))
            if kinds == ("date", "date") and sign == -1:
                return "number"
            if kinds == ("date", "number"):
                return "date"
            if kinds == ("number", "number"):
                return "number"
            raise ExpressionError(f"{kinds[0]} and {kinds[1]} do not add up: {text}")
        case Call(function, args):
            return _call(function, args, down, same, fields, text)
    return "boolean"


def _call(
    function: str,
    args: tuple[Node, ...],
    down: Callable[[Node], Kind],
    same: Callable[..., Kind],
    fields: frozenset[str],
    text: str,
) -> Kind:
    signature = FUNCTIONS[function]
    takes = list(signature.takes)
    if takes[-1] == "...":
        takes = takes[:-1] + [takes[-2]] * (len(args) - len(takes) + 1)
    if len(args) != len(takes) or not args:
        raise ExpressionError(f"{function} takes {len(signature.takes)}: {text}")
    for part, take in zip(args, takes, strict=True):
        value = part.value if isinstance(part, Const) else None
        if take == "int":
            sound = isinstance(value, int) and not isinstance(value, bool)
        elif take in ("words", "regex"):
            sound = isinstance(value, str)
            if take == "regex" and sound:
                re.compile(str(value))
        elif take == "field":
            sound = isinstance(part, Name) and part.name in fields
        else:
            sound = take == "any" or down(part) == take
            down(part)
        if not sound:
            raise ExpressionError(f"{function} wants {take}: {text}")
    return same(*args) if signature.gives == "same" else signature.gives
