"""A folder: what is complete, what is taken twice, what landing ever shows. The same path serves every kind of place."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from ingest.transport import placing
from ingest.transport.codes import Code
from tests.support.files import training
from tests.transport.conftest import BOOKINGS, Place, folder_source, manifest

AGENCY_FOLDER = "partnership/training_attendance/partnership_office"


def test_a_file_is_taken_under_its_final_name_and_once(place: Place, upload: Path) -> None:
    place.declare(folder_source(upload))
    (upload / "training.csv").write_bytes(BOOKINGS)
    first = place.one()
    assert (first.taken, first.bytes, first.failed) == (1, len(BOOKINGS), False)
    (path,) = place.landed()
    assert path.startswith(AGENCY_FOLDER) and path.endswith("/training.csv")
    assert place.rows() == 3
    again = place.one()
    assert (again.taken, again.already) == (0, 1)
    assert len(place.landed()) == 1 and (upload / "training.csv").read_bytes() == BOOKINGS


@pytest.mark.parametrize(
    "name",
    ["training.csv.part", "training.csv.filepart", "training.tmp", "training.csv.partial", ".training.csv"],
)
def test_an_upload_under_way_is_never_read(place: Place, upload: Path, name: str) -> None:
    place.declare(folder_source(upload))
    (upload / name).write_bytes(BOOKINGS[:50])
    found = place.one()
    assert (found.taken, found.waiting, found.failed) == (0, 1, False)
    assert place.landed() == {}
    (upload / name).write_bytes(BOOKINGS)
    (upload / name).rename(upload / "training.csv")
    assert place.one().taken == 1


def test_a_correction_under_the_same_name_is_taken_beside_the_first(place: Place, upload: Path) -> None:
    place.declare(folder_source(upload))
    path = upload / "training.csv"
    path.write_bytes(BOOKINGS)
    place.one()
    before = path.stat()
    path.write_bytes(BOOKINGS.replace(b"B1", b"B9"))  # same size
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # and the same time
    assert place.one().taken == 1
    assert len(place.landed()) == 2


def test_an_old_file_is_not_even_read_again(
    place: Place, upload: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.declare(folder_source(upload))
    path = upload / "training.csv"
    path.write_bytes(BOOKINGS)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    place.one()
    monkeypatch.setattr("ingest.transport.fetching._fetch", lambda *a: pytest.fail("fetched again"))
    assert place.one().already == 1
    (landed,) = place.home.landing.rglob("training.csv")
    assert landed.stat().st_mtime == 1_700_000_000  # received when it was put there


def test_the_same_empty_return_of_two_periods_is_two_deliveries(place: Place, upload: Path) -> None:
    place.declare(folder_source(upload))
    for period in ("2025-26-Q1", "2025-26-Q2"):
        (upload / period).mkdir()
        (upload / period / "training.csv").write_bytes(training(0).encode())
    assert place.one().taken == 2


def test_a_lost_journal_costs_a_fetch_and_no_duplicate(place: Place, upload: Path) -> None:
    place.declare(folder_source(upload))
    (upload / "training.csv").write_bytes(BOOKINGS)
    place.one()
    (place.home.root / "transport" / "office_folder.json").unlink()
    again = place.one()
    assert (again.taken, again.already, len(place.landed())) == (0, 1, 1)
    (place.home.root / "transport" / "office_folder.json").write_text("{")
    assert place.one().problems == {Code.JOURNAL: 1}


def test_a_manifest_says_what_is_complete(place: Place, upload: Path) -> None:
    place.declare(folder_source(upload, complete="manifest"))
    folder = upload / "june"
    folder.mkdir()
    (folder / "training.csv").write_bytes(BOOKINGS)
    waits = place.one()
    assert (waits.taken, waits.waiting, waits.failed) == (0, 1, False)  # the manifest comes last
    (folder / "_manifest.json").write_bytes(manifest({"training.csv": BOOKINGS, "training2.csv": b"x"}))
    assert place.one().problems == {Code.INCOMPLETE: 1}
    (folder / "_manifest.json").write_bytes(manifest({"training.csv": BOOKINGS}))
    (folder / "notes_not_listed.csv").write_bytes(b"a,b\n")
    found = place.one()
    assert found.taken == 1
    assert sorted(p.rsplit("/", 1)[1] for p in place.landed()) == ["_manifest.json", "training.csv"]


@pytest.mark.parametrize("wrong", ["size", "content"])
def test_a_file_that_is_not_what_its_manifest_says_is_not_taken(
    place: Place, upload: Path, wrong: str
) -> None:
    place.declare(folder_source(upload, complete="manifest"))
    (upload / "training.csv").write_bytes(
        BOOKINGS[:-5] if wrong == "size" else BOOKINGS.replace(b"B1", b"B9")
    )
    (upload / "_manifest.json").write_bytes(manifest({"training.csv": BOOKINGS}))
    assert place.one().problems == {Code.INCOMPLETE: 1}
    assert place.landed() == {}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"files": {}}', b'{"files": {"training.csv": {}}}', b'{"files": {"../x": {"bytes": 1}}}',
             b'{"files": {"training.csv": {"sha256": "short"}}}', b"[" * 100_000, b" " * 1_000_001]
)  # fmt: skip
def test_a_manifest_that_says_nothing_takes_nothing(place: Place, upload: Path, body: bytes) -> None:
    place.declare(folder_source(upload, complete="manifest"))
    (upload / "training.csv").write_bytes(BOOKINGS)
    (upload / "_manifest.json").write_bytes(body)
    assert place.one().problems == {Code.MANIFEST: 1}
    assert place.landed() == {}


def test_a_set_of_files_is_a_folder_with_its_final_name(place: Place, upload: Path) -> None:
    source = folder_source(upload, extract="published/dfe_child_protection", submitter="dfe")
    place.declare(source)
    files = {"d2_a.csv": b"x\n1\n", "d3_a.csv": b"y\n2\n"}
    (upload / "2025.part").mkdir()
    for name, body in files.items():
        (upload / "2025.part" / name).write_bytes(body)
        (upload / name).write_bytes(body)
    found = place.one()
    assert (found.taken, found.waiting, found.problems) == (0, 2, {Code.LOOSE: 2})
    for name in files:
        (upload / name).unlink()
    (upload / "2025.part").rename(upload / "2025")
    assert place.one().taken == 1
    assert {p.rsplit("/", 1)[1]: b for p, b in place.landed().items()} == files
    assert len({p.rsplit("/", 1)[0] for p in place.landed()}) == 1
    assert all(p.startswith("published/dfe_child_protection/dfe/2025/") for p in place.landed())


def test_links_are_never_followed(place: Place, upload: Path, tmp_path: Path) -> None:
    place.declare(folder_source(upload))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_bytes(BOOKINGS)
    (upload / "link.csv").symlink_to(outside / "secret.csv")
    (upload / "linked").symlink_to(outside)
    os.mkfifo(upload / "pipe.csv")
    assert (place.one().taken, place.landed()) == (0, {})


@pytest.mark.parametrize("name", ["a\nb.csv", "..a.csv", "'; drop.csv", "ünïcode.csv", "a" * 130 + ".csv"])
def test_a_name_that_is_not_safe_is_not_stored(place: Place, upload: Path, name: str) -> None:
    place.declare(folder_source(upload))
    (upload / name).write_bytes(BOOKINGS)
    found = place.one()
    assert found.taken == 0 and (found.problems == {Code.NAME: 1} or name.startswith("."))
    assert not any(name in line for line in found.says())


def test_limits_of_count_and_size(place: Place, upload: Path) -> None:
    place.declare(folder_source(upload, limits={"files": 2}))
    for n in range(5):
        (upload / f"training{n}.csv").write_bytes(training(n + 1).encode())
        os.utime(upload / f"training{n}.csv", (1_700_000_000, 1_700_000_000))
    taken = []
    for _ in range(4):
        found = place.one()
        taken.append(found.taken)
        assert not found.failed
    assert taken == [2, 2, 1, 0]  # the next pull goes on where this one stopped
    place.declare(folder_source(upload, name="small", limits={"bytes": 10}))
    assert place.one().problems == {Code.TOO_MANY: 1}
    place.declare(folder_source(upload, name="listed", limits={"listed": 3}))
    assert place.one().problems == {Code.TOO_MANY: 1}


def test_a_full_disk_leaves_nothing_half_written(
    place: Place, upload: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.declare(folder_source(upload))
    (upload / "a.csv").write_bytes(BOOKINGS)
    (upload / "b.csv").write_bytes(training(4).encode())
    real = placing.Sink.write

    def full(self: Any, block: bytes) -> int:
        real(self, block[: len(block) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere/private")

    monkeypatch.setattr(placing.Sink, "write", full)
    found = place.one()
    assert found.problems == {Code.DISK_FULL: 1} and found.failed  # and the second file is not tried
    assert place.landed() == {} and not any("private" in line for line in found.says())
    monkeypatch.undo()
    monkeypatch.setattr(placing, "SPARE_BYTES", 1 << 60)
    assert place.one().problems == {Code.DISK_FULL: 1}
    monkeypatch.undo()
    assert place.one().taken == 2


def test_one_bad_source_does_not_stop_another(place: Place, upload: Path, tmp_path: Path) -> None:
    (upload / "training.csv").write_bytes(BOOKINGS)
    place.declare(
        folder_source(tmp_path / "nowhere", name="first"),
        {"name": "second", "kind": "folder", "password": "hunter2"},
        folder_source(upload, name="third"),
    )
    by_name = {o.source: o for o in place.pull()}
    assert by_name["first"].problems == {Code.NOT_FOUND: 1}
    assert by_name["second"].problems == {Code.CONFIG: 1}
    assert by_name["third"].taken == 1
    assert not any("hunter2" in line for o in by_name.values() for line in o.says())
    assert [o.source for o in place.pull(only="third")] == ["third"]
