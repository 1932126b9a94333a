"""After an erasure a warehouse that is built anew has no row of the child, and its counts still add up."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ingest.identity import erasure, rights
from ingest.identity.rights import Asked
from tests.support.lake_fixture import build
from tests.support.small_persons import NHS, Persons, make

pytestmark = pytest.mark.minutes(1.5)

CHECKS = ("no_row_is_lost", "raw_rows_are_the_accepted_rows")
PART = (
    "+dim_child",
    "+fct_police_missing_episode",
    "+fct_council_missing_episode",
    "+fct_table_count",
    *CHECKS,
)


def built(persons: Persons, work: Path) -> dict[str, list[tuple[object, ...]]]:
    work.mkdir()
    done = build(persons.home, work, *PART)
    assert done.returncode == 0, done.output[-3000:]
    assert all(f"PASS {check}" in done.output for check in CHECKS)
    with duckdb.connect(str(work / "warehouse.duckdb")) as con:
        return {
            name: con.execute(f"select {columns} from {name} order by all").fetchall()
            for name, columns in (
                ("dim_child", "person_key"), ("bridge_child_token", "child_token, person_key"),
                ("fct_police_missing_episode", "person_key, source_row"), ("fct_council_missing_episode", "person_key, source_row"),
                ("fct_table_count", "table_name, received, accepted, rejected, set_aside"),
                ("(select sum(erased_accepted), sum(erased_rejected) from fct_table_count)", "*"),
            )
        }  # fmt: skip


def test_a_warehouse_that_is_built_anew_has_no_row_of_the_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    persons = make(tmp_path)
    monkeypatch.setenv("SCP_LAKE", str(persons.home.lake))
    who = rights.who(persons.home, persons.by("nhs_number", NHS))
    (key,) = who.persons
    before = built(persons, tmp_path / "before")
    assert (key,) in before["dim_child"] and len(
        [r for r in before["fct_police_missing_episode"] if r[0] == key]
    ) == 2
    asked = Asked("erasure_request", "ERA-2026-5", "first.officer")
    case, _ = erasure.propose(persons.place, persons.by("nhs_number", NHS), asked)
    erasure.approve(persons.place, case.id, "second.officer")
    after = built(persons, tmp_path / "after")
    for name in (
        "dim_child",
        "bridge_child_token",
        "fct_police_missing_episode",
        "fct_council_missing_episode",
    ):
        gone = [r for r in before[name] if key in r]
        assert gone and after[name] == [r for r in before[name] if r not in gone], name
    assert after["fct_table_count"] == before["fct_table_count"]
    (total,) = (n for n in before if n.startswith("("))
    assert (before[total], after[total]) == ([(0, 0)], [(6, 2)])
