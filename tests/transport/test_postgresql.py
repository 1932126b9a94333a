"""A real PostgreSQL: the query's rows become a delivery of the contract, and nothing can be written back."""

from __future__ import annotations

import datetime as dt
import json
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest import landing, readers
from ingest.calendar import parse_period
from ingest.transport import database
from ingest.transport.codes import Code
from tests.support.files import CONTRACTS, TRAINING
from tests.support.postgres_server import PASSWORD, READER, PostgresServer, postgres_server, self_signed
from tests.transport.conftest import BASE, Place

TODAY = dt.date(2025, 10, 3)  # the newest periods that have ended: 2025-26-Q1 and 2025-26-Q2
QUERY = """
select booking_id as "BookingID", course as "Course", level as "Level", held_on as "CourseDate",
       score::numeric(6, 2)::text as "Role", 'POLICE' as "Agency", status as "Status"
from lms.bookings
where held_on between :period_start and :period_end::date
order by booking_id;
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        server.run(
            "create schema lms",
            "create table lms.bookings (booking_id text, course text, level int, held_on date, score numeric, status text)",
            f"grant usage on schema lms to {READER}",
            f"grant all on lms.bookings to {READER}",  # it may write; the transaction may not
        )
        yield server


@pytest.fixture
def bookings(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """Synthetic bookings of two quarters, one with a comma, a quote, a line break and letters beyond ASCII."""
    postgres.run(
        "truncate lms.bookings",
        "insert into lms.bookings select 'B' || g, E'Sàfer, \"together\"\\nday ' || g, 2, date '2025-04-01' + g, 1.5, 'ATTENDED'"
        " from generate_series(1, 120) g",
    )
    yield postgres


@pytest.fixture
def source(place: Place, bookings: PostgresServer) -> dict[str, Any]:
    return {
        **BASE, "name": "lms", "kind": "postgresql", "host": "127.0.0.1", "port": bookings.port,
        "database": "postgres", "user": READER, "secret_file": str(place.secret(PASSWORD, "db_password")),
        "tls": "none", "queries": {"bookings": QUERY}, "timeout_seconds": 5,
    }  # fmt: skip


def test_the_rows_of_each_period_become_a_delivery_with_a_manifest(
    place: Place, source: dict[str, Any]
) -> None:
    place.declare(source)
    found = place.one(today=TODAY)
    assert (found.taken, found.problems) == (2, {})
    rows = {}
    for delivery in landing.discover(place.home.landing, CONTRACTS):
        assert delivery.key == TRAINING and delivery.refusal is None
        read = readers.read(delivery, CONTRACTS[TRAINING], CONTRACTS)
        resolved = landing.resolve(read, delivery, CONTRACTS[TRAINING], CONTRACTS)
        assert resolved.submitter == "partnership_office"
        assert delivery.manifest["period"] == resolved.period.id
        data = read.tables["bookings"].data
        rows[resolved.period.id] = data.num_rows
        assert data["course"][0].as_py().startswith('Sàfer, "together"')
    assert rows == {"2025-26-Q1": 90, "2025-26-Q2": 30}


def test_the_same_rows_are_not_taken_twice_and_a_correction_is(
    place: Place, source: dict[str, Any], bookings: PostgresServer
) -> None:
    place.declare(source)
    place.one(today=TODAY)
    again = place.one(today=TODAY)
    assert (again.taken, again.already) == (0, 2)
    bookings.run("update lms.bookings set status = 'CANCELLED' where booking_id = 'B1'")
    later = place.one(today=TODAY)
    assert (later.taken, later.already) == (1, 1)


def test_a_period_without_rows_is_a_nil_return(
    place: Place, source: dict[str, Any], bookings: PostgresServer
) -> None:
    bookings.run("truncate lms.bookings")
    place.declare(source)
    assert place.one(today=TODAY).taken == 2  # two periods, the same empty file
    manifests = [json.loads(b) for p, b in place.landed().items() if p.endswith("_manifest.json")]
    assert sorted(m["period"] for m in manifests) == ["2025-26-Q1", "2025-26-Q2"]
    assert all(f["rows"] == 0 for m in manifests for f in m["files"].values())


def test_the_days_are_bound_and_never_written_into_the_query() -> None:
    sql = "select a::text from t where d >= :period_start and d < :period_end + 1 and e >= :period_start order by 1;"
    text, days = database.bind(sql, parse_period("quarter", "2025-26-Q1"))
    assert text == "select a::text from t where d >= $1 and d < $2 + 1 and e >= $1 order by 1"
    assert days == (dt.date(2025, 4, 1), dt.date(2025, 6, 30))


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("select nothing from nowhere where d = :period_start order by 1", Code.QUERY),
        ("select 1 as \"BookingID\", 2 as \"Shoe size\" where now() > :period_start order by 1", Code.QUERY_COLUMNS),
        ("select 1 as \"BookingID\", 2 as \"Booking Ref\" where now() > :period_start order by 1", Code.QUERY_COLUMNS),
        ("with gone as (delete from lms.bookings returning *) select booking_id as \"BookingID\" from gone"
         " where held_on > :period_start order by 1", Code.QUERY),
        ("select nextval('lms.counter')::text as \"BookingID\" where now() > :period_start order by 1", Code.QUERY_WRITES),
        ("select 'B' as \"BookingID\" where now() > :period_start order by 1; commit; delete from lms.bookings",
         Code.QUERY),
        ("select pg_sleep(30)::text as \"BookingID\" where now() > :period_start order by 1", Code.QUERY_TIME),
        ("select (1/0)::text as \"BookingID\" where now() > :period_start order by 1", Code.QUERY),
        ("select rolpassword as \"BookingID\" from pg_authid where now() > :period_start order by 1", Code.NOT_ALLOWED),
    ],
)  # fmt: skip
def test_a_query_that_cannot_run_or_would_write(
    place: Place, source: dict[str, Any], bookings: PostgresServer, sql: str, code: Code
) -> None:
    bookings.run("create sequence if not exists lms.counter", f"grant all on lms.counter to {READER}")
    place.declare({**source, "queries": {"bookings": sql}, "query_seconds": 1, "periods": 1})
    found = place.one(today=TODAY)
    assert found.problems == {code: 1}
    assert place.landed() == {}
    assert not any("lms" in line or "ERROR" in line for line in found.says())
    place.declare(source)
    assert place.one(today=TODAY).taken == 2  # every row is still there
    assert (
        sum(
            json.loads(b)["files"]["bookings.csv"]["rows"]
            for p, b in place.landed().items()
            if "manifest" in p
        )
        == 120
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"user": "nobody_here"}, Code.LOGIN),
        ({"database": "nowhere"}, Code.NOT_FOUND),
        ({"port": 9}, Code.UNREACHABLE),
        ({"tls": "verify-full", "host": "localhost"}, Code.CERTIFICATE),  # the system trusts no such issuer
    ],
)
def test_connecting(place: Place, source: dict[str, Any], change: dict[str, Any], code: Code) -> None:
    place.declare({**source, **change})
    found = place.one(today=TODAY)
    assert found.problems == {code: 1}
    assert not any("invented" in line or "127" in line for line in found.says())


def test_the_servers_name_and_issuer_are_checked(
    place: Place, source: dict[str, Any], bookings: PostgresServer, tmp_path: Path
) -> None:
    other, _ = self_signed(tmp_path)
    checked = {**source, "tls": "verify-full", "host": "localhost", "tls_root": str(bookings.certificate)}
    for change, code in (
        ({"tls_root": str(other)}, Code.CERTIFICATE),  # another issuer
        ({"host": "127.0.0.1"}, Code.CERTIFICATE),  # another name than the certificate's
    ):
        place.declare({**checked, **change})
        assert place.one(today=TODAY).problems == {code: 1}, change
    place.declare(checked)
    assert place.one(today=TODAY).taken == 2


def test_a_wrong_password(place: Place, source: dict[str, Any]) -> None:
    place.declare(source)
    place.secret("wrong-marker", "db_password")
    found = place.one(today=TODAY)
    assert found.problems == {Code.LOGIN: 1} and not any("marker" in line for line in found.says())


def test_a_limit_on_what_a_query_brings(place: Place, source: dict[str, Any]) -> None:
    place.declare({**source, "limits": {"bytes": 1000}})
    assert place.one(today=TODAY).problems == {Code.TOO_LARGE: 1}
    assert place.landed() == {}


def test_many_rows_pass_in_little_memory(
    place: Place, source: dict[str, Any], bookings: PostgresServer
) -> None:
    bookings.run(
        "insert into lms.bookings select 'C' || g, repeat('x', 60), 2, date '2025-07-01' + (g % 90), 1.5, 'ATTENDED'"
        " from generate_series(1, 2000000) g"
    )
    place.declare({**source, "periods": 1})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = place.one(today=TODAY)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert (found.taken, found.problems) == (1, {})
    assert found.bytes > 150_000_000 and grown < 150, f"{grown:.0f} MiB more"
