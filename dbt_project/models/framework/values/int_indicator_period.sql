-- Every indicator, area and period that is reported on, whether the data cover the period, and the population for rates.
with indicators as (
    select * from {{ ref('dim_indicator') }}
),

period_types as (
    select * from {{ ref('bridge_indicator_period_type') }}
),

reach as (
    select * from {{ ref('int_indicator_reach') }}
),

areas as (
    select * from {{ ref('dim_area') }}
    where area_type in ('council', 'joint')
),

periods as (
    select
        *,
        -- The population of a financial year is the estimate of the middle of its own first year: 2024 for 2024-25.
        cast(extract(year from {{ add_months('end_date', -3) }}) as integer) as wanted_year
    from {{ ref('dim_period') }}
),

newest_population as (
    select area_code, max(year) as newest_year
    from {{ ref('dim_population') }}
    group by area_code
),

population as (
    select * from {{ ref('dim_population') }}
),

combined as (
    select
        indicators.indicator_id,
        indicators.definition_version,
        indicators.unit,
        indicators.count_of,
        indicators.denominator as denominator_kind,
        indicators.looks_back_months,
        areas.area_code,
        periods.period_type,
        periods.period_id,
        periods.start_date as period_start,
        periods.end_date as period_end,
        reach.as_of,
        reach.history_start,
        least(periods.wanted_year, newest_population.newest_year) as population_year
    from indicators
    inner join period_types on indicators.indicator_id = period_types.indicator_id
    inner join periods on period_types.period_type = periods.period_type
    cross join areas
    left join reach
        on
            indicators.indicator_id = reach.indicator_id
            and areas.area_code = reach.area_code
    left join newest_population on areas.area_code = newest_population.area_code
)

select
    combined.*,
    population.population,
    coalesce(
        combined.period_end <= combined.as_of
        and (combined.history_start is null or combined.period_start >= combined.history_start),
        false
    ) as is_covered
from combined
left join population
    on
        combined.area_code = population.area_code
        and combined.population_year = population.year
