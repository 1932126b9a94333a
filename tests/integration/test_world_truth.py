"""The whole way on a small synthetic partnership: every figure equals the truth file, nothing is lost.

Figures that rest on who is the same child may differ from it within the linkage error that the same release publishes."""

from __future__ import annotations

import duckdb
import pyarrow.parquet as pq
import pytest

from ingest.identity.evaluation import MIXED_UP
from orchestration.warehouse_file import current, current_release
from tests.support.world import World, scp

pytestmark = [pytest.mark.xdist_group("world"), pytest.mark.minutes(7)]


@pytest.fixture(scope="module")
def warehouse(world: World):
    path = current(world.home)
    assert path is not None
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute(
            f"create temp table truth as from read_parquet('{world.home.truth}/indicators.parquet')"
        )
        yield connection


#: Figures that rest on who is the same child: whose pairs of records must be recognised for them. All others count rows,
#: files or things that one record says, and must equal the truth to the last one.
RESTS_ON: dict[str, tuple[str, str]] = {
    # An earlier referral or plan under the child's other id, or with the other council.
    "FD08": ("council", "council"),
    "CP08": ("council", "council"),
    # Children, of whom some have two nominals.
    "EX04B": ("police", "police"),
    "EX05": ("police", "police"),
    "EX09": ("council", "police"),
    # Any other agency may be the one that knows the child; counted as far as it can be known.
    "DQ05": ("worst", "worst"),
}
#: Of them, those whose denominator counts children, so that linkage can change it too.
COUNTS_CHILDREN = ("EX05",)

#: How far each figure may be from the truth, as a share of what it counts: what recall says may be missed, and precision
#: may be wrong, at the unlucky end of their 95% intervals. Nothing was missed where there was nothing to find.
ERROR = """
create or replace temp table linkage_error as
with measured as (
    select agency_a, agency_b, group_kind, true_pairs, 1 - coalesce(recall_low, 100) / 100 + 1 - coalesce(precision_low, 100) / 100 as error
    from {quality} where group_kind in ('all', 'knowable')
)
select agency_a, agency_b, error from measured where group_kind = 'all' and agency_a not in ('all', 'any')
union all
select 'worst', 'worst', max(error) from measured where agency_a < agency_b and true_pairs >= 100 and group_kind = 'knowable'
"""

COMPARE = """
with compared as (
    select t.indicator_id, t.area_code, t.period_type, t.period_id, t.breakdown, t.breakdown_value,
           t.numerator as true_numerator, v.numerator, t.denominator as true_denominator, v.denominator,
           t.value as true_value, v.value, coalesce(e.error, 0) as error,
           coalesce(case when v.unit = 'per_10000' then t.numerator else t.denominator end, 0) as counted,
           t.indicator_id in {counts_children} as counts_children
    from truth as t
    left join (from {values}) as v
        using (indicator_id, area_code, period_type, period_id, breakdown, breakdown_value)
    left join rests_on as r on t.indicator_id = r.indicator_id
    left join linkage_error as e on r.agency_a = e.agency_a and r.agency_b = e.agency_b
)
select * from compared
where not coalesce(abs(true_numerator - numerator) <= ceil(round(counted * error, 6)), true_numerator is null and numerator is null)
   or not coalesce(abs(true_denominator - denominator) <= case when counts_children then ceil(round(counted * error, 6)) else 0 end,
                   true_denominator is null and denominator is null)
   or (error = 0 and abs(coalesce(true_value, -1) - coalesce(value, -1)) > 1e-9)
order by all
"""


def _table(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    row = connection.execute(
        "select schema_name from duckdb_tables() where table_name = ?", [name]
    ).fetchone()
    assert row is not None
    return f'"{row[0]}".{name}'


def _values(connection: duckdb.DuckDBPyConnection) -> str:
    return _table(connection, "fct_indicator_value")


@pytest.fixture(scope="module")
def different(warehouse) -> list[tuple]:
    """Figures that are further from the truth than the published linkage error allows; without persons, at all."""
    warehouse.execute(ERROR.format(quality=_table(warehouse, "fct_linkage_quality")))
    warehouse.execute(
        "create or replace temp table rests_on (indicator_id text, agency_a text, agency_b text)"
    )
    warehouse.executemany(
        "insert into rests_on values (?, ?, ?)", [(i, *pair) for i, pair in RESTS_ON.items()]
    )
    children = "(" + ", ".join(f"'{i}'" for i in COUNTS_CHILDREN) + ")"
    return warehouse.execute(COMPARE.format(values=_values(warehouse), counts_children=children)).fetchall()


def test_every_indicator_equals_the_truth_file(warehouse, different: list[tuple]) -> None:
    """Every indicator, both councils and the joint area, every year and quarter that the truth holds."""
    compared = warehouse.execute("select count(*), count(distinct indicator_id) from truth").fetchone()
    assert compared[0] > 1000
    assert compared[1] == 30
    strict = [d for d in different if d[0] not in RESTS_ON]
    assert not strict, f"{len(strict)} of {compared[0]} differ; the first: {strict[:12]}"


def test_figures_that_rest_on_persons_are_within_the_published_linkage_error(
    warehouse, different: list[tuple]
) -> None:
    allowed = dict(
        warehouse.execute(
            "select indicator_id, error from rests_on left join linkage_error using (agency_a, agency_b)"
        ).fetchall()
    )
    assert set(allowed) == set(RESTS_ON) and None not in allowed.values()
    assert max(allowed.values()) < 0.4, f"an error so wide allows anything: {allowed}"
    outside = [d for d in different if d[0] in RESTS_ON]
    assert not outside, f"{len(outside)} lie outside; the first: {outside[:12]}; allowed: {allowed}"


def test_linkage_across_agencies_is_right_and_finds_most(warehouse) -> None:
    """Of all pairs, those included that nobody could recognise by what was sent."""
    row = warehouse.execute(
        f"""select precision_percent, recall_percent, true_pairs from {_table(warehouse, "fct_linkage_quality")}
            where group_kind = 'all' and agency_a = 'all'"""
    ).fetchone()
    assert row is not None and row[2] > 1000
    assert row[0] >= 99.9
    assert row[1] >= 97.0


def test_no_twins_are_one_child_and_no_new_identity_is_linked_to_the_old(warehouse) -> None:
    wrong = dict(
        warehouse.execute(
            f"""select group_value, wrong_pairs from {_table(warehouse, "fct_linkage_quality")}
                where group_kind = 'hard_case' and agency_a = 'any'"""
        ).fetchall()
    )
    mixed_up = {case: wrong[case] for case in MIXED_UP.values()}
    assert mixed_up == dict.fromkeys(MIXED_UP.values(), 0)
    assert {"twin", "same_name_sibling", "new_identity"} <= set(wrong)


def test_the_warehouse_has_no_indicator_value_that_the_truth_does_not_know(warehouse) -> None:
    extra = warehouse.execute(
        f"""
        select distinct v.indicator_id, v.area_code, v.period_type, v.period_id
        from {_values(warehouse)} as v
        anti join truth as t using (indicator_id, area_code, period_type, period_id)
        where v.breakdown = 'total' and v.value is not null
          and v.period_type in (select period_type from truth)
        order by all limit 20
        """
    ).fetchall()
    assert not extra


def test_received_is_accepted_plus_rejected_in_every_table_of_every_file(world: World) -> None:
    lost = duckdb.sql(
        f"""
        select * from read_parquet('{world.home.lake}/raw/pipeline/table_counts/*.parquet')
        where received <> accepted + rejected
        """
    ).fetchall()
    assert not lost


def test_a_second_run_with_nothing_new_changes_nothing(world: World) -> None:
    before = current_release(world.home)
    done = scp(world.home.root, "run", "--synthetic", "--size", "0.02", "--seed", "2026")
    assert "nothing new" in done.stdout
    assert current_release(world.home) == before


def test_an_analyst_can_ask_the_warehouse(world: World) -> None:
    done = scp(world.home.root, "query", "select count(*) as indicators from dim_indicator")
    assert "30" in done.stdout


def test_identifiers_lie_in_encrypted_files_only(world: World) -> None:
    for path in (world.home.identity / "identifiers").glob("*.parquet"):
        with pytest.raises(OSError):
            pq.read_table(path)
