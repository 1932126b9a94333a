"""Contract -> Arrow schema of the raw table, the only place where types are decided.

Lives here: the raw schema of contract tables and of the pipeline's own tables.
Add here: an Arrow type for a new field type.
Must not live here: reading or writing files.
"""

from __future__ import annotations

import pyarrow as pa

from ingest.contract import Extract, FieldSpec, FieldType, Table

#: Where a row came from: submission, row as the sender sees it, line (XML) and the row that contains it (XML).
SYSTEM = (
    pa.field("_submission_id", pa.string(), nullable=False),
    pa.field("_row", pa.int64(), nullable=False),
    pa.field("_line", pa.int64()),
    pa.field("_parent_row", pa.int64()),
)
CHILD_TOKEN = pa.field("child_token", pa.string())

TYPES: dict[FieldType, pa.DataType] = {
    FieldType.string: pa.string(),
    FieldType.code: pa.string(),
    FieldType.integer: pa.int64(),
    FieldType.decimal: pa.float64(),
    FieldType.boolean: pa.bool_(),
    FieldType.date: pa.date32(),
    FieldType.timestamp: pa.timestamp("us"),
    FieldType.figure: pa.float64(),
}


def raw_schema(extract: Extract, table: Table) -> pa.Schema:
    """The raw table's schema, all years' fields: system columns, child_token where a person is known, stored fields."""
    fields = list(SYSTEM)
    if identity_table(extract, table) is not None:
        fields.append(CHILD_TOKEN)
    for spec in table.fields:
        fields.extend(_columns(spec))
    return pa.schema(fields)


def identity_table(extract: Extract, table: Table) -> Table | None:
    """The table itself, or the nearest table around it, that says who the row is about. None when nobody is."""
    current: Table | None = table
    while current is not None:
        if current.identity is not None:
            return current
        current = extract.by_table[current.parent] if current.parent else None
    return None


def _columns(spec: FieldSpec) -> list[pa.Field]:
    if not spec.stored:
        return []
    first = pa.field(spec.name, TYPES[spec.type])
    return [first, pa.field(f"{spec.name}_symbol", pa.string())] if spec.type is FieldType.figure else [first]


PIPELINE: dict[str, pa.Schema] = {
    "submissions": pa.schema(
        [
            ("submission_id", pa.string()),
            ("agency", pa.string()),
            ("extract", pa.string()),
            ("submitter", pa.string()),
            ("area_code", pa.string()),
            ("period", pa.string()),
            ("period_start", pa.date32()),
            ("period_end", pa.date32()),
            ("submission_no", pa.int64()),
            ("received_at", pa.timestamp("us")),
            ("due_on", pa.date32()),
            ("file_names", pa.string()),
            ("sha256", pa.string()),
            ("bytes", pa.int64()),
            ("status", pa.string()),
            ("reason_code", pa.string()),
            ("agreement_id", pa.string()),
            ("agreement_clause", pa.string()),
            ("rows_received", pa.int64()),
            ("rows_accepted", pa.int64()),
            ("rows_rejected", pa.int64()),
            ("contract_version", pa.string()),
        ]
    ),
    "table_counts": pa.schema(
        [
            ("submission_id", pa.string()),
            ("table", pa.string()),
            ("received", pa.int64()),
            ("accepted", pa.int64()),
            ("rejected", pa.int64()),
            ("set_aside", pa.int64()),
        ]
    ),
    "quality_results": pa.schema(
        [
            ("submission_id", pa.string()),
            ("agency", pa.string()),
            ("extract", pa.string()),
            ("table", pa.string()),
            ("submitter", pa.string()),
            ("period", pa.string()),
            ("rule_id", pa.string()),
            ("rule_kind", pa.string()),
            ("column", pa.string()),
            ("severity", pa.string()),
            ("fixes", pa.string()),
            ("says", pa.string()),
            ("checked", pa.int64()),
            ("failed", pa.int64()),
            ("gx_failed", pa.int64()),
            ("outcome", pa.string()),
        ]
    ),
    "findings": pa.schema(
        [
            ("submission_id", pa.string()),
            ("table", pa.string()),
            ("row", pa.int64()),
            ("line", pa.int64()),
            ("column", pa.string()),
            ("rule_id", pa.string()),
            ("severity", pa.string()),
        ]
    ),
    "minimisation": pa.schema(
        [
            ("submission_id", pa.string()),
            ("table", pa.string()),
            ("column", pa.string()),
            ("action", pa.string()),
            ("cells", pa.int64()),
        ]
    ),
    "erased_rows": pa.schema(
        [
            ("submission_id", pa.string()),
            ("table", pa.string()),
            ("case_id", pa.string()),
            ("accepted", pa.int64()),
            ("rejected", pa.int64()),
            ("erased_on", pa.date32()),
        ]
    ),
    "expected_returns": pa.schema(
        [
            ("agency", pa.string()),
            ("extract", pa.string()),
            ("submitter", pa.string()),
            ("area_code", pa.string()),
            ("period", pa.string()),
            ("period_start", pa.date32()),
            ("period_end", pa.date32()),
            ("due_on", pa.date32()),
            ("grace_until", pa.date32()),
        ]
    ),
}

PERSON_MAP = pa.schema([("child_token", pa.string()), ("person_key", pa.string())])

#: All that leaves the identity room beside the person map: pseudonyms, counts and reasons. One folder of `raw/identity` each.
IDENTITY = {
    "person_event": pa.schema(
        [
            ("event_id", pa.string()),
            ("kind", pa.string()),
            ("from_person_key", pa.string()),
            ("to_person_key", pa.string()),
            ("reason", pa.string()),
            ("tokens", pa.int64()),
            ("release_id", pa.string()),
            ("recorded_on", pa.date32()),
        ]
    ),
    "restricted_token": pa.schema([("child_token", pa.string())]),
    "linkage_quality": pa.schema(
        [
            ("measured_on", pa.string()),
            ("agency_a", pa.string()),
            ("agency_b", pa.string()),
            ("group_kind", pa.string()),
            ("group_value", pa.string()),
            ("true_pairs", pa.int64()),
            ("linked_pairs", pa.int64()),
            ("correct_pairs", pa.int64()),
        ]
    ),
    "linkage_summary": pa.schema([("item", pa.string()), ("value", pa.int64())]),
}
