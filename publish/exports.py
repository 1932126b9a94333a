"""Exports: tables for people (CSV with metadata) and for machines (DuckDB, Parquet).

Lives here: formula-safe CSV, CSVW metadata, the analysts' copy of the permitted tables, content hashes.
Add here: another file format for an audience.
Must not live here: choosing what an audience may see (audiences.py, disclosure.py).

Human-facing CSV neutralises cells that a spreadsheet would run as a formula; Parquet and DuckDB carry raw text.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from publish.audiences import analyst_columns, analyst_may_have, restricted_extracts
from publish.disclosure import SYMBOLS

#: What starts a formula in a spreadsheet, with the full-width twins that some of them fold to the same.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


def safe_text(text: pd.Series) -> pd.Series:
    """Put an apostrophe before text that a spreadsheet would read as a formula, also after leading blanks or a quote.

    A formula can also hide behind a separator that the reader's spreadsheet splits on (`;=1+1` in a comma file opened
    with semicolons), so a start after any separator or quote counts too. True numbers never come here: they keep their
    numeric type and stay numbers.
    """
    risky = text.str.contains(r"(?:^|[,;|\t\n\r\"'])\s*[=+\-@\t\r\x00＝＋－＠]", regex=True, na=False)
    # A line end inside a cell is a second row to some readers, and pandas does not quote a lone carriage return.
    cleaned = text.str.replace("\0", "", regex=False).str.replace(r"[\r\n]+", " ", regex=True)
    return cleaned.where(~risky, "'" + cleaned)


def to_csv(frame: pd.DataFrame) -> str:
    """Text of a CSV for people: UTF-8, CRLF-free, every text cell formula-safe, missing as empty."""
    safe = frame.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]) and not pd.api.types.is_bool_dtype(safe[column]):
            as_text = safe[column].astype("string").fillna("")
            once = pd.Series(as_text.unique(), dtype="string")  # a column has few different texts
            safe[column] = as_text.map(dict(zip(once, safe_text(once), strict=True))).astype("string")
    out = io.StringIO()
    safe.to_csv(out, index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL, float_format="%.10g")
    return out.getvalue()


def csvw(name: str, title: str, columns: dict[str, str], frame: pd.DataFrame, notes: str) -> dict[str, Any]:
    """Metadata of one table as CSV on the Web, so that a machine reads the types and a person the meanings."""
    kinds = {"i": "integer", "u": "integer", "f": "number", "b": "boolean", "M": "date"}
    return {
        "@context": "http://www.w3.org/ns/csvw",
        "url": f"{name}.csv",
        "dc:title": title,
        "dc:description": notes,
        "dc:license": "Open Government Licence v3.0 for published figures; others as the sharing agreements allow",
        "tableSchema": {
            "columns": [
                {
                    "name": c,
                    "titles": c,
                    "dc:description": columns[c],
                    "datatype": kinds.get(getattr(frame[c].dtype, "kind", "O"), "string"),
                    "null": [""],
                }
                for c in frame.columns
            ]
        },
        "symbols": SYMBOLS,
    }


def write_table(
    folder: Path, name: str, title: str, frame: pd.DataFrame, columns: dict[str, str], notes: str
) -> None:
    """One CSV and its metadata. A column without a description is an error: nothing leaves unexplained."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.csv").write_text(to_csv(frame), encoding="utf-8", newline="")
    meta = csvw(name, title, columns, frame, notes)
    (folder / f"{name}.csv-metadata.json").write_text(
        json.dumps(meta, indent=2, ensure_ascii=False) + "\n", "utf-8"
    )


def permitted(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, list[str]]]:
    """(schema, table, columns) of everything in the warehouse that analysts may have, in stable order."""
    # Tables only: a view reads the lake, which does not leave with the release.
    rows = con.execute(
        """select c.table_schema, c.table_name, list(c.column_name order by c.ordinal_position)
           from information_schema.columns c
           join information_schema.tables t
             on t.table_catalog = c.table_catalog and t.table_schema = c.table_schema and t.table_name = c.table_name
           where c.table_catalog = current_database() and t.table_type = 'BASE TABLE'
           group by c.table_schema, c.table_name order by c.table_schema, c.table_name"""
    ).fetchall()
    return [(s, t, analyst_columns(list(c))) for s, t, c in rows if analyst_may_have(str(t))]


def fingerprint(con: duckdb.DuckDBPyConnection, schema: str, table: str, columns: list[str]) -> str:
    """A hash of a table's content that does not depend on the order of its rows."""
    types = dict(
        con.execute(
            "select column_name, data_type from information_schema.columns where table_schema = ? and table_name = ?"
            " and table_catalog = current_database()",
            [schema, table],
        ).fetchall()
    )
    # Sums of doubles differ in the last bits with the order of the threads, which is no difference in content.
    parts = [f'round("{c}", 9)' if types[c] in ("DOUBLE", "FLOAT") else f'"{c}"' for c in columns]
    row = con.execute(
        f"""select count(*), coalesce(sum(h::hugeint), 0), coalesce(bit_xor(h), 0)
            from (select hash({", ".join(parts)}) as h from "{schema}"."{table}")"""
    ).fetchone()
    shape = f"{schema}.{table}({', '.join(f'{c} {types[c]}' for c in columns)})"
    return hashlib.sha256(f"{shape}|{row}".encode()).hexdigest()


def write_analyst(warehouse: Path, folder: Path) -> dict[str, int]:
    """The analysts' DuckDB file and Parquet: permitted tables and columns, rows in a fixed order. Returns row counts."""
    (folder / "parquet").mkdir(parents=True)
    target = folder / "warehouse.duckdb"
    counts: dict[str, int] = {}
    with duckdb.connect(str(target), config={"autoinstall_known_extensions": "false"}) as con:
        con.execute(f"attach '{_quoted(warehouse)}' as source (read_only)")
        con.execute("use source")
        tables = permitted(con)
        con.execute("use warehouse")
        for schema, table, columns in tables:
            named = ", ".join(f'"{c}"' for c in columns)
            con.execute(f'create schema if not exists "{schema}"')
            con.execute(
                f'create table "{schema}"."{table}" as select {named} from source."{schema}"."{table}" '
                f"{_unrestricted(columns)} order by all"
            )
            out = _quoted(folder / "parquet" / f"{table}.parquet")
            con.execute(f'copy "{schema}"."{table}" to \'{out}\' (format parquet, compression zstd)')
            counts[table] = _one(con.execute(f'select count(*) from "{schema}"."{table}"').fetchone())
        con.execute("detach source")
    target.chmod(0o444)
    return counts


def _unrestricted(columns: list[str]) -> str:
    """The condition that keeps rows of restricted extracts back, for tables whose rows say where they come from."""
    hidden = ", ".join(f"'{key}'" for key in sorted(restricted_extracts()))
    if "source_table" not in columns or not hidden:
        return ""
    return (
        f"where coalesce(array_to_string(string_split(source_table, '/')[:2], '/') not in ({hidden}), true)"
    )


def _one(row: tuple[Any, ...] | None) -> int:
    return int(row[0]) if row else 0


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes, streamed."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
