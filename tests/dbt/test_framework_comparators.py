"""The published figures come out as the DfE publishes them: reference data taken in, built, and held against known values.

Lives here: benchmarks of 2025 (and 2024 where the file ends there), read by a person from the DfE's own tool and releases.
Add here: the benchmark of a new indicator.
Must not live here: the register's own checks (test_framework_register.py).
"""

from __future__ import annotations

import duckdb
import pytest

from ingest.agreement import load_agreements
from ingest.contract import load_contracts
from ingest.lake import Home
from tests.support.lake_fixture import REPOSITORY, dbt

pytestmark = pytest.mark.slow

REFERENCE = REPOSITORY / "ingest" / "reference" / "published"
STAFFS, STOKE = "E10000028", "E06000021"

#: indicator, year: England, West Midlands, Staffordshire, Stoke, neighbours of Staffordshire, neighbours of Stoke.
#: None: not looked up. A tenth either way, because medians are taken before or after rounding.
KNOWN = {
    ("FD07", 2025): (519.4, 464.2, 293.9, 619.6, 433.5, 585.0),
    ("FD08", 2025): (22.6, 19.5, 14.2, 21.0, 16.7, 21.5),
    ("FD09", 2025): (6.5, 2.6, 10.7, 1.2, None, None),
    ("CP05", 2025): (40.6, 40.3, 30.0, 50.5, None, None),
    ("CP07", 2025): (24.5, 26.7, 28.0, 28.4, 23.4, 24.7),
    ("CP09A", 2025): (2.3, 2.3, 1.7, 3.5, None, None),
    ("CP01", 2024): (187.1, 193.8, 119.0, 410.7, None, None),
    ("CP02", 2024): (32.2, 32.0, 39.1, 32.8, None, None),
    ("CP03", 2024): (79.7, 84.3, 88.2, 91.0, None, None),
    ("AS01", 2024): (84.5, 83.4, 75.6, 76.7, None, None),
}
PLACES = (
    ("england", STAFFS), ("west_midlands", STAFFS), ("published_self", STAFFS), ("published_self", STOKE),
    ("neighbour_median", STAFFS), ("neighbour_median", STOKE),
)  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    from ingest.pipeline import take_in_all
    from ingest.results import GateVerdict

    work = tmp_path_factory.mktemp("published")
    home = Home(work / "home")
    intake = take_in_all(REFERENCE, load_contracts(), load_agreements(), home, lambda _: GateVerdict())
    assert {r.status for r in intake.reports} <= {"accepted", "partly_accepted"}
    run = dbt(home, work, "build", "--select", "+fct_indicator_comparator", "--indirect-selection", "cautious",
              "--exclude-resource-type", "unit_test")  # fmt: skip
    assert run.returncode == 0, run.output[-4000:]
    return duckdb.connect(str(work / "warehouse.duckdb"), read_only=True)


@pytest.mark.parametrize(("indicator", "year"), KNOWN, ids=[f"{i} {y}" for i, y in KNOWN])
def test_comparators_are_the_published_ones(
    warehouse: duckdb.DuckDBPyConnection, indicator: str, year: int
) -> None:
    for (comparator, area), known in zip(PLACES, KNOWN[indicator, year], strict=True):
        if known is None:
            continue
        found = warehouse.execute(
            "select value from fct_indicator_comparator where (indicator_id, area_code, comparator, year) = (?, ?, ?, ?)",
            [indicator, area, comparator, year],
        ).fetchone()
        assert found is not None, (comparator, area)
        assert found[0] == pytest.approx(known, abs=0.1), (comparator, area)


def test_medians_say_how_many_neighbours_they_are_of(warehouse: duckdb.DuckDBPyConnection) -> None:
    medians = warehouse.execute(
        "select n_areas from fct_indicator_comparator where comparator = 'neighbour_median' and year >= 2024"
    ).fetchall()
    assert medians
    assert all(1 <= n <= 10 for (n,) in medians)
    assert max(n for (n,) in medians) == 10


def test_the_whole_partnership_has_no_comparator(warehouse: duckdb.DuckDBPyConnection) -> None:
    areas = warehouse.execute("select distinct area_code from fct_indicator_comparator order by 1").fetchall()
    assert areas == [(STOKE,), (STAFFS,)]
