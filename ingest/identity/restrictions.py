"""Restriction: persons whose rows are kept and not looked at (UK GDPR Article 18), and what must not be erased.

Lives here: the list of restrictions, who is restricted by them, and the tokens that the warehouse leaves out.
Add here: another kind of mark that an officer puts on a person.
Must not live here: finding a person from an identifier (rights.py); erasing (erasure.py); SQL.

A restriction is kept as the tokens that the person had when it was made, not as a person key: keys can change when links
do, tokens never. Whoever shares a person with one of them is restricted too, so a token that is linked later is caught
without anybody asking again, and a person that is split stays restricted in all its parts.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from ingest.identity.private import read_json, write_json
from ingest.identity.store import IdentityStore
from ingest.lake import Home, write_parquet
from ingest.projections.arrow import IDENTITY, PERSON_MAP

pc: Any = pyarrow.compute  # its functions are made at run time, so no type checker knows them
FILE = "restrictions.json"
#: `restricted` leaves the person out of analysis; `legal_hold` keeps the person's rows from being erased.
RESTRICTED, LEGAL_HOLD = "restricted", "legal_hold"
KINDS = (RESTRICTED, LEGAL_HOLD)


@dataclass(frozen=True)
class Restriction:
    """One mark on one person, in force until it is lifted."""

    id: str
    kind: str
    tokens: tuple[str, ...]
    reason: str
    reference: str
    officer: str
    since: str
    lifted_on: str | None = None
    lifted_by: str | None = None

    @property
    def in_force(self) -> bool:
        return self.lifted_on is None


def all_of(home: Home) -> list[Restriction]:
    """Every restriction there was, lifted ones too, oldest first."""
    stored: list[dict[str, Any]] = read_json(home.identity / FILE, [])
    return [_restriction(**each) for each in stored]


def _restriction(tokens: Iterable[str], **others: Any) -> Restriction:
    return Restriction(tokens=tuple(tokens), **others)


def on(home: Home, tokens: Iterable[str], kind: str | None = None) -> list[Restriction]:
    """The restrictions in force that name one of these tokens."""
    wanted = set(tokens)
    return [
        r for r in all_of(home) if r.in_force and kind in (None, r.kind) and wanted.intersection(r.tokens)
    ]


def add(
    home: Home, tokens: Iterable[str], kind: str, *, officer: str, reason: str, reference: str
) -> Restriction:
    """Put a mark on a person. Asking twice for the same is one mark."""
    named = tuple(sorted(set(tokens)))
    known = all_of(home)
    for each in known:
        if each.in_force and (each.kind, each.tokens, each.reference) == (kind, named, reference):
            return each
    made = Restriction(secrets.token_hex(6), kind, named, reason, reference, officer, _today())
    _save(home, [*known, made])
    return made


def lift(home: Home, tokens: Iterable[str], kind: str, *, officer: str) -> int:
    """End the marks of a kind that name one of these tokens. Returns how many."""
    ended = {r.id for r in on(home, tokens, kind)}
    if ended:
        _save(
            home,
            [replace(r, lifted_on=_today(), lifted_by=officer) if r.id in ended else r for r in all_of(home)],
        )
    return len(ended)


def forget(home: Home, tokens: Iterable[str]) -> int:
    """Take erased tokens out of the list, lifted marks too; a mark without tokens goes. Returns how many changed."""
    gone, known = set(tokens), all_of(home)
    kept = [replace(r, tokens=tuple(t for t in r.tokens if t not in gone)) for r in known]
    changed = sum(a != b for a, b in zip(kept, known, strict=True))
    if changed:
        _save(home, [r for r in kept if r.tokens])
    return changed


def restricted_tokens(home: Home, person_map: pa.Table) -> pa.Table:
    """Every token that analysis must not see: those that are listed, and all others of the same persons."""
    marked = {t for r in all_of(home) if r.in_force and r.kind == RESTRICTED for t in r.tokens}
    listed = sorted(IdentityStore(home.identity).versions_of(marked)) if marked else []
    tokens = pa.array(listed, pa.string())
    persons = person_map.filter(pc.is_in(person_map["child_token"], tokens))["person_key"].unique()
    theirs = person_map.filter(pc.is_in(person_map["person_key"], persons))["child_token"]
    together = sorted({*listed, *theirs.to_pylist()})
    return pa.table([pa.array(together, pa.string())], schema=IDENTITY["restricted_token"])


def write_tokens(home: Home) -> bool:
    """Write the tokens that the warehouse leaves out, when they differ from what lies there. Returns whether they did."""
    tokens, path = restricted_tokens(home, person_map(home)), tokens_path(home)
    if path.exists() and pq.read_table(path).equals(tokens):
        return False
    write_parquet(tokens, path)
    return True


def tokens_path(home: Home) -> Path:
    return home.from_identity("restricted_token") / "restricted_token.parquet"


def person_map(home: Home) -> pa.Table:
    """The person map as it was last written; empty before the first link."""
    path = home.person_map / "person_map.parquet"
    return pq.read_table(path) if path.exists() else PERSON_MAP.empty_table()


def _today() -> str:
    return dt.datetime.now(dt.UTC).date().isoformat()


def _save(home: Home, restrictions: Iterable[Restriction]) -> None:
    write_json([asdict(r) for r in restrictions], home.identity / FILE)
