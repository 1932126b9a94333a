"""The way of one delivery from landing to raw: taken in (judged, written aside), then promoted (made to count).

Lives here: the order of the steps, what refuses a delivery, the report of a submission, promotion.
Add here: a step between landing and raw.
Must not live here: the steps themselves (readers, judge, privacy, identity, registry), Dagster, Great Expectations.

Two steps on purpose: `take_in` writes to `validated/` and can be repeated; `promote` reads the verdict again from the
report on disk and refuses without it, so no orchestrator can slip rows past the gate. Nothing here depends on the
time of day: the same delivery with the same keys gives the same bytes.
"""

# pyarrow.compute makes its functions while it is imported, so a type checker cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import shutil
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest import landing, readers, registry
from ingest.agreement import Agreements, Denied, Permission, permitted
from ingest.calendar import Period, due_on
from ingest.contract import Contracts, Extract, Severity
from ingest.identity import linkage, tombstones
from ingest.identity.keys import KeyProblem, pseudonym_keys
from ingest.identity.store import IdentityStore
from ingest.judge import Judged, judge
from ingest.lake import Home, anchor_schemas, place, write_parquet, write_text, writing
from ingest.privacy import (
    Minimised,
    Pseudonymiser,
    count_outside,
    count_unknown,
    counts_of,
    parents_first,
    withhold,
)
from ingest.projections.arrow import PIPELINE, raw_schema
from ingest.projections.expected_returns import expected_returns
from ingest.readers.base import Delivery, FileCode, FileProblem, ReadResult, Refused, clean_name, problem
from ingest.receipts import write_receipt
from ingest.results import NO_GATE, Gate, GateVerdict, findings_table, quality_table

log = logging.getLogger(__name__)

ACCEPTED, PARTLY, REFUSED = "accepted", "partly_accepted", "refused"
PASSED = "passed"  # the gate's only outcome that lets anything through
Say = Callable[[str], None]


class NotPromotable(RuntimeError):
    """Promotion was asked for what the report on disk does not allow, or the files are not what the report says."""


@dataclass(frozen=True)
class Counts:
    received: int
    accepted: int
    rejected: int
    set_aside: int = 0
    erased: int = 0  # of the accepted rows: about persons who had been erased, so not kept

    @property
    def kept(self) -> int:
        return self.accepted - self.erased


@dataclass(frozen=True)
class Reason:
    """Why a delivery is refused. Codes and sentences, never a value."""

    code: str
    says: str
    fix: str
    where: str | None = None


@dataclass
class SubmissionReport:
    """What became of one delivery: the verdict that promotion reads, and counts. It is written to report.json as is."""

    submission_id: str
    key: str
    submitter: str | None
    period: str | None
    status: str
    reason_code: str | None
    row: dict[str, Any]  # the registry row
    stated_no: int | None = None
    tables: dict[str, Counts] = field(default_factory=dict[str, Counts])
    gate: str = NO_GATE
    already_received: bool = False

    @property
    def rows_received(self) -> int:
        return sum(c.received for c in self.tables.values())

    @property
    def rows_accepted(self) -> int:
        return sum(c.accepted for c in self.tables.values())

    @property
    def rows_rejected(self) -> int:
        return sum(c.rejected for c in self.tables.values())

    def to_json(self) -> str:
        body = {k: v for k, v in asdict(self).items() if k != "already_received"}
        return json.dumps(body, indent=1, sort_keys=True, default=_iso) + "\n"

    @classmethod
    def from_json(cls, text: str) -> SubmissionReport:
        body = json.loads(text)
        body["tables"] = {name: Counts(**counts) for name, counts in body["tables"].items()}
        for name, read in (("received_at", dt.datetime.fromisoformat), ("period_start", dt.date.fromisoformat),
                           ("period_end", dt.date.fromisoformat), ("due_on", dt.date.fromisoformat)):  # fmt: skip
            body["row"][name] = read(body["row"][name]) if body["row"][name] else None
        return cls(**body)


@dataclass(frozen=True)
class Promoted:
    """What now counts."""

    submission_id: str
    key: str
    period: str
    submitter: str
    rows: dict[str, int]


@dataclass
class Intake:
    """What a whole landing folder came to."""

    reports: list[SubmissionReport] = field(default_factory=list[SubmissionReport])
    not_recognised: list[str] = field(default_factory=list[str])  # file names; no contract knows them
    links: linkage.LinkReport = field(default_factory=linkage.LinkReport)


@dataclass
class _Case:
    """What is known of a delivery while it is being taken in."""

    delivery: Delivery
    extract: Extract
    contracts: Contracts
    home: Home
    period: Period | None = None
    submitter: str | None = None
    permission: Permission | Denied | None = None
    read: ReadResult | None = None
    judged: Judged | None = None
    problems: list[FileProblem] = field(default_factory=list[FileProblem])
    minimised: Minimised = field(default_factory=Minimised)
    erased: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])  # rows of `erased_rows`
    verdict: GateVerdict | None = None

    @property
    def submission_id(self) -> str:
        period = self.period.id if self.period else ""
        parts = (
            self.extract.agency,
            self.extract.extract,
            period,
            self.submitter or "",
            self.delivery.sha256,
        )
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]

    @property
    def area_code(self) -> str | None:
        return self.contracts.submitter(self.submitter).area_code if self.submitter else None

    @property
    def folder(self) -> Path:
        return self.home.validated(self.extract.key, self.submission_id)


class _Refusal(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


def take_in_all(
    folder: Path, contracts: Contracts, agreements: Agreements, home: Home, gate: Gate, say: Say | None = None
) -> Intake:
    """Take in and promote everything in a landing folder, then link persons. One bad file never stops another."""
    registry.reconcile(home)
    anchor_schemas(home, contracts)
    intake = Intake()
    found = landing.discover(folder, contracts)
    for number, delivery in enumerate(found, start=1):
        if delivery.key is None:
            intake.not_recognised += [clean_name(p.name) for p in delivery.files]
            continue
        report = take_in(delivery, contracts, agreements, home, gate)
        if report.status != REFUSED:
            promote(report.submission_id, home, contracts)
        intake.reports.append(report)
        if say is not None:
            say(
                f"{number} of {len(found)}: {report.key} {report.period or ''} {report.submitter or ''}: {report.status}"
            )
    intake.links = linkage.link(home)
    write_expected_returns(home, contracts, agreements)
    return intake


def write_expected_returns(home: Home, contracts: Contracts, agreements: Agreements) -> int:
    """What every sender owes, and when, beside the submissions. Written only when it differs. Returns the rows."""
    table, path = (
        expected_returns(contracts, agreements),
        home.pipeline("expected_returns") / "expected_returns.parquet",
    )
    if not (path.exists() and pq.read_table(path).equals(table)):
        write_parquet(table, path)
    return table.num_rows


def take_in(
    delivery: Delivery, contracts: Contracts, agreements: Agreements, home: Home, gate: Gate | None
) -> SubmissionReport:
    """Judge one delivery and write what was found below `validated/`, with its receipt. Never raises for a bad file.

    A defect of ours refuses the delivery too (`INTERNAL-<type>`), so that the others go on; its message may quote the
    data and is thrown away. What is wrong with the machine (disk, keys) is raised: it is not the sender's doing.
    Without a gate the delivery is judged and reported, and cannot be promoted.
    """
    extract = contracts[delivery.key or ""]
    known = _known(delivery, extract, home)
    if known is not None and not registry.is_open(known.row, agreements):
        return known
    case = _Case(delivery, readers.as_sent(delivery, extract), contracts, home)
    try:
        report = _attempt(case, agreements, gate)
    except (KeyProblem, OSError):
        raise
    except Exception as error:
        _forget_rows(case)
        report = _refuse(case, _internal(error))
    finally:
        if case.judged is not None:
            case.judged.close()
    log.info(
        "submission %s %s: %s %s", report.submission_id, report.key, report.status, report.reason_code or ""
    )
    return report


def promote(submission_id: str, home: Home, contracts: Contracts) -> Promoted:
    """Make an accepted submission count: raw files, identifiers, counts, and last its registry row.

    The verdict is read again from disk. Repeating it gives the same bytes. Raises NotPromotable otherwise.
    """
    folder = next((home.lake / "validated").glob(f"*/*/{submission_id}"), None)
    if folder is None:
        raise NotPromotable(f"submission {submission_id} has no report")
    report = SubmissionReport.from_json((folder / "report.json").read_text(encoding="utf-8"))
    if report.status not in (ACCEPTED, PARTLY) or report.submission_id != submission_id:
        raise NotPromotable(f"submission {submission_id} was not accepted: {report.reason_code}")
    if report.gate != PASSED:
        raise NotPromotable(f"submission {submission_id} was not judged twice: {report.gate}")
    assert report.period and report.submitter  # noqa: S101 - an accepted submission has both
    rows = {name: counts.kept for name, counts in report.tables.items()}
    promoted = Promoted(submission_id, report.key, report.period, report.submitter, rows)
    known = registry.find(home, submission_id)
    if known is not None and known["status"] != REFUSED:
        return promoted
    for name, count in rows.items():
        source = folder / ACCEPTED / f"{name}.parquet"
        if not source.exists() or pq.read_metadata(source).num_rows != count:
            raise NotPromotable(f"submission {submission_id}: table {name} is not what its report says")
    for name in rows:
        target = home.raw(report.key, name) / f"{report.period}__{report.submitter}__{submission_id}.parquet"
        place(folder / ACCEPTED / f"{name}.parquet", target)
    IdentityStore(home.identity).promote(submission_id)
    _close(report, folder, home)
    return promoted


def promote_delivery(delivery: Delivery, home: Home, contracts: Contracts) -> Promoted | None:
    """Promote what `take_in` made of this delivery. None when it was refused or not taken in."""
    extract = contracts[delivery.key or ""]
    report = _reported(delivery, extract, home) or _known(delivery, extract, home)
    if report is None or report.status == REFUSED:
        return None
    return promote(report.submission_id, home, contracts)


def _attempt(case: _Case, agreements: Agreements, gate: Gate | None) -> SubmissionReport:
    try:
        return _judge_and_write(case, agreements, gate)
    except _Refusal as refusal:
        return _refuse(case, refusal.reason)
    except Refused as refusal:
        return _refuse(case, Reason(refusal.code.value, refusal.says, refusal.fix, refusal.where))


def _forget_rows(case: _Case) -> None:
    """After a fault of ours nothing that was worked out is relied on."""
    if case.judged is not None:
        case.judged.close()
    case.judged, case.verdict = None, None


def _judge_and_write(case: _Case, agreements: Agreements, gate: Gate | None) -> SubmissionReport:
    contracts = case.contracts
    _refuse_unread(case, agreements)
    case.read = read = readers.read(case.delivery, case.extract, contracts)
    case.problems = read.problems
    resolved = landing.resolve(read, case.delivery, case.extract, contracts)
    case.period, case.submitter = resolved.period, resolved.submitter
    case.problems = [*read.problems, *resolved.problems]
    repeated = registry.find(case.home, case.submission_id)
    if repeated is not None and not registry.is_open(repeated, agreements):
        return _stored(case.home, case.extract, case.submission_id, repeated)
    _ask_agreement(case, agreements)
    received = {
        name: table.received for name, table in read.tables.items()
    }  # counted before anything else looks
    _minimise(case)
    extract = case.extract.at(case.period.year)
    case.judged = judged = judge(
        extract, contracts.codelists, read, case.period, contracts.submitter(case.submitter)
    )
    for table in read.tables.values():
        table.data = table.data.schema.empty_table()  # the judge holds the rows now; half the memory
    _refuse_blocked(case)
    if gate is not None:
        case.verdict = gate(judged)
        if case.verdict.outcome != PASSED:
            for doubt in (
                *case.verdict.disagreements,
                *case.verdict.errors,
            ):  # rule ids, counts and kinds of failure
                log.error("submission %s: %s", case.submission_id, doubt)
            raise _Refusal(Reason("GATE-ERRORED", "The two quality engines do not agree, so nothing was let in.",
                                  "Nothing; the partnership looks into it."))  # fmt: skip
    return _write(case, extract, judged, received)


def _refuse_unread(case: _Case, agreements: Agreements) -> None:
    """Refuse before opening the file when no sender that it could come from may send it."""
    hints = (case.delivery.path_submitter, case.delivery.manifest.get("submitter"))
    stated = {str(hint) for hint in hints} & set(case.extract.submitters)
    answers = [
        (name, permitted(agreements, case.extract.key, name, case.delivery.received_at.date()))
        for name in sorted(stated or case.extract.submitters)
    ]
    if all(isinstance(answer, Denied) for _, answer in answers):
        if len(answers) == 1:
            case.submitter = answers[0][0]
        case.permission = answers[0][1]
        raise _denied(case.permission)


def _ask_agreement(case: _Case, agreements: Agreements) -> None:
    case.permission = permitted(
        agreements, case.extract.key, case.submitter or "", case.delivery.received_at.date()
    )
    if isinstance(case.permission, Denied):
        case.read = None
        raise _denied(case.permission)


def _denied(denied: Denied | Permission | None) -> _Refusal:
    assert isinstance(denied, Denied)  # noqa: S101
    return _Refusal(
        Reason(
            denied.code,
            denied.says,
            "Ask the partnership for an agreement before sending this.",
            denied.clause,
        )
    )


def _minimise(case: _Case) -> None:
    assert case.read is not None and case.period is not None and isinstance(case.permission, Permission)  # noqa: S101
    layout = case.extract.at(case.period.year)
    for name, table in case.read.tables.items():
        spec = case.extract.by_table[name]
        table.data = withhold(table.data, spec, case.permission, case.minimised)
        count_unknown(name, table.ignored, case.minimised)
        live = layout.by_table.get(name)
        outside = set(spec.by_name) - set(live.by_name if live else ())
        count_outside(name, table.data, outside, case.minimised)
        if live is None and table.received:
            says = f"all of {spec.title}, which the layout of {case.period.year} does not have"
            case.problems.append(
                problem(FileCode.FILE_COLUMN_IGNORED, severity=Severity.warn, table=name, names=says)
            )


def _refuse_blocked(case: _Case) -> None:
    assert case.judged is not None  # noqa: S101
    for found in case.problems:
        if found.severity is Severity.block_file:
            raise _Refusal(Reason(found.code.value, found.says, found.fix, found.where))
    for rule_id in case.judged.blocked_by():
        rule = next(r for j in case.judged.tables.values() for r in j.rules if r.id == rule_id)
        raise _Refusal(Reason(rule_id, rule.says, rule.fix))


def _write(case: _Case, extract: Extract, judged: Judged, received: Mapping[str, int]) -> SubmissionReport:
    *older, key = pseudonym_keys(case.home.identity)
    stones = tombstones.load(case.home)
    pseudonymiser = Pseudonymiser(case.extract, case.submission_id, case.submitter or "", key, stones, older)
    _clear(case.folder)
    counted = {c.table: c for c in judged.counts()}
    tables: dict[str, Counts] = {}
    with writing() as write:
        for table in parents_first(extract):
            accepted, rejected = (
                _in_order(judged.accepted(table.name)),
                _in_order(judged.rejected(table.name)),
            )
            pseudonymiser.learn(table, pa.concat_tables([accepted, rejected.select(accepted.column_names)]))
            n_accepted, n_rejected = accepted.num_rows, rejected.num_rows
            accepted = pseudonymiser.without_erased(table, accepted, accepted=True)
            rejected = pseudonymiser.without_erased(table, rejected, accepted=False)
            write(pseudonymiser.raw(table, accepted), case.folder / ACCEPTED / f"{table.name}.parquet")
            if rejected.num_rows:
                failed = rejected.column("_failed")
                stored = pseudonymiser.raw(table, rejected, accepted=False).append_column("_failed", failed)
                write(stored, case.folder / "rejected" / f"{table.name}.parquet")
            unreadable = (
                counted[table.name].rejected - n_rejected
            )  # rows that were no rows have no cells to keep
            tables[table.name] = Counts(
                received.get(table.name, 0),
                n_accepted,
                n_rejected + unreadable,
                counted[table.name].set_aside,
                n_accepted - accepted.num_rows,
            )
            del accepted, rejected
        for name, rows in received.items():
            if rows and name not in tables:  # a part of the return that this year's layout does not have
                empty = raw_schema(case.extract, case.extract.by_table[name]).empty_table()
                write(empty, case.folder / ACCEPTED / f"{name}.parquet")
                tables[name] = Counts(rows, 0, rows)
        identities = pseudonymiser.identities(extract.agency)
    _nothing_lost(case.folder, tables, counted)
    if identities.num_rows:
        IdentityStore(case.home.identity).stage(case.submission_id, identities)
    case.minimised = counts_of([case.minimised, pseudonymiser.counts])
    case.erased = pseudonymiser.erased_rows(case.submission_id)
    rejected_any = any(c.rejected for c in tables.values())
    return _finish(case, PARTLY if rejected_any else ACCEPTED, None, tables)


def _in_order(rows: pa.Table) -> pa.Table:
    """By row number: an engine with several threads promises no order, and the same file must give the same bytes."""
    numbers = rows.column("_row").combine_chunks()
    if (
        len(numbers) < 2
        or pc.all(pc.less_equal(numbers.slice(0, len(numbers) - 1), numbers.slice(1))).as_py()
    ):
        return rows
    return rows.take(pc.sort_indices(rows, sort_keys=[("_row", "ascending")]))


def _nothing_lost(folder: Path, tables: Mapping[str, Counts], counted: Mapping[str, Any]) -> None:
    """Received = accepted + rejected, from three counts that do not know of each other: reader, judge, files.

    Files hold the accepted rows less those of erased persons, which are counted where they are left out.
    """
    for name, counts in tables.items():
        stored = pq.read_metadata(folder / ACCEPTED / f"{name}.parquet").num_rows
        judged = counted.get(name)
        agree = counts.received == counts.accepted + counts.rejected and stored == counts.kept
        if not agree or (
            judged is not None and (judged.received, judged.accepted) != (counts.received, counts.accepted)
        ):
            raise _Refusal(Reason("INTERNAL-UNBALANCED", f"Rows of the table {name} were lost on the way.",
                                  "Nothing; the partnership looks into it."))  # fmt: skip


def _refuse(case: _Case, reason: Reason) -> SubmissionReport:
    """Refuse the whole delivery: nothing of it is kept but its counts and its receipt."""
    if case.period is None and case.submitter is None:
        _guess_place(case)
    _clear(case.folder)
    case.erased = []  # nothing of it is kept, whoever it is about
    IdentityStore(case.home.identity).forget(case.submission_id)
    tables: dict[str, Counts] = {}
    if case.judged is not None:
        tables = {c.table: Counts(c.received, 0, c.received, c.set_aside) for c in case.judged.counts()}
    elif case.read is not None:
        tables = {
            t.table: Counts(t.received, 0, t.received, len(t.set_aside)) for t in case.read.tables.values()
        }
    report = _finish(case, REFUSED, reason, tables)
    _close(report, case.folder, case.home)
    return report


def _guess_place(case: _Case) -> None:
    """Whose file it probably is, from manifest and folder, so that the receipt reaches its sender."""
    stated = (case.delivery.manifest.get("submitter"), case.delivery.path_submitter)
    case.submitter = next((str(s) for s in stated if s in case.extract.submitters), None)


def _finish(case: _Case, status: str, reason: Reason | None, tables: dict[str, Counts]) -> SubmissionReport:
    """Counts, findings and receipt, written beside the rows; the report last, because it is what promotion believes."""
    row = _row(case, status, reason, tables)
    stated = case.delivery.manifest.get("submission_no")
    report = SubmissionReport(
        case.submission_id, case.extract.key, case.submitter, case.period.id if case.period else None, status,
        reason.code if reason else None, row, stated if isinstance(stated, int) and stated > 0 else None, tables,
        case.verdict.outcome if case.verdict else NO_GATE,
    )  # fmt: skip
    counts = [{"submission_id": case.submission_id, "table": name, **asdict(c)} for name, c in tables.items()]
    parts = {
        "table_counts": pa.Table.from_pylist(counts, schema=PIPELINE["table_counts"]),
        "minimisation": pa.Table.from_pylist(
            case.minimised.rows(case.submission_id), schema=PIPELINE["minimisation"]
        ),
        "quality_results": quality_table(row, case.judged, case.verdict, case.problems),
        "findings": findings_table(row, case.judged),
    }
    if case.erased:
        parts["erased_rows"] = pa.Table.from_pylist(case.erased, schema=PIPELINE["erased_rows"])
    for name, table in parts.items():
        write_parquet(table, case.folder / "pipeline" / f"{name}.parquet")
    _receipt(case, report, reason)
    write_text(report.to_json(), case.folder / "report.json")
    return report


def _receipt(case: _Case, report: SubmissionReport, reason: Reason | None) -> None:
    try:
        write_receipt(case.home.receipts, report, reason, case.judged, case.problems, case.minimised)
    except OSError:
        raise
    except Exception:
        if reason is None or not reason.code.startswith("INTERNAL-"):
            raise  # becomes an internal refusal, which comes here again
        # Even when the words are what is broken, the sender hears of it and the next file gets its turn.
        write_text(
            f"Submission {report.submission_id}\n{reason.code}: {reason.says}\n",
            case.home.receipts / f"{report.submission_id}.txt",
        )


def _row(case: _Case, status: str, reason: Reason | None, tables: Mapping[str, Counts]) -> dict[str, Any]:
    agreed, denied = (
        (case.permission, None) if isinstance(case.permission, Permission) else (None, case.permission)
    )
    return {
        "submission_id": case.submission_id, "agency": case.extract.agency, "extract": case.extract.extract,
        "submitter": case.submitter, "area_code": case.area_code, "period": case.period.id if case.period else None,
        "period_start": case.period.start if case.period else None, "period_end": case.period.end if case.period else None,
        "submission_no": None, "received_at": case.delivery.received_at.replace(tzinfo=None),
        "due_on": due_on(case.extract.delivery, case.period) if case.period else None,
        "file_names": "; ".join(clean_name(p.name) for p in case.delivery.files), "sha256": case.delivery.sha256,
        "bytes": case.delivery.bytes, "status": status, "reason_code": reason.code if reason else None,
        "agreement_id": agreed.agreement_id if agreed else getattr(denied, "agreement_id", None) or None,
        "agreement_clause": _clause(agreed or denied),
        "rows_received": sum(c.received for c in tables.values()),
        "rows_accepted": sum(c.accepted for c in tables.values()),
        "rows_rejected": sum(c.rejected for c in tables.values()), "contract_version": case.extract.version,
    }  # fmt: skip


def _clause(answer: Permission | Denied | None) -> str | None:
    """Where the paper says so; the agreement's id has a column of its own."""
    return answer.clause.removeprefix(answer.agreement_id).strip() if answer is not None else None


def _close(report: SubmissionReport, folder: Path, home: Home) -> None:
    """The counts join the lake; the registry row, last, makes it all true."""
    there = [n for n in registry.SOMETIMES if (folder / "pipeline" / f"{n}.parquet").exists()]
    for name in (*registry.PER_SUBMISSION, *there):
        place(
            folder / "pipeline" / f"{name}.parquet", home.pipeline(name) / f"{report.submission_id}.parquet"
        )
    registry.write(home, report.row, report.stated_no)


def _known(delivery: Delivery, extract: Extract, home: Home) -> SubmissionReport | None:
    """The report of the same content, when it was received before: a success, with nothing written."""
    row = registry.already_received(home, extract.key, delivery.sha256, *_stated_place(delivery, extract))
    return _stored(home, extract, str(row["submission_id"]), row) if row is not None else None


def _stored(home: Home, extract: Extract, submission_id: str, row: Mapping[str, Any]) -> SubmissionReport:
    path = home.validated(extract.key, submission_id) / "report.json"
    if path.exists():
        return replace(SubmissionReport.from_json(path.read_text(encoding="utf-8")), already_received=True)
    return SubmissionReport(
        submission_id,
        extract.key,
        row["submitter"],
        row["period"],
        row["status"],
        row["reason_code"],
        dict(row),
        already_received=True,
    )


def _reported(delivery: Delivery, extract: Extract, home: Home) -> SubmissionReport | None:
    """The report of a delivery that was taken in and not yet promoted.

    The place that the report found in the content may differ from the one on the cover; the content's hash decides.
    The cover only chooses between reports of the same bytes sent for two periods or by two submitters.
    """
    paths = sorted((home.lake / "validated" / extract.key).glob("*/report.json"))
    reports = [SubmissionReport.from_json(path.read_text(encoding="utf-8")) for path in paths]
    same = [r for r in reports if r.row["sha256"] == delivery.sha256]
    period, submitter = _stated_place(delivery, extract)
    stated = [r for r in same if period in (None, r.period) and submitter in (None, r.submitter)]
    return next(iter(stated or same), None)


def _stated_place(delivery: Delivery, extract: Extract) -> tuple[str | None, str | None]:
    """The period and the submitter that manifest or folder state. Only a hint: content comes first."""
    period = delivery.manifest.get("period") or delivery.path_period
    submitter = delivery.manifest.get("submitter") or delivery.path_submitter
    return (str(period) if period else None), (str(submitter) if submitter in extract.submitters else None)


def _clear(folder: Path) -> None:
    """Start from nothing: what a killed run wrote here is not part of this one."""
    if folder.exists():
        shutil.rmtree(folder)


def _internal(error: Exception) -> Reason:
    """A defect of ours: its type and where in our code it happened. The message is not kept; it may quote the data."""
    frames = traceback.extract_tb(error.__traceback__)
    place_ = "|".join(f"{Path(f.filename).name}:{f.name}:{f.lineno}" for f in frames)
    mark = hashlib.sha256(place_.encode()).hexdigest()[:12]
    last = next((f for f in reversed(frames) if "ingest" in Path(f.filename).parts), None)
    at = f" at {Path(last.filename).name}:{last.lineno}" if last else ""
    log.error("internal fault %s%s, fingerprint %s", type(error).__name__, at, mark)
    return Reason(f"INTERNAL-{type(error).__name__}", "The delivery met a fault of the warehouse.",
                  "Nothing; the partnership looks into it.", f"fingerprint {mark}")  # fmt: skip


def _iso(value: object) -> str:
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
