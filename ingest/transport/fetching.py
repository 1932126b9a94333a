"""Fetching from every source, one after the other: none of them can stop another.

Lives here: the order of the steps for a source of files and for a database, and the outcome of each.
Add here: another step between listing and landing.
Must not live here: how a place is spoken to, what is complete, how landing is written.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ingest import calendar
from ingest.contract import Contracts, Extract
from ingest.lake import Home
from ingest.landing import MANIFEST, MAX_MANIFEST_BYTES
from ingest.readers import csv as csv_reader
from ingest.transport import database, units
from ingest.transport.codes import CATALOGUE, ENDS_SOURCE, Code, PullError, code_of
from ingest.transport.config import DatabaseSource, FileSource, Source, Transport
from ingest.transport.journal import Journal
from ingest.transport.placing import (
    Sink,
    content_id,
    delivery_folder,
    finish,
    hidden_folder,
    room_for,
    workspace,
    write_file,
)
from ingest.transport.stores import BLOCK, Remote, Store, open_store

#: How much of the content's hash names a delivery's folder.
ID_LENGTH = 16


@dataclass
class Outcome:
    """What became of one source: counts and codes, no name and no value."""

    source: str
    taken: int = 0
    bytes: int = 0
    already: int = 0
    waiting: int = 0
    problems: Counter[Code] = field(default_factory=Counter[Code])
    notes: tuple[str, ...] = ()  # places in the transport file

    @property
    def failed(self) -> bool:
        """True when a person has to look: not for an upload under way or for more files than one pull takes."""
        return any(code not in _PASSING for code in self.problems)

    def says(self) -> list[str]:
        """The outcome in plain sentences."""
        out = [
            f"{self.taken} taken ({self.bytes} bytes), {self.already} taken before, {self.waiting} still being uploaded"
        ]
        for code, count in sorted(self.problems.items()):
            wrong, fix = CATALOGUE[code]
            times = f" ({count} times)" if count > 1 else ""
            out.append(f"{code.value}{times}: {wrong} {fix}")
        return [*out, *self.notes]


#: Not a fault: it goes away by itself.
_PASSING = frozenset({Code.INCOMPLETE, Code.CHANGED, Code.TOO_MANY, Code.BUSY})


def pull(
    transport: Transport,
    contracts: Contracts,
    home: Home,
    landing: Path | None = None,
    only: str | None = None,
    today: dt.date | None = None,
) -> list[Outcome]:
    """Fetch what is new from every source into landing. Never raises for a source; its outcome says what went wrong.

    Safe to kill and to repeat at any moment. `today` decides which periods have ended (queries only).
    """
    wanted = [s for s in transport.sources if s.enabled and only in (None, s.name)]
    outcomes = [
        Outcome(b.name, problems=Counter({Code.CONFIG: 1}), notes=b.why)
        for b in transport.bad
        if only in (None, b.name)
    ]
    on = today or dt.datetime.now(dt.UTC).date()
    for source in wanted:
        outcome = Outcome(source.name)
        outcomes.append(outcome)
        try:
            with _alone(home, source.name):
                _pull(source, contracts[source.extract], home, landing or home.landing, on, outcome)
        except Exception as error:  # whatever a library raises is a code, and the next source is fetched
            outcome.problems[code_of(error)] += 1
    return outcomes


def _pull(source: Source, extract: Extract, home: Home, landing: Path, on: dt.date, outcome: Outcome) -> None:
    journal = Journal.read(_state(home) / f"{source.name}.json")
    with workspace(hidden_folder(landing, extract, source.submitter, source.name)) as hidden:
        to = _Target(delivery_folder(landing, extract, source.submitter), hidden, journal, outcome)
        if isinstance(source, DatabaseSource):
            _pull_database(source, extract, on, to)
        else:
            _pull_files(source, extract, to)


@dataclass(frozen=True)
class _Target:
    """Where deliveries of one source go."""

    folder: Path
    hidden: Path
    journal: Journal
    outcome: Outcome

    @contextmanager
    def work(self) -> Generator[Path]:
        with workspace(self.hidden / "delivery") as work:
            yield work

    def place(
        self, work: Path, below: Iterable[str], content: str, manifest: bytes | None, size: int
    ) -> None:
        """Make a delivery visible, unless the same content was fetched before."""
        if self.journal.has(content):
            self.outcome.already += 1
            return
        target = self.folder.joinpath(*below, content[:ID_LENGTH])
        if target.exists():  # killed between rename and journal
            self.outcome.already += 1
            return
        finish(work, target, manifest)
        self.outcome.taken += 1
        self.outcome.bytes += size


# --- files ------------------------------------------------------------------------------------------------------------------


def _pull_files(source: FileSource, extract: Extract, to: _Target) -> None:
    store = open_store(source)
    found = units.find(
        store.files(), extract, source.complete, source.match, lambda remote: _manifest(store, remote)
    )
    to.outcome.waiting += found.waiting
    to.outcome.problems += found.problems
    files_left, bytes_left = source.limits.files, source.limits.bytes
    for unit in found.units:
        if to.journal.unchanged(unit.key, unit.mark):
            to.outcome.already += 1
            continue
        if len(unit.files) > files_left or unit.size > bytes_left:
            to.outcome.problems[Code.TOO_MANY] += 1
            return
        files_left -= len(unit.files)
        bytes_left -= unit.size
        try:
            _fetch(store, unit, extract, to)
        except Exception as error:  # one delivery does not stop the next one
            code = code_of(error)
            to.outcome.problems[Code.CHANGED if code is Code.NOT_FOUND else code] += 1
            if code in ENDS_SOURCE:
                return


def _manifest(store: Store, remote: Remote) -> bytes:
    """A manifest's bytes, never more than a manifest has."""
    with store.open(remote) as handle:
        return units.bounded(handle.read(MAX_MANIFEST_BYTES + 1))


def _fetch(store: Store, unit: units.Unit, extract: Extract, to: _Target) -> None:
    """Fetch one delivery into the hidden folder, check it, and make it visible. Raises; then nothing is visible."""
    if any(f.size > extract.delivery.max_bytes for f in unit.files):
        raise PullError(Code.TOO_LARGE)
    room_for(to.hidden, unit.size)
    started = time.time()
    with to.work() as work:
        shas: dict[str, str] = {}
        for remote in unit.files:
            path = work / remote.name
            shas[remote.name] = write_file(path, extract.delivery.max_bytes, _stream(store, remote)).sha256
            if remote.modified > 0:  # when it arrived is when its sender put it there
                when = min(remote.modified, started)
                os.utime(path, (when, when))
        if any(shas[name] != sha for name, sha in unit.stated.items()):
            raise PullError(Code.INCOMPLETE)
        if unit.manifest is not None:
            shas[MANIFEST] = hashlib.sha256(unit.manifest).hexdigest()
        content = content_id(shas, unit.folder)
        to.place(work, unit.folder, content, unit.manifest, unit.size)
    to.journal.note(unit.key, unit.mark, content, unit.newest, started, _now())


def _stream(store: Store, remote: Remote) -> Callable[[Sink], None]:
    """Copy one file block by block; what arrives must be what was listed, and still be there unchanged afterwards."""

    def fill(sink: Sink) -> None:
        with store.open(remote) as handle:
            while block := handle.read(BLOCK):
                sink.write(block)
        if sink.size != remote.size or store.again(remote).mark != remote.mark:
            raise PullError(Code.CHANGED)

    return fill


# --- databases --------------------------------------------------------------------------------------------------------------


def _pull_database(source: DatabaseSource, extract: Extract, on: dt.date, to: _Target) -> None:
    with database.reading(source) as cursor:
        for period in _ended(extract, on, source.periods):
            _query(source, extract, period, cursor, to)


def _ended(extract: Extract, on: dt.date, number: int) -> list[calendar.Period]:
    """The newest periods that have ended, oldest first."""
    period = calendar.period_of(extract.delivery.cadence, on)
    out: list[calendar.Period] = []
    while len(out) < number:
        period = period.previous
        out.insert(0, period)
    return out


def _query(
    source: DatabaseSource, extract: Extract, period: calendar.Period, cursor: object, to: _Target
) -> None:
    """One period's delivery: a file for each query, and a manifest that says period, sender, hashes and rows."""
    room_for(to.hidden, 0)
    limit = min(extract.delivery.max_bytes, source.limits.bytes)
    with to.work() as work:
        shas: dict[str, str] = {}
        entries: dict[str, dict[str, object]] = {}
        for table in (t for t in extract.tables if t.name in source.queries):
            name = _file_name(extract, table.source.file, table.name, period)
            sink, rows = database.fetch(
                cursor, source.queries[table.name], period, table, extract, work / name, limit
            )
            shas[name] = sink.sha256
            entries[name] = {"sha256": sink.sha256, "bytes": sink.size, "rows": rows}
        content = content_id(shas, (period.id,))
        manifest = {
            "received_at": _now(),
            "period": period.id,
            "submitter": source.submitter,
            "files": entries,
        }
        size = sum(f.stat().st_size for f in work.iterdir())
        to.place(work, (period.id,), content, json.dumps(manifest, indent=2).encode(), size)
    to.journal.note(period.id, content, content, 0.0, time.time(), _now())


def _file_name(extract: Extract, pattern: str | None, table: str, period: calendar.Period) -> str:
    """A name under which the reader finds the table."""
    name = (pattern or f"{table}.csv").replace("*", period.id if pattern and "*" in pattern else "")
    found = csv_reader.table_of(name, extract)
    if found is None or found.name != table:
        raise PullError(Code.CONFIG)
    return name


# --- one at a time ----------------------------------------------------------------------------------------------------------


def _state(home: Home) -> Path:
    return home.root / "transport"


@contextmanager
def _alone(home: Home, source: str) -> Generator[None]:
    """Hold the source's lock. The kernel frees it on a kill."""
    folder = _state(home)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".{source}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PullError(Code.BUSY) from None
        yield


def _now() -> str:
    """The time in UTC, as a manifest says it."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0, tzinfo=None).isoformat()
