"""A restricted person is in no model: not as a child, not as a row of a fact, nested rows included."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ingest.lake import Home
from tests.support.lake_fixture import LakeFixture, build, dbt

pytestmark = pytest.mark.minutes(1.5)

CHECK = "nobody_restricted_is_a_known_child"
PART = ("+dim_child", "+fct_police_missing_episode", "+fct_cp_plan", CHECK)
CHILD = {"birth_date": "2012-05-01", "sex": "F", "ethnicity": "WBRI"}


def lake(root: Path, *restricted: str) -> Home:
    """SYNTHETIC: two children of a census with a plan each; the police know the first under another token."""
    out = LakeFixture(Home(root))
    tokens = ("c1_a", "c1_b")
    out.submit(
        "council/cin_census", "staffordshire", "2023-24",
        {"children": [{**CHILD, "child_token": t} for t in tokens],
         "cin_details": [{"child_token": t, "referral_date": "2023-06-01", "_parent_row": n} for n, t in enumerate(tokens, 1)],
         "cp_plans": [{"child_token": t, "cpp_start_date": "2024-02-01", "_parent_row": n} for n, t in enumerate(tokens, 1)]},
        received="2024-06-10T09:00:00",
    )  # fmt: skip
    out.submit(
        "police/missing_episodes", "staffordshire_police", "2025-01",
        {"episodes": [
            {"child_token": t, "episode_ref": e, "home_la": "860", "missing_at": "2025-01-10T22:00:00",
             "reported_at": "2025-01-11T01:00:00"} for t, e in (("c1_p", "E1"), ("c1_q", "E2"))
        ]},
        received="2025-02-10T09:00:00",
    )  # fmt: skip
    out.people(c1_a="p1_one", c1_p="p1_one", c1_b="p1_two")
    for token in restricted:
        out.identity("restricted_token", child_token=token)
    return out.write()


def built(tmp_path: Path, *restricted: str) -> dict[str, list[tuple[object, ...]]]:
    home = lake(tmp_path / "home", *restricted)
    done = build(home, tmp_path, *PART)
    assert done.returncode == 0, done.output[-3000:]
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        return {
            name: con.execute(f"select {column} from {name} order by all").fetchall()
            for name, column in (
                ("dim_child", "person_key"), ("bridge_child_token", "child_token"), ("fct_police_missing_episode", "source_row"),
                ("fct_cp_plan", "person_key"), ("stg_council__cin_census__cin_details", "child_token"),
            )
        }  # fmt: skip


@pytest.fixture(autouse=True)
def lake_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCP_LAKE", str(tmp_path / "home" / "lake"))  # staging models are views over the lake


def test_nobody_is_left_out_without_a_restriction(tmp_path: Path) -> None:
    found = built(tmp_path)
    assert found["dim_child"] == [("c1_q",), ("p1_one",), ("p1_two",)]
    assert found["fct_police_missing_episode"] == [(1,), (2,)]
    assert found["fct_cp_plan"] == [("p1_one",), ("p1_two",)]


def test_a_restricted_person_is_in_no_model_and_a_leak_is_seen(tmp_path: Path) -> None:
    found = built(tmp_path, "c1_a", "c1_p")
    assert found["dim_child"] == [("c1_q",), ("p1_two",)]
    assert found["bridge_child_token"] == [("c1_b",), ("c1_q",)]
    assert found["fct_police_missing_episode"] == [(2,)]
    assert found["fct_cp_plan"] == [("p1_two",)]
    assert found["stg_council__cin_census__cin_details"] == [("c1_b",)]
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute("insert into dim_child (person_key) values ('p1_one')")
    done = dbt(Home(tmp_path / "home"), tmp_path, "test", "--select", CHECK)
    assert done.returncode != 0 and "Got 1 result" in done.output
