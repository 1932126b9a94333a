-- Which figures a merge or split of person keys touches: the records that the two keys hold, by indicator, area and period.
with events as (
    select * from {{ ref('fct_person_key_event') }}
    where kind in ('merge', 'split')
),

records as (
    select * from {{ ref('fct_indicator_record') }}
    where person_key is not null and excluded_because is null
),

indicators as (
    select * from {{ ref('dim_indicator') }}
),

areas as (
    select * from {{ ref('dim_area') }}
    where area_type = 'council'
),

periods as (
    select * from {{ ref('int_indicator_period') }}
    where is_covered
),

keys as (
    select
        event_id,
        from_person_key as person_key
    from events
    union
    select
        event_id,
        to_person_key as person_key
    from events
),

-- A record counts in its own council's area and in the whole partnership's, as in the values.
held as (
    select
        keys.event_id,
        records.indicator_id,
        areas.area_code,
        records.event_date
    from keys
    inner join records on keys.person_key = records.person_key
    inner join areas on records.area_code = areas.area_code
    union all
    select
        keys.event_id,
        records.indicator_id,
        '{{ joint_area() }}' as area_code,
        records.event_date
    from keys
    inner join records on keys.person_key = records.person_key
    left join areas on records.area_code = areas.area_code
    where records.area_code is null or areas.area_code is not null
),

counted as (
    select
        held.event_id,
        held.indicator_id,
        held.area_code,
        periods.period_type,
        periods.period_id,
        count(*) as n_records
    from held
    inner join indicators on held.indicator_id = indicators.indicator_id
    inner join periods
        on
            held.indicator_id = periods.indicator_id
            and held.area_code = periods.area_code
            and held.event_date between periods.period_start and periods.period_end
    where indicators.kind = 'flow' or {{ month_start('periods.period_end') }} = {{ month_start('held.event_date') }}
    group by held.event_id, held.indicator_id, held.area_code, periods.period_type, periods.period_id
)

select
    cast(counted.event_id as string) as event_id,
    cast(events.kind as string) as kind,
    events.recorded_on,
    cast(events.release_id as string) as release_id,
    cast(counted.indicator_id as string) as indicator_id,
    cast(counted.area_code as string) as area_code,
    cast(counted.period_type as string) as period_type,
    cast(counted.period_id as string) as period_id,
    cast(counted.n_records as bigint) as n_records
from counted
inner join events on counted.event_id = events.event_id
