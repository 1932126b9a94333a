"""The rule language, meant twice: random conditions on random rows are counted alike, and faults planted in one meaning show.

Also what the language refuses, and views: joined facts, and the row before and after.
"""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ingest import expression_sql, expressions
from ingest.contract import Extract, Rule, RuleKind, Severity, Table, View
from ingest.expressions import ExpressionError
from ingest.judge import Judged, Unbalanced, judge
from ingest.readers.base import ReadResult, TableRead, read_schema
from tests.support.judging import QUARTER, SENDER, extract_of, field

custom = pytest.importorskip("expectations.custom.expression")
from expectations import run, verdict  # noqa: E402

# pyright: reportPrivateUsage=false

KINDS: dict[str, str] = {
    "ref": "string",
    "word": "string",
    "other": "string",
    "begins": "date",
    "ends": "date",
    "seen_at": "timestamp",
    "times": "integer",
    "score": "decimal",
    "is_open": "boolean",
}
FIELDS = tuple(field(n, k) for n, k in KINDS.items())
CELLS: dict[str, list[str | None]] = {
    "ref": ["A1", "A2", "A3", None],
    "word": [None, "A1", "a1", "B2", "SW12", "ÉA", "x" * 9],
    "other": [None, "A1", "B2", "sw"],
    "begins": [None, "01/04/2025", "29/02/2024", "31/01/2025", "28/02/2023", "31/12/1999", "zz"],
    "ends": [None, "01/04/2025", "01/03/2025", "28/02/2025", "30/06/2025", "29/02/2008"],
    "seen_at": [None, "01/04/2025 00:00", "28/02/2025 23:59"],
    "times": [None, "0", "1", "-3", "17"],
    "score": [None, "0.5", "1", "-3"],
    "is_open": [None, "1", "0"],
}
NAMED = {
    "text": ["word", "other", "submitter_code", "next_word"],
    "date": ["begins", "ends", "period_start", "period_end", "last_day", "next_begins"],
    "number": ["times", "score", "period_year", "place"],
    "boolean": ["is_open", "is_first"],
    "moment": ["seen_at"],
}
VIEW = View(
    name="row_in_order",
    base="rows",
    columns={"next_word": "text", "next_begins": "date", "is_first": "boolean", "place": "number"},
    sql="""
        SELECT t.rowid AS _seq, lead(word) OVER w AS next_word, lead(begins) OVER w AS next_begins,
               row_number() OVER w = 1 AS is_first, CAST(row_number() OVER w AS INTEGER) AS place
        FROM rows t WINDOW w AS (PARTITION BY ref ORDER BY begins, t.rowid)""",
)


def texts() -> st.SearchStrategy[str]:
    atom = st.sampled_from([*NAMED["text"], "'A1'", "'B2'", "'sw'", "''", "'it''s'"])
    return st.one_of(
        atom,
        st.builds("left({}, {})".format, st.sampled_from(NAMED["text"]), st.integers(0, 3)),
        st.builds("upper({})".format, st.sampled_from(NAMED["text"])),
        st.builds("coalesce({}, {})".format, st.sampled_from(NAMED["text"]), atom),
    )


def dates() -> st.SearchStrategy[str]:
    atom = st.sampled_from([*NAMED["date"], "DATE '2025-02-28'"])
    return st.one_of(
        atom,
        st.builds("{} {} {}".format, atom, st.sampled_from("+-"), st.integers(0, 400)),
        st.builds("add_years({}, {})".format, atom, st.integers(-20, 20)),
        st.builds("add_months({}, {})".format, atom, st.integers(-20, 20)),
        st.builds("coalesce({}, {})".format, atom, atom),
        st.just("as_day(seen_at)"),
    )


def numbers() -> st.SearchStrategy[str]:
    atom = st.sampled_from([*NAMED["number"], "1", "-3", "0.5"])
    return st.one_of(
        atom,
        st.builds("age({}, {})".format, dates(), dates()),
        st.builds("year({})".format, dates()),
        st.builds("month({})".format, dates()),
        st.builds("day({})".format, dates()),
        st.builds("weekday({})".format, dates()),
        st.builds("length({})".format, texts()),
        st.builds("({} - {})".format, dates(), dates()),
        st.builds("({} + {})".format, atom, atom),
        st.builds("filled({}, {})".format, st.sampled_from(NAMED["date"]), st.sampled_from(NAMED["text"])),
    )


OPERATOR = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
EQUAL = st.sampled_from(["=", "<>"])
PLAIN = st.one_of(
    st.sampled_from(NAMED["boolean"]),
    st.builds("{} {} {}".format, dates(), OPERATOR, dates()),
    st.builds("{} {} {}".format, numbers(), OPERATOR, numbers()),
    st.builds("{} {} {}".format, texts(), EQUAL, texts()),
    st.builds("{} IN ('A1', 'B2')".format, texts()),
    st.builds("{} NOT IN ('A1', 'sw')".format, texts()),
    st.builds("{} IN (1, 17)".format, numbers()),
    st.builds("{} BETWEEN {} AND {}".format, dates(), dates(), dates()),
    st.builds("{} IS {}NULL".format, st.one_of(texts(), dates(), numbers()), st.sampled_from(["", "NOT "])),
    st.builds("starts_with({}, 'A')".format, texts()),
    st.builds("matches({}, '^[A-Z]+[0-9]$')".format, texts()),
    st.builds("sent({})".format, st.sampled_from(["begins", "word", "times"])),
)
CONDITIONS = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("(NOT {})".format, inner),
    ),
    max_leaves=6,
)
ROWS = st.lists(st.fixed_dictionaries({n: st.sampled_from(CELLS[n]) for n in KINDS}), min_size=1, max_size=15)


def rule_of(n: int, fails: str, on: str = "row_in_order", **more: Any) -> Rule:
    return Rule(
        id=f"X{n}",
        kind=RuleKind.expression,
        args={"on": on, "fails": fails, "columns": ["word"], **more},
        severity=Severity.warn,
        says="Wrong.",
        fix="Mend it.",
    )


def extract_with(*rules: Rule, view: View = VIEW) -> Extract:
    table = Table(name="rows", title="Rows", fields=FIELDS, rules=rules)
    return extract_of(table, views=(view,))


def judged(extract: Extract, rows: list[dict[str, Any]]) -> Judged:
    (table,) = extract.tables
    numbered = [{"_row": n + 2, "_line": n + 2, **r} for n, r in enumerate(rows)]
    read = TableRead(table.name, pa.Table.from_pylist(numbered, schema=read_schema(table)))
    return judge(extract, {}, ReadResult({table.name: read}), QUARTER, SENDER)


def failed(j: Judged) -> dict[str, int]:
    return {t.rule.id: t.failed for t in j.results("rows") if t.rule.id.startswith("X")}


def by_hand(fails: str, **cells: str | None) -> int:
    with judged(extract_with(rule_of(1, fails)), [dict.fromkeys(KINDS) | cells]) as j:
        assert verdict.compare(j, {}).ok
        return failed(j)["X1"]


# No shrinking: a failing example is small as it comes, and the library takes minutes to make it smaller.
@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(rows=ROWS, conditions=st.lists(CONDITIONS, min_size=1, max_size=8), checked=CONDITIONS)
def test_both_meanings_count_alike(rows: list[dict[str, Any]], conditions: list[str], checked: str) -> None:
    rules = [rule_of(n, c, **({"checked": checked} if n == 0 else {})) for n, c in enumerate(conditions)]
    with judged(extract_with(*rules), rows) as j:
        found = verdict.compare(j, {})
        assert (found.errors, found.disagreements) == ((), ())
        assert {r.id for r in rules} <= {rule_id for _, rule_id in found.gx_failed}


def test_parts_add_up_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        dict(zip(KINDS, c, strict=True))
        for c in itertools.islice(itertools.product(*CELLS.values()), 0, 9000, 37)
    ]
    extract = extract_with(
        rule_of(1, "word = 'A1' OR begins > ends"), rule_of(2, "place > 1 AND NOT is_first")
    )
    monkeypatch.setattr(run, "PART_ROWS", 7)
    with judged(extract, rows) as j:
        found = verdict.compare(j, {})
        assert found.ok
        assert all(n > 0 for n in failed(j).values())


@pytest.mark.parametrize(
    ("fails", "cells", "expected"),
    [
        (
            "age(begins, DATE '2025-02-28') >= 1",
            {"begins": "29/02/2024"},
            0,
        ),  # a leap-day birthday falls on 1 March
        ("age(begins, DATE '2025-03-01') >= 1", {"begins": "29/02/2024"}, 1),
        ("add_years(begins, 1) = DATE '2025-02-28'", {"begins": "29/02/2024"}, 1),
        ("add_months(begins, 1) = DATE '2025-02-28'", {"begins": "31/01/2025"}, 1),
        ("word = 'A1'", {}, 0),  # unknown does not fail
        ("NOT word = 'A1'", {}, 0),
        ("word IS NULL", {}, 1),
        ("word = 'A1' OR begins IS NULL", {}, 1),  # one true part settles it
        ("NOT (word = 'A1' AND begins IS NOT NULL)", {}, 1),  # one false part settles it
        ("begins IS NULL AND NOT sent(begins)", {"begins": "zz"}, 0),
        (
            "begins = period_start AND period_year = 2025 AND submitter_code = '860'",
            {"begins": "01/04/2025"},
            1,
        ),
    ],
)
def test_what_conditions_mean(fails: str, cells: dict[str, str], expected: int) -> None:
    assert by_hand(fails, **cells) == expected


@pytest.mark.parametrize(
    "condition",
    [
        "word LIKE 'a%'",
        "word IN (SELECT 1)",
        "nobody = 'A1'",
        "word < 'B'",
        "word = 1",
        "begins = '2025-01-01'",
        "begins + ends < begins",
        "begins",
        "times + 1",
        "CASE WHEN is_open THEN is_open END",
        "current_date > begins",
        "random() > 1",
        "read_text('/etc/passwd') = 'x'",
        "word = 'a'; DROP TABLE rows",
        "rows.word = 'A1'",
        "\"word\" = 'A1'",
        "begins > DATE '2025-02-30'",
        "left(word, times) = 'A'",
        "matches(word, other)",
        "sent(next_word)",
        "is_open > is_first",
        "seen_at > begins",
        "word = NULL",
        "begins > ",
    ],
)
def test_what_the_language_refuses(condition: str) -> None:
    with pytest.raises(ValueError, match="rule X1"):
        extract_with(rule_of(1, condition))


def test_a_view_with_another_number_of_rows_is_a_fault() -> None:
    doubled = VIEW.model_copy(
        update={
            "sql": VIEW.sql.replace(
                "FROM rows t", "FROM (SELECT *, rowid FROM rows UNION ALL SELECT *, rowid FROM rows) t"
            )
        }
    )
    with pytest.raises(Unbalanced):
        judged(extract_with(rule_of(1, "is_first"), view=doubled), [{"ref": "A1"}])


def test_a_view_that_no_rule_looks_at_is_not_made() -> None:
    broken = VIEW.model_copy(update={"sql": "SELECT nonsense"})
    with judged(extract_with(rule_of(1, "word = 'A1'", on="rows"), view=broken), [{"word": "A1"}]) as j:
        assert failed(j) == {"X1": 1}


def test_a_flipped_operator_in_the_sql_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = expression_sql.sql

    def flipped(node: Any, constants: Any, sent: Any) -> str:
        return whole(node, constants, sent).replace(" > ", " < ")

    monkeypatch.setattr("ingest.rules.sql", flipped)
    with judged(
        extract_with(rule_of(1, "begins > ends")), [{"begins": "31/12/1999", "ends": "01/04/2025"}]
    ) as j:
        found = verdict.compare(j, {})
        assert [(d.rule_id, d.sql_failed, d.gx_failed) for d in found.disagreements] == [("X1", 1, 0)]


def test_a_condition_that_cannot_be_worked_out_is_errored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(custom._FUNCTIONS, "age")
    rules = rule_of(1, "age(begins, ends) > 1"), rule_of(2, "word = 'A1'")
    with judged(extract_with(*rules), [{"word": "A1"}]) as j:
        found = verdict.compare(j, {})
        assert {e.rule_id for e in found.errors} == {"X1"}
        assert found.gx_failed["rows", "X2"] == 1


def test_only_words_of_the_language_have_meanings() -> None:
    functions = set(expressions.FUNCTIONS) - {"sent"}
    assert set(custom._FUNCTIONS) == functions == set(expression_sql._FUNCTIONS)


def test_a_condition_reads_as_written() -> None:
    tree = expressions.parse("a BETWEEN 1 AND 2 AND starts_with(b, 'in(')")
    assert set(expressions.names(tree)) == {"a", "b"}
    with pytest.raises(ExpressionError):
        expressions.check("a", {"a": "text"}, frozenset())
    assert expressions.kind_of(dt.date(2025, 1, 1)) == "date"
