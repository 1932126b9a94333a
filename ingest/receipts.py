"""The receipt of a submission, as text and as HTML: what arrived, what was kept, what to mend and where.

Lives here: turning counts and positions into words for the sender. The words of a rule come from its contract.
Add here: something more that a sender should be told.
Must not live here: judging, and any value of any row. A receipt names files, tables, columns, rules, rows and counts only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from ingest.contract import Rule, Severity, Table
from ingest.judge import PARENT_KIND, Judged
from ingest.lake import write_text

if TYPE_CHECKING:
    from ingest.readers.base import FileProblem

#: Row numbers shown for one rule; ranges count once. The rest are counted.
SHOWN = 20
#: Rows read to find that many; more would only lengthen ranges.
LOOKED_AT = 2_000
WIDTH = 100

ORDER = (Severity.block_file, Severity.reject_row, Severity.warn, Severity.note)
SECTIONS = {
    Severity.block_file: "The whole file was stopped by this",
    Severity.reject_row: "Rows that were not taken",
    Severity.warn: "Rows that were taken and should be corrected",
    Severity.note: "For information: taken, nothing is lost",
}
STATUS = {
    "accepted": "Accepted: every row was taken.",
    "partly_accepted": "Partly accepted: some rows were not taken. They are listed below.",
    "refused": "Refused: nothing of this delivery was taken.",
}
NEXT = {
    "accepted": "Nothing more is needed for this period. Corrections can be sent at any time as a whole new file.",
    "to_correct": "Every row counts as it was sent. Correct what this receipt names in your own system and send the whole file again; the new file replaces this one as a whole.",
    "partly_accepted": "Mend the rows that this receipt names in your own system and send the whole file again. The new file replaces this one as a whole; until then the rows that were taken count.",
    "refused": "Mend what this receipt names and send the whole file again. What you sent earlier for this period, if anything, still counts.",
}
ACTIONS = {
    "kept": "kept",
    "coarsened": "kept by month only",
    "district_only": "kept by council district only",
    "pseudonymised": "kept as a keyed pseudonym only",
    "identity_store": "kept apart in the identity store, used for matching only",
    "dropped": "not kept",
    "not_agreed": "not kept: no agreement covers it",
    "not_in_contract": "not read: not part of this return",
    "erased": "rows not kept: about a person whose data were erased here",
}


class _Report(Protocol):
    """What a receipt needs of the pipeline's report."""

    @property
    def submission_id(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def row(self) -> dict[str, Any]: ...
    @property
    def tables(self) -> dict[str, Any]: ...


class _Reason(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def says(self) -> str: ...
    @property
    def fix(self) -> str: ...
    @property
    def where(self) -> str | None: ...


class _Minimised(Protocol):
    def rows(self, submission_id: str) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class Entry:
    """One thing to tell, about a file or about the rows that fail one rule."""

    severity: Severity
    rule_id: str
    says: str
    fix: str
    place: str  # sheet, table or file
    column: str = ""  # the sender's own name for it
    rows: str = ""  # "4, 7-12 and 31 more"
    count: int = 0
    noun: str = "row"
    part: str = "column"

    @property
    def where(self) -> str:
        many = "s" if self.count != 1 else ""
        parts = (
            self.place,
            f"{self.part} {self.column}" if self.column else "",
            f"{self.noun}{many} {self.rows}" if self.rows else "",
        )
        return "; ".join(p for p in parts if p)


@dataclass(frozen=True)
class Receipt:
    """Everything that both forms of the receipt say."""

    report: _Report
    title: str
    entries: tuple[Entry, ...]
    reason: _Reason | None = None
    minimised: tuple[dict[str, Any], ...] = ()

    @property
    def totals(self) -> list[tuple[str, int, int, int, int]]:
        return [(n, c.received, c.accepted, c.rejected, c.set_aside) for n, c in self.report.tables.items()]

    @property
    def next(self) -> str:
        """What the sender does now. Rows that were taken and are wrong are still to be corrected."""
        to_correct = self.report.status == "accepted" and any(
            e.severity is Severity.warn for e in self.entries
        )
        return NEXT.get("to_correct" if to_correct else self.report.status, "")


def receipt(
    report: _Report,
    reason: _Reason | None = None,
    judged: Judged | None = None,
    problems: Sequence[FileProblem] = (),
    minimised: _Minimised | None = None,
) -> tuple[str, str]:
    """The receipt as text and as HTML."""
    told = _compose(report, reason, judged, problems, minimised)
    return _text(told), _html(told)


def write_receipt(
    folder: Path,
    report: _Report,
    reason: _Reason | None = None,
    judged: Judged | None = None,
    problems: Sequence[FileProblem] = (),
    minimised: _Minimised | None = None,
) -> tuple[Path, Path]:
    """Write both forms to `folder`, named by the submission."""
    text, html = receipt(report, reason, judged, problems, minimised)
    paths = folder / f"{report.submission_id}.txt", folder / f"{report.submission_id}.html"
    folder.mkdir(parents=True, exist_ok=True)
    for path, body in zip(paths, (text, html), strict=True):
        write_text(body, path)
    return paths


def compressed(rows: Iterable[int], total: int, shown: int = SHOWN) -> str:
    """`4, 7-12, 15 and 31 more`: ascending, runs joined, at most `shown` entries. `total` counts rows beyond those given."""
    runs: list[list[int]] = []
    for row in sorted(set(rows)):
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    kept = runs[:shown]
    told = sum(b - a + 1 for a, b in kept)
    text = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in kept)
    return f"{text} and {total - told:,} more" if total > told else text


def _compose(
    report: _Report,
    reason: _Reason | None,
    judged: Judged | None,
    problems: Sequence[FileProblem],
    minimised: _Minimised | None,
) -> Receipt:
    entries = [_about_file(p) for p in problems]
    title = report.key
    if judged is not None:
        title = judged.extract.title
        for name in judged.tables:
            entries.extend(_about_rows(judged, name))
    # Causes before consequences: mending the outer record brings back the ones inside it.
    entries.sort(
        key=lambda e: (ORDER.index(e.severity), e.rule_id.endswith(PARENT_KIND), -e.count, e.place, e.rule_id)
    )
    cells = tuple(minimised.rows(report.submission_id)) if minimised else ()
    return Receipt(report, title, tuple(entries), reason, tuple(r for r in cells if r["action"] != "kept"))


def _about_file(p: FileProblem) -> Entry:
    return Entry(p.severity, str(p.code), p.says, p.fix, place=p.where or p.table or "the file")


#: Why something that was received cannot be read as a row, by code, and what to do.
_SHAPES = {
    "": (
        "The row has more or fewer cells than the header, so it cannot be read as a row.",
        "Give every row one cell a column; put quotation marks around text that holds a separator.",
    ),
    "JSON-TYPE": (
        "The item of the list is not an object, or not a plain value, as the layout says, so it cannot be read as a row.",
        "Export the file again in the return's own layout.",
    ),
}
#: What a place and a field are called in formats that are not tables. A JSON record is counted in the order of the file.
_WORDS = {"xml": ("line", "element"), "json": ("record", "name")}


def _about_rows(judged: Judged, name: str) -> list[Entry]:
    table = judged.tables[name]
    noun, part = _WORDS.get(judged.extract.delivery.format, ("row", "column"))
    place = _place(table.table)
    out: list[Entry] = []
    for t in table.tallies:
        if t.failed:
            rows = compressed(judged.where(name, t.rule.id, LOOKED_AT), t.failed)
            out.append(
                Entry(
                    t.rule.severity,
                    t.rule.id,
                    _sentence(t.rule.says),
                    _sentence(t.rule.fix),
                    place,
                    "" if t.kind == PARENT_KIND else _columns(table.table, t.rule),
                    rows,
                    t.failed,
                    noun,
                    part,
                )
            )
    shape = judged.read.tables[name].shape_rejects if name in judged.read.tables else []
    for code, failed in table.shape:
        rows = compressed([s.row for s in shape if str(s.code) == code][:LOOKED_AT], failed)
        out.append(
            Entry(
                Severity.reject_row,
                code,
                *_SHAPES.get(code, _SHAPES[""]),
                place,
                "",
                rows,
                failed,
                noun,
            )
        )
    return out


def _place(table: Table) -> str:
    return f"sheet {table.source.sheet}" if table.source.sheet else table.title


def _columns(table: Table, rule: Rule) -> str:
    """The sender's own names of the columns that a rule reads; a path of elements in XML, where "." is the row's own."""
    own = (table.source.element or "").rpartition("/")[2]
    names = ((table.by_name[c].headers or (c,))[0] for c in rule.columns if c in table.by_name)
    return ", ".join(own if name == "." else name for name in names)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _text(told: Receipt) -> str:
    row, report = told.report.row, told.report
    lines = [f"RECEIPT  {told.title}", f"Submission {report.submission_id}", ""]
    facts = [
        ("From", row.get("submitter")),
        ("Period", row.get("period")),
        ("Files", row.get("file_names")),
        ("Received", _moment(row.get("received_at"))),
        ("Due", row.get("due_on")),
        ("Agreement", " ".join(str(row[k]) for k in ("agreement_id", "agreement_clause") if row.get(k))),
    ]
    lines += [f"{label:<10} {value}" for label, value in facts if value]
    lines += ["", STATUS.get(report.status, report.status)]
    if told.reason:
        lines += wrap(
            f"{told.reason.code}: {told.reason.says} {told.reason.fix}"
            + (f" ({told.reason.where})" if told.reason.where else ""),
            WIDTH,
        )
    if told.totals:
        lines += [
            "",
            "ROWS (received = accepted + rejected)",
            f"  {'table':<32}{'received':>10}{'accepted':>10}{'rejected':>10}{'set aside':>11}",
        ]
        lines += [f"  {n:<32}{a:>10,}{b:>10,}{c:>10,}{d:>11,}" for n, a, b, c, d in told.totals]
    for severity in ORDER:
        group = [e for e in told.entries if e.severity is severity]
        if group:
            lines += ["", SECTIONS[severity].upper()]
            lines += [line for e in group for line in _text_entry(e)]
    if told.minimised:
        lines += ["", "WHAT WAS NOT KEPT AS SENT"]
        lines += [
            f"  {r['table']}, {r['column']}: {ACTIONS.get(r['action'], r['action'])} ({r['cells']:,} cell{'' if r['cells'] == 1 else 's'})"
            for r in told.minimised
        ]
    lines += ["", "WHAT HAPPENS NEXT", *wrap(told.next, WIDTH), ""]
    return "\n".join(lines)


def _text_entry(e: Entry) -> list[str]:
    head = f"{e.says} [{e.rule_id}]"
    count = f" ({e.count:,} {e.noun}{'s' if e.count != 1 else ''})" if e.count else ""
    parts = [f"- {head}{count}", f"Where: {e.where}", f"Do: {e.fix}"]
    return [
        line
        for n, part in enumerate(parts)
        for line in wrap(part, WIDTH, initial_indent="  " if n == 0 else "    ", subsequent_indent="    ")
    ]


def _html(told: Receipt) -> str:
    sections = [(SECTIONS[s], [e for e in told.entries if e.severity is s]) for s in ORDER]
    return (
        _environment()
        .get_template("receipt.html.j2")
        .render(
            told=told,
            row=told.report.row,
            report=told.report,
            sections=[s for s in sections if s[1]],
            status=STATUS.get(told.report.status, told.report.status),
            next=told.next,
            actions=ACTIONS,
            received=_moment(told.report.row.get("received_at")),
        )
    )


def _moment(value: Any) -> str:
    return f"{value:%d %B %Y, %H:%M}" if value else ""


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
