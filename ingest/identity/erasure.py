"""Erase: one person's rows and identifiers, everywhere, proposed by one officer and approved by another.

Lives here: the cases, the steps of an erasure, finishing one that was killed, the proof that nothing is left.
Add here: another place where something about a person lies: a step in `STEPS`, and a line in `_left`.
Must not live here: finding a person (rights.py), the list of erased pseudonyms (tombstones.py), building a warehouse.

A case lies in the room until it is done: who asked, who approved, the pseudonyms, what there was, which steps are done.
Every step can be repeated, and each is written down when it is done, so a run that was killed goes on where it was; the next
`scp run` or `scp person` command does that before anything else. Tombstones come before the first row is removed, so a file
that is taken in meanwhile cannot bring the child back. What was counted at receipt stays counted: received = accepted +
rejected, and `erased_rows` says how many of them are no longer held.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

from ingest import registry
from ingest.identity import audit, decisions, linkage, restrictions, tombstones
from ingest.identity.private import read_json, write_json, write_private
from ingest.identity.rights import (
    REJECTED_ROW,
    ROW,
    Asked,
    Found,
    NotPossible,
    Place,
    Typed,
    Who,
    held_by,
    one_person,
    personal_tables,
    raw_files,
    rejected_files,
    who,
)
from ingest.identity.store import IdentityStore
from ingest.lake import Home, place, write_parquet, write_text
from ingest.landing import MANIFEST, Delivery, discover
from ingest.projections.arrow import PIPELINE

pc: Any = pyarrow.compute  # its functions are made at run time, so no type checker knows them

PROPOSED, APPROVED, DONE, WITHDRAWN = "proposed", "approved", "done", "withdrawn"
#: What linkage keeps by hashes of records, in which no pseudonym can be looked for: it goes whole and is made again.
HASHED = ("pairs", "compared")
#: Files of the room that say what was done, not about whom: they stay.
RECORDS = (audit.FILE, audit.HEAD, tombstones.FILE)


@dataclass(frozen=True)
class Case:
    """One erasure, from the proposal to the proof. Pseudonyms go with the rows; what stays are counts and people's names."""

    id: str
    state: str
    reason: str
    reference: str
    proposed_by: str
    proposed_at: str
    persons: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict[str, int])
    approved_by: str | None = None
    approved_at: str | None = None
    done_at: str | None = None
    submissions: dict[str, dict[str, dict[str, int]]] = field(
        default_factory=dict
    )  # id -> table -> what -> rows
    releases: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()

    @property
    def day(self) -> str:
        return (self.approved_at or self.proposed_at)[:10]


@dataclass(frozen=True)
class _Work:
    place: Place
    case: Case

    @property
    def home(self) -> Home:
        return self.place.home

    @property
    def tokens(self) -> pa.Array:
        return pa.array(self.case.tokens, pa.string())


# --- proposing and approving ----------------------------------------------------------------------------------------------


def propose(where: Place, typed: Typed, asked: Asked) -> tuple[Case, Found]:
    """Open a case. Nothing is removed before another officer approves it."""
    asked.check()
    found = one_person(held_by(where, who(where.home, typed)))
    _refuse_held(where.home, found.who.tokens)
    case = Case(
        f"case-{secrets.token_hex(6)}", PROPOSED, asked.reason, asked.reference, asked.officer, _now(),
        found.who.persons, found.who.tokens, found.counts(),
    )  # fmt: skip
    asked.log(where.home, "erase_proposed", case.id, case.counts)
    _save(where.home, case)
    return case, found


def approve(where: Place, case_id: str, officer: str) -> Case:
    """Approve a case as a second officer, and carry it out. Raises NotPossible."""
    case = find_case(where.home, case_id)
    if case.state != PROPOSED:
        raise NotPossible(f"the case is {case.state}, not proposed")
    if officer == case.proposed_by:
        raise NotPossible("a second officer must approve; you proposed this case")
    _refuse_held(where.home, case.tokens)
    if set(_person_of(where.home, case).tokens) != set(case.tokens):
        raise NotPossible("the person has other pseudonyms now than when this was proposed; propose it again")
    _log(where.home, "erase_approved", case, officer, {"tokens": len(case.tokens)})
    _save(where.home, replace(case, state=APPROVED, approved_by=officer, approved_at=_now()))
    finish(where)
    return find_case(where.home, case_id)


def withdraw(where: Place, case_id: str, officer: str) -> None:
    """Close a case that nobody has approved."""
    case = find_case(where.home, case_id)
    if case.state != PROPOSED:
        raise NotPossible(f"the case is {case.state}, not proposed")
    _log(where.home, "erase_withdrawn", case, officer, {})
    _save(where.home, replace(case, state=WITHDRAWN, persons=(), tokens=()))


def replay(where: Place, officer: str) -> Case | None:
    """After a backup was restored: erase again what had been erased. None when nothing of it came back."""
    stones = tombstones.load(where.home)
    back = sorted({t for t in _all_tokens(where) if stones.of(t)}) if stones else []
    if not back:
        return None
    case = Case(
        f"case-{secrets.token_hex(6)}", APPROVED, "maintenance", "", officer, _now(),
        tokens=tuple(back), approved_by=officer, approved_at=_now(),
    )  # fmt: skip
    _log(where.home, "erase_again", case, officer, {"tokens": len(back)})
    _save(where.home, case)
    finish(where)
    return find_case(where.home, case.id)


def admit(where: Place, typed: Typed, asked: Asked) -> int:
    """Let an erased person in again, from the next file on. Nothing that was erased comes back. Returns how many marks went."""
    asked.check()
    tokens = who(where.home, typed).tokens
    marked = [t for t in tokens if tombstones.load(where.home).of(t)]
    asked.log(where.home, "admit_again", f"{len(marked)} tokens", {"marks": len(marked)})
    return tombstones.remove(where.home, marked)


def cases(home: Home) -> list[Case]:
    """Every case, oldest first."""
    found = [_read(p) for p in (home.identity / "erasures").glob("case-*.json")]
    return sorted(found, key=lambda c: (c.proposed_at, c.id))


def find_case(home: Home, case_id: str) -> Case:
    """One case. Raises NotPossible."""
    for case in cases(home):
        if case.id == case_id:
            return case
    raise NotPossible("there is no such case; `scp person cases` lists them")


def _person_of(home: Home, case: Case) -> Who:
    """Who the case is about now: by person key, or for somebody whom no link knows by pseudonym."""
    if case.persons:
        return who(home, Typed("person_key", case.persons[0]))
    return Who((), case.tokens)


def _refuse_held(home: Home, tokens: Iterable[str]) -> None:
    holds = restrictions.on(home, tokens, restrictions.LEGAL_HOLD)
    if holds:
        raise NotPossible(f"on legal hold since {holds[0].since} ({holds[0].reference}): nothing was erased")


# --- carrying out ---------------------------------------------------------------------------------------------------------


def finish(where: Place) -> list[Case]:
    """Carry out what is approved, also what a killed run left half-done. Returns the cases that are done now."""
    done: list[Case] = []
    for case in cases(where.home):
        if case.state != APPROVED:
            continue
        for name, step in STEPS:
            if name not in case.steps:
                case = step(_Work(where, case))
                case = replace(case, steps=(*case.steps, name))
                _save(where.home, case)
        done.append(_close(where.home, case))
    return done


def _note(work: _Work) -> Case:
    """Write down what there is, before any of it goes: afterwards nobody could count it."""
    found = held_by(work.place, Who(work.case.persons, work.case.tokens))
    counted: dict[str, dict[str, dict[str, int]]] = {}
    for line in found.held.select(["submission_id", "table", "what"]).to_pylist():
        rows = counted.setdefault(line["submission_id"], {})
        if line["what"] in (ROW, REJECTED_ROW):
            kinds = rows.setdefault(line["table"], {"accepted": 0, "rejected": 0})
            kinds["accepted" if line["what"] == ROW else "rejected"] += 1
    releases = tuple(r.release for r in found.releases)
    return replace(work.case, counts=found.counts(), submissions=counted, releases=releases)


def _bury(work: _Work) -> Case:
    """Tombstones: from here on no file brings the child back."""
    tombstones.add(work.home, work.case.tokens, work.case.id, work.case.day)
    return work.case


def _identifiers(work: _Work) -> Case:
    """The encrypted files of the room: identifiers of submissions, and what linkage keeps."""
    room = _Room(work.home.identity)
    room.drop(work.tokens)
    for name in HASHED:
        room.drop_state(name)
    return work.case


def _rows(work: _Work) -> Case:
    """Raw and validated rows, and the note that says how many went."""
    concerned = work.case.submissions
    for key, table in personal_tables(work.place.contracts):
        for path in rejected_files(work.home, key, table):
            if path.parents[1].name in concerned:
                _without(path, work)
        for path in raw_files(work.home, key, table):
            submission = path.stem.rsplit("__", 1)[-1]
            stored = work.home.validated(key, submission) / "accepted" / f"{table}.parquet"
            if submission not in concerned:
                continue
            if not stored.exists():
                _without(path, work)
            elif _without(stored, work) or _holds(path, work):
                place(stored, path)  # both names share the bytes again
    for submission, tables in work.case.submissions.items():
        write_erased(work.home, submission, work.case, tables)
    return work.case


def _files_as_sent(work: _Work) -> Case:
    """Files as sent, whole: they are copies for a short time. Receipts stay."""
    for delivery in _still_there(work):
        with contextlib.suppress(PermissionError):  # the proof will say so
            for path in delivery.files:
                path.unlink(missing_ok=True)
            _tidy(delivery.root, work.place.landing)
    return work.case


def _still_there(work: _Work) -> list[Delivery]:
    """Deliveries in landing whose content is that of a submission of the case, under whatever name."""
    contents = {
        (f"{r['agency']}/{r['extract']}", r["sha256"])
        for r in registry.submissions(work.home).to_pylist()
        if r["submission_id"] in work.case.submissions
    }
    landing = work.place.landing
    found = discover(landing, work.place.contracts) if contents and landing.exists() else []
    return [d for d in found if (d.key, d.sha256) in contents]


def _releases(work: _Work) -> Case:
    """Analysts' files of releases that hold the person. What was published of figures stays."""
    for name in work.case.releases:
        folder = work.home.releases / name / "analyst"
        if folder.exists():
            shutil.rmtree(folder)
        write_text(
            f"The analysts' files of this release were removed on {_now()[:10]} ({work.case.id}): one person's data were\n"
            "erased. Figures that were published stay. The next release has the analysts' files again, without the person.\n",
            folder / "REMOVED.txt",
        )
    return work.case


def _warehouse(work: _Work) -> Case:
    """The warehouse file: it is built again from the lake, and nobody should ask it meanwhile."""
    if work.home.warehouse.exists():
        shutil.rmtree(work.home.warehouse)
    return work.case


def _links(work: _Work) -> Case:
    """What links, decisions and restrictions know of the person. The next link works it out anew."""
    home = work.home
    (home.identity / linkage.NOTE).unlink(missing_ok=True)
    decisions.forget_tokens(home, set(work.case.tokens))
    restrictions.forget(home, work.case.tokens)
    for path in sorted(home.identity.glob("*.csv")):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not any(t in line for t in work.case.tokens)]
        if len(kept) < len(lines):
            write_private("".join(kept), path)
    _without(home.person_map / "person_map.parquet", work)
    restrictions.write_tokens(home)
    return work.case


def _prove(work: _Work) -> Case:
    """Look again everywhere. Raises NotPossible when anything is left: then nothing is called done."""
    left = _left(work)
    if left:
        # Everything is done again the next time but the note of what there was, which cannot be.
        _save(work.home, replace(work.case, steps=("note",)))
        raise NotPossible(f"{work.case.id} is not finished: something is left in {', '.join(left)}")
    return work.case


#: In this order; each may be repeated.
STEPS: tuple[tuple[str, Callable[[_Work], Case]], ...] = (
    ("note", _note),
    ("tombstones", _bury),
    ("identifiers", _identifiers),
    ("rows", _rows),
    ("files_as_sent", _files_as_sent),
    ("releases", _releases),
    ("warehouse", _warehouse),
    ("links", _links),
    ("proof", _prove),
)


def _left(work: _Work) -> list[str]:
    """Names of the places that still hold something of the person."""
    found = held_by(work.place, Who(work.case.persons, work.case.tokens))
    places = {str(what) for what in found.held["what"].to_pylist()} | {r.release for r in found.releases}
    if _still_there(work):
        places.add("files as sent, which could not be removed")
    places |= {r for r in work.case.releases if (work.home.releases / r / "analyst" / "parquet").exists()}
    if _Room(work.home.identity).holds(work.tokens):
        places.add("the identity room")
    if _holds(work.home.person_map / "person_map.parquet", work) or _holds(
        restrictions.tokens_path(work.home), work
    ):
        places.add("what the identity room hands over")
    own = _path(work.home, work.case.id)
    for path in sorted(p for p in work.home.identity.rglob("*") if p.is_file() and p != own):
        if path.name not in RECORDS and path.suffix in (".json", ".jsonl", ".csv"):
            text = path.read_text(encoding="utf-8")
            if path.parent.name != "erasures" and any(t in text for t in work.case.tokens):
                places.add(f"the identity room ({path.name})")
    return sorted(places)


def _close(home: Home, case: Case) -> Case:
    """The audit entry, then the case without the person's pseudonyms."""
    logged = any(e.action == "erased" and e.subject == case.id for e in audit.read(home))
    if not logged:
        _log(home, "erased", case, case.approved_by or case.proposed_by, case.counts)
    closed = replace(case, state=DONE, done_at=_now(), persons=(), tokens=())
    _save(home, closed)
    return closed


# --- rows and files -------------------------------------------------------------------------------------------------------


class _Room(IdentityStore):
    """The store, seen as files: rows of some pseudonyms can be taken out of every one of them."""

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*/*.parquet"))

    def drop(self, tokens: pa.Array) -> int:
        """Write every file that mentions a pseudonym again without those rows, encrypted as before. Returns how many files."""
        changed = 0
        for path in self._files():
            rows = self._whole(path)
            mentions = _mentions(rows, tokens)
            if pc.any(mentions).as_py():
                self._write(path, rows.filter(pc.invert(mentions)))
                changed += 1
        return changed

    def holds(self, tokens: pa.Array) -> bool:
        return any(pc.any(_mentions(self._whole(path), tokens)).as_py() for path in self._files())

    def _whole(self, path: Path) -> pa.Table:
        properties = pe.create_decryption_properties(self._data_key(path))
        return pq.ParquetFile(path, decryption_properties=properties).read()


def _mentions(rows: pa.Table, tokens: pa.Array) -> pa.Array | pa.ChunkedArray:
    """For each row, whether any column of it is one of the pseudonyms."""
    found: Any = pa.array([False] * rows.num_rows, pa.bool_())
    for name in rows.column_names:
        if pa.types.is_string(rows.schema.field(name).type):
            found = pc.or_(found, pc.is_in(rows[name], tokens))
    return found


def _holds(path: Path, work: _Work) -> bool:
    if not path.exists():
        return False
    return bool(
        pc.any(pc.is_in(pq.read_table(path, columns=["child_token"])["child_token"], work.tokens)).as_py()
    )


def _without(path: Path, work: _Work) -> bool:
    """Write a file again without the person's rows. Returns whether it had any."""
    if not _holds(path, work):
        return False
    rows = pq.ParquetFile(path).read()
    write_parquet(rows.filter(pc.invert(pc.is_in(rows["child_token"], work.tokens))), path)
    return True


def write_erased(home: Home, submission: str, case: Case, tables: Mapping[str, Mapping[str, int]]) -> None:
    """Say beside the counts of a submission how many of its rows were erased. Saying it twice is saying it once."""
    path = home.pipeline("erased_rows") / f"{submission}.parquet"
    known: list[dict[str, Any]] = pq.ParquetFile(path).read().to_pylist() if path.exists() else []
    added = [
        {"submission_id": submission, "table": table, "case_id": case.id, **rows,
         "erased_on": dt.date.fromisoformat(case.day)}
        for table, rows in sorted(tables.items())
    ]  # fmt: skip
    rows = [r for r in known if r["case_id"] != case.id] + added
    if rows:
        write_parquet(pa.Table.from_pylist(rows, schema=PIPELINE["erased_rows"]), path)


def _all_tokens(where: Place) -> set[str]:
    out: set[str] = set()
    for key, table in personal_tables(where.contracts):
        for path in (*raw_files(where.home, key, table), *rejected_files(where.home, key, table)):
            out |= set(pq.read_table(path, columns=["child_token"])["child_token"].unique().to_pylist())
    store = IdentityStore(where.home.identity)
    out |= set(store.read(sorted(store.ids()), ["child_token"])["child_token"].unique().to_pylist())
    return {t for t in out if t}


def _tidy(folder: Path, landing: Path) -> None:
    """Remove a delivery's folder when nothing but its manifest is left."""
    if folder != landing and {p.name for p in folder.iterdir()} <= {MANIFEST}:
        shutil.rmtree(folder)


# --- cases ----------------------------------------------------------------------------------------------------------------


def _log(home: Home, action: str, case: Case, officer: str, counts: Mapping[str, int]) -> None:
    audit.append(
        home,
        action,
        officer=officer,
        reason=case.reason,
        reference=case.reference,
        subject=case.id,
        counts=counts,
    )


def _path(home: Home, case_id: str) -> Path:
    return home.identity / "erasures" / f"{case_id}.json"


def _read(path: Path) -> Case:
    body: dict[str, Any] = read_json(path, {})
    lists: dict[str, Any] = {name: tuple(body[name]) for name in ("persons", "tokens", "releases", "steps")}
    return Case(**(body | lists))


def _save(home: Home, case: Case) -> None:
    write_json(asdict(case), _path(home, case.id))


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
