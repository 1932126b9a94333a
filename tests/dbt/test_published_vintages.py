"""A newer vintage of a published file lies beside the older one: revised cells are listed, renamed columns mapped, nothing lost.

The second vintage is made up: the real files of 2025 with a year added, some cells revised, two columns renamed, one
dropped and one added.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import registry
from ingest.agreement import load_agreements
from ingest.contract import load_contracts
from ingest.lake import Home
from ingest.reference import PUBLISHED
from tests.support.lake_fixture import build

pytestmark = pytest.mark.minutes(2)

EXTRACT = "dfe_children_looked_after"
OLD = PUBLISHED / EXTRACT / "dfe" / "2025"
RATES, STABILITY = "cla_number_and_rate_per_10k_children.csv", "la_cla_placement_stability.csv"
STAFFS, STOKE = "E10000028", "E06000021"
Row = dict[str, str]


def rewrite(name: str, folder: Path, change: Callable[[Row], Row]) -> int:
    """The old file with a year more (the last one again, as 2026) and each row changed. Returns how many rows."""
    with (OLD / name).open(encoding="utf-8-sig", newline="") as handle:
        old = list(csv.DictReader(handle))
    new = [
        change(dict(r))
        for r in [*({**r, "time_period": "2026"} for r in old if r["time_period"] == "2025"), *old]
    ]
    with (folder / name).open("w", encoding="utf-8", newline="") as handle:
        out = csv.DictWriter(handle, list(new[0]))
        out.writeheader()
        out.writerows(new)
    return len(new)


def rates(row: Row) -> Row:
    """Stoke's numbers of 2024 revised, one of Staffordshire's hidden; the count renamed, the population dropped, one column new."""
    if row["time_period"] == "2024" and row["new_la_code"] == STOKE:
        row["rate_per_10000"] = str(int(row["rate_per_10000"]) + 1)
    if (
        row["time_period"] == "2023"
        and row["new_la_code"] == STAFFS
        and row["population_type"].startswith("Children ceasing")
    ):
        row["children_count"] = "c"
    row["number"] = row.pop("children_count")
    del row["population_estimate"]
    row["sn_median"] = "z"
    return row


def stability(row: Row) -> Row:
    row["percentage"] = row.pop("children_percent")
    return row


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[duckdb.DuckDBPyConnection, Home]:
    from ingest.pipeline import take_in_all
    from ingest.results import GateVerdict

    work = tmp_path_factory.mktemp("vintages")
    home = Home(work / "home")
    folder = work / "sent" / "published" / EXTRACT / "dfe" / "2026"
    folder.mkdir(parents=True)
    rewrite(RATES, folder, rates)
    rewrite(STABILITY, folder, stability)
    for place in (PUBLISHED, work / "sent"):
        take_in_all(place, load_contracts(), load_agreements(), home, lambda _: GateVerdict())
    run = build(home, work, "+fct_published_figure", "+fct_published_revision")
    assert run.returncode == 0, run.output[-4000:]
    return duckdb.connect(str(work / "warehouse.duckdb"), read_only=True), home


def ask(built: tuple[duckdb.DuckDBPyConnection, Home], sql: str) -> list[tuple[Any, ...]]:
    return built[0].execute(sql).fetchall()


def test_both_vintages_are_in_force(built: tuple[duckdb.DuckDBPyConnection, Home]) -> None:
    found = ask(
        built,
        "select distinct vintage from int_published_figure where source_table like '%looked_after%' order by 1",
    )
    assert found == [("2025",), ("2026",)]


def test_revised_cells_are_listed_and_no_other(built: tuple[duckdb.DuckDBPyConnection, Home]) -> None:
    found = ask(
        built,
        "select measure, area_code, time_period, old_vintage, new_vintage, change, old_symbol, new_symbol, count(*)"
        " from fct_published_revision group by all order by all",
    )
    assert found == [
        ("children_count", STAFFS, 2023, "2025", "2026", None, None, "c", 1),
        ("rate_per_10000", STOKE, 2024, "2025", "2026", 1.0, None, None, 3),
    ]


def test_the_newest_vintage_counts(built: tuple[duckdb.DuckDBPyConnection, Home]) -> None:
    old, new, used = ask(
        built,
        "select r.old_value, r.new_value, f.value from fct_published_revision as r inner join fct_published_figure as f"
        " on r.published_figure_key = f.published_figure_key and f.vintage = r.new_vintage"
        " where r.area_code = 'E06000021' and r.breakdown like '%31 March%'",
    )[0]
    assert (new, used) == (old + 1, new)


def test_nothing_is_lost(built: tuple[duckdb.DuckDBPyConnection, Home]) -> None:
    """Every figure of the old file is still there; a dropped column keeps its last one; the new year is beside them."""
    lost = ask(
        built,
        "select count(*) from int_published_figure as i left join fct_published_figure as f"
        " on i.published_figure_key = f.published_figure_key where f.published_figure_key is null",
    )
    assert lost == [(0,)]
    by = dict(
        ask(
            built,
            "select measure || ' ' || vintage, count(distinct time_period) from fct_published_figure"
            " where source_table = 'published/dfe_children_looked_after/rates' group by all",
        )
    )
    assert by == {"children_count 2026": 6, "rate_per_10000 2026": 6, "population_estimate 2025": 5}
    percent = ask(
        built,
        "select count(*) from fct_published_figure where measure = 'children_percent' and vintage = '2026'",
    )
    assert percent[0][0] > 0  # the renamed column is the same measure


def test_the_receipt_names_what_was_not_read_and_what_is_missing(
    built: tuple[duckdb.DuckDBPyConnection, Home],
) -> None:
    (newer,) = [
        r
        for r in registry.submissions(built[1]).to_pylist()
        if (r["extract"], r["period"]) == (EXTRACT, "2026")
    ]
    assert newer["status"] == "accepted" and newer["rows_rejected"] == 0
    text = " ".join((built[1].receipts / f"{newer['submission_id']}.txt").read_text(encoding="utf-8").split())
    assert "not part of this return were not read: N sn_median." in text
    assert "in the population (population_estimate) is missing." in text
    assert "children_percent" not in text and "children_count" not in text  # renamed, not missing
