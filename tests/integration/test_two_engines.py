"""Two judges, one declaration: random data of every rule kind, every contract's own rules, and planted faults of the judge.

A false pass must be visible: whatever the second judge cannot answer, or answers differently, keeps the delivery out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.contract import Extract, RuleKind, Table, derived_rules, load_contracts
from ingest.judge import Judged, judge, nested_order
from ingest.projections.synthetic import Maker, NoViolation, Rows, maker
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
    "born_on": DAYS, "starts_on": DAYS, "ends_on": DAYS, "seen_at": TIMES, "noted_at": TIMES, "need": CODES, "other_need": CODES,
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


def one_table(made: Maker, table: Table) -> Extract:
    """The table with the tables around it, so that each trial judges no more than it needs."""
    names, current = {table.name}, table
    while current.parent:
        names.add(current.parent)
        current = made.extract.by_table[current.parent]
    return made.extract.model_copy(
        update={"tables": tuple(t for t in made.extract.tables if t.name in names)}
    )


def judged_rows(made: Maker, extract: Extract, tables: dict[str, Rows]) -> Judged:
    reads = {
        t.name: TableRead(
            t.name,
            pa.Table.from_pylist([{**r, "_line": r["_row"]} for r in tables[t.name]], schema=read_schema(t)),
        )
        for t in extract.tables
    }
    return judge(extract, CONTRACTS.codelists, ReadResult(dict(reads)), made.period, made.submitter)


def valid_tables(made: Maker) -> dict[str, Rows]:
    out: dict[str, Rows] = {}
    for table in nested_order(made.extract):
        out[table.name] = made.table(table, 6, out.get(table.parent or ""))
    return out


@pytest.mark.parametrize("key", sorted(CONTRACTS))
def test_valid_rows_pass_both_judges(key: str) -> None:
    made = maker(CONTRACTS[key])
    with judged_rows(made, made.extract, valid_tables(made)) as j:
        assert {t.rule.id: t.failed for name in j.tables for t in j.results(name) if t.failed} == {}
        found = verdict.compare(j, CONTRACTS.codelists)
        assert found.ok, (found.errors[:3], found.disagreements[:3])


def trials() -> Iterator[Any]:
    for key in sorted(CONTRACTS):
        made = maker(CONTRACTS[key])
        for table in made.extract.tables:
            # The published tables have a rule for each of hundreds of alike figures: the first of each kind stands for all.
            seen: set[RuleKind] = set()
            for rule in derived_rules(made.extract, table):
                if key.startswith("published/") and rule.kind in seen:
                    continue
                seen.add(rule.kind)
                yield pytest.param(
                    key,
                    table.name,
                    rule.id,
                    id=rule.id,
                    marks=() if hash_of(rule.id) % 25 == 0 else pytest.mark.slow,
                )


def hash_of(text: str) -> int:
    return sum(text.encode())


@pytest.mark.parametrize(("key", "table", "rule_id"), list(trials()))
def test_breaking_one_rule_is_found_by_both_and_by_its_name(key: str, table: str, rule_id: str) -> None:
    """Implied companions are allowed where they read a cell that was changed; nothing else may fail, and no value is told."""
    made = maker(CONTRACTS[key])
    spec = made.extract.by_table[table]
    tables = valid_tables(made)
    try:
        broken = made.violating(spec, rule_id, 6, tables.get(spec.parent or ""))
    except NoViolation:
        pytest.skip(
            "no row can break it: the code list has no code of another year, or a mend would lose a required value"
        )
    changed = {c for old, new in zip(tables[table], broken, strict=True) for c in new if old[c] != new[c]}
    with judged_rows(made, one_table(made, spec), {**tables, table: broken}) as j:
        failed = [t.rule for name in j.tables for t in j.results(name) if t.failed]
        assert rule_id in {r.id for r in failed}
        strangers = [r.id for r in failed if r.id != rule_id and not changed.intersection(r.columns)]
        assert strangers == []
        found = verdict.compare(j, CONTRACTS.codelists)
        assert found.ok, (found.errors[:3], found.disagreements[:3])
        told = (
            repr(found)
            + str(j.findings(table).to_pylist())
            + str(quality_table({"submission_id": "s"}, j, found).to_pylist())
        )
        assert "zz~" not in told
