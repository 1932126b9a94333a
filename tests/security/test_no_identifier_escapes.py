"""A value planted in every identifier and free-text field is found nowhere but in landing and the identity store."""

from __future__ import annotations

import base64
import hashlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from expectations.verdict import make_gate
from ingest import pipeline
from ingest.agreement import load_agreements
from ingest.contract import Contracts, FieldSpec, FieldType, Treatment, load_contracts
from ingest.identity.store import IdentityStore
from ingest.lake import Home
from tests.support.marker_scan import scan, scan_text
from tests.support.small_landing import (
    census,
    council_episode,
    la12,
    place_keys,
    po01,
    police_episode,
    put,
    sheet,
)

CONTRACTS, AGREEMENTS = load_contracts(), load_agreements()


class Markers:
    """Hands out values that nothing else can contain, and remembers them."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, letters: int = 14) -> str:
        seed = hashlib.sha256(f"marker {len(self.made)}".encode()).digest()
        word = "Zq" + base64.b32encode(seed).decode().rstrip("=")[: letters - 2]
        self.made.append(word)
        return word


def hidden_fields(contracts: Contracts, key: str, table: str) -> list[FieldSpec]:
    """Fields whose value must never be stored outside the identity store: identifiers, free text, whole dates of birth."""
    return [f for f in contracts[key].by_table[table].fields if f.treatment is not Treatment.keep]


def planted(key: str, table: str, marker: Markers) -> dict[str, str]:
    """A marker for every hidden field; one that cannot be read where the field is a date."""
    return {f.name: marker() for f in hidden_fields(CONTRACTS, key, table)}


def coded(key: str, table: str, marker: Markers) -> dict[str, str]:
    """Free text in cells that hold codes, numbers or dates: people write what they know where there is room."""
    kinds = (FieldType.code, FieldType.integer, FieldType.boolean, FieldType.date, FieldType.timestamp)
    spec = CONTRACTS[key].by_table[table]
    return {
        f.name: marker()
        for f in spec.fields
        if f.type in kinds and f.treatment is Treatment.keep and not f.required
    }


@pytest.fixture(scope="module")
def marker() -> Markers:
    return Markers()


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory, marker: Markers) -> Path:
    folder = tmp_path_factory.mktemp("marked") / "home" / "landing"
    council, police, health = (
        "council/missing_and_return_interviews",
        "police/missing_episodes",
        "health/looked_after_health_assessments",
    )
    whole = {"birth_date": "03/04/2012"}  # a readable birth date, so that the row is judged to its end
    la12(folder, [
        council_episode(1, **planted(council, "episodes", marker)), council_episode(2, **{**planted(council, "episodes", marker), **whole}),
        council_episode(3, **coded(council, "episodes", marker)), council_episode(2, la_child_id=marker()),
        council_episode(4, **{**planted(council, "episodes", marker), "started_at": marker(), "missing_type": marker()}),
        {**council_episode(5), "Carer": marker(), "Home address": marker()},
    ], extra=["Carer", "Home address"])  # fmt: skip
    po01(folder, [
        police_episode(1, **planted(police, "episodes", marker)), police_episode(2, **{**planted(police, "episodes", marker), **whole}),
        police_episode(3, **coded(police, "episodes", marker)),
    ])  # fmt: skip
    episode = dict(
        zip(
            ("assessment_ref", "responsible_la", "assessment_type", "entered_care_on"),
            ("R1", "860", "IHA", "01/05/2025"),
            strict=True,
        )
    )
    put(folder, health, "nhs_ssot", "d1", {"he04.csv": sheet(health, "assessments", [
        {**episode, **planted(health, "assessments", marker)}, {**episode, "assessment_ref": "R2", **coded(health, "assessments", marker)},
    ])})  # fmt: skip
    # Files that break on the way, each with something to lose.
    rows = sheet(council, "episodes", [council_episode(9)]).decode()
    put(
        folder,
        council,
        "staffordshire",
        "ragged",
        {
            "r.csv": (
                rows + f"M1,{marker()}\r\n" + rows.splitlines()[1] + f",{marker()},{marker()}\r\n"
            ).encode()
        },
    )
    put(
        folder,
        council,
        "staffordshire",
        "quote",
        {"q.csv": (rows + f'"{marker()},{marker()}\r\n' * 3).encode()},
    )
    put(
        folder,
        council,
        "staffordshire",
        "headless",
        {"h.csv": f"{marker()},{marker()},2012-01-01\r\n{marker()},x,y\r\n".encode()},
    )
    put(folder, council, "staffordshire", "nul", {"n.csv": rows.encode() + marker().encode() + b"\0\r\n"})
    put(
        folder,
        police,
        "staffordshire_police",
        "late",
        {"p.csv": sheet(police, "episodes", [police_episode(7, surname=marker())])},
        "2035-01-01T00:00:00",
    )
    child = {"la_child_id": marker(), "upn": marker(), "former_upn": marker(), "birth_date": marker()}
    loose = f"<CINdetails>{marker()}<CINreferralDate>{marker()}</CINreferralDate><Surname>{marker()}</Surname></CINdetails>"
    put(
        folder,
        "council/cin_census",
        "staffordshire",
        "d1",
        {"c.xml": census([child, {"la_child_id": marker(), "more": loose, "referral_date": marker()}])},
    )
    put(
        folder,
        "council/cin_census",
        "staffordshire",
        "broken",
        {"c.xml": census([{"la_child_id": marker(), "birth_date": f"<{marker()}"}])},
    )
    put(
        folder,
        "council/cin_census",
        "staffordshire",
        "entity",
        {"c.xml": f'<!DOCTYPE a [<!ENTITY e "{marker()}">]><Message>&e;</Message>'.encode()},
    )
    put(
        folder,
        "school/safeguarding_return",
        "staffordshire_education",
        "d1",
        {"s.xlsx": school_workbook(marker)},
    )
    put(
        folder,
        "school/safeguarding_return",
        "staffordshire_education",
        "damaged",
        {"s.xlsx": b"PK\x03\x04" + marker().encode() * 9},
    )
    training = "partnership/training_attendance"
    booking = {
        "booking_id": "B1",
        "course": "Neglect",
        "course_date": "01/05/2025",
        "agency_name": "POLICE",
        "status": "ATTENDED",
    }
    put(
        folder,
        training,
        "partnership_office",
        "d1",
        {"t.csv": sheet(training, "bookings", [{**booking, **planted(training, "bookings", marker)}])},
    )
    return folder


def school_workbook(marker: Markers) -> bytes:
    """The yearly return as schools send it, with names where names are asked for and where they are not."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for table in CONTRACTS["school/safeguarding_return"].tables:
            page = book.add_worksheet(table.source.sheet)
            page.write(0, 0, f"Safeguarding return, academic year 2024-25, filled in by {marker()}")
            for column, field in enumerate(table.fields):
                page.write(1, column, "Part")
                page.write(2, column, field.headers[0] if field.headers else field.name)
                value = {
                    "school_urn": "123456",
                    "version": "1",
                    "la_code": "860",
                    "submitted_at": "03/02/2025 10:00",
                }.get(field.name)
                page.write(3, column, value or (marker() if field.treatment is not Treatment.keep else ""))
            page.write(5, 0, f"Note: ask {marker()}")
    return out.getvalue()


@pytest.fixture(scope="module")
def everything(landing: Path, marker: Markers) -> Iterator[tuple[Home, str, pipeline.Intake]]:
    """The whole intake, with every log line of every library kept, down to debug."""
    captured = io.StringIO()
    handler = logging.StreamHandler(captured)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    home = Home(landing.parent)
    place_keys(home)
    try:
        intake = pipeline.take_in_all(landing, CONTRACTS, AGREEMENTS, home, make_gate(CONTRACTS.codelists))
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    yield home, captured.getvalue(), intake


def test_the_markers_were_read_judged_and_stored_where_they_belong(
    everything: tuple[Home, str, pipeline.Intake], marker: Markers
) -> None:
    home, _, intake = everything
    by_status = [r.status for r in intake.reports]
    assert by_status.count("refused") >= 5 and len(by_status) - by_status.count("refused") >= 5
    assert not any((r.reason_code or "").startswith("INTERNAL") for r in intake.reports)
    store = IdentityStore(home.identity)
    kept = {v for c in store.read(sorted(store.ids())).columns for v in c.to_pylist() if isinstance(v, str)}
    assert len(kept & set(marker.made)) >= 10, "identifiers must have reached the identity store"


def test_no_marker_is_found_outside_landing_and_identity(
    everything: tuple[Home, str, pipeline.Intake], marker: Markers
) -> None:
    home, _, _ = everything
    assert scan(home.root, marker.made) == []


def test_no_marker_is_in_a_log(everything: tuple[Home, str, pipeline.Intake], marker: Markers) -> None:
    assert scan_text(everything[1], marker.made) == []


def test_the_identity_room_holds_no_marker_in_clear(
    everything: tuple[Home, str, pipeline.Intake], marker: Markers
) -> None:
    assert scan(everything[0].identity, marker.made, skip=()) == []


FORMS = {
    "clear": lambda m: m, "upper": lambda m: m.upper(), "base64": lambda m: base64.b64encode(f"x{m}y".encode()).decode(),
    "md5": lambda m: hashlib.md5(m.encode(), usedforsecurity=False).hexdigest(),
    "sha1": lambda m: hashlib.sha1(m.lower().encode(), usedforsecurity=False).hexdigest().upper(),
    "sha256": lambda m: base64.b64encode(hashlib.sha256(m.encode()).digest()).decode(),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["text", "parquet", "sqlite", "duckdb", "name"])
def test_the_scanner_finds_a_leak(tmp_path: Path, form: str, kind: str) -> None:
    leak = FORMS[form]("ZqLeakMarker77")
    if kind == "text":
        (tmp_path / "a.log").write_text(f"x {leak} y")
    elif kind == "parquet":
        pq.write_table(
            pa.table({"a": [leak] * 3, "b": [1, 2, 3]}), tmp_path / "a.parquet", compression="zstd"
        )
    elif kind == "sqlite":
        import sqlite3

        with sqlite3.connect(tmp_path / "a.db") as con:
            con.execute("create table t (a text)")
            con.execute("insert into t values (?)", [leak])
        con.close()
    elif kind == "duckdb":
        import duckdb

        with duckdb.connect(str(tmp_path / "a.duckdb")) as con:
            con.execute("create table t as select ? as a", [leak])
    elif "/" in leak:
        pytest.skip("not a possible file name")
    else:
        (tmp_path / leak).write_text("nothing")
    assert scan(tmp_path, ["ZqOther1234567", "ZqLeakMarker77"])
