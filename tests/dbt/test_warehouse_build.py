"""The warehouse builds: on an empty lake, and on a small known one where the answers are worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.lake import Home
from tests.support.lake_fixture import DbtRun, LakeFixture, build

pytestmark = [
    pytest.mark.xdist_group("empty_lake"),
    pytest.mark.minutes(3),
]  # what dbt made of it is made once

#: The part below the framework, for what is worked out by hand here.
PART = ("path:seeds", "path:models/staging", "path:models/conformed", "path:models/quality")


def small_lake(root: Path) -> Home:
    """SYNTHETIC: a census of two years that was corrected, police and council episodes, a return that was refused."""
    lake = LakeFixture(Home(root))
    child = {"child_token": "c1_a", "birth_date": "2012-05-01", "sex": "F", "ethnicity": "WBRI"}
    episode = {"child_token": "c1_a", "referral_date": "2023-06-01", "referral_nfa": False}
    plan = {"child_token": "c1_a", "cpp_start_date": "2024-02-01", "_parent_row": 1}
    lake.submit(
        "council/cin_census", "staffordshire", "2023-24",
        {"children": [child], "cin_details": [{**episode, "_parent_row": 1}], "cp_plans": [plan],
         "section47": [{"child_token": "c1_a", "s47_start_date": "2024-01-02", "icpc_date": "2024-01-16", "_parent_row": 1}]},
        received="2024-06-10T09:00:00", rejected={"children": 1},
    )  # fmt: skip
    wrong = {
        "children": [child],
        "cin_details": [{**episode, "closure_date": "2024-12-31", "_parent_row": 1}],
    }
    lake.submit("council/cin_census", "staffordshire", "2024-25", wrong, received="2025-06-10T09:00:00")
    right = {
        "children": [child, {"child_token": "c1_b", "expected_birth_date": "2025-06-01", "sex": "U"}],
        "cin_details": [
            {**episode, "closure_date": "2025-01-31", "_parent_row": 1},
            {"child_token": "c1_b", "referral_date": "2025-03-01", "_parent_row": 2},
        ],
        "cp_plans": [{**plan, "cpp_end_date": "2024-11-01"}],
    }
    lake.submit(
        "council/cin_census", "staffordshire", "2024-25", right, received="2025-06-20T09:00:00", number=2
    )
    lake.submit(
        "council/cin_census",
        "staffordshire",
        "2024-25",
        {},
        received="2025-06-25T09:00:00",
        number=3,
        status="refused",
    )
    lake.submit(
        "police/missing_episodes", "staffordshire_police", "2025-01",
        {"episodes": [
            {"child_token": "c1_p", "episode_ref": "E1", "home_la": "860", "missing_at": "2025-01-10T22:00:00",
             "reported_at": "2025-01-11T01:00:00", "risk_grade": "HIGH", "ethnicity": "B1", "sex": "F"},
            {"child_token": "c1_q", "episode_ref": "E2", "home_la": "860", "missing_at": "2025-01-20T22:00:00",
             "reported_at": "2025-01-20T23:00:00"},
            {"child_token": "c1_q", "episode_ref": "E3", "home_la": "OTH", "missing_at": "2025-01-21T22:00:00",
             "reported_at": "2025-01-21T23:00:00"},
        ]},
        received="2025-02-10T09:00:00",
    )  # fmt: skip
    lake.submit(
        "council/missing_and_return_interviews", "staffordshire", "2024-25-Q4",
        {"episodes": [{"child_token": "c1_a", "missing_id": "M1", "missing_type": "M", "started_at": "2025-01-11T00:30:00",
                       "returned_at": "2025-01-11T09:00:00", "rhi_offered": True, "rhi_at": "2025-01-14T09:00:00"}]},
        received="2025-04-20T09:00:00",
    )  # fmt: skip
    figures = {"time_period": 2025, "geographic_level": "Local authority", "country_code": "E92000001",
               "region_code": "E12000005", "old_la_code": "860", "new_la_code": "E10000028", "la_name": "Staffordshire"}  # fmt: skip
    lake.submit(
        "published/dfe_children_in_need", "dfe", "2025",
        {"referrals": [{**figures, "referral_count": 5137.0, "rereferral_count_symbol": "c"}]},
        received="2025-11-01T09:00:00",
    )  # fmt: skip
    lake.expect("council/cin_census", "staffordshire", "2024-25", due="2025-06-30")
    lake.expect("council/cin_census", "stoke_on_trent", "2024-25", due="2025-06-30")
    lake.people(c1_a="p1_x", c1_p="p1_x", c1_b="p1_y")
    pairs = {"measured_on": "made up", "agency_a": "all", "agency_b": "all"}
    lake.identity(
        "linkage_quality",
        **pairs,
        group_kind="all",
        group_value="all",
        true_pairs=200,
        linked_pairs=190,
        correct_pairs=190,
    )
    lake.identity(
        "linkage_quality",
        **pairs,
        group_kind="sex",
        group_value="Female",
        true_pairs=10,
        linked_pairs=8,
        correct_pairs=8,
    )
    lake.identity("linkage_summary", item="review_pairs", value=3)
    lake.identity("person_event", event_id="e1", kind="merge", from_person_key="p1_w", to_person_key="p1_x",
                  reason="same_nhs_number", tokens=1, release_id="r1", recorded_on="2025-06-20")  # fmt: skip
    return lake.write()


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    work = tmp_path_factory.mktemp("small_lake")
    run = build(small_lake(work / "home"), work, *PART)
    assert run.returncode == 0, run.output[-6000:]
    return duckdb.connect(str(work / "warehouse.duckdb"), read_only=True)


def rows(warehouse: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(str(v) if v is not None else None for v in r) for r in warehouse.execute(sql).fetchall()]


def test_everything_builds_on_an_empty_lake_and_unit_tests_pass(empty_build: DbtRun) -> None:
    """Every model of every stage, and every unit test of a model: no other test runs them."""
    assert empty_build.returncode == 0, empty_build.output[-6000:]
    assert "WARN=0 ERROR=0 SKIP=0" in empty_build.output
    results = json.loads((empty_build.target / "run_results.json").read_text(encoding="utf-8"))["results"]
    unit_tests = [r for r in results if r["unique_id"].startswith("unit_test.")]
    assert len(unit_tests) > 100 and {r["status"] for r in unit_tests} == {"pass"}


def test_the_corrected_census_is_in_force_and_the_refused_one_is_not(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert rows(warehouse, "select person_key, referral_date, closure_date from fct_referral order by all") == [
        ("p1_x", "2023-06-01", "2025-01-31"), ("p1_y", "2025-03-01", None),
    ]  # fmt: skip
    assert rows(warehouse, "select period, submission_no, status, is_current from fct_submission where extract = 'cin_census' order by 1, 2") == [
        ("2023-24", "1", "accepted", "True"), ("2024-25", "1", "accepted", "False"),
        ("2024-25", "2", "accepted", "True"), ("2024-25", "3", "refused", "False"),
    ]  # fmt: skip


def test_a_plan_over_two_censuses_is_one_row(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows(warehouse, "select start_date, end_date, referral_date from fct_cp_plan") == [
        ("2024-02-01", "2024-11-01", "2023-06-01")
    ]
    assert rows(warehouse, "select working_days_to_icpc from fct_section47") == [("10",)]


def test_one_child_across_agencies(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows(warehouse, "select person_key, birth_month, is_unborn, sex, ethnicity_broad, first_source from dim_child order by 1") == [
        ("c1_q", None, "False", "Unknown", "Unknown", "police"),
        ("p1_x", "2012-05-01", "False", "Female", "White", "council"),
        ("p1_y", None, "True", "Unknown", "Unknown", "council"),
    ]  # fmt: skip


def test_each_return_has_its_match_rate(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows(warehouse, "select extract, period, n_children, n_matched from fct_submission_match_rate order by all") == [
        ("cin_census", "2023-24", "1", "1"), ("cin_census", "2024-25", "2", "1"),
        ("missing_and_return_interviews", "2024-25-Q4", "1", "1"), ("missing_episodes", "2025-01", "2", "1"),
    ]  # fmt: skip
    assert rows(warehouse, "select n_agencies, n_children from fct_children_by_agencies order by 1") == [
        ("1", "2"),
        ("2", "1"),
    ]


def test_what_the_identity_room_measured_is_published(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = "select group_value, recall_percent, round(recall_low, 1), precision_percent, is_recall_low from fct_linkage_quality order by 1"
    assert rows(warehouse, found) == [
        ("Female", "80.0", "49.0", "100.0", "True"),
        ("all", "95.0", "91.0", "100.0", "False"),
    ]
    assert rows(warehouse, "select item, n from fct_linkage_summary") == [("review_pairs", "3")]
    assert rows(
        warehouse, "select kind, from_person_key, to_person_key, n_tokens from fct_person_key_event"
    ) == [("merge", "p1_w", "p1_x", "1")]


def test_police_and_council_episodes_meet(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows(warehouse, "select hours_apart from bridge_missing_episode_match") == [("2.5",)]
    assert rows(warehouse, "select hours_to_rhi from fct_council_missing_episode") == [("72.0",)]
    assert rows(warehouse, "select gap, person_key, area_code from rec_missing_police_council") == [
        ("police_only", "c1_q", "E10000028")
    ]


def test_how_far_the_data_go(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows(warehouse, "select history_start, as_of from dim_data_as_of where extract_key = 'council/cin_census'") == [
        ("2023-04-01", "2025-03-31")
    ]  # fmt: skip
    assert rows(warehouse, "select as_of from dim_data_as_of where data_as_of_key = 'all'") == [
        ("2025-11-01",)
    ]
    assert rows(
        warehouse, "select max(period_id) from dim_period where period_type = 'rolling_12_months'"
    ) == [("2025-26-Q2-R12",)]
    assert rows(warehouse, "select period_label from dim_period where period_id = '2025-26-Q2'") == [
        ("Quarter 2 of 2025-26",)
    ]


def test_what_was_expected_and_what_came(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows(warehouse, "select submitter, status, first_received_on from fct_expected_return order by 1") == [
        ("staffordshire", "on_time", "2025-06-10"), ("stoke_on_trent", "missing", None),
    ]  # fmt: skip


def test_published_symbols_stay_symbols(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        warehouse,
        "select source_table, measure, area_code, value, symbol from fct_published_figure order by measure",
    )
    assert found == [
        ("published/dfe_children_in_need/referrals", "referral_count", "E10000028", "5137.0", None),
        ("published/dfe_children_in_need/referrals", "rereferral_count", "E10000028", None, "c"),
    ]


def test_a_lost_row_fails_the_build(tmp_path: Path) -> None:
    lake = LakeFixture(Home(tmp_path / "home"))
    lost = lake.submit(
        "partnership/board_attendance", "partnership_office", "2025-26-Q1",
        {"seats": [{"meeting_group": "ASSURANCE", "meeting_date": "2025-05-01", "agency_name": "POLICE", "attendee_level": "LEAD"}]},
        received="2025-07-10T09:00:00",
    )  # fmt: skip
    home = lake.write()
    (home.raw("partnership/board_attendance", "seats") / f"{lost}.parquet").unlink()
    run = build(home, tmp_path, "+fct_table_count")
    assert run.returncode != 0
    assert "Failure in test raw_rows_are_the_accepted_rows" in run.output
    assert "ERROR=1 " in run.output
