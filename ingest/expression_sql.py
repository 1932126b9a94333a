"""A condition of the rule language -> DuckDB SQL, for the judge that marks rows.

Lives here: one piece of SQL a kind of node and function, and the constants of a delivery.
Add here: the SQL of a new function (its second meaning is in expectations/custom/expression.py and must not copy this one).
Must not live here: reading conditions (expressions.py), running SQL (judge.py).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping

from ingest.expressions import (
    CONSTANTS,
    Among,
    Call,
    Compare,
    Const,
    Logic,
    Missing,
    Name,
    Negation,
    Node,
    Sum,
)
from ingest.parse import literal, name

Value = str | int | float | bool | dt.date | None


def constant(value: Value) -> str:
    """A value of the contract or of the delivery's period as SQL."""
    return f"DATE '{value.isoformat()}'" if isinstance(value, dt.date) else literal(value)


def sql(node: Node, constants: Mapping[str, Value], sent: Callable[[str], str]) -> str:
    """The condition as SQL over the table or view. `sent` gives the column that holds what was sent for a field."""

    def down(part: Node) -> str:
        return sql(part, constants, sent)

    match node:
        case Name(column):
            return constant(constants[column]) if column in CONSTANTS else name(column)
        case Const(value):
            return constant(value)
        case Compare(op, left, right):
            return f"({down(left)} {op} {down(right)})"
        case Logic(op, parts):
            return "(" + f" {op.upper()} ".join(down(p) for p in parts) + ")"
        case Negation(Missing(of)):
            return f"({down(of)} IS NOT NULL)"
        case Negation(of):
            return f"(NOT {down(of)})"
        case Among(of, values):
            return f"({down(of)} IN ({', '.join(down(v) for v in values)}))"
        case Missing(of):
            return f"({down(of)} IS NULL)"
        case Sum(sign, left, right):
            return f"({down(left)} {'+' if sign == 1 else '-'} {down(right)})"
        case Call("sent", (Name(column),)):
            return f"({name(sent(column))} IS NOT NULL)"
        case Call(function, args):
            return _FUNCTIONS[function](*(down(a) for a in args))


def _age(born: str, at: str) -> str:
    birthday_to_come = f"month({at}) * 100 + day({at}) < month({born}) * 100 + day({born})"
    return f"(year({at}) - year({born}) - CASE WHEN {birthday_to_come} THEN 1 ELSE 0 END)"


_FUNCTIONS: dict[str, Callable[..., str]] = {
    "age": _age,
    "add_years": lambda day, n: f"CAST({day} + to_years({n}) AS DATE)",
    "add_months": lambda day, n: f"CAST({day} + to_months({n}) AS DATE)",
    "year": lambda day: f"year({day})",
    "month": lambda day: f"month({day})",
    "day": lambda day: f"day({day})",
    "weekday": lambda day: f"isodow({day})",
    "as_day": lambda moment: f"CAST({moment} AS DATE)",
    "left": lambda text, n: f"left({text}, {n})",
    "upper": lambda text: f"upper({text})",
    "length": lambda text: f"length({text})",
    "starts_with": lambda text, start: f"starts_with({text}, {start})",
    "matches": lambda text, pattern: f"regexp_matches({text}, {pattern})",
    "coalesce": lambda *args: f"coalesce({', '.join(args)})",
    "filled": lambda *args: "(" + " + ".join(f"({a} IS NOT NULL)::INTEGER" for a in args) + ")",
}

_PLACE = re.compile(r":(" + "|".join(CONSTANTS) + r")\b")


def with_constants(text: str, constants: Mapping[str, Value]) -> str:
    """The SQL of a view, its `:period_start` and the like filled in."""
    return _PLACE.sub(lambda found: constant(constants[found[1]]), text)
