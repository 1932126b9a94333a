with episodes as (
    {{ returned_missing_episodes() }}
)

-- 72 hours to the minute, counted from the return and not from the report.
{{ indicator_record(
    'EX08', 'episodes',
    key='rec.episode_key',
    event_date='cast(rec.returned_at as date)',
    in_denominator='rec.rhi_at is not null',
    in_numerator='rec.rhi_at <= ' ~ add_hours('rec.returned_at', 72),
    excluded_because="case when rec.is_too_recent then 'too recent to know' end"
) }}
