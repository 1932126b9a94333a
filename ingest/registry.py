"""The registry: which submissions were taken in, and what became of them. The one answer to "is it new?".

Lives here: reading and writing registry rows, which submission is in force, repairing what a killed run left behind.
Add here: another question about submissions.
Must not live here: judging, reading senders' files, anything about rows.

One Parquet file a submission, written last: a submission without a row never happened, whatever else lies about, and
`reconcile` removes it. Nothing here depends on the order in which submissions were taken in.
"""

# pyarrow.compute makes its functions while it is imported, so a type checker cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest.agreement import Agreements, Permission, permitted
from ingest.identity.store import IdentityStore
from ingest.lake import Home, remove_partials, write_parquet
from ingest.projections.arrow import PIPELINE

SCHEMA = PIPELINE["submissions"]
#: Tables of the pipeline that hold one file a submission.
PER_SUBMISSION = ("table_counts", "quality_results", "findings", "minimisation")
#: And what only some submissions have: rows that were about an erased person.
SOMETIMES = ("erased_rows",)
REFUSED = "refused"
#: Reasons that are faults of the warehouse, not of the file.
OUR_DOING = ("INTERNAL-", "GATE-")
#: The number that the sender itself gave, kept beside the row so that the others can be counted again.
_STATED = b"stated_no"


def submissions(home: Home) -> pa.Table:
    """Every submission, oldest first."""
    return pa.Table.from_pylist(_rows(home), schema=SCHEMA)


def current(home: Home, on: dt.datetime | None = None) -> pa.Table:
    """The submissions in force (as of `on`): the latest accepted one of each extract, submitter and period."""
    table = submissions(home)
    table = table.filter(pc.not_equal(table["status"], REFUSED))
    if on is not None:
        table = table.filter(pc.less_equal(table["received_at"], pa.scalar(on, pa.timestamp("us"))))
    group = ["agency", "extract", "period", "submitter"]
    table = table.sort_by(
        [(c, "ascending") for c in (*group, "submission_no", "received_at", "submission_id")]
    )
    last = table.group_by(group, use_threads=False).aggregate([("submission_id", "last")])
    return table.filter(pc.is_in(table["submission_id"], last["submission_id_last"].combine_chunks()))


def latest(home: Home, key: str, period: str, submitter: str, on: dt.datetime | None = None) -> str | None:
    """The id of the submission in force for one period of one extract of one submitter."""
    rows = current(home, on)
    agency, extract = key.split("/")
    for name, value in (
        ("agency", agency),
        ("extract", extract),
        ("period", period),
        ("submitter", submitter),
    ):
        rows = rows.filter(pc.equal(rows[name], value))
    return rows["submission_id"][0].as_py() if rows.num_rows else None


def known_contents(home: Home, agreements: Agreements | None = None) -> set[tuple[str, str]]:
    """(extract key, SHA-256 of the content) of everything that was taken in or refused for good."""
    rows = _rows(home)
    return {(f"{r['agency']}/{r['extract']}", r["sha256"]) for r in rows if not is_open(r, agreements)}


def is_open(row: Mapping[str, Any], agreements: Agreements | None = None) -> bool:
    """True for a refusal that was not the sender's doing or no longer stands, so the same file is tried again."""
    reason = str(row["reason_code"] or "")
    if row["status"] != REFUSED or not reason.startswith((*OUR_DOING, "AGREEMENT-")):
        return False
    if reason.startswith(OUR_DOING):
        return True
    if agreements is None:
        return False
    key = f"{row['agency']}/{row['extract']}"
    senders = [row["submitter"]] if row["submitter"] else agreements.contracts[key].submitters
    return any(
        isinstance(permitted(agreements, key, s, row["received_at"].date()), Permission) for s in senders
    )


def already_received(
    home: Home, key: str, sha256: str, period: str | None = None, submitter: str | None = None
) -> dict[str, Any] | None:
    """The row of the same content, if it was received before.

    When folder or manifest name a period or a submitter, the row must agree: two senders may well send the same empty
    return, and one sender the same nil return twice a year.
    """
    agency, extract = key.split("/")
    for row in _rows(home):
        same = (row["agency"], row["extract"], row["sha256"]) == (agency, extract, sha256)
        # A refused row may know neither: its content was never read.
        if (
            same
            and (period in (None, row["period"]) or row["period"] is None)
            and (submitter in (None, row["submitter"]) or row["submitter"] is None)
        ):
            return row
    return None


def find(home: Home, submission_id: str) -> dict[str, Any] | None:
    """One submission's row."""
    path = _path(home, submission_id)
    return dict(_entry(path).row) if path.exists() else None


def statuses(home: Home) -> dict[str, str]:
    """What became of each submission, named so that a person recognises it."""
    return {
        f"{r['agency']}/{r['extract']} {r['period'] or 'period unknown'} {r['submitter'] or 'sender unknown'} "
        f"({r['submission_id']})": r["status"]
        for r in _rows(home)
    }


def fingerprint(home: Home) -> list[list[str]]:
    """Everything about submissions that decides what the warehouse holds, in a stable order."""
    rows = submissions(home).select(["submission_id", "status", "submission_no", "received_at"]).to_pylist()
    return sorted([str(v) for v in row.values()] for row in rows)


def write(home: Home, row: Mapping[str, Any], stated_no: int | None = None) -> None:
    """Make a submission count. The last write of its intake. Numbers its siblings again where needed."""
    _write(home, {**row, "submission_no": stated_no or row.get("submission_no") or 1}, stated_no)
    group = {name: row[name] for name in ("agency", "extract", "period", "submitter")}
    _renumber(home, group)


def forget(home: Home, submission_id: str) -> None:
    """Undo a submission: its row first, so that a kill half-way leaves only what `reconcile` removes."""
    _path(home, submission_id).unlink(missing_ok=True)
    reconcile(home)


def reconcile(home: Home) -> dict[str, int]:
    """Remove what a killed run left: half-written files, and files of submissions that have no row.

    A row whose raw files are gone is removed too, so that the next run takes the delivery in again. Run by whoever
    holds the home folder's lock. Returns counts of what was removed.
    """
    done = {
        "partial": remove_partials(home),
        "rows": 0,
        "raw": 0,
        "validated": 0,
        "pipeline": 0,
        "identity": 0,
        "receipts": 0,
    }
    known = {r["submission_id"]: r for r in _rows(home)}
    raw = _raw_files(home)
    for submission_id, row in list(known.items()):
        if row["status"] != REFUSED and not _complete(home, submission_id, raw.get(submission_id, [])):
            _path(home, submission_id).unlink(missing_ok=True)
            del known[submission_id]
            done["rows"] += 1
    accepted = {i for i, r in known.items() if r["status"] != REFUSED}
    done["raw"] = _unlink(p for i, paths in raw.items() if i not in accepted for p in paths)
    done["pipeline"] = _unlink(
        p for t in (*PER_SUBMISSION, *SOMETIMES) for p in _own(home.pipeline(t)) if p.stem not in known
    )
    done["receipts"] = _unlink(p for p in home.receipts.glob("*.*") if _is_id(p.stem) and p.stem not in known)
    for report in (home.lake / "validated").glob("*/*/*"):
        if report.name not in known:
            shutil.rmtree(report)
            done["validated"] += 1
    if home.identity.exists():
        store = IdentityStore(home.identity)
        orphans = store.ids() - accepted
        for submission_id in orphans:
            store.forget(submission_id)
        done["identity"] = store.clear_staged() + len(orphans)
    for row in known.values():
        _renumber(
            home, {name: row[name] for name in ("agency", "extract", "period", "submitter")}, known.values()
        )
    return done


def _complete(home: Home, submission_id: str, raw: list[Path]) -> bool:
    counts = home.pipeline("table_counts") / f"{submission_id}.parquet"
    if not counts.exists():
        return False
    expected = set(pq.read_table(counts)["table"].to_pylist())
    return expected <= {p.parent.name for p in raw}


def _raw_files(home: Home) -> dict[str, list[Path]]:
    """Raw files by submission. `pipeline` and `identity` are not agencies."""
    out: dict[str, list[Path]] = {}
    for path in (home.lake / "raw").glob("*/*/*/*__*.parquet"):
        out.setdefault(path.stem.rsplit("__", 1)[1], []).append(path)
    return out


def _renumber(home: Home, group: Mapping[str, Any], rows: Iterable[Mapping[str, Any]] | None = None) -> None:
    """Give every submission of a group that states no number the next one by the day of receipt.

    Recounted whenever the group grows, so the numbers do not depend on the order of taking in.
    """
    rows = _rows(home) if rows is None else rows
    mine = [r for r in rows if all(r[k] == v for k, v in group.items())]
    mine.sort(key=lambda r: (r["received_at"], r["submission_id"]))
    highest = 0
    for row in mine:
        stated = _stated(home, row["submission_id"]) if len(mine) > 1 or row["submission_no"] != 1 else None
        number = stated or highest + 1
        if number != row["submission_no"]:
            _write(home, {**row, "submission_no": number}, stated)
        highest = max(highest, number)


def _write(home: Home, row: Mapping[str, Any], stated_no: int | None) -> None:
    table = pa.Table.from_pylist([dict(row)], schema=SCHEMA)
    if stated_no:
        table = table.replace_schema_metadata({_STATED: str(stated_no).encode()})
    write_parquet(table, _path(home, str(row["submission_id"])))


@dataclass(frozen=True)
class _Entry:
    """One row as read, and what tells whether its file is still the same one."""

    mark: tuple[int, int, int]
    row: Mapping[str, Any]
    stated: int | None


#: Rows by path. Every intake asks about every submission; files that have not changed are not read again.
_READ: dict[Path, _Entry] = {}


def _entry(path: Path) -> _Entry:
    status = path.stat()
    mark = (status.st_ino, status.st_mtime_ns, status.st_size)
    known = _READ.get(path)
    if known is None or known.mark != mark:
        table = pq.ParquetFile(path).read()
        metadata = table.schema.metadata or {}
        row = table.replace_schema_metadata(None).cast(SCHEMA).to_pylist()[0]
        known = _READ[path] = _Entry(mark, row, int(metadata[_STATED]) if _STATED in metadata else None)
    return known


def _rows(home: Home) -> list[dict[str, Any]]:
    """Every row, oldest first."""
    rows = [dict(_entry(p).row) for p in _own(home.pipeline("submissions"))]
    return sorted(rows, key=lambda r: (r["received_at"], r["submission_id"]))


def _stated(home: Home, submission_id: str) -> int | None:
    return _entry(_path(home, submission_id)).stated


def _path(home: Home, submission_id: str) -> Path:
    return home.pipeline("submissions") / f"{submission_id}.parquet"


def _is_id(name: str) -> bool:
    """True for a submission's id; other files of the folder (an index) are nobody's receipt."""
    return re.fullmatch(r"[0-9a-f]{16}", name) is not None


def _own(folder: Path) -> list[Path]:
    return [p for p in folder.glob("*.parquet") if not p.name.startswith(("_", "."))]


def _unlink(paths: Iterable[Path]) -> int:
    found = list(paths)
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)
