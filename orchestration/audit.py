"""The audit between build and publish: a second process reads every value of the new warehouse file.

Lives here: the scan, and the identity that a file has from its content.
Add here: another property of a closed file that must hold before anyone may see it.
Must not live here: tests of models (dbt has them).
"""

import hashlib
import json
import sys
from pathlib import Path

import duckdb


def content(path: Path) -> dict[str, str]:
    """`schema.table` -> "rows:hash" for every table of a closed file, whatever the order of its rows.

    Reading every column of every row in another process finds segments that were written but cannot be read back
    (duckdb issues 22823 and 23565). The hash is a sum over rows, so it does not depend on threads.
    """
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal order by all"
        ).fetchall()
        out: dict[str, str] = {}
        for schema, table in tables:
            row = connection.execute(
                f'select count(*), coalesce(sum(hash(t)::hugeint), 0) from "{schema}"."{table}" as t'
            ).fetchone()
            if row is not None:
                out[f"{schema}.{table}"] = f"{row[0]}:{row[1]}"
    return out


def build_id(found: dict[str, str]) -> str:
    """The first 12 hex digits of the content's hash: the same content has the same name."""
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:12]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(content(Path(sys.argv[1]))))
