"""The audit log: nothing in it can be changed, added or taken away unseen, and no name fits in."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import stat
from pathlib import Path

import pytest

from ingest.identity import audit
from ingest.lake import Home


def write(home: Home, n: int = 5) -> None:
    for i in range(n):
        audit.append(home, "find", officer="ig.officer", reason="subject_access", reference=f"SAR-2026-{i}",
                     subject=f"{i} tokens", counts={"accepted_rows": i})  # fmt: skip


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written is the same, and no test can tell whether it would outlast a power cut."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_entries_come_back_in_order_with_the_account_that_wrote_them(home: Home) -> None:
    write(home)
    entries = audit.read(home)
    assert [(e.number, e.subject, e.counts["accepted_rows"]) for e in entries] == [
        (i + 1, f"{i} tokens", i) for i in range(5)
    ]
    assert {e.account for e in entries} == {audit.account()}
    assert {e.officer for e in entries} == {"ig.officer"}
    assert entries[0].at.endswith("+00:00")
    state = audit.verify(home)
    assert (state.holds, state.entries, state.head) == (True, 5, entries[-1].hash)


def test_the_log_is_for_its_owner_only(home: Home) -> None:
    write(home, 1)
    for path in (audit.log_path(home), home.identity / audit.HEAD):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.identity.stat().st_mode) == 0o700


def test_an_empty_log_holds(home: Home) -> None:
    assert audit.read(home) == []
    assert audit.verify(home).holds


def tampered(lines: list[bytes], rng: random.Random) -> list[bytes]:
    """One edit, deletion, reordering, repetition or truncation."""
    lines, at = list(lines), rng.randrange(len(lines))
    kind = rng.choice(["edit", "byte", "delete", "swap", "repeat", "cut"])
    if kind == "edit":
        body = json.loads(lines[at])
        body["counts"]["accepted_rows"] += 1
        lines[at] = json.dumps(body, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    elif kind == "byte":
        place = rng.randrange(len(lines[at]) - 1)
        lines[at] = lines[at][:place] + bytes([lines[at][place] ^ 1]) + lines[at][place + 1 :]
    elif kind == "delete":
        del lines[at]
    elif kind == "swap":
        other = (at + 1 + rng.randrange(len(lines) - 1)) % len(lines)
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == "repeat":
        lines.insert(at, lines[at])
    else:
        del lines[at:]
    return lines


def test_every_tampering_is_seen(home: Home) -> None:
    write(home, 12)
    path = audit.log_path(home)
    whole = path.read_bytes()
    rng = random.Random(20260101)
    for _ in range(300):
        changed = b"".join(tampered(whole.splitlines(keepends=True), rng))
        path.write_bytes(changed)
        state = audit.verify(home)
        # A last line that no longer reads is what a crash leaves too: it is reported, and never counted as an entry.
        assert not state.holds or state.torn_at_end, changed
    path.write_bytes(whole)
    assert audit.verify(home).holds


def test_nothing_is_appended_to_a_log_that_was_changed(home: Home) -> None:
    write(home, 3)
    path = audit.log_path(home)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1].replace(b'"2 tokens"', b'"9 tokens"'))
    with pytest.raises(audit.AuditProblem):
        write(home, 1)
    path.write_bytes(b"".join(lines[:1]))
    with pytest.raises(audit.AuditProblem):
        write(home, 1)
    path.unlink()
    with pytest.raises(audit.AuditProblem):
        write(home, 1)


def test_a_line_torn_by_a_crash_is_kept_and_noted(home: Home) -> None:
    write(home, 4)
    path = audit.log_path(home)
    whole, head = path.read_bytes(), audit.read(home)[2].hash
    last = whole.splitlines(keepends=True)[-1]
    for cut in range(1, len(last)):
        path.write_bytes(whole[:-cut])
        (home.identity / audit.HEAD).write_text(f"3 {head}\n")  # the crash came before it
        torn = whole[len(whole) - len(last) : -cut]
        state = audit.verify(home)
        is_torn = cut > 1  # without its line end alone, the entry is whole
        assert (state.holds, state.entries, state.torn_at_end) == (True, 4 - is_torn, is_torn)
        # Seen wherever the line was torn; noted at its ends and in every fourth place, for writing is what takes the time.
        if 8 < cut < len(last) - 8 and cut % 4:
            continue
        write(home, 1)
        state = audit.verify(home)
        assert (state.holds, state.torn, state.torn_at_end) == (True, int(is_torn), False), cut
        assert audit.read(home)[-1].subject == "0 tokens"
        assert torn in path.read_bytes()


def test_a_crash_while_a_torn_line_is_noted_is_noted_too(home: Home) -> None:
    write(home, 2)
    path = audit.log_path(home)
    path.write_bytes(path.read_bytes() + b'{"account":"ro')
    write(home, 1)
    whole = path.read_bytes()
    path.write_bytes(whole[:-300])  # into the entry that notes the first tear, or the one after
    (home.identity / audit.HEAD).write_text(f"2 {audit.read(home)[1].hash}\n")
    write(home, 1)
    state = audit.verify(home)
    assert state.holds and state.torn >= 1
    assert audit.read(home)[-1].action == "find"


def _many(root: str, n: int) -> None:
    write(Home(Path(root)), n)


def test_processes_that_write_at_once_do_not_interleave(home: Home) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_many, args=(str(home.root), 15)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    state = audit.verify(home)
    assert (state.holds, state.entries, state.torn) == (True, 60, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "because Zoe Kurz asked"},
        {"reference": "SAR-2026-014 Zoe Kurz"},
        {"reference": "KURZ-2026-014"},
        {"reference": "9990000018"},
        {"subject": "Zoe Kurz"},
        {"subject": "9990000018"},
        {"officer": "Zoe Kurz, 12 Long Street"},
        {"counts": {"rows of Zoe": 1}},
        {"counts": {"accepted_rows": "Zoe"}},
    ],
)
def test_no_name_and_no_number_of_a_child_fits(home: Home, wrong: dict[str, object]) -> None:
    right = {
        "officer": "ig.officer",
        "reason": "subject_access",
        "reference": "SAR-2026-014",
        "subject": "1 token",
    }
    audit.append(home, "find", **right)  # type: ignore[arg-type]
    with pytest.raises(audit.NotForTheLog) as why:
        audit.append(home, "find", **{**right, **wrong})  # type: ignore[arg-type]
    assert "Zoe" not in str(why.value) and "9990000018" not in str(why.value)
    assert len(audit.read(home)) == 1
