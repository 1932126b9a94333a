-- What the DfE publishes for the same measure: England, the region, the median of the ten statistical neighbours, and the
-- council itself. England and regions are rounded to ten by the DfE; councils are not. A rate that the file does not
-- carry is worked out from its counts and marked as derived.
with indicators as (
    select * from {{ ref('dim_indicator') }}
    where benchmark_table is not null
),

measures as (
    select * from {{ ref('bridge_indicator_benchmark') }}
),

figures as (
    select * from {{ ref('fct_published_figure') }}
),

population as (
    select * from {{ ref('dim_population') }}
),

areas as (
    select * from {{ ref('dim_area') }}
),

neighbours as (
    select * from {{ ref('dim_statistical_neighbour') }}
),

-- One suppressed part makes the whole unknown; its symbol is kept.
summed as (
    select
        measures.indicator_id,
        figures.area_code,
        figures.time_period as year,
        measures.source_table,
        case
            when count(case when measures.part = 'numerator' then 1 end)
                = count(case when measures.part = 'numerator' then figures.value end)
                then sum(case when measures.part = 'numerator' then figures.value end)
        end as above,
        case
            when count(case when measures.part = 'denominator' then 1 end)
                = count(case when measures.part = 'denominator' then figures.value end)
                then sum(case when measures.part = 'denominator' then figures.value end)
        end as below,
        max(figures.symbol) as symbol
    from measures
    inner join figures
        on
            measures.source_table = figures.source_table
            and measures.measure = figures.measure
            and measures.breakdown = figures.breakdown
    group by measures.indicator_id, figures.area_code, figures.time_period, measures.source_table
),

published as (
    select
        summed.indicator_id,
        summed.area_code,
        summed.year,
        summed.source_table,
        indicators.is_benchmark_derived as is_derived,
        case
            when indicators.benchmark_percent_of is null then summed.above
            when indicators.benchmark_percent_of = 'population' and population.population > 0
                then 10000.0 * summed.above / population.population
            when summed.below > 0 then 100.0 * summed.above / summed.below
        end as value,
        summed.symbol
    from summed
    inner join indicators on summed.indicator_id = indicators.indicator_id
    left join population
        on
            summed.area_code = population.area_code
            and summed.year - 1 = population.year
),

councils as (
    select * from areas
    where area_type = 'council'
),

-- An authority's ONS code can change over the years while its DfE number stays, so neighbours go by the number.
neighbour_values as (
    select
        neighbours.area_code,
        neighbours.neighbour_la_code,
        published.indicator_id,
        published.year,
        max(published.source_table) as source_table,
        max(published.is_derived) as is_derived,
        max(published.value) as value
    from (select distinct area_code, neighbour_la_code from neighbours) as neighbours
    inner join areas on neighbours.neighbour_la_code = areas.la_code
    inner join published on areas.area_code = published.area_code
    group by neighbours.area_code, neighbours.neighbour_la_code, published.indicator_id, published.year
),

compared as (
    select
        councils.area_code,
        'england' as comparator,
        published.indicator_id,
        published.year,
        published.value,
        published.symbol,
        1 as n_areas,
        published.source_table,
        published.is_derived
    from councils
    cross join areas as england
    inner join published on england.area_code = published.area_code
    where england.area_type = 'england'
    union all
    select
        councils.area_code,
        'west_midlands' as comparator,
        published.indicator_id,
        published.year,
        published.value,
        published.symbol,
        1 as n_areas,
        published.source_table,
        published.is_derived
    from councils
    inner join published on councils.region_code = published.area_code
    union all
    select
        councils.area_code,
        'published_self' as comparator,
        published.indicator_id,
        published.year,
        published.value,
        published.symbol,
        1 as n_areas,
        published.source_table,
        published.is_derived
    from councils
    inner join published on councils.area_code = published.area_code
    union all
    select
        neighbour_values.area_code,
        'neighbour_median' as comparator,
        neighbour_values.indicator_id,
        neighbour_values.year,
        {{ median_of('neighbour_values.value') }} as value,
        cast(null as string) as symbol,
        count(neighbour_values.value) as n_areas,
        max(neighbour_values.source_table) as source_table,
        max(neighbour_values.is_derived) as is_derived
    from neighbour_values
    inner join councils on neighbour_values.area_code = councils.area_code
    group by neighbour_values.area_code, neighbour_values.indicator_id, neighbour_values.year
    having count(neighbour_values.value) > 0
)

select
    cast(indicator_id as string) as indicator_id,
    cast(area_code as string) as area_code,
    cast(comparator as string) as comparator,
    cast(year as bigint) as year,
    cast(value as double) as value,
    cast(case when value is null then symbol end as string) as symbol,
    cast(n_areas as bigint) as n_areas,
    cast(source_table as string) as source_table,
    cast(is_derived as boolean) as is_derived
from compared
where value is not null or symbol is not null
