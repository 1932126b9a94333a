"""Two judges, one declaration: random data of every rule kind, every contract's own rules, and planted faults of the judge.

A false pass must be visible: whatever the second judge cannot answer, or answers differently, keeps the delivery out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import expressions, rules
from ingest.contract import Extract, FieldType, Rule, RuleKind, Table, derived_rules, load_contracts
from ingest.judge import Judged, judge
from ingest.projections.stories import Tables, together
from ingest.projections.synthetic import Maker, NoViolation, maker
from ingest.readers.base import ReadResult, TableRead, read_schema
from ingest.results import quality_table
from ingest.rules import table_rules
from tests.support.judging import CASES, LISTS, judged, row

custom = pytest.importorskip("expectations.custom.meaning")
from expectations import run, verdict  # noqa: E402
from expectations.verdict import FIRST_JUDGE_ONLY  # noqa: E402
from expectations.vocabulary import _SPEAKERS  # noqa: E402  # pyright: ignore[reportPrivateUsage]

GATE = verdict.make_gate(LISTS)
CONTRACTS = load_contracts()

BLANK = st.sampled_from([None, "", " ", "N/A", "-", "TBC", "null"])
DAYS = st.sampled_from(
    [
        "01/04/2025",
        "02/04/2025",
        "30/06/2025",
        "01/07/2025",
        "31/03/2025",
        "30/03/2025",
        "01/01/1900",
        "01/01/1970",
        "2025-04-03",
        "45750",
        "13/13/2025",
        "31/12/2099",
        "03/04/25",
    ]
)
TIMES = st.sampled_from(
    [
        "01/04/2025 00:00",
        "01/04/2025 10:30",
        "02/04/2025 23:59",
        "30/06/2025 23:59",
        "01/07/2025 00:00",
        "31/07/2025 12:00",
        "01/01/1970 05:00",
        "2025-04-03T10:30:00",
        "45750.5",
        "01/04/2025",
        "zz",
    ]
)
CODES = st.one_of(
    st.sampled_from(
        [
            "N1",
            "n1",
            "Abuse",
            "OLD",
            "NEW",
            "old",
            "N7",
            "NA",
            "N1 - Abuse",
            "N1: x",
            "N1 -x",
            "a) N2",
            "12) N2",
            "1) 2",
            "N2 - N1",
            "N1-N2",
            ": N1",
            "N1 -",
            "abuse - N1",
            "\u0130N1",
            "\u212a",
        ]
    ),
    st.text(max_size=12),
)
SEVERAL = st.lists(CODES, min_size=1, max_size=4).flatmap(
    lambda parts: st.sampled_from([";", "; ", ",", " , ", ";;", "|"]).map(lambda by: by.join(parts))
)
WORDS = st.one_of(
    st.sampled_from(
        ["A1", "a 1", "00123", "'00123", "123.0", "12E3", "Null", "'t Hooft", "ABCDEFGHI", "x" * 25]
    ),
    st.text(max_size=10),
)
CELLS: dict[str, st.SearchStrategy[str | None]] = {
    "ref": WORDS, "local_id": WORDS, "surname": WORDS,
    "nhs_number": st.sampled_from(["9434765919", "943 476 5919", "9434765918", "1111111111", "94347659", "943476591a", "9434765919.0", "\u0669434765919"]),
    "upn": st.sampled_from(["A861000000001", "B801200005001", "b801200005001", "B80120000500A", "I801200005001", "B8012", "B801 2000 05001"]),
    "born_on": DAYS, "starts_on": DAYS, "ends_on": DAYS, "seen_at": TIMES, "noted_at": TIMES, "need": CODES, "other_need": CODES, "needs": SEVERAL,
    "times": st.sampled_from(["0", "-1", "3", "4", "20", "21", "3.0", "1,000", "3.5", "9" * 17]),
    "score": st.sampled_from(["0", "1.5", "-1.5", "-1.6", "99.5", "99.6", "1e1", "inf", "nan", "1,234.5"]),
    "is_open": st.sampled_from(["0", "1", "no", "YES", "true", "1.0", "maybe"]),
    "rate": st.sampled_from(["c", "LOW", "12", "1,234", "..", "[x]", "-5.5"]),
    "la_code": st.sampled_from(["860", "E10000028", "e10000028", "861", "Staffordshire", "staffordshire", "860.0"]),
}  # fmt: skip
ROWS = st.lists(
    st.fixed_dictionaries({f.name: st.one_of(BLANK, CELLS[f.name], CELLS[f.name]) for f in CASES.fields}),
    min_size=1,
    max_size=12,
)


def agree(j: Judged) -> None:
    found = GATE(j)
    assert found.errors == ()
    assert found.disagreements == ()
    asked = {
        (name, r.id)
        for name, t in j.tables.items()
        for r in table_rules(t.scene.extract, t.table)
        if r.kind not in FIRST_JUDGE_ONLY
    }
    assert set(found.gx_failed) == asked  # every rule has an answer


@settings(max_examples=25)
@given(
    rows=ROWS,
    parents=st.lists(st.integers(2, 6), max_size=6),
    steps=st.lists(st.sampled_from(["a", "b", None]), min_size=6, max_size=6),
)
def test_both_judges_count_alike_on_random_rows(
    rows: list[dict[str, Any]], parents: list[int], steps: list[str | None]
) -> None:
    nested = [
        {"_parent_row": p, "step": s, "done_on": "01/04/2025"} for p, s in zip(parents, steps, strict=False)
    ]
    with judged(rows, nested) as j:
        agree(j)
        for count in j.counts():
            assert count.received == count.accepted + count.rejected


def test_both_judges_count_alike_on_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "NARROW_ROWS", 10)  # the way of large tables: one batch a set of columns
    random = np.random.default_rng(3)
    picks = {
        c: [None, *dict.fromkeys(v)]
        for c, v in {
            "need": ["N1", "n1", "zz"],
            "times": ["1", "99", "x"],
            "ends_on": ["01/04/2025", "09/04/2025"],
            "born_on": ["01/01/1970", "02/02/2012"],
            "nhs_number": ["9434765919", "9434765918"],
        }.items()
    }
    rows = [
        row(
            n // 2,
            **{
                c: str(v) if (v := random.choice(np.array(options, dtype=object))) is not None else None
                for c, options in picks.items()
            },
        )
        for n in range(400)
    ]
    with judged(rows) as j:
        agree(j)
        assert sum(c.rejected for c in j.counts()) > 100


def test_every_kind_is_spoken_or_named_as_the_first_judges_own() -> None:
    told_elsewhere = {
        RuleKind.expression,
        RuleKind.history,
    }  # `conditions` says the first, the warehouse the second
    assert set(_SPEAKERS) | FIRST_JUDGE_ONLY | told_elsewhere == set(RuleKind)


def outcome_of(j: Judged, found: Any, rule_id: str) -> str:
    rows = quality_table({"submission_id": "s"}, j, found).to_pylist()
    return next(r["outcome"] for r in rows if r["rule_id"] == rule_id)


def test_a_rule_that_raises_is_errored_never_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(frame: Any, parameters: Any) -> Any:
        raise ValueError("Hernandez 9434765919")

    monkeypatch.setitem(custom.MEANINGS, "matches_submitter", broken)
    with judged([row()]) as j:
        found = GATE(j)
        assert not found.ok
        assert "R-WHO" in {e.rule_id for e in found.errors}
        assert outcome_of(j, found, "R-WHO") == "errored"
        assert "Hernandez" not in repr(found)


def test_a_rule_that_counts_wrongly_is_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(custom.MEANINGS, "matches_submitter", lambda f, p: np.zeros(len(f), dtype=bool))
    with judged([row(la_code="861")]) as j:
        found = GATE(j)
        assert [(d.rule_id, d.sql_failed, d.gx_failed) for d in found.disagreements] == [("R-WHO", 1, 0)]
        assert found.outcome == outcome_of(j, found, "R-WHO") == "errored"


def test_a_rule_without_an_answer_is_errored(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run._validate  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(run, "_validate", lambda spoken, frame: whole(spoken, frame)[1:])
    with judged([row()]) as j:
        assert "no answer" in {e.why for e in GATE(j).errors}


def test_a_kind_that_nobody_translated_is_errored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(_SPEAKERS, RuleKind.within_days)
    with judged([row()]) as j:
        found = GATE(j)
        assert not found.ok and "R-DAYS" in {e.rule_id for e in found.errors}


def test_sql_that_misses_a_failing_row_is_seen() -> None:
    with judged([row(), row(1, la_code="861")]) as j:
        j.con.execute('DELETE FROM "cases__rejected"')
        j.con.execute('INSERT INTO "cases__rejected" SELECT 0')  # the wrong row falls
        assert "accepted a row that fails" in {e.why for e in GATE(j).errors}


def judged_rows(made: Maker, tables: Tables) -> Judged:
    extract = made.extract.model_copy(
        update={"tables": tuple(t for t in made.extract.tables if t.name in tables)}
    )
    reads = {
        t.name: TableRead(
            t.name,
            pa.Table.from_pylist([{**r, "_line": r["_row"]} for r in tables[t.name]], schema=read_schema(t)),
        )
        for t in extract.tables
    }
    return judge(extract, CONTRACTS.codelists, ReadResult(dict(reads)), made.period, made.submitter)


def trials(made: Maker, table: Table) -> list[Rule]:
    """The rules of a table that are broken, one after the other.

    The published tables have a rule for each of hundreds of alike figures: the first of each kind stands for all.
    """
    rules = derived_rules(made.extract, table)
    if made.extract.agency == "published":
        rules = tuple({r.kind: r for r in reversed(rules)}.values())
    return [r for r in rules if not never(made, table, r)]


def never(made: Maker, table: Table, rule: Rule) -> bool:
    """True for a rule that no row can break, by what it says: a list that never changed, a mend that would lose a required value."""
    if rule.kind is RuleKind.codelist_year:
        codes = made.codelists[rule.args["codelist"]].codes
        return all(c.in_force(made.period.end.year) for c in codes)
    if rule.kind is RuleKind.mended:
        spec = table.by_name[rule.columns[0]]
        return spec.required and spec.type in (FieldType.string, FieldType.code)
    return rule.kind is RuleKind.history  # the warehouse judges it, over many deliveries


def cells(tables: Tables) -> dict[tuple[str, int, str], Any]:
    return {(t, r["_row"], c): r[c] for t, rows in tables.items() for r in rows for c in r if c != "_row"}


def changed(whole: Tables, broken: Tables) -> set[tuple[str, str]]:
    """(table, column) of every cell that differs, came or went."""
    old, new = cells(whole), cells(broken)
    return {(t, c) for t, r, c in old.keys() | new.keys() if old.get((t, r, c), 0) != new.get((t, r, c), 0)}


def reads(extract: Extract, table: Table, rule: Rule) -> set[tuple[str, str]]:
    """(table, column) of every cell that a rule looks at; of a view, all that its SQL names."""
    out = {(table.name, c) for c in rule.columns}
    for text in rule.conditions:
        out |= {(table.name, n) for n in expressions.names(expressions.parse(text))}
    if rule.kind is RuleKind.expression and (view := extract.view_of(table, rule)):
        words = set(view.words)
        for inner in reversed(extract.views):  # a view may stand on others
            words |= inner.words if inner.name in words else set()
        seen = [t for t in extract.tables if t.name in words]
        out |= {(t.name, f) for t in seen for f in (*t.by_name, "_parent_row") if f in words}
    return out


Failed = set[tuple[str, str]]  # (table, rule id)


def failures(j: Judged, owner: dict[tuple[str, int], int]) -> dict[int, Failed]:
    """Number of the part -> what fails in its rows."""
    out: dict[int, Failed] = {}
    for name in j.tables:
        found = j.findings(name)
        for place, rule_id in zip(found["row"].to_pylist(), found["rule_id"].to_pylist(), strict=True):
            out.setdefault(owner[name, place], set()).add((name, rule_id))
    return out


def wrong(made: Maker, table: Table, rule: Rule, whole: Tables, broken: Tables, failed: Failed) -> str | None:
    """Why a broken rule was not found, or what else failed that does not look at a changed cell. None when all is well."""
    if (table.name, rule.id) not in failed:
        return f"{rule.id} was not found"
    touched = changed(whole, broken)
    for name, rule_id in sorted(failed - {(table.name, rule.id)}):
        other = made.extract.by_table[name]
        found = next((r for r in derived_rules(made.extract, other) if r.id == rule_id), None)
        if found is None and rule_id.endswith(".parent_rejected"):
            continue  # follows from a rejecting rule, which is asked about itself
        if found is None or not touched & reads(made.extract, other, found):
            return f"breaking {rule.id} failed {rule_id} too"
    return None


@dataclass(frozen=True)
class Broken:
    """What came of a delivery in which every rule of a contract is broken, by table."""

    problems: dict[str, list[str]]  # rules that were not found, and others that failed with them
    doubts: dict[str, list[Any]]  # where the second judge errs or counts otherwise
    told: str  # everything that is said of the delivery


def all_broken(key: str) -> Broken:
    """Judge a contract's sound rows and its broken ones in one delivery, each rule in rows of its own, side by side.

    Judging costs much for a delivery and little for a row, so all tables are broken together.
    """
    made = maker(CONTRACTS[key])
    work = [(table, rule) for table in made.extract.tables for rule in trials(made, table)]
    whole = [made.around(t, r, n) for n, (t, r) in enumerate(work)]
    broken = [made.breaking(t, r, n) for n, (t, r) in enumerate(work, start=len(work))]
    tables, owner = together(made.extract, [*whole, *broken])
    with judged_rows(made, tables) as j:
        failed = failures(j, owner)
        found = verdict.compare(j, CONTRACTS.codelists)
        told = repr(found) + str(quality_table({"submission_id": "s"}, j, found).to_pylist())
        told += str([j.findings(t).to_pylist() for t in j.tables])
    # Rows without a text to number them by (an area and a year, say) repeat each other when there are many. A judgement in
    # doubt is not looked at so closely.
    crowded = {table.name for n, (table, _) in enumerate(work) if failed.get(n) and found.ok}
    out = Broken({t.name: [] for t in made.extract.tables}, {t.name: [] for t in made.extract.tables}, told)
    for n, (table, rule) in enumerate(work, start=len(work)):
        if table.name in crowded:
            sound, part = made.around(table, rule), made.breaking(table, rule)
            one, whose = together(made.extract, [part])
            with judged_rows(made, {t: one[t] for t in part}) as j:
                problem = wrong(made, table, rule, sound, one, failures(j, whose).get(0, set()))
        else:
            sound, part = made.around(table, rule, n), broken[n - len(work)]
            problem = wrong(made, table, rule, sound, part, failed.get(n, set()))
        out.problems[table.name] += [problem] if problem else []
    for doubt in (*found.errors, *found.disagreements):
        out.doubts[doubt.table].append(doubt)
    return out


@lru_cache(maxsize=1)  # the tests of one contract follow each other
def all_broken_once(key: str) -> Broken:
    return all_broken(key)


@pytest.mark.parametrize(
    ("key", "name"),
    [(key, table.name) for key in sorted(CONTRACTS) for table in maker(CONTRACTS[key]).extract.tables],
)
def test_breaking_a_rule_is_found_by_both_and_by_its_name(key: str, name: str) -> None:
    """Every rule of the table is broken.

    Implied companions are allowed where they read a cell that was changed; nothing else may fail, and no value is told.
    """
    found = all_broken_once(key)
    assert found.doubts[name][:3] == []
    assert found.problems[name] == []
    assert "zz~" not in found.told


@pytest.mark.parametrize("key", sorted(CONTRACTS))
def test_only_rules_that_cannot_be_broken_are_left_out(key: str) -> None:
    made = maker(CONTRACTS[key])
    for table in made.extract.tables:
        for rule in derived_rules(made.extract, table):
            if never(made, table, rule):
                with pytest.raises(NoViolation):
                    made.breaking(table, rule)


def test_a_rule_that_is_judged_wrongly_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: a judge that looks the other way is caught by it."""
    whole = rules.compile_rules

    def blind(scene: Any) -> Any:
        return tuple(
            replace(c, fails=c.fails.replace(" > ", " < ")) if c.rule.kind is RuleKind.not_after else c
            for c in whole(scene)
        )

    monkeypatch.setattr("ingest.judge.compile_rules", blind)
    found = all_broken("council/cin_census")
    assert found.problems["cp_plans"] and found.doubts["cp_plans"]
