"""The second meaning of `expression` rules: the condition worked out on whole columns, with three answers.

Lives here: an evaluator of the rule language on numpy, and the metric and expectation that ask it.
Add here: the meaning of a new function of the language.
Must not live here: anything of the first judge's SQL (ingest/expression_sql.py). Two readings, or there is no judge.

A column is its values and, apart from them, which of them are known. Texts are kept as numbers of a dictionary, so a question
about a text is asked once for every different text. All conditions on one table or view are worked out together: what several
of them say is worked out once.
"""

# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine import ExecutionEngine, PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validator import ValidationDependencies

from expectations.custom.counted import OWN_RESULT
from ingest import expressions as ex

METRIC = "table.contract_expressions.failed"

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Column:
    """Values and which are known. `words` is the dictionary when the values are numbers of texts."""

    values: Array
    known: Mask
    words: tuple[str, ...] | None = None


class Evaluator:
    """Conditions over one frame. Answers are kept, because rules say the same things again and again."""

    def __init__(
        self, frame: pd.DataFrame, kinds: Mapping[str, ex.Kind], constants: Mapping[str, Any]
    ) -> None:
        self.frame, self.kinds, self.constants = frame, kinds, constants
        self.done: dict[ex.Node, Column] = {}

    def failing(self, text: str) -> Mask:
        """The rows for which the condition is true; unknown is not true."""
        answer = self.of(ex.parse(text))
        return answer.values.astype(bool) & answer.known

    def of(self, node: ex.Node) -> Column:
        # A literal 1 equals a literal True to a dictionary, so literals are never kept.
        if isinstance(node, ex.Const):
            return self._constant(node.value)
        if node not in self.done:
            self.done[node] = self._work_out(node)
        return self.done[node]

    def _constant(self, value: Any) -> Column:
        known = np.full(len(self.frame), value is not None)
        if isinstance(value, str):
            return Column(np.zeros(len(self.frame), dtype=np.int64), known, (value,))
        if isinstance(value, dt.date):
            return Column(np.full(len(self.frame), np.datetime64(value, "D")), known)
        return Column(np.full(len(self.frame), value if value is not None else 0), known)

    def _work_out(self, node: ex.Node) -> Column:
        match node:
            case ex.Name(name):
                return self._constant(self.constants[name]) if name in ex.CONSTANTS else self._column(name)
            case ex.Const(value):
                return self._constant(value)
            case ex.Negation(of):
                inner = self.of(of)
                return Column(~inner.values.astype(bool), inner.known)
            case ex.Missing(of):
                return _certain(~self.of(of).known)
            case ex.Logic(op, parts):
                return self._logic(op == "and", [self.of(p) for p in parts])
            case ex.Compare(op, left, right):
                return self._compare(op, left, right)
            case ex.Among(of, values):
                found = [self._compare("=", of, v) for v in values]
                return Column(np.logical_or.reduce([f.values for f in found]), self.of(of).known)
            case ex.Sum(sign, left, right):
                return self._sum(sign, self.of(left), self.of(right))
            case ex.Call(function, args):
                if function == "sent" and isinstance(args[0], ex.Name):
                    view = f"{args[0].name}@sent"  # text is what was sent
                    return _certain(
                        self.frame[view if view in self.frame else args[0].name].notna().to_numpy()
                    )
                return _FUNCTIONS[function](*self._arguments(function, args))

    def _arguments(self, function: str, args: tuple[ex.Node, ...]) -> list[Any]:
        """Columns, and plain values where the function wants a literal."""
        takes = ex.FUNCTIONS[function].takes
        plain = [takes[min(n, len(takes) - 1)] in ("int", "words", "regex") for n in range(len(args))]
        return [
            a.value if literal and isinstance(a, ex.Const) else self.of(a)
            for a, literal in zip(args, plain, strict=True)
        ]

    def _column(self, name: str) -> Column:
        series = self.frame[name]
        if self.kinds[name] == "text":
            codes = series.cat.codes.to_numpy().astype(np.int64)
            return Column(codes, codes >= 0, tuple(str(c) for c in series.cat.categories))
        values, known = series.to_numpy(), series.notna().to_numpy()
        if self.kinds[name] == "date":
            values = values.astype("datetime64[D]")
        elif self.kinds[name] == "boolean":
            values = np.where(known, values, 0).astype(bool)
        return Column(values, known)

    @staticmethod
    def _logic(every: bool, parts: list[Column]) -> Column:
        """One false part settles an `and`, one true part an `or`; else one unknown part leaves it unknown."""
        settles: Mask = np.logical_or.reduce([p.known & (p.values.astype(bool) != every) for p in parts])
        all_known: Mask = np.logical_and.reduce([p.known for p in parts])
        return Column(np.where(settles, not every, every), settles | all_known)

    def _compare(self, op: str, left: ex.Node, right: ex.Node) -> Column:
        a, b = self.of(left), self.of(right)
        known = a.known & b.known
        if a.words is not None and b.words is not None:
            place = {w: n for n, w in enumerate(a.words)}
            into = np.array([place.get(w, -2) for w in b.words] + [-2], dtype=np.int64)
            same = a.values == into[b.values]
            return Column(same if op == "=" else ~same, known)
        with np.errstate(invalid="ignore"):
            return Column(_ORDERS[op](a.values, b.values), known)

    @staticmethod
    def _sum(sign: int, a: Column, b: Column) -> Column:
        known = a.known & b.known
        if a.values.dtype.kind == "M" and b.values.dtype.kind == "M":
            gap = np.where(known, a.values, np.datetime64(0, "D")) - np.where(
                known, b.values, np.datetime64(0, "D")
            )
            return Column(gap.astype(np.int64), known)
        if a.values.dtype.kind == "M":
            days = np.where(known, b.values, 0).astype("timedelta64[D]")
            return Column(a.values + sign * days, known)
        return Column(a.values + sign * b.values, known)


def _certain(values: Array) -> Column:
    return Column(values, np.ones(len(values), dtype=bool))


_ORDERS: dict[str, Callable[[Array, Array], Array]] = {
    "=": np.equal,
    "<>": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def _parts(days: Column) -> tuple[Array, Array, Array]:
    """Years, months (1 to 12) and days of the month. What is unknown counts as 1 January 1970."""
    whole = np.where(days.known, days.values, np.datetime64(0, "D")).astype("datetime64[D]")
    months = whole.astype("datetime64[M]")
    number = months.astype(np.int64)
    return number // 12 + 1970, number % 12 + 1, (whole - months).astype(np.int64) + 1


def _moved(days: Column, months: int) -> Column:
    """The same day so many months on; the last of the month where it has no such day."""
    year, month, day = _parts(days)
    number = (year - 1970) * 12 + month - 1 + months
    start = number.astype("datetime64[M]")
    longest = ((start + 1).astype("datetime64[D]") - start.astype("datetime64[D]")).astype(np.int64)
    return Column(start.astype("datetime64[D]") + (np.minimum(day, longest) - 1), days.known)


def _age(born: Column, at: Column) -> Column:
    (y0, m0, d0), (y1, m1, d1) = _parts(born), _parts(at)
    had_birthday = (m1 > m0) | ((m1 == m0) & (d1 >= d0))
    return Column(y1 - y0 - 1 + had_birthday, born.known & at.known)


def _weekday(days: Column) -> Column:
    """1 January 1970 was a Thursday, the fourth day of its week."""
    whole = np.where(days.known, days.values, np.datetime64(0, "D")).astype("datetime64[D]")
    return Column((whole.astype(np.int64) + 3) % 7 + 1, days.known)


def _of_texts(text: Column, answer: Callable[[str], Any]) -> Column:
    """An answer for each different text, spread over the rows."""
    answers = np.array([answer(w) for w in text.words or ()] + [answer("")])
    return Column(answers[text.values], text.known)


def _new_texts(text: Column, change: Callable[[str], str]) -> Column:
    made = [change(w) for w in text.words or ()]
    words = tuple(dict.fromkeys(made))
    place = {w: n for n, w in enumerate(words)}
    codes = np.array([place[w] for w in made] + [-1], dtype=np.int64)
    return Column(codes[text.values], text.known, words)


def _upper(text: str) -> str:
    """One letter for one letter, as a database raises."""
    return "".join(c.upper() if len(c.upper()) == 1 else c for c in text)


def _coalesce(*parts: Column) -> Column:
    out = parts[-1]
    for c in reversed(parts[:-1]):
        if c.words is not None:
            words = (*c.words, *(out.words or ()))
            moved = np.where(out.values >= 0, out.values + len(c.words), -1)
            out = Column(np.where(c.known, c.values, moved), c.known | out.known, words)
        else:
            out = Column(np.where(c.known, c.values, out.values), c.known | out.known)
    # One number for each text, or equal texts would differ.
    return out if out.words is None else _new_texts(out, str)


def _filled(*parts: Column) -> Column:
    return _certain(np.sum([p.known for p in parts], axis=0))


_FUNCTIONS: dict[str, Callable[..., Column]] = {
    "age": _age,
    "add_years": lambda day, n: _moved(day, 12 * n),
    "add_months": _moved,
    "year": lambda day: Column(_parts(day)[0], day.known),
    "month": lambda day: Column(_parts(day)[1], day.known),
    "day": lambda day: Column(_parts(day)[2], day.known),
    "weekday": _weekday,
    "as_day": lambda moment: Column(moment.values.astype("datetime64[D]"), moment.known),
    "left": lambda text, n: _new_texts(text, lambda w: w[:n]),
    "upper": lambda text: _new_texts(text, _upper),
    "length": lambda text: _of_texts(text, len),
    "starts_with": lambda text, start: _of_texts(text, lambda w: w.startswith(start)),
    "matches": lambda text, pattern: _of_texts(text, lambda w: re.search(pattern, w) is not None),
    "coalesce": _coalesce,
    "filled": _filled,
}


class ContractExpressionsFailed(TableMetricProvider):
    """How many rows fail each of the conditions on a table or view: rule id -> count; None for one that cannot be worked out."""

    metric_name = METRIC
    value_keys = ("told",)

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> dict[str, int | None]:
        frame, _, _ = execution_engine.get_compute_domain(
            metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE
        )
        told = json.loads(metric_value_kwargs["told"])
        constants = {
            k: dt.date.fromisoformat(v) if ex.CONSTANTS[k] == "date" else v
            for k, v in told["constants"].items()
        }
        evaluator = Evaluator(frame, told["kinds"], constants)
        return {rule_id: _count(evaluator, texts) for rule_id, texts in told["conditions"].items()}


def _count(evaluator: Evaluator, texts: list[str]) -> int | None:
    try:
        return int(np.logical_and.reduce([evaluator.failing(t) for t in texts]).sum())
    except Exception:  # what cannot be answered is no answer: the gate stays shut
        return None


class ExpectContractCondition(BatchExpectation):
    """No row fails one condition of a contract. The counts of all conditions of the table or view are asked for together.

    `told` is JSON: `conditions` (rule id -> texts), `kinds` of the columns, and `constants` of the delivery. The library copies and
    validates what an expectation holds again and again; a text costs it nothing, the same as objects cost a second a delivery.
    """

    rule_id: str
    told: str

    metric_dependencies: ClassVar[tuple[str, ...]] = (METRIC,)
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id",)
    success_keys: ClassVar[tuple[str, ...]] = ("rule_id", "told")

    def get_validation_dependencies(
        self,
        execution_engine: ExecutionEngine[Any] | None = None,
        runtime_configuration: dict[str, Any] | None = None,
        **_: Any,
    ) -> ValidationDependencies:
        kwargs = self.configuration.kwargs
        domain = {"batch_id": kwargs["batch_id"]} if kwargs.get("batch_id") else {}
        return ValidationDependencies(
            metric_configurations={
                METRIC: MetricConfiguration(
                    METRIC, metric_domain_kwargs=domain, metric_value_kwargs={"told": self.told}
                )
            },
            result_format=OWN_RESULT,
        )

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,
    ) -> dict[str, Any]:
        failed = metrics[METRIC].get(self.rule_id)
        return {"success": failed == 0, "result": {"unexpected_count": failed}}
