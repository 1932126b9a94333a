"""Counting how good linkage is: against every pair looked at one by one, and against figures worked out by hand."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import random
import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.identity import evaluation
from ingest.identity.evaluation import AGE_BANDS, ANY, EVERY, MIXED_UP, SCHEMA, count_pairs
from ingest.identity.keys import PSEUDONYM, load_key
from ingest.lake import Home, anchor_schemas, write_parquet
from ingest.privacy import child_token
from ingest.projections.arrow import PERSON_MAP

REPOSITORY = Path(__file__).resolve().parents[2]
TODAY = dt.date(2026, 3, 31)
ONE_FAMILY, BEFORE = MIXED_UP["family"], MIXED_UP["formerly"]
Counts = dict[tuple[str, str, str, str], tuple[int, int, int]]


def person(token: int, agency: str, true: str, key: str, **attributes: object) -> dict[str, object]:
    return {
        "child_token": f"c{token}",
        "agency": agency,
        "person_true": true,
        "person_key": key,
        **attributes,
    }


def counted(people: list[dict[str, object]]) -> Counts:
    table = count_pairs(pd.DataFrame(people), "made up", TODAY)
    assert table.schema.equals(SCHEMA)
    return {
        (r["group_kind"], r["group_value"], r["agency_a"], r["agency_b"]): (r["true_pairs"], r["linked_pairs"], r["correct_pairs"])
        for r in table.to_pylist()
    }  # fmt: skip


def cases(p: dict[str, object]) -> list[str]:
    return str(p["hard_case"]).split()


def identity(p: dict[str, object]) -> object:
    """Who a child was before the new identity, if there is one."""
    return p["formerly"] or p["person_true"]


def one_by_one(people: list[dict[str, object]]) -> Counts:
    """The same from every pair of records, with no cleverness at all."""
    out: dict[tuple[str, str, str, str], list[int]] = {}
    agencies = sorted({str(p["agency"]) for p in people})
    places = [*itertools.combinations_with_replacement(agencies, 2), (EVERY, EVERY), (ANY, ANY)]
    groups = (
        {(EVERY, EVERY)}
        | {("sex", str(p["sex"])) for p in people}
        | {("hard_case", c) for p in people for c in cases(p)}
    )
    for (kind, value), (a, b) in itertools.product(
        groups | {("hard_case", ONE_FAMILY), ("hard_case", BEFORE)}, places
    ):
        out[kind, value, a, b] = [0, 0, 0]
    for a, b in places:
        out["knowable", "knowable", a, b] = [0, 0, 0]
    for x, y in itertools.combinations(people, 2):
        same = bool(x["person_true"]) and x["person_true"] == y["person_true"]
        linked = x["person_key"] == y["person_key"]
        where = [tuple(sorted((str(x["agency"]), str(y["agency"])))), (ANY, ANY)]
        where += [(EVERY, EVERY)] if x["agency"] != y["agency"] else []
        kinds = {(EVERY, EVERY)} | {("sex", str(p["sex"])) for p in (x, y)}
        kinds |= {("hard_case", c) for p in (x, y) for c in cases(p)}
        for (kind, value), (a, b) in itertools.product(kinds, where):
            counts = out[kind, value, a, b]
            counts[0] += same
            counts[1] += linked
            counts[2] += same and linked
        mixed_up = [ONE_FAMILY] if x["family"] == y["family"] else []
        mixed_up += [BEFORE] if identity(x) == identity(y) != "" else []
        for value, (a, b) in itertools.product(mixed_up if linked and not same else [], where):
            out["hard_case", value, a, b][1] += 1
        could = same and x["person_knowable"] == y["person_knowable"] != ""
        for a, b in where if could or (linked and not same) else []:
            counts = out["knowable", "knowable", a, b]
            counts[0] += could
            counts[1] += linked
            counts[2] += could and linked
    return {key: (n[0], n[1], n[2]) for key, n in out.items()}


def knowable(p: dict[str, object]) -> dict[str, object]:
    """Who the record could be known to be: the child, or (sent without anything but an id) a part of it that is apart."""
    alone = p.pop("alone")
    return {
        **p,
        "person_knowable": f"{p['person_true']}-apart" if alone and p["person_true"] else p["person_true"],
    }


records = st.lists(
    st.fixed_dictionaries(
        {
            "agency": st.sampled_from(["council", "health", "police"]),
            "person_true": st.sampled_from(["t1", "t2", "t3", "t4", ""]),
            "person_key": st.sampled_from(["p1", "p2", "p3"]),
            "sex": st.sampled_from(["Female", "Male", "Unknown"]),
            "hard_case": st.sampled_from(["", "twin", "twin unborn", "unborn"]),
            "formerly": st.sampled_from(["", "t1"]),
            "family": st.sampled_from(["f1", "f2"]),
            "alone": st.booleans(),
        }
    ).map(knowable),
    min_size=1,
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(records)
def test_counts_equal_those_of_every_pair_looked_at(rows: list[dict[str, object]]) -> None:
    people = [{"child_token": f"c{i}", **r} for i, r in enumerate(rows)]
    assert counted(people) == one_by_one(people)


# Few: the test above holds counts against pairs without an order, for rows in any.
@settings(max_examples=15, deadline=None)
@given(records, st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(rows: list[dict[str, object]], shuffle: random.Random) -> None:
    people = [{"child_token": f"c{i}", **r} for i, r in enumerate(rows)]
    other = list(people)
    shuffle.shuffle(other)
    assert counted(people) == counted(other)


def test_one_child_at_three_agencies_with_one_link_missed_and_one_wrong() -> None:
    counts = counted(
        [
            person(1, "council", "anna", "p1"),
            person(2, "police", "anna", "p1"),
            person(3, "health", "anna", "p2"),
            person(4, "council", "beth", "p2"),
        ]
    )
    assert counts[EVERY, EVERY, EVERY, EVERY] == (3, 2, 1)
    assert counts[EVERY, EVERY, "council", "police"] == (1, 1, 1)
    assert counts[EVERY, EVERY, "council", "health"] == (1, 1, 0)
    assert counts[EVERY, EVERY, "council", "council"] == (0, 0, 0)


def test_a_test_record_belongs_with_nobody() -> None:
    counts = counted([person(1, "council", "", "p1"), person(2, "police", "", "p1")])
    assert counts[EVERY, EVERY, EVERY, EVERY] == (0, 1, 0)


def test_twins_linked_to_each_other_are_counted_apart_from_other_wrong_links() -> None:
    twin = {"family": "f1", "hard_case": "twins"}
    counts = counted(
        [
            person(1, "council", "anna", "p1", **twin),
            person(2, "police", "beth", "p1", **twin),
            person(3, "police", "carl", "p1", family="f2", hard_case=None),
        ]
    )
    assert counts["hard_case", ONE_FAMILY, EVERY, EVERY] == (0, 1, 0)
    assert counts["hard_case", "twins", EVERY, EVERY] == (0, 2, 0)  # with each other, and with a stranger
    assert counts["hard_case", "twins", "police", "police"] == (0, 1, 0)


def test_groups_are_those_of_the_framework() -> None:
    born = {
        "1 to 4": "2022-04-01",
        "5 to 9": "2021-03-01",
        "Under 1": "2025-04-01",
        "Unborn": "2026-05-01",
        "Unknown": None,
    }
    people = [
        person(i, "council", f"t{i}", f"p{i}", birth_month=b, sex="M", ethnicity_broad=None)
        for i, b in enumerate(born.values())
    ]
    counts = counted(people)
    assert {value for kind, value, _, _ in counts if kind == "age_band"} == set(born)
    assert {value for kind, value, _, _ in counts if kind == "sex"} == {"Male"}
    assert {value for kind, value, _, _ in counts if kind == "ethnicity_broad"} == {"Unknown"}


def test_age_bands_are_the_macros() -> None:
    sql = (REPOSITORY / "dbt_project/macros/framework/indicator_record.sql").read_text("utf-8")
    limits = [
        (int(m), band)
        for m, band in re.findall(r"\{\{ months \}\} < (\d+) then '([^']+)'", sql)
        if int(m) > 0
    ]
    last = re.search(r"else '([^']+)'\s+end\s*\{%- endmacro", sql)
    assert last
    assert [
        (a, b) for a, (_, b) in zip([0, *(m for m, _ in limits)], [*limits, (0, last[1])], strict=True)
    ] == list(AGE_BANDS)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two records of one child, of which linkage has met both, and one that it has not met."""
    home = Home(tmp_path)
    anchor_schemas(home, {})  # pyright: ignore[reportArgumentType] - no extract is needed
    key = load_key(home.identity, PSEUDONYM)
    truth = pd.DataFrame(
        {
            "agency": ["council", "police", "health"], "submitter": ["staffordshire", "staffordshire_police", "nhs_ssot"],
            "local_id": ["1", "2", "3"], "person_true": ["t1", "t1", "t1"],
        }
    )  # fmt: skip
    home.truth.mkdir()
    truth.to_parquet(home.truth / "persons.parquet")
    known = [child_token("staffordshire", "1", key), child_token("staffordshire_police", "2", key)]
    write_parquet(pa.table([known, ["p1", "p1"]], schema=PERSON_MAP), home.person_map / "person_map.parquet")
    return home


def test_what_is_measured_is_kept_in_the_lake_and_holds_counts_only(home: Home) -> None:
    (home.truth / "_synthetic.json").write_text(json.dumps({"size": 0.02, "seed": 7}))
    evaluation.write(home)
    kept = pq.read_table(home.from_identity("linkage_quality") / "linkage_quality.parquet")
    whole = [r for r in kept.to_pylist() if (r["group_kind"], r["agency_a"]) == (EVERY, EVERY)]
    assert [(r["true_pairs"], r["linked_pairs"], r["correct_pairs"]) for r in whole] == [(3, 1, 1)]
    assert whole[0]["measured_on"] == "synthetic partnership, size 0.02, seed 7"
    words = Counter(v for r in kept.to_pylist() for v in r.values() if isinstance(v, str))
    assert not [w for w in words if w.startswith(("c1_", "p1"))]


def test_measuring_again_writes_the_same_bytes(home: Home) -> None:
    path = home.from_identity("linkage_quality") / "linkage_quality.parquet"
    evaluation.write(home)
    first = path.read_bytes()
    evaluation.write(home)
    assert path.read_bytes() == first


def test_with_real_data_nothing_is_measured_and_nothing_old_stays(home: Home) -> None:
    evaluation.write(home)
    (home.truth / "persons.parquet").unlink()
    assert evaluation.write(home).num_rows == 0
    assert not (home.from_identity("linkage_quality") / "linkage_quality.parquet").exists()
