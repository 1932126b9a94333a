"""The whole way on a small synthetic partnership: every figure equals the truth file, nothing is lost."""

from __future__ import annotations

import duckdb
import pyarrow.parquet as pq
import pytest

from orchestration.warehouse_file import current, current_release
from tests.support.world import World, scp

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def warehouse(world: World):
    path = current(world.home)
    assert path is not None
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute(
            f"create temp table truth as from read_parquet('{world.home.truth}/indicators.parquet')"
        )
        yield connection


COMPARE = """
select t.indicator_id, t.area_code, t.period_type, t.period_id, t.breakdown, t.breakdown_value,
       t.numerator as true_numerator, v.numerator, t.denominator as true_denominator, v.denominator
from truth as t
left join (from {values}) as v
    using (indicator_id, area_code, period_type, period_id, breakdown, breakdown_value)
where t.numerator is distinct from v.numerator
   or t.denominator is distinct from v.denominator
   or abs(coalesce(t.value, -1) - coalesce(v.value, -1)) > 1e-9
order by all
"""


def _values(connection: duckdb.DuckDBPyConnection) -> str:
    row = connection.execute(
        "select schema_name from duckdb_tables() where table_name = 'fct_indicator_value'"
    ).fetchone()
    assert row is not None
    return f'"{row[0]}".fct_indicator_value'


def test_every_indicator_equals_the_truth_file(warehouse) -> None:
    """Every indicator, both councils and the joint area, every year and quarter that the truth holds."""
    different = warehouse.execute(COMPARE.format(values=_values(warehouse))).fetchall()
    compared = warehouse.execute("select count(*), count(distinct indicator_id) from truth").fetchone()
    assert compared[0] > 1000
    assert compared[1] == 29
    assert not different, f"{len(different)} of {compared[0]} differ; the first: {different[:12]}"


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


def test_every_planted_defect_is_found_where_it_was_planted(world: World) -> None:
    """A defect with an expected rule is a finding of that rule on that row of the submission that carries it."""
    lake = world.home.lake
    missing = duckdb.sql(
        f"""
        with planted as (
            select * from read_parquet('{world.home.truth}/defects.parquet')
            where expected_rule_id is not null and "row" is not null
        ),
        submissions as (
            select * from read_parquet('{lake}/raw/pipeline/submissions/*.parquet')
        ),
        findings as (
            select s.extract, s.submitter, s.period, s.file_names, f."table", f."row", f.rule_id
            from read_parquet('{lake}/raw/pipeline/findings/*.parquet') as f
            join submissions as s using (submission_id)
        )
        select p.extract, p.kind, p.expected_rule_id, count(*) as n
        from planted as p
        where not exists (
            select 1 from findings as f
            where f.extract = p.extract and f.submitter = p.submitter and f.period = p.period
              and f.rule_id = p.expected_rule_id and f."row" = p."row" and f."table" = p."table"
        )
        group by all order by all
        """
    ).fetchall()
    assert not missing


def test_a_second_run_with_nothing_new_changes_nothing(world: World) -> None:
    before = current_release(world.home)
    done = scp(world.home.root, "run", "--synthetic", "--size", "0.02", "--seed", "2026")
    assert "nothing new" in done.stdout
    assert current_release(world.home) == before


def test_an_analyst_can_ask_the_warehouse(world: World) -> None:
    done = scp(world.home.root, "query", "select count(*) as indicators from dim_indicator")
    assert "29" in done.stdout


def test_identifiers_lie_in_encrypted_files_only(world: World) -> None:
    for path in (world.home.identity / "identifiers").glob("*.parquet"):
        with pytest.raises(OSError):
            pq.read_table(path)
