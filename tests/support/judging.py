"""Judging rows without files: a small extract that has every rule kind, and rows as a reader would hand them over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from ingest.calendar import Period, parse_period
from ingest.contract import (
    CodeList,
    Delivery,
    Extract,
    FieldSpec,
    FieldType,
    Identity,
    Origin,
    Rule,
    RuleKind,
    Severity,
    Submitter,
    Table,
)
from ingest.judge import Judged, judge
from ingest.readers.base import ReadResult, ShapeReject, TableRead, read_schema

QUARTER = parse_period("quarter", "2025-26-Q1")
SENDER = Submitter(
    name="staffordshire",
    title="Staffordshire",
    area_code="E10000028",
    la_code="860",
    aliases=("860",),
    contact="none",
)
NEED = CodeList.model_validate(
    {
        "name": "need",
        "title": "Need",
        "source": "test",
        "codes": [
            {"code": "N1", "label": "Abuse"},
            {"code": "N2", "label": "Disability"},
            {"code": "NA", "label": "Does not apply"},
            {"code": "OLD", "label": "Old", "to": 2020, "maps_to": "N1"},
            {"code": "NEW", "label": "New", "from": 2030},
        ],
        "fixable": {"abuse": "N1", "not known yet": "N2"},
        "known_bad": ["N7"],
    }
)
LISTS = {"need": NEED}


def field(name: str, kind: str, **more: Any) -> FieldSpec:
    formats = {"date": ["%d/%m/%Y"], "timestamp": ["%d/%m/%Y %H:%M"]}.get(kind, [])
    if kind == "code":
        more.setdefault("codelist", "need")
    return FieldSpec.model_validate(
        {
            "name": name,
            "type": kind,
            "label": f"the {name}",
            "formats": formats,
            "headers": [name.upper()],
            **more,
        }
    )


def rule(id_: str, kind: RuleKind, severity: Severity = Severity.warn, **args: Any) -> Rule:
    return Rule(id=id_, kind=kind, args=args, severity=severity, says=f"{id_} says.", fix=f"{id_} fix.")


#: Every field type and every rule kind that is declared.
FIELDS = (
    field("ref", "string", required=True, max_length=8, pattern="^[A-Z0-9-]+$"),
    field("local_id", "string", required=True, max_length=12),
    field("nhs_number", "string", checksum="nhs_number"),
    field("upn", "string", checksum="upn"),
    field("surname", "string", max_length=20),
    field("born_on", "date"),
    field("starts_on", "date", required=True),
    field("ends_on", "date"),
    field("seen_at", "timestamp"),
    field("noted_at", "timestamp"),
    field("need", "code", required=True),
    field("other_need", "code"),
    field("needs", "code", split=";,"),
    field("times", "integer", min=0, max=20),
    field("score", "decimal", min=-1.5, max=99.5),
    field("is_open", "boolean", required=True, required_severity="warn"),
    field("rate", "figure"),
    field("la_code", "string"),
)
RULES = (
    rule("R-AFTER", RuleKind.not_after, Severity.reject_row, column="starts_on", other="ends_on"),
    rule("R-AFTER-MIXED", RuleKind.not_after, column="starts_on", other="seen_at"),
    rule("R-BEFORE", RuleKind.not_before, column="noted_at", other="seen_at"),
    rule("R-FUTURE", RuleKind.not_future, Severity.reject_row, column="starts_on"),
    rule("R-FUTURE-TIME", RuleKind.not_future, column="seen_at"),
    rule("R-IF", RuleKind.required_if, column="ends_on", other="is_open", values=[False]),
    rule("R-IF-SENT", RuleKind.required_if, column="other_need", other="ends_on"),
    rule("R-IF-CODE", RuleKind.required_if, column="score", other="need", values=["N2", "NA"]),
    rule("R-IF-NUMBER", RuleKind.required_if, column="score", other="times", values=[3, 4]),
    rule("R-NOT-IF", RuleKind.forbidden_if, column="noted_at", other="ends_on"),
    rule("R-ONE", RuleKind.one_of, columns=["nhs_number", "upn"]),
    rule("R-SOME", RuleKind.at_least_one_of, columns=["times", "score", "rate"]),
    rule("R-PAIR", RuleKind.unique_together, columns=["local_id", "starts_on"]),
    rule("R-DAYS", RuleKind.within_days, column="ends_on", other="starts_on", days=30),
    rule("R-DAYS-MIXED", RuleKind.within_days, column="seen_at", other="starts_on", days=2),
    rule("R-DAYS-TIMES", RuleKind.within_days, column="noted_at", other="seen_at", days=3),
    rule("R-PERIOD", RuleKind.in_period, column="starts_on", tolerance_days=1),
    rule("R-PERIOD-TIME", RuleKind.in_period, column="seen_at"),
    rule("R-WHO", RuleKind.matches_submitter, Severity.reject_row, column="la_code"),
    rule("R-STAND-IN", RuleKind.not_placeholder, column="born_on"),
    rule("R-STAND-IN-TIME", RuleKind.not_placeholder, column="seen_at"),
)
CASES = Table(
    name="cases",
    title="Cases",
    grain=("ref", "born_on"),
    identity=Identity(local_id="local_id", surname="surname"),
    fields=FIELDS,
    rules=RULES,
)
STEPS = Table(
    name="steps",
    title="Steps",
    parent="cases",
    grain=("step",),
    fields=(field("step", "string", required=True), field("done_on", "date")),
)


def extract_of(*tables: Table, format: str = "csv", **more: Any) -> Extract:
    origin = (Origin(kind="manifest"),)
    delivery = Delivery(
        format=format, cadence="quarter", due_days=30, period_from=origin, submitter_from=origin
    )  # type: ignore[arg-type]
    return Extract(
        agency="council",
        extract="example",
        code="EX",
        title="Example",
        description="",
        submitters=("staffordshire",),
        delivery=delivery,
        tables=tables,
        **more,
    )


EXAMPLE = extract_of(CASES, STEPS)

RIGHT: dict[str, str | None] = {
    "ref": "A1", "local_id": "C1", "nhs_number": "9434765919", "upn": None, "surname": "Hernandez", "born_on": "02/01/2015",
    "starts_on": "03/04/2025", "ends_on": None, "seen_at": "03/04/2025 10:30", "noted_at": "04/04/2025 09:00", "need": "N1", "other_need": None, "needs": None,
    "times": "3", "score": "1.5", "is_open": "1", "rate": "c", "la_code": "860",
}  # fmt: skip


def row(number: int = 0, **changes: str | None) -> dict[str, str | None]:
    """A right row, with changes. Numbered rows differ in what must be unique."""
    return {**RIGHT, "ref": f"A{number + 1}", "local_id": f"C{number + 1}", **changes}


def table_read(
    table: Table, rows: Sequence[Mapping[str, Any]], shape: Iterable[ShapeReject] = ()
) -> TableRead:
    numbered = [{"_row": n + 2, "_line": n + 2, **r} for n, r in enumerate(rows)]
    return TableRead(table.name, pa.Table.from_pylist(numbered, schema=read_schema(table)), list(shape))


def judged(
    rows: Sequence[Mapping[str, Any]],
    steps: Sequence[Mapping[str, Any]] = (),
    extract: Extract = EXAMPLE,
    period: Period = QUARTER,
    shape: Iterable[ShapeReject] = (),
) -> Judged:
    reads = {"cases": table_read(CASES, rows, shape), "steps": table_read(STEPS, steps)}
    return judge(extract, LISTS, ReadResult({t.name: reads[t.name] for t in extract.tables}), period, SENDER)


def failures(j: Judged, table: str = "cases") -> dict[str, int]:
    return {t.rule.id.removeprefix(f"example.{table}."): t.failed for t in j.results(table) if t.failed}


def one(**changes: str | None) -> tuple[dict[str, Any], dict[str, int]]:
    """One row judged: its typed values and the rules that it fails."""
    with judged([row(**changes)]) as j:
        both = pa.concat_tables([j.accepted("cases"), j.rejected("cases").drop_columns("_failed")])
        return both.to_pylist()[0], failures(j)


TODAY = dt.date(2025, 8, 1)
__all__ = [
    "CASES",
    "EXAMPLE",
    "FIELDS",
    "LISTS",
    "QUARTER",
    "RULES",
    "SENDER",
    "STEPS",
    "FieldType",
    "failures",
    "judged",
    "one",
    "row",
]
