"""Decisions by people: this is one child, these are two. They outlive every run and outrank every weight.

Lives here: the file of decisions, proposing and confirming one, the decisions in force.
Add here: another verdict.
Must not live here: showing a case (review.py), what a decision does to clusters (clusters.py), the audit log (audit.py).

One line a step, appended and never changed: a proposal by one person, its confirmation by another. Only what is confirmed by a
second person counts. A later confirmed decision about the same two tokens replaces the earlier one. The file holds pseudonyms
and codes only. A line that a crash left half-written was never acknowledged, so it is no step.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ingest.identity.keys import private_folder
from ingest.identity.private import write_private
from ingest.lake import Home

SAME, DIFFERENT = "same", "different"
#: Why a person decided; a closed list, so that nobody types a name.
REASONS = {
    "checked_source": "looked up in the agencies' own systems",
    "agency_confirmed": "the agency confirmed it",
    "family_known": "known family: twins, brothers or sisters",
    "number_error": "a number was given to the wrong child",
    "adoption": "an adopted child's new identity: never to be linked",
}
#: Reasons that speak for two children only.
NEVER_SAME = ("family_known", "number_error", "adoption")
PROPOSED, CONFIRMED, WITHDRAWN = "proposed", "confirmed", "withdrawn"


class Refused(ValueError):
    """A decision cannot be taken so. The message says why and holds no identifier."""


@dataclass(frozen=True)
class Step:
    """One line: who said what about two tokens."""

    case: str
    a: str
    b: str
    verdict: str
    reason: str
    state: str
    officer: str
    at: str


#: Told of a step that may be taken, before it is: what cannot be logged is not done.
Log = Callable[[Step], object]


def _silent(step: Step) -> None:
    """Nobody is told: for tests, and for whoever logs in another way."""


def case_id(a: str, b: str) -> str:
    """The name of the case of two tokens, the same in every run."""
    return hashlib.sha256("|".join(sorted((a, b))).encode()).hexdigest()[:10]


def steps(home: Home) -> list[Step]:
    """Everything that was said, oldest first."""
    path = _path(home)
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [step for line in lines if (step := _parsed(line)) is not None]


def last(home: Home, case: str) -> Step | None:
    """What was said last about a case."""
    mine = [s for s in steps(home) if s.case == case]
    return mine[-1] if mine else None


def open_proposals(home: Home) -> dict[str, Step]:
    """Case -> the proposal that waits for a second person."""
    latest = {s.case: s for s in steps(home)}
    return {case: step for case, step in latest.items() if step.state == PROPOSED}


def propose(home: Home, a: str, b: str, verdict: str, reason: str, officer: str, log: Log = _silent) -> Step:
    """Say what two tokens are. Counts once another person confirms it. Raises Refused."""
    if verdict not in (SAME, DIFFERENT) or reason not in REASONS:
        raise Refused(f"A decision is {SAME} or {DIFFERENT}, for one of these reasons: {', '.join(REASONS)}.")
    if verdict == SAME and reason in NEVER_SAME:
        raise Refused(f"For the reason {reason} two records are never called the same.")
    if a == b:
        raise Refused("A decision is about two pseudonyms, and these are one.")
    first, second = sorted((a, b))
    waiting = last(home, case_id(a, b))
    if waiting is not None and waiting.state == PROPOSED:
        raise Refused(
            f"This case is proposed as {waiting.verdict} already: confirm it as a second person, or withdraw it."
        )
    return _append(home, Step(case_id(a, b), first, second, verdict, reason, PROPOSED, officer, _now()), log)


def answer(home: Home, case: str, officer: str, *, confirm: bool, log: Log = _silent) -> Step:
    """Confirm or withdraw what was proposed last about a case. Who proposed it cannot confirm it. Raises Refused."""
    said = last(home, case)
    if said is None or said.state != PROPOSED:
        raise Refused("Nothing is proposed about this case.")
    if confirm and said.officer.casefold() == officer.casefold():
        raise Refused("A second person must confirm a decision: you proposed this one.")
    state = CONFIRMED if confirm else WITHDRAWN
    return _append(home, Step(case, said.a, said.b, said.verdict, said.reason, state, officer, _now()), log)


def in_force(home: Home) -> list[Step]:
    """The newest confirmed decision of each case."""
    latest = {s.case: s for s in steps(home) if s.state == CONFIRMED}
    return sorted(latest.values(), key=lambda s: s.case)


def forget_tokens(home: Home, tokens: set[str]) -> int:
    """Take decisions about these tokens out (erasure). Returns how many lines went."""
    known = steps(home)
    kept = [s for s in known if s.a not in tokens and s.b not in tokens]
    gone = len(known) - len(kept)
    if gone:
        write_private("".join(json.dumps(asdict(s), sort_keys=True) + "\n" for s in kept), _path(home))
    return gone


def _append(home: Home, step: Step, log: Log) -> Step:
    log(step)
    path = private_folder(home.identity) / _path(home).name
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        start = b"" if file.read(1) in (b"", b"\n") else b"\n"  # after a line that a crash cut short
        file.seek(0, os.SEEK_END)
        file.write(start + json.dumps(asdict(step), sort_keys=True).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return step


def _parsed(line: str) -> Step | None:
    """A line's step, or None for one that a crash cut short."""
    try:
        body = json.loads(line)
    except ValueError:
        return None
    return Step(**body) if isinstance(body, dict) and set(body) == {f.name for f in fields(Step)} else None


def _path(home: Home) -> Path:
    return home.identity / "decisions.jsonl"


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
