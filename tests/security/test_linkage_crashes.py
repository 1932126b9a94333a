"""Linkage that is killed or fails at any step: no identifier in clear anywhere but in landing, and the next run ends the work.

The identity room itself is searched too: its files are encrypted or hold pseudonyms and codes.
"""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest import pipeline
from ingest.identity import clusters, exact, linkage, outcomes, persons, records, scored
from ingest.identity.keys import PSEUDONYM, load_key
from ingest.identity.store import SCHEMA, IdentityStore
from ingest.lake import Home, anchor_schemas
from tests.support.marker_scan import scan
from tests.support.people_rows import Row, child
from tests.support.small_persons import CONTRACTS, make

MARKERS = ("Zkvorbakin", "Zkhallowmere", "ZX77 7QB", "9994137302", "Zklocalid77")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home in which two returns in force carry marked identifiers of 400 children."""
    made = make(tmp_path)
    made.take_in()
    store = IdentityStore(made.home.identity)
    for number, submission in enumerate(sorted(store.ids())):
        rows: list[Row] = [
            child(
                f"c1_{n:032x}{number}", "police" if number else "staffordshire", submission, forename=f"{MARKERS[0]}{n % 7}", surname=MARKERS[1],
                postcode=MARKERS[2], nhs_number=MARKERS[3], local_id=f"{MARKERS[4]}{n}", birth_date=dt.date(2004, 1, 9) + dt.timedelta(days=19 * n),
            )
            for n in range(400)
        ]  # fmt: skip
        table = pa.Table.from_pylist([{f.name: r.get(f.name) for f in SCHEMA} for r in rows], schema=SCHEMA)
        store.stage(submission, table)
        store.promote(submission)
    anchor_schemas(made.home, CONTRACTS)
    (made.home.identity / linkage.NOTE).unlink(missing_ok=True)
    return made.home


def assert_nothing_in_clear(root: Path) -> None:
    hits = scan(root, MARKERS, skip=("landing",))
    assert not hits, hits[:3]


def test_the_scan_would_find_a_marker_in_the_room(home: Home) -> None:
    (home.identity / "left.txt").write_text(f"… {MARKERS[1].upper()} …", encoding="utf-8")
    assert scan(home.root, MARKERS, skip=("landing",))


STEPS: tuple[tuple[object, str], ...] = (
    (records, "prepare"),
    (scored, "score"),
    (exact, "pairs"),
    (outcomes, "decide"),
    (clusters, "cluster"),
    (persons, "name"),
    (linkage, "_keep"),
    (linkage, "_hand_over"),
)


@pytest.mark.parametrize(("module", "name"), STEPS, ids=[name for _, name in STEPS])
def test_a_step_that_fails_with_a_value_in_its_message_tells_nobody(
    home: Home, monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    """In Dagster too, whose event log keeps every error it sees."""
    real: Callable[..., object] = getattr(module, name)

    def breaks(*given: object, **options: object) -> object:
        real(*given, **options)
        raise (
            ValueError(f"Could not convert string '{MARKERS[1]}' to DATE")
            if name[0] != "_"
            else OSError("disk full")
        )

    with monkeypatch.context() as broken:
        broken.setattr(module, name, breaks)

        @dg.asset(name="person_map")
        def asset() -> None:
            linkage.link(home)

        home.dagster.mkdir(exist_ok=True)
        with dg.DagsterInstance.local_temp(str(home.dagster)) as instance:
            assert not dg.materialize([asset], instance=instance, raise_on_error=False).success
    assert_nothing_in_clear(home.root)
    report = linkage.link(home)
    assert report.tokens >= 800
    assert_nothing_in_clear(home.root)


def test_killed_at_any_moment_it_leaves_nothing_in_clear_and_the_next_run_ends_it(home: Home) -> None:
    script = f"from pathlib import Path\nfrom ingest.lake import Home\nfrom ingest.identity import linkage\nlinkage.link(Home(Path({str(home.root)!r})))"
    for moment in (0.9, 1.4, 1.9, 2.4, 2.9):
        (home.identity / linkage.NOTE).unlink(missing_ok=True)
        running = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[2])
        time.sleep(moment)
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert_nothing_in_clear(home.root)
    once = linkage.link(home)
    written = pq.read_table(home.person_map / "person_map.parquet")
    (home.identity / linkage.NOTE).unlink()
    again = linkage.link(home)
    assert not again.changed and written.equals(pq.read_table(home.person_map / "person_map.parquet"))
    assert once.persons == again.persons
    assert load_key(home.identity, PSEUDONYM) and pipeline  # the room still opens
