"""The whole command line over marked deliveries of every sender: no marker leaves landing and the identity store.

Every identifier and every free-text field of every extract carries a value that nothing else can contain, in rows that are
accepted; broken files and rows carry more of them down the paths of failure. Everything that the run wrote or printed is then
searched: the home folder, the temporary folder, the working folder, dbt's target folder, what came out of every command.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest import registry
from ingest.contract import Extract, FieldSpec, FieldType, Submitter, Table, Treatment, load_contracts
from ingest.identity.store import IdentityStore
from ingest.lake import Home
from ingest.projections.synthetic import Maker, Rows, maker, nhs_number, upn, write_delivery
from orchestration.warehouse_file import current_release
from tests.support.marker_scan import scan, scan_text
from tests.support.small_landing import census, council_episode, police_episode, put, sheet

pytestmark = pytest.mark.minutes(4)

REPOSITORY = Path(__file__).resolve().parents[2]
CONTRACTS = load_contracts()
#: Published figures and the example authority are about nobody.
SENT = {k: e for k, e in CONTRACTS.items() if e.agency != "published"}
ROWS = 4
LA12, PO01, CIN = "council/missing_and_return_interviews", "police/missing_episodes", "council/cin_census"


@dataclass
class Markers:
    """Hands out values that look right and that nothing else can contain, and remembers them."""

    made: list[str] = field(default_factory=list[str])
    days: list[dt.date] = field(default_factory=list[dt.date])

    def word(self, letters: int = 14) -> str:
        seed = hashlib.sha256(f"full run {len(self.made)}".encode()).digest()
        return self._kept("Zk" + base64.b32encode(seed).decode()[: letters - 2])

    def number(self) -> str:
        return self._kept(nhs_number(417_000 + 37 * len(self.made)))

    def pupil(self) -> str:
        return self._kept(upn(73_110_000 + 37 * len(self.made)))

    def postcode(self) -> str:
        n = len(self.made)
        return self._kept(f"ZX{10 + n // 10 % 90} {n % 10}{'QWXYZ'[n // 900 % 5]}{'ABDEFGHJLN'[n % 7]}")

    def day(self) -> dt.date:
        """A whole date of birth before the calendar of the warehouse begins."""
        n = len(self.days)
        self.days.append(dt.date(2008 + n % 2, 1 + n // 26 % 12, 2 + n % 26))
        return self.days[-1]

    def worker(self) -> str:
        """The number of a social worker in Social Work England's form, beyond any that is given."""
        return self._kept(f"SW{9_417_000 + 37 * len(self.made)}")

    def note(self) -> str:
        return f"Spoke to {self.word()} of {self.postcode()}, NHS {self.number()}, about {self.word()}@example.org"

    def _kept(self, value: str) -> str:
        self.made.append(value)
        return value

    def for_field(self, spec: FieldSpec) -> str | None:
        if spec.type in (FieldType.date, FieldType.timestamp):
            return self.day().strftime(spec.formats[0])
        if spec.checksum:
            return self.number() if spec.checksum == "nhs_number" else self.pupil()
        if spec.name == "postcode":
            return self.postcode()
        if spec.treatment is Treatment.pseudonym:
            return self.worker()
        if "email" in spec.name:
            return f"{self.word()}@example.org"
        if spec.treatment is Treatment.drop and "name" not in spec.name and "graded" not in spec.name:
            return self.note()
        return self.word(min(spec.max_length or 14, 14))


def marked(made: Maker, table: Table, marker: Markers, parents: Rows | None) -> Rows:
    """Right rows whose identifiers, free text and names of staff are markers."""
    rows = made.table(table, ROWS, parents)
    for row in rows:
        for spec in table.fields:
            if spec.treatment is not Treatment.keep and row.get(spec.name) is not None:
                row[spec.name] = marker.for_field(spec)
    return rows


def deliver(landing: Path, key: str, extract: Extract, sender: Submitter, marker: Markers) -> None:
    made = maker(extract, submitter=sender)
    tables: dict[str, Rows] = {}
    for table in made.extract.tables:
        tables[table.name] = marked(made, table, marker, tables.get(table.parent or ""))
    # In a folder of the period's name, for the returns that state it nowhere else.
    write_delivery(made.extract, tables, landing / key / sender.name / made.period.id, made.period, sender)


def spoil(landing: Path, marker: Markers) -> None:
    """Files and rows that go wrong, each with something to lose."""
    word = marker.word
    spec = CONTRACTS[LA12].by_table["episodes"]
    loose = (FieldType.code, FieldType.integer, FieldType.boolean, FieldType.date, FieldType.timestamp)
    in_codes = {f.name: word() for f in spec.fields if f.type in loose and not f.required}
    put(landing, LA12, "stoke_on_trent", "slips", {"LA12.csv": sheet(LA12, "episodes", [
        {**council_episode(1, la_code="861", la_child_id=word()), **in_codes},
        council_episode(2, la_code="861", started_at=word(), la_child_id=word()), council_episode(3, la_code="861", birth_date=word()),
        council_episode(4, la_code="861", missing_type=word(), la_child_id=word()), council_episode(5, la_code="861", nhs_number=word(), upn=word()),
        {**council_episode(6, la_code="861"), "Carer": word(), "Home address": marker.postcode()}, council_episode(7, la_code=word()),
        council_episode(8, la_code="861", la_child_id=word() * 3), council_episode(8, la_code="861", la_child_id=word()),
    ], extra=["Carer", "Home address"])}, period="2025-26-Q1")  # fmt: skip
    rows = sheet(LA12, "episodes", [council_episode(9)]).decode()
    line = rows.splitlines()[1]
    files = {
        "ragged": f"{rows}M1,{word()}\r\n{line},{word()},{word()}\r\n", "quote": rows + f'"{word()},{word()}\r\n' * 3,
        "headless": f"{word()},{marker.number()},2012-01-01\r\n{word()},x,y\r\n", "nul": f"{rows}{word()}\0\r\n",
    }  # fmt: skip
    for name, text in files.items():
        put(landing, LA12, "staffordshire", name, {f"{name}.csv": text.encode()}, period="2024-25-Q1")
    put(
        landing,
        PO01,
        "staffordshire_police",
        "twice",
        {"p.csv": sheet(PO01, "episodes", [police_episode(1, surname=word())] * 2)},
        period="2025-05",
    )
    child = {"la_child_id": word(), "upn": word(), "former_upn": word(), "birth_date": word()}
    more = f"<CINdetails>{word()}<CINreferralDate>{word()}</CINreferralDate><Surname>{word()}</Surname></CINdetails>"
    broken = {
        "loose": census([child, {"la_child_id": word(), "more": more, "referral_date": word()}], 2025, "861"),
        "open": census([{"la_child_id": word(), "birth_date": f"<{word()}"}], 2025, "861"),
        "entity": f'<!DOCTYPE a [<!ENTITY e "{word()}">]><Message>&e;</Message>'.encode(), "stranger": census([{"la_child_id": word()}], 2025, word()),
    }  # fmt: skip
    for name, content in broken.items():
        put(landing, CIN, "stoke_on_trent", name, {f"{name}.xml": content})
    put(
        landing,
        "school/safeguarding_return",
        "staffordshire_education",
        "damaged",
        {"s.xlsx": b"PK\x03\x04" + word().encode() * 9},
    )
    (landing / "letter.txt").write_text(f"Dear {word()}, about {marker.number()}", encoding="utf-8")


@dataclass
class Finished:
    place: Path
    home: Home
    marker: Markers
    outputs: list[str] = field(default_factory=list[str])

    def scp(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The command line with its own working and temporary folders; what it prints is kept."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "TMPDIR": str(self.place / "tmp"),
            "SCP_LANDING": str(self.place / "landing"),
        }
        command = [sys.executable, "-m", "orchestration.cli", "--home", str(self.home.root), *words]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
            cwd=self.place / "work",
            env=environment,
        )
        self.outputs += [done.stdout, done.stderr]
        return done


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    place = tmp_path_factory.mktemp("marked_run")
    for name in ("landing", "tmp", "work"):
        (place / name).mkdir()
    out = Finished(place, Home(place / "home"), Markers())
    for key, extract in SENT.items():
        for name in extract.submitters:
            if name != "sample_authority":
                deliver(place / "landing", key, extract, CONTRACTS.submitter(name), out.marker)
    spoil(place / "landing", out.marker)
    done = out.scp("run")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    out.scp("receipts", "list")
    for row in registry.submissions(out.home).to_pylist():
        out.scp("receipts", "show", row["submission_id"]) if row["status"] == "refused" else None
    for question in (
        "from dim_child",
        "from fct_police_missing_episode",
        "from fct_finding limit 200",
        "select cast('x' as date) from dim_child",
    ):
        out.scp("query", question)
    return out


def test_good_deliveries_of_every_extract_were_accepted_and_bad_ones_refused(finished: Finished) -> None:
    found = registry.submissions(finished.home).to_pylist()
    whole = {(r["agency"] + "/" + r["extract"], r["submitter"]) for r in found if r["status"] == "accepted"}
    missing = {(k, s) for k, e in SENT.items() for s in e.submitters if s != "sample_authority"} - whole
    assert not missing, {
        m: [(r["status"], r["reason_code"]) for r in found if r["submitter"] == m[1]] for m in missing
    }
    assert len([r for r in found if r["status"] == "refused"]) >= 5
    assert len([r for r in found if r["status"] == "partly_accepted"]) >= 2
    assert not [r for r in found if (r["reason_code"] or "").startswith("INTERNAL")]


def test_the_identity_store_has_the_identifiers_and_hides_them(finished: Finished) -> None:
    store = IdentityStore(finished.home.identity)
    kept = {v for c in store.read(sorted(store.ids())).columns for v in c.to_pylist() if isinstance(v, str)}
    assert len(kept & set(finished.marker.made)) >= 60
    assert scan(finished.home.identity, finished.marker.made, skip=()) == []


def test_no_marker_is_in_anything_that_the_run_left_behind(finished: Finished) -> None:
    places = [
        finished.home.root,
        finished.place / "tmp",
        finished.place / "work",
        REPOSITORY / "dbt_project" / "target",
        REPOSITORY / "dbt_project" / "logs",
    ]
    for folder in places:
        assert scan(folder, finished.marker.made, skip=("identity",)) == [], folder
    rooms = {p.name for p in finished.home.root.iterdir()}
    assert {"logs", "dagster", "dbt", "receipts", "lake", "warehouse", "releases", "identity"} <= rooms


def test_no_marker_was_printed(finished: Finished) -> None:
    text = "\n".join(finished.outputs)
    assert "RECEIPT" in text and "letter.txt" in text and "person_key" in text
    assert scan_text(text, finished.marker.made) == []


def test_a_whole_date_of_birth_is_stored_nowhere(finished: Finished) -> None:
    """Months only: no date column of any Parquet file or table holds a planted day."""
    days = set(finished.marker.days)
    seen: set[dt.date] = set()
    for path, table in stored_tables(finished.home):
        for name, column in zip(table.column_names, table.columns, strict=True):
            if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
                held = {
                    v.date() if isinstance(v, dt.datetime) else v for v in column.unique().to_pylist() if v
                }
                assert not held & days, (path, name)
                seen |= held
    assert {d.replace(day=1) for d in days} & seen, "the months must be there, or nothing was looked at"


def stored_tables(home: Home) -> Iterator[tuple[str, Any]]:
    for path in sorted(home.root.rglob("*.parquet")):
        if "identity" not in path.relative_to(home.root).parts[:1]:
            yield str(path), pq.read_table(path)
    for path in sorted(home.root.rglob("*.duckdb")):
        with duckdb.connect(str(path), read_only=True) as con:
            for (name,) in con.execute(
                "select table_name from duckdb_tables() where not internal and schema_name = 'main'"
            ).fetchall():
                yield f"{path}:{name}", con.execute(f'from "{name}"').to_arrow_table()


def test_the_search_finds_what_is_there(finished: Finished, tmp_path: Path) -> None:
    """Positive control: the landing folder holds every marker, and one stray line in a log is seen."""
    assert {h.marker for h in scan(finished.place / "landing", finished.marker.made, skip=())} == set(
        range(len(finished.marker.made))
    )
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "run.log").write_text(
        f"2026-01-01 ERROR could not read {finished.marker.made[40].upper()}"
    )
    assert [h.path for h in scan(tmp_path, finished.marker.made)] == ["logs/run.log"]


def test_a_build_that_fails_tells_no_marker(finished: Finished) -> None:
    """A damaged file in the lake stops the build; neither the log, the Dagster home nor the terminal quotes a row."""
    release = current_release(finished.home)
    victim = next(
        p for p in (finished.home.lake / "raw" / LA12).rglob("*.parquet") if not p.name.startswith("_")
    )
    whole = victim.read_bytes()
    victim.write_bytes(whole[: len(whole) // 2])
    try:
        done = finished.scp("build")
    finally:
        victim.write_bytes(whole)
    assert done.returncode == 1 and "Traceback" not in done.stderr and "build_warehouse failed" in done.stderr
    assert current_release(finished.home) == release
    assert scan_text(done.stdout + done.stderr, finished.marker.made) == []
    assert scan(finished.home.root, finished.marker.made, skip=("identity", "releases", "warehouse")) == []
