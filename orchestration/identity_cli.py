"""`scp identity`: linkage and the keys, as the data steward and the second person type it.

Lives here: status, review of pairs, decisions, the model, the keys: options, questions, what is printed.
Add here: a command about linkage as a whole or about a pair. A command about one person is person_cli's.
Must not live here: what the commands do (ingest.identity).

Pseudonyms, counts and levels only are printed, but for `review show`: it shows the values of what differs, on a terminal, to an
officer whose look is in the audit log.
"""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from orchestration.person_cli import identity_app, out
from orchestration.settings import Settings

if TYPE_CHECKING:  # each command imports its own, so help is instant
    from ingest.identity.decisions import Step
    from ingest.lake import Home

review_app = typer.Typer(
    no_args_is_help=True, help="Pairs that linkage leaves to people. Two persons decide."
)
identity_app.add_typer(review_app, name="review")


Officer = Annotated[
    str, typer.Option(help="Who does it. The account of the operating system is logged in any case.")
]
Why = Annotated[
    str,
    typer.Option(
        "--reason", help="checked_source, agency_confirmed, family_known, number_error or adoption."
    ),
]
Reference = Annotated[str, typer.Option(help="The number of the request, like LINK-2026-3, if there is one.")]
Token = Annotated[str | None, typer.Argument(help="A pseudonym (c1_...), never an identifier.")]


@identity_app.command()
def status() -> None:
    """Counts of the last link, the model, the keys and their ages, what waits for people."""
    import datetime as dt

    from ingest.identity import room

    with _plainly():
        said = room.status(_home())
    today = dt.datetime.now(dt.UTC).date()
    lines = [
        ("last link", f"{said.linked_at:%d/%m/%Y %H:%M} UTC" if said.linked_at else "never"),
        *((name.replace("_", " "), f"{count:,}") for name, count in said.counts.items()),
        ("model", f"{said.model}, from {said.model_from}"),
        ("trained on", said.trained_on),
        *((f"key {name}", f"made {day:%d/%m/%Y}, {(today - day).days} days ago") for name, day in said.keys),
        ("cases waiting", f"{said.waiting:,}" + (f" ({_counted(said.by_reason)})" if said.by_reason else "")),
        ("to confirm", f"{said.to_confirm:,} decisions" + (", a model" if said.proposed_model else "")),
        ("decided", f"{said.decided:,}"),
        ("audit log", "holds" if said.log_holds else "BROKEN: run `scp identity audit`"),
    ]
    if said.linked_at and not said.is_current:
        lines.append(
            ("note", "files, decisions or the model have changed since: the next `scp run` links again")
        )
    for name, value in lines:
        out.print(f"{name:<28}{value}", markup=False)


@review_app.command("list")
def review_list(
    reason: Annotated[str | None, typer.Option(help="Only cases that wait for this reason.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.")] = 50,
) -> None:
    """The cases that wait, the likeliest first: agencies, reason, weight and how each attribute compares."""
    from ingest.identity import decisions, review

    with _plainly():
        rows = review.waiting(_home(), reason)
        proposed = decisions.open_proposals(_home())
    # Whatever else a narrow window cuts, the case must be there to be typed.
    table = Table(
        Column("case", no_wrap=True, min_width=10), "agencies", "reason", "weight", *review.LEVELS, "proposed"
    )
    for row in rows[:limit]:
        said = proposed.get(str(row["case"]))
        cells = [row["case"], f"{row['agency_a']} - {row['agency_b']}", row["reason"], row["weight"] or "-",
                 *(row[name] for name in review.LEVELS), f"{said.verdict} by {said.officer}" if said else ""]  # fmt: skip
        table.add_row(*map(str, cells))
    out.print(table)
    out.print(f"{min(limit, len(rows))} of {len(rows)} cases")
    others = sorted(set(proposed) - {str(r["case"]) for r in rows}) if reason is None else []
    if others:
        out.print(f"proposed and not in the queue: {', '.join(others)}", markup=False)


@review_app.command("show")
def review_show(
    case: str,
    officer: Officer,
    yes_show: Annotated[
        bool, typer.Option("--yes-show", help="Show it although this is no terminal.")
    ] = False,
) -> None:
    """What differs between the two of a case. Values of what agrees are not shown. The look is logged."""
    from ingest.identity import audit, review

    if not (yes_show or sys.stdout.isatty()):
        raise _stop("identifiers are shown on a terminal only; --yes-show shows them all the same")
    with _plainly():
        shown = review.show(_home(), case)
        audit.append(_home(), "case_shown", officer=officer, reason="linkage_review", subject=f"pair-{case}")
    table = Table("", "how it compares", f"A: {shown.agency_a}", f"B: {shown.agency_b}")
    for attribute, level, a, b in shown.lines:
        table.add_row(*(_plain(c) for c in (attribute, level, a, b)))
    out.print(f"case {shown.case}, waits because: {shown.reason.replace('_', ' ')}", markup=False)
    out.print(f"A {shown.token_a}\nB {shown.token_b}", markup=False)
    out.print(table)


@review_app.command("decide")
def review_decide(
    case: str,
    verdict: Annotated[str, typer.Argument(help="same or different.")],
    reason: Why,
    officer: Officer,
    reference: Reference = "",
) -> None:
    """Propose that the two of a case are one child, or two. Counts once a second person confirms it."""
    from ingest.identity import review

    with _changing() as home:
        a, b = review.tokens_of(home, case)
        _propose(home, a, b, verdict, reason, officer, reference)


@review_app.command("confirm")
def review_confirm(case: str, officer: Officer, reference: Reference = "") -> None:
    """Confirm, as a second person, what was proposed. The next `scp run` links by it."""
    _answer(case, officer, reference, confirm=True)
    out.print("confirmed: the next `scp run` counts it")


@review_app.command("withdraw")
def review_withdraw(case: str, officer: Officer, reference: Reference = "") -> None:
    """Take a proposal back; the case waits again."""
    _answer(case, officer, reference, confirm=False)
    out.print("withdrawn")


@identity_app.command()
def link(reason: Why, officer: Officer, a: Token = None, b: Token = None, reference: Reference = "") -> None:
    """Propose that two pseudonyms, in the queue or not, are one child."""
    _pair(a, b, "same", reason, officer, reference)


@identity_app.command()
def unlink(
    reason: Why, officer: Officer, a: Token = None, b: Token = None, reference: Reference = ""
) -> None:
    """Propose that two pseudonyms, linked or not, are two children."""
    _pair(a, b, "different", reason, officer, reference)


@identity_app.command()
def train(
    officer: Officer,
    packaged: Annotated[
        bool, typer.Option("--packaged", help="Go back to the model that comes with the code.")
    ] = False,
    confirm: Annotated[
        str | None,
        typer.Option(help="Put the proposed model of this fingerprint to use, as a second person."),
    ] = None,
    reference: Reference = "",
) -> None:
    """Learn a model from the data in the room and show the evidence. Used once a second person confirms it."""
    from ingest.identity import training

    with _changing() as home:
        if confirm is not None:
            training.confirm(home, confirm, officer, reference=reference)
            out.print("confirmed: the next `scp run` links everybody anew with this model")
            return
        proposal = training.propose(home, officer, packaged=packaged, reference=reference)
    table = Table("attribute", "level", "in true pairs", "in others", "weight (bits)")
    for name, level, m, u, bits in training.weights(proposal.model):
        table.add_row(name, level, f"{m:.4f}", f"{u:.6f}", f"{bits:+.1f}")
    out.print(table)
    changes = Table("counts", "with the model in use", "with this model")
    before, after = proposal.before.counts(), proposal.after.counts()
    for name in ("persons", "linked_tokens_scored", "review_pairs", "chains_undone"):
        changes.add_row(name.replace("_", " "), f"{before.get(name, 0):,}", f"{after.get(name, 0):,}")
    out.print(changes)
    out.print(f"proposed {proposal.model.fingerprint}, trained on {proposal.model.trained_on}", markup=False)
    out.print(
        f"a second person confirms it: scp identity train --confirm {proposal.model.fingerprint} --officer NAME",
        markup=False,
    )


@identity_app.command("rotate-key")
def rotate_key(
    officer: Officer,
    reference: Reference = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Make the next version of the pseudonym key. docs/key_rotation.md says when, and what stays as it was."""
    from ingest.identity import audit, keys

    if not yes and not (
        sys.stdin.isatty() and typer.confirm("Make new pseudonyms with a new key from now on?")
    ):
        raise _stop("nothing was changed; answer the question on a terminal, or give --yes")
    with _changing() as home:
        version = keys.newest_pseudonym(home.identity).version + 1
        audit.append(home, "key_rotated", officer=officer, reason="maintenance", reference=reference,
                     counts={"key_version": version})  # fmt: skip
        keys.rotate(home.identity)
    out.print(
        f"pseudonyms are made with version {version} from now on; back up the identity folder's new key file"
    )


def _pair(a: str | None, b: str | None, verdict: str, reason: str, officer: str, reference: str) -> None:
    """Propose something about two pseudonyms that were typed as arguments."""
    from ingest.identity import review

    with _changing() as home:
        first, second = review.typed_pair(home, a or "", b or "")
        _propose(home, first, second, verdict, reason, officer, reference)


def _propose(home: "Home", a: str, b: str, verdict: str, reason: str, officer: str, reference: str) -> None:
    from ingest.identity import decisions

    step = decisions.propose(home, a, b, verdict, reason, officer, log=_logging(home, reference))
    out.print(f"proposed: {verdict} ({decisions.REASONS[reason]})", markup=False)
    out.print(
        f"a second person confirms it: scp identity review confirm {step.case} --officer NAME", markup=False
    )


def _answer(case: str, officer: str, reference: str, *, confirm: bool) -> None:
    from ingest.identity import decisions

    with _changing() as home:
        decisions.answer(home, case, officer, confirm=confirm, log=_logging(home, reference))


def _logging(home: "Home", reference: str) -> "Callable[[Step], object]":
    """What writes a step to the audit log."""
    from ingest.identity import audit

    def log(step: "Step") -> None:
        audit.append(home, f"decision_{step.state}", officer=step.officer, reason="linkage_review", reference=reference,
                     subject=f"pair-{step.case}", counts={step.verdict: 1})  # fmt: skip

    return log


def _home() -> "Home":
    return Settings.from_environment().home


@contextmanager
def _changing() -> "Generator[Home]":
    """The home, for this process alone."""
    from orchestration.locking import single_writer

    with _plainly(), single_writer(_home()):
        yield _home()


@contextmanager
def _plainly() -> Generator[None]:
    """What cannot be done is said in a sentence; no traceback, which could show a value."""
    from ingest.identity.audit import AuditProblem, NotForTheLog
    from ingest.identity.decisions import Refused
    from ingest.identity.keys import KeyProblem
    from ingest.identity.linkage import LinkageFailed
    from orchestration.locking import Busy

    try:
        yield
    except (AuditProblem, Busy, KeyProblem, LinkageFailed, NotForTheLog, Refused) as why:
        raise _stop(str(why)) from None


def _stop(message: str) -> typer.Exit:
    Console(stderr=True, highlight=False, soft_wrap=True).print(message, markup=False)
    return typer.Exit(1)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())


def _plain(text: str) -> str:
    """What a sender wrote, without marks that the table would read as colours."""
    from rich.markup import escape

    return escape("".join(c for c in text if c.isprintable()))
