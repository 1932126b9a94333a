"""A database as a source: one query a table and period, streamed through Arrow into a CSV delivery.

Lives here: connecting through ADBC, a read-only transaction, a cursor, writing batches.
Add here: another database that has an ADBC driver with cursors.
Must not live here: putting a value into the text of a query. The period's days are bound.

One transaction serves all tables and periods of a source, at one moment of the database, so a delivery cannot mix two
states of it. The server cannot write in it, whatever the query says.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from ingest import headers
from ingest.calendar import Period
from ingest.contract import Extract, Table
from ingest.transport.codes import Code, PullError, code_of_database
from ingest.transport.config import DatabaseSource, one_line
from ingest.transport.placing import Sink, write_file

#: Rows held at a time.
BATCH = 50_000
_PLACEHOLDER = re.compile(r"(?<!:):period_(start|end)\b")


@contextmanager
def reading(source: DatabaseSource) -> Generator[Any]:
    """A cursor in a read-only transaction. Raises PullError for everything that the database says."""
    try:
        import adbc_driver_postgresql.dbapi as postgresql
    except ImportError:
        raise PullError(Code.NOT_INSTALLED) from None
    password = one_line(source.secret_file)
    try:
        with postgresql.connect(_where(source, password)) as connection, connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read read only")
            yield cursor
            connection.rollback()
    except PullError:
        raise
    except postgresql.Error as error:
        raise PullError(code_of_database(error)) from None


def _where(source: DatabaseSource, password: str) -> str:
    """libpq's connection string. It lives in memory only."""
    given: dict[str, object] = {
        "host": source.host,
        "port": source.port,
        "dbname": source.database,
        "user": source.user,
        "password": password,
        "sslmode": "verify-full" if source.tls == "verify-full" else "disable",
        "connect_timeout": source.timeout_seconds,
        "application_name": "scp_pull",
        "options": f"-c default_transaction_read_only=on -c statement_timeout={source.query_seconds * 1000}",
    }
    if source.tls == "verify-full":
        given["sslrootcert"] = source.tls_root or "system"
    return " ".join(f"{name}={_quoted(str(value))}" for name, value in given.items())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def bind(sql: str, period: Period) -> tuple[str, tuple[Any, ...]]:
    """The query with numbered places where it names the period's days, and the days, to be sent beside it."""
    days = {"start": period.start, "end": period.end}
    used = list(dict.fromkeys(_PLACEHOLDER.findall(sql)))
    text = _PLACEHOLDER.sub(lambda m: f"${used.index(m[1]) + 1}", sql.strip().rstrip(";"))
    return text, tuple(days[name] for name in used)


def fetch(
    cursor: Any, sql: str, period: Period, table: Table, extract: Extract, path: Path, limit: int
) -> tuple[Sink, int]:
    """Write the rows of one query as the contract's CSV. Returns what was written and how many rows."""
    query, days = bind(sql, period)
    cursor.execute(f"declare delivery no scroll cursor for {query}", parameters=days)
    # A fetch is not a query that COPY could wrap.
    cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})
    rows = 0

    def fill(sink: Sink) -> None:
        nonlocal rows
        for number, batch in enumerate(_batches(cursor)):
            if number == 0:
                _check_columns(batch.schema, table)
            rows += batch.num_rows
            options = pacsv.WriteOptions(include_header=number == 0, delimiter=extract.delivery.delimiter)
            text = pa.BufferOutputStream()
            pacsv.write_csv(_plain(batch), text, write_options=options)
            sink.write(text.getvalue().to_pybytes())

    sink = write_file(path, limit, fill)
    cursor.execute("close delivery")
    return sink, rows


def _batches(cursor: Any) -> Iterator[pa.Table]:
    """Batches, the first one always, so that an empty answer still says its columns."""
    first = True
    while True:
        cursor.execute(f"fetch forward {BATCH} from delivery")
        batch: pa.Table = cursor.fetch_arrow_table()
        if not first and batch.num_rows == 0:
            return
        yield batch
        if batch.num_rows < BATCH:
            return
        first = False


def _check_columns(schema: pa.Schema, table: Table) -> None:
    """Every column must be one of the contract's headers, no two the same field. Column names are not values."""
    found = headers.score(list(schema.names), table)
    if found != len(schema.names) or found == 0:
        raise PullError(Code.QUERY_COLUMNS)


def _plain(batch: pa.Table) -> pa.Table:
    """Types that Arrow has no name for (numeric, uuid) as the text in which the driver brings them."""
    columns = [_storage(column) for column in batch.columns]
    return pa.table(columns, names=list(batch.column_names))


def _storage(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not isinstance(column.type, pa.BaseExtensionType):
        return column
    chunks: list[Any] = list(column.chunks)
    return pa.chunked_array([c.storage for c in chunks], type=column.type.storage_type)
