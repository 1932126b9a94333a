"""Find and restrict: what is held about one person, from an identifier that an officer types, and who may look at it.

Lives here: reading the identifier, from it to pseudonyms and persons, and from those to rows, files, agreements, releases;
putting a mark on the person and lifting it. Everything is in the audit log before it is done.
Add here: another place where something about a person can lie (with its line in `Found`).
Must not live here: asking the officer or printing (orchestration); the list of marks (restrictions.py); erasing (erasure.py).

The identifier is looked up in the identity room and goes no further: what comes out are pseudonyms, positions of rows and
counts. Columns are scanned, never whole rows, so the values of the rows are not even read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from ingest import registry
from ingest.agreement import Agreements
from ingest.contract import Contracts
from ingest.identity import audit, restrictions, tombstones
from ingest.identity.keys import pseudonym_keys
from ingest.identity.store import IdentityStore
from ingest.lake import Home
from ingest.landing import discover
from ingest.privacy import child_token
from ingest.projections.arrow import CHILD_TOKEN, raw_schema
from ingest.validators import passes

pc: Any = pyarrow.compute  # its functions are made at run time, so no type checker knows them

NHS_NUMBER, UPN, LOCAL_ID, PERSON_KEY = "nhs_number", "upn", "local_id", "person_key"
#: What an officer may type, and how it is asked for.
KINDS = {
    NHS_NUMBER: "NHS number",
    UPN: "UPN (unique pupil number)",
    LOCAL_ID: "the sender's own number of the child",
    PERSON_KEY: "person key",
}
#: Columns of the identity store that are read to find somebody.
_LOOKED_AT = ("child_token", "submitter", "agency", "nhs_number", "upn", "former_upn", "birth_date")
_NUMBERS = {NHS_NUMBER: ("nhs_number",), UPN: ("upn", "former_upn")}
_NO_BIRTH_DATES = (dt.date(1900, 1, 1), dt.date(1970, 1, 1))

#: One line of what is held. No value of a row and no name of a file: a sender may name a file after a child.
HELD = pa.schema(
    [
        ("what", pa.string()),
        ("agency", pa.string()),
        ("extract", pa.string()),
        ("table", pa.string()),
        ("submitter", pa.string()),
        ("period", pa.string()),
        ("submission_id", pa.string()),
        ("row", pa.int64()),
        ("in_force", pa.bool_()),
        ("agreement_id", pa.string()),
        ("agreement_version", pa.string()),
        ("keep_until", pa.date32()),
    ]
)
ROW, REJECTED_ROW, IDENTIFIERS, FILE_AS_SENT = (
    "accepted row",
    "rejected row",
    "identifiers",
    "file as sent",
)


class NotPossible(RuntimeError):
    """What was asked for cannot be done for this person. The message says why, in pseudonyms and counts."""


class NotAnIdentifier(ValueError):
    """What was typed cannot be what it is said to be. The message says why and never repeats it."""


@dataclass(frozen=True)
class Asked:
    """Who asks and why, in the closed forms of the audit log."""

    reason: str
    reference: str
    officer: str = field(default_factory=audit.account)

    def log(self, home: Home, action: str, subject: str, counts: Mapping[str, int]) -> None:
        audit.append(home, action, officer=self.officer, reason=self.reason, reference=self.reference,
                     subject=subject, counts=counts)  # fmt: skip

    def check(self) -> None:
        """Raise NotForTheLog now rather than after a long search. A reference is asked for: somebody must be able to ask why."""
        if not self.reference:
            raise audit.NotForTheLog("a reference number is needed, like SAR-2026-014")
        audit.check(
            action="find",
            officer=self.officer,
            reason=self.reason,
            reference=self.reference,
            subject="-",
            counts={},
        )


@dataclass(frozen=True)
class Typed:
    """An identifier as an officer typed it, checked. It does not show itself in a traceback or a log."""

    kind: str
    value: str = field(repr=False)
    submitter: str | None = None

    @classmethod
    def read(cls, kind: str, text: str, contracts: Contracts, submitter: str | None = None) -> Typed:
        """The identifier in the form that the store has. Raises NotAnIdentifier."""
        if kind not in KINDS:
            raise NotAnIdentifier(f"say which kind of identifier it is: {', '.join(KINDS)}")
        value = text.strip()
        if kind in (NHS_NUMBER, UPN):
            value = re.sub(r"[^0-9A-Za-z]", "", value).upper()
            if not value or not passes(kind, [value])[0]:
                raise NotAnIdentifier(f"that is no {KINDS[kind]}: its length or its check digit is wrong")
        elif kind == LOCAL_ID:
            known = {s.name for a in contracts.agencies.values() for s in a.submitters}
            if submitter not in known:
                raise NotAnIdentifier(f"say which sender's number it is: {', '.join(sorted(known))}")
            value = value.removeprefix("'")  # as the reader takes both off
            value = value.split(".")[0] if re.fullmatch(r"[0-9]+\.0+", value) else value
        elif not re.fullmatch(r"p[0-9]+_[0-9a-f]{32}", value):
            raise NotAnIdentifier("a person key is p, a number, _ and 32 characters of 0-9 and a-f")
        if not value:
            raise NotAnIdentifier("nothing was typed")
        return cls(kind, value, submitter if kind == LOCAL_ID else None)


@dataclass(frozen=True)
class Who:
    """The persons that an identifier leads to, as pseudonyms, and what is doubtful about that."""

    persons: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    seen_by: Mapping[str, int] = field(default_factory=dict[str, int])  # sender -> pseudonyms
    birth_dates: int = 0  # different ones that senders gave; more than one is a reason to look

    @property
    def subject(self) -> str:
        """How the audit log names them."""
        return self.persons[0] if len(self.persons) == 1 else f"{len(self.tokens)} tokens"

    def doubts(self) -> list[str]:
        """What an officer must know before anything is done."""
        out: list[str] = []
        if len(self.persons) > 1:
            out.append(
                f"the identifier is held for {len(self.persons)} persons who are not linked; ask by person key"
            )
        if self.birth_dates > 1:
            out.append(
                f"senders gave {self.birth_dates} different dates of birth; look whether this is one child"
            )
        return out


@dataclass(frozen=True)
class InRelease:
    """A release whose analysts' files hold rows of the person."""

    release: str
    as_of: str
    in_force: bool
    tables: Mapping[str, int]  # table -> rows


@dataclass(frozen=True)
class Found:
    """Everything that is held about the persons of one identifier."""

    who: Who
    held: pa.Table = field(default_factory=HELD.empty_table)
    releases: tuple[InRelease, ...] = ()
    restrictions: tuple[restrictions.Restriction, ...] = ()
    erased: tuple[
        tombstones.Stone, ...
    ] = ()  # rows of these pseudonyms that were erased, and are dropped when sent again
    unread_files: int = 0  # files in landing that nobody has read: refused, waiting or not recognised

    def counts(self) -> dict[str, int]:
        """For the audit log and for the officer."""
        rows = self.held["what"].to_pylist()
        return {
            "persons": len(self.who.persons),
            "tokens": len(self.who.tokens),
            "accepted_rows": rows.count(ROW),
            "rejected_rows": rows.count(REJECTED_ROW),
            "identifier_rows": rows.count(IDENTIFIERS),
            "files_as_sent": rows.count(FILE_AS_SENT),
            "releases": len(self.releases),
        }

    def listing(self) -> pa.Table:
        """Everything in one table, for a file: what is held, then what releases hold."""
        held = self.held.append_column("release", pa.nulls(self.held.num_rows, pa.string()))
        held = held.append_column("rows", pa.repeat(pa.scalar(1, pa.int64()), held.num_rows))
        released = [
            {
                "what": "rows of a release",
                "release": r.release,
                "in_force": r.in_force,
                "table": table,
                "rows": rows,
            }
            for r in self.releases
            for table, rows in r.tables.items()
        ]
        return pa.concat_tables([held, pa.Table.from_pylist(released, schema=held.schema)])


@dataclass(frozen=True)
class Place:
    """Where to look."""

    home: Home
    contracts: Contracts
    agreements: Agreements
    landing: Path


def find(place: Place, typed: Typed, asked: Asked) -> Found:
    """Everything that is held about whoever the identifier stands for."""
    asked.check()
    found = held_by(place, who(place.home, typed))
    asked.log(place.home, "find", found.who.subject, found.counts())
    return found


def restrict(place: Place, typed: Typed, asked: Asked, kind: str = restrictions.RESTRICTED) -> Found:
    """Put a mark on one person. The next build leaves the person out; a legal hold keeps the rows from being erased."""
    asked.check()
    found = one_person(held_by(place, who(place.home, typed)))
    asked.log(place.home, kind, found.who.subject, found.counts())
    restrictions.add(place.home, found.who.tokens, kind, officer=asked.officer, reason=asked.reason,
                     reference=asked.reference)  # fmt: skip
    restrictions.write_tokens(place.home)
    return found


def lift(place: Place, typed: Typed, asked: Asked, kind: str = restrictions.RESTRICTED) -> int:
    """End the marks of a kind on one person. Returns how many there were."""
    asked.check()
    person = who(place.home, typed)
    marks = restrictions.on(place.home, person.tokens, kind)
    asked.log(place.home, f"lift_{kind}", person.subject, {"marks": len(marks)})
    restrictions.lift(place.home, person.tokens, kind, officer=asked.officer)
    restrictions.write_tokens(place.home)
    return len(marks)


def one_person(found: Found) -> Found:
    """The same, when it is one person about whom something is held. Raises NotPossible."""
    if not found.held.num_rows:
        raise NotPossible("nothing is held under this identifier, so nothing was done")
    if len(found.who.persons) > 1:
        raise NotPossible(found.who.doubts()[0])
    return found


def held_by(place: Place, person: Who) -> Found:
    """Everything that is held about persons who have been found already."""
    home, contracts = place.home, place.contracts
    lookup = _Submissions(home, place.agreements)
    stones = tombstones.load(home)
    erased = tuple({s.case: s for t in person.tokens if (s := stones.of(t))}.values())
    with connection() as con:
        con.register("wanted", pa.table({"child_token": pa.array(person.tokens, pa.string())}))
        rows = [*_rows(con, home, contracts), *_identifiers(home, person.tokens)] if person.tokens else []
        concerned = {r["submission_id"] for r in rows} | _lost_rows(home, {s.case for s in erased})
        unread, files = _files(place.landing, contracts, lookup, concerned)
        held = _told([*rows, *files], lookup)
        con.register("held", held)
        con.register("persons", pa.table({"person_key": pa.array(person.persons, pa.string())}))
        releases = tuple(_releases(con, home)) if person.tokens else ()
    return Found(person, held, releases, tuple(restrictions.on(home, person.tokens)), erased, unread)


def who(home: Home, typed: Typed) -> Who:
    """From the identifier to its pseudonyms, from those to persons, and from persons to all their pseudonyms."""
    store = IdentityStore(home.identity)
    identities = store.read(sorted(store.ids()), _LOOKED_AT)
    person_map = restrictions.person_map(home)
    if typed.kind == PERSON_KEY:
        persons, tokens = [typed.value], pa.array([], pa.string())
    else:
        tokens = _tokens(home, identities, typed)
        mine = person_map.filter(pc.is_in(person_map["child_token"], tokens))
        persons = mine["person_key"].unique().to_pylist()
    theirs = person_map.filter(pc.is_in(person_map["person_key"], pa.array(persons, pa.string())))
    together = {*tokens.to_pylist(), *theirs["child_token"].to_pylist()}
    about = _about(identities, together)
    together = sorted(store.versions_of(together | _unlinked(identities, about, person_map)))
    about = _about(identities, together)
    births = set(about["birth_date"].to_pylist()) - {None, *_NO_BIRTH_DATES}
    seen = about.select(["submitter", "child_token"]).group_by(["submitter"], use_threads=False)
    by_sender = seen.aggregate([("child_token", "count_distinct")])
    counted = dict(
        zip(
            by_sender["submitter"].to_pylist(),
            by_sender["child_token_count_distinct"].to_pylist(),
            strict=True,
        )
    )
    known = sorted(persons) if theirs.num_rows or typed.kind != PERSON_KEY else []
    # A pseudonym outside the map (a rejected row, a replaced submission) belongs to a person nobody has linked.
    return Who(tuple(known), tuple(together), dict(sorted(counted.items())), len(births))


def _tokens(home: Home, identities: pa.Table, typed: Typed) -> pa.Array:
    if typed.kind == LOCAL_ID:
        keys = pseudonym_keys(home.identity)
        return pa.array([child_token(typed.submitter or "", typed.value, key) for key in keys], pa.string())
    found = identities["child_token"].filter(_carries(identities, typed.kind, [typed.value])).unique()
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _about(identities: pa.Table, tokens: Iterable[str]) -> pa.Table:
    return identities.filter(pc.is_in(identities["child_token"], pa.array(list(tokens), pa.string())))


def _unlinked(identities: pa.Table, about: pa.Table, person_map: pa.Table) -> set[str]:
    """Pseudonyms that linkage does not look at any more (their submissions were replaced) and that carry a number of the
    person, with no date of birth that speaks against it. For the others linkage has decided."""
    outside = identities.filter(pc.invert(pc.is_in(identities["child_token"], person_map["child_token"])))
    births = pc.drop_null(about["birth_date"]).unique()
    fits = pc.or_(pc.is_null(outside["birth_date"]), pc.is_in(outside["birth_date"], births))
    outside = outside.filter(fits) if len(births) else outside
    found: set[str] = set()
    for kind in (NHS_NUMBER, UPN):
        numbers = {n for c in _NUMBERS[kind] for n in _plain(about[c]).unique().to_pylist() if n}
        true = [n for n in sorted(numbers) if passes(kind, [n])[0]]
        found |= set(outside["child_token"].filter(_carries(outside, kind, true)).to_pylist())
    return found


def _carries(identities: pa.Table, kind: str, numbers: list[str]) -> pa.ChunkedArray:
    """For each row, whether it has one of the numbers."""
    wanted = pa.array(numbers, pa.string())
    hits = [pc.is_in(_plain(identities[column]), wanted) for column in _NUMBERS[kind]]
    return hits[0] if len(hits) == 1 else pc.or_(*hits)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Numbers as they are compared: without spaces, in capitals."""
    return pc.utf8_upper(pc.replace_substring_regex(column, r"[^0-9A-Za-z]", ""))


class _Submissions:
    """What the registry and the agreements say of a submission."""

    def __init__(self, home: Home, agreements: Agreements) -> None:
        self._agreements = agreements
        self.rows = {r["submission_id"]: r for r in registry.submissions(home).to_pylist()}
        self._in_force = set(registry.current(home)["submission_id"].to_pylist())

    @cached_property
    def by_content(self) -> dict[tuple[str, str], list[str]]:
        out: dict[tuple[str, str], list[str]] = {}
        for each in self.rows.values():
            if each["status"] != registry.REFUSED:
                out.setdefault((f"{each['agency']}/{each['extract']}", each["sha256"]), []).append(
                    each["submission_id"]
                )
        return out

    def says(self, submission_id: str) -> dict[str, Any]:
        row = self.rows.get(submission_id, {})
        agreement = self._agreements.get(row.get("agreement_id") or "")
        return {
            **{k: row.get(k) for k in ("agency", "extract", "submitter", "period", "agreement_id")},
            "in_force": submission_id in self._in_force,
            "agreement_version": agreement.version if agreement else None,
            "keep_until": _keep_until(row, agreement.retention) if agreement else None,
        }


def _keep_until(row: Mapping[str, Any], retention: Any) -> dt.date | None:
    """The last day on which the agreement lets pseudonymous rows be kept."""
    start = row["period_end"] if retention.counted_from == "period_end" else row["received_at"].date()
    if retention.raw_years is None or start is None:
        return None
    try:
        return start.replace(year=start.year + retention.raw_years)
    except ValueError:  # 29 February
        return start.replace(year=start.year + retention.raw_years, day=28)


def personal_tables(contracts: Contracts) -> Iterator[tuple[str, str]]:
    """(extract key, table) of every table whose rows say who they are about."""
    for key, extract in contracts.items():
        for table in extract.tables:
            if CHILD_TOKEN.name in raw_schema(extract, table).names:
                yield key, table.name


def raw_files(home: Home, key: str, table: str) -> list[Path]:
    """Files of accepted rows, of every submission, in force or not."""
    return _own(home.raw(key, table).glob("*.parquet"))


def rejected_files(home: Home, key: str, table: str) -> list[Path]:
    """Files of rejected rows, of every submission."""
    return _own((home.lake / "validated" / key).glob(f"*/rejected/{table}.parquet"))


def _own(paths: Iterable[Path]) -> list[Path]:
    return sorted(p for p in paths if not p.name.startswith(("_", ".")))


def _rows(con: duckdb.DuckDBPyConnection, home: Home, contracts: Contracts) -> Iterator[dict[str, Any]]:
    for key, table in personal_tables(contracts):
        for what, paths in (
            (ROW, raw_files(home, key, table)),
            (REJECTED_ROW, rejected_files(home, key, table)),
        ):
            if not paths:
                continue
            found = con.execute(
                """select _submission_id, _row from read_parquet($paths, union_by_name = true)
                   semi join wanted using (child_token) order by all""",
                {"paths": [str(p) for p in paths]},
            ).fetchall()
            for submission_id, row in found:
                yield {"what": what, "table": table, "submission_id": submission_id, "row": row}


def _identifiers(home: Home, tokens: Iterable[str]) -> Iterator[dict[str, Any]]:
    store, wanted = IdentityStore(home.identity), pa.array(tokens, pa.string())
    for submission_id in sorted(store.ids()):
        held = store.read([submission_id], ["child_token"])
        count = int(pc.sum(pc.is_in(held["child_token"], wanted)).as_py() or 0)
        yield from ({"what": IDENTIFIERS, "submission_id": submission_id} for _ in range(count))


def _lost_rows(home: Home, cases: set[str]) -> set[str]:
    """Submissions that had rows of a person who was erased under one of these cases: the file as sent may lie there again."""
    paths = _own(home.pipeline("erased_rows").glob("*.parquet")) if cases else []
    return {
        p.stem for p in paths if cases & set(pq.read_table(p, columns=["case_id"])["case_id"].to_pylist())
    }


def _files(
    landing: Path, contracts: Contracts, lookup: _Submissions, submissions: set[str]
) -> tuple[int, list[dict[str, Any]]]:
    """Deliveries that still lie in landing: those of these submissions, and how many nobody has read."""
    unread, mine = 0, list[dict[str, Any]]()
    for delivery in discover(landing, contracts) if landing.exists() else []:
        taken = lookup.by_content.get((delivery.key or "", delivery.sha256), [])
        unread += 0 if taken else len(delivery.files)
        mine += [{"what": FILE_AS_SENT, "submission_id": i} for i in taken if i in submissions]
    return unread, mine


def _told(rows: Iterable[Mapping[str, Any]], lookup: _Submissions) -> pa.Table:
    said: dict[str, dict[str, Any]] = {}
    full = [
        {**said.setdefault(r["submission_id"], lookup.says(r["submission_id"])), **r}
        for r in rows  # a person's rows, not a table's
    ]
    return pa.Table.from_pylist(full, schema=HELD)


def _releases(con: duckdb.DuckDBPyConnection, home: Home) -> Iterator[InRelease]:
    """Releases whose analysts' files hold the person, by person key or by the row that a fact came from.

    Both, because a key may have changed since, and not every table has one.
    """
    current = (
        (home.releases / "current").read_text("utf-8").strip() if (home.releases / "current").exists() else ""
    )
    for record in sorted(home.releases.glob("*/release.json")):
        tables = {
            path.stem: count
            for path in sorted((record.parent / "analyst" / "parquet").glob("*.parquet"))
            if (count := _rows_in_export(con, path))
        }
        if tables:
            as_of = re.search(r'"as_of": "([0-9-]+)"', record.read_text("utf-8"))
            yield InRelease(
                record.parent.name, as_of.group(1) if as_of else "", record.parent.name == current, tables
            )


def _rows_in_export(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    names = set(pq.read_schema(path).names)
    conditions: list[str] = []
    if "person_key" in names:
        conditions.append("person_key in (select person_key from persons)")
    if {"submission_id", "source_table", "source_row"} <= names:
        conditions.append(
            "(submission_id, source_table, source_row) in (select (submission_id, concat_ws('/', agency, extract, "
            f"\"table\"), row) from held where what = '{ROW}')"
        )
    if not conditions:
        return 0
    counted = con.execute(
        f"select count(*) from read_parquet($path) where {' or '.join(conditions)}", {"path": str(path)}
    ).fetchone()
    return int(counted[0]) if counted else 0


@contextmanager
def connection() -> Generator[duckdb.DuckDBPyConnection]:
    """An engine in memory that writes no temporary file and fetches nothing."""
    with duckdb.connect(":memory:", config={"threads": 2}) as con:
        con.execute("set temp_directory = ''")
        con.execute("set autoinstall_known_extensions = false")
        con.execute("set autoload_known_extensions = false")
        yield con
