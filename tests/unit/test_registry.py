"""Which submission is in force, whatever the order in which they were written down."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import pytest

from ingest import registry
from ingest.contract import load_contracts
from ingest.lake import Home, anchor_schemas


def row(number: int, received: str, status: str = "accepted", **values: Any) -> dict[str, Any]:
    return {
        "submission_id": f"{number:016x}", "agency": "police", "extract": "missing_episodes", "submitter": "staffordshire_police",
        "period": "2025-05", "received_at": dt.datetime.fromisoformat(received), "sha256": f"sha{number}", "status": status, **values,
    }  # fmt: skip


KEY, PERIOD, SENDER = "police/missing_episodes", "2025-05", "staffordshire_police"
ROWS = (
    (row(1, "2025-06-01T09:00"), None),
    (row(2, "2025-06-02T09:00"), None),
    (row(3, "2025-06-03T09:00", "refused"), None),
    (row(4, "2025-06-04T09:00"), 9),
    (row(5, "2025-06-05T09:00"), None),
)


def snapshot(home: Home) -> tuple[list[dict[str, Any]], str | None]:
    return registry.submissions(home).to_pylist(), registry.latest(home, KEY, PERIOD, SENDER)


def test_numbers_and_force_do_not_depend_on_the_order_of_writing(tmp_path: Path) -> None:
    seen = []
    for number, order in enumerate(itertools.islice(itertools.permutations(ROWS), 0, 120, 11)):
        home = Home(tmp_path / str(number))
        for written, stated in order:
            registry.write(home, written, stated)
        seen.append(snapshot(home))
    assert all(s == seen[0] for s in seen)
    assert [r["submission_no"] for r in seen[0][0]] == [1, 2, 3, 9, 10]
    assert seen[0][1] == ROWS[4][0]["submission_id"]


def test_a_refused_submission_is_never_in_force(tmp_path: Path) -> None:
    home = Home(tmp_path)
    registry.write(home, row(1, "2025-06-01T09:00"))
    registry.write(home, row(2, "2025-06-02T09:00", "refused"))
    assert registry.latest(home, KEY, PERIOD, SENDER) == f"{1:016x}"
    assert set(registry.statuses(home).values()) == {"accepted", "refused"}


def test_a_late_copy_with_a_lower_stated_number_does_not_win(tmp_path: Path) -> None:
    home = Home(tmp_path)
    registry.write(home, row(1, "2025-06-01T09:00"), 2)
    registry.write(home, row(2, "2025-06-09T09:00"), 1)
    assert registry.latest(home, KEY, PERIOD, SENDER) == f"{1:016x}"


def test_as_known_at_a_day(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for number in (1, 2):
        registry.write(home, row(number, f"2025-06-0{number}T09:00"))
    on = dt.datetime(2025, 6, 1, 12)
    assert registry.latest(home, KEY, PERIOD, SENDER, on) == f"{1:016x}"
    assert registry.latest(home, KEY, PERIOD, SENDER, dt.datetime(2025, 5, 1)) is None


@pytest.mark.parametrize(
    ("period", "submitter", "found"),
    [(None, None, True), (PERIOD, SENDER, True), ("2025-04", SENDER, False), (PERIOD, "another", False)],
)
def test_the_same_content_for_another_period_or_sender_is_another_submission(
    tmp_path: Path, period: str | None, submitter: str | None, found: bool
) -> None:
    home = Home(tmp_path)
    registry.write(home, row(1, "2025-06-01T09:00"))
    assert (registry.already_received(home, KEY, "sha1", period, submitter) is not None) is found


def test_an_empty_home_has_no_submissions(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert snapshot(home) == ([], None)
    anchor_schemas(home, load_contracts())
    assert snapshot(home) == ([], None)
    assert registry.current(home).num_rows == 0
    assert sum(registry.reconcile(home).values()) == 0


def test_reconcile_keeps_the_anchors_and_files_that_are_nobodys_receipt(tmp_path: Path) -> None:
    home = Home(tmp_path)
    anchor_schemas(home, load_contracts())
    home.receipts.mkdir()
    (home.receipts / "index.html").write_text("x")
    (home.receipts / f"{7:016x}.txt").write_text("orphan")
    before = len(list(home.lake.rglob("_schema.parquet")))
    done = registry.reconcile(home)
    assert done["receipts"] == 1 and (home.receipts / "index.html").exists()
    assert len(list(home.lake.rglob("_schema.parquet"))) == before


def test_forgetting_a_submission_removes_what_belongs_to_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    registry.write(home, row(1, "2025-06-01T09:00", "refused"))
    registry.forget(home, f"{1:016x}")
    assert registry.known_contents(home) == set()
