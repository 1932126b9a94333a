"""The gate: both judges side by side. Anything but agreement everywhere keeps the delivery out.

Lives here: comparing the counts of the two judges on what was received, and holding the accepted rows to every rejecting rule.
Add here: another reason to distrust a judgement.
Must not live here: how either judge counts.

Fails closed: a rule that raises, is missing from the answers, or is counted differently makes the verdict `errored`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ingest.contract import CodeList, RuleKind, Severity, load_contracts
from ingest.judge import PARENT_KIND, Judged, JudgedTable
from ingest.results import Disagreement, Gate, GateError, GateVerdict

if TYPE_CHECKING:
    from expectations.run import Counts
    from expectations.vocabulary import Spoken

#: Kinds that the second judge does not repeat: what the first one did to a value on the way, not what the sender did.
FIRST_JUDGE_ONLY = frozenset({RuleKind.mended})


def make_gate(codelists: Mapping[str, CodeList] | None = None) -> Gate:
    """The gate that ingest.pipeline is given. Great Expectations is imported when it is first asked."""

    def gate(judged: Judged) -> GateVerdict:
        return compare(judged, load_contracts().codelists if codelists is None else codelists)

    return gate


def compare(judged: Judged, codelists: Mapping[str, CodeList]) -> GateVerdict:
    """Judge a delivery a second time and compare."""
    from expectations import run

    failed: dict[tuple[str, str], int] = {}
    disagreements: list[Disagreement] = []
    errors: list[GateError] = []
    for name, table in judged.tables.items():
        spoken, untold = _spoken(table, codelists)
        errors += [GateError(name, rule_id, why) for rule_id, why in untold.items()]
        counts = (
            _counted(judged, name, table, spoken)
            if table.rows
            else run.Counts({s.rule.id: 0 for s in spoken})
        )
        errors += [GateError(name, rule_id, why) for rule_id, why in counts.errors.items()]
        failed |= {(name, rule_id): n for rule_id, n in counts.failed.items()}
        for tally in table.tallies:
            if tally.kind == PARENT_KIND or tally.rule.kind in FIRST_JUDGE_ONLY:
                continue
            theirs = counts.failed.get(tally.rule.id)
            if theirs is None:
                if tally.rule.id not in counts.errors and tally.rule.id not in untold:
                    errors.append(GateError(name, tally.rule.id, "not judged"))
            elif theirs != tally.failed:
                disagreements.append(Disagreement(name, tally.rule.id, tally.failed, theirs))
        errors += _accepted(judged, name, table, spoken)
    return GateVerdict(
        failed, tuple(disagreements), tuple(errors), {n: t.rows for n, t in judged.tables.items()}
    )


def _counted(
    judged: Judged, name: str, table: JudgedTable, spoken: tuple[Spoken, ...], *, kept: bool = False
) -> Counts:
    """What the second judge counts on all rows of a table, or on the accepted ones."""
    from expectations import run

    rows = table.rows - table.rejected_rows if kept else table.rows
    fetch = judged.kept if kept else judged.received
    plain = tuple(s for s in spoken if s.on is None)
    counts = run.count(table.table, plain, rows, lambda columns: fetch(name, columns))
    for on in dict.fromkeys(s.on for s in spoken if s.on):
        told = tuple(s for s in spoken if s.on == on)
        view = None if on == name else on
        run.count_conditions(
            told, lambda columns, v=view: judged.seen(name, v, columns, run.PART_ROWS, kept=kept), counts
        )
    return counts


def _spoken(
    table: JudgedTable, codelists: Mapping[str, CodeList]
) -> tuple[tuple[Spoken, ...], dict[str, str]]:
    from expectations.suite import spoken_rules

    try:
        return spoken_rules(table.scene, codelists), {}
    except Exception as error:  # a rule that cannot be said is a rule that nobody judged
        return (), {
            t.rule.id: type(error).__name__
            for t in table.tallies
            if t.rule.kind not in FIRST_JUDGE_ONLY and t.kind != PARENT_KIND
        }


def _accepted(judged: Judged, name: str, table: JudgedTable, spoken: tuple[Spoken, ...]) -> list[GateError]:
    """The accepted rows pass every rejecting rule. Where nothing was rejected, the first run has already said so."""
    heavy = tuple(s for s in spoken if s.rule.severity is Severity.reject_row)
    if not table.rejected_rows or not heavy or table.rejected_rows == table.rows:
        return []

    counts = _counted(judged, name, table, heavy, kept=True)
    let_in = [
        GateError(name, rule_id, "accepted a row that fails") for rule_id, n in counts.failed.items() if n
    ]
    return let_in + [GateError(name, rule_id, why) for rule_id, why in counts.errors.items()]
