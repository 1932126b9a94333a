with episodes as (
    {{ returned_missing_episodes() }}
)

{{ indicator_record(
    'EX07B', 'episodes',
    key='rec.episode_key',
    event_date='cast(rec.returned_at as date)',
    in_numerator='rec.rhi_at is not null',
    excluded_because="case when rec.is_too_recent then 'too recent to know' end"
) }}
