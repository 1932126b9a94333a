"""Reading the closed warehouse: tables by name, with the columns that pages need, never written to.

Lives here: one connection, one method that gives a frame, the few look-ups that all pages share.
Add here: a look-up that more than one page needs.
Must not live here: disclosure control, sentences, HTML.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import duckdb
import pandas as pd


class MissingTable(LookupError):
    """The warehouse has no table of that name: it was built by another version, or not to the end."""


class Warehouse:
    """A warehouse opened read-only. Tables are found by name, whichever schema dbt put them in."""

    def __init__(self, path: Path) -> None:
        # Nothing outside the file is read: no extensions, no other database.
        self.con = duckdb.connect(str(path), read_only=True, config={"autoinstall_known_extensions": "false"})
        rows = self.con.execute(
            """select table_name, min(table_schema), list(column_name order by ordinal_position)
               from information_schema.columns where table_schema not in ('information_schema', 'pg_catalog')
               group by table_name"""
        ).fetchall()
        self.columns: dict[str, list[str]] = {t: list(c) for t, _, c in rows}
        self._schema: dict[str, str] = {t: s for t, s, _ in rows}

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.con.close()

    def has(self, table: str) -> bool:
        return table in self.columns

    def sql_name(self, table: str) -> str:
        if table not in self.columns:
            raise MissingTable(f"the warehouse has no table {table}")
        return f'"{self._schema[table]}"."{table}"'

    def frame(self, table: str, columns: str, where: str = "true", *, optional: bool = False) -> pd.DataFrame:
        """The named columns (space separated) of a table, in a fixed order of rows.

        A column that the table lacks comes as missing, so that a page can say "not available"; a missing table is an
        error unless it is optional, and then it is a frame without rows.
        """
        wanted = columns.split()
        if table not in self.columns:
            if optional:
                return pd.DataFrame({c: pd.Series(dtype="object") for c in wanted})
            raise MissingTable(f"the warehouse has no table {table}")
        have = set(self.columns[table])
        parts = [f'"{c}"' if c in have else f'null as "{c}"' for c in wanted]
        return self.con.execute(
            f"select {', '.join(parts)} from {self.sql_name(table)} where {where} order by all"
        ).df()

    def query(self, sql: str) -> pd.DataFrame:
        """A grouped query for a page, with `{table}` names already resolved by `sql_name`."""
        return self.con.execute(sql).df()
