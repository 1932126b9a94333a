with

population as (
    select * from {{ ref('stg_published__ons_population__population') }}
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

newest as (
    select
        case geographic_level
            when 'National' then country_code
            when 'Regional' then region_code
            else new_la_code
        end as area_code,
        time_period as year,
        cast(population_estimate as bigint) as population,
        submission_id,
        source_table,
        source_row
    from population
    where population_estimate is not null
    {{ newest_return_wins(['geographic_level', 'country_code', 'region_code', 'new_la_code', 'time_period']) }}
),

-- The joint area has a population only for the years in which both councils have one.
joint as (
    select
        'SCP_JOINT' as area_code,
        newest.year,
        cast(sum(newest.population) as bigint) as population,
        max(newest.submission_id) as submission_id,
        max(newest.source_table) as source_table,
        cast(null as bigint) as source_row
    from newest
    inner join councils
        on newest.area_code = councils.area_code
    group by newest.year
    having count(distinct newest.area_code) = (select count(*) from councils)
),

final as (
    select * from newest
    union all
    select * from joint
)

select * from final
