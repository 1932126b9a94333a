"""What no built-in expectation says: conditions between columns, code lists, check digits, repeats.

Lives here: for each such rule kind, a vectorised function of the frame that gives the failing rows; one metric and one
expectation that run them.
Add here: the meaning of a rule kind that has no built-in expectation.
Must not live here: anything copied from the SQL (ingest/rules.py). Two readings of one declaration, or there is no judge.
"""

# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine import ExecutionEngine, PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validator import ValidationDependencies

from expectations.custom.counted import OWN_RESULT
from ingest.parse import SPACE
from ingest.validators import passes

Mask = npt.NDArray[np.bool_]
Meaning = Callable[[pd.DataFrame, dict[str, Any]], Mask]

METRIC = "table.contract_rule.failed"


def present(frame: pd.DataFrame, column: str) -> Mask:
    return frame[column].notna().to_numpy(dtype=bool)


def per_text(frame: pd.DataFrame, column: str, fails: Callable[[str], bool]) -> Mask:
    """A question about a text, asked once for every different text. Absent texts never fail."""
    texts = frame[column].astype("category")
    answers = np.array([fails(str(t)) for t in texts.cat.categories] + [False], dtype=bool)
    return answers[texts.cat.codes.to_numpy()]


def lower(text: str) -> str:
    """One letter for one letter, as a database lowers."""
    return "".join(c.lower()[0] for c in text)


def recognise(text: str, stored: dict[str, str], codes: dict[str, str]) -> str | None:
    """The code that a text stands for: a code, a known spelling, or a code with its label or a list number stuck to it."""
    known = stored.get(lower(text))
    if known is not None:
        return known
    found: set[str] = set()
    head, *tail = text.split(None, 1)
    if head.endswith(":") and tail:
        found |= {codes[c] for c in [lower(head[:-1])] if c in codes}
    elif tail:
        mark, *rest = tail[0].split(None, 1)
        if rest and mark in ("-", "\u2013", "\u2014", ":"):
            found |= {codes[c] for c in [lower(head)] if c in codes}
    for n in (1, 2, 3):
        number, mark, code = text[:n], text[n : n + 1], text[n + 1 :].strip()
        if (
            number.isascii()
            and number.isalnum()
            and mark in (")", ".", ":")
            and mark
            and not any(c.isspace() for c in code)
            and lower(code) in codes
        ):
            found.add(codes[lower(code)])
            break
    return found.pop() if len(found) == 1 else None


def _readable(f: pd.DataFrame, p: dict[str, Any]) -> Mask:
    read = present(f, p["column"])
    for more in p.get("or_columns", ()):
        read = read | present(f, more)  # not in place: pandas gives read-only arrays
    return present(f, p["sent"]) & ~read


def _codelist(f: pd.DataFrame, p: dict[str, Any]) -> Mask:
    return per_text(f, p["sent"], lambda text: recognise(text, p["stored"], p["codes"]) is None)


def _codelist_year(f: pd.DataFrame, p: dict[str, Any]) -> Mask:
    return per_text(f, p["sent"], lambda text: lower(text) in p["other_years"])


def _codelist_spelling(f: pd.DataFrame, p: dict[str, Any]) -> Mask:
    return per_text(
        f,
        p["sent"],
        lambda text: text not in p["exact"] and recognise(text, p["stored"], p["codes"]) is not None,
    )


def _several_codes(f: pd.DataFrame, p: dict[str, Any]) -> Mask:
    """A cell of several codes fails one rule only, the gravest: an unknown code, one of another year, a spelling."""

    def gravest(text: str) -> str:
        parts = [text]
        for separator in p["split"]:
            parts = [piece for part in parts for piece in part.split(separator)]
        parts = [stripped for part in parts if (stripped := part.strip(SPACE))]
        if not parts or any(recognise(part, p["stored"], p["codes"]) is None for part in parts):
            return "codelist"
        if any(lower(part) in p["other_years"] for part in parts):
            return "codelist_year"
        return "" if all(part in p["exact"] for part in parts) else "codelist_spelling"

    return per_text(f, p["sent"], lambda text: gravest(text) == p["finds"])


def _checksum(f: pd.DataFrame, p: dict[str, Any]) -> Mask:
    there = present(f, p["column"])
    out = np.zeros(len(f), dtype=bool)
    out[there] = ~passes(p["checksum"], pa.array(f.loc[there, p["column"]], pa.string()))
    return out


def _unique(f: pd.DataFrame, p: dict[str, Any]) -> Mask:
    seen = (
        np.logical_and.reduce([present(f, c) for c in p["required"]])
        if p["required"]
        else np.logical_or.reduce([present(f, c) for c in p["columns"]])
    )
    out = np.zeros(len(f), dtype=bool)
    out[seen] = f.loc[seen, [*p["within"], *p["columns"]]].duplicated(keep="first").to_numpy()
    return out


def _when(f: pd.DataFrame, p: dict[str, Any]) -> Mask:
    if p["values"]:
        return f[p["other"]].isin(p["values"]).to_numpy(dtype=bool)
    return present(f, p["other"])


def _required_if(f: pd.DataFrame, p: dict[str, Any]) -> Mask:
    return _when(f, p) & ~present(f, p["column"])


def _forbidden_if(f: pd.DataFrame, p: dict[str, Any]) -> Mask:
    return _when(f, p) & present(f, p["column"])


def _how_many(f: pd.DataFrame, p: dict[str, Any]) -> npt.NDArray[np.int64]:
    return np.sum([present(f, c) for c in p["columns"]], axis=0)


def _one_of(f: pd.DataFrame, p: dict[str, Any]) -> Mask:
    return _how_many(f, p) != 1


def _at_least_one_of(f: pd.DataFrame, p: dict[str, Any]) -> Mask:
    return _how_many(f, p) < 1


def _within_days(f: pd.DataFrame, p: dict[str, Any]) -> Mask:
    gap = f[p["column"]] - f[p["other"]]
    return (gap.notna() & ((gap < pd.Timedelta(0)) | (gap > pd.Timedelta(days=p["days"])))).to_numpy(
        dtype=bool
    )


def _matches_submitter(f: pd.DataFrame, p: dict[str, Any]) -> Mask:
    return per_text(f, p["column"], lambda text: lower(text) not in p["names"])


MEANINGS: dict[str, Meaning] = {
    "readable": _readable,
    "codelist": _codelist,
    "codelist_year": _codelist_year,
    "codelist_spelling": _codelist_spelling,
    "several_codes": _several_codes,
    "checksum": _checksum,
    "unique": _unique,
    "unique_together": _unique,
    "required_if": _required_if,
    "forbidden_if": _forbidden_if,
    "one_of": _one_of,
    "at_least_one_of": _at_least_one_of,
    "within_days": _within_days,
    "matches_submitter": _matches_submitter,
}


class ContractRuleFailed(TableMetricProvider):
    """How many rows of the batch fail a rule."""

    metric_name = METRIC
    value_keys = ("rule_kind", "parameters")

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> int:
        frame, _, _ = execution_engine.get_compute_domain(
            metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE
        )
        meaning = MEANINGS[metric_value_kwargs["rule_kind"]]
        return int(meaning(frame, metric_value_kwargs["parameters"]).sum())


class ExpectContractRule(BatchExpectation):
    """No row fails a contract rule of a kind that the library has no expectation for."""

    rule_kind: str
    parameters: dict[str, Any]

    metric_dependencies: ClassVar[tuple[str, ...]] = (METRIC,)
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id",)
    success_keys: ClassVar[tuple[str, ...]] = ("rule_kind", "parameters")

    def get_validation_dependencies(
        self,
        execution_engine: ExecutionEngine[Any] | None = None,
        runtime_configuration: dict[str, Any] | None = None,
        **_: Any,
    ) -> ValidationDependencies:
        kwargs = self.configuration.kwargs
        domain = {"batch_id": kwargs["batch_id"]} if kwargs.get("batch_id") else {}
        values = {"rule_kind": self.rule_kind, "parameters": self.parameters}
        return ValidationDependencies(
            metric_configurations={
                METRIC: MetricConfiguration(METRIC, metric_domain_kwargs=domain, metric_value_kwargs=values)
            },
            result_format=OWN_RESULT,
        )

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,
    ) -> dict[str, Any]:
        failed = int(metrics[METRIC])
        return {"success": failed == 0, "result": {"unexpected_count": failed}}
