with episodes as (
    {{ returned_missing_episodes() }}
)

{{ indicator_record(
    'EX07A', 'episodes',
    key='rec.episode_key',
    event_date='cast(rec.returned_at as date)',
    in_denominator='rec.rhi_offered',
    in_numerator='rec.rhi_offered and rec.rhi_at is not null',
    excluded_because="case when rec.is_too_recent then 'too recent to know' end"
) }}
