with episodes as (
    select * from {{ ref('fct_police_missing_episode') }}
    where reported_at is not null
)

{{ indicator_record(
    'EX04A', 'episodes',
    key='rec.episode_key',
    event_date='cast(rec.reported_at as date)',
    in_denominator='false',
    excluded_because="case
        when rec.is_absent_category then 'absent category withdrawn'
        when rec.area_code is null then 'lives outside the two councils'
    end"
) }}
