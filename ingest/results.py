"""Results of a judgement as rows: what goes to quality_results and findings, and what the gate's verdict looks like.

Lives here: the verdict of the second judge as the pipeline sees it, and the projection of counts and findings to tables.
Add here: a column of quality_results or findings (and of projections/arrow.py).
Must not live here: judging. Values of rows never come here: rule ids, counts and positions do.

Outcomes: `passed`, `failed`, `not_applicable` (the rule had no row to look at, which is not the same as passing) and
`errored` (the second judge raised, did not answer, or counted differently: the submission is refused promotion).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ingest.contract import Severity
from ingest.judge import Judged, Tally
from ingest.projections.arrow import PIPELINE

if TYPE_CHECKING:
    from ingest.readers.base import FileProblem

#: What a report says when no second judge was asked (tools and tests; the pipeline refuses to promote without one).
NO_GATE = "no_gate"

TableRule = tuple[str, str]


@dataclass(frozen=True)
class Disagreement:
    """Both judges answered and counted differently."""

    table: str
    rule_id: str
    sql_failed: int
    gx_failed: int


@dataclass(frozen=True)
class GateError:
    """The second judge has no answer. `why` is a kind of failure, never a message: messages can quote data."""

    table: str
    rule_id: str
    why: str


def _no_counts() -> dict[TableRule, int]:
    return {}


@dataclass(frozen=True)
class GateVerdict:
    """What the second judge says of a whole delivery. Anything but agreement everywhere refuses promotion."""

    gx_failed: Mapping[TableRule, int] = field(default_factory=_no_counts)
    disagreements: tuple[Disagreement, ...] = ()
    errors: tuple[GateError, ...] = ()
    rows_judged: Mapping[str, int] = field(
        default_factory=dict[str, int]
    )  # table -> rows that the second judge saw

    @property
    def ok(self) -> bool:
        return not self.disagreements and not self.errors

    @property
    def outcome(self) -> str:
        return "passed" if self.ok else "errored"

    @property
    def troubled(self) -> frozenset[TableRule]:
        """Rules without a trustworthy answer."""
        return frozenset(
            [(d.table, d.rule_id) for d in self.disagreements] + [(e.table, e.rule_id) for e in self.errors]
        )


Gate = Callable[[Judged], GateVerdict]


def quality_table(
    row: Mapping[str, Any],
    judged: Judged | None,
    verdict: GateVerdict | None,
    problems: Sequence[FileProblem] = (),
) -> pa.Table:
    """Rows of quality_results. `row` is the submission's registry row; `judged` is None when the file was not read."""
    rows = [_file_row(row, p) for p in problems]
    if judged is not None:
        for name, table in judged.tables.items():
            rows.extend(_rule_row(row, name, t, verdict) for t in table.tallies)
            rows.extend(
                _shape_row(row, name, code, n, table.rows + table.shape_rows) for code, n in table.shape
            )
    return pa.Table.from_pylist(rows, schema=PIPELINE["quality_results"])


def findings_table(row: Mapping[str, Any], judged: Judged | None) -> pa.Table:
    """Rows of findings: where, and which rule."""
    schema = PIPELINE["findings"]
    if judged is None:
        return schema.empty_table()
    parts = [judged.findings(name) for name in judged.tables]
    found = pa.concat_tables(parts)
    ids = pa.repeat(pa.scalar(row["submission_id"], pa.string()), found.num_rows)
    return pa.table({"submission_id": ids, **{n: found[n] for n in schema.names[1:]}}, schema=schema)


def _base(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: row.get(k) for k in ("submission_id", "agency", "extract", "submitter", "period")}


def _rule_row(row: Mapping[str, Any], table: str, t: Tally, verdict: GateVerdict | None) -> dict[str, Any]:
    place = (table, t.rule.id)
    if verdict is not None and place in verdict.troubled:
        outcome = "errored"
    else:
        outcome = "failed" if t.failed else "passed" if t.checked else "not_applicable"
    return {
        **_base(row),
        "table": table,
        "rule_id": t.rule.id,
        "rule_kind": t.kind,
        "column": (t.rule.columns or (None,))[0],
        "severity": t.rule.severity.value,
        "fixes": t.rule.fixes,
        "says": t.rule.says,
        "checked": t.checked,
        "failed": t.failed,
        "gx_failed": verdict.gx_failed.get(place) if verdict else None,
        "outcome": outcome,
    }


def _shape_row(row: Mapping[str, Any], table: str, code: str, failed: int, received: int) -> dict[str, Any]:
    return {
        **_base(row),
        "table": table,
        "rule_id": code,
        "rule_kind": "shape",
        "column": None,
        "severity": Severity.reject_row.value,
        "fixes": "sender",
        "says": "The row cannot be read as a row.",
        "checked": received,
        "failed": failed,
        "gx_failed": None,
        "outcome": "failed",
    }


def _file_row(row: Mapping[str, Any], p: FileProblem) -> dict[str, Any]:
    return {
        **_base(row),
        "table": p.table,
        "rule_id": str(p.code),
        "rule_kind": "file",
        "column": None,
        "severity": p.severity.value,
        "fixes": "sender",
        "says": p.says,
        "checked": 1,
        "failed": 1,
        "gx_failed": None,
        "outcome": "failed",
    }
