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
from tests.support.lake_fixture import REPOSITORY, build

pytestmark = pytest.mark.minutes(2)

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
#: table, measure, breakdown, year: England, West Midlands, Staffordshire, Stoke; for indicators that the register may get later.
#: The health file has no regions, so its West Midlands figure cannot be held against anything here.
ENGLAND, WEST_MIDLANDS = "E92000001", "E12000005"
STABLE = "Children looked after continuously for at least 2.5 years on 31 March aged under 16 years / Living with the same carer for at least 2 years"
FIGURES = {
    "CC01": ("dfe_children_looked_after/rates", "rate_per_10000", "Children looked after on 31 March each year", 2025,
             (67, 86, 75, 170)),
    "CC02": ("dfe_children_looked_after/rates", "rate_per_10000", "Children starting to be looked after each year", 2025,
             (26, 25, 24, 28)),
    "CC03": ("dfe_children_looked_after/placement_stability", "children_percent",
             "CLA on 31 March / With 3 or more placements during the year", 2025, (10, 10, 10, 10)),
    "CC04": ("dfe_children_looked_after/placement_stability", "children_percent", STABLE, 2025, (69, 69, 70, 65)),
    "WF05": ("dfe_social_work_workforce/indicators", "vacancy_rate_fte", "total", 2025, (14.2, 14.0, 19.9, 21.7)),
    "WF06": ("dfe_social_work_workforce/indicators", "agency_rate_fte", "total", 2025, (13.0, 10.4, 8.8, 15.9)),
    "WF07": ("dfe_social_work_workforce/indicators", "turnover_rate_fte", "total", 2025, (11.8, 11.5, 8.4, 8.4)),
    "WF08": ("dfe_social_work_workforce/indicators", "caseload_fte", "total", 2025, (15.2, 15.3, 18.4, 18.0)),
    "HL05": ("hospital_admissions/admissions", "rate_per_10000", "Persons", 2024, (72.7, None, 63.5, 55.7)),
}  # fmt: skip
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
    run = build(home, work, "+fct_indicator_comparator", "bridge_district_authority",
                "stg_published__local_authority_lookup__districts")  # fmt: skip
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


@pytest.mark.parametrize("code", FIGURES)
def test_published_figures_are_the_cited_ones(warehouse: duckdb.DuckDBPyConnection, code: str) -> None:
    table, measure, breakdown, year, known = FIGURES[code]
    found = dict(
        warehouse.execute(
            "select area_code, value from fct_published_figure"
            " where (source_table, measure, breakdown, time_period) = (?, ?, ?, ?)",
            [f"published/{table}", measure, breakdown, year],
        ).fetchall()
    )
    for area, figure in zip((ENGLAND, WEST_MIDLANDS, STAFFS, STOKE), known, strict=True):
        if figure is None:
            assert area not in found, "the file has the area after all: hold its figure against the cited one"
        else:
            assert found[area] == pytest.approx(figure, abs=0.05), area


def test_every_published_file_is_in_the_figures(warehouse: duckdb.DuckDBPyConnection) -> None:
    tables = {
        t for (t,) in warehouse.execute("select distinct source_table from fct_published_figure").fetchall()
    }
    with_figures = {
        f"{key}/{table.name}"
        for key, extract in load_contracts().items()
        for table in extract.tables
        if extract.agency == "published" and any(field.type == "figure" for field in table.fields)
    }
    assert tables == with_figures


def test_the_districts_of_staffordshire(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute(
        "select district_name from bridge_district_authority where authority_code = ? order by 1", [STAFFS]
    ).fetchall()
    assert [d for (d,) in found] == [
        "Cannock Chase", "East Staffordshire", "Lichfield", "Newcastle-under-Lyme", "South Staffordshire", "Stafford",
        "Staffordshire Moorlands", "Tamworth",
    ]  # fmt: skip


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
