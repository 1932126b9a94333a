"""Erasing one person: everywhere, nobody else, by two officers, whatever is killed on the way, and the child stays out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest import registry
from ingest.identity import audit, decisions, erasure, restrictions, rights, tombstones
from ingest.identity.rights import Asked, NotPossible
from ingest.identity.store import IdentityStore
from ingest.lake import Home
from orchestration.run import finish_erasures
from orchestration.settings import Settings
from orchestration.warehouse_file import inputs as warehouse_inputs
from tests.support.small_landing import census, la12, po01, police_episode, put, raw_content
from tests.support.small_persons import (
    ASKED,
    CHILD_UPN,
    CIN,
    LA12,
    LOCAL,
    NHS,
    PO01,
    Persons,
    child_rows,
    copy_of,
    make,
    release,
)

WHY = Asked("erasure_request", "ERA-2026-5", "first.officer")
SECOND = "second.officer"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home, copied for each test."""
    root = tmp_path_factory.mktemp("erasure")
    make(root)
    return root


@pytest.fixture
def persons(made: Path, tmp_path: Path) -> Persons:
    return copy_of(made, tmp_path)


def erase(persons: Persons) -> erasure.Case:
    case, _ = erasure.propose(persons.place, persons.by("nhs_number", NHS), WHY)
    return erasure.approve(persons.place, case.id, SECOND)


def tokens_of(persons: Persons) -> tuple[str, ...]:
    return rights.who(persons.home, persons.by("nhs_number", NHS)).tokens


def everything(home: Home) -> dict[str, list[dict[str, Any]]]:
    """Every stored row that says whom it is about, by file."""
    out = {}
    for path in sorted(
        p for p in home.lake.rglob("*.parquet") if p.name != "_schema.parquet"
    ):  # without rows
        if "child_token" in pq.read_schema(path).names:
            out[str(path.relative_to(home.lake))] = pq.ParquetFile(path).read().to_pylist()
    return out


def identities(home: Home) -> list[dict[str, Any]]:
    store = IdentityStore(home.identity)
    return store.read(sorted(store.ids())).to_pylist()


def test_nothing_is_left_of_the_person_and_all_of_the_others(persons: Persons) -> None:
    tokens = set(tokens_of(persons))
    before, known = everything(persons.home), identities(persons.home)
    assert sum(r["child_token"] in tokens for rows in before.values() for r in rows) > 10
    case = erase(persons)
    assert case.state == "done" and case.counts["accepted_rows"] == 6 and case.counts["rejected_rows"] == 2
    after = everything(persons.home)
    assert after == {f: [r for r in rows if r["child_token"] not in tokens] for f, rows in before.items()}
    assert identities(persons.home) == [r for r in known if r["child_token"] not in tokens]
    found = rights.find(persons.place, persons.by("nhs_number", NHS), ASKED)
    assert (found.held.num_rows, found.who.tokens) == (0, ())
    again = rights.find(persons.place, persons.by("local_id", LOCAL, "staffordshire"), ASKED)
    assert again.held.num_rows == 0 and again.erased[0].case == case.id


def test_the_room_keeps_no_pseudonym_of_the_person(persons: Persons) -> None:
    tokens = tokens_of(persons)
    rights.restrict(persons.place, persons.by("nhs_number", NHS), Asked("restriction_request", "RES-2026-1"))
    other = next(t for t in everything(persons.home)["raw/identity/person_map/person_map.parquet"]
                 if t["child_token"] not in tokens)["child_token"]  # fmt: skip
    decisions.propose(persons.home, tokens[0], other, "different", "checked_source", "a")
    decisions.propose(persons.home, other, "c1_" + "0" * 32, "different", "checked_source", "a")
    (persons.home.identity / "review_queue.csv").write_text(
        f"case,token_a,token_b\n1,{tokens[0]},{other}\n2,{other},{other}\n"
    )
    store = IdentityStore(persons.home.identity)
    anchored = store.state("anchored")
    assert anchored is not None and set(tokens) < set(anchored["child_token"].to_pylist())
    store.put_state("pinned", anchored)
    erase(persons)
    for path in persons.home.identity.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(t.encode() in content for t in tokens), path.name
    assert (persons.home.identity / "review_queue.csv").read_text().splitlines()[1:] == [f"2,{other},{other}"]
    assert [s.b for s in decisions.steps(persons.home)] == [max(other, "c1_" + "0" * 32)]
    assert restrictions.all_of(persons.home) == []
    room = erasure._Room(persons.home.identity)  # pyright: ignore[reportPrivateUsage]
    assert not room.holds(pa.array(tokens)) and room.holds(pa.array([other]))
    pinned = store.state("pinned")
    assert pinned is not None and pinned.num_rows == anchored.num_rows - len(tokens)
    assert (
        store.state("pairs") is None and store.state("compared") is None
    )  # their records are hashes: all go


def test_what_was_received_stays_counted_and_the_note_says_what_is_gone(persons: Persons) -> None:
    counts = {
        p.stem: pq.read_table(p).to_pylist()
        for p in persons.home.pipeline("table_counts").glob("[0-9a-f]*.parquet")
    }
    rows = registry.submissions(persons.home).to_pylist()
    case = erase(persons)
    registry.reconcile(persons.home)
    assert registry.submissions(persons.home).to_pylist() == rows
    notes = [
        r
        for p in persons.home.pipeline("erased_rows").glob("[0-9a-f]*.parquet")
        for r in pq.read_table(p).to_pylist()
    ]
    assert {n["case_id"] for n in notes} == {case.id}
    assert (sum(n["accepted"] for n in notes), sum(n["rejected"] for n in notes)) == (6, 2)
    gone = {(n["submission_id"], n["table"]): n["accepted"] for n in notes}
    for submission, tables in counts.items():
        assert (
            pq.read_table(persons.home.pipeline("table_counts") / f"{submission}.parquet").to_pylist()
            == tables
        )
        for table in tables:
            assert table["received"] == table["accepted"] + table["rejected"]
            held = sum(pq.read_metadata(p).num_rows for p in
                       (persons.home.lake / "raw").glob(f"*/*/{table['table']}/*{submission}.parquet"))  # fmt: skip
            assert held == table["accepted"] - gone.get((submission, table["table"]), 0)


def test_files_as_sent_go_and_receipts_and_other_files_stay(persons: Persons) -> None:
    po01(
        persons.landing, [police_episode(1)], folder="other", name="o.csv", received_at="2025-07-10T09:00:00"
    )
    persons.take_in()
    receipts = sorted(p.name for p in persons.home.receipts.iterdir())
    erase(persons)
    left = sorted(p.name for p in persons.landing.rglob("*") if p.is_file())
    assert left == ["_manifest.json", "letter.txt", "o.csv"]
    assert sorted(p.name for p in persons.home.receipts.iterdir()) == receipts


def test_analysts_files_go_from_releases_that_hold_the_person_and_figures_stay(persons: Persons) -> None:
    key = rights.who(persons.home, persons.by("nhs_number", NHS)).persons[0]
    holds, other = (
        release(persons, "aaaa00000001", key, []),
        release(persons, "aaaa00000002", "p1_" + "1" * 32, []),
    )
    (holds / "board").mkdir()
    (holds / "board" / "indicators.csv").write_text("MI01,c\n")
    (persons.home.warehouse / "abc").mkdir(parents=True)
    (persons.home.warehouse / "current").write_text("abc/warehouse.duckdb")
    case = erase(persons)
    assert [p.name for p in (holds / "analyst").iterdir()] == ["REMOVED.txt"]
    assert case.id in (holds / "analyst" / "REMOVED.txt").read_text()
    assert (holds / "board" / "indicators.csv").exists() and (holds / "release.json").exists()
    assert (other / "analyst" / "parquet" / "dim_child.parquet").exists()
    assert not persons.home.warehouse.exists()


def test_one_officer_alone_erases_nothing(persons: Persons) -> None:
    before = raw_content(persons.home)
    case, _ = erasure.propose(persons.place, persons.by("nhs_number", NHS), WHY)
    with pytest.raises(NotPossible, match="second officer"):
        erasure.approve(persons.place, case.id, WHY.officer)
    erasure.finish(persons.place)
    assert raw_content(persons.home) == before
    erasure.withdraw(persons.place, case.id, WHY.officer)
    with pytest.raises(NotPossible, match="withdrawn"):
        erasure.approve(persons.place, case.id, SECOND)
    with pytest.raises(NotPossible, match="no such case"):
        erasure.approve(persons.place, "case-000000000000", SECOND)
    assert erasure.cases(persons.home)[0].tokens == ()
    assert [e.action for e in audit.read(persons.home)] == ["erase_proposed", "erase_withdrawn"]


def test_a_legal_hold_blocks_the_proposal_and_the_approval(persons: Persons) -> None:
    hold = Asked("legal_hold", "HOLD-2026-1", "third.officer")
    case, _ = erasure.propose(persons.place, persons.by("nhs_number", NHS), WHY)
    rights.restrict(persons.place, persons.by("upn", CHILD_UPN), hold, restrictions.LEGAL_HOLD)
    with pytest.raises(NotPossible, match="HOLD-2026-1"):
        erasure.approve(persons.place, case.id, SECOND)
    with pytest.raises(NotPossible, match="HOLD-2026-1"):
        erasure.propose(persons.place, persons.by("nhs_number", NHS), WHY)
    rights.lift(persons.place, persons.by("nhs_number", NHS), hold, restrictions.LEGAL_HOLD)
    assert erasure.approve(persons.place, case.id, SECOND).state == "done"


def test_what_was_approved_is_what_was_proposed(persons: Persons) -> None:
    case, _ = erasure.propose(persons.place, persons.by("nhs_number", NHS), WHY)
    june = {
        "missing_at": "06/06/2025 21:00",
        "reported_at": "06/06/2025 21:40",
        "located_at": "06/06/2025 23:00",
    }
    po01(persons.landing, [police_episode(5, nominal_ref="N55", nhs_number=NHS, birth_date="09/03/2012", **june)],
         folder="d5", name="p5.csv", received_at="2025-07-10T09:00:00")  # fmt: skip
    persons.take_in()
    with pytest.raises(NotPossible, match="propose it again"):
        erasure.approve(persons.place, case.id, SECOND)


def test_the_log_tells_the_story_without_the_child(persons: Persons) -> None:
    case = erase(persons)
    story = [(e.action, e.officer, e.subject, e.reference) for e in audit.read(persons.home)]
    assert story == [
        ("erase_proposed", "first.officer", case.id, "ERA-2026-5"),
        ("erase_approved", SECOND, case.id, "ERA-2026-5"),
        ("erased", SECOND, case.id, "ERA-2026-5"),
    ]
    assert audit.verify(persons.home).holds


# --- killed on the way ----------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """Not an Exception, so that nothing on the way can mend it."""


def state(persons: Persons) -> tuple[Any, ...]:
    landing = sorted(str(p.relative_to(persons.landing)) for p in persons.landing.rglob("*") if p.is_file())
    lines = [(e.action, e.counts) for e in audit.read(persons.home)]
    notes = {k: v for k, v in raw_content(persons.home).items() if "erased_rows" not in k}
    erased = [
        {k: v for k, v in r.items() if k != "case_id"}
        for p in sorted(persons.home.pipeline("erased_rows").glob("*.parquet"))
        for r in pq.read_table(p).to_pylist()
    ]
    return notes, erased, everything(persons.home), identities(persons.home), landing, lines


def approved(persons: Persons) -> None:
    case, _ = erasure.propose(persons.place, persons.by("nhs_number", NHS), WHY)
    erasure.approve(persons.place, case.id, SECOND)


@dataclass
class Disturbed:
    """One erasure, and what lay on the disk at every moment at which it could have been killed, each a home of its own."""

    whole: tuple[Any, ...]  # what it came to, undisturbed
    steps: dict[tuple[str, bool], Persons]  # (step, after it) -> the home then
    writes: list[
        Persons
    ]  # before every rename and every removal in turn: those are the moments at which something changes


@pytest.fixture(scope="module")
def disturbed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Disturbed:
    root = tmp_path_factory.mktemp("disturbed")
    running = copy_of(made, root / "running")
    out = Disturbed((), {}, [])

    def copy() -> Persons:
        """As a killed process leaves it: what it had half written bears its number, which no later one has."""
        folder = root / f"{len(out.steps) + len(out.writes)}"
        then = copy_of(root / "running", folder)
        for partial in list(folder.rglob("*.partial")):
            partial.rename(partial.with_name(partial.name.replace(f".{os.getpid()}.", ".0.")))
        return then

    def copied_before(act: Callable[..., Any]) -> Callable[..., Any]:
        def run(path: Path, *args: Any, **kwargs: Any) -> Any:
            if path.suffix != ".partial" or act is rename:  # the other is tidying after a write, not a change
                out.writes.append(copy())
            return act(path, *args, **kwargs)

        return run

    def copied_around(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def run(work: Any) -> Any:
            out.steps[name, False] = copy()
            done = step(work)
            out.steps[name, True] = copy()
            return done

        return run

    rename, unlink = Path.replace, Path.unlink
    case, _ = erasure.propose(running.place, running.by("nhs_number", NHS), WHY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(erasure, "STEPS", tuple((n, copied_around(n, s)) for n, s in erasure.STEPS))
        patch.setattr(Path, "replace", copied_before(rename))
        patch.setattr(Path, "unlink", copied_before(unlink))
        erasure.approve(running.place, case.id, SECOND)
    out.whole = state(running)
    return out


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("name", [n for n, _ in erasure.STEPS])
def test_an_erasure_that_is_killed_at_a_step_is_finished_by_the_next_run(
    disturbed: Disturbed, name: str, after: bool
) -> None:
    persons = disturbed.steps[name, after]
    registry.reconcile(persons.home)
    assert len(erasure.finish(persons.place)) == 1
    assert state(persons) == disturbed.whole
    assert erasure.finish(persons.place) == []


def test_an_erasure_that_is_killed_at_any_write_is_finished(disturbed: Disturbed) -> None:
    """And nothing half written is left of it."""
    half_written = 0
    for number, persons in enumerate(disturbed.writes):
        half_written += len(list(persons.home.root.rglob("*.partial")))
        (case,) = erasure.cases(persons.home)
        registry.reconcile(persons.home)
        if case.state == "proposed":  # killed before the approval was written: the officer does it again
            erasure.approve(persons.place, case.id, SECOND)
            assert audit.verify(persons.home).holds
            assert state(persons)[:-1] == disturbed.whole[:-1], number
        else:
            erasure.finish(persons.place)
            assert state(persons) == disturbed.whole, number
        assert not list(persons.home.root.rglob("*.partial")), number
    assert len(disturbed.writes) > 30 and half_written > 20


def test_scp_run_finishes_an_erasure_before_it_does_anything_else(
    persons: Persons, disturbed: Disturbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        steps = tuple((n, killed if n == "rows" else s) for n, s in erasure.STEPS)
        patch.setattr(erasure, "STEPS", steps)
        with pytest.raises(Killed):
            approved(persons)
    here, said = Settings(persons.home, persons.landing), list[str]()
    finish_erasures(here, said.append)
    assert state(persons) == disturbed.whole and said == [
        f"finished the erasure {erasure.cases(persons.home)[0].id}"
    ]
    finish_erasures(here, said.append)
    assert len(said) == 1


def test_a_restriction_and_an_erasure_make_the_warehouse_out_of_date(persons: Persons) -> None:
    here = Settings(persons.home, persons.landing)
    seen = [warehouse_inputs(here)]
    rights.restrict(persons.place, persons.by("nhs_number", NHS), Asked("restriction_request", "RES-2026-1"))
    seen.append(warehouse_inputs(here))
    rights.lift(persons.place, persons.by("nhs_number", NHS), Asked("request_ended", "RES-2026-1"))
    assert warehouse_inputs(here) == seen[0]
    erase(persons)
    seen.append(warehouse_inputs(here))
    assert len(set(seen)) == 3


# --- afterwards -----------------------------------------------------------------------------------------------------------


def send_again(persons: Persons) -> None:
    """The same child in new files of the same sender, among others, in accepted, rejected and nested rows."""
    la12(
        persons.landing,
        child_rows(),
        folder="d8",
        received_at="2025-09-20T09:00:00",
        name="later.csv",
        extra=["y"],
    )
    put(persons.landing, CIN, "staffordshire", "d8", {"cin.xml": census(
        [{"la_child_id": "A1"}, {"la_child_id": LOCAL, "upn": CHILD_UPN}, {"la_child_id": "A3"}]
    )}, "2025-10-01T09:00:00")  # fmt: skip
    persons.take_in()


def test_the_child_is_dropped_when_sent_again_and_counted(persons: Persons) -> None:
    tokens, case = set(tokens_of(persons)), erase(persons)
    send_again(persons)
    assert not [r for rows in everything(persons.home).values() for r in rows if r["child_token"] in tokens]
    assert not [r for r in identities(persons.home) if r["local_id"] == LOCAL or r["child_token"] in tokens]
    la, cin = (
        registry.latest(persons.home, k, p, "staffordshire") or ""
        for k, p in ((LA12, "2025-26-Q1"), (CIN, "2024-25"))
    )
    row = registry.find(persons.home, la)
    assert row is not None and (row["rows_received"], row["rows_accepted"], row["rows_rejected"]) == (6, 5, 1)
    (note,) = pq.read_table(persons.home.pipeline("erased_rows") / f"{la}.parquet").to_pylist()
    assert (note["case_id"], note["accepted"], note["rejected"]) == (case.id, 1, 1)
    assert len(pq.read_table(next(persons.home.raw(LA12, "episodes").glob(f"*{la}.parquet")))) == 4
    assert {r["table"]: r["accepted"] for r in pq.read_table(persons.home.pipeline("erased_rows") / f"{cin}.parquet").to_pylist()} == {
        "children": 1, "cin_details": 1,
    }  # fmt: skip
    minimised = pq.read_table(persons.home.pipeline("minimisation") / f"{la}.parquet").to_pylist()
    assert [(m["column"], m["cells"]) for m in minimised if m["action"] == "erased"] == [("child_token", 2)]
    assert "about a person whose data were erased" in (persons.home.receipts / f"{la}.txt").read_text()
    assert registry.reconcile(persons.home)["rows"] == 0


def test_a_file_as_sent_that_brought_the_child_again_is_found_and_goes(persons: Persons) -> None:
    """Its rows were dropped, but the file itself holds the child: a new one, and the same bytes as before."""
    kept = {p: p.read_bytes() for p in persons.landing.rglob("*") if p.is_file()}
    erase(persons)
    for path, content in kept.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    send_again(persons)
    found = rights.find(persons.place, persons.by("local_id", LOCAL, "staffordshire"), ASKED)
    assert found.counts()["files_as_sent"] >= 5 and found.counts()["accepted_rows"] == 0
    case, _ = erasure.propose(persons.place, persons.by("local_id", LOCAL, "staffordshire"), WHY)
    assert erasure.approve(persons.place, case.id, SECOND).state == "done"
    assert [p.name for p in persons.landing.rglob("*") if p.is_file()] == ["letter.txt"]
    notes = pq.read_table(persons.home.pipeline("erased_rows")).to_pylist()
    assert (sum(n["accepted"] for n in notes), sum(n["rejected"] for n in notes)) == (6 + 3, 2 + 1)


def test_others_are_taken_in_as_if_nobody_had_been_erased(persons: Persons) -> None:
    erase(persons)
    po01(
        persons.landing,
        [police_episode(n) for n in range(4)],
        folder="d9",
        name="o.csv",
        received_at="2025-07-10T09:00:00",
    )
    persons.take_in()
    latest = registry.latest(persons.home, PO01, "2025-05", "staffordshire_police")
    assert len(pq.read_table(next(persons.home.raw(PO01, "episodes").glob(f"*{latest}.parquet")))) == 4
    assert not (persons.home.pipeline("erased_rows") / f"{latest}.parquet").exists()


def test_who_is_admitted_again_comes_with_the_next_file(persons: Persons) -> None:
    erase(persons)
    again = Asked("request_ended", "ERA-2026-6", "first.officer")
    assert erasure.admit(persons.place, persons.by("local_id", LOCAL, "staffordshire"), again) == 1
    assert erasure.admit(persons.place, persons.by("local_id", LOCAL, "staffordshire"), again) == 0
    send_again(persons)
    found = rights.find(persons.place, persons.by("local_id", LOCAL, "staffordshire"), ASKED)
    assert found.counts()["accepted_rows"] == 3 and found.erased == ()


def test_a_restored_backup_is_cleaned_before_it_is_used(persons: Persons, tmp_path: Path) -> None:
    tokens = set(tokens_of(persons))
    shutil.copytree(persons.home.lake, tmp_path / "backup")
    shutil.copytree(persons.home.identity / "identifiers", tmp_path / "backup_room")
    erase(persons)
    assert erasure.replay(persons.place, SECOND) is None
    shutil.rmtree(persons.home.lake)
    shutil.copytree(tmp_path / "backup", persons.home.lake)
    shutil.copytree(tmp_path / "backup_room", persons.home.identity / "identifiers", dirs_exist_ok=True)
    assert [r for rows in everything(persons.home).values() for r in rows if r["child_token"] in tokens]
    case = erasure.replay(persons.place, SECOND)
    assert case is not None and case.state == "done" and case.counts["accepted_rows"] == 6
    assert not [r for rows in everything(persons.home).values() for r in rows if r["child_token"] in tokens]
    assert not [r for r in identities(persons.home) if r["child_token"] in tokens]


def test_tombstones_name_nobody(persons: Persons) -> None:
    tokens = tokens_of(persons)
    erase(persons)
    text = (persons.home.identity / tombstones.FILE).read_text()
    assert not any(t in text or t.removeprefix("c1_") in text for t in tokens) and LOCAL not in text
    stones = tombstones.load(persons.home)
    assert stones.cases(pa.array([tokens[0], None, "c1_x", tokens[0]])).is_null().to_pylist() == [
        False,
        True,
        True,
        False,
    ]


def test_a_file_that_cannot_be_removed_is_not_called_done(
    persons: Persons, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".csv" and persons.landing in path.parents:
            raise PermissionError
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(NotPossible, match="files as sent"):
            erase(persons)
    assert [c.state for c in erasure.cases(persons.home)] == ["approved"]
    (case,) = erasure.finish(persons.place)
    assert case.state == "done" and case.counts["accepted_rows"] == 6
    assert not list(persons.landing.rglob("*.csv"))
