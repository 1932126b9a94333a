"""A small lake by hand: raw Parquet by the contracts' own schemas, and the pipeline's tables that go with it.

Lives here: writing rows that a test states, a handful of SYNTHETIC records, and starting dbt on them.
Add here: a record that several tests of the warehouse need.
Must not live here: reading senders' files (tests of the pipeline do that); assertions.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingest.calendar import parse_period
from ingest.contract import Contracts, load_contracts
from ingest.lake import Home, anchor_schemas, write_parquet
from ingest.projections.arrow import IDENTITY, PERSON_MAP, PIPELINE, raw_schema
from orchestration.manifest import ensure_manifest
from orchestration.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = REPOSITORY / "dbt_project"

Rows = Sequence[Mapping[str, Any]]


@dataclass
class LakeFixture:
    """Collects submissions, then writes them all: `lake.submit(...)`, `lake.people(...)`, `lake.write()`."""

    home: Home
    contracts: Contracts = field(default_factory=load_contracts)
    _pipeline: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {name: [] for name in PIPELINE}
    )
    _people: dict[str, str] = field(default_factory=dict)
    _identity: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _raw: list[tuple[str, str, str, Rows]] = field(default_factory=list)

    def submit(
        self,
        key: str,
        submitter: str,
        period: str,
        tables: Mapping[str, Rows],
        *,
        received: str,
        number: int = 1,
        status: str = "accepted",
        rejected: Mapping[str, int] | None = None,
    ) -> str:
        """One submission and its rows; dates and times are ISO text. Rows get `_row` 1, 2, 3 unless they say another."""
        extract, who = self.contracts[key], self.contracts.submitter(submitter)
        span = parse_period(extract.delivery.cadence, period)
        submission_id = f"s{len(self._pipeline['submissions']) + 1:015d}"
        rejected = rejected or {}
        counts = {name: len(rows) for name, rows in tables.items()} if status != "refused" else {}
        self._pipeline["submissions"].append(
            {
                "submission_id": submission_id, "agency": extract.agency, "extract": extract.extract,
                "submitter": submitter, "area_code": who.area_code, "period": period, "period_start": span.start,
                "period_end": span.end, "submission_no": number, "received_at": dt.datetime.fromisoformat(received),
                "status": status, "rows_accepted": sum(counts.values()), "rows_rejected": sum(rejected.values()),
                "rows_received": sum(counts.values()) + sum(rejected.values()), "contract_version": extract.version,
            }
        )  # fmt: skip
        for table in counts.keys() | rejected.keys():
            accepted, lost = counts.get(table, 0), rejected.get(table, 0)
            self._pipeline["table_counts"].append(
                {"submission_id": submission_id, "table": table, "received": accepted + lost, "accepted": accepted,
                 "rejected": lost, "set_aside": 0}
            )  # fmt: skip
        if status != "refused":
            self._raw.extend((submission_id, key, table, rows) for table, rows in tables.items())
        return submission_id

    def expect(self, key: str, submitter: str, period: str, due: str) -> None:
        """A return that should come."""
        extract, span = self.contracts[key], parse_period(self.contracts[key].delivery.cadence, period)
        self._pipeline["expected_returns"].append(
            {"agency": extract.agency, "extract": extract.extract, "submitter": submitter,
             "area_code": self.contracts.submitter(submitter).area_code, "period": period, "period_start": span.start,
             "period_end": span.end, "due_on": dt.date.fromisoformat(due), "grace_until": dt.date.fromisoformat(due)}
        )  # fmt: skip

    def add(self, table: str, **values: Any) -> None:
        """A row of one of the pipeline's tables."""
        self._pipeline[table].append(values)

    def people(self, **person_of_token: str) -> None:
        """Which tokens are which person; a token that is not named stands for itself."""
        self._people.update(person_of_token)

    def identity(self, table: str, **values: Any) -> None:
        """A row of one of the tables that the identity room hands over."""
        self._identity.setdefault(table, []).append(values)

    def write(self) -> Home:
        anchor_schemas(self.home, self.contracts)
        for submission_id, key, table, rows in self._raw:
            extract = self.contracts[key]
            schema = raw_schema(extract, extract.by_table[table])
            numbered = [
                {"_row": i, "_line": i, **row, "_submission_id": submission_id}
                for i, row in enumerate(rows, 1)
            ]
            write_parquet(_table(numbered, schema), self.home.raw(key, table) / f"{submission_id}.parquet")
        for name, rows in self._pipeline.items():
            if rows:
                write_parquet(_table(rows, PIPELINE[name]), self.home.pipeline(name) / "fixture.parquet")
        for name, rows in self._identity.items():
            write_parquet(_table(rows, IDENTITY[name]), self.home.from_identity(name) / f"{name}.parquet")
        if self._people:
            pairs = [{"child_token": t, "person_key": p} for t, p in self._people.items()]
            write_parquet(_table(pairs, PERSON_MAP), self.home.person_map / "person_map.parquet")
        return self.home


def _table(rows: Rows, schema: pa.Schema) -> pa.Table:
    unknown = {name for row in rows for name in row} - set(schema.names)
    if unknown:
        raise KeyError(f"not columns of the contract: {sorted(unknown)}")
    columns = [pa.array([_value(row.get(f.name), f.type) for row in rows], f.type) for f in schema]
    return pa.table(columns, schema=schema)


def _value(value: Any, kind: pa.DataType) -> Any:
    if isinstance(value, str) and pa.types.is_date(kind):
        return dt.date.fromisoformat(value)
    if isinstance(value, str) and pa.types.is_timestamp(kind):
        return dt.datetime.fromisoformat(value)
    return value


def empty_lake(root: Path) -> Home:
    """Schema anchors and nothing else: what a fresh installation has before the first delivery."""
    return LakeFixture(Home(root)).write()


@dataclass(frozen=True)
class DbtRun:
    """A finished dbt command: its target folder and what it printed."""

    target: Path
    output: str
    returncode: int


def build(home: Home, work: Path, *selected: str) -> DbtRun:
    """Build what is selected, with every test that looks at nothing else.

    Without the models' unit tests, which see no lake: test_warehouse_build runs them all, once.
    """
    return dbt(home, work, "build", "--indirect-selection", "cautious", "--exclude-resource-type", "unit_test",
               "--select", *selected)  # fmt: skip


def dbt(home: Home, work: Path, *arguments: str) -> DbtRun:
    """dbt in its own process on that lake; the warehouse is `work/warehouse.duckdb`, artifacts are in `work/target`.

    It starts from the parse that all processes of a session share, as a run of ours does.
    """
    environment = {
        **os.environ, "SCP_LAKE": str(home.lake.resolve()), "SCP_WAREHOUSE": str(work / "warehouse.duckdb"),
        "DO_NOT_TRACK": "1", "PYTHONPATH": str(REPOSITORY),
    }  # fmt: skip
    ensure_manifest(Settings(home=home))
    command = [
        sys.executable, "-m", "orchestration.dbt_command", "--no-use-colors", *arguments, "--project-dir", str(PROJECT),
        "--profiles-dir", str(PROJECT), "--target-path", str(work / "target"), "--log-path", str(work / "log"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=work)
    return DbtRun(work / "target", done.stdout + done.stderr, done.returncode)
