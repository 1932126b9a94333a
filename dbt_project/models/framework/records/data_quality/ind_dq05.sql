with submissions as (
    {{ partner_submissions() }}
),

rates as (
    select * from {{ ref('fct_submission_match_rate') }}
),

-- Two records a return: its children whom another agency knows, and the others, each with their number as the weight.
weighed as (
    select
        *,
        'matched' as outcome,
        n_matched as n
    from rates
    union all
    select
        *,
        'other' as outcome,
        n_children - n_matched as n
    from rates
),

counted as (
    select
        weighed.*,
        'pipeline/submissions' as source_table,
        cast(null as bigint) as source_row
    from weighed
    inner join submissions on weighed.submission_id = submissions.submission_id
    where weighed.n > 0
)

{{ indicator_record(
    'DQ05', 'counted',
    key="concat(rec.submission_id, ':', rec.outcome)",
    event_date='rec.period_end',
    person_key=none,
    agency='rec.agency',
    in_numerator="rec.outcome = 'matched'",
    weight='rec.n'
) }}
