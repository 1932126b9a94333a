with submissions as (
    {{ partner_submissions() }}
),

-- Two records a return: its accepted rows and its rejected ones, each with its number of rows as the weight.
weighed as (
    select
        *,
        'accepted' as outcome,
        rows_accepted as n_rows
    from submissions
    union all
    select
        *,
        'rejected' as outcome,
        rows_received - rows_accepted as n_rows
    from submissions
),

counted as (
    select
        *,
        'pipeline/submissions' as source_table,
        cast(null as bigint) as source_row
    from weighed
    where n_rows > 0
)

{{ indicator_record(
    'DQ02', 'counted',
    key="concat(rec.submission_id, ':', rec.outcome)",
    event_date='rec.period_end',
    person_key=none,
    agency='rec.agency',
    in_numerator="rec.outcome = 'accepted'",
    weight='rec.n_rows'
) }}
