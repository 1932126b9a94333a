"""The library's own expectations, asked for one number: how many rows are unexpected.

Lives here: a mix-in that requests that one metric, and the built-in expectations with it.
Add here: another built-in expectation that a rule kind can use.
Must not live here: conditions of our own (meaning.py).

Every result format but BOOLEAN_ONLY can carry values of rows, and BOOLEAN_ONLY carries no count. The condition and the
count are the library's; only the request is narrowed, which also saves three of four metrics an expectation
(measured: 7 ms become 2.4 ms).
"""

# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from typing import Any, ClassVar

import great_expectations.expectations as gxe
from great_expectations.execution_engine import ExecutionEngine
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validator import ValidationDependencies

_DOMAIN = ("batch_id", "column", "column_A", "column_B", "ignore_row_if")
#: The library empties the result of BOOLEAN_ONLY and fills that of others itself; here SUMMARY means: what `_validate` says.
OWN_RESULT: dict[str, Any] = {"result_format": "SUMMARY"}


class Counted:
    """Ask for `<map metric>.unexpected_count` alone, and answer with it."""

    #: What the library's condition is told besides its columns.
    told: ClassVar[tuple[str, ...]] = ()

    def get_validation_dependencies(
        self,
        execution_engine: ExecutionEngine[Any] | None = None,
        runtime_configuration: dict[str, Any] | None = None,
        **_: Any,
    ) -> ValidationDependencies:
        kwargs: dict[str, Any] = self.configuration.kwargs  # type: ignore[attr-defined]
        domain = {k: kwargs[k] for k in _DOMAIN if kwargs.get(k) is not None}
        values = {k: kwargs.get(k) for k in self.told}
        metric = f"{self.map_metric}.unexpected_count"  # type: ignore[attr-defined]
        return ValidationDependencies(
            metric_configurations={
                metric: MetricConfiguration(metric, metric_domain_kwargs=domain, metric_value_kwargs=values)
            },
            result_format=OWN_RESULT,
        )

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,
    ) -> dict[str, Any]:
        failed = int(metrics[f"{self.map_metric}.unexpected_count"])  # type: ignore[attr-defined]
        return {"success": failed == 0, "result": {"unexpected_count": failed}}


class ExpectCountedNotNull(Counted, gxe.ExpectColumnValuesToNotBeNull):
    """Every value is present."""


class ExpectCountedBetween(Counted, gxe.ExpectColumnValuesToBeBetween):
    """Every value present lies between two bounds, both allowed."""

    told: ClassVar[tuple[str, ...]] = ("min_value", "max_value")


class ExpectCountedNotInSet(Counted, gxe.ExpectColumnValuesToNotBeInSet):
    """No value present is one of a set."""

    told: ClassVar[tuple[str, ...]] = ("value_set",)


class ExpectCountedRegex(Counted, gxe.ExpectColumnValuesToMatchRegex):
    """Every value present matches a pattern."""

    told: ClassVar[tuple[str, ...]] = ("regex",)


class ExpectCountedLength(Counted, gxe.ExpectColumnValueLengthsToBeBetween):
    """Every value present is of a length."""

    told: ClassVar[tuple[str, ...]] = ("min_value", "max_value")


class ExpectCountedOrder(Counted, gxe.ExpectColumnPairValuesAToBeGreaterThanB):
    """In every row with both values, A is at least B."""

    told: ClassVar[tuple[str, ...]] = ("or_equal",)
