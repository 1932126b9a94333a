"""The one adapter to Great Expectations: batches of pandas in, failed counts a rule out.

Lives here: the ephemeral context, the views of columns, the batches, reading counts off results.
Add here: another way to batch, or a view of a column.
Must not live here: what a rule means (vocabulary.py, custom/), what the counts are compared with (verdict.py).

Conditions (`expression` rules) look at one row at a time, so a large table or view comes to them in parts of PART_ROWS, and the
counts of the parts are added up.

How a batch is made: a small table is one batch of all columns. A large one (over NARROW_ROWS) is one batch for each set of
columns that rules share, read from the first judge's memory and dropped again, because the library copies
the whole frame for every condition. Every rule sees every row at any size; nothing is sampled.

Measured on two busy cores: 1,000,000 rows, 20 columns, 44 rules 2.6 CPU seconds, and 1.2 more to hold the accepted rows to the
9 rejecting rules; a monthly police file of 180 rows 0.13 CPU seconds for both. Importing the library takes 5, once.

No value leaves: the result format is BOOLEAN_ONLY throughout, and a result that is not a whole number is an error. An
expectation that raises, or is missing from the results, is an error; its message is not kept, because messages quote data.
"""

# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
import pandas as pd
import pyarrow as pa
import pyarrow.compute
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.data_context import AbstractDataContext
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.validator.validator import Validator

from expectations.vocabulary import Spoken
from ingest.contract import FieldType, Table

#: pyarrow makes its functions when it is imported, so no checker knows their names.
pc: Any = pyarrow.compute

#: Above this a batch holds only the columns that its rules look at.
NARROW_ROWS = 20_000
#: Rows of a part in which conditions are counted.
PART_ROWS = 200_000

Fetch = Callable[[list[str]], pa.Table]


@dataclass
class Counts:
    """What the second judge counted: rule id -> rows that fail it; and rules without an answer, with the kind of failure."""

    failed: dict[str, int] = field(default_factory=dict[str, int])
    errors: dict[str, str] = field(default_factory=dict[str, str])


@lru_cache(maxsize=1)
def _context() -> AbstractDataContext:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    return context


def count(table: Table, spoken: tuple[Spoken, ...], rows: int, fetch: Fetch) -> Counts:
    """Count the rows that fail each rule. `fetch` gives columns of every row, as Arrow."""
    out = Counts()
    groups: dict[tuple[str, ...], list[Spoken]] = {}
    for s in spoken:
        groups.setdefault(tuple(sorted(s.columns)) if rows > NARROW_ROWS else (), []).append(s)
    for members in groups.values():
        views = sorted({v for s in members for v in s.columns})
        frame = _frame(table, views, fetch)
        silent = {v for v in views if not frame[v].notna().any()}
        out.failed.update({s.rule.id: 0 for s in members if silent.intersection(s.needs)})
        _ask(tuple(s for s in members if not silent.intersection(s.needs)), frame, out)
    return out


def count_conditions(
    spoken: tuple[Spoken, ...], parts: Callable[[list[str]], Iterable[pa.Table]], out: Counts
) -> None:
    """Count the rows that fail each condition of one table or view, part by part. An answer is wanted from every part."""
    wanted = [s.rule.id for s in spoken]
    sums, errors = dict.fromkeys(wanted, 0), dict[str, str]()
    for data in parts([_source(v) for v in spoken[0].columns]):
        part = Counts()
        _ask(spoken, _condition_frame(spoken[0].columns, data), part)
        errors |= part.errors
        for rule_id, failed in part.failed.items():
            sums[rule_id] += failed
    out.errors |= errors
    out.failed |= {rule_id: n for rule_id, n in sums.items() if rule_id not in errors}


def _condition_frame(views: tuple[str, ...], data: pa.Table) -> pd.DataFrame:
    """Columns as the evaluator wants them: texts as dictionaries, numbers and yes or no as floats, days and moments as numpy's."""
    return pd.DataFrame({v: _plain(data[_source(v)]) for v in views}, index=pd.RangeIndex(len(data)))


def _plain(cells: pa.ChunkedArray) -> pd.Series[Any]:
    if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
        return cells.dictionary_encode().to_pandas()
    if pa.types.is_boolean(cells.type):
        return cells.cast(pa.int8()).cast(pa.float64()).to_pandas()
    if pa.types.is_date(cells.type):
        return cells.cast(pa.timestamp("s")).to_pandas()
    if pa.types.is_timestamp(cells.type):
        return cells.to_pandas()
    return cells.cast(pa.float64(), safe=False).to_pandas()


def _ask(spoken: tuple[Spoken, ...], frame: pd.DataFrame, out: Counts) -> None:
    if not spoken:
        return
    wanted = {s.rule.id for s in spoken}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answers = _validate(spoken, frame)
    except Exception as error:
        out.errors.update({rule_id: type(error).__name__ for rule_id in wanted})
        return
    for answer in answers:
        rule_id = str(((answer.expectation_config and answer.expectation_config.meta) or {}).get("rule_id"))
        failed = (answer.result or {}).get("unexpected_count")
        if rule_id not in wanted:
            continue
        if (
            _raised(answer.exception_info)
            or not isinstance(failed, int)
            or (failed == 0) != bool(answer.success)
        ):
            out.errors[rule_id] = "raised"
        elif rule_id in out.failed:
            out.errors[rule_id] = "answered twice"
        else:
            out.failed[rule_id] = failed
    out.errors.update(dict.fromkeys(wanted - set(out.failed) - set(out.errors), "no answer"))


def _validate(spoken: tuple[Spoken, ...], frame: pd.DataFrame) -> list[ExpectationValidationResult]:
    """What `batch.validate` does, without its fingerprint: that hashes every cell, 36 of 63 s on a million rows."""
    engine = PandasExecutionEngine()
    engine.load_batch_data("rows", frame)
    validator = Validator(execution_engine=engine, data_context=_context())
    return validator.graph_validate(
        configurations=[s.expectation.configuration for s in spoken],
        runtime_configuration={"result_format": "BOOLEAN_ONLY", "catch_exceptions": True},
    )


def _raised(info: Any) -> bool:
    """The library gives one record of an exception, or one a metric."""
    if not info:
        return False
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return any(bool(i.get("raised_exception", True)) for i in info.values() if isinstance(i, dict))


def _frame(table: Table, views: Iterable[str], fetch: Fetch) -> pd.DataFrame:
    """The views as a pandas frame. Text stays in Arrow's memory; moments are numpy's, numbers float."""
    asked = list(views)
    source = {v: _source(v) for v in asked}
    data = fetch(sorted(set(source.values())))
    return pd.DataFrame({v: _view(table, v, data[source[v]]) for v in asked}, copy=False)


def _source(view: str) -> str:
    column, _, kind = view.partition("@")
    return f"{column}__sent" if kind == "sent" else column


def _view(table: Table, view: str, cells: pa.ChunkedArray) -> pd.Series[Any]:
    column, _, kind = view.partition("@")
    spec = table.by_name.get(column)
    if spec is not None and spec.type is FieldType.code and (kind == "sent"):
        return cells.dictionary_encode().to_pandas()
    if pa.types.is_boolean(cells.type):
        return cells.cast(pa.string()).to_pandas()
    if pa.types.is_date(cells.type) or pa.types.is_timestamp(cells.type):
        moments = cells.cast(pa.timestamp("us"))
        if kind == "day":
            moments = pc.floor_temporal(moments, unit="day")
        return moments.cast(pa.timestamp("ns")).to_pandas()
    if pa.types.is_integer(cells.type) and not column.startswith("_"):
        return cells.cast(pa.float64(), safe=False).to_pandas()
    return cells.to_pandas()
