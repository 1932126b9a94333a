"""The files of the synthetic partnership as the run judged them: every planted fault is found where it was planted, nothing else
is rejected, and every file lands with its sender and period. That the truth's counts of rows and codes are what was judged
stands in test_world_truth (DQ02, DQ06)."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

from ingest import landing
from ingest.contract import Severity, derived_rules, load_contracts
from ingest.readers import csv
from tests.support.world import World

pytestmark = [pytest.mark.xdist_group("world"), pytest.mark.minutes(7)]

CONTRACTS = load_contracts()
HOPELESS = ("file broken off", "file empty", "workbook with a password")

JUDGED = """
create temp view planted as from read_parquet('{truth}/defects.parquet');
create temp view submissions as from read_parquet('{pipeline}/submissions/*.parquet');
-- A delivery is the submission of its bytes that has its sender and its period; one that was refused may have neither.
create temp table judged as
select sent.*, s.submission_id, s.status, s.reason_code
from sent left join submissions as s
    on s.agency || '/' || s.extract = sent.key and s.sha256 = sent.sha256
    and (s.status = 'refused' or (s.submitter = sent.submitter and s.period = sent.period));
-- In a set of files each table has its own.
create temp table found as
select j.file, f."table", f."row", f.rule_id
from read_parquet('{pipeline}/findings/*.parquet') as f
join judged as j on f.submission_id = j.submission_id and coalesce(j."table", f."table") = f."table"
union all
select j.file, null, null, q.rule_id
from read_parquet('{pipeline}/quality_results/*.parquet') as q join judged as j using (submission_id)
where q.rule_kind = 'file' and q.failed > 0;
"""


@pytest.fixture(scope="module")
def judged(world: World) -> Iterator[duckdb.DuckDBPyConnection]:
    """Tables `planted` (the truth's faults), `judged` (every file sent and what became of it), `found` (every finding)."""
    with duckdb.connect() as con:
        con.register("sent", sent(world))
        con.execute(JUDGED.format(truth=world.home.truth, pipeline=world.home.lake / "raw" / "pipeline"))
        yield con


def sent(world: World) -> pa.Table:
    """Every file of every sender in landing: where it lies, the delivery that it belongs to, and its table in a set."""
    rows = []
    for delivery in landing.discover(world.home.landing, CONTRACTS):
        extract = CONTRACTS[str(delivery.key)]
        if extract.agency == "published":  # comes with the code, not from the synthetic partnership
            continue
        for path in delivery.files:
            place = path.relative_to(world.home.landing)
            table = csv.table_of(path.name, extract) if extract.delivery.format == "csv_set" else None
            rows.append({"file": str(place), "key": delivery.key, "sha256": delivery.sha256, "submitter": place.parts[2],
                         "period": place.parts[3].split("__")[0], "table": table.name if table else None})  # fmt: skip
    text = pa.string()
    names = ("file", "key", "sha256", "submitter", "period", "table")
    return pa.Table.from_pylist(rows, schema=pa.schema([(n, text) for n in names]))


def test_only_what_cannot_be_read_is_refused(judged: duckdb.DuckDBPyConnection) -> None:
    refused = judged.execute("select file, reason_code from judged where status = 'refused'").fetchall()
    hopeless = judged.execute(
        f"select file, expected_rule_id from planted where kind in {HOPELESS}"
    ).fetchall()
    assert sorted(refused) == sorted(hopeless) != []


def test_every_file_is_taken_in_with_its_period_and_sender(judged: duckdb.DuckDBPyConnection) -> None:
    files, placed = judged.execute("select count(*), count(submission_id) from judged").fetchone() or (0, 0)
    misplaced = judged.execute("select file from judged where submission_id is null").fetchall()
    assert misplaced == []
    assert files == placed > 1000


def test_every_planted_fault_is_found_where_it_was_planted(judged: duckdb.DuckDBPyConnection) -> None:
    """On the row of the table where there is one; a fault of the whole file on the file."""
    wanted = """
        from planted as p
        where expected_rule_id is not null and file not in (select file from judged where status = 'refused')
    """
    lost = judged.execute(
        f"""select file, kind, expected_rule_id {wanted} and not exists (
                select 1 from found as f
                where f.file = p.file and f.rule_id = p.expected_rule_id
                  and f."table" is not distinct from p."table" and f."row" is not distinct from p."row"
            )"""
    ).fetchall()
    assert judged.execute(f"select count(*) > 200 {wanted}").fetchall() == [(True,)]
    assert lost == []


def test_nothing_is_rejected_that_was_not_planted(judged: duckdb.DuckDBPyConnection) -> None:
    rejecting = [
        rule.id
        for extract in CONTRACTS.values()
        for table in extract.tables
        for rule in derived_rules(extract, table)
        if rule.severity is Severity.reject_row
    ]
    stray = judged.execute(
        """select f.* from found as f
           where list_contains($1, f.rule_id) and not exists (
               select 1 from planted as p
               where p.file = f.file and p."table" = f."table" and p."row" = f."row"
           )""",
        [rejecting],
    ).fetchall()
    assert stray == []
    assert judged.execute(
        "select count(*) > 100 from found where list_contains($1, rule_id)", [rejecting]
    ).fetchall() == [(True,)]
