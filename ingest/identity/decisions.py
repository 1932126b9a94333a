"""Decisions by people: this is one child, these are two. They outlive every run and outrank every weight.

Lives here: the file of decisions, proposing and confirming one, the decisions in force.
Add here: another verdict.
Must not live here: showing a case (review.py), what a decision does to clusters (clusters.py), the audit log (audit.py).

One line a step, appended and never changed: a proposal by one person, its confirmation by another. Only what is confirmed by a
second person counts. A later confirmed decision about the same two tokens replaces the earlier one. The file holds pseudonyms
and codes only.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

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


def case_id(a: str, b: str) -> str:
    """The name of the case of two tokens, the same in every run."""
    return hashlib.sha256("|".join(sorted((a, b))).encode()).hexdigest()[:10]


def steps(home: Home) -> list[Step]:
    """Everything that was said, oldest first."""
    path = _path(home)
    return (
        [Step(**json.loads(line)) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    )


def propose(home: Home, a: str, b: str, verdict: str, reason: str, officer: str) -> Step:
    """Say what two tokens are. Counts once another person confirms it."""
    if verdict not in (SAME, DIFFERENT) or reason not in REASONS:
        raise Refused(f"A decision is {SAME} or {DIFFERENT}, for one of these reasons: {', '.join(REASONS)}.")
    first, second = sorted((a, b))
    return _append(home, Step(case_id(a, b), first, second, verdict, reason, PROPOSED, officer, _now()))


def answer(home: Home, case: str, officer: str, *, confirm: bool) -> Step:
    """Confirm or withdraw what was proposed last about a case. Who proposed it cannot confirm it. Raises Refused."""
    mine = [s for s in steps(home) if s.case == case]
    if not mine or mine[-1].state != PROPOSED:
        raise Refused("Nothing is proposed about this case.")
    last = mine[-1]
    if confirm and last.officer == officer:
        raise Refused("A second person must confirm a decision: you proposed this one.")
    state = CONFIRMED if confirm else WITHDRAWN
    return _append(home, Step(case, last.a, last.b, last.verdict, last.reason, state, officer, _now()))


def in_force(home: Home) -> list[Step]:
    """The newest confirmed decision of each case."""
    latest = {s.case: s for s in steps(home) if s.state == CONFIRMED}
    return sorted(latest.values(), key=lambda s: s.case)


def forget_tokens(home: Home, tokens: set[str]) -> int:
    """Take decisions about these tokens out (erasure). Returns how many lines went."""
    kept = [s for s in steps(home) if s.a not in tokens and s.b not in tokens]
    gone = len(steps(home)) - len(kept)
    if gone:
        _write(_path(home), "".join(json.dumps(asdict(s), sort_keys=True) + "\n" for s in kept))
    return gone


def _append(home: Home, step: Step) -> Step:
    path = _path(home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(asdict(step), sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return step


def _write(path: Path, text: str) -> None:
    from ingest.lake import write_text

    write_text(text, path)
    path.chmod(0o600)


def _path(home: Home) -> Path:
    return home.identity / "decisions.jsonl"


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
