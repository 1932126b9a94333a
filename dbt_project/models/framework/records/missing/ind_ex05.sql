-- Numbered within one child and one area, absent-category reports left out before the counting.
with episodes as (
    select
        *,
        lag(missing_at, 2) over (partition by area_code, person_key order by missing_at, episode_key) as two_before_at
    from {{ ref('fct_police_missing_episode') }}
    where
        reported_at is not null
        and not is_absent_category
)

{{ indicator_record(
    'EX05', 'episodes',
    key='rec.episode_key',
    event_date='cast(rec.reported_at as date)',
    in_numerator='rec.two_before_at >= ' ~ add_hours('rec.missing_at', -90 * 24),
    excluded_because="case when rec.area_code is null then 'lives outside the two councils' end"
) }}
