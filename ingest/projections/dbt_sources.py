"""Contract -> dbt source file: the raw tables as dbt sees them.

Lives here: the text of one source file per extract.
Add here: another piece of metadata that dbt or Dagster reads from a source.
Must not live here: staging SQL; writing to disk (generate.py does).
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import yaml

from ingest.contract import CODE_SEPARATOR, Extract, FieldSpec, FieldType, Table
from ingest.projections.arrow import CHILD_TOKEN, SYSTEM, raw_schema

#: Arrow type -> the type's name in the warehouse, spelled so that DuckDB and Spark both know it.
SQL_TYPES: dict[pa.DataType, str] = {
    pa.string(): "varchar",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.date32(): "date",
    pa.timestamp("us"): "timestamp",
}

_SYSTEM_SAYS = {
    "_submission_id": "The submission that the row came with.",
    "_row": "The row as the sender sees it: as numbered in a spreadsheet, or the ordinal of the element in XML.",
    "_line": "The line of the XML file; for other formats the row.",
    "_parent_row": "The `_row` of the row that contains this one (XML).",
    "child_token": "Keyed pseudonym of the child as this sender knows the child.",
}


def source_name(extract: Extract) -> str:
    return f"{extract.agency}__{extract.extract}"


def source_file(extract: Extract) -> dict[str, Any]:
    """The source file's content: one source, one table per contract table, columns with types and meaning."""
    return {
        "version": 2,
        "sources": [
            {
                "name": source_name(extract),
                "description": _clean(extract.description),
                "config": {
                    "meta": {
                        "agency": extract.agency,
                        "extract": extract.extract,
                        "code": extract.code,
                        # Only where it holds: a test walks from here to the indicators.
                        **({"no_breakdown": True} if extract.no_breakdown else {}),
                    }
                },
                "tables": [_table(extract, table) for table in extract.tables],
            }
        ],
    }


def source_yaml(extract: Extract) -> str:
    return yaml.dump(source_file(extract), Dumper=_Indented, sort_keys=False, allow_unicode=True, width=1000)


def _table(extract: Extract, table: Table) -> dict[str, Any]:
    lake = f"raw/{extract.agency}/{extract.extract}/{table.name}/*.parquet"
    location = f"read_parquet('{{{{ env_var(\"SCP_LAKE\") }}}}/{lake}', union_by_name=true)"
    return {
        "name": table.name,
        "description": _clean(table.description or table.title),
        "config": {
            "meta": {
                "external_location": location,
                "grain": list(table.grain),
                "dagster": {"asset_key": ["raw", extract.agency, extract.extract, table.name]},
            }
        },
        "columns": [_column(column, table) for column in raw_schema(extract, table)],
    }


def _column(column: pa.Field, table: Table) -> dict[str, Any]:
    return {
        "name": column.name,
        "description": column_says(column.name, table),
        "data_type": SQL_TYPES[column.type],
    }


def column_says(name: str, table: Table) -> str:
    """One plain sentence on what a raw column holds."""
    if name in _SYSTEM_SAYS and name in {*(f.name for f in SYSTEM), CHILD_TOKEN.name}:
        return _SYSTEM_SAYS[name]
    field = table.by_name.get(name)
    if field is None:  # <figure>_symbol
        return f"The symbol published instead of {table.by_name[name.removesuffix('_symbol')].label} (c, x, z, k, low, u)."
    return field_says(field)


def field_says(field: FieldSpec) -> str:
    says = field.label[:1].upper() + field.label[1:] + "."
    if field.description:
        says += f" {_clean(field.description)}"
    if field.type is FieldType.code:
        says += f" {f'Codes joined by {CODE_SEPARATOR}, in order of the alphabet; code' if field.split else 'Code'} list {field.codelist}."
    if field.treatment == "month":
        says += " Coarsened to the first of the month."
    return says


def _clean(text: str) -> str:
    return " ".join(text.split())


class _Indented(yaml.SafeDumper):
    """Lists indented under their key, as dbt's own examples write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)
