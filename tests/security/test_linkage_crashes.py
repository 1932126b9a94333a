"""Linkage that is killed or fails at any step: no identifier in clear anywhere but in landing, and the next run ends the work.

The identity room itself is searched too: its files are encrypted or hold pseudonyms and codes.
"""

from __future__ import annotations

import datetime as dt
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

import dagster as dg
import pyarrow.parquet as pq
import pytest

from ingest.identity import clusters, exact, linkage, outcomes, persons, records, review, scored
from ingest.identity.keys import PSEUDONYM, load_key
from ingest.identity.store import IdentityStore
from ingest.lake import Home
from tests.support.identity_room import Room
from tests.support.killed import AfterStep, BeforeRename, import_first, killed_after, killed_at
from tests.support.marker_scan import scan
from tests.support.people_rows import Row, child

pytestmark = pytest.mark.minutes(1)

import_first("ingest.identity.linkage", "splink")

MARKERS = ("Zkvorbakin", "Zkhallowmere", "ZX77 7QB", "9994137302", "Zklocalid77")
#: Alike in all but birth date and id, so that every pair of them is scored and waits for people: 7,000 pairs.
CHILDREN, RETURNS = 40, ("s1", "s2", "s3")

STEPS: tuple[tuple[ModuleType, str], ...] = (
    (records, "prepare"),
    (scored, "score"),
    (exact, "pairs"),
    (outcomes, "decide"),
    (clusters, "cluster"),
    (persons, "name"),
    (linkage, "_keep"),
    (linkage, "_hand_over"),
)
NAMES = [name for _, name in STEPS]
#: Every file that linkage writes, in order. Each lies whole under another name before it gets its own.
WRITTEN = (
    "pairs.parquet", "compared.parquet", "review_queue.csv", "person_map.parquet", "person_event.parquet",
    "linkage_summary.parquet", "anchored.parquet", linkage.NOTE, "restricted_token.parquet",
)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which three returns in force carry marked identifiers of children. Two have been linked before.

    So scores are kept of some pairs and not of others; and nothing is handed over, so that every file is written.
    """
    room = Room(tmp_path_factory.mktemp("crashes") / "home")
    for number, submission in enumerate(RETURNS):
        rows: list[Row] = [
            child(
                f"c1_{n:032x}{number}", "police" if number else "staffordshire", submission, forename=f"{MARKERS[0]}{n % 7}", surname=MARKERS[1],
                postcode=MARKERS[2], nhs_number=MARKERS[3], local_id=f"{MARKERS[4]}{n}", birth_date=dt.date(2004, 1, 9) + dt.timedelta(days=19 * n),
            )
            for n in range(CHILDREN)
        ]  # fmt: skip
        if submission == RETURNS[-1]:
            room.link()
        room.arrive(submission, rows)
    shutil.rmtree(room.home.lake / "raw" / "identity")
    return room.home.root


def copy(made: Path, root: Path) -> Home:
    shutil.copytree(made, root / "home")
    return Home(root / "home")


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Home:
    return copy(made, tmp_path)


@dataclass(frozen=True)
class Undisturbed:
    """What a run comes to that nothing happens to."""

    report: linkage.LinkReport
    left: dict[str, object]
    renamed: tuple[str, ...]  # the files that it wrote, in order
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    home, rename = copy(made, tmp_path_factory.mktemp("undisturbed")), Path.replace
    renamed: list[str] = []

    def noting(path: Path, target: Path) -> Path:
        renamed.append(target.name)
        return rename(path, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", noting)
        begun = time.monotonic()
        report = linkage.link(home)
        seconds = time.monotonic() - begun
    return Undisturbed(report, left_by(home), tuple(renamed), seconds)


def left_by(home: Home) -> dict[str, object]:
    """All that a run leaves: what it hands over, and what it keeps in the room."""
    store = IdentityStore(home.identity)
    kept: dict[str, object] = {name: store.state(name) for name in ("pairs", "compared", "anchored")}
    handed = {p.stem: pq.read_table(p) for p in (home.lake / "raw" / "identity").rglob("*.parquet")}
    return kept | handed | {"queue": review.queue(home)}


def assert_nothing_in_clear(root: Path) -> None:
    hits = scan(root, MARKERS, skip=("landing",))
    assert not hits, hits[:3]


def assert_the_next_run_ends_it(home: Home, undisturbed: Undisturbed) -> None:
    """What comes of it is what had come of it undisturbed."""
    report = linkage.link(home)
    assert report.tokens == len(RETURNS) * CHILDREN and report.persons == undisturbed.report.persons
    assert left_by(home) == undisturbed.left
    assert_nothing_in_clear(home.root)


def test_the_scan_would_find_a_marker_in_the_room(home: Home) -> None:
    (home.identity / "left.txt").write_text(f"… {MARKERS[1].upper()} …", encoding="utf-8")
    assert scan(home.root, MARKERS, skip=("landing",))


# --- a step that fails ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Failed:
    """Linkage in Dagster, once for each step, with that step failing: the home of each, and Dagster's own."""

    homes: dict[str, Home]
    broken: frozenset[str]  # steps that did fail
    dagster: Path


@pytest.fixture(scope="module")
def failed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Failed:
    root = tmp_path_factory.mktemp("failed")
    homes = {name: copy(made, root / name) for name in NAMES}
    dagster = root / "dagster"
    dagster.mkdir()
    with dg.DagsterInstance.local_temp(str(dagster)) as instance:
        done = dg.materialize(
            [_linking(homes[n], m, n) for m, n in STEPS], instance=instance, raise_on_error=False
        )
    assert not done.success
    broken = frozenset(e.step_key for e in done.get_step_failure_events())
    return Failed(homes, broken, dagster)


def _linking(home: Home, module: ModuleType, name: str) -> dg.AssetsDefinition:
    """Linkage as an asset, in which a step does its work and then fails with a value in its message."""
    real: Callable[..., object] = getattr(module, name)

    def breaks(*given: object, **options: object) -> object:
        real(*given, **options)
        raise (
            ValueError(f"Could not convert string '{MARKERS[1]}' to DATE")
            if name[0] != "_"
            else OSError("disk full")
        )

    @dg.asset(name=name.strip("_"))
    def asset() -> None:
        with pytest.MonkeyPatch.context() as broken:
            broken.setattr(module, name, breaks)
            linkage.link(home)

    return asset


@pytest.mark.parametrize("name", NAMES)
def test_a_step_that_fails_with_a_value_in_its_message_tells_nobody(
    failed: Failed, undisturbed: Undisturbed, name: str
) -> None:
    assert name.strip("_") in failed.broken
    assert_nothing_in_clear(failed.homes[name].root)
    assert_the_next_run_ends_it(failed.homes[name], undisturbed)


def test_dagster_does_not_keep_that_value_in_its_log_of_events(failed: Failed) -> None:
    """It keeps every error that it sees."""
    assert_nothing_in_clear(failed.dagster)
    assert scan(failed.dagster, ["LinkageFailed"], skip=()), "it kept no error at all"


# --- killed ---------------------------------------------------------------------------------------------------------------


def test_every_file_that_linkage_writes_is_one_before_which_it_is_killed(undisturbed: Undisturbed) -> None:
    assert undisturbed.renamed == WRITTEN


MOMENTS = [
    *(pytest.param(AfterStep(module.__name__, name), id=f"after {name}") for module, name in STEPS),
    *(pytest.param(BeforeRename(file), id=f"before {file} has its name") for file in WRITTEN),
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_it_leaves_nothing_in_clear_and_the_next_run_ends_it(
    home: Home, undisturbed: Undisturbed, moment: AfterStep | BeforeRename
) -> None:
    assert killed_at(moment, partial(linkage.link, home))
    assert isinstance(moment, AfterStep) or list(home.root.rglob(f".{moment.file}.*.partial"))
    assert_nothing_in_clear(home.root)
    assert_the_next_run_ends_it(home, undisturbed)


def test_killed_at_moments_that_nobody_named_too(home: Home, undisturbed: Undisturbed) -> None:
    """Twice, the second time while it ends what the first kill left."""
    for _ in range(2):
        killed_after(random.uniform(0, undisturbed.seconds), partial(linkage.link, home))
        assert_nothing_in_clear(home.root)
        (home.identity / linkage.NOTE).unlink(missing_ok=True)
    assert_the_next_run_ends_it(home, undisturbed)


def test_a_run_after_that_changes_nothing(home: Home, undisturbed: Undisturbed) -> None:
    assert killed_at(BeforeRename("person_map.parquet"), partial(linkage.link, home))
    linkage.link(home)
    (home.identity / linkage.NOTE).unlink()
    again = linkage.link(home)
    assert not again.changed and left_by(home) == undisturbed.left
    assert again.persons == undisturbed.report.persons
    assert load_key(home.identity, PSEUDONYM)  # the room still opens
