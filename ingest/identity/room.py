"""The state of the identity room, in counts and dates.

Lives here: what `scp identity status` tells.
Add here: another count or date that says whether the room is in order.
Must not live here: changing anything; a pseudonym; an identifier.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, fields

from ingest.identity import audit, decisions, keys, linkage, models, review, training
from ingest.identity.store import IdentityStore
from ingest.lake import Home


@dataclass(frozen=True)
class Status:
    """The last link, the model, the keys, what waits."""

    linked_at: dt.datetime | None
    is_current: bool
    counts: dict[str, int]
    model: str
    model_from: str
    trained_on: str
    proposed_model: str | None
    keys: tuple[tuple[str, dt.date], ...]
    waiting: int
    by_reason: dict[str, int]
    to_confirm: int
    decided: int
    log_holds: bool


def status(home: Home) -> Status:
    """What there is. Raises KeyProblem when a key cannot be trusted."""
    store = IdentityStore(home.identity)
    note = home.identity / linkage.NOTE
    linked = dt.datetime.fromtimestamp(note.stat().st_mtime, dt.UTC) if note.exists() else None
    said = json.loads(note.read_text("utf-8"))["report"] if note.exists() else {}
    # A report of an earlier version of the code may count other things.
    report = linkage.LinkReport(
        **{f.name: said[f.name] for f in fields(linkage.LinkReport) if f.name in said}
    )
    model = models.current(store)
    reasons = [str(r["reason"]) for r in review.waiting(home)]
    return Status(
        linked_at=linked,
        is_current=linkage.is_current(home),
        counts=report.counts() if said else {},
        model=model.fingerprint,
        model_from="this room" if models.is_own(store) else "the package",
        trained_on=model.trained_on,
        proposed_model=training.waiting(store),
        keys=tuple(keys.made(home.identity)),
        waiting=len(reasons),
        by_reason={r: reasons.count(r) for r in sorted(set(reasons))},
        to_confirm=len(decisions.open_proposals(home)),
        decided=len(decisions.in_force(home)),
        log_holds=audit.verify(home).holds,
    )
