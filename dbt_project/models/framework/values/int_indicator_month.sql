-- Records added up to months, for each area and each group of each breakdown. Every longer period is whole months.
-- Persons keep their key: a child counts once a period, so months of children cannot be added up.
with records as (
    select * from {{ ref('fct_indicator_record') }}
),

indicators as (
    select * from {{ ref('dim_indicator') }}
),

breakdowns as (
    select * from {{ ref('bridge_indicator_breakdown') }}
),

areas as (
    select * from {{ ref('dim_area') }}
),

-- Each record counts in its own council's area and in the whole partnership's; one without a council's only there.
-- The example authority is no part of the partnership.
by_area as (
    select
        records.*,
        areas.area_code as value_area_code
    from records
    inner join areas
        on
            records.area_code = areas.area_code
            and areas.area_type = 'council'
    union all
    select
        records.*,
        '{{ joint_area() }}' as value_area_code
    from records
    left join areas on records.area_code = areas.area_code
    where records.area_code is null or areas.area_type = 'council'
),

grouped as (
    select
        by_area.indicator_id,
        by_area.value_area_code as area_code,
        {{ month_start('by_area.event_date') }} as month_start,
        breakdowns.breakdown,
        case breakdowns.breakdown
            when 'total' then 'Total'
            when 'age_band' then coalesce(by_area.age_band, 'Unknown')
            when 'sex' then coalesce(by_area.sex, 'Unknown')
            when 'ethnicity' then coalesce(by_area.ethnicity_broad, 'Unknown')
            when 'agency' then coalesce(by_area.agency, 'Unknown')
            when 'mode' then coalesce(by_area.mode, 'Unknown')
        end as breakdown_value,
        case when indicators.count_of = 'persons' then by_area.person_key end as person_key,
        sum(case when by_area.in_numerator then by_area.weight else 0 end) as numerator,
        sum(case when by_area.in_denominator then by_area.weight else 0 end) as denominator,
        sum(case when by_area.excluded_because is null then 0 else 1 end) as n_excluded
    from by_area
    inner join indicators on by_area.indicator_id = indicators.indicator_id
    inner join breakdowns on by_area.indicator_id = breakdowns.indicator_id
    where by_area.event_date is not null
    group by 1, 2, 3, 4, 5, 6
)

select * from grouped
