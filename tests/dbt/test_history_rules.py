"""Rules that compare a return with the years before: the contract declares them, the warehouse judges them, each one is shown to work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.contract import RuleKind, load_contracts
from ingest.lake import Home
from tests.support.lake_fixture import LakeFixture, build

pytestmark = pytest.mark.minutes(1.5)

Row = dict[str, Any]

DECLARED = {
    r.id for e in load_contracts().values() for t in e.tables for r in t.rules if r.kind is RuleKind.history
}
HEADER: Row = {"sex": "F", "birth_date": "2012-05-01", "ethnicity": "WBRI", "mother": False}
EPISODE: Row = {
    "episode_started_on": "2024-05-01", "reason_new_episode": "S", "legal_status": "C2", "category_of_need": "N1",
    "placement": "U6", "placement_provider": "PR1", "placement_urn": "1234567", "placement_la": "860",
    "placement_location": "IN", "placement_distance": 2.5,
}  # fmt: skip
WORKER: Row = {
    "social_worker_id": "SW1",
    "social_worker_started_on": "2024-05-01",
    "reason_social_worker_change": "FCONTA",
}
LEAVER: Row = {"in_touch": "YES", "activity": "F2", "accommodation": "U1", "birth_date": "2006-05-01"}
DECIDED: Row = {"placed_for_adoption_on": "2024-09-01"}
MISSING: Row = {"missing_type": "M", "missing_started_on": "2025-03-30"}
OTHER: dict[str, Any] = {
    "reason_new_episode": "P", "legal_status": "E1", "category_of_need": "N2", "placement": "U4", "placement_provider": "PR2",
    "placement_urn": "7654321", "placement_distance": 3.5, "placement_la": "861", "placement_location": "OUT",
}  # fmt: skip
Year = dict[str, list[Row]]


def year(**more: list[Row]) -> Year:
    return {"header": [HEADER], "episodes": [EPISODE], **more}


def header(**changes: Any) -> Year:
    return year(header=[{**HEADER, **changes}])


def episode(**changes: Any) -> Year:
    return year(episodes=[{**EPISODE, **changes}])


#: rule -> (the year before, this year), one child each. Breaking one of these breaks what stands in ALSO with it, and nothing else.
BROKEN: dict[str, tuple[Year, Year]] = {
    "903-202": (year(), header(sex="M")),
    "903-203": (year(), header(birth_date="2012-06-01")),
    "903-204": (year(), header(ethnicity="WIRI")),
    "903-205A": (year(uasc=[{}]), year()),
    "903-205B": (
        year(uasc=[{"uasc_ceased_on": "2025-01-01"}]),
        year(uasc=[{"uasc_ceased_on": "2025-01-01"}]),
    ),
    "903-205D": (year(), year(uasc=[{}])),
    "903-207": (header(mother=True), header(mother=False)),
    "903-624": (
        header(mother=True, mother_child_birth_date="2024-06-01"),
        header(mother=True, mother_child_birth_date="2024-07-01"),
    ),
    "903-626": (year(), header(mother=True, mother_child_birth_date="2025-01-01")),
    "903-576": (year(missing=[MISSING]), year()),
    "903-502": (year(), episode(episode_started_on="2024-05-02")),
    **{
        f"903-503{letter}": (year(), episode(**{column: OTHER[column]}))
        for letter, column in zip("ABCDEFGHJ", OTHER, strict=True)
        if letter not in "GH"
    },
    "903-503G": (episode(legal_status="V3"), episode(legal_status="V3", placement_distance=3.5)),
    "903-503H": (episode(legal_status="V4"), episode(legal_status="V4", placement_la="861")),
    "903-452": (year(), episode(placement_la="861")),
    "903-453": (year(), episode(placement_distance=3.5)),
    "903-562": (episode(episode_ceased_on="2025-02-01", reason_episode_ceased="E4A"), year()),
    "903-NoE": (year(episodes=[]), year()),
    "903-559": (year(), year(placed_adoption=[DECIDED])),
    "903-560": (
        year(placed_adoption=[DECIDED]),
        year(placed_adoption=[{"placed_for_adoption_on": "2025-05-01"}]),
    ),
    "903-561": (
        year(placed_adoption=[{**DECIDED, "placed_for_adoption_ceased_on": "2025-01-01"}]),
        year(placed_adoption=[DECIDED]),
    ),
    "903-584": (
        year(placed_adoption=[DECIDED]),
        year(
            placed_adoption=[
                {"placed_for_adoption_on": "2025-05-01", "placed_for_adoption_ceased_on": "2025-08-01"}
            ]
        ),
    ),
    "903-1001": (
        episode(episode_ceased_on="2024-05-20", reason_episode_ceased="E4A"),
        year(header=[{**HEADER, "birth_date": "2012-05-01"}], episodes=[], oc3=[LEAVER]),
    ),
    "903-1002": (year(episodes=[]), year(episodes=[], oc3=[LEAVER])),
    "903-1010": (episode(episode_started_on="2022-05-01"), year(episodes=[], oc3=[LEAVER])),
    "903-SW16aSTG2": (year(sw_episodes=[WORKER]), year(sw_episodes=[{**WORKER, "social_worker_id": "SW2"}])),
    "903-SW16bSTG2": (
        year(sw_episodes=[WORKER]),
        year(sw_episodes=[{**WORKER, "social_worker_started_on": "2024-05-02"}]),
    ),
    "903-SW16cSTG2": (
        year(sw_episodes=[WORKER]),
        year(sw_episodes=[{**WORKER, "reason_social_worker_change": "CHCHAN"}]),
    ),
}
ALSO = {"903-452": {"903-503H"}, "903-453": {"903-503G"}}


def test_the_models_judge_the_rules_that_contracts_declare(models: dict[str, Any]) -> None:
    told = re.findall(r"'([^']+)' as rule_id", models["rec_history_finding"]["compiled_code"])
    assert set(told) == DECLARED
    assert len(told) == len(DECLARED)


def test_every_rule_has_a_case() -> None:
    assert set(BROKEN) == DECLARED


def two_years(root: Path, first: int = 0) -> Home:
    """A council with a child a rule, and one that breaks nothing; `first` is the year that arrives first."""
    lake = LakeFixture(Home(root))
    children = {**BROKEN, "sound": (year(sw_episodes=[WORKER], missing=[]), year(sw_episodes=[WORKER]))}
    periods = [("2024-25", 0, "2025-06-01T09:00:00"), ("2025-26", 1, "2026-06-01T09:00:00")]
    for period, which, received in periods if first == 0 else reversed(periods):
        tables: Year = {}
        for rule, years in children.items():
            for table, rows in years[which].items():
                tables.setdefault(table, []).extend({"child_token": rule, **r} for r in rows)
        lake.submit("council/ssda903", "staffordshire", period, tables, received=received)
    return lake.write()


FOUND = """
    select f.rule_id, f.table_name, h.child_token, s.period
    from rec_history_finding f
    join fct_submission s using (submission_id)
    left join (
        {tables}
    ) h on h.submission_id = f.submission_id and h.table_name = f.table_name and h.source_row = f.source_row
    order by all
""".format(
    tables=" union all ".join(
        f"select '{t}' as table_name, submission_id, source_row, child_token from stg_council__ssda903__{t}"
        for t in ("header", "episodes", "uasc", "oc3", "placed_adoption", "sw_episodes")
    )
)


def built(tmp_path: Path, first: int) -> tuple[list[tuple[str, ...]], list[tuple[Any, ...]]]:
    work = tmp_path / f"work{first}"
    work.mkdir()
    home = two_years(tmp_path / f"home{first}", first)
    run = build(home, work, "+rec_history_result", "+fct_finding")
    assert run.returncode == 0, run.output[-4000:]
    with duckdb.connect(str(work / "warehouse.duckdb"), read_only=True) as con:
        found = con.execute(FOUND).fetchall()
        results = con.execute(
            "select r.rule_id, s.period, r.outcome, r.failed from rec_history_result r join fct_submission s using (submission_id) order by all"
        ).fetchall()
        told = con.execute("select count(*) from fct_finding where source_line is null").fetchone()
    assert told == (len(found),)
    return found, results


def test_each_rule_finds_its_child_and_no_other(tmp_path: Path) -> None:
    found, results = built(tmp_path, 0)
    assert {period for *_, period in found} == {"2025-26"}
    of_child: dict[str, set[str]] = {}
    for rule, _, child, _ in found:
        of_child.setdefault(child, set()).add(rule)
    assert of_child == {rule: {rule, *ALSO.get(rule, ())} for rule in BROKEN}
    first_year = {outcome for _, period, outcome, _ in results if period == "2024-25"}
    assert first_year == {"not_applicable"}  # nothing lies before it
    assert {
        rule for rule, period, outcome, _ in results if period == "2025-26" and outcome == "failed"
    } == DECLARED
    assert built(tmp_path, 1) == (found, results)  # the later year may arrive first
