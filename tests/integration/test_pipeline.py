"""Landing to raw: nothing lost, nothing twice, the same whatever the order, and nothing past the gate."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import pipeline, registry
from ingest.agreement import Denied, load_agreements
from ingest.contract import load_contracts
from ingest.identity.store import IdentityStore
from ingest.judge import Judged
from ingest.lake import Home
from ingest.results import GateError, GateVerdict
from tests.support.small_landing import (
    census,
    council_episode,
    la12,
    place_keys,
    po01,
    police_episode,
    put,
    raw_content,
)

CONTRACTS, AGREEMENTS = load_contracts(), load_agreements()
LA12 = "council/missing_and_return_interviews"
ROOT = Path(__file__).resolve().parents[2]


def agrees(_: Judged) -> GateVerdict:
    """A second judge that always agrees; the real one has its own tests."""
    return GateVerdict()


def run(landing: Path, home: Home, gate: Any = agrees) -> pipeline.Intake:
    return pipeline.take_in_all(landing, CONTRACTS, AGREEMENTS, home, gate)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    place_keys(home)
    return home


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    return tmp_path / "landing"


def test_from_file_to_raw_and_nothing_is_lost(home: Home, landing: Path) -> None:
    rows = [council_episode(n) for n in range(20)]
    rows[3] = council_episode(3, returned_at="01/01/2025 00:00")  # returns before the start
    rows[4] = council_episode(4, started_at="rubbish")
    la12(landing, rows)
    (report,) = run(landing, home).reports
    assert (report.status, report.period, report.submitter) == (
        "partly_accepted",
        "2025-26-Q1",
        "staffordshire",
    )
    assert (report.rows_received, report.rows_accepted, report.rows_rejected) == (20, 18, 2)
    stored = pq.read_table(next(home.raw(LA12, "episodes").glob("2025*.parquet")))
    assert stored.num_rows == 18
    assert set(stored["_submission_id"].to_pylist()) == {report.submission_id}
    assert stored["_row"].to_pylist() == [n for n in range(2, 22) if n not in (5, 6)]
    row = registry.find(home, report.submission_id)
    assert row is not None and (row["rows_received"], row["rows_accepted"] + row["rows_rejected"]) == (20, 20)
    rejected = pq.read_table(home.validated(LA12, report.submission_id) / "rejected" / "episodes.parquet")
    assert rejected["_row"].to_pylist() == [5, 6]
    assert (home.receipts / f"{report.submission_id}.txt").exists()


def test_the_same_content_is_taken_in_once_under_any_name(home: Home, landing: Path) -> None:
    rows = [council_episode(n) for n in range(5)]
    la12(landing, rows)
    run(landing, home)
    before = raw_content(home)
    la12(landing, rows, folder="d2", name="again.csv", received_at="2025-09-01T09:00:00")
    first, second = run(landing, home).reports
    assert first.already_received and second.already_received
    assert first.submission_id == second.submission_id
    assert raw_content(home) == before


def test_a_correction_is_in_force_and_the_first_is_kept(home: Home, landing: Path) -> None:
    la12(landing, [council_episode(n) for n in range(5)])
    la12(landing, [council_episode(n) for n in range(4)], folder="d2", received_at="2025-08-20T09:00:00")
    first, second = run(landing, home).reports
    assert registry.latest(home, LA12, "2025-26-Q1", "staffordshire") == second.submission_id
    assert registry.submissions(home)["submission_no"].to_pylist() == [1, 2]
    assert len(list(home.raw(LA12, "episodes").glob("2025*.parquet"))) == 2
    as_of = first.row["received_at"]
    assert registry.latest(home, LA12, "2025-26-Q1", "staffordshire", as_of) == first.submission_id


def test_a_refused_correction_does_not_replace_what_was_accepted(home: Home, landing: Path) -> None:
    put(landing, "council/cin_census", "staffordshire", "d1", {"cin.xml": census([{"la_child_id": "A1"}])})
    put(
        landing,
        "council/cin_census",
        "staffordshire",
        "d2",
        {"cin.xml": census([{"la_child_id": "A1"}])[:-30]},
        "2025-09-01T09:00:00",
    )
    good, bad = run(landing, home).reports
    assert (good.status, bad.status, bad.reason_code) == ("accepted", "refused", "XML-MALFORMED")
    assert registry.latest(home, "council/cin_census", "2024-25", "staffordshire") == good.submission_id


def deliveries(landing: Path) -> None:
    """Six deliveries of three senders: corrections, one with a stated number, one that is refused."""
    la12(landing, [council_episode(n, nhs_number="9990000018") for n in range(6)])
    la12(landing, [council_episode(n) for n in range(4)], folder="d2", received_at="2025-08-20T09:00:00")
    la12(
        landing,
        [council_episode(n) for n in range(5)],
        folder="d3",
        received_at="2025-08-21T09:00:00",
        submission_no=7,
    )
    po01(landing, [police_episode(n) for n in range(6)], received_at="2025-06-10T09:00:00")
    put(
        landing,
        "council/cin_census",
        "staffordshire",
        "d1",
        {"cin.xml": census([{"la_child_id": f"C{n:03d}"} for n in range(7)])},
    )
    put(
        landing,
        "council/cin_census",
        "staffordshire",
        "d2",
        {"cin.xml": b"<Message><broken"},
        "2025-09-01T09:00:00",
    )


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """All deliveries at once, and the lake that comes of it."""
    base = tmp_path_factory.mktemp("straight")
    deliveries(base / "landing")
    home = Home(base / "home")
    place_keys(home)
    run(base / "landing", home)
    return base / "landing", raw_content(home)


@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(order=st.permutations(range(6)))
def test_any_order_of_arrival_gives_the_same_bytes(
    order: list[int], in_order: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    source, expected = in_order
    folders = sorted(p.parent for p in source.rglob("_manifest.json"))
    base = tmp_path_factory.mktemp("order")
    home = Home(base / "home")
    place_keys(home)
    for number in order:
        shutil.copytree(folders[number], base / "landing" / folders[number].relative_to(source))
        run(base / "landing", home)
    assert raw_content(home) == expected


def test_one_bad_file_never_stops_another(home: Home, landing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    la12(landing, [council_episode(1)])
    po01(landing, [police_episode(1)])
    original = pipeline.judge

    def broken(extract: Any, *rest: Any) -> Any:
        if extract.agency == "council":
            raise ZeroDivisionError("ZEBRA is in the message")
        return original(extract, *rest)

    monkeypatch.setattr(pipeline, "judge", broken)
    reports = {r.key: r for r in run(landing, home).reports}
    assert reports[LA12].reason_code == "INTERNAL-ZeroDivisionError"
    assert reports["police/missing_episodes"].status == "accepted"
    assert "ZEBRA" not in json.dumps(reports[LA12].row, default=str)


def test_a_receipt_that_cannot_be_written_stops_nothing(
    home: Home, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    la12(landing, [council_episode(1)])
    put(landing, "council/cin_census", "staffordshire", "d1", {"cin.xml": b"<Message><broken"})

    def broken(*_: Any) -> None:
        raise LookupError("ZEBRA is in the message")

    monkeypatch.setattr(pipeline, "write_receipt", broken)
    assert {r.reason_code for r in run(landing, home).reports} == {"INTERNAL-LookupError"}
    assert not any("ZEBRA" in p.read_text() for p in home.receipts.iterdir())
    monkeypatch.undo()
    assert {r.status for r in run(landing, home).reports} == {"accepted", "refused"}


def test_denied_by_the_agreement_is_refused_unread(
    home: Home, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    la12(landing, [council_episode(1)], received_at="2019-01-01T09:00:00")
    monkeypatch.setattr(pipeline.readers, "read", lambda *_: pytest.fail("the file was opened"))
    (report,) = run(landing, home).reports
    assert (report.status, report.reason_code) == ("refused", "AGREEMENT-NOT-STARTED")
    assert report.row["agreement_clause"] and report.rows_received == 0


def test_the_gate_can_refuse_and_promotion_obeys_the_report_on_disk(home: Home, landing: Path) -> None:
    la12(landing, [council_episode(1)])
    delivery = next(iter(pipeline.landing.discover(landing, CONTRACTS)))
    report = pipeline.take_in(delivery, CONTRACTS, AGREEMENTS, home, agrees)
    path = home.validated(LA12, report.submission_id) / "report.json"
    path.write_text(path.read_text().replace('"status": "accepted"', '"status": "refused"'))
    with pytest.raises(pipeline.NotPromotable):
        pipeline.promote(report.submission_id, home, CONTRACTS)
    assert not list(home.raw(LA12, "episodes").glob("2025*.parquet"))


def test_promotion_refuses_files_that_are_not_what_the_report_says(home: Home, landing: Path) -> None:
    la12(landing, [council_episode(n) for n in range(3)])
    delivery = next(iter(pipeline.landing.discover(landing, CONTRACTS)))
    report = pipeline.take_in(delivery, CONTRACTS, AGREEMENTS, home, agrees)
    path = home.validated(LA12, report.submission_id) / "accepted" / "episodes.parquet"
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    with pytest.raises(pipeline.NotPromotable):
        pipeline.promote(report.submission_id, home, CONTRACTS)


def test_nothing_is_promoted_that_was_judged_once_only(home: Home, landing: Path) -> None:
    la12(landing, [council_episode(1)])
    delivery = next(iter(pipeline.landing.discover(landing, CONTRACTS)))
    report = pipeline.take_in(delivery, CONTRACTS, AGREEMENTS, home, None)
    assert (report.status, report.gate) == ("accepted", "no_gate")
    with pytest.raises(pipeline.NotPromotable, match="judged twice"):
        pipeline.promote(report.submission_id, home, CONTRACTS)


def test_an_engine_in_doubt_lets_nothing_in(home: Home, landing: Path) -> None:
    la12(landing, [council_episode(1)])
    (report,) = run(
        landing, home, gate=lambda _: GateVerdict(errors=(GateError("episodes", "x", "raised"),))
    ).reports
    assert (report.status, report.reason_code) == ("refused", "GATE-ERRORED")


def test_what_we_got_wrong_is_tried_again_and_what_the_sender_got_wrong_is_not(
    home: Home, landing: Path
) -> None:
    la12(landing, [council_episode(1)])
    put(landing, "council/cin_census", "staffordshire", "d1", {"cin.xml": b"<Message><broken"})
    run(landing, home, gate=lambda _: GateVerdict(errors=(GateError("episodes", "x", "raised"),)))
    assert len(registry.known_contents(home)) == 1
    reports = {r.key: r for r in run(landing, home).reports}
    assert (reports[LA12].status, reports[LA12].already_received) == ("accepted", False)
    assert reports["council/cin_census"].already_received
    assert registry.statuses(home) and len(registry.known_contents(home)) == 2
    assert len(list(home.raw(LA12, "episodes").glob("2025*.parquet"))) == 1


def test_a_file_that_no_agreement_let_in_is_tried_again_when_one_does(
    home: Home, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    la12(landing, [council_episode(1)])
    with monkeypatch.context() as patch:
        for module in (pipeline, registry):
            patch.setattr(
                module, "permitted", lambda *_: Denied("AGREEMENT-SUSPENDED", "clause 9", "Suspended.")
            )
        (report,) = run(landing, home).reports
        assert report.reason_code == "AGREEMENT-SUSPENDED"
        assert run(landing, home).reports[0].already_received
    assert registry.known_contents(home) and not registry.known_contents(home, AGREEMENTS)
    assert run(landing, home).reports[0].status == "accepted"


def test_reconcile_removes_what_has_no_registry_row(home: Home, landing: Path) -> None:
    la12(landing, [council_episode(n) for n in range(3)])
    po01(landing, [police_episode(1)])
    run(landing, home)
    before, people = raw_content(home), IdentityStore(home.identity).ids()
    (victim,) = [
        r["submission_id"] for r in registry.submissions(home).to_pylist() if r["agency"] == "council"
    ]
    (home.pipeline("submissions") / f"{victim}.parquet").unlink()
    (home.raw(LA12, "episodes") / ".x.parquet.1.partial").write_bytes(b"half")
    registry.reconcile(home)
    assert not any(victim in name for name in raw_content(home))
    assert victim not in IdentityStore(home.identity).ids()
    assert not list(home.receipts.glob(f"{victim}.*")) and not list(home.lake.rglob("*.partial"))
    run(landing, home)
    assert raw_content(home) == before and IdentityStore(home.identity).ids() == people


def test_a_row_without_its_files_is_taken_in_again(home: Home, landing: Path) -> None:
    la12(landing, [council_episode(n) for n in range(3)])
    run(landing, home)
    before = raw_content(home)
    next(home.raw(LA12, "episodes").glob("2025*.parquet")).unlink()
    run(landing, home)
    assert raw_content(home) == before


KILLED = """
import os, sys
from pathlib import Path
from ingest import pipeline
from ingest.agreement import load_agreements
from ingest.contract import load_contracts
from ingest.lake import Home
from ingest.results import GateVerdict
print("ready", flush=True)
pipeline.take_in_all(Path(sys.argv[1]), load_contracts(), load_agreements(), Home(Path(sys.argv[2])), lambda _: GateVerdict())
"""


def test_killed_at_random_moments_and_started_again_gives_the_same_lake(tmp_path: Path) -> None:
    landing, undisturbed, home = (
        tmp_path / "landing",
        Home(tmp_path / "undisturbed"),
        Home(tmp_path / "killed"),
    )
    deliveries(landing)
    for each in (undisturbed, home):
        place_keys(each)
    start = time.monotonic()
    run(landing, undisturbed)
    seconds = time.monotonic() - start
    chance = random.Random(7)
    killed = 0
    for _ in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(landing), str(home.root)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, seconds))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        process.stdout.close()
    run(landing, home)
    assert killed, "the machine was too fast for any kill to land"
    assert raw_content(home) == raw_content(undisturbed)
    names = {p.name for p in home.receipts.iterdir()}
    assert names and names == {p.name for p in undisturbed.receipts.iterdir()}
    assert IdentityStore(home.identity).ids() == IdentityStore(undisturbed.identity).ids()
    assert not list(home.root.rglob("*.partial"))
