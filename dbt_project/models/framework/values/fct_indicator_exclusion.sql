-- What was left out of an indicator, and why, in words.
with records as (
    select * from {{ ref('fct_indicator_record') }}
    where excluded_because is not null
),

periods as (
    select * from {{ ref('int_indicator_period') }}
    where is_covered
),

areas as (
    select * from {{ ref('dim_area') }}
    where area_type = 'council'
),

by_month as (
    select
        records.indicator_id,
        areas.area_code,
        {{ month_start('records.event_date') }} as month_start,
        records.excluded_because,
        count(*) as n
    from records
    inner join areas on records.area_code = areas.area_code
    group by 1, 2, 3, 4
    union all
    select
        records.indicator_id,
        '{{ joint_area() }}' as area_code,
        {{ month_start('records.event_date') }} as month_start,
        records.excluded_because,
        count(*) as n
    from records
    left join areas on records.area_code = areas.area_code
    where records.area_code is null or areas.area_code is not null
    group by 1, 2, 3, 4
)

select
    cast(periods.indicator_id as string) as indicator_id,
    cast(periods.area_code as string) as area_code,
    cast(periods.period_type as string) as period_type,
    cast(periods.period_id as string) as period_id,
    cast(by_month.excluded_because as string) as reason,
    cast(sum(by_month.n) as bigint) as n
from periods
inner join by_month
    on
        periods.indicator_id = by_month.indicator_id
        and periods.area_code = by_month.area_code
        and by_month.month_start between periods.period_start and periods.period_end
group by 1, 2, 3, 4, 5
