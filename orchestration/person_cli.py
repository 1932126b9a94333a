"""`scp person` and `scp identity`: what the information governance officer types.

Lives here: asking for an identifier so that it leaves no trace, and showing pseudonyms, positions and counts.
Add here: a command about one person, or about the identity room.
Must not live here: what the commands do (ingest.identity).

An identifier is never an argument: arguments lie in the shell's history and in the list of processes, where everybody on
the machine can read them. It is asked for without echo, or read from standard input when that is no terminal.
"""

import getpass
import os
import sys
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from orchestration.settings import Settings

if TYPE_CHECKING:  # each command imports its own, so help is instant
    from ingest.identity.rights import Asked, Found, Place, Typed

person_app = typer.Typer(
    no_args_is_help=True, help="One person: find, restrict, erase. docs/person_rights.md has the rest."
)
identity_app = typer.Typer(no_args_is_help=True, help="The identity room.")

#: A file or a pipe has no width: eighty columns would cut these tables to pieces.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 220)

#: What is on the line beside options is refused without being repeated: it may be the identifier.
NO_ARGUMENTS = {"allow_extra_args": True, "ignore_unknown_options": True}

Kind = Annotated[str, typer.Option(help="nhs_number, upn, local_id or person_key.")]
Submitter = Annotated[str | None, typer.Option(help="Whose number it is; for local_id only.")]
Reason = Annotated[
    str,
    typer.Option(
        help="Why, from a closed list: subject_access, erasure_request, restriction_request, objection, rectification, "
        "unlawful_processing, sender_request, retention_end, court_order, legal_hold, request_ended."
    ),
]
Reference = Annotated[
    str,
    typer.Option(
        help="The number of the request: SAR, REC, ERA, RES, OBJ, HOLD, COURT, LINK or IG, then -2026-014."
    ),
]
Officer = Annotated[
    str | None,
    typer.Option(
        help="Who does it; otherwise the account of the operating system, which is logged in any case."
    ),
]
Hold = Annotated[
    bool, typer.Option("--hold", help="A legal hold instead: the rows stay in use and must not be erased.")
]


@person_app.command(context_settings=NO_ARGUMENTS)
def find(
    ctx: typer.Context,
    reason: Reason,
    reference: Reference,
    kind: Kind = "nhs_number",
    submitter: Submitter = None,
    officer: Officer = None,
    csv: Annotated[
        Path | None, typer.Option(help="Also write every line to this file, for its owner only.")
    ] = None,
) -> None:
    """List every row, source, agreement and release for one person. Pseudonyms and row numbers, never a value."""
    from ingest.identity import rights

    with _plainly():
        typed, asked, place = _asked(ctx, kind, submitter, reason, reference, officer)
        found = rights.find(place, typed, asked)
    _show(found)
    if csv is not None:
        _write_csv(found, csv)
        out.print(f"every line     {csv}", markup=False)


@person_app.command(context_settings=NO_ARGUMENTS)
def restrict(
    ctx: typer.Context,
    reason: Reason,
    reference: Reference,
    kind: Kind = "nhs_number",
    submitter: Submitter = None,
    officer: Officer = None,
    hold: Hold = False,
) -> None:
    """Take one person out of analysis from the next build on; the rows stay. Or, with --hold, keep them from being erased."""
    from ingest.identity import restrictions, rights

    with _plainly():
        typed, asked, place = _asked(ctx, kind, submitter, reason, reference, officer)
        with _writing(place):
            found = rights.restrict(
                place, typed, asked, restrictions.LEGAL_HOLD if hold else restrictions.RESTRICTED
            )
    _show_counts(found)
    if hold:
        out.print("on legal hold: nothing of this person can be erased until the hold is lifted")
        return
    out.print("restricted: the next `scp run` builds and publishes without this person")
    if found.releases:
        out.print(
            f"analysts' files of {len(found.releases)} releases were made before and still hold the person; "
            "tell their readers"
        )


@person_app.command(context_settings=NO_ARGUMENTS)
def lift(
    ctx: typer.Context,
    reason: Reason,
    reference: Reference,
    kind: Kind = "nhs_number",
    submitter: Submitter = None,
    officer: Officer = None,
    hold: Hold = False,
) -> None:
    """Lift a restriction, or with --hold a legal hold."""
    from ingest.identity import restrictions, rights

    with _plainly():
        typed, asked, place = _asked(ctx, kind, submitter, reason, reference, officer)
        with _writing(place):
            marks = rights.lift(
                place, typed, asked, restrictions.LEGAL_HOLD if hold else restrictions.RESTRICTED
            )
    if not marks:
        raise _stop("there was nothing to lift")
    out.print(f"lifted {marks}; the next `scp run` counts it")


@person_app.command(context_settings=NO_ARGUMENTS)
def erase(
    ctx: typer.Context,
    reason: Reason,
    reference: Reference,
    kind: Kind = "nhs_number",
    submitter: Submitter = None,
    officer: Officer = None,
) -> None:
    """Propose to erase one person. Nothing goes before another officer approves the case."""
    from ingest.identity import erasure

    with _plainly():
        typed, asked, place = _asked(ctx, kind, submitter, reason, reference, officer)
        with _writing(place):
            case, found = erasure.propose(place, typed, asked)
    _show(found)
    out.print(f"proposed: {case.id}. Another officer looks at it and runs `scp person approve {case.id}`")


@person_app.command()
def approve(
    case: Annotated[str, typer.Argument(help="The case, from `scp person cases`.")], officer: Officer = None
) -> None:
    """Approve the erasure that another officer proposed, and carry it out."""
    from ingest.identity import audit, erasure

    with _plainly():
        place = _place()
        with _writing(place):
            done = erasure.approve(place, case, officer or audit.account())
    counts = ", ".join(f"{v} {k.replace('_', ' ')}" for k, v in done.counts.items())
    out.print(f"erased and looked for again everywhere: {counts}", markup=False)
    out.print(
        "there is no warehouse now and the last release has no analysts' files: `scp run` makes both anew"
    )


@person_app.command()
def withdraw(case: Annotated[str, typer.Argument(help="The case.")], officer: Officer = None) -> None:
    """Close a case that nobody has approved."""
    from ingest.identity import audit, erasure

    with _plainly():
        place = _place()
        with _writing(place):
            erasure.withdraw(place, case, officer or audit.account())
    out.print("withdrawn")


@person_app.command("cases")
def show_cases() -> None:
    """Every case of erasure: who proposed and approved it, and how far it is."""
    from ingest.identity import erasure

    table = Table("case", "state", "reference", "reason", "proposed", "by", "approved by", "done", "steps")
    for c in erasure.cases(Settings.from_environment().home):
        table.add_row(c.id, c.state, c.reference, c.reason, c.proposed_at[:10], c.proposed_by, c.approved_by or "-",
                      (c.done_at or "-")[:10], str(len(c.steps)))  # fmt: skip
    out.print(table)


@person_app.command()
def replay(officer: Officer = None) -> None:
    """After a backup was restored: erase again what had been erased. Before anybody may use what was restored."""
    from ingest.identity import audit, erasure

    with _plainly():
        place = _place()
        with _writing(place):
            case = erasure.replay(place, officer or audit.account())
    out.print(f"erased again: {case.id}" if case else "nothing of what was erased has come back")


@person_app.command(context_settings=NO_ARGUMENTS)
def admit(
    ctx: typer.Context,
    reason: Reason,
    reference: Reference,
    kind: Kind = "local_id",
    submitter: Submitter = None,
    officer: Officer = None,
) -> None:
    """Let a person in again who was erased, from the next file on. What was erased does not come back."""
    from ingest.identity import erasure

    with _plainly():
        typed, asked, place = _asked(ctx, kind, submitter, reason, reference, officer)
        with _writing(place):
            marks = erasure.admit(place, typed, asked)
    if not marks:
        raise _stop("this person was not erased")
    out.print("admitted again")


@identity_app.command("audit")
def show_audit(
    last: Annotated[int, typer.Option(help="How many entries to show, from the newest.")] = 40,
) -> None:
    """Show the audit log, without identifiers, and say whether its chain holds."""
    from ingest.identity import audit

    home = Settings.from_environment().home
    table = Table(
        "no", "at (UTC)", "officer", "account", "action", "subject", "reason", "reference", "counts"
    )
    for e in audit.read(home)[-last:]:
        counts = ", ".join(f"{k} {v}" for k, v in e.counts.items())
        table.add_row(
            str(e.number), e.at[:19], e.officer, e.account, e.action, e.subject, e.reason, e.reference, counts
        )
    out.print(table)
    state = audit.verify(home)
    if not state.holds:
        raise _stop(f"the chain is BROKEN at entry {state.broken_at}: {state.says}")
    out.print(f"{state.entries} entries, the chain holds; head {state.head}")
    if state.torn or state.torn_at_end:
        out.print(
            f"{state.torn + state.torn_at_end} lines were left half-written by a crash; {state.says or 'noted'}"
        )


def _asked(
    ctx: typer.Context, kind: str, submitter: str | None, reason: str, reference: str, officer: str | None
) -> "tuple[Typed, Asked, Place]":
    """Everything that a command needs, the identifier last: nothing is asked for that will be refused."""
    from ingest.identity.audit import account
    from ingest.identity.rights import KINDS, Asked, NotAnIdentifier, Typed

    if ctx.args:
        raise _stop(
            "an identifier is never typed on the command line, where it stays in the shell's history: it is asked for. "
            "If you typed one, delete that line of the history. (Or an option is misspelt; --help lists them.)"
        )
    asked = Asked(reason, reference, officer or account())
    asked.check()
    if kind not in KINDS:
        raise NotAnIdentifier(f"say which kind of identifier it is: {', '.join(KINDS)}")
    place = _place()
    return Typed.read(kind, _type_in(KINDS[kind]), place.contracts, submitter), asked, place


def _place() -> "Place":
    from ingest.identity.rights import Place

    here = Settings.from_environment()
    return Place(here.home, here.contracts, here.agreements, here.landing)


@contextmanager
def _writing(place: "Place") -> Generator[None]:
    """Alone in the home folder, and after what a killed command left undone."""
    from ingest import registry
    from ingest.identity import erasure
    from orchestration.locking import single_writer

    with single_writer(place.home):
        registry.reconcile(place.home)
        erasure.finish(place)
        yield


def _type_in(what: str) -> str:
    """What the officer types, seen by nobody; from standard input when that is no terminal."""
    if sys.stdin.isatty():
        return getpass.getpass(f"{what} (not shown): ")
    return sys.stdin.readline()


@contextmanager
def _plainly() -> Generator[None]:
    """What cannot be done is said in a sentence; no traceback, which could show what was typed."""
    from ingest.identity.audit import AuditProblem, NotForTheLog
    from ingest.identity.keys import KeyProblem
    from ingest.identity.rights import NotAnIdentifier, NotPossible
    from orchestration.locking import Busy

    try:
        yield
    except (AuditProblem, Busy, KeyProblem, NotAnIdentifier, NotForTheLog, NotPossible) as why:
        raise _stop(str(why)) from None


def _stop(message: str) -> typer.Exit:
    Console(stderr=True, highlight=False, soft_wrap=True).print(message, markup=False)
    return typer.Exit(1)


def _show(found: "Found") -> None:
    _show_counts(found)
    kinds = Counter[tuple[Any, ...]]()
    columns = ("extract", "table", "submitter", "period", "submission_id", "in_force", "agreement_id", "agreement_version",
               "keep_until", "what")  # fmt: skip
    for line in found.held.to_pylist():
        kinds[(line["agency"], *(line[c] for c in columns))] += 1
    table = Table(
        "extract",
        "table",
        "sender",
        "period",
        "submission",
        "in force",
        "agreement",
        "kept until",
        "what",
        "n",
    )
    for (
        agency,
        extract,
        name,
        sender,
        period,
        submission,
        in_force,
        agreement,
        version,
        until,
        what,
    ), n in sorted(kinds.items(), key=lambda item: tuple(str(v) for v in item[0])):
        table.add_row(
            f"{agency}/{extract}", name, sender, period, submission, _yes(in_force), f"{agreement or '-'} {version or ''}",
            str(until or "-"), what, str(n),
        )  # fmt: skip
    if kinds:
        out.print(table)
    if found.releases:
        table = Table("release", "data to", "in force", "tables of the analysts' files that hold the person")
        for r in found.releases:
            table.add_row(
                r.release, r.as_of, _yes(r.in_force), ", ".join(f"{t} {n}" for t, n in r.tables.items())
            )
        out.print(table)


def _show_counts(found: "Found") -> None:
    who = found.who
    for line in _lines(
        ("person", ", ".join(who.persons) or ("known to no link" if who.tokens else "nobody")),
        ("pseudonyms", f"{len(who.tokens)} ({', '.join(f'{s} {n}' for s, n in who.seen_by.items()) or 'none with identifiers'})"),
        *((k.replace("_", " "), str(v)) for k, v in found.counts().items() if k not in ("persons", "tokens")),
        *(("note", d) for d in who.doubts()),
        *(("note", f"{r.kind.replace('_', ' ')} since {r.since}, {r.reference}") for r in found.restrictions),
        *(("note", f"rows were erased on {s.on} ({s.case}); what is sent again is dropped") for s in found.erased),
        *((("note", f"{found.unread_files} files in landing were read by nobody (refused, waiting or not recognised) "
                    "and cannot be searched"),) if found.unread_files else ()),
    ):  # fmt: skip
        out.print(line, markup=False)


def _lines(*pairs: tuple[str, str]) -> Iterable[str]:
    return (f"{name:<16}{value}" for name, value in pairs)


def _yes(value: bool | None) -> str:
    return "yes" if value else "no"


def _write_csv(found: "Found", path: Path) -> None:
    """One line a row, readable by its owner only."""
    from pyarrow import csv

    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as sink:
        os.fchmod(sink.fileno(), 0o600)
        csv.write_csv(found.listing(), sink)
