"""The audit log of the identity room: who did what about whom, when and why. Append-only, chained, no identifier in it.

Lives here: the log's lines, appending one, reading them, and checking that none was changed, added or taken away.
Add here: a reason that an officer may give (`REASONS`), a kind of reference number (`REFERENCE`).
Must not live here: what the actions do; anything that names a child. A subject is a pseudonym, a case or a number of tokens.

One line of JSON an entry. Each carries the hash of the one before, so a change anywhere breaks every hash after it; the
newest hash also lies in `audit.head`, so lines cannot be cut off at the end in silence. Who may write in this room could
write all of it anew: that is only seen by somebody who noted a head elsewhere, which docs/person_rights.md asks for.
A line that a crash left half-written stays where it is; the next entry is preceded by one that says so.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import pwd
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, BinaryIO

from ingest.identity.keys import private_folder
from ingest.identity.private import sync_folder, write_private
from ingest.lake import Home

FILE, HEAD = "audit.jsonl", "audit.head"
FIRST = "0" * 64
#: An entry that the log itself makes: the line before it was left half-written.
REPAIR = "repair"

#: Why something was done. Closed, because a free text is where a name would be typed.
REASONS: dict[str, str] = {
    "subject_access": "a person asked for what is held (UK GDPR Article 15)",
    "rectification": "what is held is wrong or disputed (Article 16)",
    "erasure_request": "a person asked for erasure (Article 17)",
    "restriction_request": "a person asked for restriction (Article 18)",
    "objection": "a person objects (Article 21)",
    "unlawful_processing": "the data should not have been here",
    "sender_request": "the sender asks for it",
    "retention_end": "the time that the agreement allows has ended",
    "court_order": "a court says so",
    "legal_hold": "needed for proceedings or an inquiry, so it must stay",
    "request_ended": "the reason for it has gone",
    "linkage_review": "review of who is the same person",
    "maintenance": "upkeep of the system",
}
#: SAR-2026-014: a kind from a closed list, a year, a number. No name fits.
REFERENCE = re.compile(r"(SAR|REC|ERA|RES|OBJ|HOLD|COURT|LINK|IG)-20[0-9]{2}-[0-9]{1,6}")
#: A person key, a case, a token or a number of tokens.
SUBJECT = re.compile(r"-|[0-9]{1,9} tokens?|[a-z]{1,10}[0-9]{0,2}[_-][0-9a-f]{8,64}")
ACTION = re.compile(r"[a-z][a-z_]{2,40}")
OFFICER = re.compile(r"[A-Za-z][A-Za-z0-9._-]{1,39}")
#: Entries are far shorter; what is read from the end of the file to find the last one.
TAIL_BYTES = 65_536


class AuditProblem(RuntimeError):
    """The log is not what it was when it was last written. Nothing is done until somebody has looked."""


class NotForTheLog(ValueError):
    """Something that the log does not take. The message names the part, never what was typed."""


@dataclass(frozen=True)
class Entry:
    """One line of the log."""

    number: int
    at: str  # UTC
    officer: str
    account: str  # of the operating system: what the officer's name can be held against
    action: str
    reason: str
    reference: str
    subject: str
    counts: dict[str, int] = field(default_factory=dict[str, int])
    previous: str = FIRST
    hash: str = ""

    def sealed(self) -> Entry:
        body = {k: v for k, v in asdict(self).items() if k != "hash"}
        return Entry(**body, hash=hashlib.sha256(_json(body)).hexdigest())

    def line(self) -> bytes:
        return _json(asdict(self)) + b"\n"


@dataclass(frozen=True)
class Verified:
    """What a check of the whole log came to."""

    holds: bool
    entries: int
    head: str
    torn: int = 0  # lines that a crash left half-written, each followed by an entry that says so
    torn_at_end: bool = False  # the last one, not yet noted
    broken_at: int | None = None  # the first entry that is not as it was written
    says: str = ""


def append(
    home: Home,
    action: str,
    *,
    officer: str | None = None,
    reason: str,
    reference: str = "",
    subject: str = "-",
    counts: Mapping[str, int] | None = None,
) -> Entry:
    """Write one entry, on disk when this returns. Raises NotForTheLog for what could hold a name, AuditProblem when the
    log was tampered with."""
    made = {"action": action, "reason": reason, "reference": reference, "subject": subject}
    check(officer=officer or account(), counts=counts or {}, **made)
    with _locked(home) as log:
        last, torn, near = _end(log)
        if _stated_head(home) not in near:
            raise AuditProblem("entries are missing at the end of the audit log; run `scp identity audit`")
        entries: list[Entry] = []
        if torn:
            note = {"torn_bytes": len(torn), "torn_mark": int(hashlib.sha256(torn).hexdigest()[:15], 16)}
            last = _next(last, REPAIR, account(), "maintenance", "", "-", note)
            entries.append(last)
        last = _next(last, action, officer or account(), reason, reference, subject, dict(counts or {}))
        entries.append(last)
        start = b"" if _ends_whole(log) else b"\n"
        log.seek(0, os.SEEK_END)
        log.write(start + b"".join(e.line() for e in entries))
        log.flush()
        os.fsync(log.fileno())
        write_private(f"{last.number} {last.hash}\n", home.identity / HEAD)
    return last


def check(
    *, action: str, officer: str, reason: str, reference: str, subject: str, counts: Mapping[str, int]
) -> None:
    """Raise NotForTheLog unless every part has its closed form. Called before something is done that will be logged."""
    wrong = [
        name
        for name, fits in {
            "action": ACTION.fullmatch(action),
            "officer": OFFICER.fullmatch(officer),
            "reason": reason in REASONS,
            "reference": not reference or REFERENCE.fullmatch(reference),
            "subject": SUBJECT.fullmatch(subject),
            "counts": all(ACTION.fullmatch(k) and type(v) is int for k, v in counts.items()),
        }.items()
        if not fits
    ]
    if wrong:
        raise NotForTheLog(
            f"not in the form that the audit log takes: {', '.join(wrong)} "
            f"(reasons: {', '.join(REASONS)}; a reference looks like SAR-2026-014)"
        )


def read(home: Home) -> list[Entry]:
    """Every whole entry, oldest first. What a crash left half-written is no entry; `verify` reports it."""
    return [e for e, _ in _lines(_content(home)) if e is not None]


def verify(home: Home) -> Verified:
    """Hold every line against the one before, and the last against the head."""
    content = _content(home)
    last, pending, torn, number = FIRST, b"", 0, 0
    for entry, raw in _lines(content):
        if entry is None:
            pending += raw
            continue
        number += 1
        if pending and not _notes(entry, pending):
            return Verified(False, number - 1, last, torn, broken_at=number, says="a line cannot be read")
        torn, pending = torn + bool(pending), b""
        if (entry.number, entry.previous) != (number, last) or entry.sealed().hash != entry.hash:
            return Verified(
                False,
                number - 1,
                last,
                torn,
                broken_at=number,
                says="an entry was changed, added or taken away",
            )
        last = entry.hash
    stated = _stated_head(home)
    known = {e.hash for e, _ in _lines(content) if e is not None}
    if stated != FIRST and stated not in known:
        return Verified(
            False, number, last, torn, bool(pending), number + 1, "entries are missing at the end"
        )
    says = "the last line was left half-written; the next entry will say so" if pending else ""
    return Verified(True, number, last, torn, bool(pending), None, says)


def account() -> str:
    """The operating system's name of whoever runs this; not from the environment, which anybody can set."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid{os.getuid()}"


def _next(
    last: Entry | None,
    action: str,
    officer: str,
    reason: str,
    reference: str,
    subject: str,
    counts: dict[str, int],
) -> Entry:
    at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    number, previous = (last.number + 1, last.hash) if last else (1, FIRST)
    return Entry(
        number, at, officer, account(), action, reason, reference, subject, counts, previous
    ).sealed()


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _content(home: Home) -> bytes:
    path = home.identity / FILE
    return path.read_bytes() if path.exists() else b""


def _lines(content: bytes) -> Generator[tuple[Entry | None, bytes]]:
    """Every line with its entry, or None for one that is no entry."""
    for raw in content.splitlines(keepends=True):
        yield _parsed(raw), raw


def _parsed(raw: bytes) -> Entry | None:
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    names = {f.name for f in fields(Entry)}
    return Entry(**body) if isinstance(body, dict) and set(body) == names else None


def _notes(entry: Entry, pending: bytes) -> bool:
    """True for the entry that says of exactly these bytes that a crash left them."""
    mark = int(hashlib.sha256(pending.rstrip(b"\n")).hexdigest()[:15], 16)
    return entry.action == REPAIR and entry.counts.get("torn_mark") == mark


def _end(log: BinaryIO) -> tuple[Entry | None, bytes, set[str]]:
    """The last entry, what a crash left after it, and the hashes near the end. Raises AuditProblem when it is not ours."""
    log.seek(0, os.SEEK_END)
    size = log.tell()
    log.seek(max(0, size - TAIL_BYTES))
    tail = log.read()
    last, after, near = None, b"", {FIRST} if size == 0 else set[str]()
    for entry, raw in _lines(tail if size <= TAIL_BYTES else tail[tail.find(b"\n") + 1 :]):
        last, after = (entry, b"") if entry is not None else (last, after + raw)
        # The head is written after the entry, so it may be older than the end, and it is none before the first.
        near |= {entry.hash, entry.previous} if entry is not None else {FIRST}
    if last is not None and last.sealed().hash != last.hash:
        raise AuditProblem("the last entry of the audit log was changed; run `scp identity audit`")
    if last is None and size > TAIL_BYTES:
        raise AuditProblem("the end of the audit log cannot be read; run `scp identity audit`")
    return last, after.rstrip(b"\n"), near


def _ends_whole(log: BinaryIO) -> bool:
    """True unless the last line lacks its end."""
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - 1))
    return log.read(1) in (b"", b"\n")


def _stated_head(home: Home) -> str:
    path = home.identity / HEAD
    return path.read_text(encoding="ascii").split()[1] if path.exists() else FIRST


@contextmanager
def _locked(home: Home) -> Generator[BinaryIO]:
    """The log, open for this process alone. Whoever comes at the same time waits: an entry takes milliseconds."""
    path = private_folder(home.identity) / FILE
    is_new = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        if is_new:
            sync_folder(path.parent)
        yield log


def log_path(home: Home) -> Path:
    """Where the log lies, for whoever copies it to a safe place."""
    return home.identity / FILE
